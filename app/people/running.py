"""Applying a whole list, part by part; compared anew where somebody came between.

Nothing but the list itself has to be remembered: what was applied is no difference any more.
"""

from collections.abc import Callable
from typing import Final

from app.core.errors import Conflict
from app.jobs.lease import Lease
from app.operations.context import Context
from app.people.comparing import Compared
from app.people.operations.applying import Applied, ApplyPart, apply_part

PART: Final = 250
"""People a transaction: a few tenths of a second, so that others get their turn."""
COMPARISONS: Final = 5
"""How often a list is compared anew before the import gives up."""


def apply_all(
    context_of: Callable[[], Context],
    compare: Callable[[Context], Compared],
    *,
    applied: Applied,
    lease: Lease | None = None,
    told: Callable[[Applied, int], None] = lambda _applied, _total: None,
) -> Applied:
    """Apply what is left of a list. Raise Conflict where others come between again and again."""
    for attempt in range(1, COMPARISONS + 1):
        plan = compare(context_of()).plan
        total = applied.done + len(plan.changes)
        try:
            for begin in range(0, max(len(plan.changes), 1), PART):
                told(applied, total)
                applied = apply_part(
                    context_of(),
                    ApplyPart(
                        lease=lease,
                        departments=plan.departments if begin == 0 else [],
                        changes=plan.changes[begin : begin + PART],
                        before=applied,
                        total=total,
                    ),
                )
            if plan.heads:
                part = ApplyPart(lease=lease, heads=plan.heads, before=applied, total=total)
                applied = apply_part(context_of(), part)
        except Conflict:
            if attempt == COMPARISONS:
                raise
        else:
            break
    return applied
