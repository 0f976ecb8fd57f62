"""What became of the seed of the first start is told to the history once, and on the overview."""

import msgspec
from sqlalchemy import select
from sqlmodel import col

from app.audit.models import OutboxEvent
from app.machine.seed_watch import tell_what_became
from app.operations.context import Appliance
from appliance.contract.configuration.problem import as_problem
from appliance.contract.configuration.problems import MisspeltKey
from appliance.contract.seed.state import SeedFault, SeedOutcome, SeedRecord
from appliance.machine import seeding
from tests.faces import Browser
from tests.integration.appliance.machine.conftest import Machine, beside, net

__all__ = ["beside", "net"]

WRONG = SeedRecord(
    outcome=SeedOutcome.refused,
    at=1_800_000_000_000,
    place="sr0",
    sha256="ab" * 32,
    faults=(SeedFault(line=3, problem=as_problem(MisspeltKey(place="adress", nearest="address"))),),
)


def events(appliance: Appliance) -> list[str]:
    with appliance.database.read() as session:
        every = [str(one) for one in session.connection().scalars(select(col(OutboxEvent.content)))]
    return [one for one in every if '"machine.seed"' in one]


def test_a_refused_seed_is_told_with_its_line_once_and_on_the_overview(
    beside: Machine, admin: Browser, appliance: Appliance
) -> None:
    accepted = msgspec.structs.replace(WRONG, outcome=SeedOutcome.accepted, faults=())
    seeding.record(beside.place.machine, accepted)
    assert not tell_what_became(appliance), "the agent is at it"
    seeding.record(beside.place.machine, WRONG)
    assert tell_what_became(appliance)
    assert tell_what_became(appliance), "and never again"
    (event,) = events(appliance)
    assert '"outcome":"failed"' in event
    assert '"error":"configuration.misspelt_key"' in event
    assert '"line":3' in event
    page = admin.get("/").text
    assert "初回起動のシードは使われませんでした" in page
    assert "3行目: adress: このキーはありません。" in page
    applied = msgspec.structs.replace(WRONG, outcome=SeedOutcome.applied, faults=())
    seeding.record(beside.place.machine, applied)
    assert "シードは使われませんでした" not in admin.get("/").text


def test_where_there_was_no_seed_there_is_nothing_to_tell(
    beside: Machine, appliance: Appliance
) -> None:
    none = SeedRecord(outcome=SeedOutcome.none, at=1)
    seeding.record(beside.place.machine, none)
    assert tell_what_became(appliance)
    assert events(appliance) == []
