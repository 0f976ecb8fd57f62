"""Maintenance access between real hosts, with a real sshd (S11)."""

import json
import os
import signal
from collections.abc import Iterator

import pytest

from appliance.contract.maintenance.errors import (
    AddressNotAdmitted,
    KeyNeededToRepair,
    WindowStillOpen,
)
from appliance.contract.maintenance.state import Ending, Level, What
from tests.hosts import Network, network
from tests.integration.appliance.machine.conftest import LOCAL
from tests.integration.appliance.machine.maintaining import Maintained, maintained
from tests.running import wait_until

REFUSED = "Permission denied (publickey)"


@pytest.fixture(scope="module")
def net() -> Iterator[Network]:
    with network() as found:
        yield found


@pytest.fixture(scope="module")
def site(net: Network) -> Iterator[Maintained]:
    with maintained(net) as found:
        yield found


@pytest.fixture
def machine(site: Maintained) -> Iterator[Maintained]:
    """The machine without an open window, before and after."""
    yield site
    if window := site.rooms.book.opened():
        site.windows.close(LOCAL, window.number)


def told(machine: Maintained) -> list[tuple[What, str, Ending]]:
    """What the journal holds of the newest window."""
    newest = machine.rooms.book.newest()
    found = machine.windows.happenings(LOCAL, 0, 100).happenings
    return [(one.what, one.command, one.ended) for one in found if one.window == newest]


def prompted(machine: Maintained) -> None:
    """Wait for the prompt: what is typed before the terminal is set up is flushed (termios(3))."""
    wait_until(lambda: "tenshu> " in shown(machine), "it asks what to do")


def shown(machine: Maintained) -> str:
    """Everything that was shown through the newest window."""
    return _recorded(machine, "o")


def typed(machine: Maintained) -> str:
    """Everything that was typed."""
    return _recorded(machine, "i")


def _recorded(machine: Maintained, kind: str) -> str:
    """One side of the recordings: a terminal may pass on a word in two events."""
    newest = machine.rooms.book.newest()
    found = []
    for one in machine.windows.window(LOCAL, newest).sessions:
        parts = machine.windows.recording(LOCAL, newest, one.id)
        _head, *events = "".join(part.text for part in parts).splitlines()
        found += [text for _at, of, text in map(json.loads, events) if of == kind]
    return "".join(found)


def test_a_window_lets_in_records_and_is_closed_by_a_click_S11(machine: Maintained) -> None:
    net = machine.net
    assert net.manage.tcp("10.77.1.1", 22) == "filtered", "no window, no way in"
    opened = machine.open()
    come = machine.enter("disk")
    assert come.returncode == 0, come.stderr
    assert "Filesystem" in come.stdout
    with machine.stay() as person:
        prompted(machine)
        machine.type(person, b"memory\r")
        wait_until(lambda: "Swap" in shown(machine), "what was shown is recorded")
        window = machine.windows.close(LOCAL, opened.window.number)
        assert window.ended is Ending.click
        assert b"window was closed" in person.communicate(timeout=5)[0]
    assert net.manage.tcp("10.77.1.1", 22) == "filtered"
    assert typed(machine) == "memory\r"
    began, command, ended = What.session_began, What.command, What.session_ended
    assert told(machine) == [
        (began, "", Ending.none), (command, "disk", Ending.none), (ended, "", Ending.gone),
        (began, "", Ending.none), (command, "memory", Ending.none), (ended, "", Ending.click),
    ]  # fmt: skip


def test_nobody_comes_in_but_the_named_key_from_the_named_address_as_the_named_user_S11(
    machine: Maintained,
) -> None:
    opened = machine.open()
    machine.generate("stranger")
    machine.certify("stranger", opened.window.certificate)  # it is for another key
    assert REFUSED in machine.enter("disk", name="stranger").stderr
    assert REFUSED in machine.enter("disk", user="tenshu-repair").stderr
    assert REFUSED in machine.enter("disk", user="root").stderr
    outside = machine.net.outside
    assert outside.tcp("10.77.2.1", 22) == "filtered", "not from where the window is for"
    # and were the packet filter open to it, the certificate itself names the address
    machine.net.appliance.run("nft", "add", "element", "inet", "tenshu", "window4", "{ 10.77.2.2 }")
    assert REFUSED in machine.enter("disk", host=outside, address="10.77.2.1").stderr
    tunnel = machine.ssh("-N", "-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:1")
    refused = machine.run_from(machine.net.manage, tunnel)
    assert "forwarding" in refused.stderr, refused
    for command in ("sh", "cat /etc/shadow", "disk; id", "internal-sftp"):
        come = machine.enter(command)
        assert (come.returncode, "uid=" in come.stdout) == (127, False), come.stdout


