"""What verification says: whole, the first wrong event by name, or unreadable."""

import sqlite3
from pathlib import Path

import pytest

from app.audit.errors import NoteMalformed, SignatureInvalid
from app.audit.event import Event
from app.audit.filters import EventFilter
from app.audit.merkle import leaf_hash
from app.audit.search import search
from app.audit.store import COLUMNS, FILE_NAME, KEPT, TOLD, reading, seals
from app.audit.verdict import EXIT_TAMPERED, EXIT_UNREADABLE, EXIT_WHOLE, State, Verdict, Wrong
from app.audit.verify import verify
from tests.unit.app.audit.trail import Trail, draft


def sealed_as(content: str, position: int) -> int:
    return seals([leaf_hash(content.encode())], position)[0]


def assert_wrong(verdict: Verdict, wrong: Wrong, position: int, event: str = "") -> None:
    assert verdict.state is State.TAMPERED, verdict
    assert verdict.exit_code == EXIT_TAMPERED
    assert verdict.wrong is not None
    assert (verdict.wrong.wrong, verdict.wrong.position) == (wrong, position), str(verdict.wrong)
    if event:
        assert verdict.wrong.event == event
    assert "{" not in str(verdict.wrong)


@pytest.fixture
def events(trail: Trail) -> list[Event]:
    """Twelve events behind the sealer's own first one: positions 1 to 12."""
    return trail.add(6) + trail.add(6, each=True)


def test_an_untouched_history_is_whole_F5(trail: Trail, events: list[Event]) -> None:
    verdict = trail.verify()
    assert verdict.state is State.WHOLE
    assert verdict.exit_code == EXIT_WHOLE
    assert (verdict.size, verdict.wrong) == (13, None)
    assert not verdict.rollback_excluded
    assert trail.verify(against=[trail.note]).rollback_excluded
    assert trail.verify(indexes=True).state is State.WHOLE


def test_a_changed_event_is_named_F5(trail: Trail, events: list[Event]) -> None:
    trail.tamper("UPDATE events SET content = replace(content, 'person', 'PERSON') WHERE id = :id",
                 id=events[4].id)  # fmt: skip
    assert_wrong(trail.verify(), Wrong.CHANGED, 5, events[4].id)


def test_an_event_that_is_no_text_any_more_is_named(trail: Trail, events: list[Event]) -> None:
    trail.tamper("DROP INDEX events_id", "DELETE FROM events WHERE position = 3")
    assert_wrong(trail.verify(), Wrong.STRUCTURE, 0)


def test_a_removed_event_is_named_F5(trail: Trail, events: list[Event]) -> None:
    trail.tamper("DELETE FROM events WHERE position = 7")
    assert_wrong(trail.verify(), Wrong.REMOVED, 7)
    trail.tamper("UPDATE events SET position = position - 1 WHERE position > 7")
    assert_wrong(trail.verify(), Wrong.MOVED, 7, events[7].id)


def test_the_last_event_removed_is_named_F5(trail: Trail, events: list[Event]) -> None:
    trail.tamper("DELETE FROM events WHERE position = 12")
    assert_wrong(trail.verify(), Wrong.REMOVED, 12)


def test_two_swapped_events_are_named_with_their_true_place_F5(
    trail: Trail, events: list[Event]
) -> None:
    trail.tamper(
        "UPDATE events SET position = 100 WHERE position = 2",
        "UPDATE events SET position = 2 WHERE position = 9",
        "UPDATE events SET position = 9 WHERE position = 100",
    )
    verdict = trail.verify()
    assert_wrong(verdict, Wrong.MOVED, 2, events[8].id)
    assert "position 9" in str(verdict.wrong)


def test_an_inserted_event_is_named_F5(trail: Trail, events: list[Event]) -> None:
    content = events[0].content.replace(events[0].id, "f" * 28)
    trail.tamper(
        "INSERT INTO events (position, content, seal) VALUES (13, :content, :seal)",
        content=content,
        seal=sealed_as(content, 13),
    )
    assert_wrong(trail.verify(), Wrong.INSERTED, 13, "f" * 28)
    trail.tamper("UPDATE events SET position = -1 WHERE position = 13")
    assert_wrong(trail.verify(), Wrong.INSERTED, -1, "f" * 28)


