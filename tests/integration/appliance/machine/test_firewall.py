"""The packet filter between real hosts: what comes in, what goes out, who is banned."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts import Network
from tests.integration.appliance.machine.filtering import (
    DOCUMENT,
    OFFICE6,
    OPEN_TO_ALL,
    filtered_network,
    load,
    rules,
    seen,
    wanted,
)
from tests.integration.appliance.machine.looks import Door, look


@pytest.fixture(scope="module")
def net() -> Iterator[Network]:
    with filtered_network() as found:
        yield found


def test_every_door_is_as_the_document_says_from_everywhere_V12(
    net: Network, tmp_path: Path
) -> None:
    assert seen(net, rules(), tmp_path) == wanted()


def test_without_a_maintenance_window_nobody_reaches_ssh_S11(net: Network, tmp_path: Path) -> None:
    load(net, rules().removesuffix(OPEN_TO_ALL), tmp_path)
    assert net.manage.tcp("10.77.1.1", 22) == net.manage.tcp("fd77:1::1", 22) == "filtered"
    load(net, rules(), tmp_path)
    assert net.manage.tcp("10.77.1.1", 22) == net.manage.tcp("fd77:1::1", 22) == "open"


def flood(net: Network, source: str, address: str, times: int) -> int:
    """Knock so many times from one source, each connection closed; return how many were taken."""
    taken = 0
    for _ in range(times):
        taken += net.outside.tcp(address, 443, source) == "open"
        if taken and net.outside.tcp(address, 443, source) != "open":
            break
    return taken


def test_who_knocks_too_often_is_banned_and_nobody_else_is_METI_42(
    net: Network, tmp_path: Path
) -> None:
    load(net, rules(), tmp_path)
    many = look(net.outside, [Door("10.77.2.1", 443, "10.77.2.2")] * 1)
    assert all(many.values())
    flood(net, "10.77.2.2", "10.77.2.1", 40)
    assert net.outside.tcp("10.77.2.1", 443, "10.77.2.2") == "filtered"
    listed = net.appliance.run("nft", "list", "set", "inet", "tenshu", "banned4")
    assert "10.77.2.2" in listed
    assert net.outside.tcp("fd77:2::1", 443, OFFICE6) == "open", "another source goes on"


def test_a_gateway_or_a_trusted_proxy_is_never_banned_METI_42(net: Network, tmp_path: Path) -> None:
    spared = DOCUMENT.replace("[firewall]\n", '[firewall]\nnever_banned = ["10.77.2.2"]\n')
    load(net, rules(spared), tmp_path)
    for _ in range(40):
        assert net.outside.tcp("10.77.2.1", 443, "10.77.2.2") == "open"


def test_one_source_holds_only_so_many_connections_METI_42(net: Network, tmp_path: Path) -> None:
    patient = DOCUMENT.replace("new_connections_per_minute = 60", "ban_minutes = 0").replace(
        "ban_minutes = 1\n", ""
    )
    load(net, rules(patient), tmp_path)

    def hold() -> list[socket.socket]:
        held = []
        for _ in range(20):
            one = socket.socket()
            one.bind(("10.77.2.2", 0))
            one.settimeout(0.3)
            held.append(one)
            try:
                one.connect(("10.77.2.1", 443))
            except TimeoutError:
                break
        return held

    held = net.outside.call(hold)
    try:
        assert len(held) == 17, "the seventeenth waits in vain"
    finally:
        for one in held:
            one.close()
