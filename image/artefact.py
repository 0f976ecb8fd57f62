"""What a build leaves in build/, and what lies beside each file of it."""

import hashlib
import tomllib
from pathlib import Path
from typing import Final

from image.paths import ROOT
from image.running import run

BUILT: Final = ROOT / "build"


def version() -> str:
    """Return which version of Tenshu this is."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])


def debian_packages(root: Path) -> str:
    """Return the lock of what is Debian's: a line a package with version and architecture."""
    asked = ["dpkg-query", f"--admindir={root}/var/lib/dpkg", "--show"]
    return run([*asked, "--showformat", "${Package} ${Version} ${Architecture}\n"], seconds=60)


def write_checksum(file: Path) -> str:
    """Write the SHA-256 beside a file, as sha256sum reads it, and return it."""
    with file.open("rb") as data:
        checksum = hashlib.file_digest(data, "sha256").hexdigest()
    file.with_name(f"{file.name}.sha256").write_text(f"{checksum}  {file.name}\n")
    return checksum
