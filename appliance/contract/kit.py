"""The key kit: 32 random bytes on paper that open every archive on any machine.

The appliance keeps what follows from the kit (a public key, Borg's passphrase), never the kit.
Everything is derived with HKDF-SHA256 (RFC 5869), one label a purpose, so that one thing on paper
is enough and no derived key tells about another.
"""

import base64
import binascii
import hashlib
import secrets
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from appliance.contract.backup_errors import KitIncomplete, KitMistyped
from appliance.contract.secret import Secret

KEY_BYTES: Final = 32
CHECKSUM_BYTES: Final = 3
"""35 bytes are 56 characters of base32: fourteen groups of four, no padding; one typing mistake in
16 million passes."""
CHARACTERS: Final = 56
QR_PREFIX: Final = "TENSHU-KIT-1:"
"""With base32 behind it, all characters are of QR's alphanumeric mode: a small code."""
_LOOKALIKES: Final = str.maketrans({"0": "O", "1": "I", "8": "B", "-": "", "–": ""})
"""RFC 4648's base32 has no 0, 1 or 8, so whoever types one means the letter."""


def _checksum(key: bytes) -> bytes:
    return hashlib.sha256(b"tenshu key kit 1" + key).digest()[:CHECKSUM_BYTES]


def kit_number(public_key: bytes) -> str:
    """Return the kit's short number, 16 hexadecimal digits: tells kits apart, opens nothing."""
    return hashlib.sha256(b"tenshu kit number 1" + public_key).hexdigest()[:16]


class KeyKit:
    """One key kit. Shown once, kept on paper, forgotten."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def new(cls) -> "KeyKit":
        """Return a kit of 256 fresh random bits."""
        return cls(secrets.token_bytes(KEY_BYTES))

    @classmethod
    def from_text(cls, kit: Secret) -> "KeyKit":
        """Read a kit as a person types or scans it: any case, spaces, hyphens, 0/O, 1/I, 8/B.

        Raise KitIncomplete if its length does not fit, KitMistyped if its checksum does not.
        """
        plain = "".join(kit.reveal().upper().split()).removeprefix(QR_PREFIX)
        plain = plain.translate(_LOOKALIKES)
        if len(plain) != CHARACTERS:
            raise KitIncomplete(expected=CHARACTERS, found=len(plain))
        try:
            raw = base64.b32decode(plain)
        except (binascii.Error, ValueError):
            raise KitMistyped from None
        key, checksum = raw[:KEY_BYTES], raw[KEY_BYTES:]
        if checksum != _checksum(key):
            raise KitMistyped
        return cls(key)

    def _characters(self) -> str:
        return base64.b32encode(self._key + _checksum(self._key)).decode()

    def text(self) -> Secret:
        """Return the form for paper: fourteen groups of four characters."""
        plain = self._characters()
        return Secret(" ".join(plain[at : at + 4] for at in range(0, CHARACTERS, 4)))

    def qr_payload(self) -> Secret:
        """Return the text of the kit's QR code; `from_text` reads it too."""
        return Secret(QR_PREFIX + self._characters())

    def _derive(self, label: bytes) -> bytes:
        return HKDF(SHA256(), length=32, salt=None, info=label).derive(self._key)

    def borg_passphrase(self) -> Secret:
        """Return the passphrase of the repositories of this kit (64 hexadecimal digits)."""
        return Secret(self._derive(b"tenshu borg passphrase 1").hex())

    def private_key(self) -> X25519PrivateKey:
        """Return the key that unwraps key rings."""
        return X25519PrivateKey.from_private_bytes(self._derive(b"tenshu ring x25519 1"))

    def public_key(self) -> bytes:
        """Return the 32 bytes that the appliance keeps, to wrap the ring after each rotation."""
        public: X25519PublicKey = self.private_key().public_key()
        return public.public_bytes(Encoding.Raw, PublicFormat.Raw)

    def number(self) -> str:
        """Return the kit's short number, which may be shown and printed."""
        return kit_number(self.public_key())

    def __repr__(self) -> str:
        return "KeyKit(…)"
