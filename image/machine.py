"""The disk image of a virtual machine: raw and qcow2, with checksums and the list of packages.

`python -m image.machine` writes them to build/.
"""

import argparse
import sys
from pathlib import Path
from typing import Final

from image.artefact import BUILT, debian_packages, version, write_checksum
from image.disk import Disk, disk
from image.root import appliance_root
from image.running import run, step
from image.workshop import packages_of_the_start, work

FORMATS: Final = ("raw", "qcow2")


def write_formats(made: Disk, folder: Path) -> list[Path]:
    """Write the disk in each format, with its checksum."""
    folder.mkdir(parents=True, exist_ok=True)
    targets = [folder / f"tenshu-{version()}.{form}" for form in FORMATS]
    for target, form in zip(targets, FORMATS, strict=True):
        with step(f"Writing {target.name}"):
            if form == "raw":
                run(["cp", "--sparse=always", str(made.raw), str(target)], seconds=300)
            else:
                _convert(made, form, target)
            write_checksum(target)
    return targets


def _convert(made: Disk, form: str, target: Path) -> None:
    brought = {"made": made.folder, "built": target.parent}
    options = ["-c", "-o", "compression_type=zstd"] if form == "qcow2" else []
    words = ["qemu-img", "convert", "-f", "raw", "-O", form, *options]
    work(*words, "/mnt/made/disk.raw", f"/mnt/built/{target.name}", brought=brought, seconds=300)


def main() -> None:
    """Write the disk image of this checkout."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    targets = write_formats(disk(), BUILT)
    packages = debian_packages(appliance_root("machine")) + packages_of_the_start()
    (BUILT / f"tenshu-{version()}.machine.packages").write_text(packages)
    sys.stdout.write("".join(f"{target}\n" for target in targets))


if __name__ == "__main__":
    main()
