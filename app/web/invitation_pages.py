"""The page that a one-time link opens, the same on both planes."""

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from app.identity.operations import invitations
from app.web.asking import AnyRequest, context_of
from app.web.pages import Answer, ask, page
from app.web.routing import get, post
from app.web.sign_in_pages import after_step


@get("/invitation/{token:str}")
def show_invitation(request: AnyRequest, token: FromPath[str]) -> Answer:
    """Greet whom the link invites. Looking at it does not spend it."""
    face = invitations.look(context_of(request), ask(invitations.InvitationToken, token=token))
    return page(request, "web/invitation.html", face=face, token=token)


@post("/invitation/{token:str}")
def begin(request: AnyRequest, token: FromPath[str]) -> Answer:
    """Go on to the password, and the factor where one is asked for."""
    link = ask(invitations.InvitationToken, token=token)
    return after_step(request, invitations.open_link(context_of(request), link), "/")


def invitation_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_invitation, begin]
