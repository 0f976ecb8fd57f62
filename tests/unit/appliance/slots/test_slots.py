"""The copy of the system and its kernel image, beside disks of which only the programs are played.

What loader, initrd and kernel make of it is seen in guests alone.
"""

import contextlib
import errno
import logging
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from appliance.contract.configuration.errors import ProgramRefused
from appliance.contract.disks.errors import CopyDiffers, NoCopy
from appliance.contract.disks.state import Befell
from appliance.contract.disks.system import CopyState, Slot
from appliance.contract.volume.state import Keeper, Opened
from appliance.place import Place
from appliance.slots import __main__ as unit
from appliance.slots import filling, healthy, loader
from appliance.slots.entries import Entry, named
from appliance.slots.filling import copies, make_same, other_of
from appliance.slots.keeping import KeptSlots
from appliance.slots.loader import arm, files_of, is_ready
from appliance.slots.telling import system_of, tell_start
from appliance.storage import programs
from appliance.storage.facts import Facts, slot_numbers
from appliance.storage.layout import renamed
from tests.unit.appliance.storage.recorded_facts import (
    ROOTHASH,
    arrays,
    changed,
    copy_of,
    facts,
    from_copy,
    recorded,
)

SDA, SDB = recorded()
FIRST, COPY = Entry("0.1.0", copy=False), Entry("0.1.0", copy=True)
KERNEL = b"kernel image"


def test_the_name_of_a_file_says_release_copy_and_tries() -> None:
    for file, entry, left in (
        ("tenshu-0.1.0+3.efi", FIRST, 3),
        ("tenshu-0.1.0+2-1.efi", FIRST, 2),
        ("TENSHU-0.1.0-COPY+0-3.EFI", COPY, 0),
        ("tenshu-0.1.0-copy.efi", COPY, None),
    ):
        found = named(file)
        assert found
        assert (found.entry, found.left, found.is_spent) == (entry, left, left == 0)
    for other in ("tenshu-0.1.0+3.efi.new", "debian.efi", "tenshu-+3.efi"):
        assert named(other) is None
    assert FIRST.other == COPY
    assert COPY.armed == "tenshu-0.1.0-copy+3.efi"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_an_entry_gets_all_its_tries_back_without_its_content_being_written(tmp_path: Path) -> None:
    (tmp_path / "tenshu-0.1.0+2-1.efi").write_bytes(KERNEL)
    before = (tmp_path / "tenshu-0.1.0+2-1.efi").stat().st_ino
    assert arm(tmp_path, FIRST, KERNEL)
    assert names(tmp_path) == ["tenshu-0.1.0+3.efi"]
    assert (tmp_path / "tenshu-0.1.0+3.efi").stat().st_ino == before
    assert not arm(tmp_path, FIRST, KERNEL), "nothing is left to do"


def test_a_damaged_kernel_image_is_replaced_and_nobody_elses_is_touched(tmp_path: Path) -> None:
    (tmp_path / "tenshu-0.1.0+0-3.efi").write_bytes(b"kernel imagE")
    (tmp_path / "tenshu-0.0.9+3.efi").write_bytes(b"older")
    (tmp_path / "tenshu-0.1.0-copy+3.efi").write_bytes(KERNEL)
    assert not is_ready(tmp_path, FIRST, KERNEL)
    assert is_ready(tmp_path, COPY, KERNEL)
    assert arm(tmp_path, FIRST, KERNEL)
    assert is_ready(tmp_path, FIRST, KERNEL)
    assert names(tmp_path) == [
        "tenshu-0.0.9+3.efi",
        "tenshu-0.1.0+3.efi",
        "tenshu-0.1.0-copy+3.efi",
    ]


def test_an_entry_without_tries_is_not_ready_whatever_it_holds(tmp_path: Path) -> None:
    (tmp_path / "tenshu-0.1.0-copy+0-3.efi").write_bytes(KERNEL)
    assert not is_ready(tmp_path, COPY, KERNEL)
    assert list(files_of(tmp_path, COPY)) == [tmp_path / "tenshu-0.1.0-copy+0-3.efi"]


