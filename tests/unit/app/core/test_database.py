"""The database's two doors, and what goes wrong behind them, in our words. On both databases."""

import errno
import sqlite3
import threading
import time

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError

from app.core.database import Database
from app.core.database_errors import (
    ChangeCollided,
    DatabaseBusy,
    DatabaseDamaged,
    DatabaseUnavailable,
    DiskFull,
    explain_failure,
    in_our_words,
)

TABLE = "CREATE TABLE notes (id integer PRIMARY KEY, body text)"


@pytest.fixture
def notes(database):
    with database.write() as session:
        session.connection().exec_driver_sql(TABLE)
    return database


def add(session, number, body="x"):
    session.connection().execute(
        text("INSERT INTO notes (id, body) VALUES (:id, :body)"), {"id": number, "body": body}
    )


def count(database):
    with database.read() as session:
        return session.connection().exec_driver_sql("SELECT count(*) FROM notes").scalar_one()


def test_a_change_counts_when_its_block_ends(notes):
    with notes.write() as session:
        add(session, 1)
    assert count(notes) == 1


def test_a_change_that_raises_leaves_nothing_half_done(notes):
    with pytest.raises(ZeroDivisionError), notes.write() as session:
        add(session, 1)
        add(session, 2 // 0)
    assert count(notes) == 0


def test_what_was_written_inside_a_read_is_not_kept(notes):
    with notes.read() as session:
        if notes.is_sqlite:
            add(session, 1)
        else:
            with pytest.raises(DBAPIError, match="read-only"):
                add(session, 1)
    assert count(notes) == 0


def test_a_read_sees_one_state_whatever_is_committed_meanwhile(notes):
    with notes.read() as session:
        before = session.connection().exec_driver_sql("SELECT count(*) FROM notes").scalar_one()
        with notes.write() as other:
            add(other, 1)
        after = session.connection().exec_driver_sql("SELECT count(*) FROM notes").scalar_one()
    assert (before, after) == (0, 0)
    assert count(notes) == 1


def test_a_fault_of_the_program_stays_what_it_is(notes):
    with pytest.raises(IntegrityError), notes.write() as session:
        add(session, 1)
        add(session, 1)
    with pytest.raises(DBAPIError), notes.read() as session:
        session.connection().exec_driver_sql("SELECT nonsense")
    assert count(notes) == 0


def test_what_people_typed_never_stands_in_the_text_of_a_database_error_V13(notes):
    with pytest.raises(IntegrityError) as caught, notes.write() as session:
        add(session, 1, "private words")
        add(session, 1, "private words")
    assert "private words" not in str(caught.value)


def test_changes_that_read_before_they_write_never_overtake_each_other(notes):
    """Twenty threads take the next number; on PostgreSQL they collide and run anew."""
    failures = []

    def take_next():
        def work(session):
            found = session.connection().exec_driver_sql("SELECT count(*) FROM notes")
            add(session, found.scalar_one())

        try:
            for _ in range(5):
                notes.change(work)
        except ChangeCollided as collided:
            failures.append(collided)

    threads = [threading.Thread(target=take_next) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with notes.read() as session:
        numbers = session.connection().exec_driver_sql("SELECT id FROM notes ORDER BY id")
        found = list(numbers.scalars())
    assert found == list(range(len(found)))
    assert len(found) + 5 * len(failures) >= 20


def test_a_change_that_always_collides_is_refused_after_six_attempts(notes):
    attempts = []

    def collide(_session):
        attempts.append(1)
        raise ChangeCollided

    with pytest.raises(ChangeCollided) as refused:
        notes.change(collide)
    assert len(attempts) == 6
    assert refused.value.hint


def test_a_change_that_collides_once_is_done_once(notes):
    attempts = []

    def collide_once(session):
        attempts.append(1)
        add(session, 1)
        if len(attempts) == 1:
            raise ChangeCollided
        return "done"

    assert notes.change(collide_once) == "done"
    assert count(notes) == 1


def test_a_change_waits_a_stated_time_for_another_one_METI_20(notes, database_url):
    """Two processes' worth: the second `Database` shares neither pool nor queue with the first."""
    other = Database(database_url, patience=200)
    with notes.write() as session:
        add(session, 1)
        with pytest.raises(DatabaseBusy) as busy, other.write() as waiting:
            add(waiting, 1)
            if not notes.is_sqlite:  # the same key: waits for the first one's end
                pytest.fail("it did not wait")
    other.close()
    assert busy.value.status == 503
    assert count(notes) == 1


def test_who_reads_never_waits_for_a_change_not_even_to_connect_METI_20(notes, database_url):
    with notes.write() as session:
        add(session, 1)
        other = Database(database_url)
        assert count(other) == 0
        other.close()


def test_a_thread_waits_a_stated_time_for_its_neighbour_METI_20(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'x.sqlite'}", patience=50)
    with database.write(), pytest.raises(DatabaseBusy), database.write():
        pytest.fail("two changes at once")
    database.close()


def test_an_exhausted_pool_is_busy_not_a_fault(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'x.sqlite'}", pool_size=1, patience=50)
    with database.read() as first, database.read() as second:
        first.connection()
        second.connection()
        with pytest.raises(DatabaseBusy), database.read() as third:
            third.connection()
    database.close()


def test_sqlite_is_set_to_lose_nothing_that_was_acknowledged(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'x.sqlite'}")
    with database.read() as session:
        found = {
            name: session.connection().exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "trusted_schema")
        }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "trusted_schema": 0,
    }
    database.close()


