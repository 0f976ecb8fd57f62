"""People and proof: a personnel list comes twice, somebody leaves, heads review, an auditor leaves
with evidence that another computer believes."""

import datetime as dt
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.main_job.conftest import Person
from tests.browser.main_job.steps import (
    STAFF_PASSWORD,
    Authenticator,
    choose_password,
    claim,
    confirm,
    make_administrator,
    sign_in_first,
)
from tests.personnel import as_csv, as_workbook, rows
from tests.running import Copy

PEOPLE = 500
HEAD, LEAVER, SUCCESSOR, MOVED = "user00001", "user00021", "user00041", "user00061"
"""All of one department, 営業本部/一課; HEAD leads it."""
ELSEWHERE = "開発本部/二課"
WRONG_DAY = "2031-02-30"
JOB_SECONDS = 120


def first_list() -> list[list[str]]:
    """The list of the first month, with one row that does not fit."""
    people = list(rows(PEOPLE))
    broken = ["E99999", "user99999", "日付 違", people[0][3], "", "", WRONG_DAY, "ja", "staff"]
    return [*people, broken]


def second_list() -> list[list[str]]:
    """The same a month later: one person moved, one left yesterday."""
    yesterday = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
    people = list(rows(PEOPLE))
    for row in people:
        if row[1] == MOVED:
            row[3], row[4] = ELSEWHERE, ""
        if row[1] == LEAVER:
            row[6] = yesterday.isoformat()
    return people


def bring_in(admin: Person, copy: Copy, file: Path) -> None:
    """Drop a list on the page and look at the preview."""
    page = admin.page
    page.goto(f"{copy.console}/people")
    page.locator("#field-file").set_input_files(file)
    admin.picture("list")
    page.locator("#upload button.primary").click()
    expect(page).to_have_url(re.compile("/people/import/"))
    admin.picture("list-preview")


def tiles(page: Page) -> list[int]:
    """New, changed, moved, leaving, unchanged, rows that do not fit."""
    expect(page.locator("#columns")).to_be_attached()
    told = page.locator(".tiles .tile-value").all_inner_texts()
    return [int(re.sub(r"\D", "", text)) for text in told]


def is_done(page: Page) -> None:
    """Wait on the page of a job until its result can be seen."""
    done = page.locator("#job-progress a.button.primary")
    expect(done).to_be_visible(timeout=JOB_SECONDS * 1000)


def apply_list(admin: Person, phone: Authenticator) -> None:
    page = admin.page
    page.locator("#apply-list button.primary").click()
    confirm(admin, phone)
    expect(page).to_have_url(re.compile("/jobs/"))
    is_done(page)
    admin.picture("list-applied")


def saved(page: Page, button: str, to: Path) -> Path:
    """Press what downloads a file, and keep it."""
    with page.expect_download(timeout=60_000) as waiting:
        page.locator(button).click()
    path = to / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def invite(admin: Person, copy: Copy, phone: Authenticator) -> dict[str, str]:
    """Print the invitations of two people; return the link of each."""
    page = admin.page
    links = {}
    page.goto(f"{copy.console}/invitations?q=user000")
    for login_id in (HEAD, LEAVER):
        row = page.locator("#newcomers tbody tr").filter(has_text=login_id)
        row.locator("input[type=checkbox]").check()
    page.locator("#invite button.primary").click()
    confirm(admin, phone)
    sheets = page.locator("section.sheet")
    expect(sheets).to_have_count(2)
    admin.picture("invitations")
    for sheet in sheets.all_inner_texts():
        link = re.search(r"https://\S+/invitation/\S+", sheet)
        login_id = re.search(r"user\d{5}", sheet)
        assert link
        assert login_id
        links[login_id[0]] = link[0]
    return links


def come_in(person: Person, link: str) -> None:
    """Open the first sign-in by the printed link."""
    page = person.page
    page.goto(link)
    person.picture("invited")
    page.locator("#begin button.primary").click()
    choose_password(person)
    expect(page).to_have_url(re.compile(":[0-9]+/$"))
    person.picture("home")


def account_of(admin: Person, copy: Copy, login_id: str) -> str:
    """Open the page of a person; return its address."""
    page = admin.page
    page.goto(f"{copy.console}/accounts?q={login_id}")
    page.get_by_role("link", name=login_id).click()
    expect(page).to_have_url(re.compile("/accounts/[0-9a-f]+"))
    return page.url.partition("?")[0]


def name_successor(admin: Person, copy: Copy, phone: Authenticator) -> None:
    page = admin.page
    page.goto(f"{account_of(admin, copy, LEAVER)}/leaving")
    last_day = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=30)
    page.locator("#field-leaves_on").fill(last_day.isoformat())
    page.locator("#field-successor").fill(SUCCESSOR)
    page.locator("#plan button.primary").click()
    confirm(admin, phone)
    expect(page.locator(".banner.success")).to_be_visible()
    admin.picture("leaving-planned")


def is_out(person: Person, copy: Copy) -> None:
    """Wait until the night's work has ended somebody's sessions."""
    page = person.page
    for _ in range(60):
        page.goto(f"{copy.workspace}/")
        if "/sign-in" in page.url:
            break
        page.wait_for_timeout(1000)
    expect(page).to_have_url(re.compile("/sign-in"))
    page.locator("#field-login_id").fill(LEAVER)
    page.locator("#field-password").fill(STAFF_PASSWORD)
    page.locator("#sign-in button.primary").click()
    expect(page.locator(".error-summary")).to_be_visible()
    person.picture("left")


