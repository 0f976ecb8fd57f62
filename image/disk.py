"""The disk: partitions, the slot with its tree of hashes, and the kernel that knows their root.

Nothing is mounted and no loop device is used: systemd-repart writes a file (`--offline=yes`). What
it draws by lot elsewhere (UUIDs, salt) follows from the name of what the disk is made from.
"""

import json
import os
import shutil
import uuid
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from image.artefact import version
from image.fingerprint import every_file, fingerprint
from image.initramfs import initramfs, initramfs_name
from image.kept import alone, is_kept, kept
from image.paths import EPOCH, ROOT
from image.policy import policy_folder, policy_name, policy_words
from image.root import appliance_root, root_name
from image.running import step
from image.slot import lay_slot
from image.workshop import kernel_version, work, workshop

HERE: Final = Path(__file__).parent
DEFINITIONS: Final = HERE / "repart"
SIZE: Final = "8G"
"""Of which a file holds only what is written. A larger disk is used whole, at the next start."""
KIND: Final = "disk"
RAW: Final = "/mnt/made/disk.raw"
LINE: Final = (
    *("root=/dev/mapper/root", "rootfstype=erofs", "ro", "rd.shell=0", "quiet"),
    "systemd.verity_root_data=/dev/md/tenshu-slot",
    "systemd.verity_root_hash=/dev/md/tenshu-hashes",
    *("console=tty0", "console=ttyS0"),
    # a table of partitions that was cut while it was written has its copy at the disk's end
    "gpt",
    # a start that comes to no end is one of the loader's tries, and another one follows
    *("panic=30", "systemd.crash_action=reboot"),
)
LOADER: Final = "usr/lib/systemd/boot/efi/systemd-bootx64.efi"
SETTINGS: Final = "timeout 0\neditor no\n"
BROUGHT: Final = "usr/lib/tenshu-loader"
"""Where the slot carries both, for disks on which they are damaged (appliance.slots)."""
TRIES: Final = 3
"""Starts that may fail before the loader takes another entry. The initrd counts as far."""


class Disk(NamedTuple):
    """A disk that was made."""

    folder: Path

    @property
    def raw(self) -> Path:
        """All of it, as one sparse file."""
        return self.folder / "disk.raw"

    @property
    def kernel(self) -> Path:
        """The unified kernel image that starts it."""
        return self.folder / "kernel.efi"

    @property
    def partitions(self) -> list[dict[str, Any]]:
        """What systemd-repart tells of each."""
        found: list[dict[str, Any]] = json.loads((self.folder / "partitions.json").read_text())
        return found

    @property
    def roothash(self) -> str:
        """The root of the slot's tree of hashes."""
        return _roothash(self.partitions)


def disk() -> Disk:
    """Return the disk of this checkout; make it where it is not there."""
    root = appliance_root("machine")
    with alone():
        shop, name = workshop(), disk_name()
        start = initramfs()
        make = partial(make_disk, root, shop, start, name)
        return Disk(kept(KIND, name, "Making the disk", make))


def is_made() -> bool:
    """Tell whether it is there, so that asking for it takes no minutes."""
    return is_kept(KIND, disk_name())


def disk_name() -> str:
    """Return the name of all that it is made from."""
    files = [*every_file(DEFINITIONS), HERE / "disk.py", HERE / "slot.py", HERE / "tree.py"]
    files += [HERE / "policy.py"]
    made_from = fingerprint(files=files, below=ROOT)
    return fingerprint(root_name("machine"), initramfs_name(), made_from, policy_name())


def make_disk(root: Path, shop: Path, start: Path, name: str, folder: Path) -> None:
    """Make one into a folder that is not there yet."""
    folder.mkdir()
    shutil.copyfile(start, folder / "initrd.img")
    slot = folder / "slot"
    environ = {"SOURCE_DATE_EPOCH": str(EPOCH)}
    brought = {"made": folder, "repart": DEFINITIONS} | policy_folder()
    tool = partial(work, brought=brought, environ=environ)
    with step("  collecting what belongs to the slot"):
        lay_slot(root, shop, slot, EPOCH)
        _lay_loader(shop, slot / BROUGHT)
    repart = partial(tool, "systemd-repart", *_repart(name), seconds=600)
    with step("  the partitions"):
        told = repart("--empty=create", f"--size={SIZE}", "--defer-partitions=esp", RAW)
        (folder / "partitions.json").write_text(told)
    with step("  the kernel"):
        tool(*_ukify(_roothash(json.loads(told))), seconds=120)
        _lay_esp(shop, folder)
        repart(RAW)
    for gone in (slot, folder / "esp"):
        shutil.rmtree(gone)


def _repart(name: str) -> list[str]:
    return [
        *("--definitions=/mnt/repart", "--copy-source=/mnt/made", "--dry-run=no", "--offline=yes"),
        *(f"--seed={uuid.UUID(fingerprint(name) * 2)}", "--json=short", "--no-pager"),
    ]


def _ukify(roothash: str) -> list[str]:
    return [
        *("ukify", "build", f"--linux=/boot/vmlinuz-{kernel_version()}"),
        *("--initrd=/mnt/made/initrd.img", "--os-release=@/mnt/made/slot/usr/lib/os-release"),
        *(f"--cmdline={' '.join(LINE)} roothash={roothash}", f"--uname={kernel_version()}"),
        *policy_words(),
        "--output=/mnt/made/kernel.efi",
    ]


def entry() -> str:
    """Return the name of the kernel image where the loader looks for it, with all its tries."""
    return f"tenshu-{version()}+{TRIES}.efi"


def _lay_loader(shop: Path, folder: Path) -> None:
    """Put the loader and its settings into a folder of the slot."""
    folder.mkdir(mode=0o755)
    shutil.copyfile(shop / LOADER, folder / Path(LOADER).name)
    (folder / "loader.conf").write_text(SETTINGS)
    for path in (*folder.iterdir(), folder):
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (EPOCH, EPOCH))


def _lay_esp(shop: Path, folder: Path) -> None:
    """Put the loader and the one kernel into the folder of the ESP."""
    esp = folder / "esp"
    loader = shop / LOADER
    for source, target in (
        (loader, "EFI/BOOT/BOOTX64.EFI"),
        (loader, "EFI/systemd/systemd-bootx64.efi"),
        (folder / "kernel.efi", f"EFI/Linux/{entry()}"),
    ):
        (esp / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, esp / target)
    (esp / "loader").mkdir()
    (esp / "loader/loader.conf").write_text(SETTINGS)
    for path in (esp, *esp.rglob("*")):
        os.utime(path, (EPOCH, EPOCH))


def _roothash(partitions: list[dict[str, Any]]) -> str:
    (found,) = {one["roothash"] for one in partitions if one.get("roothash")}
    return str(found)
