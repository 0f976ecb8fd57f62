"""Whom outgoing connections trust: what the machine knows, and the customer's own roots.

The agent writes the roots of the document's `[trust]` into one file. It is read for each
connection, so that a root that comes or goes holds at once, without a restart.
"""

import os
import ssl
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

ROOTS: Final = "etc/tenshu/trust.pem"
"""Below the machine's root; only there where the document names roots."""
UNTRUSTED: Final = frozenset({18, 19, 20, 21})
"""What OpenSSL says where nobody it knows has signed (`openssl verify`, X509_V_ERR_…)."""
NAMES: Final = (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)


def trusting_context(authority: str = "") -> ssl.SSLContext:
    """Return what checks the other side's certificate and name: TLS 1.2 and newer.

    Where `authority` (PEM) is named for a connection, it alone is trusted.
    """
    context = ssl.create_default_context(cadata=authority or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    roots = Path(os.environ.get("TENSHU_MACHINE_ROOT") or "/") / ROOTS
    if not authority and roots.is_file():
        context.load_verify_locations(cafile=roots)
    return context


def is_untrusted(error: ssl.SSLCertVerificationError) -> bool:
    """Tell whether a certificate was refused because nobody known has signed it."""
    return error.verify_code in UNTRUSTED


def looking_context() -> ssl.SSLContext:
    """Return what takes any certificate, to tell a person whose it is. Nothing is sent over it."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def issuer_of(connection: ssl.SSLSocket) -> str:
    """Return what people call whoever issued the other side's certificate; empty for nobody."""
    shown = connection.getpeercert(binary_form=True)
    if not shown:
        return ""
    issuer = x509.load_der_x509_certificate(shown).issuer
    found = next((named for kind in NAMES if (named := issuer.get_attributes_for_oid(kind))), None)
    return str(found[0].value) if found else issuer.rfc4514_string()