def review(admin: Person, head: Person, copy: Copy, phone: Authenticator, folder: Path) -> None:
    """A review of one department: its head confirms all but one line; the result is signed."""
    page = admin.page
    page.goto(f"{copy.console}/reviews")
    due = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=14)
    page.locator("#field-name").fill("権限の棚卸し 2026")
    page.locator("#field-due").fill(due.isoformat())
    page.get_by_label("営業本部/一課").check()
    admin.picture("new-review")
    page.locator("#new-review button.primary").click()
    expect(page).to_have_url(re.compile("/reviews/[0-9a-f]+"))
    campaign = page.url.partition("?")[0]

    own = head.page
    own.goto(f"{copy.workspace}/reviews/mine")
    lines = own.locator("#lines-1 tbody tr")
    assert lines.count() > 20
    head.picture("lines")
    own.locator("#lines-1 thead input[type=checkbox]").check()
    own.locator("#decide-1 button[value=confirm]").click()
    expect(own.locator(".banner.success")).to_be_visible()
    lines.filter(has_text=SUCCESSOR).locator("input[type=checkbox]").last.check()
    own.locator("#decide-1 input[name=reason]").fill("異動したため")
    own.locator("#decide-1 button[value=withdraw]").click()
    expect(lines.locator(".chip.warning")).to_have_count(1)
    head.picture("decided")

    page.goto(campaign)
    page.locator(f"form[action$='{campaign.rpartition('/')[2]}/close'] button").click()
    confirm(admin, phone)
    expect(page.locator(".banner.success")).to_be_visible()
    admin.picture("review-closed")
    result = saved(page, "form[action$='/result'] button", folder).read_text()
    digest = re.search(r"[0-9a-f]{64}", page.locator("main").inner_text())
    assert "異動したため" in result
    assert digest


def take_evidence(auditor: Person, copy: Copy, folder: Path) -> tuple[Path, str]:
    """Search a year, make evidence of it; return the download and the noted fingerprint."""
    page = auditor.page
    today = dt.datetime.now(dt.UTC).date()
    year_ago = today - dt.timedelta(days=365)
    page.goto(f"{copy.console}/history?from={year_ago}&verb=accounts.create")
    expect(page.locator("tbody tr").first).to_be_visible()
    auditor.picture("year")
    page.goto(f"{copy.console}/history/evidence")
    page.locator("#field-from").fill(year_ago.isoformat())
    page.locator("#field-to").fill((today + dt.timedelta(days=1)).isoformat())
    page.locator("#evidence button.primary").click()
    expect(page).to_have_url(re.compile("/jobs/"))
    is_done(page)
    page.goto(f"{copy.console}/history/evidence")
    auditor.picture("evidence")
    fingerprint = page.locator("#fingerprint code").first.inner_text()
    return saved(page, "#made form[action$='/download'] button", folder), fingerprint


def verdict_elsewhere(download: Path, folder: Path, fingerprint: str) -> tuple[int, str]:
    """Run the verifier of the download as another computer does: Python, and nothing of ours."""
    with zipfile.ZipFile(download) as archive:
        archive.extractall(folder)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "verify.py", "--key", fingerprint, "--language", "en"],
        cwd=folder, env={}, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_from_a_personnel_list_to_evidence_that_another_computer_believes_F1_F4_F5(
    copy: Copy, browser: Browser, tmp_path: Path
) -> None:
    admin, head, leaver = (Person(browser, name) for name in ("admin", "head", "leaver"))
    phone = claim(admin, copy)

    first = tmp_path / "社員名簿.xlsx"
    first.write_bytes(as_workbook(first_list(), title="社員名簿 十一月"))
    bring_in(admin, copy, first)
    assert tiles(admin.page) == [PEOPLE, 0, 0, 0, 0, 1]
    faults = saved(admin.page, "form[action$='/faults'] button", tmp_path).read_bytes()
    told = faults.decode("utf-8-sig")
    assert WRONG_DAY in told
    assert "退職日" in told
    admin.page.locator("#apply-list input[value=good]").check()
    apply_list(admin, phone)

    links = invite(admin, copy, phone)
    come_in(head, links[HEAD])
    forwarded = Person(browser, "forwarded")
    forwarded.page.goto(links[HEAD])
    expect(forwarded.page.locator("#begin")).to_have_count(0)
    forwarded.picture("used")
    forwarded.close()
    come_in(leaver, links[LEAVER])
    name_successor(admin, copy, phone)

    second = tmp_path / "社員名簿.csv"
    second.write_bytes(as_csv(second_list(), "cp932"))
    bring_in(admin, copy, second)
    assert tiles(admin.page) == [0, 0, 1, 1, PEOPLE - 2, 0]
    apply_list(admin, phone)
    is_out(leaver, copy)
    admin.page.goto(f"{account_of(admin, copy, LEAVER)}/leaving")
    expect(admin.page.locator(".banner.info")).to_be_visible()
    admin.picture("ended")

    review(admin, head, copy, phone, tmp_path)

    auditor = Person(browser, "auditor")
    given = make_administrator(admin, copy, phone, "監査 実", "auditor", "auditor")
    sign_in_first(auditor, copy, "auditor", given)
    auditor.picture("auditor")
    download, fingerprint = take_evidence(auditor, copy, tmp_path)
    other = tmp_path / "another computer"
    code, said = verdict_elsewhere(download, other, fingerprint)
    assert code == 0, said
    assert copy.tenshu("audit", "verify").returncode == 0
    for person in (admin, head, leaver, auditor):
        person.close()
