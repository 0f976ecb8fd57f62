"""What the edge writes down: a line of JSON a request, without queries, cookies and tokens."""

import json
from collections.abc import Iterator
from typing import Final

from appliance.machine.facts import Facts
from appliance.machine.plan.nginx.syntax import table

FOLDER: Final = "/var/log/tenshu-edge"
FIELDS: Final = {
    "time": "$time_iso8601",
    "client": "$remote_addr",
    "peer": "$realip_remote_addr",
    "plane": "$plane",
    "host": "$host",
    "method": "$request_method",
    "path": "$path_alone",
    "protocol": "$server_protocol",
    "tls": "$ssl_protocol",
    "certificate": "$ssl_client_serial",
    "status": "$status",
    "bytes_in": "$request_length",
    "bytes_out": "$bytes_sent",
    "seconds": "$request_time",
    "plane_seconds": "$upstream_response_time",
}
"""Texts, all of them: what nginx does not know is empty, and an empty number would be no JSON."""


def logs(facts: Facts) -> Iterator[str]:
    """Yield the form of a line, and where the lines go."""
    yield table(
        "$request_uri",
        "$path_alone",
        [
            ("default", '""'),
            ('"~^/invitation/"', '"/invitation/"'),  # what follows lets its holder in
            (r'"~^([^?]*)"', "$1"),
        ],
    )
    yield f"log_format line escape=json '{json.dumps(FIELDS)}';"
    yield f'access_log "{facts.edge.root}{FOLDER}/access.log" line;'


def own_log(facts: Facts) -> str:
    """Return where nginx tells of itself.

    Only of what ends it: lesser messages quote the line of a request, its query among it. What a
    plane does not answer stands in the lines of the requests.
    """
    return f'error_log "{facts.edge.root}{FOLDER}/error.log" alert;'