def test_a_kernel_image_that_reads_otherwise_than_it_was_written_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "read_bytes", lambda _: b"something else")
    with pytest.raises(OSError, match="reads otherwise"):
        arm(tmp_path, COPY, KERNEL)
    assert names(tmp_path) == []


def test_only_what_differs_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "CHUNK", 4)
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(b"aaaabbbbccccdd")
    two.write_bytes(b"aaaabXbbccccdd")
    assert make_same(one, two) == 4
    assert two.read_bytes() == one.read_bytes()
    assert make_same(one, two) == 0


def test_a_copy_bears_the_numbers_turned_round_and_so_does_its_copy() -> None:
    now = facts((SDA, SDB))
    assert copies(now) == slot_numbers(ROOTHASH, copy=True)
    assert not set(copies(now)) & set(now.numbers)
    assert copies(changed_facts(now, copy=True)) == now.numbers


def changed_facts(now: Facts, *, copy: bool) -> Facts:
    return Facts(disks=now.disks, arrays=now.arrays, roothash=now.roothash, started=now.started,
                 boot=now.boot, copy=copy)  # fmt: skip


def test_a_table_gets_names_and_numbers_and_is_the_same_else() -> None:
    dump = (
        'label: gpt\n\n/dev/sda4 : start=8, size=9, type=4F, uuid=AA, name="_empty"\n'
        '/dev/sda6 : start=20, size=9, type=0F, uuid=BB, name="tenshu-state", attrs="GUID:60"\n'
    )
    told = renamed(dump, {4: ("tenshu-b", "cc")})
    assert told == dump.replace("uuid=AA", "uuid=cc").replace("_empty", "tenshu-b")


class Played:
    """Disks whose second slot and loader's partition are files."""

    def __init__(self, folder: Path) -> None:
        self.disk, self.folder = SDA, folder
        self.kernels = folder / loader.KERNELS
        self.kernels.mkdir(parents=True)
        (self.kernels / "tenshu-0.1.0+2-1.efi").write_bytes(KERNEL)
        self.called: list[str] = []
        self.is_whole = True

    def gather(self) -> Facts:
        return facts((self.disk,))

    @contextlib.contextmanager
    def opened(self, _kname: str) -> Iterator[Path]:
        yield self.folder

    def make_same(self, source: Path, target: Path) -> int:
        self.called.append(f"{source.name} to {target.name}")
        return 1

    def is_slot(self, data: str, hashes: str, roothash: str) -> bool:
        assert roothash == ROOTHASH
        self.called.append(f"verify {data} {hashes}")
        return self.is_whole

    def dump_table(self, kname: str) -> str:
        parts = self.disk.partitions
        return "".join(f"/dev/{kname}{one.partn} : start=1, uuid={one.partuuid}\n" for one in parts)

    def change_table(self, _kname: str, table: str) -> None:
        self.called.append("table")
        told = dict(line.split(" : ") for line in table.splitlines())

        def field(place: int | None, name: str) -> str | None:
            found = told[f"/dev/sda{place}"].partition(f"{name}=")[2].split(",")[0]
            return found.strip('"') or None

        parts = tuple(
            changed(
                one,
                partuuid=field(one.partn, "uuid"),
                partlabel=field(one.partn, "name") or one.partlabel,
            )
            for one in self.disk.partitions
        )
        self.disk = changed(self.disk, children=parts)


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Played:
    made = Played(tmp_path)
    for name in ("is_slot", "dump_table", "change_table"):
        monkeypatch.setattr(programs, name, getattr(made, name))
    monkeypatch.setattr(filling, "make_same", made.make_same)
    monkeypatch.setattr(unit, "opened", made.opened)
    monkeypatch.setattr(unit, "gather", made.gather)
    monkeypatch.setattr(unit, "loader_said", lambda _: "tenshu-0.1.0.efi")
    return made


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(data=tmp_path / "data", keys=tmp_path / "keys", database_url="")


