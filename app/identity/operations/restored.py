"""After a restore nobody is signed in: who was when the archive was made may be suspended since."""

from sqlalchemy import delete, func, update
from sqlmodel import col, select

from app.identity.operations.expulsion import Done
from app.identity.planes import PENDING, SESSIONS
from app.operations.context import Context
from app.operations.operation import NoRequest, operation
from app.operations.permissions import Permission

BECAUSE = "restored"


@operation("sessions.end_restored", permission=Permission.SESSIONS_MANAGE, planes=())
def end_restored_sessions(context: Context, _: NoRequest) -> Done:
    """End every session and every unfinished sign-in that came with an archive."""
    ended = 0
    for table in SESSIONS:
        running = col(table.ended_at) == 0
        ended += context.session.exec(select(func.count()).where(running)).one()
        context.session.exec(
            update(table).where(running).values(ended_at=context.now, ended_because=BECAUSE)
        )
    for pending in PENDING:
        context.session.exec(delete(pending))
    context.event.numbers["sessions"] = ended
    return Done(ended > 0)
