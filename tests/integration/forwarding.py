"""A forward proxy as companies have them: CONNECT, with a sign-in, to the names that it knows."""

import base64
import contextlib
import selectors
import socket
import threading
from collections.abc import Callable, Iterator, Mapping

Address = tuple[str, int]
Connect = Callable[[Address], socket.socket]


@contextlib.contextmanager
def forwarding(
    listening: socket.socket, known: Mapping[str, Address], sign_in: str, connect: Connect
) -> Iterator[list[tuple[str, int]]]:
    """Serve; yield what was asked for (`name:port`) and what it was answered.

    `known` says where a name and port lead, `connect` opens a connection there.
    """
    wanted = b"proxy-authorization: basic " + base64.b64encode(sign_in.encode()).lower()
    asked: list[tuple[str, int]] = []

    def serve(client: socket.socket) -> None:
        head = _head_of(client)
        method, _, rest = head.partition(b"\r\n")[0].decode().partition(" ")
        name = rest.partition(" ")[0]
        status = 200
        if wanted not in head.lower().split(b"\r\n"):
            status = 407
        elif method != "CONNECT" or name not in known:
            status = 403
        asked.append((name, status))
        client.sendall(f"HTTP/1.1 {status} Told\r\n".encode())
        if status != 200:
            client.sendall(b"Content-Length: 0\r\nConnection: close\r\n\r\n")
            return
        client.sendall(b"\r\n")
        with connect(known[name]) as server:
            _pass_on(client, server)

    def each(client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            serve(client)

    def listen() -> None:
        with contextlib.suppress(OSError):
            while True:
                accepted = listening.accept()[0]
                threading.Thread(target=each, args=(accepted,), daemon=True).start()

    with listening:
        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield asked
        listening.shutdown(socket.SHUT_RDWR)
    thread.join()


def _head_of(client: socket.socket) -> bytes:
    """Read to the end of the head and no further: what follows is for the server."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = client.recv(1)
        if not byte:
            raise ConnectionError
        head += byte
    return head


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    """Pass everything on, both ways, until one of them ends."""
    with selectors.DefaultSelector() as ready:
        ready.register(one, selectors.EVENT_READ, other)
        ready.register(other, selectors.EVENT_READ, one)
        while True:
            for key, _ in ready.select():
                source: socket.socket = key.fileobj  # type: ignore[assignment]
                part = source.recv(65_536)
                if not part:
                    return
                key.data.sendall(part)
