"""The main job, from the claim code to a restored appliance and a history that finds the liar."""

import json
import re
import sqlite3
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.main_job.conftest import Person
from tests.browser.main_job.steps import (
    PASSWORD,
    STAFF_PASSWORD,
    Authenticator,
    choose_password,
    claim,
    confirm,
)
from tests.running import Copy, launch, run_tenshu, wait_until

IMPORT_SECONDS = 120
EVERY_STEP = (
    "setup.finish",
    "accounts.create",
    "sign_in.start",
    "tables.import_file",
    "tables.import_batch",
    "tables.finish_import",
    "tables.export",
    "backups.create_repository",
    "backups.keep_kit",
    "backups.run",
    "backups.finish",
)


def make_staff(admin: Person, copy: Copy, phone: Authenticator) -> str:
    page = admin.page
    page.goto(f"{copy.console}/accounts/new")
    page.locator("#field-name").fill("佐藤 次郎")
    page.locator("#field-login_id").fill("jiro")
    admin.picture("new-account")
    page.locator("#account button.primary").click()
    confirm(admin, phone)
    given = page.locator("#password").inner_text()
    admin.picture("one-time-password")
    page.goto(f"{copy.console}/accounts")
    admin.picture("accounts")
    page.get_by_role("link", name="jiro").click()
    admin.picture("account")
    return given


def staff_signs_in(staff: Person, copy: Copy, given: str) -> None:
    page = staff.page
    page.goto(copy.workspace)
    expect(page).to_have_url(re.compile("/sign-in"))
    staff.picture("sign-in")
    page.locator("#field-login_id").fill("jiro")
    page.locator("#field-password").fill(given)
    page.locator("#sign-in button.primary").click()
    choose_password(staff)
    expect(page).to_have_url(re.compile(":[0-9]+/$"))
    staff.picture("home")


def import_table(staff: Person, copy: Copy, file: Path) -> str:
    page = staff.page
    page.goto(f"{copy.workspace}/tables/new")
    page.locator("#field-file").set_input_files(file)
    staff.picture("file")
    page.locator("#upload button.primary").click()
    expect(page).to_have_url(re.compile("/tables/import/"))
    staff.picture("preview")
    page.locator("#import button.primary").click()
    expect(page).to_have_url(re.compile("/jobs/"))
    expect(page.locator("progress")).to_be_visible()
    staff.picture("importing")
    done = page.locator("#job-progress a.button.primary")
    expect(done).to_be_visible(timeout=IMPORT_SECONDS * 1000)
    staff.picture("imported")
    done.click()
    expect(page).to_have_url(re.compile("/tables/[0-9]+"))
    return page.url


def search_and_export(staff: Person, table: str) -> int:
    page = staff.page
    page.goto(table)
    staff.picture("table")
    first = page.locator("tbody tr").first.inner_text()
    page.locator("a[rel=next]").click()
    expect(page.locator("tbody tr").first).not_to_have_text(first)
    page.locator(".filter-form input[name=q]").fill("霞が関")
    page.locator(".filter-form button").click()
    expect(page).to_have_url(re.compile("[?&]q="))
    expect(page.locator("#count")).to_be_visible()
    staff.picture("found")
    count = int(re.sub(r"\D", "", page.locator("#count").inner_text()))
    assert count > 0
    page.locator("a[href*='/export?q=']").click()
    expect(page.locator("#choose")).to_be_visible()
    staff.picture("export")
    with page.expect_download() as waiting:
        page.locator("#export button").click()
    exported = Path(waiting.value.path()).read_text(encoding="utf-8-sig")
    lines = exported.splitlines()
    assert len(lines) == count + 1
    assert all("霞" in line for line in lines[1:])
    return count


