"""Old events in segments: found by everything that finds young ones, and never the only truth."""

import contextlib
import itertools
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from app.audit import parquet
from app.audit.activity import by_hour, count_events
from app.audit.errors import StoreUnwritable
from app.audit.event import Outcome, seal_draft
from app.audit.filters import EventFilter
from app.audit.search import search
from app.audit.segment_search import Finder, stretches
from app.audit.segment_writer import make_due
from app.audit.segmenting import Segmenter
from app.audit.segments import FOLDER, UNFINISHED, VERB, Made, Segment, read_segments
from app.audit.store import reading
from app.audit.verdict import State, Wrong
from tests.unit.app.audit.trail import Trail, draft

SIZE = 8
LARGE = 2 * SIZE


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("segments", "segment_writer", "segmenting"):
        monkeypatch.setattr(f"app.audit.{module}.SIZES", (LARGE, SIZE))


@pytest.fixture
def old(trail: Trail) -> Trail:
    """A history with two large segments, and some events in none."""
    trail.add(2 * SIZE)
    trail.write(draft(3, outcome=Outcome.REFUSED, actor="person9", target_name='"Über" \\ Straße'))
    trail.add(LARGE + 2)
    while segmented(trail):
        continue
    return trail


def segmented(trail: Trail) -> bool:
    """Make what is due as the sealer does; tell whether something was."""
    made = make_due(trail.folder)
    if made is not None:
        with contextlib.closing(Segmenter(trail.folder, trail.sealer.tell_segment)) as segmenter:
            segmenter._name(made)
    return made is not None


def listed(trail: Trail) -> list[Segment]:
    with reading(trail.folder) as connection:
        return read_segments(connection)


def by_segments(trail: Trail, wanted: EventFilter, before: int) -> list[int] | None:
    with Finder(trail.folder, wanted) as finder:
        return finder.find(listed(trail), before, 1_000)


def positions(trail: Trail, wanted: EventFilter, limit: int = 1_000) -> list[int | None]:
    found, after = list[int | None](), ""
    while True:
        page = search(trail.database, trail.folder, wanted, after=after, limit=limit)
        found += [row.position for row in page.rows]
        after = page.next
        if not after:
            return found


FILTERS = [
    EventFilter(actor="person1"),
    EventFilter(verb="orders.update"),
    EventFilter(verb="orders.*"),
    EventFilter(verb="audit.*"),
    EventFilter(target_kind="order", target="order3"),
    EventFilter(outcome=Outcome.REFUSED),
    EventFilter(outcome=Outcome.DONE, actor="person0"),
    EventFilter(since=1_763_690_005_000, until=1_763_690_017_000),
    EventFilter(since=0),
    EventFilter(among=("orders.create", "orders.remove")),
    EventFilter(without=("orders.create", "audit.segment")),
    EventFilter(text="STATE 7"),
    EventFilter(text="注文 1"),
    EventFilter(text='"über" \\ sTRASSE'.replace("STRASSE", "straße")),
    EventFilter(text="'); DROP TABLE found; --"),
    EventFilter(text="100%_"),
    EventFilter(actor="nobody"),
]


@pytest.mark.parametrize("wanted", FILTERS, ids=repr)
@pytest.mark.parametrize("limit", [3, 1_000])
def test_segments_find_what_the_store_finds_in_the_same_order_F5(
    old: Trail, wanted: EventFilter, limit: int
) -> None:
    found = positions(old, wanted, limit)
    for path in (old.folder / FOLDER).iterdir():
        path.unlink()
    assert found == positions(old, wanted)
    assert found == sorted(found, reverse=True)


def test_a_segment_holds_a_whole_stretch_and_its_hash_is_sealed_METI_18(old: Trail) -> None:
    assert [(each.first, each.events) for each in listed(old)] == [(LARGE, LARGE), (0, LARGE)]
    assert {path.name for path in (old.folder / FOLDER).iterdir()} == {
        each.path(old.folder).name for each in listed(old)
    }
    assert old.verify(indexes=True).state is State.WHOLE
    row = search(old.database, old.folder, EventFilter(verb=VERB)).rows[0]
    assert row.outcome == "done"


