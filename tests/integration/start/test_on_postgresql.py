"""The whole appliance on PostgreSQL, as the manual has it: an owner who may make roles, passwords.

One copy for all tests, on a small volume of its own where this user may mount one. What is proven
about the roles is proven with what the running processes themselves hold.
"""

import contextlib
import json
import os
import re
import shutil
import sqlite3
import tempfile
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
import pyotp
import pytest
from psycopg import sql
from sqlalchemy import make_url

from tests.integration import postgresql
from tests.running import Copy, environment_for, launch, run_tenshu, wait_until
from tests.small_volume import MEBIBYTE, ONLY_ROOT, fill, free_on, mounted, take

OWNERS_PASSWORD = "sesame-of-the-owner"
ADMITS = "local all owner trust\nlocal all all scram-sha-256\n"
VOLUME = 384
"""Mebibytes: a cluster takes 70, the reserve 64, and twice that must be free for it."""
ROOM = 52
"""Mebibytes that let a change begin (32) even where the server's log takes 16 of them before."""
PASSWORD = "hiroi sora ni shiroi kumo"
STAFF_PASSWORD = "mado no soto wa haru desu"
PROGRAMS = {
    "app.web.serve console": "console",
    "app.web.serve workspace": "workspace",
    "app.jobs": "workspace",
    "app.audit": "audit",
    "appliance.agent": "backup",
}
CONSOLES_OWN = (
    "identity_grant", "identity_group", "identity_membership", "identity_console_credential",
    "identity_console_session", "identity_console_api_token", "identity_account",
)  # fmt: skip
ABANDON = "tables.abandon_import"
CSV = "駅,人数\n霞が関,3\n日比谷,5\n"


@dataclass
class Person:
    """Somebody at a plane, by plain HTTP."""

    client: httpx.Client
    phone: pyotp.TOTP | None = None
    used: set[str] = field(default_factory=set)
    origin: str = ""
    """Where its pages come from, if not from where its requests go."""

    def post(self, path: str, *, code: int = 303, **options) -> httpx.Response:
        origin = self.origin or str(self.client.base_url).rstrip("/")
        answer = self.client.post(
            path, headers={"sec-fetch-site": "same-origin", "origin": origin}, **options
        )
        assert answer.status_code == code, answer.text
        return answer

    def code(self) -> str:
        """A code that was not used yet: the present one, or the next."""
        assert self.phone
        phone, found = self.phone, ""

        def is_fresh() -> bool:
            nonlocal found
            near = (phone.at(time.time()), phone.at(time.time() + phone.interval))
            found = next((code for code in near if code not in self.used), "")
            return bool(found)

        wait_until(is_fresh, "a fresh code", 35)
        self.used.add(found)
        return found


@dataclass
class House:
    """The running copy, its server, and its volume (None where this user may not mount)."""

    copy: Copy
    server: postgresql.Server
    volume: Path | None
    admin: Person

    def addresses(self) -> dict[str, str]:
        """What each process was told about the database: command line → URL."""
        # who announces the start is a child of the start itself, and ends when it has spoken
        wait_until(
            lambda: not any("cli start" in line for line in self.copy.processes().values()),
            "the start has spoken",
        )
        return {
            line: read_environment(pid)["TENSHU_DATABASE_URL"]
            for pid, line in self.copy.processes().items()
            if "supervise" not in line
        }

    def connect(self, words: str) -> psycopg.Connection:
        """Sign in with what one running process holds."""
        address = next(url for line, url in self.addresses().items() if words in line)
        return psycopg.connect(**dict(make_url(address).query), autocommit=True)


def read_environment(pid: int) -> dict[str, str]:
    parts = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    return dict(part.split("=", 1) for part in parts if "=" in part)


def owners_address(server: postgresql.Server, database: str) -> str:
    return f"postgresql+psycopg://keeper:{OWNERS_PASSWORD}@/{database}?host={server.folder}"


def make_database(server: postgresql.Server, name: str) -> str:
    """What the manual says, as PostgreSQL's administrator. Return the owner's address."""
    with server.connect() as administrator:
        administrator.execute(f"CREATE DATABASE {name} OWNER keeper TEMPLATE template0")
    return owners_address(server, name)


def claim(copy: Copy, person: Person) -> Person:
    """Become the first administrator."""
    person.post("/setup/claim", data={"code": copy.claim_code})
    person.post(
        "/setup/person",
        data={"login_id": "hanako", "name": "山田 花子", "language": "ja", "password": PASSWORD,
              "again": PASSWORD, "time_zone": "Asia/Tokyo"},
    )  # fmt: skip
    shown = person.client.get("/setup").text
    secret = re.findall(r'id="totp-secret"[^>]*>\s*([A-Z2-7 ]+)<', shown)[0]
    person.phone = pyotp.TOTP(secret.replace(" ", ""))
    person.post("/setup/factor", code=200, data={"answer": person.code()})
    assert person.client.get("/accounts").status_code == 200
    return person


