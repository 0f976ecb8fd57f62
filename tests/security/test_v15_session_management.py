"""V15: the server makes a session, for one plane and person, and ends it when it should."""

import pytest
from sqlmodel import select

from app.core import clock
from app.core.clock import HOUR, MINUTE
from app.identity.models import ConsoleSession, WorkspaceSession
from app.identity.secrets_at_rest import new_token
from app.operations.context import Appliance, Plane
from app.web.asking import POLLED
from app.web.cookies import own_cookie_names, session_cookie_name, sign_in_cookie_name
from app.web.gate import AsgiApplication, Gate
from tests.faces import PASSWORD, Browser, Owner
from tests.security.conftest import Seat
from tests.security.test_v14_cookies_without_protection import sign_in
from tests.security.walk import addresses

CONSOLE = session_cookie_name(Plane.CONSOLE)
WORKSPACE = session_cookie_name(Plane.WORKSPACE)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch):
    """Move the appliance's clock on by some milliseconds."""
    moved = [0]
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + moved[0])

    def move(milliseconds: int) -> None:
        moved[0] += milliseconds

    return move


def is_in(person: Browser) -> bool:
    return person.get("/account").status_code == 200


def test_an_identifier_that_the_visitor_brought_is_never_taken_over_V15(
    stranger: Browser, owner: Owner
) -> None:
    """Session fixation: whoever planted a cookie holds nothing after the sign-in."""
    planted = new_token().reveal()
    stranger.cookies[CONSOLE] = planted
    assert not is_in(stranger)
    stranger.cookies[CONSOLE] = planted
    sign_in(stranger, owner)
    assert is_in(stranger)
    assert stranger.cookies[CONSOLE] != planted
    assert not is_in(Browser(stranger.application, {CONSOLE: planted}))


def test_a_planted_ticket_of_a_sign_in_is_never_taken_over_V15(
    stranger: Browser, owner: Owner
) -> None:
    ticket = sign_in_cookie_name(Plane.CONSOLE)
    stranger.cookies[ticket] = "planted"
    answer = stranger.post("/sign-in", {"login_id": "hanako", "password": PASSWORD})
    assert answer.status_code == 303
    assert stranger.cookies[ticket] != "planted"


def test_signing_in_again_ends_the_session_before_V15(stranger: Browser, owner: Owner) -> None:
    sign_in(stranger, owner)
    first = stranger.cookies[CONSOLE]
    stranger.post("/sign-in", {"login_id": "hanako", "password": PASSWORD})
    code = owner.recovery_codes[0]
    done = stranger.post("/sign-in/step", {"step": "recovery_code", "answer": code})
    assert done.status_code == 303
    assert stranger.cookies[CONSOLE] != first
    assert not is_in(Browser(stranger.application, {CONSOLE: first}))


def test_a_step_up_gives_the_session_a_new_identifier_V15(admin: Browser, owner: Owner) -> None:
    asked = admin.post("/accounts/new", {"name": "Jiro", "login_id": "jiro", "role": "viewer"})
    before = admin.cookies[CONSOLE]
    done = admin.post(asked.headers["location"], {"code": owner.phone.now()})
    assert done.status_code == 200, done.text
    assert admin.cookies[CONSOLE] != before
    assert is_in(admin)
    assert not is_in(Browser(admin.application, {CONSOLE: before}))


def test_signing_out_ends_the_session_on_the_server_V15(admin: Browser) -> None:
    kept = dict(admin.cookies)
    admin.post("/sign-out")
    assert not is_in(admin)
    assert not is_in(Browser(admin.application, kept)), "the cookie itself is worth nothing now"


def test_fifteen_idle_minutes_end_it_and_polling_does_not_count_F7(admin: Browser, later) -> None:
    later(14 * MINUTE)
    assert admin.get("/jobs", headers={POLLED: "1"}).status_code == 200
    later(2 * MINUTE)
    assert not is_in(admin), "a page that asks for news by itself kept nothing alive"


