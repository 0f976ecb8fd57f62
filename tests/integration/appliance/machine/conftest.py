"""An agent that owns its machine, in a network of its own."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.operations.context import Appliance
from appliance.contract.actions import Caller
from appliance.contract.configuration.client import MachineClient
from appliance.contract.configuration.state import ApplyConfiguration, Outcome, Reason, Version
from appliance.contract.errors import AgentNotRunning
from appliance.machine.versions import Versions, boot_time
from appliance.place import Place
from tests.hosts import Network, network
from tests.running import ROOT, wait_until

LOCAL = Caller(account="root", plane="machine")
FROM_MANAGE = Caller(account="a" * 28, source="10.77.1.2", plane="console")
MANAGED = """\
[access]
console = ["management"]
[access.lists.management]
networks = ["10.77.1.0/24", "fd77:1::/64"]
"""
"""The console narrowed to the management network."""
NOBODY = MANAGED.replace('"10.77.1.0/24", "fd77:1::/64"', '"192.0.2.0/24"')
"""A console that is open to a network in which nobody is: the classic mistake."""
AGENT, GUARD = "appliance.agent", "appliance.machine.guard"


@dataclass
class Machine:
    """The machine of the host `appliance`, and its agent."""

    net: Network
    folder: Path
    agents: list[subprocess.Popen[bytes]] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    """Of its processes, beside those of the place."""

    @property
    def place(self) -> Place:
        data = self.folder / "data"
        return Place(
            data=data,
            keys=self.folder / "keys",
            database_url=f"sqlite:///{data}/tenshu.sqlite",
            machine_root=self.folder / "root",
        )

    @property
    def client(self) -> MachineClient:
        return MachineClient(self.place.socket)

    @property
    def versions(self) -> Versions:
        return Versions(self.place.machine)

    def command(self, *module: str) -> list[str]:
        """What runs a module of ours inside, as this machine, with its arguments."""
        told = {**self.place.environment(), **self.variables}
        variables = [f"{name}={value}" for name, value in told.items()]
        variables.append(f"PYTHONPATH={ROOT}")
        return self.net.appliance.command("env", *variables, sys.executable, "-m", *module)

    def start(self, *module: str) -> None:
        """Start the agent, or what stands in its place, and wait until it answers."""
        command = self.command(*(module or (AGENT,)))
        with (self.folder / "agent.log").open("ab") as log:
            agent = subprocess.Popen(command, stdout=log, stderr=log)
        self.agents.append(agent)
        wait_until(lambda: self._answers() or agent.poll() is not None, "the agent answers")
        assert agent.poll() is None, self.log

    def _answers(self) -> bool:
        with contextlib.suppress(AgentNotRunning):
            self.client.configuration(LOCAL)
            return True
        return False

    @property
    def log(self) -> str:
        return (self.folder / "agent.log").read_text()

    def processes(self, module: str) -> list[int]:
        """Every process of this machine that runs a module, by its environment."""
        mark = f"TENSHU_DATA={self.place.data}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                words = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
                if module.encode() not in words.split(b"\0"):
                    continue
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
        return found

    def kill(self, module: str = AGENT) -> None:
        """SIGKILL, and wait until nothing of it is left."""
        for pid in self.processes(module):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if module == AGENT:
            for agent in self.agents:
                agent.kill()
                agent.wait(20)
        wait_until(lambda: not self.processes(module), f"{module} is gone")

    def apply(self, document: str, caller: Caller = LOCAL, **more: Any) -> Version:
        """Apply a document on what holds; it may wait for half a minute."""
        told = {"document": document, "seconds": 30, **more}
        told.setdefault("based_on", self.client.configuration(LOCAL).version)
        return self.client.apply(caller, ApplyConfiguration(**told))

    def shorten(self, seconds: float) -> None:
        """Let the window end sooner than a person may ask for: no test waits for half a minute."""
        with self.versions.locked(wait=True):
            armed = self.versions.armed()
            assert armed
            assert armed.deadline
            assert 20 < armed.deadline - boot_time() <= 30
            self.versions.arm(msgspec.structs.replace(armed, deadline=boot_time() + seconds))

    def outcome(self, number: int) -> tuple[Outcome, Reason]:
        version = self.versions.read(number)
        return version.outcome, version.reason

    def console(self) -> tuple[str, str]:
        """How the console's port looks to the administrators and to everybody else."""
        net = self.net
        return net.manage.tcp("10.77.1.1", 8443), net.outside.tcp("10.77.2.1", 8443)

    def wait_for_console(self, *looks: str) -> None:
        wait_until(lambda: self.console() == looks, f"the console is {looks}", 20)

    def close(self) -> None:
        self.kill(GUARD)
        self.kill()


@pytest.fixture(scope="module")
def net() -> Iterator[Network]:
    """Three hosts; what listens on the appliance is there for all tests of a file."""
    with network() as found:
        for port in (22, 25, 80, 443, 8443, 9999):
            found.appliance.listen(port)
        yield found


@pytest.fixture
def machine(net: Network, tmp_path: Path) -> Iterator[Machine]:
    """A machine that its agent has just set up by the defaults."""
    found = Machine(net, tmp_path)
    (tmp_path / "data").mkdir()
    found.start()
    try:
        yield found
    finally:
        found.close()
        net.appliance.run("nft", "flush", "ruleset")


@pytest.fixture
def beside(net: Network, appliance: Appliance, tmp_path: Path) -> Iterator[Machine]:
    """The machine under an appliance whose planes run in this process."""
    folder = tmp_path / "machine"
    (folder / "data").mkdir(parents=True)
    found = Machine(net, folder)
    found.start()
    socket = appliance.settings.agent_socket
    socket.parent.mkdir(parents=True, exist_ok=True)
    socket.symlink_to(found.place.socket)
    try:
        yield found
    finally:
        found.close()
        net.appliance.run("nft", "flush", "ruleset")
