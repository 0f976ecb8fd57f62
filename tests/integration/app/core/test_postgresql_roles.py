"""PostgreSQL: a process can do what its models declare and nothing else (architecture section 4).

On a real server, signed in as each process's own role.
"""

import re

import psycopg
import pytest
from psycopg import errors, sql
from sqlalchemy import Column, Integer, MetaData, String, Table, inspect
from sqlmodel import SQLModel

from app.core.database import Database
from app.core.postgresql_roles import (
    BACKUP,
    DECLARED,
    Relation,
    UnclearAccess,
    grant,
    let_console_count,
    make_roles,
    roles_of,
    statements,
)
from app.migrations import tables  # noqa: F401 - makes every table known
from app.migrations.migrate import migrate
from tests.integration.postgresql import AUDIT, CONSOLE, ROLES, TEMPLATE, WORKSPACE

TABLES = sorted(SQLModel.metadata.tables)
EVERYBODY = ", ".join(ROLES.values())
READER = ROLES[BACKUP]
RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")


@pytest.fixture(scope="module")
def name(postgresql_server):
    """One database for all tests here: they leave nothing that another one would meet."""
    made = postgresql_server.create(TEMPLATE)
    yield made
    postgresql_server.drop(made)


@pytest.fixture
def url(postgresql_server, name):
    """Make the URL of that database for one role."""
    return lambda role: postgresql_server.url(name, role)


@pytest.fixture
def connect(postgresql_server, name):
    """Open a connection of one role; closed after the test."""
    opened = []

    def connect_as(role):
        opened.append(postgresql_server.connect(name, role))
        return opened[-1]

    yield connect_as
    for connection in opened:
        connection.close()


def held(connection, role, table):
    """Return the rights of a role on a whole table, as the server itself knows them."""
    query = "SELECT has_table_privilege(%s, %s, %s)"
    return {
        right
        for right in RIGHTS
        if connection.execute(query, (role, f'"{table}"', right)).fetchone()[0]
    }


def refused(connection, statement):
    with pytest.raises(errors.InsufficientPrivilege):
        connection.execute(statement)


@pytest.mark.parametrize("table", TABLES)
def test_each_table_declares_who_may_do_what_and_the_server_knows_exactly_that(connect, table):
    access = SQLModel.metadata.tables[table].info.get("access")
    assert access is not None, f"{table} declares no access in __table_args__"
    assert {"console", "workspace"} <= access.keys() <= set(DECLARED)
    owner = connect("owner")
    for process in DECLARED:
        role = ROLES[process]
        # blanks inside parentheses part columns, not rights
        rights = re.sub(r"\([^)]*\)", "()", access.get(process, "")).split()
        whole = {right.upper() for right in rights if "(" not in right}
        assert held(owner, role, table) == whole, f"{role} on {table}"
    assert held(owner, READER, table) == {"SELECT"}


@pytest.mark.parametrize(
    "table",
    [
        "identity_grant", "identity_group", "identity_membership", "identity_console_credential",
        "identity_console_session", "identity_console_pending_sign_in",
        "identity_console_api_token", "identity_console_request", "identity_setup",
        "identity_policy", "identity_account",
    ],
)  # fmt: skip
def test_the_workspace_cannot_change_roles_factors_or_console_sessions_F4(connect, table):
    # how pages look to a person is the person's own, on either plane
    own = {"language", "time_zone", "theme"} if table == "identity_account" else set()
    workspace = connect(WORKSPACE)
    name = sql.Identifier(table)
    columns = set(SQLModel.metadata.tables[table].columns.keys())
    refused(workspace, sql.SQL("DELETE FROM {}").format(name))
    refused(workspace, sql.SQL("TRUNCATE {}").format(name))
    refused(workspace, sql.SQL("INSERT INTO {} DEFAULT VALUES").format(name))
    refused(workspace, sql.SQL("DROP TABLE {}").format(name))
    refused(workspace, sql.SQL("ALTER TABLE {} ADD hidden text").format(name))
    assert own <= columns
    for column in columns - own:
        refused(workspace, sql.SQL("UPDATE {} SET {} = NULL").format(name, sql.Identifier(column)))


@pytest.mark.parametrize(
    "table",
    ["identity_console_session", "identity_console_api_token", "identity_console_request",
     "identity_console_pending_sign_in", "identity_setup"],
)  # fmt: skip
def test_the_workspace_does_not_even_see_what_carries_a_console_identity(connect, table):
    refused(connect(WORKSPACE), sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)))


def test_the_workspace_signs_its_own_people_in(connect):
    workspace = connect(WORKSPACE)
    workspace.execute("DELETE FROM identity_workspace_session")
    workspace.execute("UPDATE identity_workspace_credential SET name = 'x'")
    assert workspace.execute("SELECT count(*) FROM identity_account").fetchone() == (0,)


def test_the_workspace_records_events_and_cannot_take_one_back_or_read_it_F5(connect):
    workspace = connect(WORKSPACE)
    workspace.execute("INSERT INTO audit_outbox VALUES ('1', '{}', '[]')")
    refused(workspace, "SELECT * FROM audit_outbox")
    refused(workspace, "DELETE FROM audit_outbox")
    refused(workspace, "UPDATE audit_outbox SET content = ''")


