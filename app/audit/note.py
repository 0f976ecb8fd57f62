"""Signed notes (c2sp.org/signed-note) with Ed25519: a text, and who vouches for it.

A note is a text of whole lines, an empty line, and signature lines
`— <name> base64(key hash || signature)`. The key hash is the first four bytes of
SHA-256(name || 0x0A || 0x01 || public key). A verifier key is `<name>+<hex key hash>+base64(0x01
|| public key)`: the one line that anybody needs to check everything that the appliance signed.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from app.audit.errors import NoteMalformed, SignatureInvalid
from app.core.messages import mark

MAX_NOTE: Final = 16_384
"""Characters. Ours are about 250; a witness's signatures may stand below."""
_ED25519: Final = b"\x01"
_MARK: Final = "— "
_NAME = re.compile(r"[^\s+]+")


class VerifierKey(msgspec.Struct, frozen=True):
    """A public key with the name under which it signs."""

    name: str
    public: bytes
    """32 bytes, RFC 8032."""

    @property
    def hash(self) -> bytes:
        """First four bytes that tell keys of one name apart."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        encoded = base64.b64encode(_ED25519 + self.public).decode()
        return f"{self.name}+{self.hash.hex()}+{encoded}"

    def accepts(self, text: str, signature: bytes) -> bool:
        """Tell whether `signature` is this key's over `text`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


class Note(msgspec.Struct, frozen=True):
    """A parsed note; nothing is checked yet."""

    text: str
    """The signed lines, with their last line end."""
    signatures: tuple[tuple[str, bytes, bytes], ...]
    """Name, key hash, signature."""


def parse_verifier_key(text: str) -> VerifierKey:
    """Return the key of a `name+hash+base64` line. Raise NoteMalformed where it is none."""
    name, _, rest = text.strip().partition("+")
    hashed, _, encoded = rest.partition("+")
    raw = _decode(encoded)
    if not _NAME.fullmatch(name) or raw[:1] != _ED25519 or len(raw) != 33:
        raise NoteMalformed(reason=mark("the public key is not of the form name+hash+key"))
    key = VerifierKey(name, raw[1:])
    if key.hash.hex() != hashed:
        raise NoteMalformed(reason=mark("the hash in the public key does not fit the key"))
    return key


def sign_note(text: str, name: str, key: Ed25519PrivateKey) -> str:
    """Return `text` as a note signed under `name`."""
    verifier = VerifierKey(name, key.public_key().public_bytes_raw())
    signature = base64.b64encode(verifier.hash + key.sign(text.encode())).decode()
    return f"{text}\n{_MARK}{name} {signature}\n"


def parse_note(note: str) -> Note:
    """Split a note into text and signatures. Raise NoteMalformed where it is none."""
    text, gap, lines = note.rpartition("\n\n")
    if len(note) > MAX_NOTE or not gap or not lines.endswith("\n"):
        raise NoteMalformed(reason=mark("text, empty line and signature are expected"))
    if any(character < " " and character != "\n" for character in note):
        raise NoteMalformed(reason=mark("it holds control characters"))
    return Note(text + "\n", tuple(_signature(line) for line in lines[:-1].split("\n")))


def open_note(note: str, keys: Sequence[VerifierKey]) -> tuple[str, VerifierKey]:
    """Return the text and the key that signed it.

    Signatures of unknown keys are passed over, as the specification says; a wrong signature of a
    known key spoils the note. Raise NoteMalformed or SignatureInvalid.
    """
    parsed = parse_note(note)
    signer: VerifierKey | None = None
    for name, hashed, signature in parsed.signatures:
        for key in keys:
            if (key.name, key.hash) == (name, hashed):
                if not key.accepts(parsed.text, signature):
                    raise SignatureInvalid(name=name)
                signer = signer or key
    if signer is None:
        raise SignatureInvalid(name=", ".join(key.name for key in keys))
    return parsed.text, signer


def _signature(line: str) -> tuple[str, bytes, bytes]:
    name, _, encoded = line.removeprefix(_MARK).partition(" ")
    raw = _decode(encoded)
    if not line.startswith(_MARK) or not _NAME.fullmatch(name) or len(raw) < 5:
        raise NoteMalformed(reason=mark("a signature line is not readable"))
    return name, raw[:4], raw[4:]


def _decode(encoded: str) -> bytes:
    """Return the bytes, or none where `encoded` is not the one standard form of them."""
    try:
        raw = base64.b64decode(encoded.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return b""
    # unused bits must be zero: else one signature would have many texts
    return raw if base64.b64encode(raw).decode() == encoded else b""
