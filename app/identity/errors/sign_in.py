"""What can go wrong while somebody signs in."""

from app.identity.errors.counted import Counted


class SignInFailed(Counted):
    """Login ID or password does not fit. The same for unknown, suspended and mistyped ones."""

    code = "sign_in.failed"
    status = 401
    message = "Login ID or password is not right."
    hint = "Type both again. After several failures the waiting time grows."


class TooManyAttempts(Counted):
    """Lock-out with growing delay, the same for known and unknown login IDs; never for ever."""

    code = "sign_in.too_many_attempts"
    status = 429
    message = "Too many failed attempts. The next one is possible in {seconds} seconds."
    hint = "Wait, then try again. An administrator who resets the password lifts it too."


class SignInExpired(Counted):
    """The sign-in took too long, failed too often, or is finished."""

    code = "sign_in.expired"
    status = 401
    message = "This sign-in is no longer open."
    hint = "Begin again with login ID and password."


class StepNotOffered(Counted):
    """An answer to a step that is not the next one."""

    code = "sign_in.step_not_offered"
    status = 409
    message = "The sign-in does not ask for this step now."
    hint = "Take the step that the page shows."


class NoSecondFactor(Counted):
    """The plane demands a second factor, and the account has none."""

    code = "sign_in.no_second_factor"
    status = 403
    message = "Your account has no second factor, which is needed here."
    hint = "Ask an administrator to reset your second factor: you can then set up a new one."


class PasskeyElsewhere(Counted):
    """The person holds passkeys alone, and none of them works at this address."""

    code = "sign_in.passkey_elsewhere"
    status = 403
    message = "Your passkey does not work at this address."
    hint = (
        "Open the appliance by its host name. "
        "If that does not help, ask an administrator to reset your second factor."
    )


class PasskeyNeeded(Counted):
    """The rules accept passkeys alone, and none can be added at this address."""

    code = "sign_in.passkey_needed"
    status = 403
    message = "Here everybody signs in with a passkey, and none can be added at this address."
    hint = "Open the appliance by its host name, and add a passkey as you sign in."


class NotForThisPlane(Counted):
    """The account has nothing to do on this plane."""

    code = "sign_in.not_for_this_plane"
    status = 403
    message = "Your account is not meant for these pages."
    hint = "Use the workspace, or ask an administrator for the rights that you need."
