"""The root of what the machine can refuse or fail at, and the failures of reaching it.

An error crosses the wire as its code and parameters; the other side makes the same error of them.
The attributes are those of the faces' own errors, so that a page shows and translates both alike.
"""

from typing import Any, ClassVar

BY_CODE: dict[str, type["ApplianceError"]] = {}


class ApplianceError(Exception):
    """Something on the machine did not work, in words for the person who asked for it."""

    code: ClassVar[str] = "appliance.error"
    """Stable name; pages, API and tests go by it."""
    status: ClassVar[int] = 400
    """HTTP status that fits (RFC 9110)."""
    message: ClassVar[str] = "Something went wrong on the machine."
    """What happened. Parameters stand in braces: `{name}`."""
    hint: ClassVar[str] = "Try again; if it stays, look into the agent's log."
    """What to do now. Takes the same parameters."""

    def __init__(self, **parameters: Any) -> None:  # noqa: ANN401 - any value that formats
        self.parameters = parameters
        super().__init__(self.message.format(**parameters))

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if cls.code in BY_CODE:
            msg = f"two errors are called {cls.code}"
            raise TypeError(msg)
        BY_CODE[cls.code] = cls

    def advice(self) -> str:
        """Return the hint with its parameters filled in."""
        return self.hint.format(**self.parameters)


class AgentNotRunning(ApplianceError):
    """Nobody listens on the agent's socket."""

    code = "agent.not_running"
    status = 503
    message = "The machine's agent does not answer on {socket}."
    hint = "Start the appliance; the agent alone starts with `python -m appliance.agent`."


class AgentTimedOut(ApplianceError):
    """The agent took longer than the action may take. `seconds` is that time."""

    code = "agent.timed_out"
    status = 504
    message = "The machine's agent did not finish {action} within {seconds} seconds."
    hint = "Look at the list of runs: a long action goes on without you. Otherwise try again."


class AgentBroken(ApplianceError):
    """What came back is not an answer of the contract."""

    code = "agent.broken"
    status = 502
    message = "The machine's agent gave an answer that nobody understands: {reason}"
    hint = "Console and agent may be of different versions: restart both."


class AgentFailed(ApplianceError):
    """A fault in the agent itself; the log tells more under the incident number."""

    code = "agent.failed"
    status = 500
    message = "The machine's agent failed. Incident {incident}."
    hint = "Look for this incident number in the agent's log."


class AgentBusy(ApplianceError):
    """All places for connections are taken."""

    code = "agent.busy"
    status = 503
    message = "The machine's agent has no free connection."
    hint = "Wait a moment and try again."


class PeerRefused(ApplianceError):
    """The process at the other end of the socket runs as a user who may not use it."""

    code = "agent.peer_refused"
    status = 403
    message = "User number {uid} may not use the machine's agent."
    hint = "Run the command as the console's user or as root."


class MessageTooLarge(ApplianceError):
    """A message is larger than the protocol allows. `limit` in bytes."""

    code = "agent.message_too_large"
    status = 413
    message = "A message to the machine's agent may have at most {limit} bytes."
    hint = "Ask for less at once."


class MessageMalformed(ApplianceError):
    """A message is no Varlink call."""

    code = "agent.message_malformed"
    message = "This is no Varlink call: {reason}"
    hint = "Send one JSON object with `method` and `parameters`, ended by a zero byte."


class MethodUnknown(ApplianceError):
    """The closed table has no such action."""

    code = "agent.method_unknown"
    status = 404
    message = "The machine has no action {method}."
    hint = "`varlinkctl introspect` on the agent's socket lists all actions."


class ParametersRefused(ApplianceError):
    """The parameters do not fit the action's request."""

    code = "agent.parameters_refused"
    status = 422
    message = "{action} does not take this: {reason}"
    hint = "Correct the request and send it again."


class ActionUnavailable(ApplianceError):
    """It cannot be done in this place. `reason` is a finished sentence."""

    code = "agent.unavailable"
    status = 501
    message = "This is not available here: {reason}"
    hint = "The list of capabilities says what this machine can do and why not."


def rebuild(code: str, parameters: dict[str, Any]) -> ApplianceError:
    """Return the error that crossed the wire as `code` and `parameters`.

    A code of a newer agent, or parameters that do not fit, become AgentBroken.
    """
    found = BY_CODE.get(code)
    if found is None:
        return AgentBroken(reason=code)
    try:
        return found(**parameters)
    except (KeyError, TypeError, IndexError):
        return AgentBroken(reason=code)
