"""How many may speak with the agent at once, and how long a message may take."""

import contextlib
import os
import socket
import time

import pytest

from appliance.agent.server import A_USER, CONNECTIONS, Places
from appliance.contract.varlink import Messages, pack


def test_one_user_leaves_room_for_the_machines_console() -> None:
    places, other = Places(), os.geteuid() + 1
    with contextlib.ExitStack() as taken:
        found = [taken.enter_context(places.of(other)) for _ in range(A_USER + 3)]
        assert found == [True] * A_USER + [False] * 3
        assert taken.enter_context(places.of(0))
        found = [taken.enter_context(places.of(0)) for _ in range(CONNECTIONS)]
        assert sum(found) == CONNECTIONS - A_USER - 1
        with places.of(other + 1) as has_place:
            assert not has_place
    with places.of(other) as has_place:
        assert has_place


def test_a_message_that_drips_is_cut() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(60)
        begun = time.monotonic()
        theirs.sendall(b"{")
        with pytest.raises(TimeoutError):
            Messages(ours, 0.1).receive()
        assert time.monotonic() - begun < 5
        assert ours.gettimeout() == 60


def test_whoever_says_nothing_may_do_so_longer_than_a_message_takes() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        messages = Messages(ours, 10)
        theirs.sendall(pack({"method": "a"}) + b'{"meth')
        assert messages.receive() == {"method": "a"}
        theirs.sendall(b'od":"b"}\0')
        assert messages.receive() == {"method": "b"}
