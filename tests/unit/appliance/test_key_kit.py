"""The key kit on paper, and what follows from it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.contract.backup_errors import (
    KitIncomplete,
    KitMistyped,
    RingUnreadable,
    WrongKit,
)
from appliance.contract.kit import KeyKit
from appliance.contract.ring import kit_of_ring, unwrap_ring, wrap_ring
from appliance.contract.secret import Secret

KIT = KeyKit(bytes(range(32)))
PASSPHRASE = "21dcd3998228baf9e58e311376e787f4561541470949e106e0880abc72768e6f"
PUBLIC_KEY = "1e7d3747dc2c5439086a861acdbd14d35aca8c5a4815efe83d44313c66de744c"
NUMBER = "ee715fd8d0dbedec"
TEXT = "AAAQ EAYE AUDA OCAJ BIFQ YDIO B4IB CEQT CQKR MFYY DENB WHA5 DYP7 MXNX"


def same(one: KeyKit, other: KeyKit) -> bool:
    return one.public_key() == other.public_key()


def test_the_paper_form_is_fourteen_groups_of_four() -> None:
    groups = KIT.text().reveal().split(" ")
    assert [len(group) for group in groups] == [4] * 14


@given(st.binary(min_size=32, max_size=32))
def test_every_kit_is_read_back_from_paper_and_from_its_code(key: bytes) -> None:
    kit = KeyKit(key)
    assert same(KeyKit.from_text(kit.text()), kit)
    assert same(KeyKit.from_text(kit.qr_payload()), kit)


def test_typing_habits_do_not_matter() -> None:
    kit = KeyKit(b"\x75\xd0\x0b\x08" * 8)  # its text has O, I and B
    text = kit.text().reveal()
    assert {"O", "B", "I"} <= set(text)
    for typed in (
        text.lower(),
        text.replace(" ", ""),
        text.replace(" ", "-"),
        f"  {text}\n",
        text.replace("O", "0").replace("I", "1").replace("B", "8"),
    ):
        assert same(KeyKit.from_text(Secret(typed)), kit)


@given(st.integers(0, 55), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
def test_one_wrong_character_is_noticed(position: int, letter: str) -> None:
    text = KIT.text().reveal().replace(" ", "")
    if text[position] != letter:
        typed = text[:position] + letter + text[position + 1 :]
        with pytest.raises(KitMistyped):
            KeyKit.from_text(Secret(typed))


def test_a_character_that_no_kit_has_is_a_typing_mistake() -> None:
    with pytest.raises(KitMistyped):
        KeyKit.from_text(Secret("9" + KIT.text().reveal()[1:]))
    with pytest.raises(KitMistyped):
        KeyKit.from_text(Secret("霞" + KIT.text().reveal()[1:]))


@pytest.mark.parametrize("text", ["", "ABCD", "A" * 57])
def test_missing_or_added_groups_are_counted(text: str) -> None:
    with pytest.raises(KitIncomplete) as caught:
        KeyKit.from_text(Secret(text))
    assert caught.value.parameters == {"expected": 56, "found": len(text)}


def test_derivations_never_change_or_old_archives_would_be_lost() -> None:
    """Fixed for ever: a kit of today opens its archives in any later version."""
    assert KIT.borg_passphrase().reveal() == PASSPHRASE
    assert KIT.public_key().hex() == PUBLIC_KEY
    assert KIT.number() == NUMBER
    assert KIT.text().reveal() == TEXT


def test_two_kits_have_nothing_in_common() -> None:
    one, other = KeyKit.new(), KeyKit.new()
    assert one.borg_passphrase() != other.borg_passphrase()
    assert one.number() != other.number()


def test_a_kit_does_not_show_itself() -> None:
    assert str(KIT) == repr(KIT) == "KeyKit(…)"
    assert str(KIT.text()) == "Secret(…)"


def test_the_ring_is_wrapped_without_the_kit_and_opened_with_it_only_F13() -> None:
    ring = b'{"keys": []}'
    wrapped = wrap_ring(KIT.public_key(), ring)
    assert ring not in wrapped
    assert kit_of_ring(wrapped) == KIT.number()
    assert unwrap_ring(KIT, wrapped) == ring
    assert wrap_ring(KIT.public_key(), ring) != wrapped
    with pytest.raises(WrongKit):
        unwrap_ring(KeyKit.new(), wrapped)


def test_a_ring_relabelled_for_another_kit_does_not_open() -> None:
    other = KeyKit.new()
    forged = wrap_ring(KIT.public_key(), b"x").replace(
        KIT.number().encode(), other.number().encode()
    )
    with pytest.raises(RingUnreadable):
        unwrap_ring(other, forged)


@pytest.mark.parametrize(
    "wrapped",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        b'{"format":"tenshu-ring-2","kit":"a","ring":""}',
        b'{"format":"tenshu-ring-1","kit":"a","ring":"*"}',
        b'{"format":"tenshu-ring-1","kit":"a","ring":7}',
    ],
)
def test_what_is_no_wrapped_ring_is_told(wrapped: bytes) -> None:
    with pytest.raises(RingUnreadable):
        unwrap_ring(KIT, wrapped)


@given(st.integers(min_value=0))
def test_a_ring_with_one_flipped_bit_does_not_open(at: int) -> None:
    import json
    from base64 import b64decode, b64encode

    header = json.loads(wrap_ring(KIT.public_key(), b"secret"))
    sealed = bytearray(b64decode(header["ring"]))
    at %= len(sealed) * 8
    # X25519 ignores the highest bit of a public key (RFC 7748): HPKE binds it in all the same
    sealed[at // 8] ^= 1 << at % 8
    header["ring"] = b64encode(sealed).decode()
    with pytest.raises(RingUnreadable):
        unwrap_ring(KIT, json.dumps(header).encode())