def test_work_keeps_it_alive_for_twelve_hours_and_no_longer_F7(admin: Browser, later) -> None:
    for _ in range(12 * 60 // 14):
        later(14 * MINUTE)
        assert is_in(admin)
    later(12 * HOUR - (12 * 60 // 14) * 14 * MINUTE + 1)
    assert not is_in(admin)


def test_the_page_says_when_the_session_ends_F7(admin: Browser, later) -> None:
    assert "data-session" in admin.get("/").text or 'data-idle="' in admin.get("/").text


def test_the_hour_of_the_server_going_back_prolongs_nothing_beyond_its_end_V15(
    admin: Browser, later
) -> None:
    later(-HOUR)
    assert is_in(admin)
    later(HOUR + 16 * MINUTE)
    assert not is_in(admin)


def test_a_session_of_the_other_plane_is_worth_nothing_V15(
    seat: Seat, console_application: AsgiApplication, workspace_application: AsgiApplication
) -> None:
    """Under its own name, and renamed to the name of the other."""
    console, workspace = seat("owner"), seat("owner", Plane.WORKSPACE)
    assert is_in(console)
    assert is_in(workspace)
    for cookies in (console.cookies, {WORKSPACE: console.cookies[CONSOLE]}):
        assert not is_in(Browser(workspace_application, dict(cookies)))
    for cookies in (workspace.cookies, {CONSOLE: workspace.cookies[WORKSPACE]}):
        assert not is_in(Browser(console_application, dict(cookies)))
    assert is_in(console), "and the try did it no harm"


class Echo:
    """An application that keeps the cookies that it was given."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []

    async def __call__(self, scope, receive, send) -> None:
        self.seen += [value for name, value in scope["headers"] if name == b"cookie"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize(
    "header",
    [
        "{c}=1; {w}=2",
        "{w}=2; {c}=1",
        "{c}=1;{w}=2",
        " {c} =1; {w}=2",
        "{w}=2; {c}=a=b; x=y",
        "x=1;;; {c}=1 ;{w}=2",
        '{c}="a; {w}=2',
    ],
)
def test_each_plane_s_application_sees_its_own_cookies_only_V15(header: str) -> None:
    sent = header.format(c=CONSOLE, w=WORKSPACE)
    for plane, other in ((Plane.WORKSPACE, CONSOLE), (Plane.CONSOLE, WORKSPACE)):
        echo = Echo()
        gate = Gate(echo, plane, {"localhost"}, lambda *_, echo=echo: echo)
        Browser(gate, {}).raw("GET", "/", headers={"cookie": sent})
        got = b"; ".join(echo.seen).decode()
        assert other not in got.replace(" ", ""), got
        names = {pair.partition("=")[0].strip() for pair in got.split(";") if pair.strip()}
        assert names <= own_cookie_names(plane)


def test_an_application_behind_no_gate_would_see_both() -> None:
    echo = Echo()
    Browser(echo, {}).raw("GET", "/", headers={"cookie": f"{CONSOLE}=1; {WORKSPACE}=2"})
    assert CONSOLE.encode() in echo.seen[0]


def test_a_session_that_turns_up_from_the_other_address_family_ends_V15(seat: Seat) -> None:
    mine = seat("viewer", peer="192.0.2.7")
    assert is_in(mine)
    moved = Browser(mine.application, dict(mine.cookies), peer="2001:db8::7")
    assert not is_in(moved)
    assert not is_in(mine), "it is ended for both, since one of them stole it"
    local = seat("viewer", peer="192.0.2.7")
    assert is_in(Browser(local.application, dict(local.cookies), peer="198.51.100.9"))
    assert is_in(Browser(local.application, dict(local.cookies), peer="::ffff:192.0.2.7"))


def test_suspending_somebody_signs_them_out_everywhere_at_once_F4(
    seat: Seat, admin: Browser, owner: Owner
) -> None:
    person = seat("viewer")
    rev = admin.get(f"/api/v1/accounts/{person.account}").json()["account"]["rev"]  # type: ignore[attr-defined]
    path = f"/accounts/{person.account}/suspend"  # type: ignore[attr-defined]
    asked = admin.post(path, {"rev": str(rev)})
    assert is_in(person), "not before it is confirmed"
    assert admin.post(asked.headers["location"], {"code": owner.phone.now()}).status_code == 303
    assert not is_in(person)


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one_F8(
    seat: Seat, appliance: Appliance
) -> None:
    here = seat("staff", Plane.WORKSPACE)
    login = here.get("/api/v1/own/sessions").status_code
    assert login == 200
    with appliance.database.read() as session:
        mine = session.exec(select(WorkspaceSession)).one()
    there = Browser(here.application, {})
    from app.identity.models import Account

    with appliance.database.read() as session:
        name = session.get(Account, mine.account).login_id  # type: ignore[union-attr]
    assert there.post("/sign-in", {"login_id": name, "password": PASSWORD}).status_code == 303
    assert is_in(there)
    new = "takai yama no ue no shiro"
    done = here.post("/account/password", {"current": PASSWORD, "new": new, "again": new})
    assert done.status_code == 303, done.text
    assert is_in(here)
    assert not is_in(there)


def test_identifiers_are_long_random_and_kept_as_hashes_only_V15(
    seat: Seat, appliance: Appliance
) -> None:
    tokens = {seat("viewer").cookies[CONSOLE] for _ in range(5)}
    assert len(tokens) == 5
    assert all(len(token) >= 43 for token in tokens), "256 bits"
    with appliance.database.read() as session:
        rows = [repr(row) for row in session.exec(select(ConsoleSession))]
    assert not any(token in row for token in tokens for row in rows)


def test_no_page_of_a_signed_in_person_is_kept_by_a_browser_V15(
    admin: Browser, planes: dict[Plane, Gate]
) -> None:
    for address in addresses(planes[Plane.CONSOLE]):
        if address.method == "GET" and not address.path.startswith("/assets"):
            assert admin.get(address.filled()).headers["cache-control"] == "no-store", str(address)


def test_a_forged_cookie_is_nobody_and_no_fault_V15(stranger: Browser, owner: Owner) -> None:
    for forged in (
        "x",
        "",
        "0" * 43,
        "'; DROP TABLE x; --",
        owner.session[:-1],
        owner.session + "x",
        owner.session.swapcase(),
        "a" * 8000,
        "%00",
        "../../x",
        "null",
        "é",
    ):
        header = f"{CONSOLE}={forged}".encode()
        answer = stranger.raw("GET", "/account", headers=[(b"cookie", header)])
        assert answer.status_code == 303, forged
        assert answer.headers["location"].startswith("/sign-in")
        stranger.cookies = {}


def test_the_list_of_one_s_sessions_ends_each_of_them_V15(
    seat: Seat, stranger: Browser, owner: Owner, admin: Browser
) -> None:
    sign_in(stranger, owner)
    items = admin.get("/api/v1/own/sessions").json()["items"]
    assert len(items) == 2
    other = next(each for each in items if not each["current"])
    assert admin.post(f"/account/sessions/{other['id']}/end").status_code == 303
    assert not is_in(stranger)
    assert is_in(admin)
