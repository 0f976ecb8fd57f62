"""V16: what is logged, where, in which form, and what never is."""

import io
import json
import logging
import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import text as sql

from app.core.log import JsonLines
from app.operations.context import Appliance
from app.operations.registry import all_operations
from app.start.programs import LOG_BYTES, LOGS_KEPT, PROGRAMS
from tests.faces import PASSWORD, Browser, Owner
from tests.running import Copy
from tests.security.asvs import written

PAGE = "logging.md"
SUPERVISOR = re.compile(
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (DEBG|INFO|WARN|ERRO|CRIT|TRAC|BLAT) .*"
)


@pytest.fixture
def log() -> io.StringIO:
    """Everything that this process logs, as it would stand in the file."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines("console"))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def test_the_page_of_logs_names_what_the_code_writes_ASVS_16_1_1() -> None:
    rows = written.rows(written.section(PAGE, "Places"))
    assert all(all(row) and len(row) == 6 for row in rows)
    named = {name for row in rows for name in re.findall(r"`logs/(\w+)\.log`", row[0])}
    assert named == {program.name for program in PROGRAMS} | {"supervisor"}
    kept = f"{LOGS_KEPT} files of {LOG_BYTES >> 20} MiB"
    assert {row[5] for row in rows if "logs/" in row[0]} == {kept}
    events = written.rows(written.section(PAGE, "Security events"))
    verbs = {verb for row in events for verb in re.findall(r"`([a-z_]+\.[a-z_]+)`", row[1])}
    assert len(verbs) >= 5
    assert verbs <= {each.name for each in all_operations()}


def test_a_running_copy_logs_only_where_it_is_written_down_ASVS_16_2_3_ASVS_16_2_4(
    copy: Copy,
) -> None:
    """And each line can be read by a program."""
    with copy.client() as client:
        client.get("/sign-in", headers={"host": "evil.example"})
        client.post("/sign-in", data={"login_id": "x"}, headers={"origin": "https://evil.example"})
    told = {
        name
        for row in written.rows(written.section(PAGE, "Places"))
        for name in re.findall(r"`(logs/\w+\.log)`", row[0])
    }
    logs = {str(path.relative_to(copy.data)) for path in copy.data.rglob("*.log*")}
    assert {re.sub(r"\.\d+$", "", name) for name in logs} <= told | {"audit/checkpoints.log"}
    in_folder = {str(path.relative_to(copy.data)) for path in (copy.data / "logs").iterdir()}
    assert in_folder == {name for name in logs if name.startswith("logs/")}
    lines = 0
    for program in PROGRAMS:
        for line in copy.log(program.name).splitlines():
            lines += 1
            entry = json.loads(line)
            assert {"time", "level", "process", "logger", "message"} <= entry.keys(), line
    assert lines >= 2, "the refusals above"
    for line in copy.log("supervisor").splitlines():
        assert SUPERVISOR.fullmatch(line), line


def test_every_log_tells_its_time_in_utc_by_one_clock_ASVS_16_2_2(
    copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    with copy.client() as client:
        client.get("/", headers={"host": "evil.example"})
    now = datetime.now(UTC)
    entries = [json.loads(line) for line in copy.log("console").splitlines()]
    assert entries
    for entry in entries:
        assert entry["time"].endswith("Z")
        at = datetime.fromisoformat(entry["time"])
        assert abs((now - at).total_seconds()) < 3600
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    record = logging.LogRecord("x", logging.INFO, "", 0, "m", None, None)
    assert json.loads(JsonLines("x").format(record))["time"][:13] == now.isoformat()[:13]


def test_no_secret_that_was_typed_stands_in_log_or_history_ASVS_16_2_5(
    admin: Browser,
    stranger: Browser,
    owner: Owner,
    appliance: Appliance,
    log: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code = owner.phone.now()
    stranger.post("/sign-in", {"login_id": "hanako", "password": "wr0ng-S3CRET"})
    stranger.post("/sign-in", {"login_id": "hanako", "password": PASSWORD})
    stranger.post("/sign-in/step", {"step": "totp", "answer": "999999"})
    stranger.post("/sign-in/step", {"step": "totp", "answer": code})
    form = {"current": PASSWORD, "new": "n3w-S3CRET", "again": "another-S3CRET"}
    admin.post("/account/password", form)
    from app.identity import account_rows

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(account_rows, "change_password", broken)
    form = {"current": PASSWORD, "new": "n3w-S3CRET", "again": "n3w-S3CRET"}
    assert admin.post("/account/password", form).status_code == 500
    told = log.getvalue()
    assert "Traceback" in told
    with appliance.database.read() as session:
        events = [
            repr(row) for row in session.connection().execute(sql("SELECT * FROM audit_outbox"))
        ]
    assert len(events) > 5
    told += "".join(events)
    for secret in (
        PASSWORD,
        "wr0ng-S3CRET",
        "n3w-S3CRET",
        owner.session,
        *stranger.cookies.values(),
    ):
        assert secret not in told


def test_each_sign_in_is_recorded_with_its_outcome_and_factors_ASVS_16_3_1(
    admin: Browser, stranger: Browser, owner: Owner
) -> None:
    stranger.post("/sign-in", {"login_id": "hanako", "password": "wrong"})
    stranger.post("/sign-in", {"login_id": "nobody", "password": "wrong"})
    stranger.post("/sign-in", {"login_id": "hanako", "password": PASSWORD})
    stranger.post("/sign-in/step", {"step": "totp", "answer": "000000"})
    stranger.post("/sign-in/step", {"step": "totp", "answer": owner.phone.now()})
    stranger.post("/sign-out")

    def recorded(verb: str) -> list[tuple[str, str]]:
        rows = admin.get(f"/api/v1/events?verb={verb}&limit=50").json()["rows"]
        details = [admin.get(f"/api/v1/events/{row['id']}").json() for row in reversed(rows)]
        outcomes = [row["outcome"] for row in reversed(rows)]
        return list(zip(outcomes, map(json.dumps, details), strict=True))

    starts, answers = recorded("sign_in.start"), recorded("sign_in.answer")
    assert [outcome for outcome, _ in starts[-3:]] == ["refused", "refused", "done"]
    assert [outcome for outcome, _ in answers[-2:]] == ["refused", "done"]
    assert all('"password"' in more for _, more in starts[-3:]), "which factor it was"
    assert all('"totp"' in more for _, more in answers[-2:])
    assert all("127.0.0.1" in more for _, more in starts + answers)
    assert recorded("sign_in.sign_out")[-1][0] == "done"


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/sign-out", {"origin": "https://evil.example"}, 403),
        ("GET", "/", {"host": "evil.example"}, 421),
        ("TRACE", "/", {}, 405),
        ("GET", "/accounts?q=%00", {}, 400),
        ("GET", "/?" + "x" * 5000, {}, 431),
        ("POST", "/sign-in", {"content-length": "99999999"}, 413),
        ("POST", "/api/v1/accounts", {"content-type": "application/json"}, 422),
        ("POST", "/accounts/new", {"content-type": "application/x-www-form-urlencoded"}, 422),
        ("GET", "/api/v1/accounts?limit=9999", {}, 422),
    ],
)
def test_attempts_to_go_around_a_control_are_logged_ASVS_16_3_3(
    admin: Browser, log: io.StringIO, method: str, path: str, headers: dict, status: int
) -> None:
    body = {"content": b"{}"} if method == "POST" else {}
    answer = admin.request(method, path, headers=headers, **body)
    assert answer.status_code == status
    entries = [json.loads(line) for line in log.getvalue().splitlines()]
    told = [entry["message"] for entry in entries if entry["logger"] == "tenshu.web"]
    plain = path.partition("?")[0]
    assert told == [f"refused ({status}): {method} {plain} of 127.0.0.1"]
    log.truncate(0)
    admin.get("/account")
    assert "refused" not in log.getvalue(), "what is served is not"
