"""The sealer: every event once, in one order, whatever stands in its way."""

import hashlib
import shutil
import sqlite3
from pathlib import Path

import msgspec
import pytest

from app.audit import lease
from app.audit.checkpoint import open_checkpoint, read_checkpoint, split_notes
from app.audit.errors import (
    SealerRunning,
    StoreTampered,
    StoreUnreadable,
    StoreUnwritable,
)
from app.audit.event import Event
from app.audit.filters import EventFilter
from app.audit.intake import MALFORMED
from app.audit.models import OutboxEvent, SealerLease
from app.audit.sealer import PUBLISH_SECONDS
from app.audit.search import detail, lag, search
from app.audit.store import FILE_NAME, KEYS_NAME, LOG_NAME, open_for_sealing, reading
from app.audit.verdict import State
from app.core import clock
from tests.unit.app.audit.trail import Trail, draft


def sealed(trail: Trail) -> list[str]:
    with reading(trail.folder) as connection:
        return [row[0] for row in connection.execute("SELECT id FROM events ORDER BY position")]


def outbox(trail: Trail) -> int:
    return lag(trail.database).unsealed


def rows_of(trail: Trail, *events: object) -> None:
    with trail.database.write() as session:
        for event in events:
            session.add(
                OutboxEvent(
                    id=event.id,
                    content=event.content,
                    parts=msgspec.json.encode(event.parts).decode(),
                )
            )


def test_every_event_is_sealed_once_and_leaves_the_outbox_F5(trail: Trail) -> None:
    events = [trail.write(draft(number)) for number in range(5)]
    assert trail.sealer.turn() == 5
    assert trail.sealer.turn() == 0
    assert sealed(trail)[1:] == sorted(event.id for event in events)
    assert outbox(trail) == 0


def test_a_transaction_that_commits_late_is_sealed_late_never_skipped_F5(trail: Trail) -> None:
    early = draft(0)
    late = trail.write(early)
    with trail.database.write() as session:
        held = session.get(OutboxEvent, late.id)
        assert held is not None
        kept = held.model_dump()
        session.delete(held)
    trail.add(3)
    with trail.database.write() as session:
        session.add(OutboxEvent(**kept))
    trail.sealer.turn()
    assert sealed(trail)[-1] == late.id


def test_what_is_sealed_already_is_taken_out_without_a_second_sealing_F5(trail: Trail) -> None:
    (event,) = trail.add()
    rows_of(trail, event)
    trail.sealer.turn()
    assert sealed(trail).count(event.id) == 1
    assert outbox(trail) == 0
    assert trail.verify().state is State.WHOLE


