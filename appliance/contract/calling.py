"""The agent as the console, the jobs and the command line call it.

One connection a call: nothing to keep, nothing to repair after the agent was restarted.
"""

import contextlib
import socket
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from appliance.contract import repository_errors  # noqa: F401 - `rebuild` knows what is imported
from appliance.contract.action import call_seconds
from appliance.contract.actions import INTERFACE, Caller, Request
from appliance.contract.certificates import errors as certificate_errors  # noqa: F401 - these too
from appliance.contract.configuration import errors, problems  # noqa: F401 - these too
from appliance.contract.disks import errors as disk_errors  # noqa: F401 - these too
from appliance.contract.errors import (
    AgentBroken,
    AgentNotRunning,
    AgentTimedOut,
    MethodUnknown,
    rebuild,
)
from appliance.contract.interface import FAULT
from appliance.contract.table import TABLE
from appliance.contract.varlink import SERVICE, Messages, address_of, pack, read_secret
from appliance.contract.volume import errors as volume_errors  # noqa: F401 - these too

Result = TypeVar("Result", bound=msgspec.Struct)

GRACE: Final = 2
"""Seconds after which the agent itself should have said that it took too long."""


class Calling:
    """Calls the agent on `socket_path`.

    Every method raises AgentNotRunning, AgentTimedOut, AgentBroken, or the error that the agent
    answered with (an ApplianceError of its contract).
    """

    def __init__(self, socket_path: Path) -> None:
        self._path = socket_path

    def is_running(self) -> bool:
        """Tell whether somebody listens."""
        try:
            self._connect(1).close()
        except AgentNotRunning:
            return False
        return True

    def call(self, name: str, caller: Caller, request: Request, result: type[Result]) -> Result:
        """Return the answer to one call."""
        with contextlib.closing(self.exchange(name, caller, request, result)) as answers:
            return next(answers)

    def exchange(
        self,
        name: str,
        caller: Caller,
        request: Request,
        result: type[Result],
        *,
        more: bool = False,
    ) -> Generator[Result]:
        """Yield the answers to a call: one, or with `more` as many as there are."""
        action = TABLE[name]
        seconds = call_seconds(action)
        call: dict[str, Any] = {
            "method": f"{INTERFACE}.{name}",
            "parameters": {"caller": caller, **msgspec.structs.asdict(request)},
        }
        if more:
            call["more"] = True
        data = pack(call)
        with contextlib.closing(self._connect(seconds + GRACE)) as connection:
            messages = Messages(connection)
            try:
                connection.sendall(data)
                while True:
                    answer = messages.receive()
                    yield _read(answer, result)
                    if not (answer and answer.get("continues")):
                        return
            except TimeoutError:
                raise AgentTimedOut(action=name, seconds=seconds) from None
            except OSError as error:
                raise AgentBroken(reason=str(error)) from None

    def _connect(self, seconds: int) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(seconds)
        try:
            with address_of(self._path) as address:
                connection.connect(address)
        except OSError:
            connection.close()
            raise AgentNotRunning(socket=str(self._path)) from None
        return connection


def _read(answer: dict[str, Any] | None, result: type[Result]) -> Result:
    if answer is None:
        raise AgentBroken(reason="the connection was closed")
    parameters = answer.get("parameters") or {}
    if error := answer.get("error"):
        if error == FAULT:
            raise rebuild(str(parameters.get("code")), dict(parameters.get("parameters") or {}))
        if error == f"{SERVICE}.MethodNotFound":
            raise MethodUnknown(method=str(parameters.get("method")))
        raise AgentBroken(reason=str(error))
    try:
        return msgspec.convert(parameters.get("result"), result, dec_hook=read_secret)
    except msgspec.ValidationError as problem:
        raise AgentBroken(reason=str(problem)) from None
