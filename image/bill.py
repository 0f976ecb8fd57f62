"""The bill of materials of an image: CycloneDX 1.6, the same for the same content.

It is written here and checked by the library of those who made the format, before it lies in
build/.
"""

import hashlib
import json
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

from image.artefact import version, write_checksum
from image.commit import Commit
from image.components import Component, of_debian, of_pages, of_python
from image.disk import Disk
from image.parts import wheels
from image.running import run
from image.started import packages_of
from image.tools import tools
from image.workshop import workshop

NAMESPACE: Final = uuid.UUID(int=0)
CHECK: Final = """
import sys
from pathlib import Path
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(Path(sys.argv[1]).read_text())
sys.exit(str(wrong)[:2000] if wrong else 0)
"""


class Subject(NamedTuple):
    """What the bill is of."""

    place: str
    """`machine` or `container`."""
    digest: str
    """SHA-256 of the disk, or of the container's manifest."""
    commit: Commit


def write_bill(subject: Subject, components: Iterable[Component], target: Path) -> None:
    """Write a bill beside its checksum. Raise Failed where the format's schema refuses it."""
    target.write_text(compose(subject, components))
    check(target)
    write_checksum(target)


def of_machine(root: Path, made: Disk) -> list[Component]:
    """Return what the disk holds: the root, and what of the workshop starts it."""
    shop = workshop()
    started = of_debian(shop, packages_of(made.folder / "initrd.img", shop))
    return [*of_container(root), *started]


def of_container(root: Path) -> list[Component]:
    """Return what a root holds."""
    return [*of_debian(root), *of_python(wheels()), *of_pages()]


def compose(subject: Subject, components: Iterable[Component]) -> str:
    """Return the bill."""
    listed = {one.purl: one.described() for one in components}
    told: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": subject.commit.written,
            "lifecycles": [{"phase": "build"}],
            "component": _ourselves(subject),
        },
        "components": [listed[purl] for purl in sorted(listed)],
        "dependencies": [{"ref": "tenshu", "dependsOn": sorted(listed)}],
    }
    content = json.dumps(told, sort_keys=True).encode()
    number = uuid.uuid5(NAMESPACE, hashlib.sha256(content).hexdigest())
    return json.dumps({**told, "serialNumber": f"urn:uuid:{number}"}, indent=1) + "\n"


def _ourselves(subject: Subject) -> dict[str, Any]:
    commit = subject.commit.number + ("-changed" if subject.commit.changed else "")
    return {
        "type": "firmware" if subject.place == "machine" else "container",
        "bom-ref": "tenshu",
        "name": "tenshu",
        "version": version(),
        "purl": f"pkg:generic/tenshu@{version()}",
        "hashes": [{"alg": "SHA-256", "content": subject.digest}],
        "properties": [
            {"name": "tenshu:commit", "value": commit},
            {"name": "tenshu:place", "value": subject.place},
        ],
    }


def check(bill: Path) -> None:
    """Have the library of the format read it. Raise Failed."""
    run([str(tools().python), "-c", CHECK, str(bill)], seconds=120)
