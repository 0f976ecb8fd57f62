"""What can go wrong with mail."""

from app.core.errors import TenshuError


class NoRelay(TenshuError):
    """Nobody has said yet where mail goes."""

    code = "mail.no_relay"
    status = 409
    message = "No mail relay is set."
    hint = "Enter your company's mail relay under Settings, Mail."


class RelayUnreachable(TenshuError):
    """Nothing answers there."""

    code = "mail.relay_unreachable"
    status = 502
    message = "The mail relay {host}:{port} cannot be reached: {reason}."
    hint = "Check host name and port, and whether a firewall lets the appliance through."


class RelaySilent(TenshuError):
    """It took the connection and then said nothing for too long."""

    code = "mail.relay_silent"
    status = 504
    message = "The mail relay {host}:{port} stopped answering."
    hint = "Look at the relay. The mails wait here, and are sent once it answers again."


class RelayTlsFailed(TenshuError):
    """The encrypted connection did not come about; nothing was sent in the open."""

    code = "mail.relay_tls"
    status = 502
    message = "No safe connection to the mail relay {host}:{port}: {reason}."
    hint = (
        "Check the kind of encryption and the port. "
        "If an authority of your own signed the relay's certificate, enter that authority."
    )


class RelayUntrusted(RelayTlsFailed):
    """Nobody that this machine trusts has signed its certificate; nothing was sent."""

    code = "mail.relay_untrusted"
    message = (
        "The mail relay {host}:{port} shows a certificate of “{issuer}”, "
        "which this machine does not trust."
    )
    hint = (
        "If that is an authority of your own, or a proxy of yours that looks into TLS, add its "
        "root certificate to the machine's document under [[trust.roots]]."
    )


class RelayLoginFailed(TenshuError):
    """It does not take this user and password."""

    code = "mail.relay_login"
    status = 502
    message = "The mail relay {host}:{port} refuses the user “{user}”: {reason}."
    hint = "Enter user and password anew."


class RelayRefused(TenshuError):
    """It answered, and said no for now (RFC 5321: 4yz)."""

    code = "mail.relay_refused"
    status = 502
    message = "The mail relay answers: {reason}."
    hint = "The mail is tried again. If that lasts, ask who runs the relay."


class MailRefused(TenshuError):
    """It said no for good (RFC 5321: 5yz)."""

    code = "mail.refused"
    status = 422
    message = "The mail relay refuses the mail to {recipient}: {reason}."
    hint = "Check the address, and whether the relay takes mail from this sender."


class GivenUp(TenshuError):
    """Three days of trying."""

    code = "mail.given_up"
    status = 504
    message = "The mail could not be sent within {days} days."
    hint = "Put the relay in order, then send the mail again."


class RecipientLeft(TenshuError):
    """The person whose address it is has left before it went."""

    code = "mail.recipient_left"
    status = 409
    message = "The person has left: the mail was not sent."
    hint = "Nothing has to be done."
