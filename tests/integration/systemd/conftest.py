"""A Debian 13 with our units in it."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.debian import appliance, debian_of_the_appliance, layered
from tests.integration.systemd.booted import Booted, booted, install


@pytest.fixture(scope="session")
def debian(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The root, with our units as the image has them; the interpreter is Debian's."""
    with layered(debian_of_the_appliance(), tmp_path_factory.mktemp("debian")) as root:
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


@pytest.fixture(scope="package")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    """The appliance in a Debian that has booted."""
    folder = tmp_path_factory.mktemp("booted")
    with (
        layered(appliance(), folder) as root,
        booted(root, f"tenshu-{os.getpid()}") as found,
    ):
        yield found
