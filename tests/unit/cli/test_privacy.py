"""`tenshu privacy`: told, erased and kept no longer than wanted, at the machine (METI-31)."""

import contextlib
import io
import json
import sqlite3
import threading
import zipfile

import pytest

from app.core.database import Database
from app.core.identifiers import new_identifier
from app.core.keyring import KeyRing
from app.core.settings import load_settings
from app.identity.actors import actor_of
from app.jobs.models import Job, JobState
from app.jobs.worker import Worker
from app.operations.context import Appliance
from cli import waiting

NAME = "霞ヶ浦 太郎兵衛"
ASKED = "個人情報保護法 第35条"


@pytest.fixture
def working(owned, environ):
    """The appliance's worker beside the command, and somebody to be told about."""
    settings = load_settings(environ)
    database = Database(settings.database_url)
    worker = Worker(Appliance(settings, database, KeyRing.load(settings.keys)), actor_of)
    over = threading.Event()

    def work():
        while not over.wait(0.02):
            worker.work_once()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert owned("accounts", "create", "tarobei", "--name", NAME).code == 0
    yield owned
    over.set()
    thread.join()
    database.close()


@pytest.fixture
def search(working):
    found = working("privacy", "search", "tarobei", "--json")
    assert found.code == 0, found.err
    return found.json["search"]["id"]


def test_everything_about_a_person_is_searched_shown_and_saved_in_one_file_METI_31(
    working, tmp_path
):
    file = tmp_path / "all.zip"
    found = working(
        "privacy", "search", "tarobei", "--save", str(file), "--language", "ja", "--json"
    )
    assert found.code == 0, found.err
    assert found.json["search"]["state"] == "done"
    assert file.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(file) as whole:
        assert json.loads(whole.read("json/account.jsonl"))["name"] == NAME
        assert "個人について" in whole.read("index.html").decode()
    one = found.json["search"]["id"]
    shown = working("privacy", "show", one)
    assert NAME in shown.out
    assert NAME in working("privacy", "list").out
    again = tmp_path / "again.zip"
    assert working("privacy", "save", one, str(again), "--json").json["bytes"] > 0
    assert "Everything" in zipfile.ZipFile(again).read("index.html").decode()
    refused = working("privacy", "save", one, str(tmp_path / "nowhere" / "all.zip"))
    assert refused.code == 2
    assert "No such file" in refused.err
    assert working("privacy", "delete", one).out.strip() == one
    assert working("privacy", "show", one, "--json").error["code"] == "not_found"


def test_whoever_does_not_wait_gets_the_search_and_nobody_named_is_refused(owned):
    asked = owned("privacy", "search", "--text", NAME, "--no-wait", "--json")
    assert (asked.code, asked.json["search"]["state"]) == (0, "queued")
    search = asked.json["search"]["id"]
    early = owned("privacy", "save", search, "all.zip", "--json")
    assert early.error["code"] == "privacy.not_finished"
    assert owned("privacy", "search", "--json").error["code"] == "privacy.nobody_named"
    assert owned("privacy", "search", "--no-wait", "--save", "all.zip").code == 2
    assert owned("privacy", "delete", search).code == 0


def test_a_job_that_somebody_stops_ends_the_waiting_with_the_reason(owned, environ, monkeypatch):
    monkeypatch.setattr(waiting, "PATIENCE_SECONDS", 0.0)

    def stop(_seconds: float) -> None:
        with sqlite3.connect(environ["TENSHU_DATA"] + "/tenshu.sqlite") as connection:
            connection.execute("UPDATE jobs SET state = 'cancelled'")

    monkeypatch.setattr(waiting.time, "sleep", stop)
    ended = owned("privacy", "search", "--text", NAME)
    assert ended.code == 1
    assert "(cancelled)" in ended.err
    assert "waits until the appliance runs" in ended.err