def test_an_event_rewritten_with_its_seal_is_found_by_the_next_checkpoint_F5(
    trail: Trail, events: list[Event]
) -> None:
    content = events[7].content.replace("orders.", "orderz.")
    trail.tamper(
        "UPDATE events SET content = :content, seal = :seal WHERE position = 8",
        content=content,
        seal=sealed_as(content, 8),
    )
    verdict = trail.verify()
    assert_wrong(verdict, Wrong.REWRITTEN, 8)
    assert verdict.wrong is not None
    assert verdict.wrong.parameters == {"first": 8, "last": 8, "size": 9}


def test_content_that_is_no_event_but_well_sealed_is_named(
    trail: Trail, events: list[Event]
) -> None:
    trail.tamper(
        "UPDATE events SET content = :content, seal = :seal WHERE position = 8",
        content='{"commitments":[]}',
        seal=sealed_as('{"commitments":[]}', 8),
    )
    assert_wrong(trail.verify(), Wrong.CHANGED, 8)


def test_an_erased_event_sealed_anew_as_no_event_is_named_F5(
    trail: Trail, events: list[Event]
) -> None:
    trail.erase(events[7].content.partition('"actor":"')[2][:7])
    content = events[7].content.replace('"id":', '"ix":')
    trail.tamper(
        "UPDATE events SET content = :content, seal = :seal WHERE position = 8",
        content=content,
        seal=sealed_as(content, 8),
    )
    assert_wrong(trail.verify(), Wrong.CHANGED, 8)


def test_a_changed_value_is_named_F5(trail: Trail, events: list[Event]) -> None:
    trail.tamper("UPDATE parts SET value = '{}' WHERE position = 3 AND name = 'actor'")
    verdict = trail.verify()
    assert_wrong(verdict, Wrong.VALUE_CHANGED, 3, events[2].id)
    assert "actor" in str(verdict.wrong)


def test_values_gone_without_an_erasure_are_named_F5(trail: Trail, events: list[Event]) -> None:
    trail.tamper("DELETE FROM parts WHERE position = 4 AND name = 'target'")
    assert_wrong(trail.verify(), Wrong.VALUE_REMOVED, 4, events[3].id)


def test_added_values_are_named(trail: Trail, events: list[Event]) -> None:
    trail.tamper("INSERT INTO parts VALUES (5, 'witness', x'00', '{}')")
    assert_wrong(trail.verify(), Wrong.VALUE_INSERTED, 5, events[4].id)
    trail.tamper("UPDATE parts SET position = 99 WHERE name = 'witness'")
    assert_wrong(trail.verify(), Wrong.VALUE_INSERTED, 99)


def test_the_first_of_several_wrong_events_is_named_F5(trail: Trail, events: list[Event]) -> None:
    trail.tamper(
        "DELETE FROM parts WHERE position = 6",
        "UPDATE parts SET value = '{}' WHERE position = 5",
        "INSERT INTO parts VALUES (11, 'witness', x'00', '{}')",
    )
    assert_wrong(trail.verify(), Wrong.VALUE_CHANGED, 5)
    trail.tamper("UPDATE events SET seal = 0 WHERE position IN (3, 11)")
    assert_wrong(trail.verify(), Wrong.CHANGED, 3)
    trail.tamper("UPDATE parts SET value = '{}' WHERE position = 2")
    assert_wrong(trail.verify(), Wrong.VALUE_CHANGED, 2)


def test_values_are_not_blamed_for_an_event_that_was_rewritten_F5(
    trail: Trail, events: list[Event]
) -> None:
    content = events[7].content.replace('"commitments"', '"commitmentz"')
    trail.tamper(
        "UPDATE events SET content = :content, seal = :seal WHERE position = 8",
        content=content,
        seal=sealed_as(content, 8),
    )
    verdict = trail.verify()
    assert_wrong(verdict, Wrong.REWRITTEN, 8)
    assert verdict.proven == 8


