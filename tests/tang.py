"""A key server: Debian's own tangd, a process a connection, as its socket unit runs it."""

import contextlib
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

LIBRARY: Final = Path("/usr/libexec")


class KeyServer:
    """One that listens; its keys lie in a folder."""

    def __init__(self, keys: Path, port: int, address: str = "127.0.0.1") -> None:
        self.keys, self.url = keys, f"http://{address}:{port}"

    def rotate(self) -> None:
        """Let it have new keys; those of before still open what they closed."""
        _run(str(LIBRARY / "tangd-rotate-keys"), "-d", str(self.keys))

    def forget(self) -> None:
        """Destroy the keys of before."""
        for path in self.keys.glob(".*.jwk"):
            path.unlink()

    @property
    def thumbprint(self) -> str:
        """What its administrator reads of its signing key (tang-show-keys)."""
        for path in self.keys.glob("[!.]*.jwk"):
            if '"verify"' in path.read_text():
                return _run("jose", "jwk", "thp", "-i", str(path), "-a", "S256").strip()
        raise AssertionError(self.keys)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextlib.contextmanager
def key_server(keys: Path, port: int, address: str = "127.0.0.1") -> Iterator[KeyServer]:
    """Let one listen; it makes its keys where there are none."""
    if not keys.exists():
        keys.mkdir()
        _run(str(LIBRARY / "tangd-keygen"), str(keys))

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            program = [str(LIBRARY / "tangd"), str(keys)]
            null = subprocess.DEVNULL
            subprocess.run(
                program, stdin=self.request, stdout=self.request, stderr=null, check=False
            )

    with _Server((address, port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield KeyServer(keys, port, address)
        finally:
            server.shutdown()
            thread.join(10)


def _run(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=60).stdout