def test_an_erasure_is_previewed_asks_for_the_name_and_takes_the_person_METI_31(
    working, search, environ, monkeypatch
):
    erase = ("privacy", "erase", search, "--all", "--basis", ASKED)
    seen = working(*erase, "--preview")
    assert NAME in seen.out
    active = working(*erase, "--yes", "--json")
    assert active.error["code"] == "privacy.still_active"
    working("accounts", "suspend", "tarobei")
    monkeypatch.setattr("sys.stdin", io.StringIO("somebody else\n"))
    assert working(*erase, "--json").code == 1
    assert names_in(environ) == [NAME]
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{NAME}\n"))
    erased = working(*erase)
    assert erased.code == 0, erased.err
    assert NAME in erased.out
    assert names_in(environ) == []
    assert working("privacy", "show", search, "--json").json["search"]["state"] == "erased"


def test_one_finding_is_erased_alone_and_an_unknown_one_is_refused(working, environ):
    name_in_a_job(environ)
    found = working("privacy", "search", "--text", NAME, "--json").json
    (finding,) = [one for one in found["findings"] if one["place"].startswith("jobs/")]
    erase = ("privacy", "erase", found["search"]["id"], "--basis", ASKED, "--yes", "--json")
    unknown = working(*erase, "--finding", "4711")
    assert unknown.error["code"] == "privacy.place_unknown"
    assert working(*erase).error["code"] == "privacy.nobody_named"
    assert working(*erase[:3], "--yes", "--all", "--json").error["code"] == "invalid_input"
    gone = working(*erase, "--finding", str(finding["id"])).json
    assert (gone["asked"]["places"], gone["done"]["finished"]) == (1, True)
    later = working("privacy", "search", "--text", NAME, "--json").json
    assert [one for one in later["findings"] if one["place"].startswith("jobs/")] == []
    working("accounts", "suspend", "tarobei")
    one = working("privacy", "search", "tarobei", "--json").json["search"]["id"]
    asked = working("privacy", "erase", one, "--account", "--basis", ASKED, "--yes", "--no-wait")
    assert "tenshu jobs show" in asked.out


def names_in(environ) -> list[str]:
    """Names of the account that was asked about."""
    with sqlite3.connect(environ["TENSHU_DATA"] + "/tenshu.sqlite") as connection:
        rows = connection.execute("SELECT name FROM identity_account WHERE name = ?", (NAME,))
        return [name for (name,) in rows]


def name_in_a_job(environ) -> None:
    """A job whose end names the person."""
    error = json.dumps({"name": NAME}, ensure_ascii=False)
    job = Job(
        id=new_identifier(), kind="people.import", arguments="{}", created_by="local",
        state=JobState.FAILED.value, error="core.conflict", error_parameters=error,
        created_at=1, updated_at=1, finished_at=2, max_attempts=1,
    )  # fmt: skip
    database = Database(load_settings(environ).database_url)
    with contextlib.closing(database), database.write() as session:
        session.add(job)


def test_days_are_previewed_chosen_listed_and_applied_at_once_METI_31(owned, environ, monkeypatch):
    name_in_a_job(environ)
    retention = ("privacy", "retention")
    assert "for ever" in owned(*retention, "list").out
    assert owned(*retention, "apply", "jobs", "--json").error["code"] == "command.kept_for_ever"
    assert owned(*retention, "preview", "jobs", "30", "--json").json["count"] == 1
    assert "1 would go" in owned(*retention, "preview", "jobs", "30").out
    assert "for ever" in owned(*retention, "preview", "jobs", "0").out
    assert "30 days" in owned(*retention, "preview", "sessions", "30").out
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert owned(*retention, "set", "jobs", "30").code == 130
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert "30 days" in owned(*retention, "set", "jobs", "30").out
    assert owned(*retention, "set", "sessions", "90", "--yes", "--json").json["days"] == 90
    applied = owned(*retention, "apply", "jobs", "--json").json["items"]
    assert applied == [{"kind": "jobs", "due": 1, "removed": 1}]
    assert "sessions" in owned(*retention, "apply").out
    assert "for ever" in owned(*retention, "set", "jobs", "0", "--yes").out
    assert owned(*retention, "apply", "photographs", "--json").error["code"] == "not_found"
    assert owned(*retention, "preview", "jobs", "-1", "--json").code == 2
