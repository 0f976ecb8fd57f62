"""What can go wrong with accounts, sign-in, sessions and rights."""

from app.core.errors import TenshuError
from app.operations.errors import Refused


class Counted(TenshuError):
    """A failed attempt: it was counted, and the count is kept although nothing else was done."""


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


class NotFromHere(Counted):
    """An access rule of the person or of a role leaves the address out; which one is not told."""

    code = "access.network"
    status = 403
    message = "Your account cannot be used from this network."
    hint = "Connect to your company's network or VPN. If it should work, ask an administrator."


class CertificateNeeded(Counted):
    """No client certificate was shown, or none that is valid and the person's own."""

    code = "access.certificate"
    status = 403
    message = "Your account needs the client certificate of this device here."
    hint = (
        "Install the one that you were given, close the browser and open it again. "
        "If it has ended or was revoked, ask an administrator for a new one."
    )


class OwnWayClosed(Refused):
    """Somebody would shut themselves out with what they ask for."""

    code = "access.own_way_closed"
    status = 409
    message = "This would shut you out yourself: {reason}"
    hint = "Come in as the rule will ask, and do it again from there."


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


class UnsuitableLoginId(TenshuError):
    """A login ID that cannot be typed safely or told apart."""

    code = "accounts.unsuitable_login_id"
    status = 422
    message = "“{login_id}” cannot be a login ID."
    hint = "Use 1 to 64 letters, digits and . _ - @ + without spaces."


class LoginIdTaken(TenshuError):
    """Each person has a login ID of their own (F1)."""

    code = "accounts.login_id_taken"
    status = 409
    message = "The login ID “{login_id}” belongs to another account."
    hint = "Choose another one. Upper and lower case make no difference."


class NameTaken(TenshuError):
    """Two groups of one name could not be told apart."""

    code = "groups.name_taken"
    status = 409
    message = "There is a group called “{name}” already."
    hint = "Choose another name."


class RoleNameTaken(TenshuError):
    """Two roles of one name could not be told apart."""

    code = "roles.name_taken"
    status = 409
    message = "There is a role called “{name}” already."
    hint = "Choose another name."


class RoleInUse(TenshuError):
    """A role that somebody holds is deleted only where that is said."""

    code = "roles.in_use"
    status = 409
    message = "The role “{name}” was given {count} times."
    hint = "Look at who loses what, then delete it together with these grants."


class LastOwner(Refused):
    """Nobody removes the last owner: nobody could give the role back."""

    code = "accounts.last_owner"
    status = 409
    message = "This would leave the appliance without an owner."
    hint = "Make somebody else owner first."


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


class BeyondYourRights(Refused):
    """Nobody gives, takes or impersonates administrative rights that they lack themselves."""

    code = "accounts.beyond_your_rights"
    message = "This concerns rights that you do not hold yourself."
    hint = "Ask an owner to do it."


class InPersonOnly(Refused):
    """API tokens do not change what proves their person's identity."""

    code = "accounts.in_person_only"
    message = "This is done in person, not with an API token."
    hint = "Sign in and try again."


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


class RequestClosed(Refused):
    """A request was confirmed, declined, spent or is too old; or it is another session's."""

    code = "requests.closed"
    status = 409
    message = "This request is no longer open."
    hint = "Start again from the page where you asked for it."


class OwnRequest(Refused):
    """What is irreversible needs two people."""

    code = "requests.own"
    message = "A second administrator must approve this, not the one who asked."
    hint = "Ask a colleague who may approve requests."


class NotConfirmable(Refused):
    """The operation does not exist or needs no confirmation."""

    code = "requests.not_confirmable"
    status = 404
    message = "“{operation}” is nothing to confirm."
    hint = "Start again from the page where you asked for it."


class WrongClaimCode(Counted):
    """Somebody at the page of a new appliance does not have the machine's claim code."""

    code = "setup.wrong_claim_code"
    status = 403
    message = "The claim code is not right. Tries left: {left}."
    hint = "It was printed when the appliance started for the first time."


class ClaimCodeSpent(Counted):
    """No tries are left, or there never was a code."""

    code = "setup.claim_code_spent"
    status = 403
    message = "This claim code can no longer be used."
    hint = "Make a new one on the machine itself: tenshu setup claim-code"


class SetupDone(Refused):
    """The appliance has its first administrator."""

    code = "setup.done"
    status = 409
    message = "This appliance is set up already."
    hint = "Sign in."


class SetupExpired(Counted):
    """Another browser claimed the appliance in the meantime, or the step comes too early."""

    code = "setup.expired"
    status = 409
    message = "This setup is no longer open here."
    hint = "Type the claim code again; what was entered so far is asked again."


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


class CircleOfGroups(TenshuError):
    """A department would stand above itself."""

    code = "groups.circle"
    status = 422
    message = "“{name}” cannot stand below “{parent}”, which is below it already."
    hint = "Choose another department above it."
