"""What an image consists of, by whom it was made: Debian, PyPI, npm."""

import base64
import hashlib
import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from image.paths import KEPT, ROOT, SUITE
from image.running import run

ARCHIVES: Final = KEPT / "archives"
"""Where `image.debian` keeps what it fetched."""
ASKED: Final = (
    r"${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\t"
    r"${Maintainer}\n"
)
NO_LICENCE: Final = 60
"""Some packages of PyPI have their licence's whole text where its name belongs."""


class Component(NamedTuple):
    """A part of others, as CycloneDX names it."""

    purl: str
    name: str
    version: str
    hashes: Sequence[tuple[str, str]] = ()
    """Of the file it was installed from: algorithm and digest."""
    licences: Sequence[dict[str, Any]] = ()
    maker: str = ""
    facts: Sequence[tuple[str, str]] = ()

    def described(self) -> dict[str, Any]:
        """Return its entry in a bill."""
        found: dict[str, Any] = {
            "type": "library",
            "bom-ref": self.purl,
            "name": self.name,
            "version": self.version,
            "purl": self.purl,
        }
        if self.maker:
            found["supplier"] = {"name": self.maker}
        if self.hashes:
            found["hashes"] = [{"alg": kind, "content": text} for kind, text in self.hashes]
        if self.licences:
            found["licenses"] = list(self.licences)
        if self.facts:
            found["properties"] = [{"name": name, "value": value} for name, value in self.facts]
        return found


def of_debian(root: Path, only: Sequence[str] | None = None) -> Iterator[Component]:
    """Yield the packages of a root; or, of them, those with these names."""
    asked = ["dpkg-query", f"--admindir={root}/var/lib/dpkg", "--show", "--showformat", ASKED]
    for line in run(asked, seconds=60).splitlines():
        name, version, architecture, source, source_version, maintainer = line.split("\t")
        if only is not None and name not in only:
            continue
        place = f"pkg:deb/debian/{quote(name, safe='')}@{quote(version, safe='')}"
        file = archive_of(name, version, architecture)
        yield Component(
            purl=f"{place}?arch={architecture}&distro={SUITE}",
            name=name,
            version=version,
            hashes=[("SHA-256", _sha256(file))] if file.exists() else [],
            licences=[{"license": {"name": text}} for text in _debian_licences(root, name)],
            maker=maintainer,
            # holes are told by the source's name
            facts=[("tenshu:debian:source", f"{source} {source_version}")],
        )


def archive_of(name: str, version: str, architecture: str) -> Path:
    """Return where a package lies, as long as it is kept."""
    return ARCHIVES / f"{name}_{version.replace(':', '%3a')}_{architecture}.deb"


def _debian_licences(root: Path, package: str) -> list[str]:
    """Return the short names in the copyright file, where it is one that machines read."""
    file = root / "usr/share/doc" / package / "copyright"
    if not file.is_file():
        return []
    text = file.read_text(errors="replace")
    if not text.startswith("Format:"):
        return []
    return sorted(set(re.findall(r"^License: *(\S.*?) *$", text, re.MULTILINE)))


def of_python(wheels: Path) -> Iterator[Component]:
    """Yield the packages of PyPI, by the files that were installed."""
    for wheel in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as packed:
            (told,) = [name for name in packed.namelist() if _is_metadata(name)]
            metadata = message_from_bytes(packed.read(told))
        name = re.sub(r"[-_.]+", "-", str(metadata["Name"])).lower()
        version = str(metadata["Version"])
        yield Component(
            purl=f"pkg:pypi/{name}@{quote(version, safe='')}",
            name=name,
            version=version,
            hashes=[("SHA-256", _sha256(wheel))],
            licences=_python_licences(metadata),
        )


def _is_metadata(name: str) -> bool:
    return name.endswith(".dist-info/METADATA") and name.count("/") == 1


def _python_licences(metadata: Message) -> list[dict[str, Any]]:
    """Return the licence, from the field that says it best."""
    if expression := metadata["License-Expression"]:
        return [{"expression": str(expression)}]
    classifiers = [str(text) for text in metadata.get_all("Classifier", [])]
    named = [text.rpartition(" :: ")[2] for text in classifiers if text.startswith("License ::")]
    text = str(metadata["License"] or "").strip()
    if not named and 0 < len(text) < NO_LICENCE:
        named = [text]
    return [{"license": {"name": name}} for name in sorted(set(named))]


def of_pages() -> Iterator[Component]:
    """Yield the packages of npm that pages are made from."""
    lock = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    for name in sorted(lock[""]["dependencies"]):
        found = lock[f"node_modules/{name}"]
        digest = base64.b64decode(found["integrity"].removeprefix("sha512-")).hex()
        yield Component(
            purl=f"pkg:npm/{quote(name, safe='/')}@{found['version']}",
            name=name,
            version=found["version"],
            hashes=[("SHA-512", digest)],
            licences=[{"license": {"id": found["license"]}}] if "license" in found else [],
        )


def _sha256(file: Path) -> str:
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()
