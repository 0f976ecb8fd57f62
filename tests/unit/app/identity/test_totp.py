import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.secret import Secret
from app.identity import totp

SECRET = Secret("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
NOW = 1_795_224_000_000


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_rfc_6238_appendix_b_F11(seconds, code):
    assert totp.matching_step(SECRET, Secret(code), seconds * 1000) == seconds // 30


@given(st.integers(-3, 3), st.integers(0, 29_999))
def test_one_step_to_each_side_is_accepted_and_no_more_F11(steps, inside):
    now = NOW + inside
    code = Secret(pyotp.TOTP(SECRET.reveal()).at(NOW // 1000 + 30 * steps))
    found = totp.matching_step(SECRET, code, now)
    assert found == (NOW // 30_000 + steps if abs(steps) <= 1 else None)


def test_a_clock_one_hour_off_gives_no_valid_code():
    code = Secret(pyotp.TOTP(SECRET.reveal()).at(NOW // 1000 - 3600))
    assert totp.matching_step(SECRET, code, NOW) is None


@pytest.mark.parametrize(("inside", "seconds"), [(0, 30), (1, 30), (1000, 29), (29_999, 1)])
def test_it_tells_when_the_next_code_comes(inside, seconds):
    assert totp.seconds_to_next(NOW + inside) == seconds


def test_spaces_and_full_width_digits_are_read():
    code = pyotp.TOTP(SECRET.reveal()).at(NOW // 1000)
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code)
    assert totp.matching_step(SECRET, Secret(f" {wide[:3]} {wide[3:]} "), NOW) is not None


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "\ud800", "1" * 10_000])
def test_what_is_no_code_fits_nothing(typed):
    assert totp.matching_step(SECRET, Secret(typed), NOW) is None


def test_the_enrolment_can_be_scanned_and_typed_F11():
    enrolment = totp.describe(SECRET, "tanaka@example", "Tenshu (test)")
    parsed = pyotp.parse_uri(enrolment.uri.reveal())
    assert (parsed.secret, parsed.name, parsed.issuer) == (
        SECRET.reveal(), "tanaka@example", "Tenshu (test)",
    )  # fmt: skip
    svg = enrolment.svg.reveal()
    assert svg.startswith("<svg")
    assert "style" not in svg
    assert "<script" not in svg


def test_new_secrets_have_160_bits_and_differ():
    one, two = totp.new_secret(), totp.new_secret()
    assert len(one) == 32
    assert one != two
