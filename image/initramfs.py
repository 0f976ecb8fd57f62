"""What the kernel starts with: dracut's initrd, with our own steps of `initrd/` in it.

It hangs on the workshop and on those steps alone, so a change of our code makes no new one.
"""

from functools import partial
from pathlib import Path
from typing import Final

from image.fingerprint import every_file, fingerprint
from image.kept import kept
from image.paths import EPOCH, ROOT
from image.workshop import kernel_version, work, workshop_name

STEPS: Final = Path(__file__).parent / "initrd"
KIND: Final = "initramfs"
FILE: Final = "initrd.img"
MODULES: Final = (
    *("systemd-initrd", "systemd-veritysetup", "kernel-modules", "dm"),
    *("systemd-pcrphase", "systemd-ask-password"),
)
DRIVERS: Final = (
    *("dm-verity", "erofs", "ext4", "loop", "overlay", "raid1"),
    *("dm-crypt", "xts", "aesni-intel", "sha256"),
)
PROGRAMS: Final = (
    *("systemd-repart", "sfdisk", "mdadm", "cryptsetup", "mkfs.ext4", "e2fsck", "udevadm", "lsblk"),
    *("base64", "cat", "cp", "cut", "find", "grep", "head", "mkdir", "mount", "rm", "sed", "sleep"),
    *("tail", "tr", "umount", "wc"),
    *("systemd-cryptsetup", "systemd-ask-password"),
    *("/etc/mke2fs.conf", "/usr/lib/udev/rules.d/63-md-raid-arrays.rules"),
)

TPM: Final = (
    *(
        f"/usr/lib/x86_64-linux-gnu/libtss2-{name}"
        for name in ("esys.so.0", "sys.so.1", "mu.so.0", "rc.so.0", "tcti-device.so.0")
    ),
    "/usr/lib/x86_64-linux-gnu/cryptsetup/libcryptsetup-token-systemd-tpm2.so",
)
"""What systemd-cryptsetup opens as it runs, and what that needs: dracut follows programs alone."""
CABLES: Final = (
    "/usr/lib/udev/rules.d/75-net-description.rules",
    "/usr/lib/systemd/network/99-default.link",
)
"""Where a key server is asked, cables have the names by which the machine's document calls them.
Drivers and programs for that are the slot's."""


def initramfs_name() -> str:
    """Return the name of what it is made from."""
    made_from = fingerprint(files=[*every_file(STEPS), Path(__file__)], below=ROOT)
    return fingerprint(workshop_name(), made_from, str(EPOCH))


def initramfs() -> Path:
    """Return the file; make it where it is not there."""
    return kept(KIND, initramfs_name(), "Making the initrd", make_initramfs) / FILE


def make_initramfs(folder: Path) -> None:
    """Make one into a folder that is not there yet."""
    folder.mkdir()
    tool = partial(work, brought={"made": folder, "steps": STEPS}, seconds=300)
    tool(*_dracut(), environ={"SOURCE_DATE_EPOCH": str(EPOCH)})


def _dracut() -> list[str]:
    return [
        *("dracut", "--quiet", "--reproducible", "--no-hostonly", "--no-hostonly-cmdline"),
        *("--no-early-microcode", "--kver", kernel_version(), "--zstd"),
        *("--modules", " ".join(MODULES), "--add-drivers", " ".join(DRIVERS)),
        *("--install", " ".join((*PROGRAMS, *TPM, *CABLES)), "--include", "/mnt/steps", "/"),
        f"/mnt/made/{FILE}",
    ]
