"""The search for a person, and the erasure in the tables, as background jobs.

And what makes an erasure final: the database's write-ahead log is emptied every minute, so that
what was erased or removed leaves the disk as soon as nobody reads an older state any more.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from app.core import clock
from app.core.clock import HOUR, MINUTE
from app.core.messages import mark
from app.identity.personal import all_searched
from app.jobs.handlers import handler
from app.jobs.run import Run
from app.jobs.standing import standing
from app.operations import repeats
from app.operations.context import Appliance
from app.privacy.operations.carrying_out import (
    FORGET,
    Forget,
    ForgetArguments,
    Forgotten,
    forget_some,
)
from app.privacy.operations.disclosing import SEARCH, SearchArguments
from app.privacy.operations.searching import (
    Checkpoint,
    FinishSearch,
    SearchStep,
    finish_search,
    search_step,
)

AT_ONCE: Final = 100
"""Places that are erased in one transaction."""


@standing("operations.forget_answers", every=HOUR)
def forget_answers(appliance: Appliance, _: Callable[[], bool]) -> None:
    """Remove what programs were answered more than a day ago."""
    with appliance.database.write() as session:
        repeats.forget(session, clock.now() - repeats.KEPT)


@standing("privacy.clear_log", every=MINUTE)
def clear_log(appliance: Appliance, _is_stopping: Callable[[], bool]) -> None:
    """Empty the write-ahead log; where somebody reads or writes just now, the next turn does."""
    appliance.database.clear_log()


class SearchResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a search."""

    disclosure: str
    rows: int
    found: int


@handler(SEARCH, unit="rows")
def search(run: Run, arguments: SearchArguments) -> SearchResult:
    """Look at every row of every place."""
    stands = run.resume(Checkpoint) or Checkpoint()
    with run.appliance.database.read() as session:
        total = sum(one.count(session) for one in all_searched())
    run.report(total=total, phase=mark("Searching"))
    while stands.kind < len(all_searched()):
        run.check()
        step = SearchStep(lease=run.lease, disclosure=arguments.disclosure, before=stands)
        stands = search_step(run.context(), step)
    end = FinishSearch(lease=run.lease, disclosure=arguments.disclosure, before=stands)
    finish_search(run.context(), end)
    return SearchResult(disclosure=arguments.disclosure, rows=stands.looked_at, found=stands.found)


@handler(FORGET, unit="rows")
def forget(run: Run, arguments: ForgetArguments) -> Forgotten:
    """Erase what stands at the places, then what one account left on its way."""
    stands = run.resume(Forgotten) or Forgotten()
    places = arguments.places
    run.report(total=len(places), phase=mark("Erasing"))
    while not stands.finished:
        run.check()
        some = places[stands.places : stands.places + AT_ONCE]
        step = Forget(
            lease=run.lease,
            places=some,
            account=arguments.account if not some else "",
            before=stands,
        )
        stands = forget_some(run.system(), step)
    return stands
