"""All slots read through and mended from one another; the slots are files with real trees."""

import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from appliance.contract.disks.errors import NotRead
from appliance.contract.disks.state import Befell
from appliance.contract.disks.system import Damage, Slot
from appliance.place import Place
from appliance.slots import reading
from appliance.slots.keeping import KeptSlots
from appliance.slots.reading import Side, mend, scrub, sides
from appliance.storage.facts import Facts
from appliance.storage.verity import BLOCK
from tests.unit.appliance.storage.recorded_facts import (
    arrays,
    copy_of,
    facts,
    recorded,
    with_copy,
)
from tests.unit.appliance.storage.test_verity import flip, pytestmark, slot

__all__ = ["pytestmark"]
SDA, SDB = recorded()
PLACES = {"sda2": "sda3", "sda4": "sda5", "sdb2": "sdb3", "sdb4": "sdb5"}


class Disks:
    """Two disks with two slots each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        data, tree, self.root = slot(folder, 300)
        for of_data, of_tree in PLACES.items():
            (folder / of_data).write_bytes(data.read_bytes())
            (folder / of_tree).write_bytes(tree.read_bytes())
        self.whole = {one: (folder / one).read_bytes() for pair in PLACES.items() for one in pair}

    def facts(self) -> Facts:
        both = facts((SDA, copy_of(SDA, "sdb")), arrays(sda="in_sync", sdb="in_sync"))
        real = msgspec.structs.replace(with_copy(both), roothash=self.root)
        was, are = ((*one.numbers, *copies_of(one)) for one in (both, real))
        numbered = dict(zip(was, are, strict=True))
        return msgspec.structs.replace(
            real,
            disks=tuple(
                msgspec.structs.replace(
                    disk,
                    children=tuple(
                        msgspec.structs.replace(
                            one, partuuid=numbered.get(one.partuuid or "", one.partuuid)
                        )
                        for one in disk.children
                    ),
                )
                for disk in real.disks
            ),
        )

    def damaged(self) -> list[str]:
        return [one for one, was in self.whole.items() if (self.folder / one).read_bytes() != was]


def copies_of(now: Facts) -> tuple[str, str]:
    return msgspec.structs.replace(now, copy=True).numbers


@pytest.fixture
def disks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disks:
    made = Disks(tmp_path)
    monkeypatch.setattr(reading, "device", lambda kname: str(tmp_path / kname))
    return made


@pytest.fixture
def kept(tmp_path: Path) -> KeptSlots:
    return KeptSlots(Place(data=tmp_path / "d", keys=tmp_path / "k", database_url=""))


def at_once(_took: int) -> None:
    """Leave the disk to nobody."""


def test_all_four_slots_of_two_disks_are_read_to_their_last_block_V11(
    disks: Disks, kept: KeptSlots
) -> None:
    ((_, found),) = sides(disks.facts()).items()
    assert [(one.disk, one.slot) for one in found] == [
        ("serial0", Slot.a),
        ("serial0", Slot.b),
        ("of-sdb", Slot.a),
        ("of-sdb", Slot.b),
    ]
    told = scrub(kept, disks.facts(), at_once)
    assert told.is_well
    assert told.size > 4 * 300 * BLOCK
    assert kept.reading() == told
    assert kept.happenings() == ()
    assert (kept.folder / "look-at-slots").exists(), "what starts them is looked at next"


@pytest.mark.parametrize("place", [*PLACES, *PLACES.values()])
def test_a_damaged_block_of_any_slot_is_mended_from_another_and_told_of_V11(
    place: str, disks: Disks, kept: KeptSlots
) -> None:
    flip(disks.folder / place, 2 * BLOCK + 3)
    told = scrub(kept, disks.facts(), at_once)
    assert disks.damaged() == []
    (one,) = told.damages
    assert (one.bad, one.mended) == (1, 1)
    assert one.slot is (Slot.a if place[-1] in "23" else Slot.b)
    (event,) = kept.happenings()
    assert (event.what, event.disk) == (Befell.mended, one.disk)


def test_slots_that_are_damaged_in_different_places_mend_each_other_V11(
    disks: Disks, kept: KeptSlots
) -> None:
    for number, place in enumerate(PLACES):
        flip(disks.folder / place, number * BLOCK)
        flip(disks.folder / PLACES[place], number * BLOCK)
    told = scrub(kept, disks.facts(), at_once)
    assert disks.damaged() == []
    assert [(one.bad, one.mended) for one in told.damages] == [(2, 2)] * 4


def test_a_block_that_is_right_nowhere_stays_and_is_told_of_with_its_disk_V11(
    disks: Disks, kept: KeptSlots
) -> None:
    for place in PLACES:
        flip(disks.folder / place, 7 * BLOCK)
    told = scrub(kept, disks.facts(), at_once)
    assert not told.is_well
    assert {one.disk for one in told.left} == {"serial0", "of-sdb"}
    assert {(one.what, one.reason) for one in kept.happenings()} == {
        (Befell.damaged, "disks.damaged")
    }


def test_a_disk_that_takes_no_more_is_told_of_V11(
    disks: Disks, kept: KeptSlots, monkeypatch: pytest.MonkeyPatch
) -> None:
    flip(disks.folder / "sda4", 7 * BLOCK)

    def refuses(*_: object) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "pwrite", refuses)
    told = scrub(kept, disks.facts(), at_once)
    assert told.left == (Damage(disk="serial0", slot=Slot.b, bad=1, mended=0),)


def test_a_disk_that_lies_about_what_it_wrote_is_not_called_mended_V11(
    disks: Disks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "pwrite", lambda *_: BLOCK)
    assert mend(disks.folder / "sda2", [(3, bytes(BLOCK))]) == 0


def test_where_no_tree_is_whole_that_is_what_stands_there_V11(
    disks: Disks, kept: KeptSlots
) -> None:
    for place in PLACES.values():
        flip(disks.folder / place, BLOCK)
    told = scrub(kept, disks.facts(), at_once)
    assert told.error_code == NotRead.code
    assert "serial0" in told.error_parameters["said"]
    assert kept.happenings()[0].reason == NotRead.code


def test_a_disk_that_is_pulled_meanwhile_is_what_stands_there_V11(
    disks: Disks, kept: KeptSlots
) -> None:
    (disks.folder / "sdb4").unlink()
    told = scrub(kept, disks.facts(), at_once)
    assert "sdb4" in told.error_parameters["said"]


def test_an_empty_slot_is_not_read(disks: Disks) -> None:
    ((_, found),) = sides(facts((SDA, SDB))).items()
    assert found == [Side("serial0", Slot.a, disks.folder / "sda2", disks.folder / "sda3")]


@pytest.mark.parametrize("well", [True, False])
def test_the_unit_fails_where_something_stays_damaged(
    well: bool, disks: Disks, kept: KeptSlots, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in () if well else PLACES:
        flip(disks.folder / place, 7 * BLOCK)
    monkeypatch.setattr(
        reading,
        "load_place",
        lambda: Place(data=disks.folder / "d", keys=Path("k"), database_url=""),
    )
    monkeypatch.setattr(reading, "gather", disks.facts)
    monkeypatch.setattr(reading, "half_as_fast", at_once)
    assert reading.main() == (0 if well else 1)


def test_half_of_the_time_is_left_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(reading.time, "sleep", slept.append)
    pause: Callable[[int], None] = reading.half_as_fast
    pause(5_000_000)
    pause(10**12)
    assert slept == [0.005, reading.LONGEST_PAUSE]
