"""The appliance's own certificate authority, and the certificate that both planes show.

ECDSA P-256 (NIST SP 800-57: good beyond 2030). The authority's key lies in the key ring, so a
stolen data folder cannot speak for it, and a restored appliance keeps the authority that people
already trust. Its certificate is constrained (RFC 5280, 4.2.1.10) to names that are this machine's
or private by definition: whoever trusts it in a browser does not trust it for the rest of the web.
"""

import datetime as dt
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from app.audit.durable import write_durably
from app.core.keyring import KeyRing
from app.core.settings import Settings
from app.core.signing import begin_certificate, kept_key, key_pem, load_key, usage
from app.start.names import Names, names_of
from appliance.contract.certificates.folder import Folder
from appliance.contract.certificates.own import AUTHORITY, is_due, keep_own, laid_out_key

KEPT_AS: Final = "certificate-authority"
"""Name of the authority's key in the key ring."""

AUTHORITY_DAYS: Final = 3650
SERVER_DAYS: Final = 365
"""No browser refuses a certificate of this age (CA/Browser Forum, 6.3.2: at most 398 days), and
Mozilla's guidelines for servers want less than 366."""
BACKDATED: Final = dt.timedelta(hours=1)
"""A browser whose clock is a little late still accepts the new certificate."""


def fingerprint(certificate: x509.Certificate) -> str:
    """Return SHA-256 over the certificate in pairs, as browsers show it."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def load_certificate(path: Path) -> x509.Certificate | None:
    """Read the first certificate of a PEM file; None where there is no readable one."""
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return None


def ensure_certificates(settings: Settings, keyring: KeyRing) -> x509.Certificate:
    """Make or renew what is missing, runs out, or no longer has the right names. Return the leaf.

    Does nothing where everything fits, so that the fingerprint stays the same over restarts. Raise
    AuthorityKeyUnusable where the authority's key is lost or damaged.
    """
    names, now = names_of(settings), dt.datetime.now(dt.UTC)
    key = kept_key(keyring, KEPT_AS, settings.tls / AUTHORITY)
    _lay_out(key, laid_out_key(settings.keys))
    authority = load_certificate(settings.tls / AUTHORITY)
    if authority is None or not _authority_fits(authority, key, names, now):
        authority = _make_authority(key, names)
        write_durably(settings.tls / AUTHORITY, _pem(authority))
    folder = Folder(settings.data)
    leaf = load_certificate(folder.own.chain)
    if leaf is None or not _leaf_fits(folder.own.key, leaf, authority, names, now):
        leaf_key = ec.generate_private_key(ec.SECP256R1())
        leaf = _make_leaf(leaf_key, key, authority, names)
        keep_own(folder, leaf, authority, leaf_key, now)
    return leaf


def _lay_out(key: ec.EllipticCurvePrivateKey, path: Path) -> None:
    """Write the authority's key where the agent renews by it while the appliance runs."""
    content = key_pem(key)
    if not path.exists() or path.read_bytes() != content:
        write_durably(path, content, mode=0o600)


def _authority_fits(
    authority: x509.Certificate, key: ec.EllipticCurvePrivateKey, names: Names, now: dt.datetime
) -> bool:
    left = authority.not_valid_after_utc - now
    begun = authority.not_valid_before_utc <= now
    # it is renewed, with the same key and name, before a server's certificate could outlive it
    if not (_is_of(authority, key) and begun and left >= dt.timedelta(days=SERVER_DAYS)):
        return False
    held = authority.extensions.get_extension_for_class(x509.NameConstraints).value
    return set(names.permitted()) <= set(held.permitted_subtrees or ())


def _leaf_fits(
    key: Path,
    leaf: x509.Certificate,
    authority: x509.Certificate,
    names: Names,
    now: dt.datetime,
) -> bool:
    own = load_key(key.read_bytes()) if key.exists() else None
    if own is None or not _is_of(leaf, own) or is_due(leaf, now):
        return False
    try:
        leaf.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    held = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return set(held) == set(names.alternatives())


def _is_of(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> bool:
    return certificate.public_key() == key.public_key()


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _begin(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    start = dt.datetime.now(dt.UTC).replace(microsecond=0) - BACKDATED
    return begin_certificate(subject, issuer, key, start, start + dt.timedelta(days=days))


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _make_authority(key: ec.EllipticCurvePrivateKey, names: Names) -> x509.Certificate:
    public = key.public_key()
    # A name of its own for each appliance: a browser that trusts two of them can tell them apart.
    digest = x509.SubjectKeyIdentifier.from_public_key(public).digest.hex()
    name = _name(f"Tenshu authority {digest[:8]}")
    return (
        _begin(name, name, public, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage(authority=True), critical=True)
        .add_extension(
            x509.NameConstraints(permitted_subtrees=names.permitted(), excluded_subtrees=None),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )


def _make_leaf(
    leaf_key: ec.EllipticCurvePrivateKey,
    key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate,
    names: Names,
) -> x509.Certificate:
    return (
        _begin(_name(names.common()), authority.subject, leaf_key.public_key(), SERVER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False
        )
        .add_extension(x509.SubjectAlternativeName(names.alternatives()), critical=False)
        .sign(key, hashes.SHA256())
    )
