"""How a recording stands to what the history tells of it (S11)."""

import pytest

from app.machine.recording_check import Condition, judge
from appliance.contract.maintenance.state import RecordingFound


@pytest.mark.parametrize(
    ("digest", "removed_at", "told", "condition"),
    [
        ("a1", None, "a1", Condition.unchanged),
        ("a1", None, "b2", Condition.changed),
        ("a1", 5, "b2", Condition.changed),  # what says that it was removed is there, and another
        ("", None, "a1", Condition.missing),
        ("", 5, "a1", Condition.removed),
        ("", None, "", Condition.unchanged),  # nothing could be recorded, and the history says so
        ("a1", None, "", Condition.changed),
        ("a1", None, None, Condition.untold),
        ("", None, None, Condition.untold),
    ],
)
def test_a_recording_that_is_another_than_the_history_tells_is_found_S11(
    digest: str, removed_at: int | None, told: str | None, condition: Condition
) -> None:
    found = RecordingFound(session="a" * 16, digest=digest, bytes=1, removed_at=removed_at)
    assert judge(found, told) is condition
