"""Pages of people and proof once something stands on them: a list's preview with its faults, what
was found about a person, rules before they hold, a review that runs (interface.md, Checks)."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from app.core import clock
from app.identity.operations import group_members, groups
from app.privacy.operations.disclosing import NewDisclosure, disclose
from app.reviews.operations.campaigns import NewCampaign, create_campaign
from tests.browser.pages.conftest import Place, in_both_languages, speak
from tests.browser.pages.scenes import at_the_machine, person

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

LIST = """社員番号,ログインID,氏名,部署,部署長,メール,退職日
E1,hachiro,林 八郎,総務部,E1,hachiro@example.jp,
E2,kuro,石井 九郎,総務部,E1,kuro@example.jp,2031-03-31
E3,kuro,石井 九郎,総務部,E1,,
E4,juro,森 十郎,総務部,E9,juro@example.jp,三月末
"""


@pytest.fixture(autouse=True)
def fresh(place: Place) -> None:
    place.eyes.findings.clear()


def test_the_preview_of_a_list_and_its_faults_are_accessible_F4(
    place: Place, tmp_path: Path
) -> None:
    page = place.admin
    path = tmp_path / "名簿.csv"
    path.write_text(LIST, encoding="cp932")
    page.goto(f"{place.copy.console}/people")
    page.locator("#field-file").set_input_files(path)
    page.locator("#upload button.primary").click()
    expect(page).to_have_url(re.compile("/people/import/"))
    expect(page.locator(".tiles")).to_be_visible()
    in_both_languages(place, page, "people preview")
    with page.expect_download() as waiting:
        page.locator("form[action$='/faults'] button").click()
    told = Path(waiting.value.path()).read_text(encoding="utf-8-sig")
    assert "三月末" in told
    assert place.eyes.findings == {}


def test_what_was_found_about_a_person_is_accessible_METI_31(place: Place) -> None:
    page = place.admin
    with at_the_machine(place.copy) as local:
        made = disclose(local, NewDisclosure(text="社員001\n佐藤 次郎"))
    page.goto(f"{place.copy.console}/jobs/{made.job}")
    page.locator("#job-progress a.button.primary").click(timeout=60_000)
    expect(page).to_have_url(re.compile(f"/disclosures/{made.id}"))
    expect(page.locator("main")).to_contain_text("社員001")
    in_both_languages(place, page, "disclosure found")
    assert place.eyes.findings == {}


def test_the_effect_of_rules_before_they_hold_is_accessible_F11(place: Place) -> None:
    page = place.admin
    for language in ("en", "ja"):
        speak(page.context, place.copy.console, language)
        page.goto(f"{place.copy.console}/settings/sign-in")
        page.locator("input[name=workspace_second_factor][value=required]").check(force=True)
        page.locator("#field-idle_minutes").fill("10")
        page.locator("#rules button[value=preview]:not(.unseen)").click()
        expect(page.locator("#rules input[name=shown]")).to_be_attached()
        place.eyes.look(page, "rules in preview")
    assert place.eyes.findings == {}


def test_a_review_that_runs_is_accessible_METI_46(place: Place) -> None:
    page = place.admin
    with at_the_machine(place.copy) as local:
        members = [person(local, f"reviewed{number}", "岡田 一", "staff") for number in range(3)]
        made = groups.create_group(local, groups.NewGroup(name="棚卸し部")).id
        for account in (place.account_of_owner, *members):
            group_members.add_member(local, group_members.Member(group=made, account=account))
        review = create_campaign(
            local,
            NewCampaign(
                name="権限の棚卸し",
                due_at=clock.now() + 14 * clock.DAY,
                owner=place.account_of_owner,
                groups=[made],
            ),
        )
    page.goto(f"{place.copy.console}/reviews/{review.id}")
    in_both_languages(place, page, "review running")
    page.goto(f"{place.copy.console}/reviews/mine")
    in_both_languages(place, page, "review mine")
    assert place.eyes.findings == {}
