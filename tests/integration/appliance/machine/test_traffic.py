"""What the packet filter counts: real drops and bans between hosts, told by the agent."""

import contextlib
import os
import socket
import time

import pytest

from appliance.contract.configuration.errors import BanUnknown
from appliance.contract.configuration.traffic import Ban, Drop
from tests.integration.appliance.machine.conftest import LOCAL, MANAGED, Machine

OUTSIDE, OUTSIDE6 = "10.77.2.2", "fd77:2::2"
STRICT = f"{MANAGED}[firewall]\nnew_connections_per_minute = 60\nban_minutes = 30\n"


def hold(machine: Machine, document: str) -> None:
    """Apply a document and keep it."""
    machine.client.confirm(LOCAL, machine.apply(document).number)


def drops(machine: Machine, port: int) -> list[Drop]:
    return [one for one in machine.client.traffic(LOCAL).drops if one.port == port]


def bans(machine: Machine) -> tuple[Ban, ...]:
    return machine.client.traffic(LOCAL).bans


def count(machine: Machine, name: str) -> int:
    return next(one.packets for one in machine.client.traffic(LOCAL).counts if one.name == name)


def knock(machine: Machine, address: str, source: str) -> None:
    """Connect until nobody answers any more."""
    for _ in range(60):
        if machine.net.outside.tcp(address, 443, source) != "open":
            return
    pytest.fail("nobody was banned")


def _send(user: int, address: str, port: int) -> None:
    """Send a word as another user: the kernel looks at the process."""
    child = os.fork()
    if not child:
        os.setuid(user)
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.sendto(b"x", (address, port))
        os._exit(0)
    os.waitpid(child, 0)


def test_a_drop_in_or_out_is_told_with_source_port_reason_and_time_METI_42(
    machine: Machine,
) -> None:
    hold(machine, MANAGED)
    before = time.time_ns() // 1_000_000
    assert machine.net.outside.tcp("10.77.2.1", 8443) == "filtered"
    assert machine.net.outside.tcp("fd77:2::1", 7777) == "filtered"
    (console,), (other,) = drops(machine, 8443), drops(machine, 7777)
    assert (console.why, console.source, console.destination) == ("console", OUTSIDE, "10.77.2.1")
    assert (console.protocol, console.packets) == ("tcp", 1)
    assert before - 2000 < console.at < before + 10_000
    assert (other.why, other.source, other.destination) == ("refused", OUTSIDE6, "fd77:2::1")
    machine.net.outside.tcp("10.77.2.1", 8443)
    assert drops(machine, 8443)[0].packets > 1
    assert count(machine, "refused_console") > 1
    machine.net.appliance.call(_send, 65_534, OUTSIDE, 4444)
    (out,) = drops(machine, 4444)
    assert (out.why, out.source, out.destination) == ("out", "nobody", OUTSIDE)
    assert (out.protocol, out.packets) == ("udp", 1)


def test_a_ban_survives_an_apply_and_can_be_lifted_METI_42(machine: Machine) -> None:
    hold(machine, STRICT)
    knock(machine, "10.77.2.1", OUTSIDE)
    knock(machine, "fd77:2::1", OUTSIDE6)
    four, six = sorted(bans(machine), key=lambda one: one.network)
    assert (four.network, six.network) == (f"{OUTSIDE}/32", "fd77:2::/64")
    counted = count(machine, "banned")
    hold(machine, f"{STRICT}ping = false\n")
    assert machine.net.outside.tcp("10.77.2.1", 443, OUTSIDE) == "filtered"
    kept = next(one for one in bans(machine) if one.network == four.network)
    assert kept.packets > 0
    assert abs(kept.until - four.until) < 3000, "it ends when it would have ended"
    assert count(machine, "banned") > counted, "nothing begins to count anew"
    assert machine.client.configuration(LOCAL).drift == (), "what is carried over is no drift"
    lifted = machine.client.lift_ban(LOCAL, four.network)
    assert lifted.network == four.network
    assert machine.net.outside.tcp("10.77.2.1", 443, OUTSIDE) == "open"
    assert [one.network for one in bans(machine)] == [six.network]
    with pytest.raises(BanUnknown):
        machine.client.lift_ban(LOCAL, four.network)
    with pytest.raises(BanUnknown):
        machine.client.lift_ban(LOCAL, "nobody; flush ruleset")


def test_counts_go_on_when_agent_and_rules_began_anew_METI_42(machine: Machine) -> None:
    """As after a restart of the machine: the kernel counts from nothing."""
    hold(machine, MANAGED)
    assert machine.net.outside.tcp("10.77.2.1", 8443) == "filtered"
    counted, since = count(machine, "refused_console"), machine.client.traffic(LOCAL).since
    assert counted >= 1
    machine.kill()
    machine.net.appliance.run("nft", "flush", "ruleset")
    machine.start()
    assert count(machine, "refused_console") >= counted
    machine.net.outside.tcp("10.77.2.1", 8443)
    found = machine.client.traffic(LOCAL)
    assert count(machine, "refused_console") > counted
    assert found.since == since
    assert sum(hour.packets.get("refused_console", 0) for hour in found.hours) >= 1
    assert machine.client.outgoing(LOCAL).since == since
