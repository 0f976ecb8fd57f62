"""Taking a disk in, cut at any step, beside a machine of which only md's arrays are played (S1).

What the programs themselves do is seen in guests alone.
"""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from appliance.contract.configuration.errors import ProgramRefused
from appliance.contract.disks.errors import CopyDiffers, DiskFailed, DiskGone, DiskNotEmpty
from appliance.contract.disks.state import Befell, Role, Step
from appliance.place import Place
from appliance.storage import __main__ as unit
from appliance.storage import programs, taking
from appliance.storage.facts import Array, Block, Facts, Member
from appliance.storage.keeping import Kept, Wish
from appliance.storage.looking import identify, look
from tests.unit.appliance.storage.recorded_facts import (
    BOOT,
    arrays,
    changed,
    copy_of,
    facts,
    recorded,
)

SDA, SDB = recorded()
WHOLE, SPARE, FAULTY = frozenset({"in_sync"}), frozenset({"spare"}), frozenset({"faulty"})


class Cut(BaseException):
    """The power is gone."""


class Machine:
    """Disks and arrays; what is called is written down, and may be where the power is cut."""

    def __init__(self, *disks: Block) -> None:
        self.disks = {one.kname: one for one in disks}
        self.arrays = {one.kname: one for one in arrays(sda="in_sync")}
        self.called: list[str] = []
        self.cut_at = self.held = ""
        self.is_slot_whole = True

    def gather(self) -> Facts:
        told = facts(tuple(self.disks.values()), tuple(self.arrays.values()))
        for name, array in self.arrays.items():  # what is being filled is whole at the next look
            self.arrays[name] = msgspec.structs.replace(
                array,
                members=tuple(
                    changed_member(one, WHOLE) if one.states == SPARE else one
                    for one in array.members
                ),
            )
        return told

    def _call(self, what: str) -> None:
        self.called.append(what)
        if what == self.cut_at:
            self.cut_at = ""
            raise Cut

    def signatures(self, _kname: str) -> str:
        return self.held

    def wipe(self, _knames: list[str]) -> None:
        self._call("wipe")

    def dump_table(self, _kname: str) -> str:
        return ""

    def write_table(self, kname: str, table: str) -> None:
        number = table.partition("label-id: ")[2].split()[0]
        made = copy_of(SDA, kname)
        parts = tuple(
            changed(one, fstype=None, uuid=None) if one.partlabel == "tenshu-state" else one
            for one in made.partitions
        )
        self.disks[kname] = changed(self.disks[kname], pttype="gpt", ptuuid=number, children=parts)
        self._call("table")

    def copy(self, _source: Path, _target: Path, told: Any) -> bool:
        told(1)
        self._call("copy")
        return True

    def add(self, array: str, kname: str) -> None:
        self._call(f"add {kname}")
        self._set(array, kname, SPARE)

    def add_again(self, _array: str, kname: str) -> None:
        self._call(f"re-add {kname}")
        raise ProgramRefused(program="mdadm", said="not possible")

    def remove_dead(self, array: str) -> None:
        alive = [one for one in self.arrays[array].members if one.states != FAULTY]
        self.arrays[array] = msgspec.structs.replace(self.arrays[array], members=tuple(alive))

    def give_up(self, array: str, kname: str) -> None:
        self._call(f"give up {kname}")
        self._set(array, kname, FAULTY)
        self.remove_dead(array)

    def is_slot(self, _data: str, _hashes: str, _roothash: str) -> bool:
        self._call("verify")
        return self.is_slot_whole

    def _set(self, array: str, kname: str, states: frozenset[str]) -> None:
        others = [one for one in self.arrays[array].members if one.kname != kname]
        member = Member(kname=kname, states=states, gone=False)
        self.arrays[array] = msgspec.structs.replace(self.arrays[array], members=(*others, member))


def changed_member(member: Member, states: frozenset[str]) -> Member:
    return msgspec.structs.replace(member, states=states)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    played = Machine(SDA, SDB)
    for name in ("signatures", "wipe", "dump_table", "write_table", "add", "add_again"):
        monkeypatch.setattr(programs, name, getattr(played, name))
    for name in ("remove_dead", "give_up", "is_slot"):
        monkeypatch.setattr(programs, name, getattr(played, name))
    monkeypatch.setattr(taking, "gather", played.gather)
    monkeypatch.setattr(unit, "gather", played.gather)
    monkeypatch.setattr(taking, "copy", played.copy)
    monkeypatch.setattr(taking, "LOOK", 0)
    monkeypatch.setattr(taking, "table", lambda _dump, _size, number, _: f"label-id: {number}\n")
    return played


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(data=tmp_path, keys=tmp_path, database_url="")


ORDER = ["wipe", "table", "copy", "add sdb2", "add sdb3", "verify", "add sdb6"]


