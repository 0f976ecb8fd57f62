"""What disks and mirrors are, from what a guest's kernel said of them (S1)."""

import re
from pathlib import Path

import msgspec
import pytest

from appliance.contract.disks.errors import (
    DiskForeign,
    DiskInUse,
    DiskNotEmpty,
    DisksUnreadable,
    DiskTooSmall,
    DiskUnknown,
    MirrorsComplete,
)
from appliance.contract.disks.state import Condition, Part, Role, Standing
from appliance.storage.facts import read_arrays, read_lsblk
from appliance.storage.judging import by_itself, may_take, returned, standing
from appliance.storage.layout import table
from appliance.storage.looking import Seen, identify, look
from tests.unit.appliance.storage.recorded_facts import (
    BOOT,
    OTHER,
    arrays,
    changed,
    copy_of,
    facts,
    recorded,
)

SDA, SDB = recorded()
WHOLE = arrays(sda="in_sync", sdb="in_sync")


def roles(seen: Seen) -> dict[str, Role]:
    return {one.name: one.role for one in seen.disks}


def by_name(seen: Seen, name: str) -> str:
    return next(one.id for one in seen.disks if one.name == name)


def test_at_the_first_start_one_disk_carries_all_and_the_other_is_empty_S1():
    seen = look(facts((SDA, SDB)))
    assert roles(seen) == {"sda": Role.member, "sdb": Role.empty}
    assert [one.started for one in seen.disks] == [True, False]
    assert [one.part for one in seen.mirrors] == list(Part)
    assert {side.condition for one in seen.mirrors for side in one.sides} == {
        Condition.whole,
        Condition.missing,
    }
    assert seen.needed < SDB.size
    assert standing(seen, were_mirrored=False) is Standing.single
    found = by_itself(seen, (SDA, SDB))
    assert found
    assert found.serial == "serial1"


def test_two_whole_sides_are_a_mirror_and_a_pulled_one_is_lost_S1():
    disks = (SDA, copy_of(SDA, "sdb"))
    whole = look(facts(disks, WHOLE))
    assert whole.is_whole
    assert standing(whole, were_mirrored=False) is Standing.mirrored
    pulled = look(facts((SDA,), arrays(sda="in_sync", sdb="faulty!")))
    assert standing(pulled, were_mirrored=True) is Standing.lost
    assert pulled.has_failed
    boot = look(facts(disks[1:], arrays(sda="faulty!", sdb="in_sync")))
    assert roles(boot) == {"sdb": Role.member}, "the one that started it is gone"
    assert [one.part for one in boot.mirrors] == list(Part)


def test_a_side_that_is_filled_says_how_far_it_is_S1():
    found = arrays(sda="in_sync", sdb="spare")
    half = msgspec.structs.replace(found[2], done=(500, 1000), speed=1 << 20)
    seen = look(facts((SDA, copy_of(SDA, "sdb")), (*found[:2], half)))
    assert roles(seen) == {"sda": Role.member, "sdb": Role.filling}
    state = seen.mirrors[-1]
    assert (state.percent, state.speed) == (50.0, 1 << 20)
    assert standing(seen, were_mirrored=True) is Standing.filling


def test_a_disk_of_another_appliance_is_named_and_never_taken_not_even_erased_S1():
    seen = look(facts((SDA, copy_of(SDA, "sdb", OTHER))))
    assert roles(seen)["sdb"] is Role.foreign
    for erase in (False, True):
        with pytest.raises(DiskForeign, match="of-sdb"):
            may_take(seen, by_name(seen, "sdb"), erase=erase)
    assert by_itself(seen, (SDA, SDB)) is None


def test_a_member_that_comes_back_is_known_and_taken_back_S1():
    seen = look(facts((SDA, copy_of(SDA, "sdb"))))
    assert roles(seen)["sdb"] is Role.returned
    back = returned(seen)
    assert back
    assert may_take(seen, back.id, erase=False) == back
    part = (*WHOLE[:2], arrays(sda="in_sync")[2])
    assert roles(look(facts((SDA, copy_of(SDA, "sdb")), part)))["sdb"] is Role.returned


def test_what_holds_something_is_taken_only_where_erasing_was_said_S1():
    for held in (
        changed(SDB, fstype="ext4", label="photos"),
        changed(SDB, pttype="gpt", ptuuid="x"),
        changed(SDB, pttype="gpt", children=(changed(SDA.partitions[0], kname="sdb1"),)),
    ):
        seen = look(facts((SDA, held)))
        assert roles(seen)["sdb"] is Role.occupied
        with pytest.raises(DiskNotEmpty):
            may_take(seen, by_name(seen, "sdb"), erase=False)
        assert may_take(seen, by_name(seen, "sdb"), erase=True)
        assert by_itself(seen, (SDA, held)) is None


