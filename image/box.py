"""Boxes of Vagrant's: the disk with a few lines beside it, as libvirt and VirtualBox take it.

`python -m image.box` writes them to build/, from the formats that lie there.
"""

import argparse
import json
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

from image import ovf
from image.artefact import BUILT, version, write_checksum
from image.ova import DISK, add
from image.running import Failed, step
from image.signature import seal

GIGABYTE: Final = 1024**3


def write_boxes(folder: Path) -> list[Path]:
    """Write the boxes of the formats in a folder, each with its checksum. Raise Failed."""
    written = []
    for provider, write in (("libvirt", _libvirt), ("virtualbox", _virtualbox)):
        target = folder / f"tenshu-{version()}.{provider}.box"
        with step(f"Writing {target.name}"):
            write(folder, target)
            write_checksum(target)
        written.append(target)
    return written


def _libvirt(folder: Path, target: Path) -> None:
    raw = _built(folder, "raw").stat().st_size
    known = {"provider": "libvirt", "format": "qcow2", "virtual_size": -(-raw // GIGABYTE)}
    with _built(folder, "qcow2").open("rb") as disk:
        _write(target, known, {"box.img": disk})


def _virtualbox(folder: Path, target: Path) -> None:
    """Write the disk of the OVA with a descriptor that VirtualBox takes."""
    with _disk_of(_built(folder, "ova")) as disk:
        size = disk.seek(0, 2)
        raw = _built(folder, "raw").stat().st_size
        described = ovf.descriptor(ovf.Disk(DISK, size, raw), version(), ovf.VIRTUALBOX)
        parts = {"box.ovf": BytesIO(described), DISK: disk}
        _write(target, {"provider": "virtualbox"}, parts)


def _write(target: Path, known: Mapping[str, object], parts: Mapping[str, BinaryIO]) -> None:
    # no gzip: all that is large is packed already
    with tarfile.open(target, "w", format=tarfile.USTAR_FORMAT) as archive:
        add(archive, "metadata.json", BytesIO(json.dumps(known, sort_keys=True).encode() + b"\n"))
        for name, data in parts.items():
            add(archive, name, data)


def _built(folder: Path, ending: str) -> Path:
    found = folder / f"tenshu-{version()}.{ending}"
    if not found.is_file():
        raise Failed(f"{found} is not there; build it first: make image")
    return found


@contextmanager
def _disk_of(ova: Path) -> Iterator[BinaryIO]:
    with tempfile.TemporaryDirectory(dir=ova.parent, prefix="box-") as folder:
        with tarfile.open(ova) as archive:
            archive.extract(DISK, folder, filter="data")
        with (Path(folder) / DISK).open("rb") as file:
            yield file


def main() -> None:
    """Write the boxes of what was built."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    written = write_boxes(BUILT)
    sys.stdout.write("".join(f"{target}\n" for target in written) + f"{seal(BUILT)}\n")


if __name__ == "__main__":
    main()
