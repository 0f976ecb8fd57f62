"""From a Varlink call to its answers: only what the closed table names, only as it is typed."""

import logging
import secrets
import threading
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from appliance.agent.deadline import Deadlines
from appliance.agent.handlers import Handlers
from appliance.backup.manifest import product_version
from appliance.contract.action import Action, call_seconds
from appliance.contract.actions import INTERFACE, Caller, Request
from appliance.contract.errors import AgentFailed, ApplianceError, ParametersRefused
from appliance.contract.interface import FAULT, interface_description
from appliance.contract.table import TABLE
from appliance.contract.varlink import SERVICE, read_secret

LOG: Final = logging.getLogger("appliance.agent")

SERVICE_DESCRIPTION: Final = """\
# The interface that every Varlink service has
interface org.varlink.service

method GetInfo() -> (
  vendor: string,
  product: string,
  version: string,
  url: string,
  interfaces: []string
)

method GetInterfaceDescription(interface: string) -> (description: string)

error InterfaceNotFound (interface: string)

error MethodNotFound (method: string)

error MethodNotImplemented (method: string)

error InvalidParameter (parameter: string)

error PermissionDenied ()

error ExpectedMore ()
"""

Answer = dict[str, Any]


def fault(error: ApplianceError) -> Answer:
    """Return the answer that carries an error."""
    return {
        "error": FAULT,
        "parameters": {
            "code": error.code,
            "parameters": {name: str(value) for name, value in error.parameters.items()},
            "message": str(error),
            "hint": error.advice(),
        },
    }


class Dispatch:
    """Answers calls; never raises."""

    def __init__(self, handlers: Handlers, stop: threading.Event) -> None:
        self._handlers, self._stop = handlers, stop
        self._deadlines = Deadlines()

    def answers(self, call: dict[str, Any]) -> Iterator[Answer]:
        """Yield the answers to one call: one, or with `more` as many as there are."""
        try:
            yield from self._answers(call)
        except ApplianceError as error:
            LOG.info("%s: %s", call.get("method"), error.code)
            yield fault(error)
        except Exception:
            incident = secrets.token_hex(4)
            LOG.exception("incident %s in %s", incident, call.get("method"))
            yield fault(AgentFailed(incident=incident))

    def _answers(self, call: dict[str, Any]) -> Iterator[Answer]:
        method, parameters = call.get("method"), call.get("parameters") or {}
        if not isinstance(method, str) or not isinstance(parameters, dict):
            raise ParametersRefused(
                action="varlink", reason="`method` is a text, `parameters` an object"
            )
        interface, _, name = method.rpartition(".")
        if interface == SERVICE:
            yield _about_service(name, parameters)
        elif interface != INTERFACE:
            yield {"error": f"{SERVICE}.InterfaceNotFound", "parameters": {"interface": interface}}
        elif name not in TABLE:
            yield {"error": f"{SERVICE}.MethodNotFound", "parameters": {"method": method}}
        else:
            yield from self._act(TABLE[name], parameters, more=call.get("more") is True)

    def _act(self, action: Action, parameters: dict[str, Any], *, more: bool) -> Iterator[Answer]:
        caller, request = read_parameters(action, parameters)
        if more and action.follows:
            for run, continues in self._handlers.follow(request, self._stop):
                answer: Answer = {"parameters": {"result": run}}
                yield answer | {"continues": True} if continues else answer
            return
        handler = self._handlers.by_name[action.name]
        result = self._deadlines.within(
            call_seconds(action), action.name, lambda: handler(caller, request)
        )
        if action.verb:
            LOG.info("%s for account %s from %s", action.name, caller.account, caller.source)
        yield {"parameters": {"result": result}}


def read_parameters(action: Action, parameters: dict[str, Any]) -> tuple[Caller, Any]:
    """Return who asks and the typed request. Raise ParametersRefused with the reason.

    `null` means left out, as Varlink has it for optional fields.
    """
    given = {name: value for name, value in parameters.items() if value is not None}
    asking = given.pop("caller", None)
    if isinstance(asking, dict):
        asking = {name: value for name, value in asking.items() if value is not None}
    try:
        caller = msgspec.convert(asking, Caller)
        request: Request = msgspec.convert(given, action.request, dec_hook=read_secret)
    except (msgspec.ValidationError, TypeError) as error:
        raise ParametersRefused(action=action.name, reason=str(error)) from None
    return caller, request


def _about_service(name: str, parameters: dict[str, Any]) -> Answer:
    if name == "GetInfo":
        return {
            "parameters": {
                "vendor": "Tenshu",
                "product": "Tenshu appliance agent",
                "version": product_version(),
                "url": "",
                "interfaces": [SERVICE, INTERFACE],
            }
        }
    if name == "GetInterfaceDescription":
        descriptions = {SERVICE: SERVICE_DESCRIPTION, INTERFACE: interface_description()}
        asked = parameters.get("interface")
        if not isinstance(asked, str):
            return {
                "error": f"{SERVICE}.InvalidParameter",
                "parameters": {"parameter": "interface"},
            }
        if asked not in descriptions:
            return {"error": f"{SERVICE}.InterfaceNotFound", "parameters": {"interface": asked}}
        return {"parameters": {"description": descriptions[asked]}}
    return {"error": f"{SERVICE}.MethodNotFound", "parameters": {"method": f"{SERVICE}.{name}"}}
