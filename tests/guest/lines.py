"""Lines of JSON on a unix socket, each wait with a deadline: for QEMU's monitor and our door."""

import json
import socket
import time
from pathlib import Path
from typing import Any

Message = dict[str, Any]


class Lines:
    """One connection; what comes is read line by line."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise
        self._read = b""

    def say(self, message: Message) -> None:
        """Send one."""
        self._socket.settimeout(10)
        self._socket.sendall(json.dumps(message).encode() + b"\n")

    def hear(self, seconds: float) -> Message:
        """Return the next one. Raise TimeoutError, or EOFError where the other end is gone."""
        until = time.monotonic() + seconds
        while b"\n" not in self._read:
            self._socket.settimeout(max(until - time.monotonic(), 0.001))
            came = self._socket.recv(1 << 16)
            if not came:
                raise EOFError("the other end is gone")
            self._read += came
        line, _, self._read = self._read.partition(b"\n")
        heard: Message = json.loads(line)
        return heard

    def close(self) -> None:
        """Hang up."""
        self._socket.close()
