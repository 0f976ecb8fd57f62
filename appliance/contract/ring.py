"""The key ring, wrapped to the kit's public key, as it travels in every archive.

HPKE base mode (RFC 9180) with X25519, HKDF-SHA256 and AES-256-GCM: whoever has the public key can
wrap the ring anew after a rotation; only the kit opens it. The ring's bytes are opaque here.
"""

import json
from base64 import b64decode, b64encode
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from appliance.contract.backup_errors import RingUnreadable, WrongKit
from appliance.contract.kit import KeyKit, kit_number

FORMAT: Final = "tenshu-ring-1"
BESIDE: Final = "tenshu-ring-{kit}.wrapped"
"""Name of the file in a repository's folder that lets a newer kit open its older archives."""
_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def _info(kit: str) -> bytes:
    # binds the ciphertext to its purpose and to the kit that the header names
    return f"{FORMAT} {kit}".encode()


def wrap_ring(public_key: bytes, ring: bytes) -> bytes:
    """Return `ring` wrapped so that only the kit of `public_key` (32 bytes) opens it."""
    kit = kit_number(public_key)
    sealed = _SUITE.encrypt(ring, X25519PublicKey.from_public_bytes(public_key), _info(kit))
    return json.dumps({"format": FORMAT, "kit": kit, "ring": b64encode(sealed).decode()}).encode()


def _open_header(wrapped: bytes) -> tuple[str, bytes]:
    try:
        header = json.loads(wrapped)
        if header["format"] != FORMAT:
            raise RingUnreadable
        return str(header["kit"]), b64decode(header["ring"], validate=True)
    except (ValueError, KeyError, TypeError):
        raise RingUnreadable from None


def kit_of_ring(wrapped: bytes) -> str:
    """Return the number of the kit that opens `wrapped`. Raise RingUnreadable if it is no ring."""
    return _open_header(wrapped)[0]


def unwrap_ring(kit: KeyKit, wrapped: bytes) -> bytes:
    """Return the key ring that `wrap_ring` wrapped.

    Raise WrongKit if it was wrapped for another kit, RingUnreadable if it is damaged.
    """
    number, sealed = _open_header(wrapped)
    if number != kit.number():
        raise WrongKit
    try:
        return _SUITE.decrypt(sealed, kit.private_key(), _info(number))
    except InvalidTag:
        raise RingUnreadable from None
