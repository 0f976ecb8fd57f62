"""What the agent hears at its socket, made up, and what must hold whatever it hears.

`python -m tests.fuzz_agent RUNS SEED` makes it up by chance, `tests/fuzz_by_coverage.py` by what
leads elsewhere in the code.
"""

import contextlib
import json
import logging
import random
import resource
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from appliance.agent.dispatch import Dispatch
from appliance.agent.handlers import Handlers
from appliance.agent.peer import Doorman
from appliance.agent.server import Server
from appliance.contract.actions import INTERFACE, Caller
from appliance.contract.interface import FAULT, fields_of
from appliance.contract.runs import Run
from appliance.contract.table import TABLE
from appliance.contract.varlink import LIMIT, SERVICE
from appliance.place import Place

GROWTH = 96 * 1024
"""KiB that the process may grow by, whatever it is sent."""
WORDS = (
    "",
    "a",
    "\0",
    "../../etc",
    "/etc/passwd",
    "0123456789abcdef",
    "x" * 5000,
    "天守",
    "\ud800",
)
NUMBERS = (0, 1, -1, 50, 1 << 31, -(1 << 63), 1 << 70, 1.5, float("1e308"))


class Recording:
    """In the handlers' place: notes what is called, and does nothing to the machine."""

    def __init__(self) -> None:
        self.called: list[str] = []
        nowhere = Path("/nowhere")
        place = Place(data=nowhere, keys=nowhere, database_url="")
        self.by_name = {name: self._noting(name) for name in Handlers(place).by_name}

    def _noting(self, name: str) -> Any:
        def act(caller: Any, request: Any) -> msgspec.Struct:
            self._note(name, caller, request)
            return Caller(account=name)

        return act

    def _note(self, name: str, caller: Any, request: Any) -> None:
        assert name in TABLE, name
        assert isinstance(caller, Caller)
        assert type(request) is TABLE[name].request, request
        self.called.append(name)

    def follow(self, request: Any, stop: threading.Event) -> Iterator[tuple[Run, bool]]:
        self._note("GetProgress", Caller(account="follows"), request)
        yield Run(id=request.run, action="RunBackup", repository="aabbccdd"), False


class Agent:
    """The agent's own server and dispatch, at one end of a pair of sockets."""

    def __init__(self) -> None:
        self.handlers = Recording()
        stop = threading.Event()
        dispatch = Dispatch(self.handlers, stop)  # type: ignore[arg-type]
        self._server = Server(None, dispatch, Doorman(users=frozenset()), stop)  # type: ignore[arg-type]

    @classmethod
    @contextlib.contextmanager
    def silent(cls) -> Iterator["Agent"]:
        """Give one whose log says nothing: it would be long."""
        logging.disable(logging.CRITICAL)
        try:
            yield cls()
        finally:
            logging.disable(logging.NOTSET)

    def send(self, data: bytes) -> list[dict[str, Any]]:
        """Send what one connection says; return the answers, each looked at."""
        ours, theirs = socket.socketpair()
        heard = bytearray()
        with ours, theirs:
            reader = threading.Thread(target=_read, args=(ours, data, heard))
            reader.start()
            theirs.settimeout(20)
            self._server._talk_with(theirs)
            theirs.shutdown(socket.SHUT_RDWR)
            reader.join()
        answers = [json.loads(one) for one in bytes(heard).split(b"\0") if one]
        for answer in answers:
            look_at(answer)
        return answers


def _read(ours: socket.socket, data: bytes, heard: bytearray) -> None:
    try:
        ours.sendall(data)
        ours.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # the agent has heard enough
    while part := ours.recv(1 << 16):
        heard += part


def look_at(answer: dict[str, Any]) -> None:
    """Fail unless an answer is one of the contract's."""
    assert answer.keys() <= {"error", "parameters", "continues"}, answer
    error = answer.get("error")
    if error is None:
        assert isinstance(answer["parameters"], dict)
    elif error == FAULT:
        assert answer["parameters"].keys() == {"code", "parameters", "message", "hint"}
        assert answer["parameters"]["code"] != "agent.failed", answer
    else:
        assert error.startswith(f"{SERVICE}."), answer
    assert len(json.dumps(answer)) < LIMIT


def value(chance: random.Random, depth: int = 0) -> Any:
    """Make a JSON value up."""
    kind = chance.randrange(7 if depth < 3 else 4)
    if kind == 0:
        return chance.choice((None, True, False))
    if kind == 1:
        return chance.choice(NUMBERS)
    if kind in (2, 3):
        return chance.choice(WORDS)
    if kind == 4:
        return [value(chance, depth + 1) for _ in range(chance.randrange(4))]
    if kind == 5:
        return {chance.choice(WORDS): value(chance, depth + 1) for _ in range(chance.randrange(4))}
    return {"account": chance.choice(WORDS)}


def call(chance: random.Random) -> dict[str, Any]:
    """Make a call up: often one of the table, with parameters that nearly fit."""
    name = chance.choice([*TABLE, "RunShell", "__init__", "GetInfo", ""])
    interface = chance.choice([INTERFACE] * 6 + [SERVICE, "", "os", "a.b"])
    made: dict[str, Any] = {"method": f"{interface}.{name}"}
    if name in TABLE:
        fields = fields_of(TABLE[name].request)
        parameters = {field: value(chance) for field in fields if chance.random() < 0.9}
        parameters["caller"] = {"account": "a"} if chance.random() < 0.8 else value(chance)
        if chance.random() < 0.5:
            for field in parameters.keys() & {"repository", "run"}:
                parameters[field] = "0123456789abcdef"
        made["parameters"] = parameters
    for key in ("more", "oneway", "upgrade", "parameters", "method"):
        if chance.random() < 0.05:
            made[key] = value(chance)
    return made


def said(chance: random.Random) -> bytes:
    """Make up what a connection says: some calls, sometimes broken."""
    calls = (json.dumps(call(chance)).encode() + b"\0" for _ in range(chance.randrange(1, 6)))
    data = bytearray(b"".join(calls))
    for _ in range(chance.choice((0, 0, 0, 1, 3))):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


def by_chance(runs: int, seed: int) -> int:
    """Send `runs` requests or more; return how many actions were called."""
    chance, sent, before, called = random.Random(seed), 0, 0, 0
    with Agent.silent() as agent:
        while sent < runs:
            data = said(chance)
            agent.send(data)
            sent += data.count(b"\0")
            called += len(agent.handlers.called)
            agent.handlers.called.clear()
            before = before or (memory() if sent > runs / 10 else 0)
    assert memory() - before < GROWTH, f"{memory() - before} KiB more"
    return called


def memory() -> int:
    """Return the most that this process ever held, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    print(by_chance(int(sys.argv[1]), int(sys.argv[2])))  # noqa: T201
