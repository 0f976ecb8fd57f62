"""On PostgreSQL, where transactions commit in another order than they began."""

import random
import threading
from pathlib import Path

import pytest

from app.audit.outbox import append
from app.audit.store import reading
from app.audit.verdict import State
from app.core.database import Database
from tests.integration.postgresql import AUDIT
from tests.unit.app.audit.trail import Trail, draft

WRITERS = 50
EACH = 4


def test_fifty_writers_with_delayed_commits_are_sealed_every_event_once_F5(
    tmp_path: Path, postgresql_database: str
) -> None:
    trail = Trail(tmp_path, url=postgresql_database)
    writers = Database(postgresql_database, pool_size=WRITERS)
    written: list[str] = []
    lock, commits = threading.Lock(), threading.Semaphore(0)

    def write(seed: int) -> None:
        for number in range(EACH):
            with writers.write() as session:
                # the identifier is drawn now, the commit comes whenever its turn comes
                event = append(session, draft(seed * EACH + number))
                commits.acquire()
            with lock:
                written.append(event.id)

    threads = [threading.Thread(target=write, args=(seed,)) for seed in range(WRITERS)]
    for thread in threads:
        thread.start()
    chance, released = random.Random(7), 0
    while released < WRITERS * EACH:
        some = min(chance.randint(1, 9), WRITERS * EACH - released)
        for _ in range(some):
            commits.release()
        released += some
        trail.sealer.turn()
    for thread in threads:
        thread.join()
    while trail.sealer.turn():
        pass
    with reading(trail.folder) as connection:
        sealed = [row[0] for row in connection.execute("SELECT id FROM events WHERE position > 0")]
    assert len(written) == WRITERS * EACH
    assert sorted(sealed) == sorted(written)
    assert sealed != sorted(sealed), "no commit came late: this test saw nothing"
    assert trail.verify().state is State.WHOLE
    writers.close()
    trail.close()


def test_a_rolled_back_change_leaves_no_event_F5(tmp_path: Path, postgresql_database: str) -> None:
    trail = Trail(tmp_path, url=postgresql_database)
    with pytest.raises(ZeroDivisionError), trail.database.write() as session:
        append(session, draft())
        raise ZeroDivisionError
    assert trail.sealer.turn() == 0
    trail.close()


def test_the_sealer_needs_no_more_than_its_own_role_F5(
    tmp_path: Path, postgresql_database: str
) -> None:
    owner = Trail(tmp_path / "owner", url=postgresql_database, started=False)
    event = owner.write(draft())
    trail = Trail(
        tmp_path / "audit",
        url=postgresql_database.replace("owner@", f"{AUDIT}@"),
        started=False,
        prepared=True,
    )
    trail.start()
    assert trail.sealer.turn() == 1
    assert trail.verify().size == 2
    assert event.id
    trail.close()
    owner.database.close()
