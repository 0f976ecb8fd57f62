"""Faults begin, last and end; each of that is written down once."""

from appliance.contract.faults.state import FaultKind, MachineFault
from appliance.faults.keeping import KEPT, NONE, Kept

UNSET = MachineFault(kind=FaultKind.clock_unset, subject="1970-01-01T00:00:05Z")
BEHIND = MachineFault(kind=FaultKind.clock_behind, subject="x")


def test_what_begins_and_ends_is_written_down_once_and_what_lasts_keeps_its_time(tmp_path):
    kept = Kept(tmp_path)
    kept.stand([UNSET])
    (first,) = kept.faults().standing
    assert first.since > 0
    kept.stand([UNSET])
    kept.stand([UNSET, BEHIND])
    assert kept.faults().standing[0] == first
    kept.stand([BEHIND])
    found = kept.faults()
    assert [one.kind for one in found.standing] == [FaultKind.clock_behind]
    told = [(one.number, one.kind, one.over) for one in found.happenings]
    assert told == [
        (3, FaultKind.clock_unset, True),
        (2, FaultKind.clock_behind, False),
        (1, FaultKind.clock_unset, False),
    ]


def test_what_does_not_last_is_written_down_and_stands_nowhere(tmp_path):
    kept = Kept(tmp_path)
    kept.happened(MachineFault(kind=FaultKind.clock_jumped, subject="a", other="b"))
    found = kept.faults()
    assert not found.standing
    assert (found.happenings[0].subject, found.happenings[0].other) == ("a", "b")


def test_the_last_ones_are_kept_and_a_damaged_file_is_none(tmp_path):
    kept = Kept(tmp_path)
    for _ in range(KEPT + 5):
        kept.happened(MachineFault(kind=FaultKind.clock_jumped))
    found = kept.faults().happenings
    assert len(found) == KEPT
    assert found[0].number == KEPT + 5
    (tmp_path / "faults.json").write_text("[")
    assert kept.faults() == NONE
