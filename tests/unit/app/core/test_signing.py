"""Keys of the appliance's authorities."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from app.core.keyring import KeyRing
from app.core.secret import Secret
from app.core.signing import AuthorityKeyUnusable, kept_key, key_pem, load_key, new_key

OF_ANOTHER_KIND = ed25519.Ed25519PrivateKey.generate().private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
)


def test_an_authority_keeps_its_key_and_no_two_share_one(tmp_path: Path) -> None:
    keyring = KeyRing.create(tmp_path)
    none = tmp_path / "none.pem"
    key = kept_key(keyring, "one", none)
    assert key_pem(kept_key(keyring, "one", none)) == key_pem(key)
    assert key_pem(kept_key(keyring, "two", none)) != key_pem(key)


@pytest.mark.parametrize("text", [b"", b"no key", OF_ANOTHER_KIND])
def test_what_is_no_key_of_ours_is_told_and_never_made_anew_by_itself(
    tmp_path: Path, text: bytes
) -> None:
    assert load_key(text) is None
    keyring = KeyRing.create(tmp_path)
    keyring.keep("one", Secret(text.decode()))
    with pytest.raises(AuthorityKeyUnusable, match="its content is damaged") as told:
        kept_key(keyring, "one", tmp_path / "none.pem")
    assert "new-authority" in told.value.hint
    kept = keyring.named("one")
    assert kept is not None
    assert kept.reveal().encode() == text, "what there is may still be of use to somebody"


def test_a_key_is_not_made_beside_an_authority_that_has_signed_already(tmp_path: Path) -> None:
    keyring, made = KeyRing.create(tmp_path), tmp_path / "authority.pem"
    made.touch()
    with pytest.raises(AuthorityKeyUnusable, match="it is not there"):
        kept_key(keyring, "one", made)
    on_purpose = new_key(keyring, "one")
    assert key_pem(kept_key(keyring, "one", made)) == key_pem(on_purpose)
