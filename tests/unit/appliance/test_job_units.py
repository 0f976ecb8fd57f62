"""A long action as a unit: it gets its job and the run's lock over a socket, and nothing else."""

import os
import stat
import threading
from pathlib import Path

import pytest

from appliance.agent import job_units
from appliance.backup.job import Job, ask_for_job
from appliance.contract.actions import Repository
from appliance.contract.configuration.errors import ProgramRefused
from appliance.contract.errors import ActionUnavailable
from appliance.contract.runs import Run
from appliance.contract.secret import Secret
from appliance.records import JOB_SOCKET, Record

REPOSITORY = Repository(
    id="aabbccdd", name="NAS", folder="/r", borg_id="", kit_number="0" * 16, created_at=0
)


def run() -> Run:
    return Run(id="0123456789abcdef", action="RunBackup", repository="aabbccdd", account="a")


@pytest.fixture
def begun(tmp_path: Path) -> tuple[Record, int]:
    """A run that begins, and its lock."""
    return Record.create(tmp_path / "runs", run())


@pytest.fixture
def record(begun: tuple[Record, int]) -> Record:
    return begun[0]


def job(lock: int) -> Job:
    secret = Secret("correct horse")
    return Job(run=run(), repository=REPOSITORY, lock=lock, passphrase=secret, kit=secret)


def test_the_units_process_gets_job_secrets_and_the_lock_of_its_run(
    begun: tuple[Record, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    record, lock = begun
    asked: list[tuple[str, ...]] = []
    got: list[Job] = []
    process = threading.Thread(
        target=lambda: got.append(ask_for_job(record.folder / JOB_SOCKET)), daemon=True
    )

    def systemctl(*words: str) -> str:
        asked.append(words)
        process.start()
        return ""

    monkeypatch.setattr(job_units, "ask", systemctl)
    monkeypatch.setattr(job_units, "ROOT_USER", os.geteuid())
    job_units.start(record, job(lock))
    os.close(lock)
    process.join(10)
    assert asked == [("systemctl", "start", "--no-block", "tenshu-job@0123456789abcdef.service")]
    (handed,) = got
    assert handed.passphrase.reveal() == "correct horse"
    assert handed.run == run()
    assert record.alive(), "it holds the lock from the first moment on"
    os.close(handed.lock)
    assert not record.alive()
    assert not (record.folder / JOB_SOCKET).exists()
    assert stat.S_IMODE(record.folder.stat().st_mode) == 0o700, "only root enters"


def test_a_unit_that_does_not_start_is_told(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_words: str) -> str:
        raise ProgramRefused(program="systemctl", said="no such unit")

    monkeypatch.setattr(job_units, "ask", refuse)
    with pytest.raises(ActionUnavailable, match="no such unit"):
        job_units.start(record, job(-1))


def test_a_unit_that_never_asks_is_told(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_units, "ask", lambda *_words: "")
    monkeypatch.setattr(job_units, "SECONDS", 0.05)
    with pytest.raises(ActionUnavailable, match="does not start"):
        job_units.start(record, job(-1))


def test_nobody_but_root_is_given_a_job(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    other = threading.Thread(target=_try, args=(record.folder / JOB_SOCKET,), daemon=True)
    monkeypatch.setattr(job_units, "ask", lambda *_words: other.start() or "")
    monkeypatch.setattr(job_units, "ROOT_USER", os.geteuid() + 1)
    monkeypatch.setattr(job_units, "SECONDS", 0.3)
    with pytest.raises(ActionUnavailable):
        job_units.start(record, job(-1))
    other.join(10)


def _try(path: Path) -> None:
    with pytest.raises((OSError, ValueError)):
        ask_for_job(path)
