"""What can be wrong with a password."""

from app.core.errors import TenshuError
from app.identity.errors.counted import Counted


class WrongPassword(Counted):
    """A signed-in person gave a wrong current password."""

    code = "password.wrong"
    status = 403
    message = "Your current password is not right."
    hint = "Type it again."


class UnsuitablePassword(TenshuError):
    """A new password breaks a rule of NIST SP 800-63B-4, or of this company."""

    code = "password.unsuitable"
    status = 422
    message = "This password cannot be used: {reason}"
    hint = "A sentence of several words that only you would write is good, and easy to keep."


class PasswordTooShort(UnsuitablePassword):
    """Fewer characters than SP 800-63B-4 section 3.1.1.2 asks for."""

    code = "password.too_short"
    message = "A password must have at least {minimum} characters."


class PasswordTooLong(UnsuitablePassword):
    """Far above the 64 characters that must be accepted: only resources set this limit."""

    code = "password.too_long"
    message = "A password may have at most {maximum} characters."
    hint = "Take a shorter one."


class PasswordOverMaximum(UnsuitablePassword):
    """More characters than this company lets a password have."""

    code = "password.over_maximum"
    message = "In this company a password may have at most {maximum} characters."
    hint = "Take a shorter one."
