"""The disk image of a virtual machine, with checksums, list of packages and bill of materials.

`python -m image.machine` writes all of it to build/.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from image.artefact import BUILT, debian_packages, version, write_checksum
from image.bill import Subject, of_machine, write_bill
from image.commit import commit
from image.disk import disk
from image.formats import write_formats
from image.paths import KEPT
from image.root import appliance_root
from image.running import step
from image.secure_boot import KEY, signed, signer
from image.signature import seal
from image.workshop import packages_of_the_start


def main() -> None:
    """Write the disk image of this checkout."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    root, made = appliance_root("machine"), disk()
    by = signer()
    with tempfile.TemporaryDirectory(dir=KEPT) as folder:
        raw = signed(made, by, Path(folder)) if by else made.raw
        targets, digest = write_formats(raw, BUILT)
    packages = debian_packages(root) + packages_of_the_start()
    listed = BUILT / f"tenshu-{version()}.machine.packages"
    listed.write_text(packages)
    write_checksum(listed)
    bill = BUILT / f"tenshu-{version()}.machine.cdx.json"
    with step(f"Writing {bill.name}"):
        write_bill(Subject("machine", digest, commit()), of_machine(root, made), bill)
    sys.stdout.write("".join(f"{target}\n" for target in [*targets, bill]))
    if not by:
        sys.stdout.write(f"Secure Boot: loader and kernel image are not signed: see {KEY}.\n")
    sys.stdout.write(f"{seal(BUILT)}\n")


if __name__ == "__main__":
    main()