def hire(copy: Copy, login_id: str, person: Person) -> Person:
    """Make an account of the staff with the command, and sign its person in at the workspace."""
    made = copy.tenshu("accounts", "create", login_id, "--name", "佐藤", "--json")
    assert made.returncode == 0, made.stderr
    assert copy.tenshu("accounts", "roles", login_id, "--give", "staff").returncode == 0
    given = json.loads(made.stdout)["initial_password"]
    person.post("/sign-in", data={"login_id": login_id, "password": given})
    person.post("/sign-in/step", data={"step": "new_password", "answer": STAFF_PASSWORD})
    return person


def wait_for_jobs(server: postgresql.Server) -> None:
    """Wait until no job is left to do."""
    query = "SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')"
    with server.connect("tenshu") as owner:
        wait_until(lambda: owner.execute(query).fetchone() == (0,), "the jobs have ended")


@pytest.fixture(scope="module")
def house():
    with ExitStack() as stack:
        place = Path(tempfile.mkdtemp(prefix="tenshu-volume-"))
        stack.callback(shutil.rmtree, place)
        place.chmod(0o755)  # the server runs as another user
        volume = None
        with suppress(PermissionError):
            volume = stack.enter_context(mounted(place, VOLUME))
            volume.chmod(0o755)
        options = ("fsync=off", "min_wal_size=32MB", "max_wal_size=64MB")
        server = postgresql.start(options, place=place, admits=ADMITS)
        stack.callback(postgresql.stop, server)
        with server.connect() as administrator:
            administrator.execute(
                f"CREATE ROLE keeper LOGIN CREATEROLE PASSWORD '{OWNERS_PASSWORD}'"
            )
        url = make_database(server, "tenshu")
        copy = launch(place / "copy", TENSHU_DATABASE_URL=url)
        stack.callback(copy.end)
        admin = Person(stack.enter_context(copy.client()))
        yield House(copy, server, volume, claim(copy, admin))


@pytest.fixture
def at_workspace():
    """Somebody in front of the workspace of a copy."""
    with ExitStack() as stack:
        yield lambda copy: Person(stack.enter_context(copy.client("workspace")))


def test_no_process_holds_the_owners_connection_and_each_one_that_of_its_role_F4(house):
    found = house.addresses()
    for words, role in PROGRAMS.items():
        asked = [make_url(url).query["user"] for line, url in found.items() if words in line]
        assert set(asked) == {f"tenshu_{role}"}, words
    for pid in house.copy.processes():
        assert OWNERS_PASSWORD not in str(read_environment(pid))
        assert OWNERS_PASSWORD not in str(Path(f"/proc/{pid}/cmdline").read_bytes())
    for folder in (house.copy.data, house.copy.folder / "data.keys"):
        for path in folder.rglob("*"):
            if path.is_file():
                assert OWNERS_PASSWORD.encode() not in path.read_bytes(), path
    with house.server.connect("tenshu") as administrator:
        users = administrator.execute(
            "SELECT DISTINCT usename FROM pg_stat_activity WHERE datname = 'tenshu'"
            " AND pid <> pg_backend_pid()"
        ).fetchall()
    assert {user for (user,) in users} <= {f"tenshu_{role}" for role in PROGRAMS.values()}


