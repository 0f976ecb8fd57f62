"""Confirm or revert: a change that locks somebody out comes back by itself, whatever is killed."""

import socket
import subprocess
import time

import pytest

from appliance.contract.configuration.errors import (
    ApplyUnderWay,
    ConfigurationMoved,
    ConnectionTooOld,
    WarningsNotSeen,
)
from appliance.contract.configuration.state import Outcome, Reason
from tests.integration.appliance.machine.conftest import (
    FROM_MANAGE,
    GUARD,
    LOCAL,
    MANAGED,
    NOBODY,
    Machine,
)
from tests.running import wait_until


def test_a_new_machine_is_set_up_by_its_defaults_at_once_F6(machine: Machine) -> None:
    found = machine.client.configuration(LOCAL)
    assert (found.version, found.pending, found.drift) == (1, None, ())
    assert machine.outcome(1) == (Outcome.confirmed, Reason.none)
    assert machine.net.outside.tcp("10.77.2.1", 9999) == "filtered"
    assert machine.net.outside.tcp("fd77:2::1", 443) == "open"


def test_a_narrowed_console_is_narrow_at_once_and_holds_when_confirmed_F2(
    machine: Machine,
) -> None:
    assert machine.console() == ("open", "open")
    begun = time.monotonic()
    applied = machine.apply(MANAGED)
    assert machine.console() == ("open", "filtered")
    assert time.monotonic() - begun < 5  # the bench measures it; here nothing may hang
    assert applied.outcome is Outcome.waiting
    machine.client.confirm(LOCAL, applied.number)
    assert machine.client.configuration(LOCAL).version == applied.number
    assert (machine.place.data / "appliance.toml").read_text() == MANAGED, "where backups find it"
    wait_until(lambda: not machine.processes(GUARD), "the guard leaves")


def test_a_connection_that_the_new_rules_refuse_is_cut_F2(machine: Machine) -> None:
    server = machine.net.appliance.servers[8443]
    client = machine.net.outside.call(socket.create_connection, ("10.77.2.1", 8443), 5)
    while (accepted := server.accept())[1][1] != client.getsockname()[1]:
        accepted[0].close()  # of an earlier probe
    with client, accepted[0] as other:
        other.settimeout(0.5)
        client.sendall(b"a")
        assert other.recv(1) == b"a"
        applied = machine.apply(MANAGED)
        client.sendall(b"b")
        with pytest.raises(TimeoutError):
            other.recv(1)
    machine.client.confirm(LOCAL, applied.number)


def test_nobody_confirms_and_the_machine_is_as_it_was_F6(machine: Machine) -> None:
    applied = machine.apply(NOBODY)
    assert machine.console() == ("filtered", "filtered")
    machine.shorten(0.5)
    machine.wait_for_console("open", "open")
    wait_until(lambda: not machine.client.configuration(LOCAL).pending, "it is told", 5)
    assert machine.outcome(applied.number) == (Outcome.reverted, Reason.not_confirmed)
    assert machine.client.configuration(LOCAL).drift == ()


def test_it_comes_back_also_when_the_agent_is_killed_F6(machine: Machine) -> None:
    machine.apply(NOBODY)
    machine.kill()
    machine.shorten(0.2)
    machine.wait_for_console("open", "open")
    wait_until(lambda: not machine.versions.armed(), "it is written down", 5)
    assert machine.outcome(2) == (Outcome.reverted, Reason.not_confirmed)


def test_it_comes_back_also_when_agent_and_guard_are_killed_F6(machine: Machine) -> None:
    machine.apply(NOBODY)
    machine.kill()
    machine.kill(GUARD)
    machine.shorten(0.2)
    machine.start()  # as the supervisor does at once
    machine.wait_for_console("open", "open")


def test_another_guard_comes_where_one_was_killed_F6(machine: Machine) -> None:
    machine.apply(NOBODY)
    machine.kill(GUARD)
    wait_until(lambda: machine.processes(GUARD), "another one stands")
    machine.shorten(0.2)
    machine.wait_for_console("open", "open")


def test_a_restart_of_the_machine_takes_back_before_the_network_comes_up_F6(
    machine: Machine,
) -> None:
    machine.apply(NOBODY)
    machine.kill()
    machine.kill(GUARD)
    machine.net.appliance.run("nft", "flush", "ruleset")  # what a restart does to the kernel
    subprocess.run(machine.command("appliance.machine.starting"), check=True, timeout=60)
    assert "192.0.2.0/24" not in (machine.folder / "root/etc/nftables.conf").read_text()
    assert machine.outcome(2) == (Outcome.reverted, Reason.restarted)
    machine.start()
    assert machine.console() == ("open", "open")
    assert machine.net.outside.tcp("10.77.2.1", 9999) == "filtered"


def test_who_would_lock_themselves_out_is_told_first_F2(machine: Machine) -> None:
    with pytest.raises(WarningsNotSeen, match=r"10\.77\.1\.2"):
        machine.apply(NOBODY, FROM_MANAGE)
    plan = machine.client.plan(FROM_MANAGE, NOBODY)
    assert [one.code for one in plan.warnings] == ["machine.excludes_you"]
    assert plan.confirm
    assert "192.0.2.0/24" in plan.rules
    assert machine.client.configuration(LOCAL).version == 1
    assert machine.apply(NOBODY, FROM_MANAGE, despite_warnings=True).outcome is Outcome.waiting
    machine.client.revert(LOCAL, 2)
    assert machine.outcome(2) == (Outcome.reverted, Reason.asked)


def test_two_administrators_do_not_apply_over_each_other_F6(machine: Machine) -> None:
    machine.apply(MANAGED)
    with pytest.raises(ApplyUnderWay):
        machine.apply(NOBODY)
    machine.client.confirm(LOCAL, 2)
    with pytest.raises(ConfigurationMoved):
        machine.apply(NOBODY, based_on=1)


def test_a_connection_from_before_the_change_does_not_confirm_it_F6(machine: Machine) -> None:
    applied = machine.apply(MANAGED)
    for generation in (0, 1):
        with pytest.raises(ConnectionTooOld):
            machine.client.confirm(FROM_MANAGE, applied.number, generation)
    machine.client.confirm(FROM_MANAGE, applied.number, applied.number)
