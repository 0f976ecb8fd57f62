"""c2sp.org/signed-note: what is signed, by whom, and what is refused."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from app.audit.errors import NoteMalformed, SignatureInvalid
from app.audit.note import (
    MAX_NOTE,
    VerifierKey,
    open_note,
    parse_note,
    parse_verifier_key,
    sign_note,
)

# The example of the Go module golang.org/x/mod/sumdb/note, made by another implementation.
FOREIGN_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
FOREIGN_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngot"
    "pRZb6KE6RyyBwJnAM=\n"
)
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
OURS = VerifierKey("tenshu", KEY.public_key().public_bytes_raw())
NOTE = sign_note("one\ntwo\n", "tenshu", KEY)


def test_a_note_of_another_implementation_is_accepted_F5() -> None:
    key = parse_verifier_key(FOREIGN_KEY)
    text, signer = open_note(FOREIGN_NOTE, [key])
    assert signer == key
    assert text.endswith("what your problem is.\n")
    assert str(key) == FOREIGN_KEY


def test_our_note_opens_with_the_public_key_alone_F5() -> None:
    assert open_note(NOTE, [parse_verifier_key(str(OURS))]) == ("one\ntwo\n", OURS)


def test_signatures_of_strangers_are_passed_over() -> None:
    witness = FOREIGN_NOTE.rpartition("\n\n")[2]
    assert open_note(NOTE + witness, [OURS])[1] == OURS
    assert open_note(NOTE.replace("— ", witness + "— "), [OURS])[1] == OURS
    again = NOTE.rpartition("\n\n")[2]
    assert open_note(NOTE + again, [OURS])[1] == OURS


def test_a_note_without_a_known_signature_is_refused() -> None:
    with pytest.raises(SignatureInvalid):
        open_note(FOREIGN_NOTE, [OURS])


@given(st.integers(min_value=0, max_value=len(NOTE) - 1), st.integers(0, 0x10FFFF))
def test_no_character_of_a_note_can_be_another_one_F5(place: int, code: int) -> None:
    changed = NOTE[:place] + chr(code) + NOTE[place + 1 :]
    if changed == NOTE or 0xD800 <= code <= 0xDFFF:
        return
    with pytest.raises((NoteMalformed, SignatureInvalid)):
        open_note(changed, [OURS])


@pytest.mark.parametrize(
    "note",
    [
        "",
        "no signature\n",
        "text\n\n— tenshu",
        "text\n\n– tenshu AAAAAAAA\n",
        "text\n\n— ten+shu AAAAAAAA\n",
        "text\n\n— tenshu AAAA\n",
        "text\n\n— tenshu AAAAAAB=\n",
        "text\n\n— tenshu ＡＡＡＡ\n",
        "te\txt\n\n— tenshu AAAAAAAA\n",
        "x" * MAX_NOTE + NOTE,
    ],
)
def test_what_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(NoteMalformed):
        parse_note(note)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "tenshu",
        "ten shu" + str(OURS)[6:],
        str(OURS).replace("+", "-", 1),
        str(OURS)[:-4],
        "tenshu+00000000+" + base64.b64encode(b"\x02" + OURS.public).decode(),
        "tenshu+00000000+" + base64.b64encode(b"\x01" + OURS.public).decode(),
    ],
)
def test_what_is_no_verifier_key_is_refused(key: str) -> None:
    with pytest.raises(NoteMalformed):
        parse_verifier_key(key)
