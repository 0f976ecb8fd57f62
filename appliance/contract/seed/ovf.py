"""OVF properties, as a hypervisor hands them over (DMTF DSP0243, the OVF environment)."""

from typing import Any, Final
from xml.parsers import expat

from appliance.contract.configuration.reading import Unreadable
from appliance.contract.seed.problems import NotOvf

FILE: Final = "ovf-env.xml"
"""On the disk by which a hypervisor hands them over (transport `iso`)."""
PREFIX: Final = "tenshu."
LISTS: Final = ("dns", "ntp")
NAMESPACE: Final = "http://schemas.dmtf.org/ovf/environment/1"


class _Forbidden(Exception):
    """Something that may make a parser read more than it was given."""


def properties(raw: bytes) -> dict[str, Any]:
    """Return what properties say as the tree of a seed; empty ones say nothing.

    Raise Unreadable where it is no such environment.
    """
    found: dict[str, str] = {}

    def begins(element: str, attributes: dict[str, str]) -> None:
        key = attributes.get(f"{NAMESPACE} key", "")
        if element == f"{NAMESPACE} Property" and key.startswith(PREFIX):
            found[key.removeprefix(PREFIX)] = attributes.get(f"{NAMESPACE} value", "").strip()

    def refuse(*_: object) -> None:
        raise _Forbidden

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = begins
    parser.StartDoctypeDeclHandler = refuse  # and so there are no entities either
    try:
        parser.Parse(raw, True)
    except _Forbidden:
        reason = "A document type has no place in it"
        raise Unreadable((NotOvf(line=parser.CurrentLineNumber, reason=reason),)) from None
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise Unreadable((NotOvf(line=error.lineno, reason=reason),)) from None
    return {key: _value(key, value) for key, value in found.items() if value}


def _value(key: str, text: str) -> Any:  # noqa: ANN401 - as TOML would have it
    return text.replace(",", " ").split() if key in LISTS else text
