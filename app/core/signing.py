"""What the appliance's authorities have in common: a key in the key ring, and how they sign.

ECDSA P-256 (NIST SP 800-57: good beyond 2030).
"""

import datetime as dt
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.core.errors import TenshuError
from app.core.keyring import KeyRing
from app.core.messages import mark
from app.core.secret import Secret


class AuthorityKeyUnusable(TenshuError):
    """An authority has signed with a key that the ring does not hold any more.

    Another one in its place would end all that was signed, and nobody would be told.
    """

    code = "keyring.authority_key_unusable"
    status = 500
    message = "The key “{name}” of an authority cannot be used ({path}): {reason}."
    hint = (
        "Put the key ring back, or restore a backup with the key kit. If it is lost: "
        "tenshu keys new-authority, which ends every certificate of the old one."
    )


def kept_key(keyring: KeyRing, name: str, made: Path) -> ec.EllipticCurvePrivateKey:
    """Return the key that the key ring keeps by this name; make it with a new authority.

    `made` is where the certificate of one that was made lies. Raise AuthorityKeyUnusable where the
    key is lost or damaged.
    """
    kept = keyring.named(name)
    if kept is None:
        if made.exists():
            raise AuthorityKeyUnusable(name=name, path=keyring.path, reason=mark("it is not there"))
        return new_key(keyring, name)
    key = load_key(kept.reveal().encode())
    if key is None:
        damaged = mark("its content is damaged")
        raise AuthorityKeyUnusable(name=name, path=keyring.path, reason=damaged)
    return key


def new_key(keyring: KeyRing, name: str) -> ec.EllipticCurvePrivateKey:
    """Make a key and keep it by this name, in the place of the one before."""
    key = ec.generate_private_key(ec.SECP256R1())
    keyring.keep(name, Secret(key_pem(key).decode()))
    return key


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a key as PKCS#8, without a password."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def load_key(pem: bytes) -> ec.EllipticCurvePrivateKey | None:
    """Return the key of a PEM text; None where it is none of ours."""
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except ValueError:
        return None
    return key if isinstance(key, ec.EllipticCurvePrivateKey) else None


def begin_certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    start: dt.datetime,
    end: dt.datetime,
) -> x509.CertificateBuilder:
    """Return a certificate in the making; what it may be used for is still to be said."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def usage(*, authority: bool) -> x509.KeyUsage:
    """Return what a key may do: sign certificates and lists, or prove who somebody is."""
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
