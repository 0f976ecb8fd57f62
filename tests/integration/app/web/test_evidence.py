"""Evidence for a period: asked for on the history page, made by the worker, checked elsewhere."""

import hashlib
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from app.audit.sealer import Sealer
from app.audit.search import search
from app.audit.signing import load_or_make_signer
from app.evidence import operations as evidence
from app.files import spool
from app.identity.actors import actor_of
from app.identity.operations.account_views import AccountFilter, list_accounts
from app.jobs.worker import Worker
from app.operations.context import SYSTEM, Actor, Appliance, Context, Plane
from app.operations.permissions import EVERYTHING, Rights
from tests.faces import Browser

DAYS = {"from": "2000-01-01", "to": "2199-12-31"}


@pytest.fixture
def seal(appliance: Appliance) -> Callable[[], None]:
    """Seal what was done so far."""

    def turn() -> None:
        settings = appliance.settings
        signer = load_or_make_signer(settings.keys / "audit-signing.key")
        store = settings.sealed_store
        sealer = Sealer(appliance.database, settings.data, store, signer, machine="test")
        sealer.turn()
        sealer.publish()
        sealer.close()

    return turn


def work(appliance: Appliance) -> None:
    while Worker(appliance, actor_of).work_once():
        pass


def test_evidence_without_an_end_is_listed(
    admin: Browser, appliance: Appliance, seal: Callable[[], None]
) -> None:
    seal()
    (account,) = list_accounts(Context(appliance, actor=SYSTEM), AccountFilter()).items
    rights = Rights([("audit.export", EVERYTHING)])
    asking = Context(appliance, actor=Actor(account.id, rights=rights), plane=Plane.CONSOLE)
    evidence.make(asking, evidence.EvidenceWanted(since=0, until=2**62 - 1))
    work(appliance)
    assert "9999年12月3" in admin.get("/history/evidence").text


def test_an_auditor_takes_the_evidence_to_another_computer_and_reads_the_verdict_F5_METI_18(
    admin: Browser, appliance: Appliance, seal: Callable[[], None], tmp_path: Path
) -> None:
    seal()
    asked = admin.post("/history/evidence", DAYS)
    assert asked.status_code == 303
    job = asked.headers["location"].rpartition("/")[2]
    assert admin.post(f"/history/evidence/{job}/download").status_code == 409, "not made yet"
    work(appliance)
    assert "/history/evidence" in admin.get(f"/jobs/{job}").text
    shown = admin.get("/history/evidence").text
    assert f"/history/evidence/{job}/download" in shown
    day = r'<span class="nowrap">([^<]+)</span>'
    period = re.search(f"{day} – {day}", shown)
    assert period, "no line breaks inside a day"
    assert period[1].startswith("2000年1月1日")
    assert period[2].startswith("2199年12月31日")
    file = admin.post(f"/history/evidence/{job}/download")
    assert file.headers["content-type"] == "application/zip"
    (tmp_path / "evidence.zip").write_bytes(file.content)
    there = tmp_path / "another computer"
    there.mkdir()
    with zipfile.ZipFile(tmp_path / "evidence.zip") as archive:
        archive.extractall(there)
    run = subprocess.run(
        [sys.executable, "-I", "verify.py", "--language", "en"],
        cwd=there, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert "WHOLE: events 0 to" in run.stdout
    context = Context(appliance, actor=SYSTEM)
    (key,) = evidence.show_fingerprints(context, evidence.NoRequest()).fingerprints
    assert key in run.stdout, "the page shows the same fingerprint as the check"
    assert key in shown


def test_the_download_is_in_the_history_with_the_digest_of_the_file_METI_46(
    admin: Browser, appliance: Appliance, seal: Callable[[], None]
) -> None:
    seal()
    job = admin.post("/history/evidence", DAYS).headers["location"].rpartition("/")[2]
    work(appliance)
    file = admin.post(f"/history/evidence/{job}/download")
    rows = search(appliance.database, appliance.settings.sealed_store).rows
    assert rows[0].verb == "evidence.download"
    detail = admin.get(f"/history/{rows[0].id}").text
    assert hashlib.sha256(file.content).hexdigest() in detail


def test_nobody_else_gets_the_file_and_after_its_time_it_is_gone(
    admin: Browser, stranger: Browser, appliance: Appliance, seal: Callable[[], None]
) -> None:
    seal()
    job = admin.post("/history/evidence", DAYS).headers["location"].rpartition("/")[2]
    work(appliance)
    assert stranger.post(f"/history/evidence/{job}/download").status_code in (303, 401)
    system = Context(appliance, actor=SYSTEM)
    with pytest.raises(evidence.NotReady):
        evidence.download(system, evidence.OneEvidence(job=job))
    spool.sweep(appliance.settings.spool, age=-1_000_000)
    assert admin.post(f"/history/evidence/{job}/download").status_code == 409


def test_a_period_that_is_none_is_told_at_its_field_and_stays_typed(admin: Browser) -> None:
    answer = admin.post("/history/evidence", {"from": "2026-11-02", "to": "2026-11-01"})
    assert answer.status_code == 422
    assert 'href="#field-to"' in answer.text
    assert 'value="2026-11-02"' in answer.text
    wrong = admin.post("/history/evidence", {"from": "x", "to": ""})
    assert (wrong.status_code, 'href="#field-from"' in wrong.text) == (422, True)
