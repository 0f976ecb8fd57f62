"""What can go wrong before there is anybody: the claim code and the first administrator."""

from app.identity.errors.counted import Counted
from app.operations.errors import Refused


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