def test_the_state_is_joined_last_and_only_after_the_slot_was_verified_S1(
    machine: Machine, place: Place
) -> None:
    unit.work(place)
    assert machine.called == ORDER
    kept = Kept(place)
    assert kept.wish() is None
    assert kept.taking() is None
    assert look(machine.gather()).is_whole
    assert [one.what for one in kept.happenings()] == [Befell.taken]
    assert (kept.folder / "look-at-slots").exists(), "it has no copy of the system yet"


@pytest.mark.parametrize("step", ORDER)
def test_what_is_cut_in_any_step_is_brought_to_its_end_at_the_next_start_S1(
    machine: Machine, place: Place, step: str
) -> None:
    machine.cut_at = step
    with pytest.raises(Cut):
        unit.work(place)
    assert Kept(place).wish(), "it is known what was to be done"
    unit.work(place)
    assert look(machine.gather()).is_whole
    assert machine.called.count(step) <= 2
    assert machine.called.index("verify") < machine.called.index("add sdb6")


def test_a_second_start_takes_in_nothing_by_itself_S1(machine: Machine, place: Place) -> None:
    Kept(place).begin("an earlier boot")
    unit.work(place)
    assert machine.called == []


def test_a_former_member_is_taken_back_once_a_start_and_not_written_anew_S1(
    machine: Machine, place: Place
) -> None:
    machine.disks["sdb"] = copy_of(SDA, "sdb")
    Kept(place).begin("an earlier boot")
    unit.work(place)
    assert machine.called == ["add sdb2", "add sdb3", "verify", "re-add sdb6", "add sdb6"]
    fail(machine, "sdb")
    machine.called.clear()
    unit.work(place)
    assert machine.called == [], "a disk that fails in its work does not come and go"
    assert {one.name: one.role for one in look(machine.gather()).disks}["sdb"] is Role.returned


def fail(machine: Machine, disk: str) -> None:
    for name, array in machine.arrays.items():
        members = [
            changed_member(one, FAULTY) if one.kname.startswith(disk) else one
            for one in array.members
        ]
        machine.arrays[name] = Array(kname=name, size=array.size, members=tuple(members))


def wished(place: Place, **fields: Any) -> Kept:
    kept = Kept(place)
    kept.begin(BOOT)
    kept.make_wish(Wish(disk=identify(SDB, BOOT), serial="serial1", begun_at=1, **fields))
    return kept


def code(kept: Kept) -> str:
    taking_in = kept.taking()
    assert taking_in
    assert kept.happenings()[0].what is Befell.not_taken
    return taking_in.error_code


def test_a_copy_of_the_slot_that_differs_is_no_side_of_the_mirror_S1(
    machine: Machine, place: Place
) -> None:
    machine.is_slot_whole = False
    kept = wished(place)
    unit.work(place)
    assert code(kept) == CopyDiffers.code
    assert machine.called[-2:] == ["give up sdb2", "give up sdb3"]
    assert "add sdb6" not in machine.called


def test_what_the_disk_itself_says_goes_before_what_udev_knows_S1(
    machine: Machine, place: Place
) -> None:
    machine.held = "ext4 photos"
    kept = wished(place)
    unit.work(place)
    assert code(kept) == DiskNotEmpty.code
    assert machine.called == [], "nothing was written"
    kept = wished(place, erase=True)
    unit.work(place)
    assert machine.called == ORDER


def test_a_disk_that_is_pulled_meanwhile_is_said_to_be_gone_S1(
    machine: Machine, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = wished(place)

    def pulled(_source: Path, _target: Path, _told: Any) -> bool:
        del machine.disks["sdb"]
        return True

    monkeypatch.setattr(taking, "copy", pulled)
    unit.work(place)
    assert code(kept) == DiskGone.code


def test_a_program_that_refuses_and_a_disk_that_cannot_be_read_are_told_of_S1(
    machine: Machine, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(_knames: list[str]) -> None:
        raise ProgramRefused(program="wipefs", said="Device or resource busy")

    def unreadable(_source: Path, _target: Path, _told: Any) -> bool:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(programs, "wipe", refuses)
    kept = wished(place)
    unit.work(place)
    assert code(kept) == DiskFailed.code
    monkeypatch.setattr(programs, "wipe", machine.wipe)
    monkeypatch.setattr(taking, "copy", unreadable)
    kept = wished(place)
    unit.work(place)
    taking_in = kept.taking()
    assert taking_in
    assert taking_in.error_parameters["said"] == "Input/output error"


def test_where_the_disks_cannot_be_looked_at_the_unit_fails_and_tries_again_S1(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TENSHU_DATA", str(tmp_path))
    assert unit.main() == 1, "here there are no mirrors"


def test_the_steps_that_are_done_stand_in_the_wish_S1(machine: Machine, place: Place) -> None:
    machine.cut_at = "add sdb3"
    with pytest.raises(Cut):
        unit.work(place)
    wish = Kept(place).wish()
    assert wish
    assert wish.done == (Step.table, Step.start)
    assert wish.table
