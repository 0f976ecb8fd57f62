"""Our own certificate, for a syslog receiver that asks who sends (RFC 5425, 4.2).

The certificate is public and stands in the destination. Its key is sealed with the key ring, is
shown to nobody, and meets no disk when it is used.
"""

from typing import Final, NoReturn

import msgspec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from app.core import clock
from app.core.errors import InvalidInput
from app.core.keyring import KeyRing
from app.core.messages import mark
from app.core.secret import Secret
from app.offsite.kinds import RecognisedReceiver, SyslogReceiver
from app.offsite.progress import Standing

WARNED_BEFORE: Final = 30 * clock.DAY
"""An authority of a company needs a few weeks at times."""
LONGEST_KEY: Final = 65_536
_PUBLIC: Final = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


class OwnCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """The certificate by which a receiver knows the appliance."""

    subject: str
    """Whom it names (RFC 4514)."""
    issuer: str
    """Who signed it (RFC 4514)."""
    expires_at: int
    """When it ends (ms)."""
    ends_soon: bool
    """A new one is needed within 30 days, or it has ended already."""


def purpose_of(destination: str) -> str:
    """Return what the key of a destination's certificate is sealed for."""
    return f"offsite client key {destination}"


def kept_key(keyring: KeyRing, one: Standing) -> Secret:
    """Return the key that is kept for a destination; an empty one where there is none."""
    return keyring.open(purpose_of(one.id), one.key) if one.key else Secret("")


def with_key(keyring: KeyRing, one: Standing, target: SyslogReceiver) -> SyslogReceiver:
    """Return a receiver with what proves to it who we are, where it asks for that."""
    if not one.key:
        return target
    return RecognisedReceiver(**msgspec.structs.asdict(target), key=kept_key(keyring, one))


def shown(target: SyslogReceiver, now: int) -> OwnCertificate | None:
    """Return what people are told about our certificate; None where there is none."""
    if not target.certificate:
        return None
    first = x509.load_pem_x509_certificates(target.certificate.encode())[0]
    ends = _ends(first)
    return OwnCertificate(
        subject=first.subject.rfc4514_string(),
        issuer=first.issuer.rfc4514_string(),
        expires_at=ends,
        ends_soon=ends - now < WARNED_BEFORE,
    )


def check(target: SyslogReceiver, key: Secret, now: int) -> None:
    """Find out what keeps our certificate from being used. Raise InvalidInput naming the field."""
    if not target.certificate:
        return
    if target.encryption != "tls":
        _refuse("certificate", mark("A certificate of our own is only shown over TLS."))
    try:
        first = x509.load_pem_x509_certificates(target.certificate.encode())[0]
    except ValueError:
        _refuse(
            "certificate",
            mark("This is no certificate in PEM form (-----BEGIN CERTIFICATE-----)."),
        )
    if _ends(first) <= now:
        _refuse("certificate", mark("This certificate has ended. Ask for a new one."))
    if not 0 < len(key) <= LONGEST_KEY:
        _refuse("client_key", mark("Enter the private key of this certificate."))
    if _public_key_of(key) != first.public_key().public_bytes(*_PUBLIC):
        _refuse("client_key", mark("This private key belongs to another certificate."))


def _public_key_of(key: Secret) -> bytes:
    try:
        loaded = serialization.load_pem_private_key(key.reveal().encode(), password=None)
    except TypeError:
        _refuse("client_key", mark("The private key is locked with a passphrase. Unlock it first."))
    except (ValueError, UnsupportedAlgorithm):
        _refuse(
            "client_key",
            mark("This is no private key in PEM form (a text that begins with BEGIN PRIVATE KEY)."),
        )
    return loaded.public_key().public_bytes(*_PUBLIC)


def _refuse(field: str, reason: str) -> NoReturn:
    raise InvalidInput(field=field, reason=reason)


def _ends(certificate: x509.Certificate) -> int:
    return int(certificate.not_valid_after_utc.timestamp()) * clock.SECOND
