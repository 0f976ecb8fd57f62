"""What can go wrong with a request that waits for a confirmation."""

from app.operations.errors import Refused


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