def test_a_root_rewritten_behind_an_altered_newest_checkpoint_still_names_the_values(
    trail: Trail, events: list[Event]
) -> None:
    trail.add(2)
    trail.tamper(
        "UPDATE parts SET value = '{}' WHERE position = 14",
        "UPDATE checkpoints SET note = replace(note, 'epoch 0', 'epoch 1') WHERE size = 15",
    )
    assert_wrong(trail.verify(), Wrong.CHECKPOINT, 14)


def test_an_altered_newest_checkpoint_is_found_METI_18(trail: Trail, events: list[Event]) -> None:
    trail.tamper(
        "UPDATE checkpoints SET note = replace(note, 'epoch 0', 'epoch 1') WHERE size = 13"
    )
    assert_wrong(trail.verify(), Wrong.CHECKPOINT, 12)


def test_a_removed_newest_checkpoint_is_found(trail: Trail, events: list[Event]) -> None:
    trail.tamper("DELETE FROM checkpoints WHERE size = 13")
    assert_wrong(trail.verify(), Wrong.CHECKPOINT, 12)
    trail.tamper("DELETE FROM checkpoints")
    assert_wrong(trail.verify(), Wrong.CHECKPOINT, 12)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM checkpoints WHERE size = 10",
        "UPDATE checkpoints SET note = replace(note, '— ', '—  ') WHERE size = 10",
        "UPDATE checkpoints SET note = (SELECT max(note) FROM checkpoints) WHERE size = 10",
    ],
)
def test_an_older_checkpoint_altered_or_removed_is_found(
    trail: Trail, events: list[Event], statement: str
) -> None:
    trail.tamper(statement)
    assert_wrong(trail.verify(), Wrong.CHAIN, 10)


def test_the_first_checkpoint_removed_is_found(trail: Trail, events: list[Event]) -> None:
    trail.tamper("DELETE FROM checkpoints WHERE size = 1")
    verdict = trail.verify()
    assert verdict.wrong is not None
    assert verdict.wrong.wrong is Wrong.CHAIN


def test_an_altered_frontier_is_found(trail: Trail, events: list[Event]) -> None:
    trail.tamper("UPDATE frontier SET hashes = zeroblob(96)")
    assert_wrong(trail.verify(), Wrong.FRONTIER, 12)
    trail.tamper("DELETE FROM frontier")
    assert trail.verify().state is State.TAMPERED


def test_a_foreign_table_trigger_or_index_entry_is_found(trail: Trail, events: list[Event]) -> None:
    trail.tamper("CREATE TRIGGER quiet BEFORE INSERT ON parts BEGIN SELECT raise(IGNORE); END")
    assert_wrong(trail.verify(), Wrong.STRUCTURE, 0)


PLAIN = "CREATE TABLE events (position INTEGER PRIMARY KEY, content, seal, {})".format(
    ", ".join(COLUMNS)
)
"""The same rows without a rule, for somebody who writes the file."""


def redefined(trail: Trail, name: str, definition: str, *statements: str) -> None:
    """Alter the store while one of its definitions is not ours."""
    redefine = "UPDATE sqlite_schema SET sql = :sql WHERE name = :name"
    with reading(trail.folder) as connection:
        (ours,) = connection.execute(
            "SELECT sql FROM sqlite_schema WHERE name = ?", (name,)
        ).fetchone()
    trail.tamper("PRAGMA writable_schema=ON", redefine, sql=definition, name=name)
    trail.tamper(*statements)
    trail.tamper("PRAGMA writable_schema=ON", redefine, sql=ours, name=name)


def test_an_index_that_hides_an_event_from_the_search_is_found(
    trail: Trail, events: list[Event]
) -> None:
    redefined(
        trail, "events_id", "CREATE UNIQUE INDEX events_id ON events (seal)", "REINDEX events_id"
    )
    assert trail.verify().state is State.WHOLE
    verdict = trail.verify(indexes=True)
    assert_wrong(verdict, Wrong.STRUCTURE, 0)
    assert "events_id" in str(verdict.wrong)


