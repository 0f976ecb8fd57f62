"""The builder's own tools, of a lock of their own: Ansible, and what reads bills of materials.

The one collection that Ansible needs is a part of the package `ansible`, which is unpacked and
never installed.
"""

import os
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

from image.fingerprint import fingerprint
from image.kept import is_kept, kept
from image.paths import REQUIREMENTS
from image.running import run

LOCK = REQUIREMENTS / "image.txt"
COLLECTIONS = REQUIREMENTS / "image-collections.txt"
KIND = "tools"
NEEDED = "ansible_collections/community/general/"


class Tools(NamedTuple):
    """Where they lie."""

    folder: Path

    @property
    def python(self) -> Path:
        """The interpreter of their environment."""
        return self.folder / "bin/python"

    def program(self, name: str) -> Path:
        """Return a program of theirs."""
        return self.folder / "bin" / name

    def environ(self) -> dict[str, str]:
        """Return what their programs are told."""
        return {
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(self.folder / "collections"),
            "ANSIBLE_HOME": str(self.folder / "home"),
            "ANSIBLE_LOCAL_TEMP": str(self.folder / "home/tmp"),
            "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
            "PYTHONDONTWRITEBYTECODE": "",
            "LC_ALL": "C.UTF-8",
        }


def tools() -> Tools:
    """Return them; install them where they are not there."""
    return Tools(kept(KIND, _name(), "Installing Ansible and what reads bills", _install))


def are_kept() -> bool:
    """Tell whether they are there."""
    return is_kept(KIND, _name())


def _name() -> str:
    return fingerprint(sys.version, files=(LOCK, COLLECTIONS), below=REQUIREMENTS)


def _install(folder: Path) -> None:
    run([sys.executable, "-m", "venv", str(folder)], seconds=120)
    pip = [str(folder / "bin/python"), "-m", "pip"]
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-deps"]
    run([*pip, "install", *quiet, "--require-hashes", "-r", str(LOCK)], seconds=300)
    wheels = folder / "wheels"
    run(
        [
            *pip,
            "download",
            *quiet,
            "--require-hashes",
            "--only-binary=:all:",
            *("--dest", str(wheels)),
            *("-r", str(COLLECTIONS)),
        ],
        seconds=300,
    )
    for wheel in wheels.iterdir():
        with zipfile.ZipFile(wheel) as packed:
            names = [name for name in packed.namelist() if name.startswith(NEEDED)]
            packed.extractall(folder / "collections", names)
        wheel.unlink()
