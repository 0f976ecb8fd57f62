"""Is this the machine that it was? Looked at before the network comes up, at each start.

    <data>/machine/identity.json   what it was known by at the last start
    <data>/doubt.json              while that is in doubt (`appliance.contract.identity`)

A copy of a virtual machine gets another UUID or other network cards; so does a disk in another
machine. Whether it is a copy or the machine itself, moved, no machine can know: an administrator
decides, and until then nothing is sent (decision 46).
"""

import contextlib
import logging
import os
import secrets
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from appliance.book import Book
from appliance.contract.configuration.errors import ProgramRefused
from appliance.contract.identity import (
    FILE,
    Doubt,
    IdentityInDoubt,
    Marks,
    NothingInDoubt,
    Stage,
    Verdict,
)
from appliance.durable import sync_folder, write_whole
from appliance.machine import units
from appliance.machine.programs import ask
from appliance.place import Place
from appliance.records import now

LOG: Final = logging.getLogger("appliance.machine")
KNOWN: Final = "identity.json"
HARDWARE: Final = Path("sys/class/dmi/id/product_uuid")
CARDS: Final = Path("sys/class/net")
DISKS: Final = Path("sys/block")
GENERATION: Final = Path("sys/firmware/qemu_fw_cfg/by_name/etc/vmgenid_guid/raw")
"""Where QEMU (KVM, libvirt, Proxmox) hands out the number that it changes for a copy or a snapshot.
Other hypervisors leave it in memory alone, which only the kernel reads."""
AT: Final = slice(40, 56)
"""Where it stands in that (docs/specs/vmgenid of QEMU)."""
NONE_OF_ITS_OWN: Final = frozenset(
    {"", "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"}
)
"""UUIDs of makers that give none."""
PAUSE: Final = 3
"""Seconds until all of it is started anew with new keys: the answer is on its way by then."""


def marks(root: Path = Path("/")) -> Marks:
    """Return what this machine is known by."""
    hardware = _read(root / HARDWARE).lower()
    return Marks(
        hardware="" if hardware in NONE_OF_ITS_OWN else hardware,
        cards=tuple(sorted(set(_cards(root / CARDS)))),
        disks=tuple(sorted(set(_serials(root / DISKS)))),
        generation=_generation(root / GENERATION),
    )


def _cards(folder: Path) -> Iterator[str]:
    """Yield addresses that cards bring; one that was only given to a card is no mark of it."""
    for one in folder.iterdir() if folder.is_dir() else ():
        if (one / "device").exists() and _read(one / "addr_assign_type") in ("", "0"):
            yield _read(one / "address")


def _serials(folder: Path) -> Iterator[str]:
    for one in folder.iterdir() if folder.is_dir() else ():
        for name in ("serial", "device/serial", "device/wwid"):
            if found := _read(one / name):
                yield found
                break


def _generation(path: Path) -> str:
    try:
        found = path.read_bytes()[AT]
    except OSError:
        return ""
    return str(uuid.UUID(bytes_le=found)) if len(found) == 16 and any(found) else ""


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return ""


def is_another(before: Marks, found: Marks) -> bool:
    """Tell whether the marks are those of another machine, or of this one at an earlier time.

    Another UUID or generation, or no network card that was there before. Cards that come or go
    beside others, and disks, of which any one may be replaced, are shown and decide nothing.
    """
    if before.hardware and found.hardware and before.hardware != found.hardware:
        return True
    if before.generation and found.generation and before.generation != found.generation:
        return True
    return bool(before.cards and found.cards) and not set(before.cards) & set(found.cards)


def look(place: Place, found: Marks) -> Doubt | None:
    """Compare with the last start; return what is in doubt, now or since an earlier start."""
    known, standing = _known(place), doubt(place)
    if standing:
        return standing
    if known and not found.generation:  # unread this time; not another one
        found = msgspec.structs.replace(found, generation=known.generation)
    if known and is_another(known, found):
        standing = Doubt(at=now(), before=known, now=found)
        _keep(place, standing)
        LOG.warning("this may be a copy: known by %s, found %s", known, found)
        return standing
    if known != found:
        _know(place, found)
    return None


def changed(place: Place, found: Marks) -> bool:
    """Take it that the hypervisor has set this machine back or copied it while it ran.

    The kernel has told so; that is enough where the number itself cannot be read. Return False
    where it is in doubt already.
    """
    if doubt(place):
        return False
    LOG.warning("the hypervisor says that this is another generation of the machine")
    _keep(place, Doubt(at=now(), before=_known(place) or Marks(), now=found))
    return True


def doubt(place: Place) -> Doubt | None:
    """Return what is in doubt. A file that cannot be read is a doubt too."""
    try:
        return msgspec.json.decode((place.data / FILE).read_bytes(), type=Doubt)
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError:
        return Doubt(at=0, before=Marks(), now=Marks(), stage=Stage.told)


def require_none(place: Place) -> None:
    """Raise IdentityInDoubt while it is not decided which machine this is."""
    if doubt(place):
        raise IdentityInDoubt


def decide(place: Place, verdict: Verdict, root: Path) -> Doubt:
    """Settle a doubt. Raise NothingInDoubt.

    A copy is given keys of its own by the appliance's next start, which follows at once where units
    can be told; until then nothing leaves it.
    """
    found = doubt(place)
    if found is None or found.stage is Stage.copy:
        raise NothingInDoubt
    _know(place, found.now)
    if verdict is Verdict.itself:
        (place.data / FILE).unlink()
        sync_folder(place.data)
        return found
    _forget_repositories(place)
    _keep(place, msgspec.structs.replace(found, stage=Stage.copy))
    for key in (root / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    _write_shared(root / "etc/machine-id", f"{secrets.token_hex(16)}\n".encode(), 0o444)
    if units.are_ours(place):
        start_anew()
    return found


def start_anew() -> None:
    """Let systemd start everything anew in a moment, and make host keys.

    Under a name of its own each time: one that still runs would refuse the next, and a machine that
    is set back meanwhile would ask nobody.
    """
    words = ("--quiet", "--collect", f"--on-active={PAUSE}s")
    restart = ("systemctl", "restart", "sshd-keygen.service", "tenshu-prepare.service")
    try:
        ask("systemd-run", *words, *restart, "tenshu.target")
    except ProgramRefused:
        LOG.exception("the next start gives this copy its keys")


def _forget_repositories(place: Place) -> None:
    """Let a copy know the repositories, as after a restore, and write into none of them."""
    book = Book(place)
    repositories = book.all()
    if repositories:
        known = tuple(msgspec.structs.replace(one, connected=False) for one in repositories)
        write_whole(place.known_repositories, msgspec.json.encode(known))
        place.repositories.unlink(missing_ok=True)


def _known(place: Place) -> Marks | None:
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode((place.machine / KNOWN).read_bytes(), type=Marks)
    return None


def _know(place: Place, found: Marks) -> None:
    place.machine.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(place.machine / KNOWN, msgspec.json.encode(found))


def _keep(place: Place, found: Doubt) -> None:
    """Write it where the processes that send can read it."""
    _write_shared(place.data / FILE, msgspec.json.encode(found), 0o640)


def _write_shared(path: Path, content: bytes, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content, mode)
    os.chmod(path, mode)  # noqa: PTH101 - whatever the process's mask took away
