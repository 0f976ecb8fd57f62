"""What can go wrong with second factors: codes, passkeys, recovery codes."""

from app.identity.errors.counted import Counted
from app.operations.errors import Refused


class WrongCode(Counted):
    """A code of the authenticator does not fit."""

    code = "sign_in.wrong_code"
    status = 401
    message = "The code is not right. The next one comes in {seconds} seconds."
    hint = "Type the newest code. If none fits, compare the clocks of phone and appliance."


class CodeAlreadyUsed(Counted):
    """The authenticator's code was accepted before: each works once (RFC 6238 section 5.2)."""

    code = "sign_in.code_already_used"
    status = 401
    message = "This code was used already. The next one comes in {seconds} seconds."
    hint = "Wait for the next code and type that one."


class WrongRecoveryCode(Counted):
    """A recovery code does not fit or was used before."""

    code = "sign_in.wrong_recovery_code"
    status = 401
    message = "This recovery code is not right, or it was used already."
    hint = "Type another one of your list. Each works once."


class PasskeyRefused(Counted):
    """A passkey's answer does not hold: other challenge, origin, name, key, or no person there."""

    code = "sign_in.passkey_refused"
    status = 401
    message = "The passkey was not accepted."
    hint = "Try again with a passkey that you have added to this account."


class PasskeyCopied(Counted):
    """The signature counter went back: two devices may hold the same key (WebAuthn, 6.1.1)."""

    code = "sign_in.passkey_copied"
    status = 401
    message = "This passkey was not accepted: it counts fewer uses than before."
    hint = "Somebody may have copied it. Use another factor, and remove this passkey."


class ChallengeSpent(Counted):
    """The question to the passkey was answered before, or is older than five minutes."""

    code = "sign_in.challenge_spent"
    status = 401
    message = "The answer of the passkey came too late, or was given before."
    hint = "Try again."


class PasskeysNotHere(Counted):
    """Passkeys are bound to a host name; this page was called by another one, or by an address."""

    code = "passkeys.not_here"
    status = 409
    message = "Passkeys work only where this appliance is called by its host name: {name}"
    hint = "Open that address, or use an authenticator app."


class OwnerLosesPasskey(Refused):
    """Another name for passkeys would leave an owner without any second factor."""

    code = "identity_policy.owner_loses_passkey"
    status = 409
    message = "{name} is an owner and would lose the only second factor."
    hint = "Let them add an authenticator app first."


class OwnerWithoutFactor(Refused):
    """Another choice of accepted factors would shut an owner out of the console."""

    code = "identity_policy.owner_without_factor"
    status = 409
    message = "{name} is an owner and holds no second factor that the console would accept."
    hint = "Let them add one under My account first."


class FactorNotAccepted(Refused):
    """The company's rules leave this kind of second factor out on this plane."""

    code = "factors.not_accepted"
    status = 409
    message = "The sign-in rules do not accept this kind of second factor here."
    hint = "Use the kind that the page offers."


class LastFactor(Refused):
    """The factor is needed to sign in."""

    code = "factors.last"
    status = 409
    message = "This is your last second factor, and you need one."
    hint = "Add another one first."


class PasswordTooShortAlone(Refused):
    """Without the factor the password alone would have to be longer."""

    code = "factors.password_too_short"
    status = 409
    message = "Without a second factor your password must have at least {minimum} characters."
    hint = "Change the password first."
