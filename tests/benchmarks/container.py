"""The appliance as systemd boots it in a container, set up a little, with the scanners beside it.

What a container has not is the host's: settings of the kernel that are no network's, AppArmor.
Rules that ask for those are told apart; a guest, which has a kernel of its own, answers them.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.benchmarks.brought import scanners
from tests.benchmarks.openscap import TIME_SERVER
from tests.debian import appliance, layered
from tests.integration.systemd.booted import Booted, booted

OF_THE_HOST: Final = re.compile(
    r"sysctl_(?!net_ipv)\w+|prefer_64bit_os|apparmor_configured|\w*apparmor_profiles\w*"
    r"|mount_option_nodev_nonroot_local_partitions"
)
"""Rules that a container's host decides: its kernel, and what systemd-nspawn mounts."""
DISK: Final = 2 << 30
KERNEL: Final = """
Package: linux-base
Status: install ok installed
Priority: optional
Section: kernel
Maintainer: Debian Kernel Team <debian-kernel@lists.debian.org>
Architecture: all
Version: 4.12
Description: Linux image base package
"""
"""By this package the rules know that a kernel is there. The image has a kernel, in its start."""
DOCUMENT: Final = f"""\
format = 1
[time]
servers = [{{host = "{TIME_SERVER}"}}]
"""


@contextmanager
def container(folder: Path) -> Iterator[Booted]:
    """Give a machine that has booted and was told whom to ask for the time."""
    with layered(appliance(), folder, scanners()) as layers:
        lend_a_kernel(layers)
        disk = _disk_of(layers, folder / "disk")
    with (
        _mounted(disk, folder / "root") as root,
        _own_var(root),
        booted(root, f"benchmark-{os.getpid()}") as machine,
    ):
        _set_up(machine)
        yield machine


def _disk_of(root: Path, disk: Path) -> Path:
    """Make a file system of a root. Over layers rules that walk files would find none and pass."""
    with disk.open("wb") as file:
        file.truncate(DISK)
    made = ["mke2fs", "-q", "-t", "ext4", "-d", str(root), str(disk)]
    subprocess.run(made, check=True, timeout=120)
    return disk


@contextmanager
def _mounted(disk: Path, root: Path) -> Iterator[Path]:
    root.mkdir()
    subprocess.run(["mount", "-o", "loop", str(disk), str(root)], check=True)
    try:
        yield root
    finally:
        subprocess.run(["umount", str(root)], check=True)


@contextmanager
def _own_var(root: Path) -> Iterator[None]:
    """Mount `/var` as the machine's start does: a file system of its own, with less allowed."""
    var = str(root / "var")
    subprocess.run(["mount", "--bind", var, var], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,nosuid,nodev,noexec", var], check=True)
        yield
    finally:
        subprocess.run(["umount", var], check=True)


def lend_a_kernel(root: Path) -> None:
    """Say that a kernel is installed, and let chronyd run without a clock."""
    with (root / "var/lib/dpkg/status").open("a") as status:
        status.write(KERNEL)
    # chronyd runs, but leaves the clock to the host
    (root / "etc/default/chrony").write_text('DAEMON_OPTS="-F 1 -x"\n')
    drop_in = root / "etc/systemd/system/chrony.service.d"
    drop_in.mkdir(parents=True)
    (drop_in / "container.conf").write_text("[Unit]\nConditionCapability=\n")


def _set_up(machine: Booted) -> None:
    before = machine.result("ReadConfiguration")["version"]
    wanted = {"document": DOCUMENT, "based_on": before, "seconds": 60}
    version = machine.result("ApplyConfiguration", **wanted, despite_warnings=True)
    machine.result("ConfirmConfiguration", version=version["number"])
