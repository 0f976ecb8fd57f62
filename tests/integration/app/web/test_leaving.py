"""Leaving on the console: one page of what a person holds, a last day, a successor, the end."""

import datetime as dt

from app.identity.models import Group
from app.identity.operations import accounts, groups
from app.leaving.operations.planning import PlanLeaving, plan_leaving
from app.leaving.operations.showing import LeavingView, get_leaving
from app.operations.context import SYSTEM, Appliance, Context
from tests.faces import Browser, Owner
from tests.integration.app.web.confirming import confirm

NEXT_YEAR = f"{dt.datetime.now(dt.UTC).year + 1}-03-31"


def here(appliance: Appliance) -> Context:
    return Context(appliance, actor=SYSTEM)


def person(appliance: Appliance, login_id: str, name: str) -> str:
    new = accounts.NewAccount(login_id=login_id, name=name, role="staff")
    return accounts.create_account(here(appliance), new).account.id


def leaving(appliance: Appliance, account: str) -> LeavingView:
    return get_leaving(here(appliance), accounts.AccountRef(account))


def test_a_last_day_and_a_successor_are_set_and_taken_back_F4(
    admin: Browser, owner: Owner, appliance: Appliance
) -> None:
    jiro, saburo = person(appliance, "jiro", "佐藤 次郎"), person(appliance, "saburo", "高橋 三郎")
    page = admin.get(f"/accounts/{jiro}/leaving").text
    assert "佐藤 次郎さんの退職" in page
    assert "本人に与えた権限" in page
    assert f"/accounts/{jiro}/leaving" in admin.get(f"/accounts/{jiro}").text
    form = {"rev": str(leaving(appliance, jiro).account.rev), "leaves_on": NEXT_YEAR}
    asked = admin.post(f"/accounts/{jiro}/leaving", {**form, "successor": "SABURO"})
    assert "高橋 三郎" in admin.get(asked.headers["location"]).text, "a name, no identifier"
    planned = confirm(admin, owner, asked)
    assert planned.headers["location"] == f"/accounts/{jiro}/leaving?notice=planned"
    assert leaving(appliance, jiro).successor == saburo
    shown = admin.get(f"/accounts/{jiro}/leaving").text
    assert 'value="saburo"' in shown
    assert "高橋 三郎さんへ引き継ぎ" in shown
    assert "佐藤 次郎" in admin.get("/leavers?status=coming").text
    rev = str(leaving(appliance, jiro).account.rev)
    back = admin.post(f"/accounts/{jiro}/leaving/withdraw", {"rev": rev})
    stays = confirm(admin, owner, back, step=1)
    assert stays.headers["location"].endswith("notice=withdrawn")
    assert "退職する人はいません" in admin.get("/leavers").text


def test_what_was_typed_stays_where_it_does_not_fit(admin: Browser, appliance: Appliance) -> None:
    jiro = person(appliance, "jiro", "佐藤 次郎")
    rev = str(leaving(appliance, jiro).account.rev)
    for successor, told in (("nobody", "field-successor"), ("jiro", "field-successor")):
        form = {"rev": rev, "leaves_on": NEXT_YEAR, "successor": successor}
        answer = admin.post(f"/accounts/{jiro}/leaving", form)
        assert f'href="#{told}"' in answer.text
        assert f'value="{successor}"' in answer.text
        assert f'value="{NEXT_YEAR}"' in answer.text
    answer = admin.post(f"/accounts/{jiro}/leaving", {"rev": rev, "leaves_on": "31.3."})
    assert answer.status_code == 422
    assert 'href="#field-leaves_on"' in answer.text


def test_everything_ends_at_once_and_the_page_tells_what_was_held_F4(
    admin: Browser, owner: Owner, appliance: Appliance
) -> None:
    jiro = person(appliance, "jiro", "佐藤 次郎")
    rev = str(leaving(appliance, jiro).account.rev)
    ended = confirm(admin, owner, admin.post(f"/accounts/{jiro}/leaving/end", {"rev": rev}))
    assert ended.headers["location"].endswith("notice=ended")
    page = admin.get(ended.headers["location"]).text
    assert "退職しました" in page
    assert f'action="/accounts/{jiro}/leaving/end"' not in page
    assert "退職済み" in admin.get("/leavers?status=left&q=jiro").text


def test_the_overview_tells_of_a_leaver_without_a_successor_F4(
    admin: Browser, appliance: Appliance
) -> None:
    jiro = person(appliance, "jiro", "佐藤 次郎")
    made = groups.create_group(here(appliance), groups.NewGroup(name="経理")).id
    with appliance.database.write() as session:
        group = session.get(Group, made)
        assert group is not None
        group.head = jiro
    soon = (dt.datetime.now(dt.UTC) + dt.timedelta(days=3)).date().isoformat()
    view = leaving(appliance, jiro)
    plan_leaving(here(appliance), PlanLeaving(account=jiro, rev=view.account.rev, leaves_on=soon))
    page = admin.get("/").text
    assert "後任者が決まっていません" in page
    assert "グループの責任者 (1)" in page
    assert f'href="/accounts/{jiro}/leaving"' in page


def test_the_leavers_are_counted_and_downloaded_as_the_list_shows_them_F4(
    admin: Browser, appliance: Appliance
) -> None:
    for login_id, name in (("jiro", "佐藤 次郎"), ("saburo", "=SUM(A1)")):
        account = person(appliance, login_id, name)
        rev = leaving(appliance, account).account.rev
        plan_leaving(here(appliance), PlanLeaving(account=account, rev=rev, leaves_on=NEXT_YEAR))
    assert "退職者: 2人" in admin.get("/leavers").text
    assert "退職者: 1人" in admin.get("/leavers?q=jiro&status=coming").text
    whole = admin.post("/leavers/export").content.decode("utf-8-sig").splitlines()
    assert len(whole) == 3
    assert any("'=SUM(A1)" in line for line in whole), "no spreadsheet runs it"
    some = admin.post("/leavers/export", {"q": "jiro", "status": "coming"})
    (_, line) = some.content.decode("utf-8-sig").splitlines()
    assert line.startswith(f"jiro,佐藤 次郎,{NEXT_YEAR},active,")
    assert admin.post("/leavers/export", {"status": "nonsense"}).status_code == 422


def test_a_stranger_sees_no_leavers_F4(stranger: Browser) -> None:
    assert stranger.get("/leavers").status_code in (303, 401)
