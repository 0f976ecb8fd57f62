"""The appliance looks after its own history, and says what it found and when (METI-18, F5)."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.audit.inspect_once import inspect_once
from app.audit.inspection import (
    EVERY,
    FILE_NAME,
    SHARE,
    VERB,
    Inspected,
    Inspection,
    is_due,
    read_inspection,
    write_inspection,
)
from app.audit.note import VerifierKey
from app.audit.verdict import State
from app.audit.watch import FIRST_AFTER, Watch
from app.core import clock
from tests.unit.app.audit.trail import Trail, draft

DEADLINE = 60.0


def result(at: int, took: int = 10) -> Inspection:
    return Inspection(latest=Inspected(at=at, took=took, state=State.WHOLE, size=5))


def inspect(trail: Trail) -> Inspected:
    inspect_once(trail.folder, str(trail.signer.verifier), told_every=0.0)
    found = read_inspection(trail.folder)
    assert found.running is None
    assert found.latest is not None
    return found.latest


def test_a_whole_history_is_said_to_be_whole_up_to_what_was_checked_F5(trail: Trail) -> None:
    assert read_inspection(trail.folder) == Inspection()
    trail.add(4)
    found = inspect(trail)
    assert (found.state, found.size, found.position) == (State.WHOLE, 5, None)
    trail.add(3)
    latest = read_inspection(trail.folder).latest
    assert latest is not None
    assert latest.size == 5, "what came later is not covered"


def test_the_first_wrong_event_is_named_F5(trail: Trail) -> None:
    events = trail.add(4)
    trail.tamper("UPDATE events SET content = replace(content, 'orders.', 'orderz.')")
    found = inspect(trail)
    assert (found.state, found.position, found.event) == (State.TAMPERED, 1, events[0].id)
    assert found.template


def test_a_store_that_cannot_be_read_is_said_to_be_so(trail: Trail) -> None:
    trail.add(1)
    trail.stop()
    (trail.folder / "sealed.sqlite").write_bytes(b"x" * 8192)
    assert inspect(trail).state is State.UNREADABLE


def test_how_far_it_is_is_told_beside_what_was_known(
    trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    trail.add(2)
    write_inspection(trail.folder, result(7))
    told: list[Inspection] = []
    monkeypatch.setattr(
        "app.audit.inspect_once.write_inspection", lambda _, found: told.append(found)
    )
    inspect_once(trail.folder, str(trail.signer.verifier), told_every=0.0)
    assert [each.running.done if each.running else None for each in told] == [0, 3, None]
    assert told[1].latest == result(7).latest
    told.clear()
    inspect_once(trail.folder, str(trail.signer.verifier))
    assert len(told) == 2, "a short one is not told event by event"


@pytest.mark.parametrize("content", [b"", b"no json", b"\xff", b'{"latest":{"at":"x"}}'])
def test_a_result_that_nobody_can_read_is_none(trail: Trail, content: bytes) -> None:
    (trail.folder / FILE_NAME).write_bytes(content)
    assert read_inspection(trail.folder) == Inspection()


def test_the_next_is_due_after_an_hour_and_later_for_a_long_history() -> None:
    now = 1_763_690_000_000
    assert is_due(Inspection(), now)
    assert not is_due(result(now - EVERY + 1), now)
    assert is_due(result(now - EVERY), now)
    minutes = 2 * 60_000
    assert not is_due(result(now - SHARE * minutes + 1, took=minutes), now)
    assert is_due(result(now - SHARE * minutes, took=minutes), now)


def test_a_clock_that_was_set_back_does_not_put_it_off() -> None:
    now = 1_763_690_000_000
    assert is_due(result(now + 1), now)


class Time:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def monotonic() -> Time:
    return Time()


@pytest.fixture
def watch(trail: Trail, monotonic: Time) -> Iterator[Watch]:
    made = Watch(trail.folder, trail.signer.verifier, monotonic=monotonic)
    yield made
    made.close()


def turn_until(watch: Watch, condition: Callable[[], bool], asked: int = -1) -> None:
    until = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < until, "it never came to be"
        watch.turn(asked)
        threading.Event().wait(0.01)


def test_it_looks_by_itself_but_not_while_the_appliance_starts_METI_18(
    trail: Trail, watch: Watch, monotonic: Time
) -> None:
    trail.add(2)
    watch.turn(-1)
    assert watch._process is None
    monotonic.now += FIRST_AFTER
    turn_until(watch, lambda: read_inspection(trail.folder).latest is not None)
    latest = read_inspection(trail.folder).latest
    assert latest is not None
    assert (latest.state, latest.size) == (State.WHOLE, 3)
    turn_until(watch, lambda: watch._process is None)
    monotonic.now += FIRST_AFTER
    watch.turn(-1)
    assert watch._process is None, "an hour has not gone by"
    write_inspection(trail.folder, result(clock.now() - EVERY))
    watch.turn(-1)
    assert watch._process is not None


def test_it_looks_at_once_where_somebody_asks_and_once_only_F5(trail: Trail, watch: Watch) -> None:
    trail.write(draft(verb=VERB))
    trail.sealer.turn()
    asked = trail.sealer.newest(VERB)
    assert asked == 1
    assert trail.sealer.newest("orders.nothing") == -1
    turn_until(watch, lambda: read_inspection(trail.folder).latest is not None, asked)
    turn_until(watch, lambda: watch._process is None, asked)
    watch.turn(asked)
    assert watch._process is None
    # one that was asked for before a restart and answered is not answered again
    again = Watch(trail.folder, trail.signer.verifier)
    again.turn(asked)
    assert again._process is None
    again.turn(asked + 1)
    assert again._process is not None
    again.close()


def test_one_that_fails_leaves_what_was_known_and_is_not_tried_again_and_again(
    trail: Trail, caplog: pytest.LogCaptureFixture
) -> None:
    watch = Watch(trail.folder, VerifierKey("no name of a key", bytes(32)))
    known = result(clock.now())
    write_inspection(trail.folder, known)
    watch.turn(9)
    turn_until(watch, lambda: watch._process is None, 9)
    assert read_inspection(trail.folder) == known, "no progress is left behind"
    assert "without a result" in caplog.text
    write_inspection(trail.folder, Inspection(latest=known.latest))
    watch.turn(10)
    write_inspection(trail.folder, known)
    watch.close()
    assert read_inspection(trail.folder) == known


def test_one_without_a_store_ends_too(
    trail: Trail, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    watch = Watch(tmp_path / "nowhere", trail.signer.verifier)
    watch.turn(0)
    turn_until(watch, lambda: watch._process is None, 0)
    assert "without a result" in caplog.text


def test_the_end_of_the_sealer_ends_it(trail: Trail, watch: Watch) -> None:
    watch.turn(9)
    process = watch._process
    assert process is not None
    watch.close()
    assert process.returncode is not None
