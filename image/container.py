"""The container image: two layers, so that an update of our code moves little.

`python -m image.container` writes it to build/, with checksum, packages and bill of materials.
"""

import argparse
import platform
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from image.artefact import BUILT, debian_packages, version, write_checksum
from image.bill import Subject, of_container, write_bill
from image.commit import Commit, commit
from image.oci import Layer, write_image
from image.paths import EPOCH
from image.root import appliance_root
from image.running import step
from image.signature import seal
from image.source import OURS
from image.tree import Chosen, content

USER: Final = 10001
VOLUME: Final = "/var/lib/tenshu"
ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64"}


class Built(NamedTuple):
    """An image that was written."""

    archive: Path
    digest: str
    """The manifest's: what `podman image inspect` calls its digest."""


def build(root: Path, target: Path, of: Commit) -> Built:
    """Write the image of a root."""
    everything = content(root)
    code = {path: source for path, source in everything.items() if _is_ours(path)}
    base: Chosen = {path: everything[path] for path in everything.keys() - code.keys()}
    layers = [
        Layer("Debian, and what we set up in it", dict(sorted(base.items())), EPOCH),
        Layer("the code of Tenshu", code, of.seconds),
    ]
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="image-") as folder:
        digest = write_image(
            layers,
            settings(of),
            name=f"tenshu:{version()}",
            created=of.written,
            architecture=ARCHITECTURES[platform.machine()],
            folder=Path(folder),
            target=target,
        )
    return Built(target, digest)


def settings(of: Commit) -> Mapping[str, Any]:
    """Return what a container starts with."""
    return {
        "User": f"{USER}:{USER}",
        "Entrypoint": ["/usr/bin/tenshu"],
        "Cmd": ["start"],
        "Env": [
            "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG=C.UTF-8",
            f"HOME={VOLUME}",
            f"TENSHU_DATA={VOLUME}/data",
            f"TENSHU_KEYS={VOLUME}/keys",
            # who reaches it from outside the container is decided where its ports are given out
            "TENSHU_ADDRESS=0.0.0.0",
        ],
        "ExposedPorts": {"8443/tcp": {}, "8444/tcp": {}},
        "Volumes": {VOLUME: {}},
        "WorkingDir": "/",
        "StopSignal": "SIGTERM",
        "Labels": {
            "org.opencontainers.image.title": "Tenshu",
            "org.opencontainers.image.version": version(),
            "org.opencontainers.image.revision": of.number + ("-changed" if of.changed else ""),
            "org.opencontainers.image.created": of.written,
        },
    }


def _is_ours(path: str) -> bool:
    _, found, below = path.partition("/site-packages/")
    first = below.partition("/")[0]
    return bool(found) and path.startswith("usr/lib/tenshu/") and (
        first in (*OURS, "node_modules") or first.startswith("tenshu-code-")
    )  # fmt: skip


def main() -> None:
    """Write the container image of this checkout."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    root = appliance_root("container")
    target = BUILT / f"tenshu-{version()}.oci.tar"
    with step("Writing the container image"):
        built = build(root, target, commit())
    write_checksum(target)
    listed = target.with_suffix(".packages")
    listed.write_text(debian_packages(root))
    write_checksum(listed)
    bill = BUILT / f"tenshu-{version()}.container.cdx.json"
    with step(f"Writing {bill.name}"):
        subject = Subject("container", built.digest.removeprefix("sha256:"), commit())
        write_bill(subject, of_container(root), bill)
    sys.stdout.write(f"{target}\n{built.digest}\n{bill}\n{seal(BUILT)}\n")


if __name__ == "__main__":
    main()
