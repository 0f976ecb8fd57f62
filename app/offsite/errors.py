"""What can keep the history on the machine."""

from app.core.errors import TenshuError


class ReceiverUnreachable(TenshuError):
    """Nothing answers there."""

    code = "offsite.receiver_unreachable"
    status = 502
    message = "The syslog receiver {host}:{port} cannot be reached: {reason}."
    hint = "Check host name and port, and whether a firewall lets the appliance through."


class ReceiverTlsFailed(TenshuError):
    """The encrypted connection did not come about; nothing was sent in the open."""

    code = "offsite.receiver_tls"
    status = 502
    message = "No safe connection to the syslog receiver {host}:{port}: {reason}."
    hint = (
        "Check that TLS is spoken on this port, and that the certificate holds this host name. "
        "If an authority of your own signed it, enter that authority. "
        "If the receiver asks for a certificate of ours, enter one."
    )


class ReceiverUntrusted(ReceiverTlsFailed):
    """Nobody that this machine trusts has signed its certificate; nothing was sent."""

    code = "offsite.receiver_untrusted"
    message = (
        "The syslog receiver {host}:{port} shows a certificate of “{issuer}”, "
        "which this machine does not trust."
    )
    hint = (
        "If that is an authority of your own, or a proxy of yours that looks into TLS, add its "
        "root certificate to the machine's document under [[trust.roots]]."
    )


class ReceiverSilent(TenshuError):
    """It did not read what was sent, or did not close the connection as a sign that it had."""

    code = "offsite.receiver_silent"
    status = 504
    message = "The syslog receiver {host}:{port} stopped taking what is sent."
    hint = "Look at the receiver. Nothing is lost: it is sent again once the receiver takes it."


class ReceiverBroke(TenshuError):
    """It ended the connection before it had read everything."""

    code = "offsite.receiver_broke"
    status = 502
    message = "The syslog receiver {host}:{port} broke the connection off: {reason}."
    hint = "Look at the receiver's own log. Nothing is lost: it is sent again."


class FolderUnusable(TenshuError):
    """The folder does not take a file."""

    code = "offsite.folder_unusable"
    status = 502
    message = "The folder {folder} takes no checkpoint: {reason}."
    hint = "Check that the share is mounted and that the appliance may write there."


class FolderSilent(TenshuError):
    """The disk or network behind the folder hangs."""

    code = "offsite.folder_silent"
    status = 504
    message = "The folder {folder} does not answer."
    hint = "Look at the share and its network. The appliance tries again by itself."


class NobodyToMail(TenshuError):
    """All who were named have left, lost the right, or have no address."""

    code = "offsite.nobody_to_mail"
    status = 409
    message = "Nobody is left to whom the daily mail may go."
    hint = "Name people who may see the history and have a mail address."


class MailWaits(TenshuError):
    """The mails of a day were queued, and none has left yet."""

    code = "offsite.mail_waits"
    status = 502
    message = "The daily mail of {day} has not been sent: {count} of {total} mails wait or failed."
    hint = "Look at the mails under Settings, Mail."


class HistoryShorter(TenshuError):
    """The history ends before what has left already: it was cut off or rolled back."""

    code = "offsite.history_shorter"
    status = 500
    message = "{sent} events have left the machine, but the history here holds only {have}."
    hint = (
        "Events were cut off, or the history was rolled back. "
        "Verify it against a checkpoint that was kept outside."
    )


class EventsMissing(TenshuError):
    """The newest checkpoint covers events that are not there."""

    code = "offsite.events_missing"
    status = 500
    message = "The history lacks the events from position {position} on; its checkpoint has {size}."
    hint = "Somebody took events away. Verify the history."


class NothingSealed(TenshuError):
    """There is no checkpoint yet."""

    code = "offsite.nothing_sealed"
    status = 409
    message = "Nothing is sealed yet, so there is no checkpoint."
    hint = "Try again in a moment. If it stays so, look at the sealer's log."
