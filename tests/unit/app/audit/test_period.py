"""Where a period lies: as the store says, whatever somebody did to the segments."""

import contextlib
import hashlib
import shutil

import pytest

from app.audit.period import positions_between
from app.audit.segment_writer import UNFINISHED, make_due
from app.audit.segmenting import Segmenter
from app.audit.segments import FOLDER, Made, Segment, read_segments
from app.audit.store import reading
from tests.unit.app.audit.trail import Trail

SIZE = 8
BEGIN = 1_763_690_000_000
"""When the events of a trail begin; then one a second."""
PERIODS = [
    (0, 2**61),
    (BEGIN, BEGIN + 1),
    (BEGIN + 2_000, BEGIN + 6_000),
    (BEGIN + 5_000, BEGIN + 12_000),
    (BEGIN + 18_000, 2**61),
    (0, BEGIN),
]


@pytest.fixture
def old(trail: Trail, monkeypatch: pytest.MonkeyPatch) -> Trail:
    """A history with two segments, and some events in none."""
    for module in ("segments", "segment_writer", "segmenting"):
        monkeypatch.setattr(f"app.audit.{module}.SIZES", (4 * SIZE, SIZE))
    trail.add(2 * SIZE + 4)
    while (made := make_due(trail.folder)) is not None:
        name(trail, made)
    assert len(segments(trail)) == 2
    return trail


def name(trail: Trail, made: Made) -> None:
    with contextlib.closing(Segmenter(trail.folder, trail.sealer.tell_segment)) as segmenter:
        segmenter._name(made)


def segments(trail: Trail) -> list[Segment]:
    with reading(trail.folder) as connection:
        return read_segments(connection)


def require_as_in_store(trail: Trail) -> None:
    with reading(trail.folder) as connection:
        for period in PERIODS:
            first, last = connection.execute(
                "SELECT min(position), max(position) FROM events WHERE at >= ? AND at < ?", period
            ).fetchone()
            expected = (0, 0) if first is None else (first, last + 1)
            assert positions_between(connection, trail.folder, *period) == expected


def test_a_period_lies_where_the_store_says_METI_18(old: Trail) -> None:
    require_as_in_store(old)
    for path in (old.folder / FOLDER).iterdir():
        path.unlink()
    require_as_in_store(old)


def test_a_segment_that_is_not_the_sealed_one_is_not_asked_METI_18(old: Trail) -> None:
    newer, older = segments(old)
    shutil.copyfile(newer.path(old.folder), older.path(old.folder))
    require_as_in_store(old)


def test_a_sealed_segment_that_cannot_be_read_hides_nothing_METI_18(
    old: Trail, caplog: pytest.LogCaptureFixture
) -> None:
    garbled = b"no Parquet"
    (old.folder / FOLDER / UNFINISHED).write_bytes(garbled)
    sha256 = hashlib.sha256(garbled).hexdigest()
    name(old, Made(first=SIZE, events=SIZE, sha256=sha256, bytes=len(garbled), head=20))
    require_as_in_store(old)
    assert "cannot be read" in caplog.text
