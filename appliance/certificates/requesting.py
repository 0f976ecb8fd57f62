"""A signing request (PKCS#10, RFC 2986), and the key that is made for it and never leaves."""

import ipaddress
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from appliance.contract.certificates.state import KeyKind, RequestCertificate

LONGEST_COMMON_NAME: Final = 64
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def make_key(kind: KeyKind) -> Key:
    """Return a new key."""
    if kind is KeyKind.rsa3072:
        return rsa.generate_private_key(65537, 3072)
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: Key) -> bytes:
    """Return a key as servers take it: PKCS#8."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def make_request(key: Key, wanted: RequestCertificate) -> bytes:
    """Return the request as PEM: for a server, for all the names that are wanted."""
    names = [_alternative(name) for name in dict.fromkeys(map(str.lower, wanted.names))]
    made = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(_subject(wanted))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def _subject(wanted: RequestCertificate) -> x509.Name:
    told = [
        (NameOID.COUNTRY_NAME, wanted.country),
        (NameOID.ORGANIZATION_NAME, wanted.organisation),
        (NameOID.COMMON_NAME, _common(wanted.names)),
    ]
    return x509.Name([x509.NameAttribute(kind, text) for kind, text in told if text])


def _common(names: tuple[str, ...]) -> str:
    return next((one.lower() for one in names if len(one) <= LONGEST_COMMON_NAME), "")


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
