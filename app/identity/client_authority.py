"""The appliance's authority for clients: it vouches for devices of people, and for nothing else.

It is another one than that of the planes, so that neither's certificates pass for the other's. Its
key lies in the key ring; certificate and revocation list lie in a folder of their own, which the
console writes and the edge reads. It signs leaves only (path length 0).
"""

import datetime as dt
from collections.abc import Iterable
from typing import Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from app.audit.durable import write_durably
from app.core import clock
from app.core.keyring import KeyRing
from app.core.settings import Settings
from app.core.signing import begin_certificate, kept_key, usage

CERTIFICATE: Final = "clients.pem"
REVOKED: Final = "clients.crl"
KEPT_AS: Final = "client-authority"
"""Name of the authority's key in the key ring."""

AUTHORITY_DAYS: Final = 7300
LONGEST_DAYS: Final = 1095
"""Of a client's certificate. The authority is renewed, with the same key, before one could outlive
it."""
LIST_DAYS: Final = 30
"""How long a revocation list holds. It is written anew each day and at each start, so that it runs
out only where nothing runs: nginx refuses every client once it has."""
BACKDATED: Final = dt.timedelta(hours=1)
"""A machine whose clock is a little late still accepts the new certificate."""


class Authority(msgspec.Struct, frozen=True):
    """The authority, ready to sign."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


class Issued(msgspec.Struct, frozen=True):
    """A new certificate of a client."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def serial(self) -> str:
        """Its serial number as nginx and browsers write it."""
        return f"{self.certificate.serial_number:X}"

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the whole certificate, hexadecimal."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()


def ensure_authority(settings: Settings, keyring: KeyRing, now: int) -> Authority:
    """Return the authority; make or renew what is missing or ends too soon.

    Raise AuthorityKeyUnusable where its key is lost or damaged.
    """
    path = settings.clients / CERTIFICATE
    key = kept_key(keyring, KEPT_AS, path)
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        certificate = None
    if certificate is None or not _fits(certificate, key, now):
        certificate = _make(key, now)
        write_durably(path, certificate.public_bytes(serialization.Encoding.PEM))
    return Authority(certificate, key)


def issue(authority: Authority, login_id: str, device: str, days: int, now: int) -> Issued:
    """Return a certificate that names one device of one person, with a new key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, login_id),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, device),
        ]
    )
    issuer = authority.certificate.subject
    of_issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    certificate = (
        _begin(name, issuer, key.public_key(), days, now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=True)
        .add_extension(of_issuer, critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    return Issued(certificate, key)


def write_list(
    settings: Settings, authority: Authority, revoked: Iterable[tuple[str, int]], now: int
) -> None:
    """Write the revocation list: serial number and moment (ms) of each revoked certificate."""
    at = _moment(now)
    made = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(at - BACKDATED)
        .next_update(at + dt.timedelta(days=LIST_DAYS))
        .add_extension(x509.CRLNumber(now), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()),
            critical=False,
        )
    )
    for serial, moment in revoked:
        made = made.add_revoked_certificate(
            x509.RevokedCertificateBuilder()
            .serial_number(int(serial, 16))
            .revocation_date(_moment(moment))
            .build()
        )
    signed = made.sign(authority.key, hashes.SHA256())
    write_durably(settings.clients / REVOKED, signed.public_bytes(serialization.Encoding.PEM))


def _fits(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, now: int) -> bool:
    left = certificate.not_valid_after_utc - _moment(now)
    return certificate.public_key() == key.public_key() and left > dt.timedelta(days=LONGEST_DAYS)


def _make(key: ec.EllipticCurvePrivateKey, now: int) -> x509.Certificate:
    public = key.public_key()
    # the same name as long as the key is the same: what was issued goes on to be vouched for
    digest = x509.SubjectKeyIdentifier.from_public_key(public).digest.hex()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Tenshu devices {digest[:8]}")])
    return (
        _begin(name, name, public, AUTHORITY_DAYS, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage(authority=True), critical=True)
        .sign(key, hashes.SHA256())
    )


def _begin(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int, now: int
) -> x509.CertificateBuilder:
    at = _moment(now)
    return begin_certificate(subject, issuer, key, at - BACKDATED, at + dt.timedelta(days=days))


def _moment(milliseconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(milliseconds // clock.SECOND, dt.UTC)
