"""What an error or an end says to people, by the code that was kept of it."""

import functools
from collections.abc import Mapping
from typing import Any, Final

from app.core.errors import TenshuError
from app.core.messages import mark, translate
from appliance.contract.errors import ApplianceError

ENDS: Final = {
    "sessions.address_family_changed": mark("It came from another kind of network."),
    "sessions.certificate": mark("It came without the client certificate that it needs."),
    "sessions.network": mark("It came from a network that an access rule leaves out."),
    "cancelled": mark("Cancelled"),
    "failed": mark("Failed"),
    "internal": mark("Something went wrong on our side; what you asked for was not done."),
    "certificates.fell_back": mark("The certificate cannot be shown; the own one stands in."),
    "certificates.not_renewed": mark("The certificate could not be renewed."),
    "disks.asked_instead": mark(
        "The encrypted disks did not open by themselves at a start: somebody typed the recovery "
        "key or the passphrase at the screen."
    ),
    "disks.damaged": mark(
        "The system on a disk is damaged, and could not be mended. Replace the disk."
    ),
    "disks.from_copy": mark("The machine came up from the copy of its system."),
    "disks.lost": mark("A disk is lost; the machine goes on with the other one alone."),
    "disks.not_taken": mark("The disk could not be taken in."),
    "machine.failed": mark("It did not take effect; the machine is as it was."),
    "machine.reverted": mark("It was not kept; the machine is as it was."),
    "maintenance.killed": mark("What recorded the session was ended from outside."),
    "maintenance.not_recorded": mark("The session could not be recorded, and was ended."),
    "maintenance.recording_changed": mark("The recording is another than the history tells of."),
    "maintenance.recording_missing": mark("The recording is gone, and nobody removed it for age."),
    "maintenance.restart": mark("The machine was started anew."),
    "maintenance.too_long": mark("The recording had become too long; the session was ended."),
}
"""How a run or a change of the machine ended that gave no error."""


def explain_code(language: str, code: str, parameters: Mapping[str, str] | None = None) -> str:
    """Return what an error of this code says in `language`; the code itself where it is unknown.

    Parameters that were not kept are left open: “…”.
    """
    sentence = _errors()[code].message if code in _errors() else ENDS.get(code)
    return code if sentence is None else _filled(language, sentence, parameters)


def explain_remedy(language: str, code: str, parameters: Mapping[str, str] | None = None) -> str:
    """Return what an error of this code advises in `language`; nothing where it is unknown."""
    return _filled(language, _errors()[code].hint, parameters) if code in _errors() else ""


def _filled(language: str, text: str, parameters: Mapping[str, str] | None) -> str:
    told = {name: translate(language, value) for name, value in (parameters or {}).items()}
    return translate(language, text).format_map(_Told(told))


class _Told(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "…"


@functools.cache
def _errors() -> dict[str, Any]:
    """Return code → class of every error that this process knows."""
    found: dict[str, Any] = {}
    waiting: list[type[Exception]] = [TenshuError, ApplianceError]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if "code" in vars(kind):
            found.setdefault(kind.code, kind)  # type: ignore[attr-defined]  # both roots
    return found
