"""Segments of the real size, made by the real process."""

import contextlib
import time

import pytest

from app.audit.event import seal_draft
from app.audit.filters import EventFilter
from app.audit.search import search
from app.audit.segmenting import FIRST_AFTER, Segmenter
from app.audit.segments import FOLDER, SIZES, read_segments
from app.audit.store import reading
from app.audit.verdict import State
from tests.unit.app.audit.trail import Trail, draft

LARGE, SMALL = SIZES
EVENTS = LARGE + SMALL + 1_000


@pytest.fixture
def long(trail: Trail) -> Trail:
    ledger = trail.sealer._ledger
    for first in range(0, EVENTS, 5_000):
        numbers = range(first, min(first + 5_000, EVENTS))
        ledger.seal([seal_draft(draft(number)) for number in numbers])
    return trail


def test_old_events_go_into_segments_and_are_found_by_them_F5_METI_18(long: Trail) -> None:
    wanted = EventFilter(text="注文 4242")
    before = [row.id for row in search(long.database, long.folder, wanted).rows]
    assert len(before) == 11, "4242, and 42420 to 42429"
    passed, deadline = iter((0.0, *[FIRST_AFTER] * 10_000)), time.monotonic() + 120
    segmenter = Segmenter(long.folder, long.sealer.tell_segment, monotonic=lambda: next(passed))
    with contextlib.closing(segmenter):
        while (named := _named(long)).keys() != {LARGE, SMALL}:
            segmenter.turn(long.sealer.size, -1)
            if segmenter._process is not None:
                segmenter._process.wait(deadline - time.monotonic())
    assert {path.name for path in (long.folder / FOLDER).iterdir()} == set(named.values())
    after = search(long.database, long.folder, wanted).rows
    assert [row.id for row in after] == before
    assert long.verify(indexes=True, processes=2).state is State.WHOLE


def _named(long: Trail) -> dict[int, str]:
    """Return the segments that sealed events name: number of events → file."""
    with reading(long.folder) as connection:
        return {each.events: each.path(long.folder).name for each in read_segments(connection)}
