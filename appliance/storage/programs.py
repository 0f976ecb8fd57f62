"""The programs that change disks: fixed words, and devices that were looked up."""

from pathlib import Path

from appliance.contract.configuration.errors import ProgramRefused
from appliance.machine.programs import ask
from appliance.storage import verity
from appliance.storage.facts import device


def signatures(kname: str) -> str:
    """Return what a device holds, as it says itself. Raise ProgramRefused."""
    return ask("wipefs", "--noheadings", "--output", "TYPE,LABEL", device(kname))


def wipe(knames: list[str]) -> None:
    """Remove whatever says what these devices hold. Raise ProgramRefused."""
    for one in knames:
        ask("wipefs", "--all", "--force", "--quiet", device(one))


def dump_table(kname: str) -> str:
    """Return the table of a disk in sfdisk's words. Raise ProgramRefused."""
    return ask("sfdisk", "--dump", device(kname))


def write_table(kname: str, table: str) -> None:
    """Give a disk a table. Raise ProgramRefused."""
    ask("sfdisk", "--quiet", "--wipe", "always", "--wipe-partitions", "always", device(kname),
         stdin=table, seconds=60)  # fmt: skip


def change_table(kname: str, table: str) -> None:
    """Write a table anew whose partitions stay where they are and may be in use.

    Raise ProgramRefused.
    """
    keep = ("--no-reread", "--no-tell-kernel", "--wipe", "never", "--wipe-partitions", "never")
    ask("sfdisk", "--quiet", *keep, device(kname), stdin=table, seconds=60)
    ask("udevadm", "settle", "--timeout=15")  # what it has read of it says what is there


def mount(kname: str, folder: str) -> None:
    """Mount a partition that the loader starts from. Raise ProgramRefused."""
    ask("mount", "-t", "vfat", "-o", "rw,nodev,nosuid,noexec,umask=0077", device(kname), folder)


def unmount(folder: str) -> None:
    """Unmount it, and with that write all of it down. Raise ProgramRefused."""
    ask("umount", folder)


def add(array: str, kname: str) -> None:
    """Make a partition a side of a mirror. Raise ProgramRefused."""
    ask("mdadm", "--manage", device(array), "--add", device(kname))


def add_again(array: str, kname: str) -> None:
    """Make a partition a side again of which its bitmap says what differs. Raise ProgramRefused."""
    ask("mdadm", "--manage", device(array), "--re-add", device(kname))


def remove_dead(array: str) -> None:
    """Take sides out of a mirror that are gone or have failed. Raise ProgramRefused."""
    ask("mdadm", "--manage", device(array), "--fail", "detached", "--remove", "detached")
    ask("mdadm", "--manage", device(array), "--remove", "failed")


def give_up(array: str, kname: str) -> None:
    """Take a side out of a mirror that is not to be trusted. Raise ProgramRefused."""
    ask("mdadm", "--manage", device(array), "--fail", device(kname), "--remove", device(kname))


def marks_of(volume: Path, number: int) -> str:
    """Return a token of an encrypted volume's head; empty where there is none."""
    try:
        return ask("cryptsetup", "token", "export", "--token-id", str(number), str(volume))
    except ProgramRefused:
        return ""


def mark_volume(volume: Path, number: int, token: str) -> None:
    """Write a token into an encrypted volume's head. Raise ProgramRefused."""
    ask("cryptsetup", "token", "import", "--token-id", str(number), str(volume),
         stdin=token, seconds=30)  # fmt: skip


def destroy_keys(volume: Path) -> None:
    """Overwrite all keys of an encrypted volume: it opens by nothing. Raise ProgramRefused."""
    ask("cryptsetup", "erase", "--batch-mode", str(volume))


def is_slot(data: str, hashes: str, roothash: str) -> bool:
    """Tell whether each block of a slot is what the root of the tree says, read from the disk."""
    try:
        return verity.is_whole(Path(device(data)), Path(device(hashes)), roothash)
    except OSError:  # a disk that reads no more
        return False
