"""A server's certificate with all that lies between it and its root, in the order of TLS. Pure."""

import contextlib
import datetime as dt
import functools
import os
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from appliance.contract.certificates.errors import (
    Expired,
    IssuerMissing,
    Nameless,
    NotForServers,
    NotYetValid,
    WeakCertificate,
    WrongKey,
)

DEEPEST: Final = 8
"""Certificates between a server and its root."""
ROOTS: Final = Path(os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"))
"""What the machine trusts, as Debian keeps it; or where OpenSSL is told to look instead."""
_BLOCK: Final = re.compile(rb"(?s)-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----")
RSA_BITS: Final = (2048, 8192)
CURVES: Final = {"secp256r1": "P-256", "secp384r1": "P-384"}
"""What browsers take (CA/Browser Forum, 6.1.5)."""
FORGEABLE: Final = ("md5", "sha1")


class Chain(msgspec.Struct, frozen=True):
    """What a server sends, and whether browsers trust it by themselves."""

    certificates: tuple[x509.Certificate, ...]
    """The server's own first; the root is left out, as nobody needs it from the server."""
    trusted: bool
    """It leads to a root that the machine trusts, as browsers do."""

    @property
    def leaf(self) -> x509.Certificate:
        """The server's own certificate."""
        return self.certificates[0]

    def pem(self) -> str:
        """Return it as a server's file has it."""
        return "".join(
            one.public_bytes(serialization.Encoding.PEM).decode() for one in self.certificates
        )


def pick_leaf(
    certificates: Sequence[x509.Certificate], key: PrivateKeyTypes | None
) -> x509.Certificate:
    """Return the server's own certificate. Raise WrongKey where `key` fits none."""
    if key is not None:
        public = key.public_key()
        for one in certificates:
            if _public_key(one) == public:
                return one
    leaf = next((one for one in certificates if not is_authority(one)), certificates[0])
    if key is not None:
        raise WrongKey(subject=called(leaf.subject))
    return leaf


def build(
    leaf: x509.Certificate,
    others: Iterable[x509.Certificate],
    roots: Iterable[x509.Certificate] | None = None,
) -> Chain:
    """Return the chain of `leaf`, out of what is there in any order. Raise IssuerMissing.

    It is whole where it ends at a root that the machine trusts, or at one that was given.
    """
    given = list(others)
    trusted = trusted_roots() if roots is None else tuple(roots)
    chain = [leaf]
    while len(chain) <= DEEPEST:
        last = chain[-1]
        if any(_signed(last, root) for root in trusted):
            return Chain(tuple(chain), trusted=True)
        if _signed(last, last):  # a root that nobody but its own people trusts
            return Chain(tuple(chain[:-1] or chain), trusted=False)
        issuer = next((one for one in given if one not in chain and _signed(last, one)), None)
        if issuer is None:
            break
        chain.append(issuer)
    raise IssuerMissing(issuer=called(chain[-1].issuer))


def check(chain: Chain, now: dt.datetime) -> None:
    """Find out what keeps browsers from taking a chain.

    Raise NotForServers, Nameless, Expired, NotYetValid or WeakCertificate.
    """
    leaf = chain.leaf
    if not _serves(leaf):
        raise NotForServers(subject=called(leaf.subject))
    if not names_of(leaf):
        raise Nameless(subject=called(leaf.subject))
    for one in chain.certificates:
        subject = called(one.subject)
        if now >= one.not_valid_after_utc:
            raise Expired(subject=subject, day=_day(one.not_valid_after_utc))
        if now < one.not_valid_before_utc:
            raise NotYetValid(subject=subject, day=_day(one.not_valid_before_utc))
        if weakness := _weakness(one):
            raise WeakCertificate(subject=subject, found=weakness)


def names_of(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return the names and addresses that a certificate stands for."""
    try:
        listed = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    hosts = (name.lower() for name in listed.get_values_for_type(x509.DNSName))
    return (*hosts, *map(str, listed.get_values_for_type(x509.IPAddress)))


def renewal_of(begins: dt.datetime, ends: dt.datetime) -> dt.datetime:
    """Return when two thirds of a life are over."""
    return begins + (ends - begins) * 2 / 3


def stands_for(names: Iterable[str], own: str) -> bool:
    """Tell whether names of a certificate cover one of the appliance's (RFC 6125, 6.4.3)."""
    _, dot, rest = own.lower().partition(".")
    return any(name == own.lower() or bool(dot and name == f"*.{rest}") for name in names)


def called(name: x509.Name) -> str:
    """Return what people call a subject or issuer."""
    for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME, NameOID.ORGANIZATION_NAME):
        if found := name.get_attributes_for_oid(kind):
            return str(found[0].value)
    return name.rfc4514_string() or "–"


def fingerprint(certificate: x509.Certificate) -> str:
    """Return SHA-256 over the certificate in pairs, as browsers show it."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def key_kind(certificate: x509.Certificate) -> str:
    """Return kind and size of a certificate's key, as `RSA 3072`."""
    key = _public_key(certificate)
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"ECDSA {CURVES.get(key.curve.name, key.curve.name)}"
    return type(key).__name__.removesuffix("PublicKey").strip("_")


def is_authority(certificate: x509.Certificate) -> bool:
    """Tell whether a certificate may sign others."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False


@functools.cache
def trusted_roots() -> tuple[x509.Certificate, ...]:
    """Return the roots that this machine trusts; none where it has no list of them."""
    found = []
    with contextlib.suppress(OSError), warnings.catch_warnings():
        warnings.simplefilter("error", CryptographyDeprecationWarning)
        for block in _BLOCK.findall(ROOTS.read_bytes()):
            # a few old roots are not as RFC 5280 has it, and will not be read for long
            with contextlib.suppress(ValueError, CryptographyDeprecationWarning):
                found.append(x509.load_pem_x509_certificate(block))
    return tuple(found)


def _public_key(certificate: x509.Certificate) -> Any:  # noqa: ANN401 - of some kind, or none
    try:
        return certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None


def _signed(one: x509.Certificate, issuer: x509.Certificate) -> bool:
    if one.issuer != issuer.subject:
        return False
    try:
        one.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _serves(leaf: x509.Certificate) -> bool:
    if is_authority(leaf):
        return False
    try:
        uses = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    except ValueError:
        return False
    return ExtendedKeyUsageOID.SERVER_AUTH in uses


def _weakness(one: x509.Certificate) -> str:
    kind, key = key_kind(one), _public_key(one)
    if isinstance(key, rsa.RSAPublicKey):
        if not RSA_BITS[0] <= key.key_size <= RSA_BITS[1]:
            return kind
    elif not (isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in CURVES):
        return kind
    try:
        digest = one.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return str(one.signature_algorithm_oid.dotted_string)
    return digest.name if digest and digest.name in FORGEABLE else ""


def _day(moment: dt.datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def issuers_of(chain: Chain) -> Iterator[str]:
    """Yield who signed whom, from the server's certificate upwards."""
    for one in chain.certificates:
        yield called(one.issuer)
