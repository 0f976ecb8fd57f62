"""A small appliance on disk, a real agent, real Borg."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.backup.borg import Borg
from appliance.backup.create import back_up
from appliance.backup.reporter import Reporter
from appliance.contract.actions import Caller, Repository
from appliance.contract.client import AgentClient
from appliance.contract.errors import AgentBusy, AgentNotRunning
from appliance.contract.kit import KeyKit
from appliance.contract.ring import wrap_ring
from appliance.contract.runs import BackupResult, Run, State
from appliance.place import Place

CALLER = Caller(account="a" * 28, session="s" * 28, source="192.0.2.7", plane="console")
CHECKPOINT = (
    "tenshu.example/machine\n{size}\nqINS1GRFWYIxvBKEfqEb6tFAYQ9DxxzEGAuBDe9R6LY=\n\n— k abc=\n"
)
RING = json.dumps({"keys": [{"id": "k1", "material": "c2VjcmV0"}]}).encode()


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait until `condition` is true; fail after `seconds`."""
    tick = threading.Event()
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come true in time"
        tick.wait(0.02)


def fill(place: Place, kit: KeyKit, rows: int = 1000) -> None:
    """Make an appliance's data: database, sealed store, files, certificates, wrapped ring."""
    for folder in ("audit", "files/ab", "tls"):
        (place.data / folder).mkdir(parents=True, exist_ok=True)
    place.keys.mkdir(exist_ok=True)
    with contextlib.closing(sqlite3.connect(place.data / "tenshu.sqlite")) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE accounts (id INTEGER PRIMARY KEY, name TEXT)")
        connection.execute('CREATE TABLE "odd ""name" (id INTEGER)')
        connection.executemany(
            "INSERT INTO accounts (name) VALUES (?)", ((f"霞が関 {n}",) for n in range(rows))
        )
        connection.commit()
    seal(place, 7)
    (place.data / "audit" / "audit.vkey").write_text("tenshu.example/machine+abc\n")
    (place.data / "files" / "ab" / "abcdef").write_bytes(os.urandom(300_000))
    (place.data / "files" / "small").write_bytes(b"x")
    (place.data / "tls" / "server.key").write_bytes(b"private")
    (place.data / "tls" / "server.key").chmod(0o600)
    (place.data / "appliance.toml").write_text("[network]\n")
    (place.keys / "ring.json").write_bytes(RING)
    (place.data / "ring.wrapped").write_bytes(wrap_ring(kit.public_key(), RING))


def seal(place: Place, size: int) -> None:
    """Write a sealed store of `size` events, and its checkpoint."""
    with contextlib.closing(sqlite3.connect(place.data / "audit" / "sealed.sqlite")) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS events (position INTEGER PRIMARY KEY)")
        connection.execute("DELETE FROM events")
        connection.executemany("INSERT INTO events VALUES (?)", ((n,) for n in range(size)))
        connection.commit()
    with (place.data / "audit" / "checkpoints.log").open("a") as log:
        log.write(CHECKPOINT.format(size=size) + "\n")


class RunningAgent:
    """`python -m appliance.agent` as a real process."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.client = AgentClient(place.socket)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, **variables: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "appliance.agent"],
            env=os.environ | self.place.environment() | variables,
            stderr=subprocess.DEVNULL,
        )
        wait_for(self.answers)

    def answers(self) -> bool:
        with contextlib.suppress(AgentNotRunning, AgentBusy):
            return bool(self.client.repositories(CALLER) or True)
        return False

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()

    def end(self) -> int:
        assert self.process
        self.process.terminate()
        return self.process.wait(30)

    def finished(self, run: Run) -> Run:
        """Follow a run to its end."""
        *_, last = self.client.follow(CALLER, run.id)
        return last

    def run_process(self, run: Run) -> int:
        """Return the number of a run's process, once it has told it."""
        path = self.place.runs / run.id / "process"
        wait_for(lambda: path.exists() and path.read_text())
        return int(path.read_text())


def alive(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def borg_of(parent: int) -> int:
    """Return the number of the Borg process that a run's process has started."""
    (child,) = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return int(child)


def stall(repository: Repository) -> None:
    """Let every reading of the repository hang, as on a network disk that does not answer."""
    for segment in (Path(repository.folder) / "data").glob("*/*"):
        segment.unlink()
        os.mkfifo(segment)


@pytest.fixture(scope="session")
def kit() -> KeyKit:
    return KeyKit.new()


def make_place(folder: Path, kit: KeyKit) -> Place:
    data = folder / "data"
    made = Place(
        data=data, keys=folder / "keys", database_url=f"sqlite:///{data / 'tenshu.sqlite'}"
    )
    fill(made, kit)
    return made


@pytest.fixture
def place(tmp_path: Path, kit: KeyKit) -> Place:
    return make_place(tmp_path, kit)


@pytest.fixture
def agent(place: Place) -> Iterator[RunningAgent]:
    running = RunningAgent(place)
    running.start()
    yield running
    for record in place.runs.glob("*/process"):
        if not (record.parent / "result.json").exists():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(record.read_text()), signal.SIGTERM)
            wait_for((record.parent / "result.json").exists)
    if running.process and running.process.poll() is None:
        running.end()


@pytest.fixture
def repository(agent: RunningAgent, kit: KeyKit, tmp_path: Path) -> Repository:
    return agent.client.create_repository_for(CALLER, "NAS", str(tmp_path / "repository"), kit)


def prepare(place: Place, kit: KeyKit, reporter: Reporter | None = None) -> tuple[Repository, Borg]:
    folder = place.data.parent / "repository"
    borg = Borg(folder, kit.borg_passphrase(), place.borg, reporter)
    if not folder.exists():
        Borg(folder, kit.borg_passphrase(), place.borg).create_repository()
    made = Repository(
        id="a" * 16,
        name="NAS",
        folder=str(folder),
        borg_id=Borg(folder, kit.borg_passphrase(), place.borg).listing().repository.id,
        kit_number=kit.number(),
        created_at=1,
    )
    return made, borg


def backup(place: Place, kit: KeyKit) -> BackupResult:
    repository, borg = prepare(place, kit)
    return back_up(place, repository, borg, "b" * 16, Reporter())


class Kept:
    """A repository with one archive, shared by tests that change neither it nor its appliance."""

    def __init__(self, place: Place, repository: Path, run: Run) -> None:
        self.place, self.repository, self.run = place, repository, run
        assert run.backup
        self.archive = run.backup.archive


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory, kit: KeyKit) -> Kept:
    folder = tmp_path_factory.mktemp("kept")
    place = make_place(folder, kit)
    running = RunningAgent(place)
    running.start()
    try:
        made = running.client.create_repository_for(CALLER, "NAS", str(folder / "repository"), kit)
        run = running.finished(running.client.run_backup(CALLER, made.id))
        return Kept(place, folder / "repository", run)
    finally:
        running.end()


@pytest.fixture
def archive(agent: RunningAgent, repository: Repository) -> str:
    """Name of an archive of the whole appliance."""
    run = agent.finished(agent.client.run_backup(CALLER, repository.id))
    assert run.state is State.done, run.error
    assert run.backup
    return run.backup.archive
