"""What can go wrong with the link that an invited person opens."""

from app.core.errors import TenshuError
from app.identity.errors.counted import Counted


class InvitationUnknown(Counted):
    """A link that was never handed out, or is mistyped: attempts are counted."""

    code = "invitations.unknown"
    status = 404
    message = "This link is not known here."
    hint = "Type it as it is printed, or ask an administrator for a new one."


class InvitationUsed(TenshuError):
    """The sign-in that the link opens was completed before, by this person or another."""

    code = "invitations.used"
    status = 410
    message = "This link was used already. It works once."
    hint = "Sign in with your password. If it was not you who used it, tell an administrator now."


class InvitationExpired(TenshuError):
    """The link is too old."""

    code = "invitations.expired"
    status = 410
    message = "This link has expired."
    hint = "Ask an administrator for a new one."


class InvitationWithdrawn(TenshuError):
    """The link was taken back, replaced by a newer one, or its account is suspended."""

    code = "invitations.withdrawn"
    status = 410
    message = "This link is not valid any more: it was withdrawn, or a newer one took its place."
    hint = "Use the newest link, or ask an administrator for a new one."
