"""V19: steps cannot be skipped, repeated or swapped; what needs two proofs or two people does."""

import time

import pyotp
import pytest

from app.core import clock
from app.core.clock import HOUR, MINUTE
from app.identity.operations import setup
from app.operations.context import SYSTEM, Appliance, Context, Plane
from app.operations.operation import NoRequest
from app.web.cookies import sign_in_cookie_name
from app.web.gate import Gate
from tests.faces import PASSWORD, Browser, Owner
from tests.security.conftest import Seat, new_account
from tests.security.test_v14_cookies_without_protection import sign_in

PERSON = {
    "login_id": "eve",
    "name": "Eve",
    "password": PASSWORD,
    "again": PASSWORD,
    "language": "en",
}
TICKET = sign_in_cookie_name(Plane.CONSOLE)


@pytest.fixture
def claim_code(appliance: Appliance) -> str:
    """The code that a new machine prints."""
    return setup.new_claim_code(Context(appliance, actor=SYSTEM), NoRequest()).code.reveal()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch):
    """Move the appliance's clock by some milliseconds."""
    moved = [0]
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + moved[0])

    def move(milliseconds: int) -> None:
        moved[0] += milliseconds

    return move


def test_a_wrong_claim_code_has_ten_tries_and_then_the_right_one_is_spent_V19(
    stranger: Browser, claim_code: str
) -> None:
    for _ in range(10):
        answer = stranger.post("/setup/claim", {"code": "aaaa-bbbb-cccc"})
        assert answer.status_code == 403
        assert TICKET not in stranger.cookies
    assert stranger.post("/setup/claim", {"code": claim_code}).status_code == 403
    assert stranger.get("/").headers["location"] == "/setup"


@pytest.mark.parametrize("code", ["", " ", "%", "*", "null", "0", "a" * 100_000, "' OR ''='", "\0"])
def test_no_strange_text_is_the_claim_code_V19(
    stranger: Browser, claim_code: str, code: str
) -> None:
    assert stranger.post("/setup/claim", {"code": code}).status_code in (403, 422)
    assert stranger.post("/setup/claim", {"code": claim_code.lower()}).status_code == 303


def test_the_setup_cannot_be_entered_in_the_middle_V19(stranger: Browser, claim_code: str) -> None:
    for path, form in (("/setup/person", PERSON), ("/setup/factor", {"answer": "000000"})):
        assert stranger.post(path, form).status_code in (401, 409)
    stranger.post("/setup/claim", {"code": claim_code})
    early = stranger.post("/setup/factor", {"answer": pyotp.TOTP(pyotp.random_base32()).now()})
    assert early.status_code in (401, 409, 422), "no factor before there is a person"
    assert stranger.get("/account").status_code == 303


def test_a_finished_setup_is_closed_for_good_V19(
    stranger: Browser, owner: Owner, appliance: Appliance
) -> None:
    assert stranger.get("/setup").headers["location"] == "/sign-in"
    for path, form in (
        ("/setup/claim", {"code": "aaaa-bbbb-cccc"}),
        ("/setup/person", PERSON),
        ("/setup/factor", {"answer": owner.phone.now()}),
    ):
        answer = stranger.post(path, form)
        assert answer.status_code in (401, 409), path
    assert stranger.post("/sign-in", {"login_id": "eve", "password": PASSWORD}).status_code == 401


def test_a_second_claim_takes_the_setup_from_the_first_browser_V19(
    stranger: Browser, claim_code: str, console_application: Gate
) -> None:
    stranger.post("/setup/claim", {"code": claim_code})
    assert stranger.post("/setup/person", PERSON).status_code == 303
    other = Browser(console_application, {})
    other.post("/setup/claim", {"code": claim_code})
    assert stranger.post("/setup/factor", {"answer": "123456"}).status_code in (401, 409)
    assert stranger.get("/account").status_code == 303


def test_a_code_of_the_authenticator_works_once_V19(stranger: Browser, owner: Owner) -> None:
    """Replay: whoever watched it being typed has nothing."""
    code = owner.phone.now()
    first = {"login_id": "hanako", "password": PASSWORD}
    stranger.post("/sign-in", first)
    assert stranger.post("/sign-in/step", {"step": "totp", "answer": code}).status_code == 303
    watcher = Browser(stranger.application, {})
    watcher.post("/sign-in", first)
    replayed = watcher.post("/sign-in/step", {"step": "totp", "answer": code})
    assert replayed.status_code == 401
    assert watcher.get("/account").status_code == 303


