"""The history's pages: kinds of events, and what the appliance found when it verified itself."""

import pytest

from app.audit.event import Draft
from app.audit.inspection import VERB, Inspected, Inspection, Running, write_inspection
from app.audit.outbox import append
from app.audit.sealer import Sealer
from app.audit.signing import load_or_make_signer
from app.audit.verdict import DESCRIPTIONS, State, Wrong
from app.core import clock
from app.history import operations as history
from app.history.kinds import Kind, verbs_of
from app.operations.context import SYSTEM, Appliance, Context
from app.operations.operation import NoRequest
from tests.faces import ASKED_BY_A_PAGE, Browser


def told(appliance: Appliance, **changes: object) -> Inspected:
    """Leave the result of a verification, as the sealer does."""
    made = Inspected(**{"at": clock.now(), "took": 10, "state": State.WHOLE, "size": 7, **changes})
    appliance.settings.sealed_store.mkdir(parents=True, exist_ok=True)
    write_inspection(appliance.settings.sealed_store, Inspection(latest=made))
    return made


def seal(appliance: Appliance) -> None:
    """Seal what waits, as the sealer's process does."""
    settings = appliance.settings
    signer = load_or_make_signer(settings.keys / "audit-signing.key")
    store = settings.sealed_store
    sealer = Sealer(appliance.database, settings.data, store, signer, machine="test")
    while sealer.turn():
        pass
    sealer.close()


WRONG = {
    "state": State.TAMPERED,
    "position": 4,
    "event": "0" * 28,
    "template": DESCRIPTIONS[Wrong.CHANGED],
}


def test_before_the_first_verification_nothing_is_said_to_be_whole_F5(admin: Browser) -> None:
    assert "まだ自動検証されていません" in admin.get("/history").text
    assert "検証済み" not in admin.get("/").text


def test_whole_is_said_of_what_was_checked_and_when_F5(
    admin: Browser, appliance: Appliance
) -> None:
    told(appliance)
    seal(appliance)
    assert "最初の7件を検証しました" in admin.get("/history").text
    assert "最初の7件を" in admin.get("/").text
    told(appliance, at=clock.now() - 3 * clock.DAY)
    assert "検証が長い間行われていません" in admin.get("/").text


def test_the_overview_and_the_history_name_the_first_wrong_event_F5(
    admin: Browser, appliance: Appliance
) -> None:
    told(appliance, **WRONG)
    for path in ("/", "/history"):
        page = admin.get(path).text
        assert "操作履歴が改ざんされています" in page
        assert f"/history/{'0' * 28}" in page
        assert "何も修復" in page
        assert "検証済み" not in page
    told(appliance, **{**WRONG, "event": ""})
    assert "4番" in admin.get("/").text


def test_a_history_that_could_not_be_verified_is_said_to_be_so(
    admin: Browser, appliance: Appliance
) -> None:
    told(appliance, state=State.UNREADABLE, size=0)
    for path in ("/", "/history"):
        assert "検証できませんでした" in admin.get(path).text


def test_who_asks_for_a_verification_sees_how_far_it_is_and_what_it_found_F5(
    admin: Browser, appliance: Appliance
) -> None:
    before = told(appliance, at=clock.now() - 1)
    asked = admin.post("/history/verify")
    place = asked.headers["location"]
    assert place == f"/history?newest={before.at}"
    waiting = admin.get(place).text
    assert f"/history/verification?newest={before.at}" in waiting
    running = Inspection(latest=before, running=Running(since=1, done=3, of=12))
    write_inspection(appliance.settings.sealed_store, running)
    part = admin.get(f"/history/verification?newest={before.at}", headers=ASKED_BY_A_PAGE).text
    assert 'value="25"' in part
    assert "<html" not in part
    told(appliance, size=9)
    assert "最初の9件を検証しました" in admin.get(place).text
    part = admin.get(f"/history/verification?newest={before.at}", headers=ASKED_BY_A_PAGE).text
    assert "hx-get" not in part
    events = history.search_events(
        Context(appliance, actor=SYSTEM), history.SearchEvents(verb=VERB)
    )
    assert len(events.rows) == 1


def test_a_part_of_a_page_that_is_opened_by_itself_leads_to_the_whole_page(
    admin: Browser, appliance: Appliance
) -> None:
    alone = admin.get("/history/verification?newest=0")
    assert (alone.status_code, alone.headers["location"]) == (303, "/history")
    day = {"from": "2026-11-01", "to": "2026-11-02"}
    job = admin.post("/history/evidence", day).headers["location"].rpartition("/")[2]
    alone = admin.get(f"/jobs/{job}/progress")
    assert (alone.status_code, alone.headers["location"]) == (303, f"/jobs/{job}")
    assert "<html" not in admin.get(f"/jobs/{job}/progress", headers=ASKED_BY_A_PAGE).text


def test_the_first_verification_ever_is_waited_for_too(
    admin: Browser, appliance: Appliance
) -> None:
    place = admin.post("/history/verify").headers["location"]
    assert place == "/history?newest=0"
    assert "hx-get" in admin.get(place).text
    assert 'hx-get="/history/verification' not in admin.get("/history?newest=x").text


@pytest.mark.parametrize("kind", Kind)
def test_one_click_shows_changes_sign_ins_or_views_F5(
    admin: Browser, appliance: Appliance, kind: Kind
) -> None:
    admin.get("/accounts")
    admin.post("/history/verify")
    with appliance.database.write() as session:
        append(session, Draft(verb="sign_in.answer", at=clock.now()))
    page = admin.get(f"/history?kind={kind.value}").text
    seen = {
        Kind.CHANGES: VERB,
        Kind.SIGN_INS: "sign_in.answer",
        Kind.VIEWS: "accounts.list",
    }
    for each, verb in seen.items():
        assert (f'<code class="muted">{verb}</code>' in page) == (each is kind), (each, kind)
    assert f'name="kind" value="{kind.value}"' in page, "the search and the export keep it"
    assert "accounts.list" in admin.get("/history?kind=nonsense").text


def test_the_kinds_are_the_whole_history_and_no_event_is_of_two() -> None:
    views, signs = set(verbs_of(Kind.VIEWS)), set(verbs_of(Kind.SIGN_INS))
    assert not views & signs
    assert set(verbs_of(Kind.CHANGES)) == views | signs, "changes are what is none of these"


def test_the_overview_leaves_out_who_only_looked_however_often(
    admin: Browser, appliance: Appliance
) -> None:
    for _ in range(3):
        admin.get("/accounts")
    admin.post("/history/verify")
    page = admin.get("/").text
    lately = page.partition("latest-events")[2]
    assert "操作履歴全体を今すぐ検証します" in lately
    assert "アカウントの一覧" not in lately


def test_the_interface_tells_what_the_pages_tell(appliance: Appliance) -> None:
    context = Context(appliance, actor=SYSTEM)
    assert history.show_inspection(context, NoRequest()) == Inspection()
    made = told(appliance)
    assert history.verify_history(context, NoRequest()).newest == made.at
