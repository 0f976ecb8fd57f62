"""What the face itself refuses, before any operation is asked."""

from app.core.errors import TenshuError


class PageNotFound(TenshuError):
    """No page has this address."""

    code = "web.page_not_found"
    status = 404
    message = "There is no page at this address."
    hint = "Start from the overview."


class MethodNotAllowed(TenshuError):
    """The page exists, but not for this method."""

    code = "web.method_not_allowed"
    status = 405
    message = "This address does not take {method}."
    hint = "Use the buttons and links of the page."


class WrongHost(TenshuError):
    """The request names a host that this appliance is not (DNS rebinding)."""

    code = "web.wrong_host"
    status = 421
    message = "This appliance is not reached by the name “{host}”."
    hint = "Use the address that the setup showed, or add the name to TENSHU_HOST_NAMES."


class ForeignOrigin(TenshuError):
    """A change that does not come from a page of ours (V9)."""

    code = "web.foreign_origin"
    status = 403
    message = "This request did not come from a page of this appliance; nothing was changed."
    hint = "Open the page here and do it again, in an up-to-date browser."


class BodyTooLarge(TenshuError):
    """More was sent than this address takes."""

    code = "web.body_too_large"
    status = 413
    message = "What was sent is larger than {limit} bytes."
    hint = "Send less at once, or split the file."


class RequestTooSlow(TenshuError):
    """The body of a request did not come, or came so slowly that it kept others waiting."""

    code = "web.request_too_slow"
    status = 408
    message = "What was sent came too slowly and was given up."
    hint = "Check the connection and send it again."


class MalformedRequest(TenshuError):
    """The request cannot be read: broken JSON, encoding, header or address."""

    code = "web.malformed"
    status = 400
    message = "The request cannot be read: {reason}."
    hint = "Send it again from the page."


class HeadersTooLarge(TenshuError):
    """Headers, cookies or address are longer than anything honest needs."""

    code = "web.headers_too_large"
    status = 431
    message = "The request's headers are larger than {limit} bytes."
    hint = "Delete this site's cookies and open the page again."


class InternalFault(TenshuError):
    """A fault of the program. The log has the rest, under the same number."""

    code = "internal"
    status = 500
    message = "Something went wrong on our side; what you asked for was not done."
    hint = "Try again. If it happens again, give the incident number to your administrator."
