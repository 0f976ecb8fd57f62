"""The workshop: a Debian 13 with the kernel and the tools that make a disk of a root.

They are the image's own versions (systemd 257), whatever the machine that builds has, and none of
the tools lies in the image. What is worked on is seen there below /mnt.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from image.artefact import debian_packages
from image.debian import debian, debian_name
from image.running import run

PACKAGES: Final = (
    *("cryptsetup-bin", "dosfstools", "dracut", "e2fsprogs", "erofs-utils", "fdisk", "kmod"),
    *("libtss2-esys-3.0.2-0t64", "libtss2-rc0t64", "libtss2-tcti-device0t64"),
    *(
        "linux-image-amd64",
        "mdadm",
        "mtools",
        "qemu-utils",
        "systemd-boot-efi",
        "systemd-cryptsetup",
    ),
    *("systemd-repart", "systemd-sysv", "systemd-ukify", "udev", "zstd"),
)
ENTER: Final = """
set -eu
root="$1"; shift
for name in proc sys dev; do mount --rbind "/$name" "$root/$name"; done
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mount -t tmpfs tmpfs "$root/var/tmp"
mount -t tmpfs tmpfs "$root/mnt"
while [ "$1" != -- ]; do mkdir -p "$root$1"; mount --bind "$2" "$root$1"; shift 2; done
shift
exec chroot "$root" "$@"
"""
"""All of it is gone with the process: nothing to unmount, also where it is killed."""


def workshop_name() -> str:
    """Return the name of what it is made from."""
    return debian_name(PACKAGES)


def workshop() -> Path:
    """Return its root; make it where it is not there."""
    return debian("workshop", PACKAGES)


def work(
    *words: str,
    brought: Mapping[str, Path],
    seconds: float,
    environ: Mapping[str, str] | None = None,
) -> str:
    """Run a tool of the workshop, with folders brought below /mnt. Raise Failed."""
    enter = ["unshare", "--mount", "--propagation=private", "sh", "-c", ENTER, "sh"]
    pairs = [word for name, path in brought.items() for word in (f"/mnt/{name}", str(path))]
    known = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", **(environ or {})}
    return run([*enter, str(workshop()), *pairs, "--", *words], seconds=seconds, environ=known)


def kernel_version() -> str:
    """Return the version of its kernel."""
    (modules,) = (workshop() / "usr/lib/modules").iterdir()
    return modules.name


def packages_of_the_start() -> str:
    """Return the lines of the lock for what of it is in the image: kernel, loader, and initrd."""
    return debian_packages(workshop())
