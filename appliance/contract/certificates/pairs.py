"""A certificate and its key written down, and put in use in one step.

A kill or a power cut leaves the old pair in use or the new one: the files of a pair never change,
and the record that names the pair in use is replaced whole. So a key is never read with another's
certificate.
"""

from pathlib import Path

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from appliance.contract.certificates.chain import Chain
from appliance.contract.certificates.folder import Folder, Record, identifier_of
from appliance.durable import sync_folder, write_whole


def keep_pair(
    folder: Folder, name: str, record: Record, chain: Chain, key: PrivateKeyTypes
) -> None:
    """Write a pair down, and let it be the one in use; the one before stays beside."""
    identifier = identifier_of(chain)
    made_folder(folder, name)
    pair = folder.pair(name, identifier)
    write_whole(pair.key, pkcs8(key))
    write_whole(pair.chain, chain.pem().encode(), 0o644)
    before = record.pair if record.pair != identifier else record.before
    write_record(folder, name, msgspec.structs.replace(record, pair=identifier, before=before))


def made_folder(folder: Folder, name: str) -> Path:
    """Return the folder of a certificate, which is there then."""
    own = folder.path / name
    for one in (folder.path, own):
        one.mkdir(mode=0o700, parents=True, exist_ok=True)
    return own


def write_record(folder: Folder, name: str, record: Record) -> None:
    """Write down what is known of a certificate: the step that counts."""
    write_whole(folder.path / name / "record.json", msgspec.json.encode(record))
    sync_folder(folder.path)


def pkcs8(key: PrivateKeyTypes) -> bytes:
    """Return a key as servers take it."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
