"""The night's work on personal data: what is kept too long goes, what was erased stays erased.

After a restore the sealer repeats erasures in the history itself; here the same list is held
against what this database knows to be carried out, and the rest is erased again.
"""

from typing import Final

from sqlmodel import select

from app.audit.epoch import read_signal
from app.audit.erasure import Erasure, read_erasures
from app.audit.store import FILE_NAME, reading
from app.operations.context import SYSTEM, Appliance, Context, Plane
from app.privacy.models import Applied
from app.privacy.operations.erasing import Reapply, is_outside_history, key_of, reapply
from app.privacy.operations.keeping import ApplyRetention, apply_retention, due_kinds

AT_ONCE: Final = 500


def missing(appliance: Appliance) -> list[Erasure]:
    """Return the erasures outside the history that this database does not know, oldest first.

    Raise StoreUnreadable.
    """
    settings = appliance.settings
    sealed: list[Erasure] = []
    if (settings.sealed_store / FILE_NAME).exists():
        with reading(settings.sealed_store) as connection:
            sealed += read_erasures(connection).all
    if signal := read_signal(settings.data):  # a restore that the sealer has not told of yet
        sealed += signal[0].erasures
    outside = {key_of(one): one for one in sealed if is_outside_history(one.subject)}
    if not outside:
        return []
    with appliance.database.read() as session:
        known = set(session.exec(select(Applied.erasure)))
    return [one for key, one in outside.items() if key not in known]


def reapply_missing(appliance: Appliance) -> int:
    """Carry out what is missing; return how many erasures that were."""
    found = missing(appliance)
    context = Context(appliance, actor=SYSTEM, plane=Plane.LOCAL)
    for start in range(0, len(found), AT_ONCE):
        reapply(context, Reapply(erasures=found[start : start + AT_ONCE]))
    return len(found)


def keep_no_longer(appliance: Appliance) -> int:
    """Remove what is older than was chosen, portion by portion; return how much."""
    context = Context(appliance, actor=SYSTEM, plane=Plane.LOCAL)
    with appliance.database.read() as session:
        kinds = due_kinds(session, context.now)
    removed = 0
    for kind in kinds:
        while portion := apply_retention(context, ApplyRetention(kind=kind)).removed:
            removed += portion
    return removed
