"""From a file or OVF properties to a seed, and from a seed to the machine's first document."""

import ipaddress
import re
from collections.abc import Callable, Collection, Iterator
from typing import Any, Final

import msgspec

from appliance.contract.configuration.checking import problems
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.fitting import misfits
from appliance.contract.configuration.network import Interface, Zone
from appliance.contract.configuration.problems import ConfigurationProblem, NewerFormat
from appliance.contract.configuration.reading import Unreadable, parse
from appliance.contract.configuration.services import TimeSource
from appliance.contract.configuration.shape import shape_of
from appliance.contract.errors import ApplianceError
from appliance.contract.seed.form import DHCP, FORMAT, Seed
from appliance.contract.seed.problems import NoInterface, NotAnAddress, NotText, SaidTwice

_SEED: Final = shape_of(Seed)
SOME_INTERFACE: Final = "enp1s0"
"""Stands for the machine's own where a seed is looked at elsewhere."""
AS_WRITTEN: Final = (
    (re.compile(r"network\.interfaces\[0\]\.addresses\[0\]"), "address"),
    (re.compile(r"network\.interfaces\[0\]\.gateways\[0\]"), "gateway"),
    (re.compile(r"network\.interfaces\[0\]\.name"), "interface"),
    (re.compile(r"network\.interfaces.*"), "address"),
    (re.compile(r"network\.hostname|edge\.names.*"), "hostname"),
    (re.compile(r"network\.dns(.*)"), r"dns\1"),
    (re.compile(r"time\.servers(\[\d+\]).*"), r"ntp\1"),
)
"""Places of the document, and the plain keys that they come from."""


def read_text(raw: bytes, place: str) -> str:
    """Return the text of a file. Raise Unreadable where it is none."""
    try:
        return raw.decode("utf-8-sig")  # Windows' editor writes a mark before it
    except UnicodeDecodeError:
        raise Unreadable((NotText(place=place),)) from None


def read_seed(text: str) -> Seed:
    """Return the seed of a TOML text. Raise Unreadable with everything that is wrong."""
    return fitting(parse(text), "")


def fitting(raw: dict[str, Any], place: str) -> Seed:
    """Return the seed of a tree of values. Raise Unreadable with everything that is wrong."""
    form = raw.get("format")
    if type(form) is int and form > FORMAT:
        raise Unreadable((NewerFormat(value=form, known=FORMAT),))
    wrong = tuple(misfits(raw, _SEED, place))
    if wrong:
        raise Unreadable(wrong)
    return msgspec.convert(raw, Seed)


Check = Callable[[Document], tuple[ApplianceError, ...]]


def document_of(seed: Seed, cables: Collection[str] | None, check: Check | None = None) -> Document:
    """Return the document that a seed comes to, on a machine with these interfaces.

    `check` says what is wrong with it there. Raise Unreadable with everything that is wrong.
    """
    twice = tuple(_said_twice(seed))
    if twice:
        raise Unreadable(twice)
    plain = _says_network(seed) and not seed.appliance.network.interfaces
    document = _joined(seed, (_interface(seed, cables),) if plain else ())
    wrong = check(document) if check else problems(document, cables)
    if wrong:
        raise Unreadable(tuple(_as_written(one, seed, plain) for one in wrong))
    return document


def _says_network(seed: Seed) -> bool:
    """Tell whether plain keys say something of the network: else every cable asks by DHCP."""
    named = seed.hostname or seed.gateway or seed.interface or seed.dns
    return bool(named) or seed.address != DHCP


def _said_twice(seed: Seed) -> Iterator[ConfigurationProblem]:
    network, time = seed.appliance.network, seed.appliance.time
    for key in ("address", "gateway", "interface"):
        said = getattr(seed, key) not in ("", DHCP)
        if said and (network.interfaces or network.bonds or network.vlans):
            yield SaidTwice(place=key, other="appliance.network")
    for key, other in (("hostname", network.hostname), ("dns", network.dns)):
        if getattr(seed, key) and other:
            yield SaidTwice(place=key, other=f"appliance.network.{key}")
    if seed.ntp and time.servers:
        yield SaidTwice(place="ntp", other="appliance.time.servers")


def _interface(seed: Seed, cables: Collection[str] | None) -> Interface:
    name = seed.interface
    if not name and cables is not None:
        if not cables:
            raise Unreadable((NoInterface(place="address"),))
        name = min(cables, key=_by_number)
    dhcp = seed.address == DHCP
    if not dhcp:
        _require_address(seed.address)
    return Interface(
        name=name or SOME_INTERFACE,
        zones=(Zone.SERVICE, Zone.MANAGEMENT),
        dhcp=dhcp,
        addresses=() if dhcp else (seed.address,),
        gateways=(seed.gateway,) if seed.gateway else (),
    )


def _by_number(name: str) -> list[tuple[int, str]]:
    """Return what sorts `ens9` before `ens10`."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]


def _require_address(text: str) -> None:
    try:
        ipaddress.ip_interface(text)
    except ValueError:
        raise Unreadable((NotAnAddress(place="address", value=text),)) from None


def _joined(seed: Seed, interfaces: tuple[Interface, ...]) -> Document:
    said = seed.appliance
    network = msgspec.structs.replace(
        said.network,
        hostname=seed.hostname.partition(".")[0] or said.network.hostname,
        dns=seed.dns or said.network.dns,
        interfaces=interfaces or said.network.interfaces,
    )
    time = said.time
    if seed.ntp:
        servers = tuple(TimeSource(host=host) for host in seed.ntp)
        time = msgspec.structs.replace(time, servers=servers)
    edge = said.edge
    if "." in seed.hostname and seed.hostname not in edge.names:
        edge = msgspec.structs.replace(edge, names=(seed.hostname, *edge.names))
    return msgspec.structs.replace(said, network=network, time=time, edge=edge)


def _as_written(error: ApplianceError, seed: Seed, plain: bool) -> ConfigurationProblem:
    """Return a problem of the document with the place that the seed has for it."""
    place = str(error.parameters.get("place", ""))
    for pattern, key in AS_WRITTEN:
        found = pattern.fullmatch(place)
        written = found.expand(key) if found else ""
        if written and (plain or getattr(seed, written.partition("[")[0]) not in ("", (), DHCP)):
            return _at(error, written)
    return _at(error, f"appliance.{place}")


def _at(error: ApplianceError, place: str) -> ConfigurationProblem:
    made = type(error)(**{**error.parameters, "place": place})
    assert isinstance(made, ConfigurationProblem)  # noqa: S101 - a document has no others
    return made


def line_of(text: str, place: str) -> int:
    """Return the line on which a place of a text is written; 0 where none can be named."""
    wanted = re.sub(r"\[\d+\]", "", place)
    while wanted:
        found = _lines(text).get(wanted, 0)
        if found:
            return found
        wanted = wanted.rpartition(".")[0]
    return 0


def _lines(text: str) -> dict[str, int]:
    """Return the line of each key and table that begins one, by its path without numbers."""
    found: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.split("\n"), 1):
        head = re.match(r"\s*\[\[?\s*([A-Za-z0-9_.-]+)\s*\]\]?", line)
        key = re.match(r"\s*([A-Za-z0-9_.-]+)\s*=", line)
        if head:
            table = head[1]
            found.setdefault(table, number)
        elif key:
            found.setdefault(f"{table}.{key[1]}" if table else key[1], number)
    return found
