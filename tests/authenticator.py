"""A passkey in software, for tests: makes keys, signs, counts, and lies where a test wants it to.

It answers as `PublicKeyCredential.toJSON()` does (WebAuthn level 3, section 5.1).
"""

import base64
import hashlib
import json
import os
import struct
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from app.core.secret import Secret

PRESENT, VERIFIED, BACKUP, BACKED_UP, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "===")


class ES256:
    """ECDSA over P-256 with SHA-256 (COSE -7)."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())

    def public(self) -> dict[int, Any]:
        numbers = self.key.public_key().public_numbers()
        return {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}

    def sign(self, data: bytes) -> bytes:
        return self.key.sign(data, ec.ECDSA(hashes.SHA256()))


class EdDSA:
    """Ed25519 (COSE -8)."""

    def __init__(self) -> None:
        self.key = ed25519.Ed25519PrivateKey.generate()

    def public(self) -> dict[int, Any]:
        raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
        return {1: 1, 3: -8, -1: 6, -2: self.key.public_key().public_bytes(*raw)}

    def sign(self, data: bytes) -> bytes:
        return self.key.sign(data)


class RS256:
    """RSASSA-PKCS1-v1_5 with SHA-256 (COSE -257)."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(65537, 2048)

    def public(self) -> dict[int, Any]:
        numbers = self.key.public_key().public_numbers()
        return {1: 3, 3: -257, -1: numbers.n.to_bytes(256), -2: numbers.e.to_bytes(3)}

    def sign(self, data: bytes) -> bytes:
        return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())


@dataclass
class Authenticator:
    """One passkey, and what it would say."""

    origin: str
    algorithm: Any = field(default_factory=ES256)
    credential: bytes = field(default_factory=lambda: os.urandom(16))
    counter: int = 0
    flags: int = PRESENT | VERIFIED
    rp_id: str = ""
    """Instead of the one that is asked for."""
    handle: str = ""
    told: dict[str, Any] = field(default_factory=dict)
    """In the place of what the browser would say about the page."""

    def create(self, options: str) -> Secret:
        """Answer `navigator.credentials.create`."""
        asked = json.loads(options)
        self.handle = asked["user"]["id"]
        public = cbor2.dumps(self.algorithm.public())
        attested = bytes(16) + struct.pack(">H", len(self.credential)) + self.credential + public
        data = self._data(asked["rp"]["id"], ATTESTED) + attested
        made = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", asked["challenge"])
        return self._answer(clientDataJSON=client, attestationObject=made, transports=["usb"])

    def get(self, options: str) -> Secret:
        """Answer `navigator.credentials.get`; counts one more use."""
        asked = json.loads(options)
        self.counter += bool(self.counter)
        data = self._data(asked["rpId"])
        client = self._client("webauthn.get", asked["challenge"])
        signature = self.algorithm.sign(data + hashlib.sha256(client).digest())
        return self._answer(
            clientDataJSON=client,
            authenticatorData=data,
            signature=signature,
            userHandle=decode(self.handle),
        )

    def _data(self, rp_id: str, more: int = 0) -> bytes:
        name = hashlib.sha256((self.rp_id or rp_id).encode()).digest()
        return name + struct.pack(">BI", self.flags | more, self.counter)

    def _client(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said | self.told).encode()

    def _answer(self, transports: list[str] | None = None, **parts: bytes) -> Secret:
        response: dict[str, Any] = {name: encode(part) for name, part in parts.items()}
        if transports:
            response["transports"] = transports
        name = encode(self.credential)
        said = {"id": name, "rawId": name, "type": "public-key", "response": response}
        return Secret(json.dumps(said))
