"""A personnel list on the console: dropped, looked at, applied, handed out again (F4)."""

import io
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from python_calamine import CalamineWorkbook
from sqlmodel import select

import app.people.jobs  # noqa: F401 - registers the handler
from app.identity.actors import actor_of
from app.identity.models import Account
from app.jobs.worker import Worker
from app.operations.context import Appliance
from tests.faces import Browser, Owner
from tests.integration.app.web.confirming import confirm
from tests.personnel import as_csv, as_workbook, rows

NAME, DEPARTMENT, MAIL = 2, 3, 5


def drop(browser: Browser, data: bytes, name: str = "名簿.csv") -> str:
    """Drop a file; return the address of its preview."""
    answer = browser.post("/uploads", files={"file": (name, data)})
    assert answer.status_code == 303, answer.text[-2000:]
    return str(answer.headers["location"])


def hidden(text: str) -> dict[str, str]:
    """Return what the form that applies the list would send."""
    form = text[text.index('id="apply-list"') :]
    form = form[: form.index("</form>")]
    return dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form))


def test_a_list_is_dropped_looked_at_and_applied_after_a_fresh_code_F4(
    admin: Browser, owner: Owner, appliance: Appliance
) -> None:
    assert "名簿" in admin.get("/people").text
    preview = drop(admin, as_csv(list(rows(3)), "cp932"))
    page = admin.get(preview).text
    assert "user00001" in page
    assert "Shift_JIS" in page
    started = confirm(admin, owner, admin.post(preview, hidden(page)))
    job = started.headers["location"]
    assert job.startswith("/jobs/")
    assert Worker(appliance, actor_of).work_once()
    assert "3" in admin.get(job).text
    with appliance.database.read() as session:
        known = set(session.exec(select(Account.login_id)))
    assert known >= {"user00001", "user00002", "user00003"}
    again = admin.get(drop(admin, as_csv(list(rows(3))))).text
    assert "差分はありません" in again
    assert 'id="apply-list"' not in again


def test_rows_that_do_not_fit_are_named_downloaded_and_left_out_when_asked_F4(
    admin: Browser, owner: Owner, appliance: Appliance
) -> None:
    table = list(rows(3))
    table[1][MAIL] = "これはメールではない"
    preview = drop(admin, as_workbook(table), "名簿.xlsx")
    page = admin.get(preview).text
    form = hidden(page)
    refused = admin.post(preview, {**form, "rows": "all"})
    assert refused.status_code == 422
    assert "1行" in refused.text, "told before a code is spent"
    faults = admin.post(f"{preview}/faults", form)
    assert "attachment" in faults.headers["content-disposition"]
    told = faults.content.decode("utf-8-sig")
    assert told.splitlines()[1].startswith("3,メール,これはメールではない,")
    only = admin.get(f"{preview}?shown=faulty").text
    assert "user00001" not in only
    confirm(admin, owner, admin.post(preview, {**form, "rows": "good"}))
    assert Worker(appliance, actor_of).work_once()
    with appliance.database.read() as session:
        known = set(session.exec(select(Account.login_id)))
    assert "user00002" not in known
    assert "user00003" in known


def test_search_kind_and_pages_of_a_preview_keep_how_the_list_is_read_F4(admin: Browser) -> None:
    preview = drop(admin, as_csv(list(rows(60))))
    page = admin.get(preview).text
    assert "user00050" in page
    assert "user00051" not in page
    (following,) = set(re.findall(r'href="(/people/import/[^"]*after=50[^"]*)"', page))
    following = following.replace("&amp;", "&")
    assert "encoding" in parse_qs(urlsplit(following).query, keep_blank_values=True)
    second = admin.get(following).text
    assert "user00060" in second
    assert 'rel="prev"' in second
    assert "user00007" in admin.get(f"{preview}?q=00007").text
    assert "user00001" not in admin.get(f"{preview}?q=00007&shown=nonsense").text
    assert "ありません" in admin.get(f"{preview}?shown=moved").text


def test_a_list_without_a_known_heading_is_told_what_its_columns_hold_F4(admin: Browser) -> None:
    preview = drop(admin, "甲,乙\nE1,山田 太郎\n".encode())
    page = admin.get(preview).text
    assert 'id="apply-list"' not in page
    assert "column-1" in page
    chosen = admin.get(f"{preview}?column-0=employee_number&column-1=name").text
    assert 'id="apply-list"' in chosen
    assert "山田 太郎" in chosen


@pytest.mark.parametrize(
    ("data", "name"), [(b"", "empty.csv"), (b"%PDF-1.7\n", "list.pdf"), (b"PK\x03\x04", "a.xlsx")]
)
def test_what_is_no_list_is_told_where_it_was_dropped_F4(
    admin: Browser, data: bytes, name: str
) -> None:
    answer = admin.post("/uploads", files={"file": (name, data)})
    assert answer.status_code >= 400
    assert 'id="error-summary"' in answer.text or "error-summary" in answer.text


def test_an_upload_that_is_gone_or_changed_meanwhile_is_refused_in_words_F4(
    admin: Browser, appliance: Appliance
) -> None:
    assert admin.get("/people/import/0123").status_code == 404
    preview = drop(admin, as_csv(list(rows(2))))
    form = hidden(admin.get(preview).text)
    other = admin.post(preview, {**form, "people": "7"})
    assert admin.get(other.headers["location"]).status_code == 200
    assert other.headers["location"].startswith("/confirm/")


def test_the_list_is_handed_out_in_each_form_F4(admin: Browser) -> None:
    assert admin.post("/people/export", {"format": "xls"}).status_code == 422
    plain = admin.post("/people/export", {"format": "csv-cp932"})
    assert "hanako" in plain.content.decode("cp932")
    book = admin.post("/people/export", {"format": "xlsx"})
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(book.content)).get_sheet_by_index(0)
    assert sheet.to_python()[1][1] == "hanako"


def test_a_stranger_neither_sees_nor_sends_a_list_F4(stranger: Browser) -> None:
    assert stranger.get("/people").status_code in (303, 401)
    sent = stranger.post("/uploads", files={"file": ("a.csv", as_csv(list(rows(1))))})
    assert sent.status_code in (303, 401)
