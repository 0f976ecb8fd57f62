"""A machine knows itself again, or says that it may be a copy."""

import stat
import uuid
from pathlib import Path

import pytest

from appliance.contract.identity import (
    FILE,
    Doubt,
    IdentityInDoubt,
    Marks,
    NothingInDoubt,
    Stage,
    Verdict,
)
from appliance.machine import generation, identity
from appliance.machine.identity import (
    GENERATION,
    changed,
    decide,
    doubt,
    is_another,
    look,
    marks,
    require_none,
)
from appliance.place import Place

OLD = Marks(hardware="a", cards=("52:54:00:00:00:01", "52:54:00:00:00:02"), disks=("d1", "d2"))
COPY = Marks(hardware="b", cards=("52:54:00:00:00:03",), disks=("d3",))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "data").mkdir(mode=0o2771)
    (tmp_path / "keys").mkdir()
    return Place(
        data=tmp_path / "data",
        keys=tmp_path / "keys",
        database_url="",
        machine_root=tmp_path / "root",
    )


@pytest.mark.parametrize(
    ("found", "another"),
    [
        (OLD, False),
        (COPY, True),
        (Marks(hardware="b", cards=OLD.cards, disks=OLD.disks), True),
        (Marks(hardware="a", cards=("52:54:00:00:00:09",), disks=OLD.disks), True),
        (Marks(hardware="a", cards=OLD.cards[:1], disks=OLD.disks), False),
        (Marks(hardware="a", cards=(*OLD.cards, "52:54:00:00:00:09")), False),
        (Marks(hardware="a", cards=OLD.cards, disks=("d8", "d9")), False),
        (Marks(hardware="", cards=OLD.cards), False),
        (Marks(hardware="", cards=("52:54:00:00:00:09",)), True),
        (Marks(hardware="a"), False),
        (Marks(), False),
    ],
)
def test_another_uuid_or_no_card_of_before_makes_another_machine_and_nothing_else(
    found: Marks, another: bool
) -> None:
    assert is_another(OLD, found) is another


def test_the_first_start_learns_and_later_ones_follow_what_is_replaced(place: Place) -> None:
    assert look(place, OLD) is None
    replaced = Marks(hardware="a", cards=("52:54:00:00:00:01",), disks=("d1", "d9"))
    assert look(place, replaced) is None
    later = Marks(hardware="a", cards=("52:54:00:00:00:01", "52:54:00:00:00:07"))
    assert look(place, later) is None
    require_none(place)


def test_a_copy_is_in_doubt_from_start_to_start_until_somebody_decides(place: Place) -> None:
    look(place, OLD)
    found = look(place, COPY)
    assert found
    assert (found.before, found.now, found.stage) == (OLD, COPY, Stage.found)
    assert stat.S_IMODE((place.data / FILE).stat().st_mode) == 0o640, "who sends reads it"
    assert look(place, COPY) == found
    assert look(place, OLD) == found, "also where it is put back meanwhile"
    with pytest.raises(IdentityInDoubt):
        require_none(place)


def test_the_machine_itself_goes_on_and_is_known_by_what_it_has_now(place: Place) -> None:
    look(place, OLD)
    look(place, COPY)
    decide(place, Verdict.itself, place.machine_root or Path())
    assert doubt(place) is None
    assert look(place, COPY) is None
    with pytest.raises(NothingInDoubt):
        decide(place, Verdict.copy, place.machine_root or Path())


def test_a_copy_loses_host_keys_number_and_repositories_and_waits_for_its_own_keys(
    place: Place,
) -> None:
    root = place.machine_root or Path()
    (root / "etc/ssh").mkdir(parents=True)
    (root / "etc/ssh/ssh_host_ed25519_key").write_text("secret")
    (root / "etc/ssh/sshd_config").write_text("Port 22")
    (root / "etc/machine-id").write_text("before\n")
    look(place, OLD)
    look(place, COPY)
    found = decide(place, Verdict.copy, root)
    assert found.now == COPY
    assert [one.name for one in (root / "etc/ssh").iterdir()] == ["sshd_config"]
    assert len((root / "etc/machine-id").read_text()) == 33
    left = doubt(place)
    assert left
    assert left.stage is Stage.copy, "nothing leaves before it has keys of its own"
    with pytest.raises(NothingInDoubt):
        decide(place, Verdict.itself, root)