def test_small_segments_become_a_large_one_F5(trail: Trail) -> None:
    trail.add(SIZE)
    assert segmented(trail)
    assert not segmented(trail)
    trail.add(SIZE)
    assert segmented(trail)
    assert [(each.first, each.events) for each in listed(trail)] == [(0, LARGE)]
    trail.add(SIZE)
    assert segmented(trail)
    assert [(each.first, each.events) for each in listed(trail)] == [(LARGE, SIZE), (0, LARGE)]
    assert len(positions(trail, EventFilter(verb="orders.*"), 2)) == 3 * SIZE


def test_a_store_that_takes_no_event_leaves_a_file_that_counts_for_nothing_F5(
    trail: Trail,
) -> None:
    def full(_: Made) -> None:
        raise StoreUnwritable(path=trail.folder, reason="the disk is full")

    trail.add(SIZE)
    made = make_due(trail.folder)
    assert made is not None
    with (
        contextlib.closing(Segmenter(trail.folder, full)) as segmenter,
        pytest.raises(StoreUnwritable),
    ):
        segmenter._name(made)
    assert listed(trail) == []
    assert trail.verify(indexes=True).state is State.WHOLE
    assert segmented(trail)
    assert [path.name for path in (trail.folder / FOLDER).iterdir()] == [
        each.path(trail.folder).name for each in listed(trail)
    ]


def test_an_altered_segment_is_named_and_the_search_goes_by_the_store_F5(
    old: Trail, caplog: pytest.LogCaptureFixture
) -> None:
    segment = listed(old)[0]
    segment.path(old.folder).write_bytes(b"no Parquet")
    verdict = old.verify(indexes=True)
    assert verdict.wrong is not None
    assert (verdict.wrong.wrong, verdict.wrong.position) == (Wrong.SEGMENT, segment.first)
    assert segment.path(old.folder).name in str(verdict.wrong)
    assert len(positions(old, EventFilter(verb="orders.*"))) == 2 * LARGE + 3
    assert "cannot be read" in caplog.text


def test_a_segment_replaced_by_an_older_one_is_named_F5(old: Trail) -> None:
    before = listed(old)[-1].path(old.folder).read_bytes()
    old.erase("person1")
    while segmented(old):
        continue
    listed(old)[-1].path(old.folder).write_bytes(before)
    verdict = old.verify(indexes=True)
    assert verdict.wrong is not None
    assert verdict.wrong.wrong is Wrong.SEGMENT


def test_a_removed_segment_is_not_missed_and_made_again_F5(old: Trail) -> None:
    gone = listed(old)[1]
    gone.path(old.folder).unlink()
    assert len(positions(old, EventFilter(verb="orders.*"))) == 2 * LARGE + 3
    assert old.verify(indexes=True).state is State.WHOLE
    assert segmented(old)
    assert gone.first in {each.first for each in listed(old)}
    assert all(each.path(old.folder).exists() for each in listed(old))
    assert not segmented(old)


def test_erased_values_are_found_no_more_at_once_and_leave_the_segments_METI_31(
    old: Trail,
) -> None:
    wanted = EventFilter(text="firefox", actor="person1")
    assert positions(old, wanted)
    old.erase("person1")
    assert positions(old, wanted, 2) == []
    assert positions(old, EventFilter(actor="person1")), "that something was done stays"
    while segmented(old):
        continue
    files = list((old.folder / FOLDER).iterdir())
    assert {path.name for path in files} == {each.path(old.folder).name for each in listed(old)}
    assert by_segments(old, wanted, 1_000) == []
    assert old.verify(indexes=True).state is State.WHOLE


def test_a_retention_period_leaves_the_segments_too_METI_31(old: Trail) -> None:
    old.erase(before=1_763_690_004_000)
    while segmented(old):
        continue
    assert by_segments(old, EventFilter(text="firefox"), 5) == []
    assert by_segments(old, EventFilter(text="firefox"), 1_000)


