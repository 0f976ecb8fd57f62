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


def seal(trail: Trail, events: int) -> None:
    for first in range(0, events, 5_000):
        numbers = range(first, min(first + 5_000, events))
        trail.sealer._ledger.seal([seal_draft(draft(number)) for number in numbers])


@pytest.mark.parametrize(
    ("sizes", "found"),
    [
        pytest.param({SMALL}, 1, id="small"),
        pytest.param({LARGE, SMALL}, 11, id="large", marks=pytest.mark.slow),
    ],
)
def test_old_events_go_into_segments_and_are_found_by_them_F5_METI_18(
    trail: Trail, sizes: set[int], found: int
) -> None:
    seal(trail, sum(sizes) + 1_000)
    wanted = EventFilter(text="注文 4242")
    before = [row.id for row in search(trail.database, trail.folder, wanted).rows]
    assert len(before) == found, "4242, and where there are so many 42420 to 42429"
    passed, deadline = iter((0.0, *[FIRST_AFTER] * 10_000)), time.monotonic() + 120
    segmenter = Segmenter(trail.folder, trail.sealer.tell_segment, monotonic=lambda: next(passed))
    with contextlib.closing(segmenter):
        while (named := _named(trail)).keys() != sizes:
            segmenter.turn(trail.sealer.size, -1)
            if segmenter._process is not None:
                segmenter._process.wait(deadline - time.monotonic())
    assert {path.name for path in (trail.folder / FOLDER).iterdir()} == set(named.values())
    after = search(trail.database, trail.folder, wanted).rows
    assert [row.id for row in after] == before
    assert trail.verify(indexes=True, processes=2).state is State.WHOLE


def _named(trail: Trail) -> dict[int, str]:
    """Return the segments that sealed events name: number of events → file."""
    with reading(trail.folder) as connection:
        return {each.events: each.path(trail.folder).name for each in read_segments(connection)}
