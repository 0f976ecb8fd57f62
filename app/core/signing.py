"""What the appliance's authorities have in common: a key in the key ring, and how they sign.

ECDSA P-256 (NIST SP 800-57: good beyond 2030).
"""

import datetime as dt

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.core.keyring import KeyRing
from app.core.secret import Secret


def kept_key(keyring: KeyRing, name: str) -> ec.EllipticCurvePrivateKey:
    """Return the key that the key ring keeps by this name; make it where there is none."""
    kept = keyring.named(name)
    key = None if kept is None else load_key(kept.reveal().encode())
    if key is None:
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
