"""Access reviews on pages: begun, decided on both planes, closed, downloaded (METI-46)."""

import datetime as dt
import hashlib

import pytest

from app.core import clock
from app.identity.operations import accounts
from app.operations.context import SYSTEM, Appliance, Context
from app.reviews.operations import campaigns
from tests.faces import Browser, Owner
from tests.integration.app.web.confirming import confirm


def tomorrow() -> str:
    return dt.datetime.fromtimestamp(clock.now() / 1000 + 2 * 86400, dt.UTC).date().isoformat()


@pytest.fixture
def review(admin: Browser, appliance: Appliance) -> str:
    new = accounts.NewAccount(login_id="jiro", name="佐藤 次郎", role="viewer")
    accounts.create_account(Context(appliance, actor=SYSTEM), new)
    begun = admin.post("/reviews", {"name": "2026年度", "due": tomorrow()})
    assert begun.status_code == 303, begun.text[-500:]
    return begun.headers["location"].split("?")[0].rpartition("/")[2]


def line_of(admin: Browser, appliance: Appliance, review: str, login_id: str) -> str:
    found = campaigns.get_campaign(Context(appliance, actor=SYSTEM), campaigns.CampaignRef(review))
    return next(line.id for line in found.lines if line.login_id == login_id)


def test_a_review_is_begun_decided_closed_and_downloaded_METI_46(
    admin: Browser, worker: Browser, owner: Owner, appliance: Appliance, review: str
) -> None:
    assert "2026年度" in admin.get("/reviews").text
    assert "判断を待っています" in admin.get("/").text
    line = line_of(admin, appliance, review, "jiro")
    refused = worker.post("/reviews/mine", {"selected": line, "decision": "withdraw"})
    assert refused.status_code == 422
    assert 'href="#field-reason"' in refused.text
    assert "自分が行う棚卸し" in worker.get("/").text
    asked = {"selected": line, "decision": "withdraw", "reason": "異動"}
    assert worker.post("/reviews/mine", asked).status_code == 303
    assert "取り消し予定" in admin.get("/reviews/mine?notice=decided").text
    shown = admin.get(f"/reviews/{review}").text
    assert "異動" in shown
    assert "実施中" in shown
    assert "実行中" not in shown, "people carry a review out, no program runs it"
    confirm(admin, owner, admin.post(f"/reviews/{review}/close"))
    shown = admin.get(f"/reviews/{review}?notice=closed").text
    assert "未判断" in shown
    result = admin.post(f"/reviews/{review}/result")
    assert result.json()["name"] == "2026年度"
    again = admin.post(f"/reviews/{review}/close")
    assert again.status_code in (303, 409)


def test_the_lines_of_a_review_are_searched_by_person_right_and_decision_METI_46(
    admin: Browser, appliance: Appliance, review: str
) -> None:
    line = line_of(admin, appliance, review, "jiro")
    mark = f'value="{line}"'
    for search in ("JIRO", "佐藤", "閲覧", "佐藤 閲覧"):
        assert mark in admin.get(f"/reviews/mine?q={search}").text, search
        assert "佐藤 次郎" in admin.get(f"/reviews/{review}?q={search}").text, search
    assert mark not in admin.get("/reviews/mine?q=佐藤 所有者").text
    nothing = admin.get(f"/reviews/{review}?q=nobody").text
    assert "この検索に合う項目はありません" in nothing
    form = {"selected": line, "decision": "confirm", "q": "佐藤", "status": "undecided"}
    place = admin.post("/reviews/mine", form).headers["location"]
    assert place == "/reviews/mine?notice=decided&q=%E4%BD%90%E8%97%A4&status=undecided"
    assert mark not in admin.get(place).text, "what is decided is open no longer"
    assert mark in admin.get("/reviews/mine?status=confirm").text
    assert "佐藤 次郎" not in admin.get(f"/reviews/{review}?status=withdraw").text


def test_what_does_not_fit_a_review_is_told_at_its_field(admin: Browser) -> None:
    for form, field in (
        ({"name": "x", "due": "2020-01-01"}, "due"),
        ({"name": "x", "due": "nonsense"}, "due"),
        ({"name": "\x07", "due": tomorrow()}, "name"),
    ):
        answer = admin.post("/reviews", form)
        assert answer.status_code == 422
        assert f'href="#field-{field}"' in answer.text


def test_the_report_is_shown_and_downloaded_METI_46(admin: Browser) -> None:
    assert "hanako" in admin.get("/access-report").text
    assert "使われていないアカウントはありません" in admin.get("/access-report?unused=yes").text
    assert "hanako" in admin.post("/access-report/export", {"days": "90"}).text


def test_too_few_owners_are_told_on_the_overview_METI_46(admin: Browser) -> None:
    assert "2人目の所有者が必要です" in admin.get("/").text


def test_another_owner_is_chosen_by_login_id_and_who_is_nobody_stays_typed_METI_46(
    admin: Browser, appliance: Appliance
) -> None:
    new = accounts.NewAccount(login_id="saburo", name="高橋 三郎", role="viewer")
    accounts.create_account(Context(appliance, actor=SYSTEM), new)
    form = {"name": "2027年度", "due": tomorrow(), "owner": "nobody"}
    refused = admin.post("/reviews", form)
    assert refused.status_code == 422
    assert 'href="#field-owner"' in refused.text
    assert 'value="nobody"' in refused.text
    begun = admin.post("/reviews", {**form, "owner": "SABURO"})
    shown = admin.get(begun.headers["location"]).text
    assert "責任者がいない場合の判断者" in shown
    assert "高橋 三郎" in shown


def test_the_result_is_printed_as_it_is_kept_with_its_digest_and_room_to_sign_METI_46(
    admin: Browser, worker: Browser, owner: Owner, appliance: Appliance, review: str
) -> None:
    assert admin.get(f"/reviews/{review}/print").status_code == 404, "there is none yet"
    line = line_of(admin, appliance, review, "jiro")
    worker.post("/reviews/mine", {"selected": line, "decision": "confirm"})
    confirm(admin, owner, admin.post(f"/reviews/{review}/close"))
    paper = admin.get(f"/reviews/{review}/print").text
    kept = admin.post(f"/reviews/{review}/result").content
    assert hashlib.sha256(kept).hexdigest() in paper
    assert "data-prints" in paper
    assert "署名" in paper
    assert "佐藤 次郎" in paper
    assert "維持: 1件" in paper
