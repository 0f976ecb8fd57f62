"""How large and how slow a request may be: every limit of the edge (METI-20).

Slow headers are cut by `client_header_timeout`, which counts from their first byte to their last;
over HTTP/2 it may come to twice that, so no document allows more than half of the 30 seconds.
Slow bodies are cut by the plane: nginx hands each piece on at once and times only the pause between
two, the plane's gate times the whole (`app.web.connections`).
"""

from collections.abc import Iterator
from typing import Final

from appliance.contract.configuration.document import Document
from appliance.contract.edge import BODY_BYTES

CONNECTIONS: Final = 4096
"""Connections of each process of the edge, those to the planes among them."""
OPEN_FILES: Final = 2 * CONNECTIONS
HEADER_BUFFERS: Final = (4, "8k")
"""A head has 32 KiB at most, and a line of it 8."""
STREAMS: Final = 64
"""Requests at once on one connection of HTTP/2."""
LINGERING_SECONDS: Final = 5
"""What is still on its way of a refused request is read, so that its sender sees the answer."""
CONNECT_SECONDS: Final = 5
"""For a plane to take a connection."""
PLANE_SECONDS: Final = 120
"""How long a plane may say nothing while it works on an answer."""
PLANE_IDLE_SECONDS: Final = 10
"""Connections to a plane wait shorter than the plane keeps them: else a request meets its end."""
IGNORED: Final = (
    "X-Accel-Redirect",
    "X-Accel-Limit-Rate",
    "X-Accel-Buffering",
    "X-Accel-Charset",
)
"""Orders to nginx: no answer of a plane gives any."""
DRAIN_SECONDS: Final = 3600
"""How long connections of an older configuration may finish what they are at."""


def sizes() -> Iterator[str]:
    """Yield how large a request may be."""
    yield f"client_max_body_size {BODY_BYTES};"
    yield "client_body_buffer_size 64k;"
    yield "client_header_buffer_size 4k;"
    yield "large_client_header_buffers {} {};".format(*HEADER_BUFFERS)
    yield f"http2_max_concurrent_streams {STREAMS};"


def times(document: Document) -> Iterator[str]:
    """Yield how long each part of a request may take."""
    edge = document.edge
    yield f"client_header_timeout {edge.header_seconds}s;"
    yield f"client_body_timeout {edge.body_seconds}s;"
    yield f"send_timeout {edge.answer_seconds}s;"
    yield f"keepalive_timeout {edge.idle_seconds}s;"
    yield f"lingering_time {LINGERING_SECONDS}s;"
    yield f"lingering_timeout {LINGERING_SECONDS}s;"
    yield "reset_timedout_connection on;"


def to_planes() -> Iterator[str]:
    """Yield how requests go on to the planes, and answers come back."""
    yield "proxy_http_version 1.1;"
    # a body that is kept here until it is whole would have no limit of time but its pauses
    yield "proxy_request_buffering off;"
    # an answer waits in memory for who takes it, never on a disk: it may hold what is secret
    yield "proxy_buffers 8 16k;"
    yield "proxy_buffer_size 16k;"
    yield "proxy_max_temp_file_size 0;"
    yield f"proxy_connect_timeout {CONNECT_SECONDS}s;"
    yield f"proxy_send_timeout {PLANE_SECONDS}s;"
    yield f"proxy_read_timeout {PLANE_SECONDS}s;"
    yield "proxy_next_upstream off;"
    yield "proxy_redirect off;"
    yield f"proxy_ignore_headers {' '.join(IGNORED)};"
    # whether browsers keep to HTTPS is for the document to say
    yield "proxy_hide_header Strict-Transport-Security;"
    yield "proxy_pass_header Server;"