def test_a_file_that_cannot_be_read_is_a_doubt_too(place: Place) -> None:
    (place.data / FILE).write_text("{")
    assert isinstance(doubt(place), Doubt)
    decide(place, Verdict.itself, place.machine_root or Path())
    assert doubt(place) is None


def test_marks_are_those_of_hardware_and_not_of_what_the_machine_makes_itself(
    tmp_path: Path,
) -> None:
    files = {
        "sys/class/dmi/id/product_uuid": "4C4C4544-0000\n",
        "sys/class/net/ens1/address": "52:54:00:00:00:01\n",
        "sys/class/net/ens1/addr_assign_type": "0\n",
        "sys/class/net/ens1/device": "",
        "sys/class/net/ens2/address": "52:54:00:00:00:02\n",
        "sys/class/net/ens2/addr_assign_type": "3\n",
        "sys/class/net/ens2/device": "",
        "sys/class/net/bond0/address": "52:54:00:00:00:01\n",
        "sys/block/vda/serial": "d1\n",
        "sys/block/sda/device/wwid": "naa.5\n",
        "sys/block/loop0/size": "0\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert marks(tmp_path) == Marks(
        hardware="4c4c4544-0000", cards=("52:54:00:00:00:01",), disks=("d1", "naa.5")
    )
    (tmp_path / "sys/class/dmi/id/product_uuid").write_text("00000000-0000-0000-0000-000000000000")
    assert marks(tmp_path).hardware == ""
    assert marks(tmp_path / "nothing") == Marks()


def test_another_generation_of_the_virtual_machine_is_a_snapshot_or_a_copy_S4(place: Place) -> None:
    before, after = (Marks(hardware="a", generation=one) for one in ("g1", "g2"))
    assert look(place, before) is None
    assert look(place, Marks(hardware="a")) is None, "where it cannot be read nothing is said"
    found = look(place, after)
    assert found, "and what was known is still known"
    assert (found.before.generation, found.now.generation) == ("g1", "g2")


def test_a_machine_that_first_learns_of_a_generation_is_no_other_one(place: Place) -> None:
    assert look(place, OLD) is None
    assert look(place, Marks(hardware="a", generation="g1")) is None


@pytest.mark.parametrize("content", [b"", b"short", bytes(4096), None])
def test_a_generation_that_is_none_is_not_read(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / GENERATION
    path.parent.mkdir(parents=True)
    if content is not None:
        path.write_bytes(content)
    assert marks(tmp_path).generation == ""


def test_the_generation_is_read_as_qemu_hands_it_out(tmp_path: Path) -> None:
    told = uuid.UUID("324e6eaf-d1d1-4bf6-bf41-b9bb6c91fb87")
    path = tmp_path / GENERATION
    path.parent.mkdir(parents=True)
    path.write_bytes(bytes(40) + told.bytes_le + bytes(4040))
    assert marks(tmp_path).generation == str(told)


def test_a_notice_while_it_runs_is_a_doubt_even_if_the_number_cannot_be_read_S4(
    place: Place,
) -> None:
    look(place, OLD)
    assert changed(place, OLD)
    found = doubt(place)
    assert found
    assert (found.before, found.stage) == (OLD, Stage.found)
    assert not changed(place, OLD), "once"


def test_after_a_notice_all_is_started_anew_and_the_screen_says_why(
    place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    begun: list[str] = []
    monkeypatch.setattr(generation, "load_place", lambda: place)
    monkeypatch.setattr(generation, "SCREEN_IN_DOUBT", tmp_path / "screen")
    monkeypatch.setattr(generation.units, "are_ours", lambda place: True)
    monkeypatch.setattr(identity, "start_anew", lambda: begun.append("anew"))
    for _ in range(2):
        assert generation.main() == 0
    assert begun == ["anew"]
    assert "snapshot" in (tmp_path / "screen").read_text()
