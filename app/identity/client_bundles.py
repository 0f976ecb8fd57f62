"""The file in which a certificate and its key reach a device: PKCS#12, with a password.

Encrypted as one does today (PBES2: AES-256, PBKDF2 with SHA-256). The password is random, 100 bits,
so that nobody opens the file by guessing.
"""

import secrets
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12

from app.core.secret import Secret
from app.identity.client_authority import Issued

ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's: no letter that looks like a digit. Five bits each."""
GROUPS, GROUP = 5, 4
ROUNDS: Final = 100_000
"""Of PBKDF2; the password alone is more than enough."""


def new_password() -> Secret:
    """Return a password to be typed once: 100 random bits in five groups."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))
    return Secret("-".join(groups))


def bundle(issued: Issued, authority: x509.Certificate, label: str, password: Secret) -> bytes:
    """Return certificate, key and the authority's certificate as PKCS#12."""
    encryption = (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(ROUNDS)
        .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
        .hmac_hash(hashes.SHA256())
        .build(password.reveal().encode())
    )
    return pkcs12.serialize_key_and_certificates(
        label.encode(), issued.key, issued.certificate, [authority], encryption
    )
