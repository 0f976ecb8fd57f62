"""What happens to certificates with nobody there is written down once (METI-42)."""

from pathlib import Path

import msgspec
import pytest

from appliance.certificates.happenings import KEPT, Happenings
from appliance.contract.certificates.folder import Condition, Folder
from appliance.contract.certificates.state import Befell, PlaneView

GOOD = PlaneView(plane="console", wanted="new", shown="new", condition=Condition.good)
FALLEN = msgspec.structs.replace(GOOD, shown="own", condition=Condition.expired)


@pytest.fixture
def happenings(tmp_path: Path) -> Happenings:
    (tmp_path / "tls").mkdir()
    return Happenings(Folder(tmp_path))


def test_a_fall_back_and_the_way_back_are_each_told_once_METI_42(happenings: Happenings):
    for planes in ((GOOD,), (FALLEN,), (FALLEN,), (GOOD,), (GOOD,)):
        happenings.look(planes)
    told = [(one.number, one.what, one.plane, one.reason) for one in happenings.newest()]
    assert told == [
        (2, Befell.came_back, "console", ""),
        (1, Befell.fell_back, "console", "expired"),
    ]


def test_choosing_another_one_is_no_way_back_METI_42(happenings: Happenings):
    happenings.look((FALLEN,))
    happenings.look((msgspec.structs.replace(GOOD, wanted="own", shown="own"),))
    assert [one.what for one in happenings.newest()] == [Befell.fell_back]


def test_what_is_still_to_be_fetched_has_not_fallen_METI_42(happenings: Happenings):
    missing = PlaneView(plane="console", wanted="acme", shown="own", condition=Condition.missing)
    happenings.look((missing,))
    assert happenings.newest() == ()


def test_the_last_ones_are_kept_and_numbers_go_on_METI_42(happenings: Happenings, tmp_path: Path):
    for _ in range(KEPT + 3):
        happenings.add(Befell.not_renewed, "acme", reason="refused")
    assert len(happenings.newest()) == KEPT
    assert happenings.newest()[0].number == KEPT + 3
    (tmp_path / "tls/happenings.json").write_text("[")
    assert happenings.newest() == ()
