"""What a job's page says of failures and of rows that did not fit; erasing from the history."""

from app.history.operations import SearchEvents, search_events
from app.identity.actors import actor_of
from app.jobs.worker import Worker
from app.operations.context import SYSTEM, Appliance, Context
from tests.faces import Browser, Owner
from tests.integration.app.web.confirming import confirm

ROWS = "品名,数\nりんご,3\nみかん,4\nぶどう,5\nもも,6\nかき,7\nくり,八つ\n"


def send(worker: Browser) -> str:
    """Upload a file whose last row does not fit. Return the address of its job."""
    sent = worker.post("/uploads", files={"file": ("在庫.csv", ROWS.encode(), "text/csv")})
    preview = sent.headers["location"]
    started = worker.post(
        preview,
        {
            "name": "在庫",
            "encoding": "utf-8",
            "delimiter": ",",
            "header": "yes",
            "columns": "2",
            "take-0": "yes",
            "take-1": "yes",
            "name-0": "品名",
            "kind-0": "text",
            "name-1": "数",
            "kind-1": "integer",
        },
    )  # fmt: skip
    return started.headers["location"]


def run_all(appliance: Appliance) -> None:
    while Worker(appliance, actor_of).work_once():
        pass


def test_rows_that_did_not_fit_are_offered_on_the_job_and_on_the_table(
    worker: Browser, appliance: Appliance
) -> None:
    job = send(worker)
    run_all(appliance)
    shown = worker.get(job).text
    assert "取り込めなかった行が1件あります" in shown
    assert 'action="/tables/1/import/errors"' in shown
    assert "取り込めなかった行が1件あります" in worker.get("/tables/1").text
    rows = worker.post("/tables/1/import/errors")
    assert "八つ" in rows.text


def test_a_failed_job_says_in_words_what_happened(worker: Browser, appliance: Appliance) -> None:
    job = send(worker)
    for path in appliance.settings.spool.iterdir():
        path.unlink()
    run_all(appliance)
    shown = worker.get(job).text
    assert "アップロードされたファイルはもうありません" in shown
    assert "もう一度アップロード" in shown, "what to do now"
    assert "表をもう一度取り込む" in shown, "and where"


def test_values_about_a_person_are_erased_under_a_basis_after_a_fresh_code_METI_18(
    admin: Browser, owner: Owner, appliance: Appliance
) -> None:
    path = f"/accounts/{owner.account}/erase"
    assert f'href="{path}"' in admin.get(f"/accounts/{owner.account}").text
    assert "この操作は取り消せません" in admin.get(path).text
    empty = admin.post(path, {"basis": " "})
    assert empty.status_code == 422
    assert 'href="#field-basis"' in empty.text
    done = confirm(admin, owner, admin.post(path, {"basis": "個人情報保護法 第35条"}))
    assert "消去を受け付けました" in admin.get(done.headers["location"]).text
    context = Context(appliance, actor=SYSTEM)
    (row,) = search_events(context, SearchEvents(verb="audit.erase")).rows
    assert row.outcome.value == "done"