def back_up(admin: Person, copy: Copy, repository: Path) -> str:
    """Choose a repository, keep the kit, back up; return the kit."""
    page = admin.page
    page.goto(f"{copy.console}/backups")
    admin.picture("no-backup")
    page.goto(f"{copy.console}/backups/new")
    page.locator("#field-name").fill("地下のNAS")
    page.locator("#field-folder").fill(str(repository))
    page.locator("#repository button.primary").click()
    expect(page).to_have_url(re.compile("/backups/kit"))
    admin.picture("kit")
    kit = " ".join(page.locator("#kit-key").inner_text().split())
    page.locator("#field-end").fill(kit.rpartition(" ")[2])
    page.locator("#keep button.primary").click()
    expect(page).to_have_url(re.compile("/backups$"))
    page.locator("form[action$='/run'] button").click()
    expect(page).to_have_url(re.compile("/backups/runs/"))
    expect(page.locator("progress")).to_be_visible()
    admin.picture("backing-up")
    expect(page.locator(".banner.success")).to_be_visible(timeout=120_000)
    admin.picture("backed-up")
    page.goto(f"{copy.console}/backups")
    expect(page.locator("[id^=archives-of-] table")).to_be_visible()
    admin.picture("backups")
    return kit


def sign_in_again(admin: Person, copy: Copy, phone: Authenticator) -> None:
    page = admin.page
    page.goto(copy.console)
    page.locator("#field-login_id").fill("hanako")
    page.locator("#field-password").fill(PASSWORD)
    page.locator("#sign-in button.primary").click()
    page.locator("#field-answer").fill(phone.code())
    page.locator("#step button.primary").click()
    expect(page).to_have_url(re.compile(":[0-9]+/$"))


@pytest.mark.browser
@pytest.mark.timeout(600)
def test_from_claim_code_to_a_restored_and_verified_appliance_F1_F4_F5_F11_F14_S2_METI_37(
    copy: Copy, browser: Browser, addresses: Path, tmp_path: Path
) -> None:
    admin, staff = Person(browser, "admin"), Person(browser, "staff")
    phone = claim(admin, copy)
    given = make_staff(admin, copy, phone)
    staff_signs_in(staff, copy, given)
    table = import_table(staff, copy, addresses)
    found = search_and_export(staff, table)

    kit = back_up(admin, copy, tmp_path / "repository")
    second = tmp_path / "second"
    second.mkdir()
    restored = run_tenshu(
        "backup",
        "restore",
        "--repository",
        str(tmp_path / "repository"),
        "--data",
        str(second / "data"),
        "--keys",
        str(second / "data.keys"),
        "--kit-file",
        "-",
        environ={**copy.environ, "TENSHU_DATA": str(second / "data")},
        stdin=kit,
    )
    assert restored.returncode == 0, restored.stderr

    again = launch(second)
    try:
        other = Person(browser, "restored")
        sign_in_again(other, again, phone)
        other.close()
        employee = Person(browser, "restored-staff")
        employee.page.goto(again.workspace)
        employee.page.locator("#field-login_id").fill("jiro")
        employee.page.locator("#field-password").fill(STAFF_PASSWORD)
        employee.page.locator("#sign-in button.primary").click()
        expect(employee.page).to_have_url(re.compile(":[0-9]+/$"))
        moved = again.workspace + table.removeprefix(copy.workspace)
        assert search_and_export(employee, moved.partition("?")[0]) == found
        employee.close()
        whole = again.tenshu("audit", "verify", "--json")
        assert whole.returncode == 0, whole.stdout + whole.stderr
        (restore,) = json.loads(whole.stdout)["epochs"]  # told, not hidden
        assert restore["known_size"] > 0
    finally:
        again.end()

    page = admin.page
    page.goto(f"{copy.console}/history")
    admin.picture("history")
    for verb in EVERY_STEP:
        page.goto(f"{copy.console}/history?verb={verb}")
        expect(page.locator("tbody tr").first).to_contain_text(verb)
    page.locator("tbody a").first.click()
    admin.picture("event")
    wait_until(lambda: copy.tenshu("audit", "verify").returncode == 0, "the history is whole")

    event = change_one_byte(copy.data / "audit" / "sealed.sqlite")
    tampered = copy.tenshu("audit", "verify", "--json")
    assert tampered.returncode == 3
    assert event in json.dumps(json.loads(tampered.stdout))
    admin.close()
    staff.close()


def change_one_byte(store: Path) -> str:
    """Change one byte of one past event behind the appliance's back; return its identifier."""
    with sqlite3.connect(store) as connection:
        position, content = connection.execute(
            "SELECT position, content FROM events WHERE verb = 'accounts.create'"
        ).fetchone()
        event = json.loads(content)["id"]
        forged = content.replace('"outcome":"done"', '"outcome":"dome"')
        assert forged != content
        connection.execute("UPDATE events SET content = ? WHERE position = ?", (forged, position))
    connection.close()
    return event
