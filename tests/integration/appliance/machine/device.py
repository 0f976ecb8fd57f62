"""A FIDO device in software behind an SSH agent: the client asks it, real sshd verifies it.

Signatures as in OpenSSH's PROTOCOL.u2f, the agent's messages as in RFC draft-miller-ssh-agent.
"""

import base64
import contextlib
import hashlib
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KIND: Final = b"sk-ssh-ed25519@openssh.com"
APPLICATION: Final = b"ssh:"
TOUCHED, UNLOCKED = 0x01, 0x04
ASKED_FOR_KEYS, KEYS, ASKED_TO_SIGN, SIGNED, FAILED = 11, 12, 13, 14, 5


def text(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def first(data: bytes) -> tuple[bytes, bytes]:
    """Return the first text of a message, and the rest."""
    (length,) = struct.unpack_from(">I", data)
    return data[4 : 4 + length], data[4 + length :]


class Device:
    """One key that never leaves it."""

    def __init__(self, flags: int = TOUCHED | UNLOCKED) -> None:
        self.flags, self.counter, self.certificate = flags, 0, b""
        self._key = Ed25519PrivateKey.generate()

    @property
    def public(self) -> str:
        """The one line of a `.pub` file."""
        raw = self._key.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )
        blob = text(KIND) + text(raw) + text(APPLICATION)
        return f"{KIND.decode()} {base64.b64encode(blob).decode()} device"

    def certify(self, line: str) -> None:
        """Take the certificate of a window."""
        self.certificate = base64.b64decode(line.split()[1])

    def answer(self, message: bytes) -> bytes:
        """Answer a message of the client's."""
        kind, body = message[0], message[1:]
        if kind == ASKED_FOR_KEYS:
            key = text(self.certificate) + text(b"device")
            return struct.pack(">BI", KEYS, 1) + key
        if kind == ASKED_TO_SIGN:
            _, rest = first(body)
            return bytes([SIGNED]) + text(self._sign(first(rest)[0]))
        return bytes([FAILED])

    def _sign(self, data: bytes) -> bytes:
        self.counter += 1
        state = struct.pack(">BI", self.flags, self.counter)
        hashed = hashlib.sha256(APPLICATION).digest() + state + hashlib.sha256(data).digest()
        return text(KIND) + text(self._key.sign(hashed)) + state

    @contextmanager
    def plugged_in(self, path: Path) -> Iterator[Path]:
        """Let it be asked at a socket (`IdentityAgent`)."""
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen()
            thread = threading.Thread(target=self._serve, args=(listener,))
            thread.start()
            try:
                yield path
            finally:
                listener.shutdown(socket.SHUT_RDWR)
                thread.join()

    def _serve(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                with client, client.makefile("rwb") as stream:
                    while head := stream.read(4):
                        told = self.answer(stream.read(*struct.unpack(">I", head)))
                        stream.write(text(told))
                        stream.flush()