def test_a_code_that_confirmed_a_change_signs_nobody_in_V19(admin: Browser, owner: Owner) -> None:
    code = owner.phone.now()
    asked = admin.post("/accounts/new", {"name": "J", "login_id": "jiro"}).headers["location"]
    assert admin.post(asked, {"code": code}).status_code == 200
    again = admin.post("/accounts/new", {"name": "K", "login_id": "kiro"}).headers["location"]
    assert admin.post(again, {"code": code}).status_code == 401
    other = Browser(admin.application, {})
    other.post("/sign-in", {"login_id": "hanako", "password": PASSWORD})
    assert other.post("/sign-in/step", {"step": "totp", "answer": code}).status_code == 401


def test_a_recovery_code_works_once_V19(stranger: Browser, owner: Owner) -> None:
    form = {"step": "recovery_code", "answer": owner.recovery_codes[3]}
    for expected in (303, 401):
        stranger.cookies = {}
        stranger.post("/sign-in", {"login_id": "hanako", "password": PASSWORD})
        assert stranger.post("/sign-in/step", form).status_code == expected


@pytest.mark.parametrize("off", [-HOUR, HOUR, -2 * MINUTE, 2 * MINUTE])
def test_a_clock_that_is_off_refuses_the_code_and_says_why_V19(
    stranger: Browser, owner: Owner, later, off: int
) -> None:
    stranger.post("/sign-in", {"login_id": "hanako", "password": PASSWORD})
    code = owner.phone.at(time.time() + off / 1000)
    answer = stranger.post("/sign-in/step", {"step": "totp", "answer": code})
    assert answer.status_code == 401
    assert "時計" in answer.text, "it says to compare the clocks"
    assert "data-clock=" in answer.text, "and measures the difference"
    assert (
        stranger.post("/sign-in/step", {"step": "totp", "answer": owner.phone.now()}).status_code
        == 303
    )


def test_a_machine_whose_clock_is_an_hour_off_takes_a_recovery_code_V19(
    stranger: Browser, owner: Owner, later
) -> None:
    later(HOUR)
    stranger.post("/sign-in", {"login_id": "hanako", "password": PASSWORD})
    refused = stranger.post("/sign-in/step", {"step": "totp", "answer": owner.phone.now()})
    assert refused.status_code == 401
    form = {"step": "recovery_code", "answer": owner.recovery_codes[0]}
    assert stranger.post("/sign-in/step", form).status_code == 303


def test_codes_cannot_be_guessed_V19(stranger: Browser, owner: Owner) -> None:
    stranger.post("/sign-in", {"login_id": "hanako", "password": PASSWORD})
    answers = [
        stranger.post("/sign-in/step", {"step": "totp", "answer": f"{number:06}"}).status_code
        for number in range(7)
    ]
    assert answers[:5] == [401] * 5
    assert set(answers[5:]) <= {401, 429}
    right = stranger.post("/sign-in/step", {"step": "totp", "answer": owner.phone.now()})
    assert right.status_code in (401, 429), "the guessing ended this sign-in"
    assert stranger.get("/account").status_code == 303


def test_a_second_factor_cannot_be_skipped_V19(stranger: Browser, owner: Owner) -> None:
    stranger.post("/sign-in", {"login_id": "hanako", "password": PASSWORD})
    for path in ("/", "/account", "/accounts", "/api/v1/accounts"):
        assert stranger.get(path).status_code in (303, 401), path
    ticket = stranger.cookies[TICKET]
    renamed = Browser(stranger.application, {"__Host-tenshu-console": ticket})
    assert renamed.get("/account").status_code == 303


def test_who_knows_only_a_password_chooses_no_second_factor_for_the_console_V19(
    stranger: Browser, appliance: Appliance, owner: Owner
) -> None:
    """A person whose first sign-in is over cannot enrol at the sign-in any more."""
    stranger.post("/sign-in", {"login_id": "hanako", "password": PASSWORD})
    shown = stranger.get("/sign-in?step=enrol").text
    assert "otpauth" not in shown
    assert stranger.post("/sign-in/step", {"step": "enrol", "answer": "1"}).status_code in (
        401,
        409,
    )


