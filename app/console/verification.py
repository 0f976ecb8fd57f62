"""How the history's own verification is told: on the overview, on the history page."""

from app.audit.inspection import Inspection
from app.audit.verdict import State
from app.console.needed import Attention
from app.core import clock
from app.core.messages import mark, translate

LONG_AGO = 2 * clock.DAY
"""Until then a *whole* is news; later it is said to be old."""


def verification_attention(inspection: Inspection, language: str, now: int) -> list[Attention]:
    """Return what an administrator must know of the last verification."""
    latest = inspection.latest
    if latest is None:
        return []
    if latest.state is State.TAMPERED:
        what = translate(language, latest.template, **latest.parameters)
        return [
            Attention(
                kind="danger",
                title=mark("The history was tampered with"),
                text=mark(
                    "First wrong: event {position}. {what} Do not repair anything: "
                    "save a copy of the sealed history, then look for the one who did it."
                ),
                href=f"/history/{latest.event}" if latest.event else "/history",
                action=mark("Show the event") if latest.event else mark("Show the history"),
                parameters={"position": latest.position, "what": what},
            )
        ]
    if latest.state is State.UNREADABLE:
        return [
            Attention(
                kind="danger",
                title=mark("The history could not be verified"),
                text=mark("The sealed history cannot be read. Look into the log of the sealer."),
                href="/history",
                action=mark("Show the history"),
            )
        ]
    if now - latest.at > LONG_AGO:
        return [
            Attention(
                kind="warning",
                title=mark("The history has not been verified for a long time"),
                text=mark("It is verified by itself, unless its process does not run."),
                href="/history",
                action=mark("Verify it now"),
            )
        ]
    return []