@pytest.mark.parametrize("column", KEPT)
@pytest.mark.parametrize("made", ["17", "''"])
def test_an_event_that_the_search_would_see_otherwise_is_named_F5(
    trail: Trail, events: list[Event], column: str, made: str
) -> None:
    redefined(trail, "events", PLAIN, f"UPDATE events SET {column} = {made} WHERE position = 4")
    for verdict in (trail.verify(), trail.verify(indexes=True)):
        assert_wrong(verdict, Wrong.COLUMNS, 4, events[3].id)


def test_the_first_is_named_where_values_search_and_events_are_altered_F5(
    trail: Trail, events: list[Event]
) -> None:
    redefined(trail, "events", PLAIN, "UPDATE events SET verb = 'x' WHERE position = 4")
    trail.tamper("UPDATE parts SET value = '{}' WHERE position = 5")
    assert_wrong(trail.verify(), Wrong.COLUMNS, 4, events[3].id)
    trail.tamper("UPDATE events SET seal = 0 WHERE position = 4")
    assert_wrong(trail.verify(), Wrong.CHANGED, 4, events[3].id)
    trail.tamper("UPDATE parts SET value = '{}' WHERE position = 3")
    assert_wrong(trail.verify(), Wrong.VALUE_CHANGED, 3, events[2].id)


@pytest.mark.parametrize(
    ("statement", "wrong"),
    [
        ("UPDATE events SET content = replace(content, 'person1', 'person2')", Wrong.CHANGED),
        ("DELETE FROM events", Wrong.REMOVED),
    ],
)
def test_an_altered_erasure_is_named_not_the_events_whose_values_it_took_F5(
    trail: Trail, events: list[Event], statement: str, wrong: Wrong
) -> None:
    trail.erase("person1")
    trail.add(3, each=True)
    trail.tamper(f"{statement} WHERE position = 13")
    assert_wrong(trail.verify(), wrong, 13)


@pytest.mark.parametrize("kind", ["erasure", "epoch"])
def test_an_erasure_or_epoch_that_the_search_does_not_see_accuses_no_other_event_F5(
    trail: Trail, events: list[Event], tmp_path: Path, kind: str
) -> None:
    if kind == "erasure":
        hidden = trail.erase("person1").id
    else:
        archive = trail.archive(tmp_path / "archive")
        trail.restore(archive, known_checkpoint=trail.note)
        hidden = search(trail.database, trail.folder, EventFilter(verb="audit.epoch")).rows[0].id
    trail.add(3, each=True)
    definition = f"CREATE INDEX events_told ON events (iif(position = 13, 'x', verb)) WHERE {TOLD}"
    redefined(trail, "events_told", definition, "REINDEX events_told")
    assert trail.verify().state is State.WHOLE, "the events themselves are whole"
    assert_wrong(trail.verify(indexes=True), Wrong.STRUCTURE, 0)
    trail.tamper("REINDEX events_told")
    redefined(trail, "events", PLAIN, "UPDATE events SET verb = 'x' WHERE position = 13")
    assert_wrong(trail.verify(), Wrong.COLUMNS, 13, hidden)


@pytest.mark.parametrize("made", ["CAST(content AS BLOB)", "substr(content, 1, 300)"])
def test_an_event_of_another_type_or_cut_short_is_named_F5(
    trail: Trail, events: list[Event], made: str
) -> None:
    redefined(trail, "events", PLAIN, f"UPDATE events SET content = {made} WHERE position = 4")
    assert_wrong(trail.verify(), Wrong.CHANGED, 4, events[3].id)


def test_texts_that_can_be_escaped_in_two_ways_are_no_false_alarm_F5(trail: Trail) -> None:
    for target in ('a "quoted" \\ name', "two\nlines\u001f\x7f", "注文/１"):
        trail.write(draft(target=target))
        trail.sealer.turn()
    assert trail.verify(indexes=True).state is State.WHOLE