def refused(connection: psycopg.Connection, statement: str, table: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(sql.SQL(statement).format(sql.Identifier(table)))


def test_the_running_workspace_cannot_change_roles_factors_or_console_sessions_F4(house):
    for words in ("app.web.serve workspace", "app.jobs"):
        with house.connect(words) as workspace:
            for table in CONSOLES_OWN:
                refused(workspace, "DELETE FROM {}", table)
                refused(workspace, "INSERT INTO {} DEFAULT VALUES", table)
                refused(workspace, "DROP TABLE {}", table)
            refused(workspace, "UPDATE {} SET rights = '[]'", "identity_account")
            refused(workspace, "UPDATE {} SET role = 'owner'", "identity_grant")
            refused(workspace, "UPDATE {} SET account = ''", "identity_password")
            refused(workspace, "DELETE FROM {}", "identity_password")
            refused(workspace, "SELECT * FROM {}", "identity_console_session")
            refused(workspace, "SELECT * FROM {}", "audit_outbox")


def test_the_running_sealer_and_the_agent_cannot_touch_accounts_F4(house):
    with house.connect("app.audit") as sealer:
        for table in (*CONSOLES_OWN, "identity_password"):
            refused(sealer, "SELECT * FROM {}", table)
            refused(sealer, "DELETE FROM {}", table)
    with house.connect("appliance.agent") as agent:
        assert agent.execute("SELECT count(*) FROM identity_account").fetchone() != (0,)
        for table in (*CONSOLES_OWN, "identity_password", "audit_outbox", "jobs"):
            refused(agent, "DELETE FROM {}", table)
            refused(agent, "INSERT INTO {} DEFAULT VALUES", table)


def test_a_table_comes_in_is_backed_up_and_restored_with_its_roles_F13(
    house, at_workspace, tmp_path
):
    copy = house.copy
    person = hire(copy, "jiro", at_workspace(copy))
    sent = person.post("/uploads", files={"file": ("駅.csv", CSV.encode())})
    person.post(sent.headers["location"], data={"name": "駅", "header": "yes"})
    wait_for_jobs(house.server)
    home = person.client.get("/").text
    (table,) = set(re.findall(r'href="/tables/(\d+)"', home))
    assert "日比谷" in person.client.get(f"/tables/{table}").text
    assert house.admin.client.get("/").status_code == 200, "the console compares definitions"

    repository = tmp_path / "repository"
    made = copy.tenshu("backup", "repository", "create", str(repository), "--json")
    assert made.returncode == 0, made.stderr
    kit = json.loads(copy.tenshu("backup", "kit", "--json").stdout)["text"]
    kept = copy.tenshu("backup", "kit", "--kept", stdin=kit.rpartition(" ")[2] + "\n")
    assert kept.returncode == 0, kept.stderr
    run = copy.tenshu("backup", "run", json.loads(made.stdout)["name"], "--json")
    assert run.returncode == 0, run.stderr

    url = make_database(house.server, "second")
    elsewhere = environment_for(tmp_path / "second", TENSHU_DATABASE_URL=url)
    command = ["backup", "restore", "--repository", str(repository), "--kit-file", "-"]
    command += ["--data", elsewhere["TENSHU_DATA"], "--json"]
    restored = run_tenshu(*command, environ=elsewhere, stdin=kit)
    assert restored.returncode == 0, restored.stderr
    second = launch(tmp_path / "second", elsewhere)
    try:
        again = at_workspace(second)
        again.post("/sign-in", data={"login_id": "jiro", "password": STAFF_PASSWORD})
        assert "日比谷" in again.client.get(f"/tables/{table}").text
        other = House(second, house.server, None, house.admin)
        with other.connect("app.web.serve workspace") as workspace:
            workspace.execute(f"ALTER TABLE u{table} ADD COLUMN c9999 text")
            refused(workspace, "DELETE FROM {}", "identity_account")
    finally:
        second.end()


PASSING = ("app.web.serve", "app.audit.inspect_once")
"""Planes change their workers, an inspection of the history ends: neither is there at each look."""


def lasting(house):
    """Addresses of the processes that stay as long as the appliance runs."""
    found = house.addresses().items()
    return {role: url for role, url in found if not any(name in role for name in PASSING)}


def test_a_second_start_changes_passwords_and_nothing_else(house):
    before = lasting(house)
    files = sorted((house.copy.folder / "data.keys").glob("postgresql-*.pgpass"))
    texts = [path.read_text() for path in files]
    assert house.copy.stop() == 0
    again = launch(house.copy.folder, house.copy.environ)
    house.copy.process = again.process  # its fixture ends it
    assert again.claim_code is None
    assert lasting(house) == before
    assert not set(texts) & {path.read_text() for path in files}
    assert house.admin.client.get("/accounts").status_code == 200, "the session goes on"
    assert json.loads(again.tenshu("audit", "verify", "--json").stdout)["state"] == "whole"


def long_texts(rows: int) -> str:
    """A file whose texts no compression makes small: 20 kB a row."""
    return "a\n" + "".join(f"{os.urandom(10_000).hex()}\n" for _ in range(rows))


def sealed_events(copy: Copy, *verbs: str) -> list[dict]:
    """Every sealed event of some verbs, as it stands in the tree."""
    store = f"file:{copy.data}/audit/sealed.sqlite?mode=ro"
    with contextlib.closing(sqlite3.connect(store, uri=True)) as connection:
        found = connection.execute("SELECT verb, content FROM events").fetchall()
    return [json.loads(content) for verb, content in found if verb in verbs]


def job_of(event: dict) -> str:
    """The job of an event; nothing where it stopped before it told."""
    return event.get("references", {}).get("job", "")


def rows_written(copy: Copy, job: str) -> int:
    """How many rows an import has written, as the history tells it."""
    return sum(
        event["numbers"]["rows"]
        for event in sealed_events(copy, "tables.import_batch")
        if event["outcome"] == "done" and job_of(event) == job
    )


def is_stopped(copy: Copy) -> bool:
    """Tell whether an import was refused for want of space."""
    events = sealed_events(copy, "tables.import_batch", "jobs.start")
    return any(event.get("error") == "database.disk_full" for event in events)


def count(connection: psycopg.Connection, table: str) -> int | None:
    """How many rows there are; None where the table was removed."""
    try:
        return connection.execute(
            sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
        ).fetchone()[0]
    except psycopg.errors.UndefinedTable:
        return None


def test_on_a_full_disk_server_and_sign_in_live_on_and_nothing_is_lost_or_half_done_S8(
    house, at_workspace
):
    copy, volume, reserve = house.copy, house.volume, house.copy.data / "reserve"
    if volume is None:
        pytest.skip(ONLY_ROOT)
    person = hire(copy, "saburo", at_workspace(copy))
    sent = person.post("/uploads", files={"file": ("long.csv", long_texts(800).encode())})
    small = person.post("/uploads", files={"file": ("small.csv", CSV.encode())})
    small, named = small.headers["location"], {"name": "x", "header": "yes"}
    assert reserve.exists()

    # Little room is left: the import begins, and is stopped while the server still has its own.
    fillers = [fill(volume, leave=ROOM * MEBIBYTE)]
    started = person.post(sent.headers["location"], data={"name": "long", "header": "yes"})
    job = started.headers["location"].rpartition("/")[2]
    wait_until(lambda: is_stopped(copy), "the import was stopped")
    assert rows_written(copy, job) > 0, "it had begun"

    # Then another program takes the rest: the reserve is opened before the server needs it.
    def rest_is_taken() -> bool:
        free = free_on(volume)
        if not reserve.exists():  # the import's last log has opened it
            return True
        with suppress(OSError):  # somebody was quicker: look again
            fillers.append(take(volume, free - 8 * MEBIBYTE))
            return True
        return False

    wait_until(rest_is_taken, "the rest is taken")
    wait_until(lambda: not reserve.exists(), "the reserve is open")
    assert "ディスクがいっぱい" in person.post(small, code=507, data=named).text

    # An administrator signs in, after a slip, and cleans.
    before = len(sealed_events(copy, "sign_in.start", "sign_in.answer", "storage.clean"))
    with copy.client() as client:
        admin = Person(client, house.admin.phone, house.admin.used)
        admin.post("/sign-in", code=401, data={"login_id": "hanako", "password": "no, not this"})
        admin.post("/sign-in", data={"login_id": "hanako", "password": PASSWORD})
        admin.post("/sign-in/step", data={"step": "totp", "answer": admin.code()})
        assert "予備領域" in client.get("/storage").text
        admin.post("/storage/clean")

    # Each of these is sealed once, and there are as many rows as the history tells.
    with house.server.connect("tenshu") as owner:
        wait_until(lambda: count(owner, "audit_outbox") == 0, "all is sealed")
        told = sealed_events(copy, "sign_in.start", "sign_in.answer", "storage.clean")
        assert len(told) - before == 4
        (table,) = {event["target"] for event in sealed_events(copy, "tables.import_batch")
                    if job_of(event) == job}  # fmt: skip
        # a job that was tried too often by now has removed its table
        abandoned = [job_of(event) for event in sealed_events(copy, ABANDON)]
        rows = count(owner, f"u{table}")
        assert rows == rows_written(copy, job) or (rows is None and job in abandoned)

        # The reserve is eaten up too: that is said, and the server is left in peace.
        fillers.append(fill(volume))
        with copy.client() as client:
            known = {"login_id": "hanako", "password": PASSWORD}
            assert "予備領域" in Person(client).post("/sign-in", code=507, data=known).text
        assert house.server.process.poll() is None
        assert count(owner, "identity_account") > 0
        assert "PANIC" not in (house.server.folder / "log").read_text()

        # There is space again.
        for filler in fillers:
            filler.unlink()
        person.post(small, data=named)
        assert reserve.exists()
        copy.tenshu("jobs", "cancel", job)
        wait_for_jobs(house.server)
        wait_until(lambda: count(owner, "audit_outbox") == 0, "all is sealed")
    assert json.loads(copy.tenshu("audit", "verify", "--json").stdout)["state"] == "whole"
