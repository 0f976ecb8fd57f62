"""By which names and addresses people reach this copy, and which ones its authority may certify."""

import ipaddress
import socket
from dataclasses import dataclass
from typing import Final

from cryptography import x509

from app.core.settings import Settings

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

    def permitted(self) -> list[x509.GeneralName]:
        """Return what the authority is held to: private by definition, or one of these."""
        networks = [ipaddress.ip_network(text) for text in PRIVATE_NETWORKS]
        beyond = [
            ipaddress.ip_network(address)
            for address in self.addresses
            if not any(address in network for network in networks)
        ]
        hosts = (*PRIVATE_NAMES, *(host for host in self.hosts if not _is_private(host)))
        return [
            *(x509.DNSName(host) for host in hosts),
            *(x509.IPAddress(network) for network in (*networks, *beyond)),
        ]


def names_of(settings: Settings, machine: str | None = None) -> Names:
    """Return every name and address that the certificate should stand for."""
    hosts, addresses = {"localhost"}, {"127.0.0.1", "::1"}
    for name in (machine or socket.gethostname(), settings.address, *settings.host_names):
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            hosts.add(name.rstrip(".").lower().encode("idna").decode())
            continue
        if not address.is_unspecified:
            addresses.add(str(address))
    return Names(
        tuple(sorted(hosts)), tuple(ipaddress.ip_address(text) for text in sorted(addresses))
    )


def _is_private(host: str) -> bool:
    return any(host == name or host.endswith("." + name) for name in PRIVATE_NAMES)
