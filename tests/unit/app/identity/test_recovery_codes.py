import hashlib
import re

from app.core.keyring import KeyRing
from app.core.secret import Secret
from app.identity import recovery_codes


def test_ten_codes_are_made_that_nobody_mistypes():
    codes = [code.reveal() for code in recovery_codes.new_codes()]
    assert len(set(codes)) == 10
    assert all(
        re.fullmatch(r"([0-9a-hjkmnp-tv-z]{4}-){5}[0-9a-hjkmnp-tv-z]{4}", code) for code in codes
    )


def test_a_code_is_kept_as_a_hash_that_bears_any_way_of_typing_F12(tmp_path):
    ring = KeyRing.create(tmp_path / "keys")
    kept = recovery_codes.hash_code(ring, "a", Secret("0123-4567-89ab-cdef"))
    assert re.fullmatch(r"[0-9a-f]{64}", kept), "a hash, whose digits may resemble anything"
    assert hashlib.sha256(b"0123456789abcdef").hexdigest() != kept, "it takes the ring's key"
    for typed in (
        "0123456789ABCDEF",
        "O123 4567 89ab cdef",
        "０１２３ー４５６７-89ab-cdef",
        "oi23-4567-89ab-cdef",
    ):
        assert recovery_codes.hash_code(ring, "a", Secret(typed)) == kept
    assert recovery_codes.hash_code(ring, "b", Secret("0123-4567-89ab-cdef")) != kept
    ring.rotate()
    assert recovery_codes.hash_code(ring, "a", Secret("0123-4567-89ab-cdef")) == kept