FILLED = ["md127 to sda4", "md126 to sda5", "verify sda4 sda5", "table"]


def test_after_a_good_start_the_tries_are_given_back_and_the_copy_is_made_V11(
    played: Played, place: Place
) -> None:
    unit.work(place)
    assert played.called == FILLED
    assert names(played.kernels) == ["tenshu-0.1.0+3.efi", "tenshu-0.1.0-copy+3.efi"]
    other = other_of(played.disk, played.gather())
    assert other
    assert other.bears(copies(played.gather()))
    assert (other.data.partlabel, other.tree.partlabel) == ("tenshu-b", "tenshu-b-verity")
    unit.work(place)
    assert played.called == FILLED, "a copy that is there is left alone"


def test_a_copy_that_differs_is_not_named_one_and_nothing_starts_from_it_V11(
    played: Played, place: Place
) -> None:
    played.is_whole = False
    with pytest.raises(CopyDiffers):
        unit.work(place)
    assert names(played.kernels) == ["tenshu-0.1.0+3.efi"]
    other = other_of(played.disk, played.gather())
    assert other
    assert other.is_empty


def test_a_slot_that_the_loader_gave_up_is_read_and_mended_V11(
    played: Played, place: Place
) -> None:
    unit.work(place)
    played.called.clear()
    spent = played.kernels / "tenshu-0.1.0-copy+0-3.efi"
    (played.kernels / COPY.armed).rename(spent)
    unit.work(place)
    assert played.called == ["verify sda4 sda5"], "it is whole: the start failed for another reason"
    assert is_ready(played.kernels, COPY, KERNEL)
    (played.kernels / COPY.armed).rename(spent)
    played.is_whole = False
    played.called.clear()
    with pytest.raises(CopyDiffers):
        unit.work(place)
    assert played.called == ["verify sda4 sda5", "table", *FILLED[:3]], "nameless while it is made"
    played.is_whole = True
    unit.work(place)
    assert is_ready(played.kernels, COPY, KERNEL)


def test_another_release_in_the_other_slot_is_what_the_machine_falls_back_on_V11(
    played: Played, place: Place
) -> None:
    played.disk = changed(
        played.disk,
        children=tuple(
            changed(one, partlabel="tenshu-b") if one.partlabel == "_empty" else one
            for one in played.disk.partitions
        ),
    )
    unit.work(place)
    assert played.called == []
    assert names(played.kernels) == ["tenshu-0.1.0+3.efi"]


