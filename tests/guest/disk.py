"""The disk of a guest: a root made into one file, without mounting anything."""

import os
import secrets
import subprocess
from collections.abc import Mapping
from pathlib import Path
from unittest.mock import patch

from tests.debian import debian_with

PACKAGES = (
    *("dbus", "iproute2", "kmod", "linux-image-cloud-amd64", "systemd-sysv", "udev"),
    *("python3", "python3-msgspec"),
)
"""With what a Debian 13 boots as a guest, and reads our document there."""

GIGABYTES = 3
"""Of which the file holds only what is written: it is sparse."""


def debian_with_kernel() -> Path:
    """Return the root of such a Debian."""
    with patch.dict(os.environ, INITRD="No"):  # its kernel package would make one, in 20 s
        return debian_with("guest", *PACKAGES)


def put(root: Path, files: Mapping[str, str]) -> None:
    """Write files into a root, by their paths in it."""
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)


def settle(root: Path) -> None:
    """Leave nothing for the first boot to do: neither presets nor caches (machine-id(5))."""
    (root / "etc/machine-id").write_text(secrets.token_hex(16) + "\n")
    for folder in ("etc", "var"):
        (root / folder / ".updated").touch()


def make_disk(root: Path, disk: Path) -> Path:
    """Make an ext4 of all that is in a root: the kernel reads it without an initrd."""
    made = subprocess.run(
        ["mke2fs", "-q", "-t", "ext4", "-d", str(root), str(disk), f"{GIGABYTES}G"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    return disk


def kernel_of(root: Path) -> Path:
    """Return the kernel of a root."""
    (found,) = (root / "boot").glob("vmlinuz-*")
    return found
