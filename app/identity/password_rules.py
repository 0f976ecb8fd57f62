"""Which passwords may be chosen: NIST SP 800-63B-4 section 3.1.1.2, and what a company adds.

Length, a block list, every Unicode character, paste, no composition, no expiry. Composition,
expiry, an upper limit and a short lock exist as settings, because some contracts still ask for
them; all are off. The preset `legacy` switches them on together.
"""

import unicodedata
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from app.core.clock import DAY
from app.core.messages import mark
from app.core.secret import Secret
from app.identity import common_passwords, passwords
from app.identity.errors import (
    PasswordOverMaximum,
    PasswordTooLong,
    PasswordTooShort,
    UnsuitablePassword,
)

NIST: Final = "nist"
PRODUCT_WORDS: Final = ("tenshu", "天守")


class PasswordPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What this company asks of a password."""

    preset: Annotated[
        Literal["nist", "legacy"],
        Meta(description="NIST SP 800-63B-4, or a legacy policy that a contract asks for"),
    ] = "nist"
    minimum_alone: Annotated[
        int, Meta(ge=8, le=64, description="Fewest characters without a second factor")
    ] = 15
    minimum_with_factor: Annotated[
        int, Meta(ge=8, le=64, description="Fewest characters beside a second factor")
    ] = 8
    minimum_classes: Annotated[
        int,
        Meta(ge=0, le=4, description="Kinds of characters that must occur; 0 is recommended"),
    ] = 0
    expiry_days: Annotated[
        int, Meta(ge=0, le=3650, description="Days until a change is forced; 0 is recommended")
    ] = 0
    maximum: Annotated[
        int, Meta(ge=0, le=1024, description="Most characters; 0 (recommended): no limit")
    ] = 0
    free_failures: Annotated[
        int, Meta(ge=3, le=10, description="Failed attempts after which one has to wait")
    ] = 5
    lock_minutes: Annotated[
        int,
        Meta(ge=0, le=60, description="Minutes to wait then; 0 (recommended): growing waits"),
    ] = 0


LEGACY: Final = PasswordPolicy(
    preset="legacy",
    minimum_alone=8,
    minimum_with_factor=8,
    minimum_classes=2,
    expiry_days=90,
    maximum=20,
    free_failures=3,
    lock_minutes=5,
)
"""The habit of the Japanese market: 8 to 20 characters, two kinds, 90 days, 5 minutes after 3."""
PRESETS: Final = {NIST: PasswordPolicy(), "legacy": LEGACY}


def judge(
    policy: PasswordPolicy, password: Secret, *, has_factor: bool, known: tuple[str, ...]
) -> None:
    """Raise UnsuitablePassword (or a kind of it) with the reason if `password` may not be chosen.

    `known` is what everybody knows about the person: login ID, name.
    """
    text = passwords.normalise(password)
    minimum = policy.minimum_with_factor if has_factor else policy.minimum_alone
    if len(text) < minimum:
        raise PasswordTooShort(minimum=minimum)
    if len(text) > passwords.LONGEST or len(password) > passwords.LONGEST:
        raise PasswordTooLong(maximum=passwords.LONGEST)
    if 0 < policy.maximum < len(text):
        raise PasswordOverMaximum(maximum=policy.maximum)
    if any(0xD800 <= ord(sign) <= 0xDFFF for sign in text):
        raise UnsuitablePassword(reason=mark("it holds something that is no character."))
    if common_passwords.is_common(text):
        raise UnsuitablePassword(reason=mark("it is one of those that are guessed first."))
    if common_passwords.is_personal(text, (*known, *PRODUCT_WORDS)):
        reason = mark("it hardly says more than your name, your login ID or this product.")
        raise UnsuitablePassword(reason=reason)
    if _classes(text) < policy.minimum_classes:
        reason = mark("your company asks for more kinds of characters.")
        raise UnsuitablePassword(reason=reason)


def stands_alone(policy: PasswordPolicy, password: Secret) -> bool:
    """Tell whether a password is long enough without a second factor."""
    return len(passwords.normalise(password)) >= policy.minimum_alone


def is_expired(policy: PasswordPolicy, changed_at: int, now: int) -> bool:
    """Tell whether the company's own rule forces a change now. Never by default."""
    return policy.expiry_days > 0 and now - changed_at >= policy.expiry_days * DAY


def _classes(text: str) -> int:
    """Count kinds of characters: upper case, other letters, digits, everything else."""
    kinds = {unicodedata.category(sign) for sign in text}
    upper = "Lu" in kinds
    letters = any(kind[0] == "L" for kind in kinds - {"Lu"})
    digits = any(kind[0] == "N" for kind in kinds)
    others = any(kind[0] not in "LN" for kind in kinds)
    return upper + letters + digits + others
