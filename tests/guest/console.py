"""The console of a guest, as a browser on its network finds it."""

import contextlib
import hashlib
import http.client
import ssl
from typing import Final

PORT: Final = 8443
GIVEN: Final = "10.0.2.15"
"""The address that QEMU hands out. The console answers to no name that is not its own."""


def handed_out(port: int, card: str = "virtio-net-pci") -> list[str]:
    """Return the options of a card whose network hands out addresses, and leads to the console.

    `port` is that of 127.0.0.1 by which the guest's host reaches it; nothing else is reached.
    `card` is what kind it is.
    """
    network = f"user,id=handed-out,restrict=on,hostfwd=tcp:127.0.0.1:{port}-:{PORT}"
    return ["-netdev", network, "-device", f"{card},netdev=handed-out,romfile="]


def ask(path: str, port: int = PORT) -> tuple[str, str]:
    """Return the fingerprint of the certificate and the page. Raise OSError or HTTPException."""
    context = ssl._create_unverified_context()
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=15, context=context)
    with contextlib.closing(connection):
        headers = {"Accept-Language": "en", "Host": f"{GIVEN}:{PORT}"}
        connection.request("GET", path, headers=headers)
        assert isinstance(connection.sock, ssl.SSLSocket)
        shown = connection.sock.getpeercert(binary_form=True)
        answer = connection.getresponse()
        if answer.status != 200:
            raise http.client.HTTPException(f"{path}: {answer.status}")
        assert shown
        return hashlib.sha256(shown).hexdigest().upper(), answer.read().decode()