def test_staff_do_not_enter_the_console_V19(
    stranger: Browser, owner: Owner, appliance: Appliance
) -> None:
    new_account(appliance, "staff", login_id="shain")
    answer = stranger.post("/sign-in", {"login_id": "shain", "password": PASSWORD})
    assert answer.status_code == 403
    assert "__Host-tenshu-console" not in stranger.cookies


def test_a_confirmation_holds_for_one_change_once_V19(admin: Browser, owner: Owner) -> None:
    asked = admin.post("/accounts/new", {"name": "J", "login_id": "jiro"}).headers["location"]
    assert admin.post(asked, {"code": owner.phone.now()}).status_code == 200
    twice = admin.post(asked, {"code": owner.phone.at(time.time() + 30)})
    assert twice.status_code == 404
    assert len(admin.get("/api/v1/accounts?search=jiro").json()["items"]) == 1


def test_a_confirmation_is_too_old_after_two_minutes_V19(
    admin: Browser, owner: Owner, later
) -> None:
    asked = admin.post("/accounts/new", {"name": "J", "login_id": "jiro"}).headers["location"]
    later(2 * MINUTE + 1)
    late = admin.post(asked, {"code": owner.phone.at(time.time() + 120)})
    assert late.status_code == 404
    assert admin.get("/api/v1/accounts?search=jiro").json()["items"] == []


def test_another_session_of_the_same_person_cannot_confirm_V19(
    admin: Browser, owner: Owner, stranger: Browser
) -> None:
    asked = admin.post("/accounts/new", {"name": "J", "login_id": "jiro"}).headers["location"]
    stranger.post("/sign-in", {"login_id": "hanako", "password": PASSWORD})
    stranger.post("/sign-in/step", {"step": "recovery_code", "answer": owner.recovery_codes[0]})
    assert stranger.get("/account").status_code == 200
    answer = stranger.post(asked, {"code": owner.phone.now()})
    assert answer.status_code in (404, 409)
    assert admin.get("/api/v1/accounts?search=jiro").json()["items"] == []


def test_the_api_does_nothing_dangerous_without_the_fresh_factor_V19(admin: Browser) -> None:
    answer = admin.post("/api/v1/accounts", json={"name": "J", "login_id": "jiro"})
    assert (answer.status_code, answer.json()["code"]) == (403, "confirmation_needed")
    for extra in ("confirmed", "approved_by", "code"):
        body = {"name": "J", "login_id": "jiro", extra: "x"}
        assert admin.post("/api/v1/accounts", json=body).status_code == 422


def test_the_last_owner_is_not_suspended_V19(admin: Browser, owner: Owner) -> None:
    rev = admin.get(f"/api/v1/accounts/{owner.account}").json()["account"]["rev"]
    asked = admin.post(f"/accounts/{owner.account}/suspend", {"rev": str(rev)})
    answer = admin.post(asked.headers["location"], {"code": owner.phone.now()})
    assert answer.status_code == 409
    assert admin.get("/account").status_code == 200


def test_a_sign_in_takes_ten_minutes_at_most_V19(stranger: Browser, owner: Owner, later) -> None:
    stranger.post("/sign-in", {"login_id": "hanako", "password": PASSWORD})
    later(10 * MINUTE + 1)
    code = owner.phone.at(time.time() + 600)
    assert stranger.post("/sign-in/step", {"step": "totp", "answer": code}).status_code == 401
    assert stranger.get("/account").status_code == 303


def test_the_same_file_is_imported_by_its_owner_with_the_right_only_V19(seat: Seat) -> None:
    person = seat("viewer", Plane.WORKSPACE)
    for path in ("/api/v1/tables/import", "/api/v1/tables/import/preview"):
        body = (
            {"upload": "0" * 28, "name": "x"} if path.endswith("import") else {"upload": "0" * 28}
        )
        assert person.post(path, json=body).status_code == 403


def test_signing_in_works_after_all_these_attacks(stranger: Browser, owner: Owner) -> None:
    sign_in(stranger, owner)
    assert stranger.get("/account").status_code == 200
