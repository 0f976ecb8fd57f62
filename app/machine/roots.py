"""Root certificates of the machine's document as a page shows and takes them. Pure."""

import re
from collections.abc import Collection
from typing import Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from appliance.contract.certificates.chain import called, fingerprint
from appliance.contract.configuration.trust import TrustedRoot

SECOND: Final = 1000
_OTHERS: Final = re.compile(r"[^a-z0-9]+")
LONGEST: Final = 32


class RootView(msgspec.Struct, frozen=True, kw_only=True):
    """A root as it is shown."""

    name: str
    note: str
    subject: str
    """Whom it names; empty where it is no certificate."""
    fingerprint: str
    """SHA-256, pairs with colons, as `openssl x509 -fingerprint` tells it."""
    begins: int
    """From when it holds (ms)."""
    ends: int
    """Until when."""


def view_of(root: TrustedRoot) -> RootView:
    """Return what a root is. One that cannot be read is shown by its name alone."""
    try:
        found = x509.load_pem_x509_certificate(root.pem.encode())
    except ValueError:
        return RootView(
            name=root.name, note=root.note, subject="", fingerprint="", begins=0, ends=0
        )
    return RootView(
        name=root.name,
        note=root.note,
        subject=called(found.subject),
        fingerprint=fingerprint(found),
        begins=int(found.not_valid_before_utc.timestamp()) * SECOND,
        ends=int(found.not_valid_after_utc.timestamp()) * SECOND,
    )


def pem_of(content: bytes) -> str:
    """Return what was brought in as PEM: DER is put into it; anything else stays as it is.

    What is wrong with it, the document's own check says.
    """
    try:
        found = x509.load_der_x509_certificate(content)
    except ValueError:
        return content.decode("utf-8", "replace").replace("\r\n", "\n").strip() + "\n"
    return found.public_bytes(Encoding.PEM).decode()


def name_for(pem: str, taken: Collection[str]) -> str:
    """Return a name for a root that nobody has named: from its subject, and unlike the others."""
    try:
        subject = called(x509.load_pem_x509_certificate(pem.encode()).subject)
    except ValueError:
        subject = ""
    plain = _OTHERS.sub("-", subject.lower()).strip("-0123456789")[: LONGEST - 4].rstrip("-")
    base = plain or "root"
    return next(
        name
        for name in (base, *(f"{base}-{number}" for number in range(2, 1000)))
        if name not in taken
    )
