"""TLS as Mozilla's "intermediate" has it (version 5.7), without the ciphers that need DH groups."""

from collections.abc import Iterator
from typing import Final

from appliance.contract.certificates.folder import PLANES
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.services import OWN, Hsts
from appliance.machine.facts import Certificate, Facts

CIPHERS: Final = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
)
TWO_YEARS: Final = 63_072_000
DEEPEST: Final = 2
"""Certificates between a client's and the authority."""


def tls() -> Iterator[str]:
    """Yield what holds for every plane."""
    yield "ssl_protocols TLSv1.2 TLSv1.3;"
    yield f"ssl_ciphers {':'.join(CIPHERS)};"
    yield "ssl_prefer_server_ciphers off;"
    yield "ssl_ecdh_curve X25519:prime256v1:secp384r1;"
    # a ticket's key would lie in memory for as long as nginx runs, and open what was recorded
    yield "ssl_session_tickets off;"
    yield "ssl_session_cache shared:tls:10m;"
    yield "ssl_session_timeout 1h;"


def certificate(document: Document, facts: Facts, plane: str) -> Iterator[str]:
    """Yield a plane's certificate, and how those of clients are checked.

    A certificate that is not there never takes a plane down: its place takes the appliance's own.
    """
    shown = shown_by(document, facts, plane)
    yield f'ssl_certificate "{shown.chain}";'
    yield f'ssl_certificate_key "{shown.key}";'
    if facts.authority:
        yield f'ssl_client_certificate "{facts.authority}";'
        yield "ssl_verify_client optional;"
        yield f"ssl_verify_depth {DEEPEST};"
        if facts.edge.revoked:
            yield f'ssl_crl "{facts.edge.revoked}";'


def shown_by(document: Document, facts: Facts, plane: str) -> Certificate:
    """Return the certificate that a plane shows: the own one where the other cannot be."""
    name: str = getattr(document.certificates, plane)
    return facts.certificates.get(name) or facts.certificates[OWN]


def transport_security(document: Document, facts: Facts) -> Iterator[str]:
    """Yield HSTS where the document wants it; what a plane says of it is left out always.

    A browser that was told lets nobody pass a certificate that it does not trust. So it is told
    nothing while any plane of the name shows one that it knows only if somebody told it (RFC 6797,
    8.2: the port makes no difference). An address is never bound by it (8.1.1): a way in stays.
    """
    planes = (shown_by(document, facts, plane) for plane in PLANES)
    if document.certificates.hsts is Hsts.ON and not any(one.private for one in planes):
        yield f'add_header Strict-Transport-Security "max-age={TWO_YEARS}" always;'
