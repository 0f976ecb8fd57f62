"""Proving one event to somebody who has nothing but the public key.

The proof is one JSON document: the event's content, its place, the audit path of RFC 6962, the
signed checkpoint, and, if wanted, the values with their salts, which the content commits to.
"""

import base64
import binascii
from collections.abc import Sequence
from pathlib import Path

import msgspec

from app.audit.checkpoint import Checkpoint, open_checkpoint, read_checkpoint
from app.audit.errors import (
    CheckpointForeign,
    EventUnknown,
    ProofInvalid,
    ProofMalformed,
    ProofOfAnother,
)
from app.audit.event import Content, Part
from app.audit.merkle import Forest, leaf_hash, verify_inclusion
from app.audit.note import VerifierKey
from app.audit.sealed import CONTENT, parts_of
from app.audit.store import reading
from app.core.messages import mark

FORMAT = "tenshu-audit-proof/1"


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """A self-contained proof of inclusion."""

    format: str = FORMAT
    position: int
    content: str
    """Canonical JSON, the bytes that the tree covers."""
    path: tuple[str, ...]
    """Hashes from the leaf to the root, base64."""
    checkpoint: str
    """The signed note."""
    parts: tuple[Part, ...] = ()
    """Values that the prover chose to reveal."""


class Proven(msgspec.Struct, frozen=True, kw_only=True):
    """What a proof shows."""

    position: int
    size: int
    """Events that the checkpoint covers."""
    origin: str
    content: Content
    parts: tuple[Part, ...]


def prove(folder: Path, event: str, *, reveal: bool = False, against: str = "") -> str:
    """Return the proof of a sealed event, as JSON, that ends in the newest checkpoint.

    With `against`, it ends in that signed checkpoint, which somebody keeps. With `reveal`, the
    values that are not erased go with it. Reads all events before it, about a second for 300,000.
    Raise EventUnknown, CheckpointForeign, NoteMalformed or StoreUnreadable.
    """
    with reading(folder) as connection:
        row = connection.execute(
            "SELECT position, content FROM events WHERE id = ?", (event,)
        ).fetchone()
        if row is None:
            raise EventUnknown(event=event)
        position, content = row
        (note,) = connection.execute(
            "SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1"
        ).fetchone()
        note = against or note
        head = read_checkpoint(note)
        if position >= head.size:
            raise EventUnknown(event=event)
        leaves = connection.execute(
            "SELECT CAST(content AS BLOB) FROM events WHERE position < ? ORDER BY position",
            (head.size,),
        )
        hashes = [leaf_hash(leaf) for (leaf,) in leaves]
        forest = Forest(hashes)
        if len(hashes) != head.size or forest.root() != head.root:
            raise CheckpointForeign(size=head.size)
        parts = parts_of(connection, position, CONTENT.decode(content)) if reveal else ()
    proof = Proof(
        position=position,
        content=content,
        path=tuple(base64.b64encode(each).decode() for each in forest.inclusion(position)),
        checkpoint=note,
        parts=parts,
    )
    return msgspec.json.format(msgspec.json.encode(proof), indent=2).decode()


def verify_proof(
    text: str | bytes, keys: Sequence[VerifierKey], *, against: Checkpoint | None = None
) -> Proven:
    """Return what a proof shows, with the public keys alone.

    With `against`, a checkpoint whose signature was checked, the proof must end in its root. Raise
    ProofMalformed, ProofOfAnother, ProofInvalid, NoteMalformed or SignatureInvalid.
    """
    try:
        proof = msgspec.json.decode(text, type=Proof)
        content = CONTENT.decode(proof.content)
        path = [base64.b64decode(each, validate=True) for each in proof.path]
    except (msgspec.MsgspecError, UnicodeError, binascii.Error) as error:
        raise ProofMalformed(reason=str(error)) from error
    if proof.format != FORMAT:
        raise ProofMalformed(reason=mark("its format is not known to this version"))
    checkpoint = open_checkpoint(proof.checkpoint, keys)
    if against is not None and checkpoint.size != against.size:
        raise ProofOfAnother(size=checkpoint.size, held=against.size)
    if against is not None and checkpoint.root != against.root:
        raise ProofInvalid(reason=mark("it ends in another history of the same length"))
    leaf = leaf_hash(proof.content.encode())
    if not verify_inclusion(leaf, proof.position, checkpoint.size, checkpoint.root, path):
        raise ProofInvalid(reason=mark("the event does not stand at this place of the history"))
    for part in proof.parts:
        if content.commitments.get(part.name) != _commitment(part):
            raise ProofInvalid(reason=mark("the revealed values are not those of the event"))
    return Proven(
        position=proof.position,
        size=checkpoint.size,
        origin=checkpoint.origin,
        content=content,
        parts=proof.parts,
    )


def _commitment(part: Part) -> str:
    try:
        return part.commitment()
    except ValueError:
        return ""
