"""What became of the seed of the first start, told to the history."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app.audit.event import Outcome
from app.machine.telling import mark_told
from app.operations.context import Context
from app.operations.operation import operation
from app.operations.permissions import Permission
from appliance.contract.seed.state import SeedOutcome, SeedRecord

JOURNAL: Final = "seed"
ONLY: Final = 1
"""Number of the one entry of this journal: a machine has one first start."""


class ToldSeed(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the seed."""

    seed: Annotated[SeedRecord, Meta(description="The seed, and what is wrong with it.")]


@operation("machine.seed", permission=Permission.MACHINE_MANAGE, planes=())
def tell_seed(context: Context, request: ToldSeed) -> None:
    """Tell the history what became of the seed of the first start."""
    seed = request.seed
    mark_told(context, JOURNAL, ONLY)
    event = context.event
    event.at = seed.at
    event.about("seed", seed.sha256[:16], seed.place)
    event.references.update(outcome=seed.outcome.value, sha256=seed.sha256)
    if seed.outcome is SeedOutcome.refused:
        event.outcome, event.error = Outcome.FAILED, seed.faults[0].problem.code
        event.numbers["line"] = seed.faults[0].line
        for one in seed.faults:
            event.change(f"line {one.line}", None, f"{one.problem.message} {one.problem.hint}")
