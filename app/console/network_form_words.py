"""What the fields of the document's forms are called, and what can be chosen, in words."""

from typing import Final

from app.console.outgoing_pages import PURPOSES
from app.core.messages import mark

LABELS: Final = {
    "network.hostname": mark("Name of the machine"),
    "network.dns": mark("Name servers"),
    "network.search_domains": mark("Search domains"),
    "network.proxy.address": mark("Address of the proxy"),
    "network.proxy.exceptions": mark("Reached without it"),
    "name": mark("Name"),
    "zones": mark("What it is for"),
    "dhcp": mark("Get addresses by DHCP"),
    "addresses": mark("Addresses"),
    "gateways": mark("Default routers"),
    "routes": mark("Static routes"),
    "mtu": mark("Largest packet (MTU)"),
    "note": mark("Note"),
    "parent": mark("Lies on"),
    "tag": mark("VLAN tag"),
    "members": mark("Members"),
    "mode": mark("Mode"),
    "host": mark("Host"),
    "windows": mark("Windows domain controller"),
    "time.largest_step": mark("Largest step of the clock"),
    "upkeep.begins": mark("Begins at"),
    "upkeep.ends": mark("Ends at"),
    "upkeep.zone": mark("Time zone of the hours"),
    "ssh.port": mark("Port of SSH"),
    "purpose": mark("What for"),
    "port": mark("Port"),
    "protocol": mark("Protocol"),
    "firewall.http_redirect": mark("Lead port 80 to HTTPS"),
    "firewall.smtp": mark("Take mail on port 25"),
    "firewall.ping": mark("Answer to ping"),
    "firewall.connections_per_source": mark("Connections of one address"),
    "firewall.new_connections_per_minute": mark("New connections of one address in a minute"),
    "firewall.ban_minutes": mark("Minutes of a ban"),
    "firewall.never_banned": mark("Never banned"),
    "access.trusted_proxies": mark("Trusted proxies"),
    "edge.names": mark("Host names of the appliance"),
    "edge.header_seconds": mark("Seconds for the head of a request"),
    "edge.body_seconds": mark("Seconds between pieces of a request"),
    "edge.answer_seconds": mark("Seconds for an answer to be taken"),
    "edge.idle_seconds": mark("Seconds without a request"),
    "edge.upload_mebibytes": mark("Largest file in MiB"),
    "edge.requests_per_second": mark("Requests of one address in a second"),
}
"""By place, or by the key alone where it is one of an entry's."""
CHOICES: Final = {
    "service": mark("Service"),
    "management": mark("Management"),
    "backup": mark("Backup"),
    "active-backup": mark("active-backup: one cable works, the others stand by"),
    "802.3ad": mark("802.3ad (LACP): all cables work"),
    "tcp": "TCP",
    "udp": "UDP",
}


def label_of(place: str) -> str:
    """Return what the field at a place is called."""
    return LABELS.get(place) or LABELS[place.rpartition(".")[2]]


def choice_of(key: str, value: str) -> str:
    """Return a choice in words."""
    return PURPOSES[value] if key == "purpose" else CHOICES.get(value, value)
