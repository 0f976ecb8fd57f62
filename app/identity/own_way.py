"""Nobody shuts themselves out: who changes a rule or a role comes in under it on this very request.

What rights and rules add up to is compiled in the transaction of the change; before it commits,
the asking person is looked at as their next request will be.
"""

from collections.abc import Iterable

from sqlmodel import Session

from app.core.messages import mark
from app.identity import client_certificates, rights
from app.identity.bounds import NOTHING, why_shut_out
from app.identity.errors import NotFromHere, OwnWayClosed
from app.identity.models import Account
from app.operations.context import Context, Plane


def recompile(
    context: Context, accounts: Iterable[str] | None = None, *, also: Iterable[str] = ()
) -> None:
    """Compile rights and bounds anew (`rights.recompile`) in the name of who asks.

    Raise OwnWayClosed if that would shut them out.
    """
    rights.recompile(context.session, accounts, by=context.actor.account, also=also)
    require(context)


def require(context: Context) -> None:
    """Raise OwnWayClosed if the running operation has shut out who asks for it.

    The machine's own console is never bound, nor a job that runs in somebody's name; of who asked
    for what another has approved it is not known where they are.
    """
    absent = context.approved_by not in ("", context.actor.account)
    if context.actor.local or context.plane is Plane.LOCAL or absent:
        return
    context.session.flush()
    account = context.session.get(Account, context.actor.account)
    # no rule concerns whom the setup is only making
    require_under(context, context.session, account.bounds if account else NOTHING)


def require_under(context: Context, session: Session, bounds: str) -> None:
    """Raise OwnWayClosed if who asks, as they ask now, would not come in under these bounds."""
    shown = client_certificates.shown_by(
        session, context.actor.account, context.certificate, context.now
    )
    peer = context.source.peer
    refusal = why_shut_out(bounds, context.plane, peer, certificate=shown is not None)
    if refusal is None:
        return
    if isinstance(refusal, NotFromHere):
        raise OwnWayClosed(reason=mark("you do not come from one of these networks now."))
    raise OwnWayClosed(
        reason=mark("you have not come with a valid client certificate of your own now.")
    )