def test_an_erasure_of_somebody_else_makes_no_segment_anew(old: Trail) -> None:
    old.erase("nobody")
    assert not segmented(old)


def test_what_is_no_event_any_more_has_its_place_in_a_segment(trail: Trail) -> None:
    trail.add(SIZE)
    trail.tamper(
        "PRAGMA writable_schema=ON",
        "UPDATE sqlite_schema SET sql = 'CREATE TABLE events (position INTEGER PRIMARY KEY,"
        " content, seal, id, verb)' WHERE name = 'events'",
    )
    trail.tamper("UPDATE events SET content = 'no json' WHERE position = 3")
    trail.tamper(
        "PRAGMA writable_schema=ON",
        "UPDATE sqlite_schema SET sql = :sql WHERE name = 'events'",
        sql=_events_table(),
    )
    assert segmented(trail)
    assert len(positions(trail, EventFilter(verb="orders.*"))) == SIZE - 1


def _events_table() -> str:
    from app.audit.store import _SCHEMA

    return _SCHEMA[0]


@pytest.mark.parametrize(
    "numbers",
    [
        {},
        {"first": 3, "events": SIZE, "bytes": 1, "head": 9},
        {"first": 0, "events": 7, "bytes": 1, "head": 9},
    ],
)
def test_an_event_that_tells_of_no_segment_is_passed_over(
    trail: Trail, numbers: dict[str, int]
) -> None:
    told = draft(verb=VERB, numbers=numbers)
    trail.sealer._ledger.seal([seal_draft(told)])
    assert listed(trail) == []


def segment(first: int) -> Segment:
    return Segment(
        first=first * SIZE, events=SIZE, sha256="0" * 64, bytes=1, head=10**6, position=10**6
    )


