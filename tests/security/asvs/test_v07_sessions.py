"""V7: how long sessions last, how they end, and what begins one."""

import re
import time

import pyotp
import pytest
from sqlmodel import select

from app.identity.models import ConsoleSession, WorkspaceSession
from app.operations.context import Appliance, Plane
from app.web.gate import Gate
from tests.faces import PASSWORD, Browser, Owner
from tests.security.asvs import written
from tests.security.conftest import Seat
from tests.security.test_v14_cookies_without_protection import sign_in
from tests.security.walk import Page, addresses, make_table

PAGE = "authentication.md"


def test_the_page_of_authentication_says_how_long_sessions_last_ASVS_7_1_1_ASVS_7_1_2(
    appliance: Appliance, stranger: Browser, owner: Owner
) -> None:
    text = written.section(PAGE, "How long sessions last")
    told = dict(written.values(text))
    assert len(told) == len(written.rows(text)) == 3
    for name, value in told.items():
        assert written.value_of(name) in written.means(value), name
    assert "NIST SP 800-63B-4 asks" in text
    assert "any number of sessions at once" in text
    for code in owner.recovery_codes[:3]:
        browser = Browser(stranger.application, {})
        browser.post("/sign-in", {"login_id": "hanako", "password": PASSWORD})
        step = {"step": "recovery_code", "answer": code}
        assert browser.post("/sign-in/step", step).status_code == 303
    with appliance.database.read() as session:
        running = session.exec(select(ConsoleSession).where(ConsoleSession.ended_at == 0)).all()
    assert len(running) == 4, "beside each other, as it is written"


def test_a_changed_factor_ends_the_other_sessions_ASVS_7_4_3(
    admin: Browser, stranger: Browser, owner: Owner
) -> None:
    sign_in(stranger, owner)
    assert stranger.get("/account").status_code == 200
    form = {"name": "tablet", "password": PASSWORD, "code": owner.phone.at(time.time() + 30)}
    begun = admin.post("/account/factors", form)
    shown = begun if begun.status_code == 200 else admin.get(begun.headers["location"])
    secret = re.search(r"\b([A-Z2-7]{32})\b", shown.text)
    assert secret, shown.text
    action = next(
        each["action"]
        for each in Page(shown.text).all("form")
        if each.get("action", "").startswith("/account/factors/")
    )
    done = admin.post(action, {"code": pyotp.TOTP(secret[1]).now()})
    assert done.status_code in (200, 303), done.text
    assert admin.get("/account").status_code == 200, "this one goes on"
    assert stranger.get("/account").status_code == 303


@pytest.mark.parametrize("plane", [Plane.CONSOLE, Plane.WORKSPACE])
def test_every_page_of_a_person_offers_to_sign_out_ASVS_7_4_4(
    seat: Seat, planes: dict[Plane, Gate], appliance: Appliance, owner: Owner, plane: Plane
) -> None:
    table = make_table(appliance)
    person, looked = seat("owner", plane), 0
    for address in addresses(planes[plane]):
        if address.method != "GET":
            continue
        answer = person.get(address.filled(str(table)))
        if answer.status_code != 200 or not answer.text.startswith("<!doctype html>"):
            continue
        looked += 1
        forms = [each.get("action") for each in Page(answer.text).all("form")]
        assert "/sign-out" in forms, str(address)
    assert looked >= 6


def test_looking_begins_no_session_ASVS_7_6_2(
    planes: dict[Plane, Gate], owner: Owner, appliance: Appliance, stranger: Browser, seat: Seat
) -> None:
    seat("owner", Plane.WORKSPACE)

    def sessions() -> int:
        with appliance.database.read() as session:
            return sum(
                len(session.exec(select(table)).all())
                for table in (ConsoleSession, WorkspaceSession)
            )

    before = sessions()
    assert before >= 2
    for gate in planes.values():
        nobody = Browser(gate, {})
        for address in addresses(gate):
            nobody.request(address.method, address.filled())
    assert sessions() == before
    sign_in(stranger, owner)
    assert sessions() == before + 1, "a sign-in is seen by this check"
