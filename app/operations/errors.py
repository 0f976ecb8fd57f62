"""Why an operation was refused."""

from app.core.errors import TenshuError


class Refused(TenshuError):
    """The root of refusals: nothing was done, and the history says that somebody tried."""

    code = "refused"
    status = 403
    message = "You may not do this."
    hint = "Ask an administrator if you need it."


class NotAllowed(Refused):
    """The person lacks the right."""

    code = "refused.permission"
    message = "Your account lacks the right “{permission}” here."
    hint = "Ask an administrator for it if you need it."


class SignInNeeded(Refused):
    """Nobody is signed in."""

    code = "refused.sign_in_needed"
    status = 401
    message = "You are not signed in."
    hint = "Sign in and try again."


class TokenNotAllowed(Refused):
    """API tokens cannot run dangerous or irreversible operations (architecture section 2)."""

    code = "refused.token"
    message = "“{operation}” cannot be done with an API token."
    hint = "Sign in to the console in person: it asks for a second factor."


class WrongPlane(Refused):
    """The operation does not exist on this plane."""

    code = "refused.plane"
    status = 404
    message = "“{operation}” is not offered here."
    hint = "Use the other plane."


class KeyNotTaken(TenshuError):
    """The operation takes no key to be asked again with: it would be done twice."""

    code = "repeat.not_taken"
    status = 400
    message = "“{operation}” takes no Idempotency-Key."
    hint = "Leave the header out."


class ConfirmationNeeded(TenshuError):
    """Not a refusal: the person proves with a fresh second factor that it is them."""

    code = "confirmation_needed"
    status = 403
    message = "“{operation}” needs a fresh second factor."
    hint = "Confirm with your authenticator."
