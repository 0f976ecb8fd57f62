"""What is kept about disks: what is wished and how far it is, what was declared, what happened.

<data>/agent/disks/wish.json        a disk that is to be taken in, and what of that is done
<data>/agent/disks/progress.json    how far it is; replaced twice a second
<data>/agent/disks/failed.json      how the last wish failed
<data>/agent/disks/declared.json    that the host's storage is redundant
<data>/agent/disks/stands.json      how the mirrors stood at the last look
<data>/agent/disks/happenings.json  the last things that have happened by themselves
<data>/agent/disks/look-at-slots    that what starts the machine has changed (tenshu-slots.path)
<data>/agent/disks/begun            in which run of the kernel they were last put right
"""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from appliance.contract.disks.state import Befell, Declared, DiskHappening, Standing, Step, Taking
from appliance.durable import write_whole
from appliance.holding import in_turn
from appliance.place import Place
from appliance.records import now

Kind = TypeVar("Kind")
KEPT: Final = 50
_ONE_AT_A_TIME: Final = threading.Lock()


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """A disk that is to be taken in."""

    disk: str
    serial: str = ""
    account: str = ""
    begun_at: int = 0
    erase: bool = False
    returned: bool = False
    """It was a member: nothing on it is written anew but what the mirrors do."""
    table: str = ""
    """Number of the table that it has got; by this it is found again."""
    done: tuple[Step, ...] = ()
    """Steps that need not be done again."""


class Stands(msgspec.Struct, frozen=True, kw_only=True):
    """How the mirrors stood at the last look."""

    standing: Standing = Standing.single
    since: int = 0
    were_mirrored: bool = False
    """Whether a side that is missing has been lost."""


class Kept:
    """The folder of one place."""

    def __init__(self, place: Place) -> None:
        self.folder = place.own / "disks"

    def wish(self) -> Wish | None:
        """Return what is to be taken in."""
        return self._read("wish", Wish)

    def make_wish(self, wish: Wish) -> None:
        """Keep a wish, durably; how the last one failed is forgotten."""
        self._write("wish", wish)
        self._remove("failed", "progress")

    def further(self, wish: Wish) -> None:
        """Keep how far a wish has come, durably."""
        self._write("wish", wish)

    def fulfil(self) -> None:
        """Forget the wish: it is done."""
        self._remove("wish", "progress", "failed")

    def fail(self, taking: Taking) -> None:
        """Keep how the wish has failed, and forget it."""
        self._write("failed", taking)
        self._remove("wish", "progress")

    def tell(self, taking: Taking) -> None:
        """Say how far it is."""
        self._write("progress", taking, durable=False)

    def taking(self) -> Taking | None:
        """Return how far what is being taken in is, or how the last one failed."""
        wish = self.wish()
        if wish is None:
            return self._read("failed", Taking)
        found = self._read("progress", Taking)
        if found is not None and found.disk == wish.disk and found.begun_at == wish.begun_at:
            return found
        return about(wish)

    def declared(self) -> Declared | None:
        """Return who said that the host's storage is redundant."""
        return self._read("declared", Declared)

    def declare(self, declared: Declared | None) -> None:
        """Keep that somebody said so, or has taken it back."""
        if declared is None:
            self._remove("declared")
            return
        self._write("declared", declared)
        # one disk is what is meant to be, from now on
        if self.stands().standing is not Standing.mirrored:
            self.stand(Stands(standing=Standing.single, since=now()))

    def stands(self) -> Stands:
        """Return how the mirrors stood at the last look."""
        return self._read("stands", Stands) or Stands()

    def stand(self, stands: Stands) -> None:
        """Keep how they stand."""
        self._write("stands", stands)

    def begun(self) -> str:
        """Return in which run of the kernel the disks were last put right; empty for never."""
        try:
            return (self.folder / "begun").read_text("ascii")
        except FileNotFoundError:
            return ""

    def begin(self, boot: str) -> None:
        """They are put right: from now on a disk is taken in on somebody's word."""
        self._folder()
        write_whole(self.folder / "begun", boot.encode("ascii"))

    def happenings(self) -> tuple[DiskHappening, ...]:
        """Return what has happened by itself, the newest first."""
        return tuple(reversed(self._read("happenings", list[DiskHappening]) or []))

    def happened(self, what: Befell, disk: str = "", reason: str = "") -> None:
        """Write something down. The agent and the unit that takes disks in both do."""
        with _ONE_AT_A_TIME, in_turn(self.folder / "lock"):
            kept = list(reversed(self.happenings()))
            number = kept[-1].number + 1 if kept else 1
            kept.append(DiskHappening(number=number, at=now(), what=what, disk=disk, reason=reason))
            self._write("happenings", kept[-KEPT:])

    def look_at_slots(self) -> None:
        """Ask for a look after the slots; one that is under way does not count, as it began before.

        A file, since systemd drops the start of a unit that runs (`OnSuccess=`).
        """
        self._folder()
        write_whole(self._asked, b"")

    def begin_look(self) -> None:
        """Begin the look that was asked for: what is asked from now on is another one."""
        self._asked.unlink(missing_ok=True)

    @contextlib.contextmanager
    def start_in_turn(self) -> Iterator[None]:
        """Hold what the loader starts from: it is copied, or written, by one at a time."""
        with in_turn(self.folder / "start.lock"):
            yield

    @property
    def _asked(self) -> Path:
        return self.folder / "look-at-slots"

    def _folder(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.json"

    def _read(self, name: str, kind: type[Kind]) -> Kind | None:
        try:
            return msgspec.json.decode(self._path(name).read_bytes(), type=kind)
        except (OSError, msgspec.MsgspecError):
            return None

    def _write(self, name: str, content: object, *, durable: bool = True) -> None:
        self._folder()
        write_whole(self._path(name), msgspec.json.encode(content), durable=durable)

    def _remove(self, *names: str) -> None:
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                self._path(name).unlink()


def about(wish: Wish) -> Taking:
    """Return what is told of a wish before anything was done."""
    return Taking(disk=wish.disk, serial=wish.serial, account=wish.account, begun_at=wish.begun_at)