def test_stretches_part_all_positions_and_grow() -> None:
    held = [segment(first) for first in range(24, -1, -1) if first not in (20, 3)]
    parts = list(stretches(held, 26 * SIZE + 3))
    assert [(part.first // SIZE, len(part.segments)) for part in parts] == [
        (25, 0), (24, 1), (21, 3), (20, 0), (4, 16), (3, 0), (0, 3),
    ]  # fmt: skip
    for newer, older in itertools.pairwise(parts):
        assert newer.first == older.end
    assert list(stretches([], 0)) == []
    assert [part.end for part in stretches(held, 2 * SIZE + 1)] == [2 * SIZE + 1, 2 * SIZE]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def segmenter(trail: Trail) -> Iterator[tuple[Segmenter, Clock, list[int]]]:
    told: list[int] = []
    clock = Clock()
    made = Segmenter(trail.folder, lambda each: told.append(each.first), monotonic=clock)
    yield made, clock, told
    made.close()


def ended(segmenter: Segmenter, size: int) -> None:
    """Begin, and wait until the process has ended."""
    segmenter.turn(size, -1)
    assert segmenter._process is not None
    segmenter._process.wait(60)
    segmenter.turn(size, -1)


def test_the_first_look_waits_and_the_next_comes_with_a_new_stretch(
    trail: Trail, segmenter: tuple[Segmenter, Clock, list[int]]
) -> None:
    at_work, clock, told = segmenter
    at_work.turn(SIZE, -1)
    assert at_work._process is None, "the first seconds belong to others"
    clock.now = 31.0
    ended(at_work, SIZE)
    assert told == [], "the process looks for whole segments of the real size"
    at_work.turn(SIZE + 1, -1)
    assert at_work._process is None
    ended(at_work, 2 * SIZE)
    at_work.turn(2 * SIZE, -1)
    assert at_work._process is None
    clock.now += 301
    ended(at_work, 2 * SIZE)


def test_a_process_that_fails_is_told_of_and_tried_again_later(
    trail: Trail,
    segmenter: tuple[Segmenter, Clock, list[int]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    at_work, clock, _ = segmenter
    clock.now = 31.0
    trail.stop()
    store = trail.folder / "sealed.sqlite"
    kept = store.read_bytes()
    store.write_bytes(b"x" * 8192)
    ended(at_work, SIZE)
    assert "could not be made" in caplog.text
    store.write_bytes(kept)
    trail.start()
    at_work.turn(SIZE, -1)
    assert at_work._process is None
    at_work.turn(SIZE, 5)
    assert at_work._process is not None, "ended by the fixture while it runs"


def test_a_writer_that_is_killed_leaves_nothing_and_begins_anew_F5(
    trail: Trail,
    segmenter: tuple[Segmenter, Clock, list[int]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    at_work, clock, told = segmenter
    clock.now = 31.0
    at_work.turn(SIZE, -1)
    assert at_work._process is not None
    at_work.turn(SIZE, -1)
    at_work._process.kill()
    at_work._process.wait(10)
    at_work.turn(SIZE, -1)
    assert "could not be made" in caplog.text
    assert told == []
    ended(at_work, 2 * SIZE)


def test_a_half_made_file_counts_for_nothing(trail: Trail) -> None:
    trail.add(SIZE)
    place = trail.folder / FOLDER
    place.mkdir()
    (place / UNFINISHED).write_bytes(b"half")
    (place / "left-over.parquet").write_bytes(b"killed before it was named")
    assert segmented(trail)
    assert [path.name for path in place.iterdir()] == [
        each.path(trail.folder).name for each in listed(trail)
    ]


def test_the_writer_says_what_it_made(
    trail: Trail, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.audit import segment_writer

    monkeypatch.setattr("os.nice", lambda _: 0)
    monkeypatch.setattr(segment_writer, "die_with_parent", lambda: None)
    segment_writer.main([str(trail.folder)])
    assert capsys.readouterr().out == "null"
    trail.add(SIZE)
    segment_writer.main([str(trail.folder)])
    assert json.loads(capsys.readouterr().out)["first"] == 0


def test_the_writer_works_where_its_sandbox_leaves_its_priority_alone_F6(
    trail: Trail, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.audit import segment_writer

    def refuse(_: int) -> int:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.nice", refuse)
    monkeypatch.setattr(segment_writer, "die_with_parent", lambda: None)
    segment_writer.main([str(trail.folder)])
    assert capsys.readouterr().out == "null"


def test_duckdb_sees_the_folder_of_segments_and_nothing_else_V4(tmp_path: Path) -> None:
    import duckdb

    (tmp_path / "in").mkdir()
    (tmp_path / "out.csv").write_text("a\n1\n")
    with parquet.searching(tmp_path / "in") as connection:
        for statement in (
            f"SELECT * FROM read_csv('{tmp_path}/out.csv')",
            f"COPY (SELECT 1) TO '{tmp_path}/made.csv'",
            "INSTALL httpfs",
            "SET enable_external_access = true",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(statement)


def test_searches_at_once_share_what_is_open_METI_46(old: Trail) -> None:
    expected = [positions(old, wanted) for wanted in FILTERS]
    with ThreadPoolExecutor(8) as people:
        found = list(people.map(partial(positions, old), FILTERS * 4))
    assert found == expected * 4


def test_what_failed_is_not_kept_open(old: Trail) -> None:
    open_before = parquet._kept(old.folder / FOLDER)
    assert parquet._kept(old.folder / FOLDER) is open_before
    for path in (old.folder / FOLDER).iterdir():
        path.write_bytes(b"no Parquet")
    positions(old, FILTERS[0])
    assert parquet._kept(old.folder / FOLDER) is not open_before


@pytest.mark.parametrize("wanted", [EventFilter(), *FILTERS[:9]], ids=repr)
def test_segments_count_what_the_store_counts_METI_46(old: Trail, wanted: EventFilter) -> None:
    counted = count_events(old.folder, wanted)
    assert counted.total() == len(positions(old, wanted))
    for path in (old.folder / FOLDER).iterdir():
        path.write_bytes(b"no Parquet")
    assert count_events(old.folder, wanted) == counted
    hours = list(by_hour(counted))
    assert hours == sorted(hours)
    assert sum(sum(counts.values()) for _, counts in hours) == counted.total()


def test_before_the_first_event_nothing_is_counted(tmp_path: Path) -> None:
    assert count_events(tmp_path, EventFilter()).total() == 0