def test_more_events_than_one_batch_are_sealed_in_turns(
    trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.audit.sealer.BATCH", 4)
    for number in range(10):
        trail.write(draft(number))
    assert [trail.sealer.turn() for _ in range(4)] == [4, 4, 2, 0]


@pytest.mark.parametrize(
    "change",
    [
        {"content": "no json"},
        {"content": "{}"},
        {"parts": "[]"},
        {"parts": "no json"},
        {"id": "another"},
    ],
)
def test_a_row_that_is_no_event_is_sealed_as_such_and_stops_nothing_F5(
    trail: Trail, change: dict[str, str]
) -> None:
    event = trail.write(draft())
    with trail.database.write() as session:
        row = session.get(OutboxEvent, event.id)
        assert row is not None
        made = OutboxEvent(**{**row.model_dump(), **change})
        session.delete(row)
        session.flush()
        session.add(made)
    after = trail.write(draft(1))
    trail.sealer.turn()
    assert outbox(trail) == 0
    assert after.id in sealed(trail)
    assert trail.verify().state is State.WHOLE
    malformed = next(
        row for row in search(trail.database, trail.folder).rows if row.verb == MALFORMED
    )
    kept = detail(trail.database, trail.folder, malformed.id).after
    assert kept["content"] == change.get("content", event.content)


@pytest.mark.parametrize(
    "made",
    [
        {"at": 2**63},
        {"verb": "audit.erase", "numbers": {"before": 2**70}, "references": {"basis": "x"}},
        {"target": "order\0hidden"},
    ],
)
def test_an_event_that_the_store_could_not_hold_is_sealed_as_such_and_stops_nothing_F5(
    trail: Trail, made: dict[str, object]
) -> None:
    event = trail.write(draft(**made))
    trail.sealer.turn()
    assert outbox(trail) == 0
    assert event.id not in sealed(trail)
    assert search(trail.database, trail.folder).rows[0].verb == MALFORMED
    assert trail.verify(indexes=True).state is State.WHOLE


def test_json_that_two_parsers_could_read_differently_is_not_let_in(trail: Trail) -> None:
    event = trail.write(draft())
    with trail.database.write() as session:
        row = session.get(OutboxEvent, event.id)
        assert row is not None
        row.content = '{"actor":"another",' + row.content[1:]
    trail.sealer.turn()
    assert event.id not in sealed(trail)


def test_a_row_with_the_identifier_of_a_sealed_event_cannot_hide_behind_it_F5(
    trail: Trail,
) -> None:
    (event,) = trail.add()
    forged = msgspec.structs.replace(event, content=event.content.replace("done", "failed"))
    rows_of(trail, forged)
    trail.sealer.turn()
    rows_of(trail, forged)
    trail.sealer.turn()
    assert [row.verb for row in search(trail.database, trail.folder).rows].count(MALFORMED) == 1
    assert outbox(trail) == 0


def test_the_first_event_names_the_key_and_the_first_checkpoint_is_published(
    trail: Trail,
) -> None:
    assert search(trail.database, trail.folder).rows[0].verb == "audit.begin"
    begin = detail(trail.database, trail.folder, sealed(trail)[0])
    assert begin.content.references["key"] == str(trail.signer.verifier)
    assert (trail.folder / KEYS_NAME).read_text() == f"{trail.signer.verifier}\n"
    assert open_checkpoint(trail.note, trail.keys).size == 1


def test_a_checkpoint_is_published_every_minute_when_the_tree_grew_METI_18(
    tmp_path: Path,
) -> None:
    trail = Trail(tmp_path)
    trail.close()
    time = [0.0]
    trail = Trail(tmp_path)
    trail.sealer._monotonic = lambda: time[0]
    trail.sealer._published_at = 0.0
    log = trail.folder / LOG_NAME

    def published() -> list[int]:
        return [read_checkpoint(note).size for note in split_notes(log.read_text())]

    trail.add(2)
    assert published() == [1]
    time[0] = 59.0
    trail.add(1)
    assert published() == [1]
    time[0] = 60.0
    trail.sealer.turn()
    assert published() == [1, 4]
    time[0] = 130.0
    trail.sealer.turn()
    assert published() == [1, 4]
    trail.add(1)
    trail.sealer.publish()
    assert published() == [1, 4, 5]
    trail.close()


def test_unpublished_heads_do_not_pile_up(trail: Trail) -> None:
    for _ in range(5):
        trail.add(1)
    with reading(trail.folder) as connection:
        assert connection.execute("SELECT size FROM checkpoints").fetchall() == [(1,), (6,)]


def test_a_torn_last_line_of_the_log_does_not_spoil_the_next_checkpoint_METI_18(
    trail: Trail,
) -> None:
    trail.add(1)
    trail.stop()
    log = trail.folder / LOG_NAME
    log.write_bytes(log.read_bytes()[:-40])
    trail.start()
    assert read_checkpoint(trail.note).size == 2
    log.unlink()
    trail.stop()
    trail.start()
    assert read_checkpoint(trail.note).size == 2


def test_a_second_sealer_on_the_same_store_is_refused(trail: Trail) -> None:
    with pytest.raises(SealerRunning):
        Trail.start(trail)


def test_a_sealer_on_another_machine_waits_for_the_lease(trail: Trail, tmp_path: Path) -> None:
    url = str(trail.database.engine.url)
    with pytest.raises(SealerRunning, match="machine1"):
        Trail(tmp_path / "second", url=url)
    with trail.database.write() as session:
        held = session.get(SealerLease, lease.NAME)
        assert held is not None
        held.expires = clock.now()
    second = Trail(tmp_path / "second", url=url)
    trail.write(draft())
    with pytest.raises(SealerRunning):
        trail.sealer.turn()
    assert outbox(trail) == 1
    second.close()
    third = Trail(tmp_path / "third", url=url)
    assert third.sealer.turn() == 1
    third.close()


def test_the_lease_is_renewed_while_nothing_happens(trail: Trail) -> None:
    time = trail.sealer._monotonic()
    trail.sealer._monotonic = lambda: time + 6
    with trail.database.write() as session:
        held = session.get(SealerLease, lease.NAME)
        assert held is not None
        held.expires = 1
    trail.sealer.turn()
    with trail.database.read() as session:
        renewed = session.get(SealerLease, lease.NAME)
        assert renewed is not None
        assert renewed.expires > clock.now()


def test_the_sealer_goes_on_from_where_it_was_without_reading_everything(trail: Trail) -> None:
    trail.add(5)
    trail.stop()
    trail.start()
    trail.add(5)
    verdict = trail.verify()
    assert (verdict.state, verdict.size) == (State.WHOLE, 11)


def test_an_altered_frontier_is_computed_anew(trail: Trail) -> None:
    trail.add(5)
    trail.stop()
    trail.tamper("UPDATE frontier SET hashes = zeroblob(64)")
    trail.start()
    trail.add(1)
    assert trail.verify().state is State.WHOLE


def test_a_changed_event_stays_found_after_the_sealer_went_on_F5(trail: Trail) -> None:
    trail.add(5)
    trail.stop()
    trail.tamper("UPDATE events SET content = replace(content, 'order1', 'order9')")
    trail.start()
    trail.add(5)
    wrong = trail.verify().wrong
    assert wrong is not None
    assert wrong.position < 6


@pytest.mark.parametrize(
    "statements",
    [
        ("CREATE TABLE more (x)",),
        ("DELETE FROM checkpoints",),
        ("UPDATE checkpoints SET note = 'x'",),
        ("DELETE FROM events WHERE position = 5",),
        (
            "UPDATE frontier SET hashes = zeroblob(64)",
            "UPDATE events SET content = replace(content, 'order', 'ORDER')",
        ),
    ],
)
def test_the_sealer_signs_nothing_on_top_of_an_altered_store_F5(
    trail: Trail, statements: tuple[str, ...]
) -> None:
    trail.add(5)
    trail.stop()
    trail.tamper(*statements)
    event = trail.write(draft())
    with pytest.raises(StoreTampered):
        trail.start()
    with trail.database.read() as session:
        assert session.get(OutboxEvent, event.id) is not None


def test_an_event_inserted_while_the_sealer_runs_stops_it(trail: Trail) -> None:
    trail.add(1)
    trail.tamper('INSERT INTO events (position, content, seal) VALUES (2, \'{"id":"x"}\', 0)')
    with pytest.raises(StoreTampered):
        trail.add(1)
    assert outbox(trail) == 1


def test_a_store_that_is_no_database_is_refused(trail: Trail) -> None:
    trail.stop()
    (trail.folder / FILE_NAME).write_bytes(b"x" * 8192)
    with pytest.raises(StoreUnreadable):
        trail.start()


def test_a_lost_file_of_public_keys_is_written_again(trail: Trail) -> None:
    trail.add(1)
    trail.stop()
    (trail.folder / KEYS_NAME).unlink()
    trail.start()
    assert trail.keys == [trail.signer.verifier]


def test_events_wait_in_the_outbox_while_the_store_takes_none(trail: Trail) -> None:
    trail.add(1)
    blocker = sqlite3.connect(trail.folder / FILE_NAME, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    trail.sealer._ledger._connection.execute("PRAGMA busy_timeout=10")
    trail.write(draft())
    with pytest.raises(StoreUnwritable):
        trail.sealer.turn()
    blocker.close()
    assert trail.sealer.turn() == 1


def test_a_write_that_fails_in_the_middle_leaves_nothing_behind_F5(trail: Trail) -> None:
    trail.add(1)
    connection = trail.sealer._ledger._connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count={pages}")
    for number in range(50):
        trail.write(draft(number))
    with pytest.raises(StoreUnwritable, match="full"):
        trail.sealer.turn()
    assert outbox(trail) == 50
    assert trail.verify().size == 2
    connection.execute("PRAGMA max_page_count=100000")
    assert trail.sealer.turn() == 50
    assert trail.verify().state is State.WHOLE


def test_a_new_store_that_was_never_committed_is_begun_anew(tmp_path: Path) -> None:
    open_for_sealing(tmp_path / "data" / "audit").close()
    trail = Trail(tmp_path)
    assert trail.verify().state is State.WHOLE
    trail.close()


def test_the_copied_store_of_an_archive_seals_on(trail: Trail, tmp_path: Path) -> None:
    trail.add(3)
    archive = trail.archive(tmp_path / "archive")
    digest = hashlib.sha256((archive / FILE_NAME).read_bytes()).hexdigest()
    trail.restore(archive)
    trail.add(3)
    assert trail.verify().state is State.WHOLE
    assert hashlib.sha256((archive / FILE_NAME).read_bytes()).hexdigest() == digest
    shutil.rmtree(archive)


def test_a_clock_that_goes_back_an_hour_stops_nothing_F5(
    trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = [0.0]
    monkeypatch.setattr(trail.sealer, "_monotonic", lambda: ticks[0])
    trail.sealer._renewed_at = trail.sealer._published_at = 0.0
    before = trail.write(draft(at=clock.now()))
    trail.sealer.turn()
    true_time = clock.now

    monkeypatch.setattr(clock, "now", lambda: true_time() - clock.HOUR)
    after = trail.write(draft(at=clock.now()))
    assert trail.sealer.turn() == 1, "an event of an earlier time is sealed behind the later one"
    assert sealed(trail)[-2:] == [before.id, after.id]
    assert lag(trail.database).unsealed == 0

    published = trail.note
    ticks[0] = PUBLISH_SECONDS
    trail.sealer.turn()
    assert trail.note != published, "a checkpoint a minute, whatever the clock says"
    ticks[0] += 6.0
    trail.sealer.turn()
    assert trail.sealer._renewed_at == ticks[0], "the lease is renewed"

    trail.write(draft())
    assert lag(trail.database).oldest >= 0
    trail.stop()
    trail.start()
    trail.sealer.turn()
    found = search(trail.database, trail.folder, EventFilter(since=after_time(after)))
    assert {before.id, after.id} <= {row.id for row in found.rows}
    assert trail.verify(indexes=True, against=[trail.note]).state is State.WHOLE


def test_a_lease_of_before_the_clock_was_set_back_keeps_nobody_out_F5(trail: Trail) -> None:
    trail.sealer.abandon()  # as a kill does
    for ahead, is_out in ((lease.LASTS, True), (clock.HOUR, False)):
        with trail.database.write() as session:
            held = session.get(SealerLease, lease.NAME)
            assert held is not None
            held.holder, held.expires = "another machine", clock.now() + ahead
        if is_out:
            with pytest.raises(SealerRunning):
                trail.start()
        else:
            trail.start()


def after_time(event: Event) -> int:
    """Return when an event says that it happened."""
    return int(msgspec.json.decode(event.content)["at"])