def test_a_window_that_was_closed_lets_nobody_in_whatever_stands_in_the_filter_S11(
    machine: Maintained,
) -> None:
    opened = machine.open()
    machine.windows.close(LOCAL, opened.window.number)
    machine.net.appliance.run(
        "nft", "add", "element", "inet", "tenshu", "window4", "{ 10.77.1.2 timeout 20s }"
    )
    come = machine.enter("disk")
    assert REFUSED in come.stderr, "its certificate is revoked, though its time is not over"


def test_the_clock_closes_a_window_and_ends_its_sessions_though_the_agent_is_killed_S11(
    machine: Maintained,
) -> None:
    machine.open()
    with machine.stay() as person:
        machine.kill()
        machine.shorten(0)  # by the boot's clock: the other one still says five minutes
        assert b"is over" in person.communicate(timeout=5)[0]
    assert machine.enter("disk").returncode, "nobody lets anybody in"
    machine.start()
    wait_until(lambda: machine.rooms.book.opened() is None, "the agent closes it", 10)
    window = machine.rooms.book.read(machine.rooms.book.newest())
    assert window.ended is Ending.clock
    wait_until(lambda: not machine.rooms.book.is_owed(), "all of it is carried out", 10)
    assert machine.net.manage.tcp("10.77.1.1", 22) == "filtered"
    assert told(machine)[-2:] == [
        (What.session_ended, "", Ending.clock),
        (What.closed, "", Ending.clock),
    ]


def test_a_session_that_cannot_be_recorded_ends_S11(machine: Maintained) -> None:
    machine.open()
    with machine.stay() as person:
        recorder = machine.recorder()
        machine.net.appliance.run("prlimit", "--pid", str(recorder), "--fsize=600:600")
        machine.type(person, b"processes\rprocesses\r")
        assert b"cannot be recorded" in person.communicate(timeout=5)[0]
    wait_until(
        lambda: told(machine)[-1] == (What.session_ended, "", Ending.not_recorded), "it is told", 5
    )


def test_a_recorder_that_is_killed_ends_its_session_and_is_told_S11(machine: Maintained) -> None:
    machine.open()
    with machine.stay() as person:
        os.kill(machine.recorder(), signal.SIGKILL)
        assert person.wait(5)
    wait_until(
        lambda: told(machine)[-1] == (What.session_ended, "", Ending.killed), "it is told", 5
    )


def test_to_repair_there_is_a_shell_that_cannot_touch_its_recording_S11(
    machine: Maintained,
) -> None:
    machine.open(level=Level.repair)
    folder = machine.rooms.book.of(machine.rooms.book.newest())
    with machine.stay(user="tenshu-repair") as person:
        prompted(machine)
        for keys, sign in (
            ("shell", "bash-"),
            (f"id -un; ls {folder}; kill -9 $PPID; stty -echo; echo d'o'ne", "done"),
            ("echo h'i'dden", "hidden"),
            ("exit", "tenshu> "),
        ):
            before = shown(machine).count(sign)
            machine.type(person, f"{keys}\r".encode())
            wait_until(lambda b=before, s=sign: shown(machine).count(s) > b, keys, 20)
        machine.type(person, b"exit\r")
        assert person.wait(5) == 0
    found = shown(machine)
    assert "tenshu-repair" in found
    assert found.count("Permission denied") == 1, "the folder is closed to them"
    assert "Operation not permitted" in found, "and what records is not theirs to end"
    assert "echo h'i'dden" in typed(machine), "echo or not, what was typed is kept"
    assert (What.command, "shell", Ending.none) in told(machine)


def test_only_one_window_is_open_and_only_from_where_ssh_is_admitted_S11(
    machine: Maintained,
) -> None:
    with pytest.raises(AddressNotAdmitted):
        machine.open(networks=("10.77.2.200",))
    with pytest.raises(KeyNeededToRepair):
        machine.open(level=Level.repair, key="")
    machine.open()
    with pytest.raises(WindowStillOpen):
        machine.open()
