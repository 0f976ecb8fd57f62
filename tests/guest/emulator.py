"""The emulator and its firmware: Debian 13's, whatever the machine that tests has.

QEMU 7.2 lost wake-ups with two processors; 10 does not. It runs from a root of its own, by the
loader and the libraries of that: paths are those of the machine, nothing is mounted.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.debian import debian_with

PACKAGES: Final = ("ovmf", "qemu-system-x86", "swtpm")
LIBRARIES: Final = "usr/lib/x86_64-linux-gnu"


def root() -> Path:
    """Return where they lie; made once."""
    return debian_with("emulator", *PACKAGES)


def program(name: str, *words: str) -> list[str]:
    """Return the command line of one of its programs."""
    place = root()
    libraries = f"{place}/{LIBRARIES}:{place}/{LIBRARIES}/swtpm"
    loader = [f"{place}/lib64/ld-linux-x86-64.so.2", "--library-path", libraries]
    return [*loader, f"{place}/usr/bin/{name}", *words]


def qemu() -> list[str]:
    """Return QEMU's command line, before what says which machine."""
    return program("qemu-system-x86_64", "-L", f"{root()}/usr/share/qemu")


def environ() -> Mapping[str, str]:
    """Return what QEMU is told of its parts."""
    return {**os.environ, "QEMU_MODULE_DIR": f"{root()}/{LIBRARIES}/qemu"}


def firmware_file(name: str) -> Path:
    """Return a file of the firmware (OVMF)."""
    return root() / "usr/share/OVMF" / name
