"""A plane as nginx serves it: console and workspace, and the way from HTTP to HTTPS."""

from collections.abc import Iterator
from typing import Final

from appliance.contract.configuration.access import Area
from appliance.contract.configuration.document import Document
from appliance.contract.edge import UPLOAD_PATH
from appliance.machine.facts import Facts
from appliance.machine.plan.nginx.pages import error_pages, page_locations
from appliance.machine.plan.nginx.syntax import block
from appliance.machine.plan.nginx.tls import certificate, transport_security

HTTP2_BY_ITSELF: Final = (1, 25)
"""Version of nginx since which HTTP/2 is a directive."""
KEPT: Final = 32
"""Connections to a plane that wait for the next request."""
HTTPS_PORT: Final = 443
PROOFS: Final = "var/lib/tenshu-acme"
"""Where proofs for an authority lie for a moment, below the machine's root."""
GENERATION_SOCKET: Final = "edge.sock"


def ports(facts: Facts) -> dict[str, int]:
    """Return the port of each plane."""
    return {"console": facts.console_port, "workspace": facts.workspace_port}


def upstream(plane: str, facts: Facts, idle_seconds: int) -> str:
    """Return a plane's socket. There is one: it is asked again even when it has just failed."""
    return block(
        f"upstream {plane}",
        [
            f'server "unix:{facts.run}/{plane}.sock" max_fails=0;',
            f"keepalive {KEPT};",
            f"keepalive_timeout {idle_seconds}s;",
        ],
    )


def server(plane: str, document: Document, facts: Facts) -> str:
    """Return a plane's server."""
    area = Area(plane)
    strict = tuple(transport_security(document, facts))
    upload = [f"client_max_body_size {document.edge.upload_mebibytes}m;"]
    lines = [
        *_listen(ports(facts)[plane], facts),
        "",
        *certificate(document, facts, plane),
        "",
        f"set $plane {plane};",
        *strict,
        "",
        *page_locations(facts, strict),
        _location("/", plane, (area,)),
        _location("/api/", plane, (area, Area.API), [*error_pages("json")]),
        _location(f"= {UPLOAD_PATH}", plane, (area,), upload),
    ]
    return block("server", lines)


def _listen(port: int, facts: Facts) -> Iterator[str]:
    apart = facts.edge.version >= HTTP2_BY_ITSELF
    for address in facts.edge.addresses:
        place, only_six = (f"[{address}]", " ipv6only=on") if ":" in address else (address, "")
        yield f"listen {place}:{port} ssl{'' if apart else ' http2'}{only_six} default_server;"
    if apart:
        yield "http2 on;"


def _location(path: str, plane: str, areas: tuple[Area, ...], more: list[str] | None = None) -> str:
    return block(
        f"location {path}",
        [
            *(more or []),
            "if ($known = 0) { return 421; }",
            *(f"if ($reaches_{area.value} = 0) {{ return 403; }}" for area in areas),
            f"proxy_pass http://{plane};",
        ],
    )


def redirect(document: Document, facts: Facts) -> str:
    """Return port 80: the way to the workspace over HTTPS, and proofs for an authority (RFC 8555).

    Proofs are asked for by any name: who asks has a name of ours, and a word that nobody guesses.
    """
    port = "" if facts.workspace_port == HTTPS_PORT else f":{facts.workspace_port}"
    lines = []
    for address in facts.edge.addresses:
        place, only_six = (f"[{address}]", " ipv6only=on") if ":" in address else (address, "")
        lines.append(f"listen {place}:{facts.redirect_port}{only_six} default_server;")
    return block(
        "server",
        [
            *lines,
            "set $plane redirect;",
            *([_proofs(facts)] if document.certificates.acme.directory else []),
            block(
                "location /",
                [
                    "if ($known = 0) { return 421; }",
                    f"return 301 https://$host{port}$request_uri;",
                ],
            ),
        ],
    )


def _proofs(facts: Facts) -> str:
    return block(
        "location ^~ /.well-known/acme-challenge/",
        [f'alias "{facts.edge.root}/{PROOFS}/";', "default_type application/octet-stream;"],
    )


def told_generation(facts: Facts) -> str:
    """Return the socket on which the edge tells this machine by which version it serves.

    Whoever connects is served by what was read last, so the number says whether a reload is over.
    """
    return block(
        "server",
        [
            f'listen "unix:{facts.run}/{GENERATION_SOCKET}";',
            "access_log off;",
            "default_type text/plain;",
            f"location = /generation {{ return 200 {facts.generation}; }}",
            "location / { return 404; }",
        ],
    )
