"""The client against an agent that misbehaves."""

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from appliance.contract import calling
from appliance.contract.actions import Caller
from appliance.contract.client import AgentClient
from appliance.contract.errors import (
    AgentBroken,
    AgentFailed,
    AgentTimedOut,
    MessageTooLarge,
    MethodUnknown,
)
from appliance.contract.secret import Secret
from appliance.contract.table import TABLE
from appliance.contract.varlink import LIMIT

CALLER = Caller(account="a")
Start = Callable[[bytes], AgentClient]


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[Start]:
    """Start a server that gives the same bytes to whatever it is asked, then hangs up."""
    threads = []
    stop = threading.Event()

    def start(data: bytes) -> AgentClient:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(tmp_path / "s"))
        listener.listen()

        def serve() -> None:
            with listener, listener.accept()[0] as connection:
                connection.recv(1 << 16)
                connection.sendall(data)
                if not data:
                    stop.wait(20)

        thread = threading.Thread(target=serve)
        thread.start()
        threads.append(thread)
        return AgentClient(tmp_path / "s")

    yield start
    stop.set()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b'{"parameters":{"result":{"runs":7,"total":1}}}\0', AgentBroken),
        (b'{"parameters":{}}\0', AgentBroken),
        (b'{"error":"org.varlink.service.PermissionDenied"}\0', AgentBroken),
        (
            b'{"error":"org.varlink.service.MethodNotFound","parameters":{"method":"x"}}\0',
            MethodUnknown,
        ),
        (
            (
                b'{"error":"tenshu.appliance.Fault","parameters":'
                b'{"code":"agent.failed","parameters":{"incident":"i"}}}\0'
            ),
            AgentFailed,
        ),
        (b'{"error":"tenshu.appliance.Fault","parameters":{}}\0', AgentBroken),
        (b"{half", AgentBroken),
        (b"x" * (LIMIT + 1), MessageTooLarge),
    ],
)
def test_what_is_no_answer_is_told(answering: Start, data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        answering(data).runs(CALLER)


def test_an_agent_that_says_nothing_is_waited_for_so_long_and_no_longer(
    answering: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = msgspec.structs.replace(TABLE["ListRuns"], timeout=1)
    monkeypatch.setitem(calling.TABLE, "ListRuns", quick)
    with pytest.raises(AgentTimedOut) as caught:
        answering(b"").runs(CALLER)
    assert caught.value.parameters == {"action": "ListRuns", "seconds": 1}


def test_a_call_over_one_mebibyte_is_not_even_sent(tmp_path: Path) -> None:
    with pytest.raises(MessageTooLarge):
        AgentClient(tmp_path / "s").create_repository(
            CALLER, "n", "/x", Secret("x" * LIMIT), "0" * 16
        )


def test_a_socket_deep_below_is_reached_all_the_same(tmp_path: Path) -> None:
    """A unix socket's address holds 107 bytes; folders of customers are longer."""
    from appliance.contract.varlink import address_of

    folder = tmp_path / ("d" * 100) / ("e" * 100)
    folder.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as listener:
        with address_of(folder / "agent.sock") as address:
            listener.bind(address)
        listener.listen()
        assert (folder / "agent.sock").is_socket()
        with socket.socket(socket.AF_UNIX) as connection, address_of(folder / "agent.sock") as to:
            connection.connect(to)
