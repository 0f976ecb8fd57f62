"""A proxy that looks into TLS, as companies have them: it ends each connection and opens its own.

What it shows instead of the server's certificate is signed by the company's root.
"""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator

from tests.integration.authority import Authority


@contextlib.contextmanager
def inspecting(company: Authority, port: int, upstream: Authority) -> Iterator[int]:
    """Stand before a TLS server on loopback; yield the port that is reached instead of its own."""
    shown = company.issue("inspected", "127.0.0.1")
    taking = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    taking.load_cert_chain(shown.certificate, shown.key)
    giving = ssl.create_default_context(cadata=upstream.pem)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    _pass_on(listening.accept()[0], taking, giving, port)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
    thread.join()


def _pass_on(
    accepted: socket.socket, taking: ssl.SSLContext, giving: ssl.SSLContext, port: int
) -> None:
    """Read a client to its end, tell the server all of it, and close as the server does."""
    with (
        accepted,
        contextlib.suppress(OSError),
        taking.wrap_socket(accepted, server_side=True) as client,
    ):
        plain = socket.create_connection(("127.0.0.1", port), 5)
        with plain, giving.wrap_socket(plain, server_hostname="127.0.0.1") as server:
            while got := client.recv(65_536):
                server.sendall(got)
            rest = server.unwrap()
            rest.shutdown(socket.SHUT_WR)
            while rest.recv(65_536):
                pass
        client.unwrap()
