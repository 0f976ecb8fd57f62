"""kill -9 between any two steps of the sealer: every event is sealed exactly once (F5)."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.audit.epoch import SIGNAL_NAME
from app.audit.store import reading
from app.audit.verdict import State
from app.audit.verify import verify
from tests.integration.app.audit.killed import Killer
from tests.unit.app.audit.trail import Trail, draft

MOST = 40
"""More steps than any sealer takes in these tests."""
ORDERS = "SELECT id FROM events WHERE actor <> 'system'"
STEPS = {
    "read", "inserted events", "inserted parts", "signed", "committed", "emptying", "emptied",
    "published",
}  # fmt: skip


@pytest.fixture
def killer() -> Iterator[Killer]:
    with Killer() as made:
        yield made


def url_in(folder: Path) -> str:
    return f"sqlite:///{folder / 'data' / 'tenshu.sqlite'}"


def kill_at_every_step(
    killer: Killer, trail: Trail, before_each: Callable[[], str]
) -> tuple[set[str], set[str]]:
    """Kill a sealer at step 1, 2, 3 … with new work before each; return steps and event ids."""
    folder, seen, written = trail.data.parent, set[str](), set[str]()
    for at in range(1, MOST):
        written.add(before_each())
        steps = killer.run(folder, url_in(folder), at)
        assert trail.verify().state is State.WHOLE, steps
        if steps is None:
            return seen, written
        seen.add(steps[-1])
    pytest.fail("the sealer never came to its end")


def test_a_sealer_killed_between_any_two_steps_seals_every_event_once_F5(
    trail: Trail, killer: Killer
) -> None:
    trail.stop()
    seen, written = kill_at_every_step(killer, trail, lambda: trail.write(draft()).id)
    assert seen >= STEPS
    with reading(trail.folder) as connection:
        sealed = [identifier for (identifier,) in connection.execute(ORDERS)]
    assert sorted(sealed) == sorted(written)
    assert trail.verify(against=[trail.note]).state is State.WHOLE


def test_a_sealer_killed_while_it_carries_out_an_erasure_carries_it_out_F5(
    trail: Trail, killer: Killer
) -> None:
    trail.add(3)
    trail.stop()

    def erase() -> str:
        made = draft(0, actor="officer", verb="audit.erase", before={}, after={}, target_name="")
        made.references |= {"subject": "person0", "basis": "test"}
        return trail.write(made).id

    _, written = kill_at_every_step(killer, trail, erase)
    erased = trail.verify().erased
    assert sum(each.parts for each in erased) == 1
    assert len(erased) == len(written)


def test_a_sealer_killed_while_it_opens_an_epoch_opens_one_F5(
    trail: Trail, killer: Killer, tmp_path: Path
) -> None:
    trail.stop()
    trail.restore_signal(trail.archive(tmp_path / "archive"))
    signal = (trail.data / SIGNAL_NAME).read_bytes()
    seen: set[str] = set()
    for at in range(1, MOST):
        folder = tmp_path / f"copy{at}"
        shutil.copytree(trail.data, folder / "data")
        shutil.copytree(trail.key_path.parent, folder / "keys")
        steps = killer.run(folder, url_in(folder), at)
        # as if the removal had not reached the disk
        (folder / "data" / SIGNAL_NAME).write_bytes(signal)
        assert killer.run(folder, url_in(folder), 1000) is None
        verdict = verify(folder / "data" / "audit", trail.keys)
        assert (verdict.state, len(verdict.epochs)) == (State.WHOLE, 1)
        assert not (folder / "data" / SIGNAL_NAME).exists()
        if steps is None:
            break
        seen.add(steps[-1])
    assert {"committed", "epoch opened"} <= seen


def test_a_sealer_killed_at_its_first_start_begins_one_history_F5(
    killer: Killer, tmp_path: Path
) -> None:
    for at in range(1, MOST):
        folder = tmp_path / f"fresh{at}"
        fresh = Trail(folder, started=False)
        steps = killer.run(folder, url_in(folder), at)
        assert killer.run(folder, url_in(folder), 1000) is None
        verdict = fresh.verify()
        fresh.database.close()
        assert (verdict.state, verdict.size) == (State.WHOLE, 1)
        if steps is None:
            return
    pytest.fail("the sealer never came to its end")