def test_a_damaged_file_says_what_to_do(tmp_path):
    (tmp_path / "x.sqlite").write_bytes(b"not a database, certainly not" * 100)
    database = Database(f"sqlite:///{tmp_path / 'x.sqlite'}")
    with pytest.raises(DatabaseDamaged) as damaged, database.read() as session:
        session.connection()
    assert "backup" in damaged.value.hint
    database.close()


def test_a_folder_that_is_gone_is_unavailable(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'gone' / 'x.sqlite'}")
    with pytest.raises(DatabaseUnavailable), database.read() as session:
        session.connection()


def test_a_server_that_is_gone_is_unavailable(tmp_path):
    database = Database(f"postgresql+psycopg://nobody@/nothing?host={tmp_path}")
    with pytest.raises(DatabaseUnavailable), database.write() as session:
        session.connection()


def test_after_a_server_went_away_and_came_back_one_request_fails_and_the_next_does_not(
    notes, database_url
):
    if notes.is_sqlite:
        pytest.skip("a file does not go away and come back")
    with notes.read() as first, notes.read() as second:
        first.connection()
        second.connection()
    with psycopg.connect(database_url.replace("+psycopg", ""), autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    with pytest.raises(DatabaseUnavailable):
        count(notes)
    assert count(notes) == 0


def test_connections_stay_at_hand_after_work_that_went_well(notes):
    with notes.read() as session:
        first = session.driver
        assert first is not None
    with notes.read() as session:
        assert session.driver is first
        with notes.read() as beside:
            assert beside.driver is not first


def test_a_connection_that_cannot_be_laid_down_is_not_used_again(notes):
    with pytest.raises((DBAPIError, DatabaseUnavailable)), notes.read() as session:
        session.driver.close()
    assert count(notes) == 0
    with pytest.raises((DBAPIError, DatabaseUnavailable)), notes.write() as session:
        session.driver.close()
    with notes.write() as session:
        add(session, 1)
    assert count(notes) == 1


def test_a_door_that_does_not_open_keeps_nobody_waiting(notes, monkeypatch):
    def stumble():
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(notes._writing, "take", stumble)
        with pytest.raises(ZeroDivisionError), notes.write():
            pytest.fail("it opened")
    with notes.write() as session:
        add(session, 1)
    assert count(notes) == 1


def test_a_session_has_what_a_session_has_and_nothing_else(notes):
    with notes.read() as session:
        assert session.autoflush is False
        with pytest.raises(AttributeError, match="nonsense"):
            session.nonsense  # noqa: B018


def test_a_transaction_that_has_begun_takes_no_options_silently(notes):
    with notes.write() as session, pytest.raises(TypeError):
        session.connection(execution_options={"isolation_level": "READ COMMITTED"})


def test_a_database_that_may_not_be_written_is_unavailable(tmp_path):
    path = tmp_path / "x.sqlite"
    writable = Database(f"sqlite:///{path}")
    with writable.write() as session:
        session.connection().exec_driver_sql(TABLE)
    writable.close()
    database = Database(f"sqlite:///file:{path}?mode=ro&uri=true")
    with pytest.raises(DatabaseUnavailable), database.write() as session:
        add(session, 1)
    database.close()


def test_deleted_rows_give_their_space_back_to_the_volume(tmp_path):
    path = tmp_path / "x.sqlite"
    database = Database(f"sqlite:///{path}")
    with database.write() as session:
        session.connection().exec_driver_sql(TABLE)
        for number in range(3000):
            add(session, number, "x" * 4000)
    with database.write() as session:
        session.connection().exec_driver_sql("DELETE FROM notes WHERE id > 9")
    database.shrink()
    assert sum(each.stat().st_size for each in tmp_path.iterdir()) < 300_000
    assert count(database) == 10
    database.shrink()  # nothing left to give
    database.close()


def test_shrinking_asks_for_its_turn_and_explains_what_goes_wrong(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'x.sqlite'}", patience=50)
    with database.write(), pytest.raises(DatabaseBusy):
        database.shrink()
    database.close()
    (tmp_path / "x.sqlite").write_bytes(b"damaged" * 1000)
    with pytest.raises(DatabaseDamaged):
        database.shrink()
    database.close()


def test_what_was_deleted_leaves_the_log_once_nobody_reads_an_older_state_METI_31(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'x.sqlite'}")
    with database.write() as session:
        session.connection().exec_driver_sql(TABLE)
        add(session, 1, "霞ヶ浦 太郎兵衛")

    def traces():
        return [
            each.name for each in tmp_path.iterdir() if "太郎兵衛".encode() in each.read_bytes()
        ]

    with database.read() as reader:
        assert reader.connection().exec_driver_sql("SELECT count(*) FROM notes").scalar() == 1
        with database.write() as session:
            session.connection().exec_driver_sql("DELETE FROM notes")
        begun = time.monotonic()
        assert not database.clear_log()
        assert time.monotonic() - begun < 1  # it waits for nobody
        assert traces()
    assert database.clear_log()
    assert traces() == []
    database.close()


def test_postgresql_looks_after_its_own_files(postgresql_database):
    database = Database(postgresql_database)
    database.shrink()
    assert database.clear_log()
    database.close()


class Answer(psycopg.Error):
    """An error of the server, with the state that it told."""

    def __init__(self, state):
        super().__init__()
        self.sqlstate = state


def sqlite_answer(name):
    answer = sqlite3.OperationalError()
    answer.sqlite_errorname = name
    return answer


@pytest.mark.parametrize(
    ("original", "meaning"),
    [
        (sqlite_answer("SQLITE_FULL"), DiskFull),
        (sqlite_answer("SQLITE_IOERR_WRITE"), DiskFull),
        (sqlite_answer("SQLITE_IOERR_READ"), DatabaseUnavailable),
        (sqlite_answer("SQLITE_BUSY_SNAPSHOT"), DatabaseBusy),
        (sqlite_answer("SQLITE_READONLY"), DatabaseUnavailable),
        (sqlite_answer("SQLITE_CORRUPT_INDEX"), DatabaseDamaged),
        (sqlite_answer("SQLITE_ERROR"), None),
        (Answer("53100"), DiskFull),
        (Answer("55P03"), DatabaseBusy),
        (Answer("40001"), ChangeCollided),
        (Answer("40P01"), ChangeCollided),
        (Answer("57P01"), DatabaseUnavailable),
        (Answer("08006"), DatabaseUnavailable),
        (Answer("XX001"), DatabaseDamaged),
        (Answer(None), DatabaseUnavailable),
        (Answer("42601"), None),
    ],
)
def test_every_failure_of_a_driver_has_its_meaning(original, meaning):
    found = explain_failure(OperationalError("SELECT 1", None, original))
    assert type(found) is (type(None) if meaning is None else meaning)


def test_a_fault_in_the_use_of_the_driver_is_no_outage():
    assert explain_failure(ProgrammingError("SELECT 1", None, Answer(None))) is None


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_volume_is_told_as_such_wherever_it_is_met(number):
    with pytest.raises(DiskFull), in_our_words():
        raise OSError(number, "no room")


def test_another_fault_of_the_volume_stays_what_it_is():
    with pytest.raises(PermissionError), in_our_words():
        raise PermissionError(errno.EACCES, "not yours")
