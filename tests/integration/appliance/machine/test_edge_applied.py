"""The whole machine at once: agent, packet filter and edge, between hosts in namespaces."""

import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from appliance.contract.configuration.errors import ApplyFailed, ConnectionTooOld
from appliance.contract.configuration.state import Outcome, Reason
from appliance.machine.plan import edge
from appliance.machine.probing import edge_generation
from tests.hosts import Host, network
from tests.integration.appliance.machine.conftest import FROM_MANAGE, MANAGED, Machine
from tests.integration.authority import Authority
from tests.integration.edge import EchoPlane, echo_planes, nginx, short_root, told
from tests.integration.http2 import Connection
from tests.running import wait_until

CONSOLE_PORT = 8443
INSIDE, OUTSIDE = "10.77.1.1", "10.77.2.1"
"""The appliance, as the administrators and as everybody else call it."""


@dataclass
class Whole:
    """A machine whose agent, nginx and packet filter are real; an echo stands for the console."""

    machine: Machine
    authority: Authority
    console: EchoPlane
    server: subprocess.Popen[bytes]
    words: tuple[str, ...]
    """What starts nginx, from the host's own folder."""

    def start_edge(self) -> None:
        """Start nginx, as its unit does: a socket that a killed one left is no hindrance."""
        (self.machine.place.run / "edge.sock").unlink(missing_ok=True)
        self.server = start(self.machine, self.words)
        wait_until(lambda: edge_generation(self.machine.place.run) > 0, "nginx answers", 20)

    def kill_edge(self) -> None:
        """SIGKILL to all of it."""
        os.killpg(self.server.pid, signal.SIGKILL)
        self.server.wait(20)

    def connect(self, host: Host, address: str) -> Connection:
        return host.call(Connection, CONSOLE_PORT, self.authority.path, address)

    def served(self, host: Host, address: str) -> int:
        """What the edge tells the console of a connection that is opened now."""
        with self.connect(host, address) as new:
            stream = new.ask("/")
            new.read_until(stream)
            return self.generation(new, stream)

    def generation(self, connection: Connection, stream: int) -> int:
        """What the edge told the console with a request."""
        return int(told(connection.json(stream))["x-tenshu-generation"][0])


def start(machine: Machine, words: tuple[str, ...]) -> subprocess.Popen[bytes]:
    """Start nginx in a group of its own, so that all of it can be killed at once."""
    return subprocess.Popen(machine.net.appliance.command(*words), start_new_session=True)


@pytest.fixture
def whole() -> Iterator[Whole]:
    with network() as net, short_root() as folder, echo_planes(folder / "data/run") as planes:
        root = folder / "root"
        for one in ("run", "var/log/tenshu-edge", "var/lib/nginx"):
            (root / one).mkdir(parents=True)
        for one in (folder, folder / "data", folder / "data/run"):
            one.chmod(0o755)  # nginx's own user passes through
        for plane in planes:
            (folder / f"data/run/{plane}.sock").chmod(0o666)
        authority = Authority(folder / "data/tls")
        authority.issue("server", INSIDE, OUTSIDE)
        machine = Machine(net, folder)
        machine.start()
        words = (nginx(), "-p", str(root), "-c", str(root / edge.PATH), "-g", "daemon off;")
        server = start(machine, words)
        found = Whole(machine, authority, planes["console"], server, words)
        try:
            wait_until(lambda: net.manage.tcp(INSIDE, CONSOLE_PORT) == "open", "nginx", 20)
            yield found
        finally:
            planes["console"].held.set()
            found.server.terminate()
            found.server.wait(20)
            machine.close()


def test_a_connection_of_before_does_not_confirm_what_excludes_it_F2(whole: Whole) -> None:
    """HTTP/2: who excludes themselves could go on as if nothing were, and confirm it."""
    net, machine = whole.machine.net, whole.machine
    with (
        whole.connect(net.manage, INSIDE) as old,
        whole.connect(net.outside, OUTSIDE) as excluded,
    ):
        held = old.ask("/held")  # what is under way keeps a connection with the old process
        excluded.ask("/held")
        wait_until(lambda: whole.console.requests.count("/held") == 2, "both are under way", 10)
        applied = machine.apply(MANAGED)
        late = old.ask("/late")
        beyond = excluded.ask("/late")
        wait_until(lambda: whole.served(net.manage, INSIDE) == applied.number, "it is served", 10)
        whole.console.held.set()
        old.read_to_the_end()
        assert whole.generation(old, held) < applied.number
        # for a tenth of a second the old process takes requests beside the new one: as what it is
        assert late not in old.data or whole.generation(old, late) < applied.number
        excluded.read_until_silence(1)
        assert beyond not in excluded.data, "no packet of it comes in any more"
        assert whole.console.requests.count("/late") == (late in old.data)
        assert net.outside.tcp(OUTSIDE, CONSOLE_PORT) == "filtered"
        with pytest.raises(ConnectionTooOld):
            machine.client.confirm(FROM_MANAGE, applied.number, whole.generation(old, held))
        kept = machine.client.confirm(FROM_MANAGE, applied.number, applied.number)
        assert kept.outcome is Outcome.confirmed


def test_an_edge_that_was_killed_serves_the_change_when_it_is_back_F6(whole: Whole) -> None:
    machine = whole.machine
    whole.kill_edge()
    applied = machine.apply(MANAGED)
    assert applied.outcome is Outcome.waiting
    whole.start_edge()
    assert edge_generation(machine.place.run) == applied.number
    kept = machine.client.confirm(FROM_MANAGE, applied.number, applied.number)
    assert kept.outcome is Outcome.confirmed


def test_an_edge_that_hangs_lets_no_change_take_effect_by_half_F6(whole: Whole) -> None:
    machine = whole.machine
    whole.server.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(ApplyFailed, match="nginx"):
            machine.apply(MANAGED)
    finally:
        whole.server.send_signal(signal.SIGCONT)
    assert machine.outcome(2) == (Outcome.failed, Reason.not_healthy)
    assert machine.net.outside.tcp(OUTSIDE, CONSOLE_PORT) == "open"
    wait_until(lambda: edge_generation(machine.place.run) == 1, "nginx serves what holds", 20)
