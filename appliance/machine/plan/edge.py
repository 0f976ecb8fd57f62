"""The edge: nginx's whole configuration, from the document and the facts.

What nginx decides stands in one file, so that a person can read it from top to bottom: who is
asking, from where, how much and how fast, and what of it a plane gets to know. It knows nothing of
the business; each plane looks again (`app.web.gate`).
"""

from collections.abc import Iterator
from typing import Final

from appliance.contract.configuration.document import Document
from appliance.machine.facts import Facts
from appliance.machine.plan.desired import Concern, File
from appliance.machine.plan.nginx import access, crossing, limits, logs, pages, planes, tls
from appliance.machine.plan.nginx.syntax import block

PATH: Final = "etc/nginx/nginx.conf"
PID: Final = "/run/nginx.pid"
SPOOL: Final = "/var/lib/nginx"


def files(document: Document, facts: Facts) -> Iterator[File]:
    """Yield nginx's configuration, and the pages that it answers with by itself."""
    yield File(path=PATH, content=configuration(document, facts), concern=Concern.EDGE)
    yield from pages.page_files()


def configuration(document: Document, facts: Facts) -> str:
    """Return the configuration as `nginx -t -c` reads it."""
    return "\n".join(
        [
            "# Written from appliance.toml. What is changed here by hand is found and replaced.",
            "",
            f"user {facts.edge.user};",
            "worker_processes auto;",
            f"worker_rlimit_nofile {limits.OPEN_FILES};",
            f"worker_shutdown_timeout {limits.DRAIN_SECONDS}s;",
            f'pid "{facts.edge.root}{PID}";',
            logs.own_log(facts),
            "",
            block("events", [f"worker_connections {limits.CONNECTIONS};"]),
            "",
            block("http", _http(document, facts)),
            "",
        ]
    )


def _http(document: Document, facts: Facts) -> Iterator[str]:
    yield from _part("Nothing of nginx itself is told", _quiet(facts))
    yield from _part("Who is asking", access.proxies(document))
    yield from _part("By which name, and from where", access.names(document, facts))
    yield from access.areas(document)
    yield from _part("How often", access.rates(document))
    yield from _part("How much", limits.sizes())
    yield from _part("How fast (METI-20)", limits.times(document))
    yield from _part("TLS", tls.tls())
    yield from _part("What is written down", logs.logs(facts))
    yield from _part("What the edge answers by itself", pages.tongue())
    yield from pages.error_pages()
    yield from _part("What a plane gets to know: its own cookies, and who asks", crossing.cookies())
    yield from crossing.headers(facts)
    yield from _part("On to the planes", limits.to_planes())
    for plane in planes.ports(facts):
        yield planes.upstream(plane, facts, limits.PLANE_IDLE_SECONDS)
    for plane in planes.ports(facts):
        yield ""
        yield planes.server(plane, document, facts)
    yield ""
    yield planes.told_generation(facts)
    if document.firewall.http_redirect:
        yield ""
        yield planes.redirect(document, facts)


def _part(title: str, lines: Iterator[str]) -> Iterator[str]:
    yield ""
    yield f"# {title}"
    yield from lines


def _quiet(facts: Facts) -> Iterator[str]:
    yield "server_tokens off;"
    yield "default_type application/octet-stream;"
    for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
        yield f'{kind}_temp_path "{facts.edge.root}{SPOOL}/{kind}";'
