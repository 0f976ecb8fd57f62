"""The disk image of a virtual machine, with checksums and the list of packages.

`python -m image.machine` writes all of it to build/.
"""

import argparse
import sys

from image.artefact import BUILT, debian_packages, version
from image.disk import disk
from image.formats import write_formats
from image.root import appliance_root
from image.workshop import packages_of_the_start


def main() -> None:
    """Write the disk image of this checkout."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    targets = write_formats(disk().raw, BUILT)
    packages = debian_packages(appliance_root("machine")) + packages_of_the_start()
    (BUILT / f"tenshu-{version()}.machine.packages").write_text(packages)
    sys.stdout.write("".join(f"{target}\n" for target in targets))


if __name__ == "__main__":
    main()
