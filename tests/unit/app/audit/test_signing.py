"""The signing key: made once, kept safe, never replaced by accident."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.audit.durable import append_durably, remove_durably, write_durably
from app.audit.errors import SigningKeyUnusable
from app.audit.signing import load_or_make_signer, load_signer


def test_a_key_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "audit-signing.key"
    made = load_or_make_signer(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text().startswith("-----BEGIN PRIVATE KEY-----")
    assert load_or_make_signer(path).verifier == made.verifier
    assert made.name.startswith("tenshu/audit/")


@pytest.mark.parametrize("content", [b"", b"no key", None])
def test_a_damaged_or_missing_key_is_refused_not_replaced(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "audit-signing.key"
    if content is not None:
        write_durably(path, content, mode=0o600)
    with pytest.raises(SigningKeyUnusable):
        load_signer(path)


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "audit-signing.key"
    key = generate_private_key(SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_durably(path, pem, mode=0o600)
    with pytest.raises(SigningKeyUnusable, match="Ed25519"):
        load_signer(path)


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "audit-signing.key"
    load_or_make_signer(path)
    path.chmod(0o640)
    with pytest.raises(SigningKeyUnusable, match="other users"):
        load_signer(path)


def test_a_small_file_is_replaced_whole_appended_to_and_removed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_durably(path, b"one")
    write_durably(path, b"two", mode=0o600)
    append_durably(path, b"three")
    assert path.read_bytes() == b"twothree"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
    remove_durably(path)
    remove_durably(path)
    assert not path.exists()