def test_where_the_loader_says_nothing_nothing_is_done(
    played: Played, place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(unit, "loader_said", lambda _: "")
    with caplog.at_level(logging.WARNING):
        unit.work(place)
    assert "does not say" in caplog.text
    assert played.called == []


def test_a_kernel_image_that_lies_nowhere_is_told_of(
    played: Played,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    place: Place,
) -> None:
    (played.kernels / "tenshu-0.1.0+2-1.efi").unlink()
    monkeypatch.setattr(unit, "load_place", lambda: place)
    assert unit.main() == 1
    assert "no disk has the kernel image that runs" in capsys.readouterr().err


def test_the_start_is_unmounted_whatever_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    monkeypatch.setattr(programs, "mount", lambda *_: called.append("mount"))
    monkeypatch.setattr(programs, "unmount", lambda *_: called.append("unmount"))
    with pytest.raises(OSError, match="full"), loader.opened("sda1"):
        raise OSError("full")
    assert called == ["mount", "unmount"]


def test_both_planes_must_answer(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not healthy.is_healthy(place), "nobody listens"
    monkeypatch.setattr(healthy, "answers", lambda socket: socket.name == "console.sock")
    assert not healthy.is_healthy(place)
    monkeypatch.setattr(healthy, "answers", lambda _: True)
    assert healthy.wait(place)


@pytest.mark.parametrize("damaged", [True, False])
def test_a_start_that_does_not_get_well_fails_only_where_another_may_go_better_V11(
    damaged: bool, played: Played, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = iter([False, False, False, True])
    monkeypatch.setattr(healthy, "is_healthy", lambda _: next(turns))
    monkeypatch.setattr(healthy, "gather", played.gather)
    played.is_whole = not damaged
    assert healthy.wait(place, patience=0, pause=0) is not damaged
    assert played.called == ["verify md127 md126"]


def test_another_release_may_go_better(played: Played) -> None:
    played.disk = changed(
        played.disk,
        children=tuple(
            changed(one, partlabel="tenshu-b") if one.partlabel == "_empty" else one
            for one in played.disk.partitions
        ),
    )
    assert healthy.another_may_help(played.gather())


def test_a_start_of_which_nothing_can_be_told_waits_on(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    turns = iter([False, True])

    def refuses() -> Facts:
        raise ProgramRefused(program="lsblk", said="no")

    monkeypatch.setattr(healthy, "is_healthy", lambda _: next(turns))
    monkeypatch.setattr(healthy, "gather", refuses)
    assert healthy.wait(place, patience=0, pause=0)
    assert "cannot be told" in caplog.text


def test_a_start_that_has_failed_says_so(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(healthy, "load_place", lambda: place)
    monkeypatch.setattr(healthy, "wait", lambda _: False)
    assert healthy.main() == 1
    assert "this start has failed" in capsys.readouterr().err
    monkeypatch.setattr(healthy, "wait", lambda _: True)
    assert healthy.main() == 0


def test_what_of_a_start_somebody_wants_to_hear_of_is_told_once_V11(place: Place) -> None:
    kept, now = KeptSlots(place), facts((SDA, SDB))
    tell_start(kept, now, Opened.tpm, Keeper.tpm)
    assert kept.happenings() == ()
    later = msgspec.structs.replace(now, boot="later", copy=True)
    for _ in range(2):
        tell_start(kept, later, Opened.asked, Keeper.tpm)
    assert [one.what for one in kept.happenings()] == [Befell.asked_instead, Befell.from_copy]
    tell_start(kept, msgspec.structs.replace(now, boot="last"), Opened.asked, Keeper.passphrase)
    assert kept.happenings()[0].what is Befell.asked


def test_the_copy_is_told_of_while_it_is_made_and_since_it_is_V11(
    played: Played, place: Place
) -> None:
    kept = KeptSlots(place)
    seen = system_of(played.gather(), kept.looked())
    assert (seen.slot, seen.copy, seen.state) == (Slot.a, False, CopyState.none)
    kept.started(played.gather().boot, 0)
    kept.making()
    assert system_of(played.gather(), kept.looked()).state is CopyState.making
    unit.work(place)
    seen = system_of(played.gather(), kept.looked())
    assert (seen.slot, seen.state, seen.failed) == (Slot.a, CopyState.whole, 0)
    assert seen.since > 0
    unit.work(place)
    assert system_of(played.gather(), kept.looked()).since == seen.since
    assert kept.happenings() == (), "a copy that is made is no news"


def test_a_disk_that_comes_later_has_no_copy_until_it_is_made_V11(
    played: Played, place: Place
) -> None:
    unit.work(place)
    two = (played.disk, copy_of(SDA, "sdb"))
    both = facts(two, arrays(sda="in_sync", sdb="in_sync"))
    assert system_of(both, KeptSlots(place).looked()).state is CopyState.none


def test_a_look_that_is_asked_for_while_one_runs_is_another_one_V11(
    played: Played, place: Place
) -> None:
    kept = KeptSlots(place)
    asked = kept.folder / "look-at-slots"
    kept.look_at_slots()
    seen = list[bool]()

    def taken_in_meanwhile(source: Path, target: Path) -> int:
        seen.append(asked.exists())
        kept.look_at_slots()
        return played.make_same(source, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(filling, "make_same", taken_in_meanwhile)
        unit.work(place)
    assert seen[0] is False, "this look is the one that was asked for"
    assert asked.exists(), "systemd finds it when the look has ended, and begins the next"
    unit.work(place)
    assert not asked.exists()


def test_why_there_is_no_copy_is_kept_and_told_once_V11(played: Played, place: Place) -> None:
    played.is_whole = False
    kept = KeptSlots(place)
    for _ in range(2):
        with pytest.raises(CopyDiffers):
            unit.work(place)
    seen = system_of(played.gather(), kept.looked())
    assert (seen.state, seen.error_code) == (CopyState.failed, CopyDiffers.code)
    assert seen.error_parameters == {"disk": "serial0"}
    (told,) = kept.happenings()
    assert (told.what, told.disk, told.reason) == (Befell.no_copy, "serial0", CopyDiffers.code)
    played.is_whole = True
    unit.work(place)
    seen = system_of(played.gather(), kept.looked())
    assert (seen.state, seen.error_code) == (CopyState.whole, "")


def test_a_disk_that_cannot_be_written_is_why_there_is_no_copy_V11(
    played: Played, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Path) -> int:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(filling, "make_same", fails)
    with pytest.raises(OSError, match="Input"):
        unit.work(place)
    seen = system_of(played.gather(), KeptSlots(place).looked())
    assert seen.error_code == NoCopy.code
    assert "Input/output error" in seen.error_parameters["said"]


def test_a_machine_that_came_up_from_its_copy_says_how_many_starts_failed_and_that_it_is_mended_V11(
    played: Played, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit.work(place)
    kept = KeptSlots(place)
    # the other way round: what was the copy runs, and the first has no tries left
    monkeypatch.setattr(unit, "gather", lambda: from_copy(played.gather()))
    monkeypatch.setattr(
        unit,
        "loader_said",
        lambda name: {
            "LoaderEntrySelected": "tenshu-0.1.0-copy.efi",
            "LoaderBootCountPath": r"\EFI\Linux\tenshu-0.1.0-copy+1-2.efi",
        }[name],
    )
    (played.kernels / FIRST.armed).rename(played.kernels / "tenshu-0.1.0+0-3.efi")
    (played.kernels / COPY.armed).rename(played.kernels / "tenshu-0.1.0-copy+1-2.efi")
    verdicts = iter([False, True])
    monkeypatch.setattr(programs, "is_slot", lambda *_: next(verdicts))
    unit.work(place)
    seen = system_of(unit.gather(), kept.looked())
    assert (seen.slot, seen.copy, seen.failed) == (Slot.b, True, 4)
    assert seen.state is CopyState.whole
    assert [one.what for one in kept.happenings()] == [Befell.mended]
    assert names(played.kernels) == [FIRST.armed, COPY.armed]


def test_another_release_is_no_copy_that_is_missing_V11(played: Played, place: Place) -> None:
    played.disk = changed(
        played.disk,
        children=tuple(
            changed(one, partlabel="tenshu-b") if one.partlabel == "_empty" else one
            for one in played.disk.partitions
        ),
    )
    assert system_of(played.gather(), KeptSlots(place).looked()).state is CopyState.other


@pytest.mark.parametrize("spoiled", [FIRST, COPY])
def test_a_kernel_image_that_has_rotted_is_replaced_by_what_it_was_and_never_spread_V11(
    spoiled: Entry, played: Played, place: Place
) -> None:
    unit.work(place)
    (played.kernels / spoiled.armed).write_bytes(b"kernel imagE")
    unit.work(place)
    for entry in (FIRST, COPY):
        assert (played.kernels / entry.armed).read_bytes() == KERNEL
    assert [one.what for one in KeptSlots(place).happenings()] == [Befell.mended]


def test_of_kernel_images_that_differ_the_one_that_knows_the_running_slot_is_right_V11(
    played: Played, place: Place
) -> None:
    right = f"roothash={ROOTHASH}".encode()
    (played.kernels / "tenshu-0.1.0+2-1.efi").write_bytes(b"kernel imagE")
    (played.kernels / COPY.armed).write_bytes(right)
    unit.work(place)
    assert (played.kernels / FIRST.armed).read_bytes() == right
