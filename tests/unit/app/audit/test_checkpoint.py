"""c2sp.org/tlog-checkpoint: what a checkpoint says, and in which single form."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from app.audit.checkpoint import (
    Checkpoint,
    find_notes,
    note_hash,
    open_checkpoint,
    parse_checkpoint,
    read_checkpoint,
    split_notes,
)
from app.audit.errors import NoteMalformed, SignatureInvalid
from app.audit.note import VerifierKey, parse_note, sign_note

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
OURS = VerifierKey("tenshu/audit/1", KEY.public_key().public_bytes_raw())
ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
PUBLISHED = (
    f"example.com/behind-the-sofa\n20852163\n{ROOT}\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2"
    "q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
)


def test_the_example_of_the_specification_is_read() -> None:
    checkpoint = read_checkpoint(PUBLISHED)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert (checkpoint.epoch, checkpoint.previous) == (0, b"")


@given(
    st.integers(0, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
    st.integers(0, 2**48),
    st.just(b"") | st.binary(min_size=32, max_size=32),
)
def test_a_signed_checkpoint_comes_back_as_it_was(
    size: int, root: bytes, epoch: int, previous: bytes
) -> None:
    checkpoint = Checkpoint(OURS.name, size, root, epoch, previous)
    assert open_checkpoint(checkpoint.sign(KEY), [OURS]) == checkpoint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "origin\n1\n",
        f"origin\n1\n{ROOT}",
        f"\n1\n{ROOT}\n",
        f"origin\n01\n{ROOT}\n",
        f"origin\n-1\n{ROOT}\n",
        f"origin\n1a\n{ROOT}\n",
        f"origin\n9999999999999999999\n{ROOT}\n",
        "origin\n1\nAAAA\n",
        f"origin\n1\n{ROOT[:-2]}J=\n",
        "origin\n1\n!\n",
        f"origin\n1\n{ROOT}\n\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteMalformed):
        parse_checkpoint(text)


def test_extensions_of_others_are_passed_over() -> None:
    checkpoint = parse_checkpoint(f"origin\n1\n{ROOT}\nweather fine\nepoch x\nprevious y\n")
    assert (checkpoint.epoch, checkpoint.previous) == (0, b"")


def test_a_checkpoint_under_another_name_than_its_signer_is_refused() -> None:
    text = Checkpoint("another", 1, b"r" * 32).text
    with pytest.raises(NoteMalformed, match="another name"):
        open_checkpoint(sign_note(text, OURS.name, KEY), [OURS])


def test_a_checkpoint_signed_by_nobody_known_is_refused() -> None:
    with pytest.raises(SignatureInvalid):
        open_checkpoint(PUBLISHED, [OURS])


def test_a_log_is_split_into_its_checkpoints_whatever_a_power_cut_left_METI_18() -> None:
    notes = [Checkpoint(OURS.name, size, b"r" * 32).sign(KEY) for size in (1, 2, 3)]
    assert split_notes("".join(note + "\n" for note in notes)) == notes
    assert split_notes("\n\n".join(notes).replace("\n", "\r\n")) == notes
    torn = f"{notes[0]}\n{notes[1][:20]}\n\n{notes[2]}\n"
    assert split_notes(torn) == [notes[0], notes[2]]
    assert split_notes("nothing of the kind") == []
    assert all(parse_note(note) for note in split_notes(PUBLISHED))


def test_the_hash_of_a_note_covers_its_signature() -> None:
    note = Checkpoint(OURS.name, 1, b"r" * 32).sign(KEY)
    assert note_hash(note) != note_hash(note[:-2] + "\n")


@pytest.mark.parametrize("end", ["\n", "\r\n", "#012", "\\n"])
@pytest.mark.parametrize("around", [("", ""), ("<109>1 host - \ufeff", ""), ('{"m":"', '"}')])
def test_a_note_is_found_in_whatever_it_was_kept_in(end, around):
    before, behind = around
    note = Checkpoint("tenshu/audit/1", 12, b"r" * 32, 7, b"p" * 32).sign(KEY)
    kept = before + note.rstrip().replace("\n", end) + behind
    assert find_notes(f"something else\n{kept}\nand this\n{kept}\n") == [note, note]
    assert find_notes("nothing of the kind") == []
