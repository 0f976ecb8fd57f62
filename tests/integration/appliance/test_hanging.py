"""A repository whose disk hangs stops nobody but itself: its runs end, the agent answers."""

import os
import signal
from pathlib import Path

import pytest

from appliance.agent import handlers
from appliance.agent.handlers import Handlers
from appliance.agent.runs import Runs
from appliance.backup.borg import Borg
from appliance.backup.reporter import Reporter
from appliance.contract.actions import ListArchives, Repository
from appliance.contract.backup_errors import RunTimedOut
from appliance.contract.kit import KeyKit
from appliance.contract.repository_errors import RepositorySilent
from appliance.contract.runs import Run, State
from appliance.durable import write_whole
from appliance.records import Record
from tests.integration.appliance.conftest import (
    CALLER,
    RunningAgent,
    alive,
    borg_of,
    stall,
    wait_for,
)

LONG = 13 * 3600 * 1000


def hang(agent: RunningAgent, repository: Repository) -> tuple[Run, int]:
    """Start a backup that hangs, its own process too; return it and its Borg."""
    stall(repository)
    run = agent.client.run_backup(CALLER, repository.id)
    number = agent.run_process(run)
    children = Path(f"/proc/{number}/task/{number}/children")
    wait_for(children.read_text)
    borg = borg_of(number)
    os.kill(number, signal.SIGSTOP)
    return run, borg


def test_a_repository_that_does_not_answer_is_told_in_time(
    agent: RunningAgent, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    stall(repository)
    monkeypatch.setattr(handlers, "READING_SECONDS", 0.5)
    here = Handlers(agent.place)
    with pytest.raises(RepositorySilent) as caught:
        here.by_name["ListArchives"](CALLER, ListArchives(repository=repository.id))
    assert repository.folder in str(caught.value)


def test_a_run_on_a_repository_that_does_not_answer_ends_when_its_time_is_over(
    agent: RunningAgent, repository: Repository, kit: KeyKit
) -> None:
    stall(repository)
    borg = Borg(
        Path(repository.folder), kit.borg_passphrase(), agent.place.borg, Reporter(seconds=0.5)
    )
    with pytest.raises(RunTimedOut):
        borg.listing()


def test_a_backup_that_hangs_is_cancelled_and_the_agent_answers_meanwhile(
    agent: RunningAgent, repository: Repository, kit: KeyKit, tmp_path: Path
) -> None:
    stall(repository)
    run = agent.client.run_backup(CALLER, repository.id)
    other = agent.client.create_repository_for(CALLER, "USB", str(tmp_path / "usb"), kit)
    assert agent.client.archives(CALLER, other.id).total == 0
    assert agent.client.progress(CALLER, run.id).state is State.running
    agent.client.cancel(CALLER, run.id)
    ended = agent.finished(run)
    assert (ended.state, ended.error_code) == (State.cancelled, "run.cancelled")
    again = agent.finished(agent.client.run_backup(CALLER, other.id))
    assert again.state is State.done, again.error


def test_a_run_whose_own_process_hangs_is_killed_once_it_was_cancelled_and_waited_for(
    agent: RunningAgent, repository: Repository, kit: KeyKit, tmp_path: Path
) -> None:
    run, borg = hang(agent, repository)
    agent.client.cancel(CALLER, run.id)
    assert Runs(agent.place).get(run.id).state is State.running, "it gets time to undo"

    ended = Runs(agent.place, patience=0).get(run.id)

    assert (ended.state, ended.error_code) == (State.cancelled, "run.cancelled")
    wait_for(lambda: not alive(borg))
    assert agent.client.progress(CALLER, run.id) == ended
    other = agent.client.create_repository_for(CALLER, "USB", str(tmp_path / "usb"), kit)
    again = agent.finished(agent.client.run_backup(CALLER, other.id))
    assert again.state is State.done, again.error


def test_a_run_that_hangs_beyond_its_time_is_killed_and_told_so(
    agent: RunningAgent, repository: Repository
) -> None:
    run, borg = hang(agent, repository)
    impatient = Runs(agent.place, patience=0)
    assert impatient.get(run.id).state is State.running
    begun = agent.place.runs / run.id / "run.json"
    old = begun.read_bytes().replace(
        str(run.started_at).encode(), str(run.started_at - LONG).encode()
    )
    write_whole(begun, old)
    assert Runs(agent.place).get(run.id).state is State.running, "a clock may jump"

    ended = impatient.get(run.id)

    assert (ended.state, ended.error_code) == (State.failed, "run.timed_out")
    wait_for(lambda: not alive(borg))
    wait_for(lambda: not Record(agent.place.runs / run.id).alive())


def test_who_looks_at_the_archives_hinders_no_run_whatever_lock_lies_there(
    agent: RunningAgent, repository: Repository, archive: str
) -> None:
    lock = Path(repository.folder) / "lock.exclusive"
    lock.mkdir()
    (lock / f"another-machine@7.{os.getpid()}-0").write_text("")
    (seen,) = agent.client.archives(CALLER, repository.id).archives
    assert seen.name == archive


def test_a_repository_that_a_killed_borg_left_without_its_index_is_read_all_the_same(
    agent: RunningAgent, repository: Repository, archive: str
) -> None:
    for index in Path(repository.folder).glob("index.*"):
        index.unlink()
    (seen,) = agent.client.archives(CALLER, repository.id).archives
    assert seen.name == archive
