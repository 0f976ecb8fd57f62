"""Files of lists on the workspace's pages, and the same by a program."""

import re

import pytest

from app.files import spool
from app.jobs.worker import Worker
from app.operations.context import SYSTEM, Appliance, Context, Plane
from app.services.tables.operations import records, tables
from app.services.tables.preview import ColumnPlan
from app.services.tables.views import TableView
from tests.faces import Browser, Owner

ROWS = "品名,数\nりんご,1\nみかん,２\n桃,たくさん\n".encode("cp932")


def here(appliance: Appliance) -> Context:
    return Context(appliance, actor=SYSTEM, plane=Plane.WORKSPACE)


@pytest.fixture
def table(appliance: Appliance) -> TableView:
    columns = [ColumnPlan(name="品名"), ColumnPlan(name="数")]
    made = tables.create_table(here(appliance), tables.CreateTable(name="在庫", columns=columns))
    values = {made.fields[0].id: "りんご", made.fields[1].id: "9"}
    records.create_record(here(appliance), records.CreateRecord(table=made.id, values=values))
    return made


def send(browser: Browser, data: bytes, name: str, into: str = "") -> str:
    files = {"file": (name, data), "into": (None, into)}
    sent = browser.post("/uploads", files=files)
    assert sent.status_code == 303, sent.text
    return str(sent.headers["location"])


def cells(appliance: Appliance, table: int) -> list[list[object]]:
    found = records.list_records(here(appliance), records.ListRecords(table=table))
    return [list(one.cells) for one in found.records]


def work(appliance: Appliance, owner: Owner) -> None:
    from app.identity.actors import actor_of

    while Worker(appliance, actor_of).work_once():
        pass


def test_rows_go_into_a_table_by_forms_alone_F14(
    worker: Browser, appliance: Appliance, table: TableView, owner: Owner
) -> None:
    place = send(worker, ROWS, "果物.csv", str(table.id))
    assert place.startswith(f"/tables/{table.id}/import/")
    shown = worker.get(place).text
    first, second = (one.id for one in table.fields)
    assert f'<option value="{first}" selected>品名' in shown
    chosen = {
        "columns": "2", "field-0": str(first), "field-1": str(second), "key": str(first),
        "mode": "both", "header": "yes", "encoding": "cp932", "delimiter": ",", "skip": "0",
    }  # fmt: skip
    check = worker.post(place, chosen).headers["location"]
    seen = worker.get(check).text
    assert "まだ何も書き込んでいません" in seen
    assert cells(appliance, table.id) == [["りんご", "9"]]
    form = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', seen))
    counted = worker.post(f"{place}/start", {**form, "what": "count"}).headers["location"]
    work(appliance, owner)
    told = worker.get(counted).text
    assert "行を数えただけです" in told
    (back,) = re.findall(rf'href="({place}/check\?[^"]*)"', told)
    assert "まだ何も書き込んでいません" in worker.get(back.replace("&amp;", "&")).text
    begun = worker.post(f"{place}/start", form).headers["location"]
    work(appliance, owner)
    assert worker.get(begun).status_code == 200
    assert cells(appliance, table.id) == [["りんご", "1"], ["みかん", "２"], ["桃", "たくさん"]]


def test_a_wrong_choice_is_told_on_the_page_of_columns(
    worker: Browser, appliance: Appliance, table: TableView
) -> None:
    place = send(worker, ROWS, "果物.csv", str(table.id))
    answer = worker.get(f"{place}/check?fields=0.0&mode=update")
    assert answer.status_code == 422
    assert "項目を割り当ててください" in answer.text
    assert worker.post(f"{place}/start", {"fields": "0.0"}).status_code == 422
    gone = worker.get(f"/tables/{table.id}/import/{'0' * 28}")
    assert gone.status_code == 404


def test_a_file_that_cannot_be_read_leads_back_to_the_choice_of_a_file(worker: Browser) -> None:
    answer = worker.get(send(worker, b"\xd0\xcf\x11\xe0" + bytes(600), "古い.xls"))
    assert answer.status_code == 422
    assert "古い形式" in answer.text
    assert 'id="upload"' in answer.text


def test_what_shift_jis_lacks_is_shown_before_the_export(
    worker: Browser, appliance: Appliance, table: TableView
) -> None:
    values = {table.fields[0].id: "絵😀"}
    records.create_record(here(appliance), records.CreateRecord(table=table.id, values=values))
    page = f"/tables/{table.id}/export"
    narrowed = worker.get(f"{page}?q=絵&sort=-1")
    assert narrowed.status_code == 200, narrowed.text
    assert "U+1F600" in worker.get(f"{page}?encoding=cp932").text
    assert "U+1F600" not in worker.get(page).text
    assert "書き出すレコードがありません" in worker.get(f"{page}?q=どこにもない").text
    got = worker.post(page, {"format": "xlsx"})
    assert got.content.startswith(b"PK")
    assert worker.get(f"{page}?format=exe").status_code == 422


def test_a_large_export_is_made_in_the_background_and_fetched(
    worker: Browser, appliance: Appliance, table: TableView, owner: Owner
) -> None:
    begun = worker.post(f"/tables/{table.id}/export", {"format": "jsonl", "background": "yes"})
    job = begun.headers["location"]
    work(appliance, owner)
    shown = worker.get(job).text
    (action,) = re.findall(rf'action="(/tables/{table.id}/exports/[^"]+)"', shown)
    got = worker.post(action)
    assert got.content.decode() == '{"品名":"りんご","数":"9"}\n'
    for upload in spool.uploads(appliance.settings.spool):
        spool.remove(appliance.settings.spool, upload.id)
    assert worker.post(action).status_code == 404


def test_a_program_sends_a_file_and_goes_on_with_the_api(
    worker: Browser, appliance: Appliance, table: TableView
) -> None:
    wanted = {"name": "取り込み", "days": "7", "which": "all"}
    made = worker.post("/account/tokens", wanted)
    (token,) = re.findall(r'<code id="token"[^>]*>([^<]+)</code>', made.text)
    program = Browser(worker.application, {})
    headers = {"authorization": f"Bearer {token}"}
    sent = program.post("/uploads", files={"file": ("x.csv", ROWS)}, headers=headers)
    assert sent.status_code == 201, sent.text
    upload = sent.json()["upload"]
    fields = [one.id for one in table.fields]
    tried = program.post(
        f"/api/v1/tables/{table.id}/import/preview",
        json={"upload": upload, "how": {"fields": fields, "key": fields[0], "mode": "both"}},
        headers=headers,
    )
    assert tried.status_code == 200, tried.text
    told = tried.json()
    assert (told["added"], told["changed"], told["rejected"]) == (2, 1, 0)
