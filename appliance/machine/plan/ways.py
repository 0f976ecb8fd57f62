"""The ways out of the machine: each with what it is for, who may take it, and a mark to count by.

Taken from what is configured: the functions of the appliance, the document, and what the machine
itself has mounted or been told. Nobody writes a list of open ports beside that.
"""

import hashlib
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from appliance.contract.configuration.document import Document
from appliance.contract.configuration.firewall import Purpose
from appliance.contract.configuration.outgoing import Origin, Way
from appliance.machine.facts import Facts
from appliance.machine.plan.proxy import goes_by_proxy

SERVICE: Final = ("tenshu-workspace", "tenshu-console")
"""The worker sends; the console tries at once what somebody has just set up."""
USERS: Final = {
    Purpose.MAIL: SERVICE,
    Purpose.SYSLOG: SERVICE,
    Purpose.BACKUP: ("root",),
    Purpose.UPDATES: ("tenshu-updates", "root"),
    Purpose.WEBHOOK: ("tenshu-workspace",),
    Purpose.DIRECTORY: SERVICE,
    Purpose.CERTIFICATES: ("root",),
}
"""Whose processes do it. A user that this machine does not have is left out."""
BY_KERNEL: Final = frozenset({Purpose.BACKUP.value})
"""A mounted share is reached by the kernel itself, whose packets belong to no user."""
TIME_USERS: Final = ("_chrony",)
PROXY_USERS: Final = ("tenshu-workspace", "tenshu-console", "tenshu-updates", "root")
PORTS: Final = {"http": 80, "https": 443}


def ways(document: Document, facts: Facts) -> tuple[Way, ...]:
    """Return all ways, each once."""
    every = (*_names(document, facts), *_time(document), *_leases(document), *_proxy(document))
    every += _authority(document)
    every += tuple(
        _way("keys", *one, "tcp", Origin.settings, ("root",)) for one in facts.key_servers
    )
    every += (*_functions(facts), *_written(document), *_mounted(facts))
    return tuple({mark(one): one for one in reversed(every)}.values())[::-1]


def mark(way: Way) -> int:
    """Return the number that connections of a way carry: it stays the same over every apply."""
    told = f"{way.purpose} {way.host} {way.port} {way.protocol}".encode()
    return int.from_bytes(hashlib.sha256(told).digest()[:4], "big") | 1


def _names(document: Document, facts: Facts) -> Iterator[Way]:
    origin = Origin.document if document.network.dns else Origin.machine
    for host in document.network.dns or facts.name_servers:
        yield _way("dns", host, 53, "both", origin)


def _time(document: Document) -> Iterator[Way]:
    for source in document.time.servers:
        yield _way("time", source.host, 123, "udp", Origin.document, TIME_USERS)


def _leases(document: Document) -> Iterator[Way]:
    interfaces = document.network.interfaces
    if not interfaces or any(one.dhcp for one in interfaces):
        yield _way("dhcp", "", 67, "udp", Origin.document if interfaces else Origin.machine)


def _proxy(document: Document) -> Iterator[Way]:
    if document.network.proxy.address:
        parts = urlsplit(document.network.proxy.address)
        port = parts.port or PORTS[parts.scheme]
        yield _way("proxy", parts.hostname or "", port, "tcp", Origin.document, PROXY_USERS)


def _authority(document: Document) -> tuple[Way, ...]:
    """Return the way to where a certificate is fetched, unless a proxy goes it."""
    parts = urlsplit(document.certificates.acme.directory)
    host, port = parts.hostname or "", parts.port or PORTS["https"]
    if not host or goes_by_proxy(document, host):
        return ()
    users = USERS[Purpose.CERTIFICATES]
    return (_way(Purpose.CERTIFICATES, host, port, "tcp", Origin.document, users),)


def _functions(facts: Facts) -> Iterator[Way]:
    for one in facts.needed:
        users = USERS[one.purpose]
        yield _way(one.purpose, one.host, one.port, one.protocol, Origin.settings, users)


def _written(document: Document) -> Iterator[Way]:
    for one in document.firewall.out:
        users = USERS[one.purpose]
        yield _way(one.purpose, one.host, one.port, one.protocol, Origin.document, users)


def _mounted(facts: Facts) -> Iterator[Way]:
    for share in facts.shares:
        users = USERS[Purpose.BACKUP]
        yield _way(Purpose.BACKUP, share.host, share.port, "tcp", Origin.machine, users)


def _way(
    purpose: str, host: str, port: int, protocol: str, origin: Origin, users: tuple[str, ...] = ()
) -> Way:
    return Way(
        purpose=str(purpose),
        host=host,
        port=port,
        protocol=str(protocol),
        users=users,
        origin=origin,
    )