def test_a_disk_that_is_too_small_is_refused_with_both_sizes_S1():
    seen = look(facts((SDA, changed(SDB, size=4 << 30))))
    assert roles(seen)["sdb"] is Role.small
    with pytest.raises(DiskTooSmall, match=r"4294 MB.*8590 MB"):
        may_take(seen, by_name(seen, "sdb"), erase=True)


def test_what_is_in_use_unknown_or_the_third_is_refused_S1():
    third = changed(SDB, kname="sdc", serial="third")
    seen = look(facts((SDA, copy_of(SDA, "sdb"), third), WHOLE))
    with pytest.raises(DiskInUse):
        may_take(seen, by_name(seen, "sdb"), erase=True)
    with pytest.raises(MirrorsComplete):
        may_take(seen, by_name(seen, "sdc"), erase=False)
    with pytest.raises(DiskUnknown):
        may_take(seen, "0" * 16, erase=False)


@pytest.mark.parametrize("other", [{"tran": "usb"}, {"rm": True}, {"ro": True}])
def test_nothing_that_comes_and_goes_is_taken_in_by_itself_S1(other):
    disks = (SDA, changed(SDB, **other))
    assert by_itself(look(facts(disks)), disks) is None


def test_of_two_empty_disks_none_is_taken_in_by_itself_S1():
    disks = (SDA, SDB, changed(SDB, kname="sdc", serial="third"))
    assert by_itself(look(facts(disks)), disks) is None


def test_a_disk_has_one_identifier_wherever_it_is_plugged_in_S1():
    assert identify(SDB, BOOT) == identify(changed(SDB, kname="sdq"), "another boot")
    nameless = changed(SDB, serial=None)
    assert identify(nameless, BOOT) != identify(nameless, "another boot")


def test_a_list_that_cannot_be_read_is_said_to_be_so_S1():
    with pytest.raises(DisksUnreadable):
        read_lsblk("{}")


def test_sysfs_is_read_as_it_stands_and_what_vanishes_is_no_failure_S1(tmp_path: Path):
    md = tmp_path / "md127/md"
    side = md / "dev-sda2"
    side.mkdir(parents=True)
    for path, text in (
        (md / "level", "raid1"),
        (md / "sync_completed", "512 / 2097152"),
        (md / "sync_speed", "13056"),
        (md.parent / "size", "2097152"),
        (side / "state", "in_sync\n"),
    ):
        path.write_text(text)
    (tmp_path / "md0").mkdir()
    (array,) = read_arrays(tmp_path)
    assert (array.size, array.done, array.speed) == (1 << 30, (512, 2097152), 13056 << 10)
    assert array.members[0].gone, "its link to a device is gone"
    assert array.members[0].states == {"in_sync"}


DUMP = """\
label: gpt
label-id: 8D9F3186-F686-43B0-9DD3-369BDC2989B6
device: /dev/nvme0n1

/dev/nvme0n1p1 : start=2048, size=1048576, type=C1, uuid=5D11B96F, name="tenshu-start"
/dev/nvme0n1p2 : start=1050624, size=2097152, type=4F, uuid=53594B04, name="tenshu-a", attrs="GUID:60,59"
/dev/nvme0n1p6 : start=5310464, size=11466712, type=0F, uuid=5536DF85, name="tenshu-state"
"""  # noqa: E501 - sfdisk's own lines


def test_the_new_table_has_the_slots_numbers_and_others_of_its_own_S1():
    told = table(DUMP, 16777216, "new", ("53594b04",))
    assert "label-id: new" in told
    assert re.search(
        r'^2 : .*uuid=53594B04, name="tenshu-a", attrs="GUID:60,59"$', told, re.MULTILINE
    )
    assert "5D11B96F" not in told
    assert "5536DF85" not in told
    assert "size=11466712" in told, "not a sector smaller than the side that it mirrors"
    larger = table(DUMP, 2 * 16777216, "new", ("53594b04",))
    assert int(re.findall(r"size=(\d+)", larger)[-1]) > 11466712 + 16000000


def test_of_a_slot_that_does_not_run_nothing_is_on_a_new_disk_and_its_table_says_so_S1():
    told = table(DUMP, 16777216, "new", ())
    assert re.search(r'^2 : .*name="_empty"', told, re.MULTILINE)
    assert "53594B04" not in told
