"""Keys of the appliance's authorities."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from app.core.keyring import KeyRing
from app.core.secret import Secret
from app.core.signing import kept_key, key_pem, load_key

OF_ANOTHER_KIND = ed25519.Ed25519PrivateKey.generate().private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
)


def test_an_authority_keeps_its_key_and_no_two_share_one(tmp_path: Path) -> None:
    keyring = KeyRing.create(tmp_path)
    key = kept_key(keyring, "one")
    assert key_pem(kept_key(keyring, "one")) == key_pem(key)
    assert key_pem(kept_key(keyring, "two")) != key_pem(key)


@pytest.mark.parametrize("text", [b"", b"no key", OF_ANOTHER_KIND])
def test_what_is_no_key_of_ours_is_made_anew(tmp_path: Path, text: bytes) -> None:
    assert load_key(text) is None
    keyring = KeyRing.create(tmp_path)
    keyring.keep("one", Secret(text.decode()))
    key = kept_key(keyring, "one")
    assert load_key(key_pem(key)) is not None
    assert key_pem(kept_key(keyring, "one")) == key_pem(key)
