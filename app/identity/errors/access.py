"""What keeps somebody out who has proven who they are."""

from app.identity.errors.counted import Counted
from app.operations.errors import Refused


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