def test_a_history_cut_back_to_an_older_checkpoint_is_found_from_outside_METI_18(
    trail: Trail, events: list[Event], tmp_path: Path
) -> None:
    archive = trail.archive(tmp_path / "archive")
    trail.add(3)
    trail.sealer.publish()
    held = trail.note
    trail.roll_back(archive)
    assert trail.verify().state is State.WHOLE
    assert not trail.verify().rollback_excluded
    verdict = trail.verify(against=[held])
    assert_wrong(verdict, Wrong.ROLLED_BACK, 13)
    assert "16" in str(verdict.wrong)


def test_a_history_rolled_back_and_written_anew_is_found_from_outside_METI_18(
    trail: Trail, events: list[Event], tmp_path: Path
) -> None:
    archive, earlier = trail.archive(tmp_path / "archive"), trail.note
    trail.add(3)
    trail.sealer.publish()
    held = trail.note
    trail.roll_back(archive)
    trail.start()
    trail.add(5)
    assert trail.verify(against=[earlier]).state is State.WHOLE
    assert_wrong(trail.verify(against=[held, earlier]), Wrong.FORKED, 13)


def test_a_checkpoint_of_somebody_else_is_no_evidence(trail: Trail, events: list[Event]) -> None:
    origin, _, *rest = trail.note.split("\n")
    with pytest.raises(SignatureInvalid):
        trail.verify(against=["\n".join([origin, "999", *rest])])  # another size than was signed
    with pytest.raises(NoteMalformed):
        trail.verify(against=["nonsense"])


def test_a_missing_store_is_unreadable_not_whole(trail: Trail, tmp_path: Path) -> None:
    trail.folder = tmp_path / "nowhere"
    verdict = trail.verify()
    assert verdict.state is State.UNREADABLE
    assert verdict.exit_code == EXIT_UNREADABLE
    assert "nowhere" in verdict.reason


def test_a_file_that_is_no_database_is_unreadable(trail: Trail) -> None:
    trail.stop()
    (trail.folder / FILE_NAME).write_bytes(b"x" * 8192)
    assert trail.verify().state is State.UNREADABLE


def test_a_damaged_page_is_unreadable_or_tampered_never_whole(
    trail: Trail, events: list[Event]
) -> None:
    trail.stop()
    path = trail.folder / FILE_NAME
    raw = bytearray(path.read_bytes())
    for place in (raw.index(events[2].content.encode()), raw.index(events[2].id.encode())):
        damaged = bytearray(raw)
        page = place // 4096 * 4096
        damaged[page : page + 200] = bytes(200)
        path.write_bytes(damaged)
        assert trail.verify(indexes=True).exit_code in {EXIT_UNREADABLE, EXIT_TAMPERED}


def test_a_copy_is_verified_on_a_medium_that_cannot_be_written(
    trail: Trail, events: list[Event], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = trail.keys
    trail.stop()
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / FILE_NAME).write_bytes((trail.folder / FILE_NAME).read_bytes())
    # nobody, root neither, can make the file that SQLite wants beside a store in use
    log = copy / f"{FILE_NAME}-wal"
    log.mkdir()
    assert verify(copy, keys).state is State.WHOLE
    log.rmdir()
    # but where there is a log, its events count: they are not passed over
    owner = sqlite3.connect(copy / FILE_NAME, isolation_level=None)
    owner.execute("PRAGMA locking_mode=EXCLUSIVE")
    owner.execute("BEGIN IMMEDIATE")
    owner.execute("DELETE FROM parts")
    monkeypatch.setattr("app.audit.store.PATIENCE", 0.01)
    assert log.is_file()
    assert verify(copy, keys).state is State.UNREADABLE
    owner.close()


def test_progress_is_told_from_the_first_chunk_to_the_last(
    trail: Trail, events: list[Event]
) -> None:
    told: list[tuple[int, int]] = []
    trail.verify(progress=lambda done, of: told.append((done, of)))
    assert told == [(13, 13)]
