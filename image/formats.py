"""One disk in the formats that hypervisors import, the same bit by bit for the same disk."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from image.artefact import version, write_checksum
from image.ova import write_ova
from image.running import run, step
from image.vhdx import write_vhdx
from image.workshop import work


class Written(NamedTuple):
    """The files of a disk, and the SHA-256 of its content."""

    files: list[Path]
    digest: str


def write_formats(raw: Path, folder: Path) -> Written:
    """Write a disk in each format, with its checksum. Raise Failed."""
    folder.mkdir(parents=True, exist_ok=True)
    plain = folder / f"tenshu-{version()}.raw"
    with step(f"Writing {plain.name}"):
        run(["cp", "--sparse=auto", "--reflink=auto", str(raw), str(plain)], seconds=300)
        checksum = write_checksum(plain)
    written = [plain]
    for ending, write in FORMATS.items():
        target = plain.with_suffix(f".{ending}")
        with step(f"Writing {target.name}"):
            write(raw, checksum, target)
            write_checksum(target)
        written.append(target)
    return Written(written, checksum)


def _write_qcow2(raw: Path, _: str, target: Path) -> None:
    work(
        *("qemu-img", "convert", "-f", "raw", "-O", "qcow2", "-c"),
        *("-o", "compression_type=zstd", f"/mnt/raw/{raw.name}", f"/mnt/built/{target.name}"),
        brought={"raw": raw.parent, "built": target.parent},
        seconds=300,
    )


FORMATS: Final[Mapping[str, Callable[[Path, str, Path], None]]] = {
    "qcow2": _write_qcow2,
    "ova": write_ova,
    "vhdx": write_vhdx,
}
"""By the ending of their files: what writes one of a disk with that SHA-256."""
