"""A copy of the appliance that really runs: processes, TLS, claim code, on ports of its own.

    from tests.running import running_appliance  # a fixture: one fresh copy a session

    with start_copy(tmp_path) as copy:           # or as many as a test needs
        copy.client("console").get("/health")

What is started here is what `make run` starts.
"""

import contextlib
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.ports import free_ports

ROOT = Path(__file__).parents[1]
START_SECONDS = 150
"""Generous: the machine runs other tests too. `make bench NAME=console` holds the real figure."""
STOP_SECONDS = 30


class NotStarted(Exception):
    """The copy ended, or did not answer in time; its text says what it printed."""


@dataclass
class Copy:
    """One running copy."""

    folder: Path
    environ: dict[str, str]
    process: subprocess.Popen
    console: str = ""
    workspace: str = ""
    fingerprint: str = ""
    authority: Path = Path()
    claim_code: str | None = None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def client(self, plane: str = "console", **options) -> httpx.Client:
        """A browser without a face: trusts the copy's authority, keeps cookies."""
        base = self.console if plane == "console" else self.workspace
        trust = ssl.create_default_context(cafile=self.authority)
        return httpx.Client(base_url=base, verify=trust, timeout=30, trust_env=False, **options)

    def tenshu(self, *arguments: str, stdin: str | None = None, **environ: str):
        """Run `tenshu …` on this copy and return what subprocess.run returns, with text."""
        return run_tenshu(*arguments, environ={**self.environ, **environ}, stdin=stdin)

    def log(self, name: str) -> str:
        """The log of one process."""
        path = self.data / "logs" / f"{name}.log"
        return path.read_text() if path.exists() else ""

    def processes(self) -> dict[int, str]:
        """Every process that runs with this copy's settings: pid → command line."""
        return processes_of(self.data)

    def main_process(self, words: str) -> int:
        """The process whose command line holds `words` and that the supervisor started."""
        found = [
            pid
            for pid, line in self.processes().items()
            if words in line and parent_of(pid) == self.process.pid
        ]
        assert len(found) == 1, (words, self.processes())
        return found[0]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Stop it as a person would, and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)

    def kill(self) -> None:
        """Stop it as a power failure of the supervisor would."""
        self.process.kill()
        self.process.wait(STOP_SECONDS)

    def end(self) -> None:
        """Stop it whatever its state, and leave no process behind."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def wait_until_healthy(self) -> None:
        """Wait until both planes answer."""
        for plane in ("console", "workspace"):
            wait_until(lambda plane=plane: self.is_healthy(plane), f"{plane} answers")

    def is_healthy(self, plane: str) -> bool:
        with contextlib.suppress(httpx.TransportError), self.client(plane) as client:
            return client.get("/health").status_code == 200
        return False


def wait_until(
    condition: Callable[[], object],
    what: str,
    seconds: float = START_SECONDS,
) -> None:
    """Wait for a condition, with a deadline."""
    until = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < until, f"not within {seconds} s: {what}"
        pause.wait(0.02)


def processes_of(data: Path) -> dict[int, str]:
    """Every live process of the copy in `data`, by its environment."""
    mark = f"TENSHU_DATA={data}".encode()
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if line:  # a zombie has none
                    found[int(folder.name)] = line.strip()
    return found


def parent_of(pid: int) -> int:
    """The parent's number; 0 where the process is gone."""
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


def environment_for(folder: Path, **environ: str) -> dict[str, str]:
    """The variables of a copy in `folder`, on ports of its own."""
    console, workspace = free_ports(2)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TENSHU_")}
    return {
        **kept,
        "LANG": "C.UTF-8",
        "LC_ALL": "",
        "PYTHONPATH": str(ROOT),
        "TENSHU_DATA": str(folder / "data"),
        "TENSHU_CONSOLE_PORT": str(console),
        "TENSHU_WORKSPACE_PORT": str(workspace),
        **environ,
    }


def run_tenshu(*arguments: str, environ: dict[str, str], stdin: str | None = None):
    """Run `tenshu …` to its end."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "cli", *arguments],
        env=environ,
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )


def launch(folder: Path, environ: dict[str, str] | None = None, **more: str) -> Copy:
    """Start a copy and return when both planes answer. Raise NotStarted.

    With the `environ` of an earlier copy it is started again: same data, same ports.
    """
    folder.mkdir(parents=True, exist_ok=True)
    environ = environment_for(folder, **more) if environ is None else environ
    out, errors = folder / "stdout", folder / "stderr"
    with out.open("w") as stdout, errors.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "cli", "start", "--json"],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
        )
    copy = Copy(folder, environ, process)
    try:
        wait_until(
            lambda: out.read_text().endswith("\n") or process.poll() is not None,
            "both planes answer",
        )
        if process.poll() is not None:
            raise NotStarted(errors.read_text())
    except BaseException:
        copy.end()
        raise
    if process.poll() is not None:
        raise NotStarted(errors.read_text())
    told = json.loads(out.read_text())
    copy.console, copy.workspace = told["console"], told["workspace"]
    copy.fingerprint, copy.claim_code = told["fingerprint"], told["claim_code"]
    copy.authority = Path(told["authority"])
    return copy


@contextlib.contextmanager
def start_copy(folder: Path, **environ: str) -> Iterator[Copy]:
    """A fresh copy in `folder`, gone at the end with all its processes."""
    copy = launch(folder, **environ)
    try:
        yield copy
    finally:
        copy.end()


@pytest.fixture(scope="session")
def running_appliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """One fresh copy, unclaimed, for all tests of a session that import this fixture."""
    with start_copy(tmp_path_factory.mktemp("copy")) as copy:
        yield copy
