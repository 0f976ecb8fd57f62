"""What was done at the machine's own screen: every owner sees it on the overview for a week."""

from typing import Final

from app.audit.errors import StoreUnreadable
from app.audit.event import Outcome
from app.console.needed import Attention
from app.core import clock
from app.core.messages import mark
from app.history import operations as history
from app.operations.context import Context
from app.web.pages import ask

PROOFS: Final = "screen.prove"
"""Verb of the events of who proved there to be an owner (`app.screen.operations`)."""
SHOWN: Final = 7 * clock.DAY


def screen_attention(context: Context) -> list[Attention]:
    """Tell how often somebody has acted at the machine's own screen, and who last."""
    since = clock.now() - SHOWN
    wanted = ask(history.SearchEvents, verb=PROOFS, outcome=Outcome.DONE, since=since)
    try:
        found = history.search_events(context, wanted).rows
    except StoreUnreadable:
        return []  # the overview says so by itself
    if not found:
        return []
    return [
        Attention(
            kind="warning",
            title=mark("Somebody acted at the machine's own screen: {who}"),
            text=mark("In the last seven days: {count}. If it was none of you, find out who."),
            href=f"/history?verb={PROOFS}",
            action=mark("Show the history"),
            parameters={"who": found[0].actor_name, "count": len(found)},
        )
    ]
