"""Personal data on the console: search, file, erasure in every place, retention (METI-31)."""

import io
import zipfile

from app.files import spool
from app.identity.actors import actor_of
from app.identity.operations import accounts
from app.jobs.worker import Worker
from app.operations.context import SYSTEM, Appliance, Context
from app.operations.operation import NoRequest
from app.privacy.operations.keeping import list_retention
from app.services.tables.models import FieldKind
from app.services.tables.operations import records, tables
from app.services.tables.preview import ColumnPlan
from tests.faces import Browser, Owner
from tests.integration.app.web.confirming import confirm

NAME = "霞ヶ浦 太郎兵衛"


def here(appliance: Appliance) -> Context:
    return Context(appliance, actor=SYSTEM)


def person(appliance: Appliance) -> accounts.AccountRow:
    new = accounts.NewAccount(login_id="tarobei", name=NAME, role="staff")
    return accounts.create_account(here(appliance), new).account


def record(appliance: Appliance) -> None:
    column = ColumnPlan(name="氏名", kind=FieldKind.TEXT)
    made = tables.create_table(here(appliance), tables.CreateTable(name="顧客", columns=[column]))
    values = {made.fields[0].id: f"{NAME}様"}
    records.create_record(here(appliance), records.CreateRecord(table=made.id, values=values))


def work(appliance: Appliance) -> None:
    worker = Worker(appliance, actor_of)
    while worker.work_once():
        pass


def test_a_person_is_searched_downloaded_and_erased_everywhere_METI_31(
    admin: Browser, owner: Owner, appliance: Appliance
) -> None:
    row = person(appliance)
    record(appliance)
    assert "さんに関するすべてを探す" in admin.get(f"/accounts/{row.id}").text
    begun = admin.post("/disclosures", {"account": row.id})
    assert begun.status_code == 303
    place = begun.headers["location"]
    assert "hx-get" in admin.get(place).text
    early = admin.post(f"{place}/file")
    assert early.status_code == 409
    assert "検索はまだ終わっていません" in early.text
    work(appliance)
    page = admin.get(place).text
    assert "顧客" in page
    assert f"{NAME}様" in page
    assert "先に退職の処理" in page
    file = admin.post(f"{place}/file")
    assert file.headers["content-type"] == "application/zip"
    names = zipfile.ZipFile(io.BytesIO(file.content)).namelist()
    assert {"index.html", "json/account.jsonl", "csv/records.csv"} <= set(names)

    finding = page.partition('name="selected" value="')[2].partition('"')[0]
    chosen = {"account": "yes", "selected": finding, "basis": "個人情報保護法 第35条"}
    refused = admin.post(f"{place}/erase", chosen)
    assert refused.status_code == 409
    assert 'value="個人情報保護法 第35条"' in refused.text
    assert f'value="{finding}" aria-label' in refused.text
    assert " checked" in refused.text
    accounts.suspend_account(here(appliance), accounts.SuspendAccount(row.id, row.rev))
    done = confirm(admin, owner, admin.post(f"{place}/erase", chosen))
    assert done.headers["location"].startswith("/jobs/")
    work(appliance)
    assert "個人情報の消去" in admin.get(done.headers["location"]).text
    assert "消去されました" in admin.get(place).text
    assert NAME not in admin.get("/accounts").text
    found = records.list_records(here(appliance), records.ListRecords(table=1))
    assert found.records == []


def test_somebody_without_an_account_is_searched_by_name_METI_31(
    admin: Browser, owner: Owner, appliance: Appliance
) -> None:
    record(appliance)
    nobody = admin.post("/disclosures", {"text": "霞"})
    assert nobody.status_code == 422
    assert 'href="#field-text"' in nobody.text
    assert ">霞<" in nobody.text.replace("\n", "")
    with spool.receive(appliance.settings.spool, owner.account, "名簿.csv", 1024) as incoming:
        incoming.write(f"氏名\n{NAME}\n".encode())
        incoming.finish()
    begun = admin.post("/disclosures", {"text": NAME})
    work(appliance)
    page = admin.get(begun.headers["location"]).text
    assert "アップロードした人: 山田 花子" in page, "a name, no identifier"
    assert f"{NAME}様" in page
    assert NAME in admin.get("/disclosures").text
    basis = {"basis": "依頼"}
    assert admin.post(f"{begun.headers['location']}/erase", basis).status_code == 422
    gone = admin.post(f"{begun.headers['location']}/delete")
    assert gone.headers["location"] == "/disclosures?notice=deleted"
    assert "検索はまだありません" in admin.get("/disclosures").text


def test_days_are_tried_before_they_are_in_force_METI_31(
    admin: Browser, owner: Owner, appliance: Appliance
) -> None:
    page = admin.get("/settings/retention").text
    assert "終わったセッション" in page
    assert 'href="/settings/retention"' in admin.get("/settings").text
    form = {"kind": "sessions", "days": "90", "rev": "0"}
    tried = admin.post("/settings/retention", {**form, "preview": "yes"})
    assert "それほど古いものはまだありません" in tried.text
    assert 'value="90"' in tried.text
    wrong = admin.post("/settings/retention", {**form, "days": "いつまでも"})
    assert wrong.status_code == 422
    assert 'href="#field-days-sessions"' in wrong.text
    confirm(admin, owner, admin.post("/settings/retention", form))
    rows = {row.kind: row.days for row in list_retention(here(appliance), NoRequest()).items}
    assert rows["sessions"] == 90
    assert rows["history"] == 0
