"""What may leave follows what is set up: opened, counted and closed between real hosts."""

import contextlib
import os
import socket
import time

import pytest

from appliance.contract.configuration.firewall import Protocol, Purpose
from appliance.contract.configuration.outgoing import Needed, Origin, Way
from tests.hosts import ip
from tests.integration.appliance.machine.conftest import LOCAL, MANAGED, Machine

RELAY = Needed(purpose=Purpose.MAIL, host="10.77.2.2", port=2525)
RECEIVER = Needed(purpose=Purpose.SYSLOG, host="logs.example.co.jp", port=6514)
TUNNEL = 4789
SAID = b"x" * 5000


def ways(machine: Machine) -> dict[str, Way]:
    return {one.purpose: one for one in machine.client.outgoing(LOCAL).ways}


def converse(machine: Machine, port: int) -> None:
    """Send something from the appliance, and be answered."""
    server = machine.net.outside.servers[port]
    client = machine.net.appliance.call(socket.create_connection, ("10.77.2.2", port), 5)
    accepted, _ = server.accept()
    with client, accepted:
        client.sendall(SAID)
        got = 0
        while got < len(SAID):
            got += len(accepted.recv(65_536))
        accepted.sendall(b"taken")
        assert client.recv(10) == b"taken"


def test_a_destination_opens_is_counted_and_closes_without_a_new_version_METI_42(
    machine: Machine,
) -> None:
    appliance, outside = machine.net.appliance, machine.net.outside
    for port in (2525, 6514):
        if port not in outside.servers:
            outside.listen(port)
    assert appliance.tcp("10.77.2.2", 2525) == "filtered"
    (kept,) = machine.client.outgoing(LOCAL).drops
    assert (kept.destination, kept.port, kept.source) == ("10.77.2.2", 2525, "root")

    machine.client.tell_destinations(LOCAL, (RELAY, RECEIVER))
    begun = time.time_ns() // 1_000_000
    converse(machine, 2525)
    assert appliance.tcp("10.77.2.2", 6514) == "open", "by a name the port is held"
    assert appliance.tcp("10.77.2.2", 443) == "filtered"
    found = ways(machine)
    relay = found["mail"]
    assert (relay.host, relay.port, relay.origin) == ("10.77.2.2", 2525, Origin.settings)
    assert relay.users == ("tenshu-workspace", "tenshu-console")
    assert relay.sent > len(SAID) > relay.received > 0
    assert relay.used_at
    assert abs(relay.used_at - begun) < 5000
    assert found["dns"].used_at is None
    configuration = machine.client.configuration(LOCAL)
    assert (configuration.version, configuration.pending, configuration.drift) == (1, None, ())

    # an apply keeps what is open, and what it has counted
    machine.client.confirm(LOCAL, machine.apply(MANAGED).number)
    assert appliance.tcp("10.77.2.2", 2525) == "open"
    assert ways(machine)["mail"].sent > relay.sent

    # while a change waits to be confirmed it opens too, and stays when the change is taken back
    applied = machine.apply(f"{MANAGED}[firewall]\nping = false\n")
    machine.client.tell_destinations(LOCAL, (RECEIVER,))
    assert appliance.tcp("10.77.2.2", 2525) == "filtered"
    machine.client.revert(LOCAL, applied.number)
    assert appliance.tcp("10.77.2.2", 2525) == "filtered"
    assert "mail" not in ways(machine)
    assert machine.client.destinations(LOCAL) == (RECEIVER,)


def test_a_share_is_reached_by_the_kernel_and_root_and_by_nobody_else_METI_42(
    machine: Machine,
) -> None:
    """A tunnel stands for the share: its packets are the kernel's own, like those of a mount."""
    appliance, outside = machine.net.appliance, machine.net.outside

    def listen() -> socket.socket:
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(("10.77.2.2", TUNNEL))
        server.settimeout(1)
        return server

    tunnel = ("type", "vxlan", "id", "5", "remote", "10.77.2.2", "dstport", str(TUNNEL))
    ip("-n", appliance.name, "link", "add", "share0", *tunnel)
    ip("-n", appliance.name, "address", "add", "10.77.9.1/24", "dev", "share0")
    appliance.run("sysctl", "-qw", "net.ipv4.conf.share0.arp_notify=1")

    def speak() -> None:
        for state in ("down", "up"):  # the kernel tells of its address by itself
            ip("-n", appliance.name, "link", "set", "share0", state)

    with outside.call(listen) as server:
        speak()
        with pytest.raises(TimeoutError):
            server.recv(100)
        share = Needed(purpose=Purpose.BACKUP, host="10.77.2.2", port=TUNNEL, protocol=Protocol.UDP)
        machine.client.tell_destinations(LOCAL, (share,))
        speak()
        assert len(server.recv(100)) > 40, "a whole frame of the kernel's own"
        for user in (65_534, 0):
            appliance.call(_send, user, "10.77.2.2", TUNNEL)
        while (said := server.recv(100)) != b"0":
            assert said != b"65534"
    ip("-n", appliance.name, "link", "delete", "share0")
    kept = [one.source for one in machine.client.outgoing(LOCAL).drops if one.port == TUNNEL]
    assert kept == ["nobody"]


def _send(user: int, address: str, port: int) -> None:
    """Send the number of a user as that user."""
    child = os.fork()
    if not child:
        os.setuid(user)
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.sendto(str(user).encode(), (address, port))
        os._exit(0)
    os.waitpid(child, 0)
