"""By which names and addresses people reach this copy, and which ones its authority may certify."""

import contextlib
import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import Final

from cryptography import x509

from app.core.messages import mark
from app.core.settings import InvalidSetting, Settings

PRIVATE_NAMES: Final = ("localhost", "local", "internal", "home.arpa", "test", "lan")
"""Names that never mean a machine on the public internet (RFC 6761, 6762, 8375; ICANN 2024)."""
PRIVATE_NETWORKS: Final = (
    "127.0.0.0/8",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "::1/128",
    "fc00::/7",
    "fe80::/10",
)

LONGEST_COMMON_NAME: Final = 64

_LABEL: Final = r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?"
HOST_NAME: Final = re.compile(rf"(\*\.)?{_LABEL}(\.{_LABEL})*")
"""Letters, digits, hyphens (RFC 1123); underscores exist in company networks; one wildcard."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Names:
    """By what people reach the planes."""

    hosts: tuple[str, ...]
    addresses: tuple[Address, ...]

    def alternatives(self) -> list[x509.GeneralName]:
        """Return them as a certificate lists them (RFC 5280, 4.2.1.6)."""
        return [
            *(x509.DNSName(host) for host in self.hosts),
            *(x509.IPAddress(address) for address in self.addresses),
        ]

    def common(self) -> str:
        """Return the one that stands in the certificate's subject too (X.520: 64 characters)."""
        fitting = (host for host in self.hosts if len(host) <= LONGEST_COMMON_NAME)
        return next((host for host in fitting if host != "localhost"), "localhost")

    def permitted(self) -> list[x509.GeneralName]:
        """Return what the authority is held to: private by definition, or one of these."""
        networks = [ipaddress.ip_network(text) for text in PRIVATE_NETWORKS]
        beyond = [
            ipaddress.ip_network(address)
            for address in self.addresses
            if not any(address in network for network in networks)
        ]
        hosts = (
            *PRIVATE_NAMES,
            *(host.removeprefix("*.") for host in self.hosts if not _is_private(host)),
        )
        return [
            *(x509.DNSName(host) for host in hosts),
            *(x509.IPAddress(network) for network in (*networks, *beyond)),
        ]


def names_of(settings: Settings, machine: str | None = None) -> Names:
    """Return every name and address that the certificate should stand for.

    Raise InvalidSetting if a name of TENSHU_HOST_NAMES is none (RFC 1123, RFC 5890).
    """
    hosts, addresses = {"localhost"}, {"127.0.0.1", "::1"}
    with contextlib.suppress(UnicodeError):  # a machine may call itself anything
        hosts.add(_encoded(machine or socket.gethostname()))
    for name in (settings.address, *settings.host_names):
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            hosts.add(_host(name))
            continue
        if not address.is_unspecified:
            addresses.add(str(address))
    return Names(
        tuple(sorted(hosts)), tuple(ipaddress.ip_address(text) for text in sorted(addresses))
    )


def _host(name: str) -> str:
    try:
        return _encoded(name)
    except UnicodeError as error:
        raise InvalidSetting(
            variable="TENSHU_HOST_NAMES", value=name, reason=mark("this is no host name")
        ) from error


def _encoded(name: str) -> str:
    host = name.rstrip(".").lower().encode("idna").decode()
    if not HOST_NAME.fullmatch(host):
        raise UnicodeError(host)
    return host


def _is_private(host: str) -> bool:
    return any(host == name or host.endswith("." + name) for name in PRIVATE_NAMES)
