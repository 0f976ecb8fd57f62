"""What can go wrong at the machine's own screen."""

from app.core.errors import TenshuError
from app.identity.errors import Counted


class NotUnderstood(TenshuError):
    """What came is none of the questions."""

    code = "screen.not_understood"
    message = "The screen asked for something that the desk does not know."
    hint = "Restart the machine: screen and desk then have the same version."


class NotProven(Counted):
    """Whoever stands there is no owner, or mistyped. The same for unknown and other people."""

    code = "screen.not_proven"
    status = 401
    message = "This is no owner's login ID and password, and not the key kit of this machine."
    hint = "Type them again. After several failures the waiting time grows."


class TooManyTries(Counted):
    """Failures at the screen count together, over restarts; never for ever."""

    code = "screen.too_many_tries"
    status = 429
    message = "Too many failed attempts at this screen. The next one is possible in {seconds} s."
    hint = "Wait, then try again. Restarting the machine does not shorten it."
