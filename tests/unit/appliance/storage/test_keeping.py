"""What is kept about disks survives whoever writes it, and is told once (S1)."""

from pathlib import Path

import pytest

from appliance.contract.disks.errors import CopyDiffers
from appliance.contract.disks.state import Befell, Declared, Standing, Step
from appliance.place import Place
from appliance.storage.copying import copy
from appliance.storage.keeping import KEPT, Kept, Wish, about
from appliance.storage.looking import look
from appliance.storage.taking import failed
from appliance.storage.watching import note
from tests.unit.appliance.storage.recorded_facts import arrays, copy_of, facts, recorded

SDA, SDB = recorded()
SINGLE = look(facts((SDA, SDB)))
MIRRORED = look(facts((SDA, copy_of(SDA, "sdb")), arrays(sda="in_sync", sdb="in_sync")))
PULLED = look(facts((SDA,), arrays(sda="in_sync", sdb="faulty!")))
FILLING = look(facts((SDA, copy_of(SDA, "sdb")), arrays(sda="in_sync", sdb="spare")))


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(Place(data=tmp_path, keys=tmp_path, database_url=""))


def test_losing_a_disk_and_being_mirrored_again_are_each_told_once_S1(kept: Kept):
    for seen in (SINGLE, SINGLE, FILLING, MIRRORED, MIRRORED, PULLED, PULLED, FILLING, MIRRORED):
        stands = note(kept, seen)
    assert stands.standing is Standing.mirrored
    told = [one.what for one in reversed(kept.happenings())]
    assert told == [Befell.mirrored, Befell.lost, Befell.mirrored]
    assert kept.happenings()[1].disk == "serial0", "it says which one is left"


def test_a_taking_in_that_fails_leaves_it_lost_S1(kept: Kept):
    for seen in (MIRRORED, PULLED, FILLING, PULLED):
        stands = note(kept, seen)
    assert stands.standing is Standing.lost


def test_who_declares_one_disk_enough_is_warned_no_more_S1(kept: Kept):
    note(kept, MIRRORED)
    note(kept, PULLED)
    kept.declare(Declared(account="a1", at=1))
    assert note(kept, PULLED).standing is Standing.single
    assert kept.declared() == Declared(account="a1", at=1)
    kept.declare(None)
    assert kept.declared() is None


def test_a_wish_says_how_far_it_is_and_how_it_failed_S1(kept: Kept):
    wish = Wish(disk="ab" * 8, serial="s1", account="a1", begun_at=5)
    kept.make_wish(wish)
    assert kept.taking() == about(wish)
    kept.tell(about(wish))
    kept.further(Wish(disk="ab" * 8, begun_at=6, done=(Step.table,)))
    taking = kept.taking()
    assert taking
    assert taking.begun_at == 6, "the progress of another wish is not told"
    kept.fail(failed(wish, CopyDiffers(disk="s1")))
    assert kept.wish() is None
    taking = kept.taking()
    assert taking
    assert (taking.error_code, taking.error_parameters) == ("disks.copy_differs", {"disk": "s1"})
    kept.make_wish(wish)
    kept.fulfil()
    assert kept.taking() is None


def test_only_the_last_happenings_are_kept_and_damaged_files_are_none_S1(kept: Kept):
    for _ in range(KEPT + 2):
        kept.happened(Befell.taken, "s1")
    assert [one.number for one in kept.happenings()] == list(range(KEPT + 2, 2, -1))
    (kept.folder / "wish.json").write_text("{")
    assert kept.wish() is None


def test_a_copy_that_reads_otherwise_is_noticed_S1(tmp_path: Path):
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"start" * 2_000_000)
    target.write_bytes(bytes(10_000_000))
    told: list[int] = []
    assert copy(source, target, told.append)
    assert target.read_bytes() == source.read_bytes()
    assert told[-1] == 20_000_000

    def spoil(done: int) -> None:
        if done == 10_000_000:
            with target.open("r+b") as file:
                file.write(b"other")

    assert not copy(source, target, spoil)
