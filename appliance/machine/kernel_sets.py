"""What the packet filter counts by itself, as the kernel has it at this moment."""

import json
import tempfile
from collections.abc import Iterable
from typing import Any

import msgspec

from appliance.contract.configuration.errors import ProgramRefused
from appliance.machine.plan.firewall import TABLE
from appliance.machine.programs import ask


class Counter(msgspec.Struct, frozen=True, kw_only=True):
    """A named counter."""

    name: str
    packets: int
    bytes: int


class Element(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a set: what is counted under which key, and when it leaves."""

    key: tuple[str, ...]
    packets: int = 0
    bytes: int = 0
    left: int = 0
    """Seconds."""


def counters() -> tuple[Counter, ...]:
    """Return all named counters; none where there are no rules."""
    return tuple(
        Counter(name=one["name"], packets=one["packets"], bytes=one["bytes"])
        for one in _listed("counter", "counters", "table", "inet", TABLE)
    )


def elements_of(name: str) -> tuple[Element, ...]:
    """Return the entries of a set; none where it is not there."""
    found = _listed("set", "set", "inet", TABLE, name)
    return tuple(_element(one["elem"]) for listed in found for one in listed.get("elem", ()))


def load(text: str) -> None:
    """Let the kernel take rules or elements, all of them or none. Raise ProgramRefused."""
    with tempfile.NamedTemporaryFile("w", prefix="tenshu-", suffix=".nft") as file:
        file.write(text)
        file.flush()
        ask("nft", "--file", file.name)


def adding(name: str, elements: Iterable[Element], longest: int) -> str:
    """Return the line that puts elements into a set again, with what they have counted.

    None of them stays longer than `longest` seconds.
    """
    told = (
        f"{' . '.join(one.key)} counter packets {one.packets} bytes {one.bytes} "
        f"timeout {longest}s expires {max(1, min(one.left, longest))}s"
        for one in elements
    )
    return f"add element inet {TABLE} {name} {{ {', '.join(told)} }}"


def _listed(kind: str, *what: str) -> list[dict[str, Any]]:
    try:
        listed = json.loads(ask("nft", "--json", "list", *what))
    except ProgramRefused:
        return []
    return [one[kind] for one in listed["nftables"] if kind in one]


def _element(told: dict[str, Any]) -> Element:
    value, counted = told["val"], told.get("counter", {})
    key = value["concat"] if isinstance(value, dict) else [value]
    return Element(
        key=tuple(map(str, key)),
        packets=counted.get("packets", 0),
        bytes=counted.get("bytes", 0),
        left=told.get("expires", 0),
    )