def test_the_console_cannot_change_or_remove_an_event_either_F5(connect):
    console = connect(CONSOLE)
    console.execute("INSERT INTO audit_outbox VALUES ('3', '{}', '[]')")
    refused(console, "DELETE FROM audit_outbox")
    refused(console, "UPDATE audit_outbox SET content = ''")
    refused(console, "TRUNCATE audit_outbox")


def test_the_sealer_reads_and_removes_the_outbox_uses_its_lease_and_nothing_else(connect):
    console, sealer = connect(CONSOLE), connect(AUDIT)
    console.execute("INSERT INTO audit_outbox VALUES ('4', '{}', '[]')")
    assert ("4",) in sealer.execute("SELECT id FROM audit_outbox").fetchall()
    refused(sealer, "UPDATE audit_outbox SET content = ''")
    refused(sealer, "INSERT INTO audit_outbox VALUES ('2', '{}', '[]')")
    sealer.execute("DELETE FROM audit_outbox")
    sealer.execute("INSERT INTO audit_sealer_lease VALUES ('sealer', 'me', 1)")
    sealer.execute("UPDATE audit_sealer_lease SET expires = 2")
    for table in TABLES:
        if not table.startswith("audit_"):
            refused(sealer, sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)))
    refused(sealer, "CREATE TABLE hidden (a int)")


def test_no_process_is_more_than_it_should_be(connect):
    rows = connect("owner").execute(
        "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls,"
        " rolinherit FROM pg_roles WHERE rolname = ANY(%s)",
        (list(ROLES.values()),),
    )
    found = {name: set(powers) for name, *powers in rows}
    assert found == {role: {False} for role in ROLES.values()}
    for role in ROLES.values():
        connection = connect(role)
        for other in {*ROLES.values(), "owner"} - {role}:
            refused(connection, f"SET ROLE {other}")
        refused(connection, "CREATE ROLE mine SUPERUSER")
        refused(connection, "COPY identity_account TO PROGRAM 'cat'")


def test_tables_that_people_design_belong_to_the_workspace_and_only_the_backup_reads_them_F4(
    connect,
):
    workspace, console, reader = connect(WORKSPACE), connect(CONSOLE), connect(READER)
    workspace.execute("CREATE TABLE u1 (id bigserial, c1 text)")
    workspace.execute("INSERT INTO u1 (c1) VALUES ('天守')")
    workspace.execute("ALTER TABLE u1 ADD c2 integer")
    assert reader.execute("SELECT c1 FROM u1").fetchall() == [("天守",)]
    assert reader.execute("SELECT last_value FROM u1_id_seq").fetchall() == [(1,)]
    for other in (console, connect(AUDIT)):
        refused(other, "SELECT * FROM u1")
        refused(other, "INSERT INTO u1 (c1) VALUES ('x')")
        refused(other, "CREATE TABLE u2 (c1 text)")
    connect("owner").execute("DROP TABLE u1")


def test_the_console_counts_the_deleted_rows_of_a_table_and_sees_no_value_F4(
    postgresql_server,
):
    name = postgresql_server.create()
    database = Database(postgresql_server.url(name))
    roles = make_roles(database)
    try:
        with postgresql_server.connect(name) as owner:
            owner.execute("CREATE TABLE u7 (id bigserial, deleted_at bigint, c1 text)")
        migrate(database)
        with postgresql_server.connect(name, roles["workspace"]) as workspace:
            workspace.execute("CREATE TABLE u8 (id bigserial, deleted_at bigint, c1 text)")
        mine = Database(postgresql_server.url(name, roles["workspace"]))
        with mine.write() as session:
            let_console_count(session.connection(), "u8")
        mine.close()
        with postgresql_server.connect(name, roles["console"]) as console:
            for table in ("u7", "u8"):
                counted = f"SELECT count(*), min(deleted_at) FROM {table} WHERE deleted_at > 0"
                assert console.execute(counted).fetchone() == (0, None)
                refused(console, f"SELECT c1 FROM {table}")
                refused(console, f"SELECT * FROM {table}")
                refused(console, f"DELETE FROM {table}")
    finally:
        database.close()
        postgresql_server.drop(name)


def test_the_backups_role_reads_everything_and_changes_nothing_F4(connect):
    reader = connect(READER)
    for table in TABLES:
        name = sql.Identifier(table)
        reader.execute(sql.SQL("SELECT count(*) FROM {}").format(name))
        refused(reader, sql.SQL("DELETE FROM {}").format(name))
        refused(reader, sql.SQL("INSERT INTO {} DEFAULT VALUES").format(name))
    refused(reader, "CREATE TABLE hidden (a int)")


