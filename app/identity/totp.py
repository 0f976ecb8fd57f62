"""Codes of an authenticator app (RFC 6238): six digits, SHA-1, 30 seconds, ±1 step."""

import io
import unicodedata
from typing import Final

import msgspec
import pyotp

from app.core.clock import SECOND
from app.core.secret import Secret

STEP: Final = 30 * SECOND
NEIGHBOURS: Final = (0, -1, 1)
"""One step to each side: clocks differ by up to 30 seconds, typing takes time."""


class Enrolment(msgspec.Struct, frozen=True):
    """What a person scans or types into their authenticator app."""

    secret: Secret
    """Base32, to type where there is no camera."""
    uri: Secret
    """otpauth URI."""
    svg: Secret
    """The URI as a QR code: an `<svg>` element without style attributes."""


def new_secret() -> Secret:
    """Return a new shared secret of 160 bits (RFC 4226 section 4), base32."""
    return Secret(pyotp.random_base32())


def describe(secret: Secret, login_id: str, issuer: str) -> Enrolment:
    """Return what an authenticator app needs; `issuer` names this appliance in the app's list."""
    import segno  # noqa: PLC0415 - seldom needed, and loaded at each start

    uri = pyotp.TOTP(secret.reveal()).provisioning_uri(name=login_id, issuer_name=issuer)
    drawn = io.BytesIO()
    segno.make(uri, error="m", micro=False).save(
        drawn, kind="svg", xmldecl=False, svgns=True, omitsize=True, svgclass="qr", lineclass=None
    )
    return Enrolment(secret, Secret(uri), Secret(drawn.getvalue().decode()))


def matching_step(secret: Secret, code: Secret, now: int) -> int | None:
    """Return the time step whose code this is, within one step of `now` (ms); None if none.

    Whoever accepts it stores the step and never accepts it again: pyotp itself would.
    """
    typed = Secret(tidy(code))
    generator = pyotp.TOTP(secret.reveal())
    current = now // STEP
    found = None
    for neighbour in NEIGHBOURS:  # all three, so that the time tells nothing
        step = current + neighbour
        if typed.matches(generator.at(step * (STEP // SECOND))):
            found = step
    return found


def seconds_to_next(now: int) -> int:
    """Return how many seconds pass until the app shows another code: 1 to 30."""
    return -(-(STEP - now % STEP) // SECOND)


def tidy(code: Secret) -> str:
    """Return a typed code without spaces, in ASCII digits where it was full width."""
    text = unicodedata.normalize("NFKC", code.reveal()[:64])
    return "".join(text.split())
