"""Inclusion proofs: one event, for somebody who has nothing but the public key."""

import json

import msgspec
import pytest

from app.audit.checkpoint import open_checkpoint
from app.audit.errors import (
    CheckpointForeign,
    EventUnknown,
    ProofInvalid,
    ProofMalformed,
    ProofOfAnother,
    SignatureInvalid,
)
from app.audit.prove import prove, verify_proof
from tests.unit.app.audit.trail import Trail


def test_every_event_is_proven_with_the_public_key_alone_F5(trail: Trail) -> None:
    events = trail.add(9)
    for position, event in enumerate(events, start=1):
        proven = verify_proof(prove(trail.folder, event.id), trail.keys)
        assert (proven.position, proven.size) == (position, 10)
        assert (proven.content.id, proven.parts) == (event.id, ())
        assert proven.origin == trail.signer.name


def test_a_proof_reveals_values_only_where_asked_and_they_are_checked(trail: Trail) -> None:
    (event,) = trail.add()
    text = prove(trail.folder, event.id, reveal=True)
    assert verify_proof(text, trail.keys).parts == event.parts
    assert "山田 花子" in text
    assert "山田 花子" not in prove(trail.folder, event.id)
    with pytest.raises(ProofInvalid, match="revealed values"):
        verify_proof(text.replace("山田", "田山"), trail.keys)
    with pytest.raises(ProofInvalid, match="revealed values"):
        verify_proof(text.replace(event.parts[0].salt, "no hex"), trail.keys)


def test_an_altered_proof_is_refused_F5(trail: Trail) -> None:
    event = trail.add(5)[2]
    proof = json.loads(prove(trail.folder, event.id))
    for changes, problem in (
        ({"content": proof["content"].replace("orders", "orderz")}, ProofInvalid),
        ({"position": 1}, ProofInvalid),
        ({"path": proof["path"][::-1]}, ProofInvalid),
        ({"path": ["no base64!"]}, ProofInvalid),
        ({"format": "another/1"}, ProofMalformed),
        ({"position": "x"}, ProofMalformed),
        ({"checkpoint": proof["checkpoint"].replace("epoch 0", "epoch 1")}, SignatureInvalid),
    ):
        with pytest.raises(problem):
            verify_proof(json.dumps(proof | changes), trail.keys)
    with pytest.raises(ProofMalformed):
        verify_proof(b"\xff", trail.keys)


def test_what_is_not_sealed_cannot_be_proven(trail: Trail) -> None:
    with pytest.raises(EventUnknown):
        prove(trail.folder, "0" * 28)


def test_a_proof_ends_in_the_checkpoint_that_somebody_keeps_F5(trail: Trail) -> None:
    event = trail.add(5)[2]
    trail.sealer.publish()
    kept = open_checkpoint(trail.note, trail.keys)
    proof = prove(trail.folder, event.id, against=trail.note)
    later = trail.add(4)[0]
    again = prove(trail.folder, event.id, against=trail.note)
    assert verify_proof(again, trail.keys, against=kept).size == 6
    assert verify_proof(proof, trail.keys, against=kept).content.id == event.id
    with pytest.raises(ProofOfAnother):
        verify_proof(prove(trail.folder, event.id), trail.keys, against=kept)
    with pytest.raises(EventUnknown):
        prove(trail.folder, later.id, against=trail.note)
    other = msgspec.structs.replace(kept, root=bytes(32))
    with pytest.raises(ProofInvalid, match="another history"):
        verify_proof(proof, trail.keys, against=other)


def test_no_proof_is_made_for_a_checkpoint_that_does_not_fit(trail: Trail) -> None:
    events = trail.add(5)
    note = trail.sealer._ledger.note
    trail.tamper("UPDATE events SET content = replace(content, 'orders.', 'orderz.')")
    with pytest.raises(CheckpointForeign):
        prove(trail.folder, events[0].id, against=note)
    trail.tamper("DELETE FROM events WHERE position = 5")
    with pytest.raises(CheckpointForeign):
        prove(trail.folder, events[0].id)