def test_after_a_restore_peoples_tables_are_the_workspaces_again_S2(postgresql_server):
    name = postgresql_server.create()
    database = Database(postgresql_server.url(name))
    roles = make_roles(database)
    try:
        with postgresql_server.connect(name) as owner:
            owner.execute("CREATE TABLE u7 (id bigserial, c1 text)")
            owner.execute("CREATE TABLE unlike_theirs (c1 text)")
            owner.execute("GRANT SELECT ON u7 TO PUBLIC")
        migrate(database)
        with postgresql_server.connect(name, roles["workspace"]) as workspace:
            workspace.execute("ALTER TABLE u7 ADD c2 integer")
            workspace.execute("INSERT INTO u7 (c1) VALUES ('x')")
            refused(workspace, "SELECT * FROM unlike_theirs")
        with postgresql_server.connect(name, roles[BACKUP]) as reader:
            assert reader.execute("SELECT count(*) FROM u7").fetchone() == (1,)
            reader.execute("SELECT last_value FROM u7_id_seq")
        with postgresql_server.connect(name, roles["console"]) as console:
            refused(console, "SELECT * FROM u7")
        migrate(database)  # and once more: everything stands already
    finally:
        database.close()
        postgresql_server.drop(name)


def test_two_appliances_on_one_server_have_roles_of_their_own():
    assert roles_of("tenshu")["console"] == "tenshu_console"
    assert not set(roles_of("tenshu").values()) & set(roles_of("tenshu2").values())
    long, longer = roles_of("天守" * 10), roles_of("天守" * 10 + "閣")
    assert not set(long.values()) & set(longer.values())
    assert all(len(role.encode()) <= 63 for role in (*long.values(), *longer.values()))
    assert not roles_of("pg_mine")["audit"].startswith("pg_")


def test_every_process_may_ask_which_version_the_schema_has(connect):
    for role in ROLES.values():
        assert connect(role).execute("SELECT version_num FROM alembic_version").fetchone()


def test_a_right_given_by_hand_is_taken_back_at_the_next_start(connect, url):
    database = Database(url("owner"))
    mine = make_roles(database)["workspace"]
    connect("owner").execute(f"GRANT ALL ON identity_grant TO {mine}")
    migrate(database)
    database.close()
    assert held(connect("owner"), mine, "identity_grant") == {"SELECT"}


def test_the_code_itself_runs_with_the_rights_of_its_process(url):
    database = Database(url(WORKSPACE))
    with database.write() as session:
        session.connection().exec_driver_sql("CREATE TABLE u9 (c1 text)")
    with database.read() as session:
        names = inspect(session.connection()).get_table_names()
    database.close()
    assert "u9" in names


def test_making_the_roles_again_changes_nothing(url):
    database = Database(url("owner"))
    assert make_roles(database) == make_roles(database)
    database.close()


def test_where_no_role_was_made_nothing_is_granted(postgresql_server):
    name = postgresql_server.create()
    database = Database(postgresql_server.url(name))
    with database.write() as session:
        assert not grant(session, SQLModel.metadata)
        let_console_count(session.connection(), "u1")
    database.close()
    postgresql_server.drop(name)


def declared(access, **kwargs):
    metadata = MetaData()
    Table(
        "thing", metadata,
        Column("id", Integer if kwargs.get("counted") else String, primary_key=True),
        Column("last step", String),
        Column("state", String),
        info={} if access is None else {"access": access},
    )  # fmt: skip
    there = [Relation("thing", True, "owner"), Relation("unknown", True, "owner")]
    lines = [line for line in statements(metadata, there, ROLES) if "thing" in line]
    assert lines.pop() == f"GRANT SELECT ON thing TO {READER}"
    return lines


def test_rights_on_single_columns_are_granted_so():
    assert declared({"workspace": "select update(state, last step)"}) == [
        f"REVOKE ALL ON thing FROM PUBLIC, {EVERYBODY}",
        f'GRANT SELECT, UPDATE (state, "last step") ON thing TO {WORKSPACE}',
    ]


def test_a_table_that_counts_lends_its_counter_to_whom_may_insert():
    assert (
        declared({"console": "insert", "workspace": "select"}, counted=True)[2]
        == f"GRANT USAGE ON SEQUENCE thing_id_seq TO {CONSOLE}"
    )


def test_a_table_that_declares_nothing_is_granted_to_nobody():
    assert len(declared(None)) == len(declared({"audit": ""})) == 1


def test_a_table_that_is_not_there_yet_is_left_out():
    metadata = MetaData()
    Table("thing", metadata, Column("id", String, primary_key=True))
    assert not [line for line in statements(metadata, [], ROLES) if "thing" in line]


@pytest.mark.parametrize(
    "access",
    [
        {"everybody": "select"},
        {"console": "select everything"},
        {"console": "truncate"},
        {"console": "update(nothing)"},
        {"console": "select; DROP TABLE x"},
    ],
)
def test_a_declaration_that_says_nothing_is_a_fault_of_the_program(access):
    with pytest.raises(UnclearAccess, match="thing: "):
        declared(access)


def test_the_connection_of_these_tests_is_really_the_roles_own(connect):
    assert isinstance(connect(AUDIT), psycopg.Connection)
    assert connect(AUDIT).execute("SELECT session_user").fetchone() == (AUDIT,)
