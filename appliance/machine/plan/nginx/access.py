"""Who is asking, and whether they may: trusted proxies, lists of each area, names, rates."""

from collections.abc import Iterator
from typing import Final

from appliance.contract.configuration.access import Area
from appliance.contract.configuration.addresses import AnyNetwork, network
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.reaching import ALL, networks_of
from appliance.machine.facts import Facts
from appliance.machine.plan.addresses import joined
from appliance.machine.plan.nginx.syntax import block, quoted, table

AREAS: Final = (Area.CONSOLE, Area.WORKSPACE, Area.API)
"""What has pages of its own; portal and kiosk join when they do."""
THIS_MACHINE: Final = ("127.0.0.1", "::1")
"""Always reaches its own planes: health checks, and the screen of the machine."""
TOO_MANY: Final = 429
BURST_SECONDS: Final = 2
"""A page and all that belongs to it come at once."""
COUNTED: Final = "10m"
"""Memory for the sources that are counted: some 80,000 at once, the longest unseen leaves first."""


def proxies(document: Document) -> Iterator[str]:
    """Yield whose X-Forwarded-For is believed: of nobody, unless somebody is named."""
    for one in joined(map(_network, document.access.trusted_proxies)):
        yield f"set_real_ip_from {one};"
    yield "real_ip_header X-Forwarded-For;"
    yield "real_ip_recursive on;"
    # an address that was not believed is noted as a claim
    yield table(
        '"$remote_addr $realip_remote_addr"',
        "$claimed",
        [("default", '""'), (r'"~^(\S+) \1$"', "$http_x_forwarded_for")],
    )


def areas(document: Document) -> Iterator[str]:
    """Yield for each area a variable that is 1 for those who reach it."""
    for area in AREAS:
        yield block(f"geo $reaches_{area.value}", _reached_from(document, area))


def _reached_from(document: Document, area: Area) -> Iterator[str]:
    networks = networks_of(document, area)
    if networks == ALL:
        yield "default 1;"
        return
    yield "default 0;"
    for one in joined((*map(_network, THIS_MACHINE), *networks)):
        yield f"{one} 1;"


def _network(text: str) -> AnyNetwork:
    found = network(text)
    if found is None:
        msg = f"{text} is no network: the document was not checked"
        raise ValueError(msg)
    return found


def names(document: Document, facts: Facts) -> Iterator[str]:
    """Yield a variable that is 1 for names of this machine, and for the address that was called.

    What a plane is told is the header `Host`; `$host` may come from the line of the request instead
    (RFC 9112, 3.2.2). So both have to be the same.
    """
    hostname = document.network.hostname
    whole = [f"{hostname}.{domain}" for domain in document.network.search_domains if hostname]
    every = ["localhost", *document.edge.names, *facts.edge.names, hostname, *whole]
    known = sorted({_in_a_host_header(one.lower()) for one in every if one})
    yield table("$host", "$listed", [("default", "0"), *((quoted(one), "1") for one in known)])
    same = r'"~*^(\S+) \1(?::[0-9]+)?$"'
    yield table('"$host $http_host"', "$named", [("default", "0"), (same, "$listed")])
    # whoever calls by address calls the one where the connection arrived
    called = r'"~*^(\[?([0-9a-f.:]+)\]?) \2 \1(?::[0-9]+)?$"'
    three = '"$host $server_addr $http_host"'
    yield table(three, "$known", [("default", "$named"), (called, "1")])


def _in_a_host_header(name: str) -> str:
    return f"[{name}]" if ":" in name and not name.startswith("[") else name


def rates(document: Document) -> Iterator[str]:
    """Yield what one source may do: requests in a second, requests and connections at once.

    Of IPv6 a source is a /64, which one subscriber holds whole.
    """
    yield table(
        "$remote_addr",
        "$source",
        [
            ("default", "$remote_addr"),
            (r'"~^((?:[0-9a-f]+:){3}[0-9a-f]+):"', "$1"),
            (r'"~^((?:[0-9a-f]+:){1,3}):"', "$1"),
        ],
    )
    per_second = document.edge.requests_per_second
    yield f"limit_req_zone $source zone=requests:{COUNTED} rate={per_second}r/s;"
    yield f"limit_req zone=requests burst={BURST_SECONDS * per_second} nodelay;"
    yield f"limit_req_status {TOO_MANY};"
    yield f"limit_conn_zone $source zone=connections:{COUNTED};"
    yield f"limit_conn connections {document.firewall.connections_per_source};"
    yield f"limit_conn_status {TOO_MANY};"
