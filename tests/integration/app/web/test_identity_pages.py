"""An administrator decides whether this is the machine itself or a copy."""

import time

import msgspec
import pytest
from sqlalchemy import select
from sqlmodel import col

from app.audit.models import OutboxEvent
from app.core.doubt import in_doubt
from app.operations.context import Appliance
from appliance.contract.client import AgentClient
from appliance.contract.identity import FILE, Doubt, IdentityInDoubt, Marks, Stage
from appliance.machine.identity import doubt
from tests.faces import Browser, Owner
from tests.integration.app.web.confirming import confirm
from tests.integration.appliance.machine.conftest import LOCAL, Machine, beside, net

__all__ = ["beside", "net"]

FOUND = Doubt(
    at=1_800_000_000_000,
    before=Marks(hardware="4c4c4544-0001", cards=("52:54:00:00:00:01",)),
    now=Marks(hardware="4c4c4544-0002", cards=("52:54:00:00:00:02",)),
    stage=Stage.told,
)


@pytest.fixture
def copied(beside: Machine) -> Machine:
    (beside.place.data / FILE).write_bytes(msgspec.json.encode(FOUND))
    return beside


def events(appliance: Appliance) -> list[str]:
    with appliance.database.read() as session:
        every = [str(one) for one in session.connection().scalars(select(col(OutboxEvent.content)))]
    return [one for one in every if '"machine.decide_identity"' in one]


def test_without_a_doubt_there_is_nothing_to_decide(beside: Machine, admin: Browser) -> None:
    assert "どのマシンかは確定しています" in admin.get("/identity").text
    assert "複製の可能性があります" not in admin.get("/").text


def test_the_machine_itself_goes_on_after_a_second_factor(
    copied: Machine, admin: Browser, owner: Owner, appliance: Appliance
) -> None:
    assert "このマシンは複製の可能性があります" in admin.get("/").text
    page = admin.get("/identity").text
    for mark in (*FOUND.before.cards, *FOUND.now.cards, FOUND.before.hardware, FOUND.now.hardware):
        assert mark in page
    with pytest.raises(IdentityInDoubt):
        AgentClient(copied.place.socket).run_backup(LOCAL, "a" * 16)
    asked = admin.post("/identity", {"verdict": "itself"})
    assert doubt(copied.place), "not before the code is typed"
    ended = confirm(admin, owner, asked)
    assert ended.headers["location"] == "/identity?notice=itself"
    assert "保留していたものを送信します" in admin.get("/identity?notice=itself").text
    assert doubt(copied.place) is None
    (event,) = events(appliance)
    assert '"verdict":"itself"' in event


def test_a_copy_is_told_what_comes_and_waits_for_its_keys(
    copied: Machine, admin: Browser, owner: Owner, appliance: Appliance
) -> None:
    ended = confirm(admin, owner, admin.post("/identity", {"verdict": "copy"}))
    assert ended.headers["location"] == "/identity?notice=copy"
    assert "専用の鍵で起動し直します" in admin.get("/identity?notice=copy").text
    left = doubt(copied.place)
    assert left
    assert left.stage is Stage.copy
    asked = admin.post("/identity", {"verdict": "itself"}).headers["location"]
    again = admin.post(asked, {"code": owner.phone.at(time.time() + 30)})
    assert again.status_code == 409
    assert "すでに判断が済んでいます" in again.text
    assert len([one for one in events(appliance) if '"outcome":"done"' in one]) == 1
    assert not in_doubt(appliance.settings), "the console's own folder is another one here"


def test_what_is_no_verdict_is_refused(copied: Machine, admin: Browser) -> None:
    assert admin.post("/identity", {"verdict": "perhaps"}).status_code == 422
    assert doubt(copied.place) == FOUND
