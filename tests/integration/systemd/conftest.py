"""A Debian 13 with our units in it."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.debian import debian_13, layered
from tests.units import SYSTEMD


@pytest.fixture(scope="session")
def debian(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The root, with our units as the image has them; the interpreter is Debian's."""
    with layered(debian_13(), tmp_path_factory.mktemp("debian")) as root:
        install(root)
        yield root


@contextlib.contextmanager
def bound(source: Path, target: Path) -> Iterator[None]:
    """Let a folder be seen in the root as well."""
    target.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "--bind", str(source), str(target)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(target)], check=True)


def install(root: Path) -> None:
    """Put `systemd/` into a root."""
    places = {
        "system": "usr/lib/systemd/system",
        "sysusers.d": "usr/lib/sysusers.d",
        "tmpfiles.d": "usr/lib/tmpfiles.d",
        "system-preset": "usr/lib/systemd/system-preset",
    }
    for name, place in places.items():
        shutil.copytree(SYSTEMD / name, root / place, symlinks=True, dirs_exist_ok=True)
    python = root / "usr/lib/tenshu/bin/python"
    if not python.is_symlink():
        python.parent.mkdir(parents=True)
        python.symlink_to("/usr/bin/python3")
