"""Whom outgoing connections trust, tried with real handshakes on loopback."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.trusting import ROOTS, is_untrusted, issuer_of, looking_context, trusting_context
from tests.integration.authority import Authority

NAMELESS = """\
-----BEGIN CERTIFICATE-----
MIIBHDCBwqADAgECAgEBMAoGCCqGSM49BAMCMA0xCzAJBgNVBAYTAkpQMB4XDTIw
MDEwMTAwMDAwMFoXDTIxMDEwMTAwMDAwMFowDTELMAkGA1UEBhMCSlAwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAAQ/VNRrGqM1nrAjceq3rPy5t5nPyre4v3IZtITY
7CwVDR9yRFrKRRCiWxVWLTYMqvjOcdSJpuFxho5+TxUH4a8yoxMwETAPBgNVHRMB
Af8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQD34NZrS2sS02aJeTtOv6s+C7VV
+/uYmdBXO3a6n60oTgIhANCWO2G46wyRix2BrqxGcJ14OU3o2JseaXXX3fGseYy9
-----END CERTIFICATE-----
"""
"""A root of 2020 that has a country and no name."""


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority", "Company root")


@contextlib.contextmanager
def server(authority: Authority) -> Iterator[tuple[str, int]]:
    """Shake hands with whoever comes, until the test is over."""
    pair = authority.issue("server", "127.0.0.1")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pair.certificate, pair.key)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    accepted, _ = listening.accept()
                    with accepted, contextlib.suppress(OSError):
                        context.wrap_socket(accepted, server_side=True).close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()
        listening.shutdown(socket.SHUT_RDWR)
    thread.join()


def shake(place: tuple[str, int], context: ssl.SSLContext) -> str:
    """Return who issued what the other side shows."""
    with (
        socket.create_connection(place, 5) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
    ):
        return issuer_of(connection)


def test_a_root_of_the_document_is_trusted_at_once_and_no_longer_than_it_stands_there_METI_42(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENSHU_MACHINE_ROOT", str(tmp_path))
    roots = tmp_path / ROOTS
    with server(authority) as place:
        with pytest.raises(ssl.SSLCertVerificationError) as refused:
            shake(place, trusting_context())
        assert is_untrusted(refused.value)
        assert shake(place, looking_context()) == "Company root"
        roots.parent.mkdir(parents=True)
        roots.write_text(f"# company\n{authority.pem}")
        assert shake(place, trusting_context()) == "Company root"
        roots.unlink()
        with pytest.raises(ssl.SSLCertVerificationError):
            shake(place, trusting_context())


def test_an_authority_named_for_a_connection_is_the_only_one_METI_42(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENSHU_MACHINE_ROOT", str(tmp_path))
    other = Authority(tmp_path / "other", "Somebody else")
    (tmp_path / ROOTS).parent.mkdir(parents=True)
    (tmp_path / ROOTS).write_text(authority.pem)
    with server(authority) as place:
        assert shake(place, trusting_context(authority.pem)) == "Company root"
        with pytest.raises(ssl.SSLCertVerificationError):
            shake(place, trusting_context(other.pem))


def test_what_is_only_for_another_host_is_not_called_untrusted() -> None:
    error = ssl.SSLCertVerificationError()
    error.verify_code = 62  # X509_V_ERR_HOSTNAME_MISMATCH
    assert not is_untrusted(error)


class Shown:
    """What issuer_of asks of a connection."""

    def __init__(self, certificate: bytes | None) -> None:
        self._certificate = certificate

    def getpeercert(self, *, binary_form: bool) -> bytes | None:
        assert binary_form
        return self._certificate


def test_an_issuer_without_a_common_name_is_called_by_all_that_it_has() -> None:
    assert issuer_of(Shown(None)) == ""  # type: ignore[arg-type]
    nameless = ssl.PEM_cert_to_DER_cert(NAMELESS)
    assert issuer_of(Shown(nameless)) == "C=JP"  # type: ignore[arg-type]
