"""PostgreSQL: what is laid out for the processes at a start, and what stops it."""

from dataclasses import dataclass

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from sqlalchemy import make_url

from app.core import data_folder, postgresql_roles
from app.core.database import Database
from app.core.settings import Settings, load_settings
from app.start import connections
from app.start.errors import RoleNotAdmitted, RolesNotMade
from app.start.start import environment
from tests.integration import postgresql
from tests.integration.postgresql import Server
from tests.running import wait_until

OWNERS_PASSWORD = "sesame"
ADMITS = "local all owner trust\nlocal all all scram-sha-256\n"


@dataclass
class House:
    """A database whose owner signs in with a password, as the manual has it."""

    server: Server
    settings: Settings
    database: Database


@pytest.fixture(scope="module")
def server():
    started = postgresql.start(admits=ADMITS)
    yield started
    postgresql.stop(started)


@pytest.fixture
def house(server, tmp_path):
    with server.connect() as administrator:
        administrator.execute(f"CREATE ROLE keeper LOGIN CREATEROLE PASSWORD '{OWNERS_PASSWORD}'")
        administrator.execute('CREATE DATABASE "it\'s 100%: 天守" OWNER keeper TEMPLATE template0')
    url = (
        f"postgresql+psycopg://keeper:{OWNERS_PASSWORD}@/it's 100%25: 天守"
        f"?host={server.folder}&application_name=starter"
    )
    settings = load_settings(
        {"TENSHU_DATA": str(tmp_path / "a % b" / "data"), "TENSHU_DATABASE_URL": url}
    )
    data_folder.make_folders(settings)
    database = Database(url)
    yield House(server, settings, database)
    database.close()
    with server.connect() as administrator:
        administrator.execute('DROP DATABASE "it\'s 100%: 天守" (FORCE)')
        roles = postgresql_roles.roles_of("it's 100%: 天守").values()
        known = administrator.execute(
            "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", (["keeper", *roles],)
        ).fetchall()
        for (role,) in known:
            administrator.execute(
                psycopg.sql.SQL("DROP ROLE {}").format(psycopg.sql.Identifier(role))
            )


def reload(server: Server) -> None:
    """Let the server read who may sign in, and wait until it has."""

    def read_at() -> object:
        with server.connect() as connection:
            return connection.execute("SELECT pg_conf_load_time()").fetchone()

    before = read_at()
    with server.connect() as administrator:
        administrator.execute("SELECT pg_reload_conf()")
    wait_until(lambda: read_at() != before, "the rules are read", 10)


def laid_out(house: House) -> dict[str, str]:
    connections.make_roles(house.database)
    return connections.lay_out(house.settings, house.database)


def whoami(address: str) -> str:
    """Sign in as a process does, and ask who that is."""
    database = Database(address)
    try:
        with database.read() as session:
            return session.connection().exec_driver_sql("SELECT session_user").scalar_one()
    finally:
        database.close()


def test_each_role_signs_in_with_what_was_laid_out_for_it_and_needs_its_password_F4(house):
    found = laid_out(house)
    for process, role in postgresql_roles.roles_of("it's 100%: 天守").items():
        assert whoami(found[process]) == role
        without = dict(make_url(found[process]).query) | {"passfile": "/dev/null"}
        with pytest.raises(psycopg.OperationalError, match="no password supplied"):
            psycopg.connect(make_conninfo(**without))


def test_an_address_holds_no_secret_and_a_password_stands_in_a_file_of_its_owner_alone_F12(house):
    found = laid_out(house)
    for process, address in found.items():
        path = connections.password_file(house.settings, process)
        assert path.stat().st_mode & 0o777 == 0o600
        assert not path.is_relative_to(house.settings.data)
        password = path.read_text().strip().rpartition(":")[2]
        assert len(password) >= 43
        assert password not in address
        assert OWNERS_PASSWORD not in address
        assert "keeper" not in address
        assert password.encode() not in (house.server.folder / "log").read_bytes()


def test_every_start_makes_the_passwords_anew_F12(house):
    files = [connections.password_file(house.settings, one) for one in laid_out(house)]
    before = [path.read_text() for path in files]
    found = laid_out(house)
    assert not set(before) & {path.read_text() for path in files}
    assert {whoami(address) for address in found.values()}


def test_the_processes_inherit_nothing_that_leads_to_the_owner_F4(house, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", OWNERS_PASSWORD)
    monkeypatch.setenv("PGUSER", "keeper")
    monkeypatch.setenv("TENSHU_DATABASE_URL", house.settings.database_url)
    found = environment(house.settings)
    assert "TENSHU_DATABASE_URL" not in found
    assert OWNERS_PASSWORD not in "".join(found.values())
    assert not [name for name in found if name.startswith("PG")]
    assert found["TENSHU_DATA"] == str(house.settings.data)


def test_on_sqlite_nothing_is_laid_out(tmp_path):
    settings = load_settings({"TENSHU_DATA": str(tmp_path / "data")})
    data_folder.make_folders(settings)
    database = Database(settings.database_url)
    connections.make_roles(database)
    assert connections.lay_out(settings, database) == {}
    assert environment(settings)["TENSHU_DATABASE_URL"] == settings.database_url
    database.close()


def test_an_owner_who_may_make_no_roles_is_told_what_lets_them(house):
    with house.server.connect() as administrator:
        administrator.execute("ALTER ROLE keeper NOCREATEROLE")
    with pytest.raises(RolesNotMade, match="permission denied") as refused:
        connections.make_roles(house.database)
    remedy = refused.value.parameters["remedy"]
    with house.server.connect() as administrator:
        administrator.execute(remedy)
    connections.make_roles(house.database)


def test_a_server_that_does_not_admit_a_role_is_named_with_the_line_that_does(house):
    connections.make_roles(house.database)
    rules = house.server.folder / "cluster" / "pg_hba.conf"
    try:
        rules.write_text("local all owner,keeper trust\n")
        reload(house.server)
        with pytest.raises(RoleNotAdmitted, match=r"_console.*no pg_hba\.conf entry") as refused:
            connections.lay_out(house.settings, house.database)
        line = refused.value.parameters["line"]
        rules.write_text(f"{line}\nlocal all owner,keeper trust\n")
        reload(house.server)
        assert connections.lay_out(house.settings, house.database)
    finally:
        rules.write_text(ADMITS)
        reload(house.server)
