"""After a new key: everything sealed is sealed anew, nothing is lost (F13). On both databases."""

import re

import pytest
from sqlalchemy import insert, select, text
from sqlmodel import SQLModel

from app.core import rotation
from app.core.keyring import SealBroken
from app.core.rotation import left_to_reseal, reseal, sealed_columns
from app.core.secret import Secret
from app.identity import confirmation, factors, pending_sign_ins, setup
from app.identity.models import (
    Account,
    ConsoleCredential,
    ConsolePendingSignIn,
    ConsoleRequest,
    Setup,
)
from app.identity.operations import client_certificates
from app.mail import queue, relay
from app.offsite import client_certificate
from app.operations import repeats

METADATA = SQLModel.metadata
HASH = "5f" * 32
OPENS = {
    "identity_client_bundle": lambda row: client_certificates._purpose(row["certificate"]),
    "identity_console_credential": lambda row: factors.purpose(row["id"]),
    "identity_workspace_credential": lambda row: factors.purpose(row["id"]),
    "identity_console_request": lambda row: confirmation._purpose(row["plane"], row["id"]),
    "identity_workspace_request": lambda row: confirmation._purpose(row["plane"], row["id"]),
    "identity_console_pending_sign_in": lambda row: pending_sign_ins.purpose_of(
        ConsolePendingSignIn(**row)
    ),
    "identity_workspace_pending_sign_in": lambda row: pending_sign_ins.purpose_of(
        ConsolePendingSignIn(**row)
    ),
    "identity_setup": lambda row: setup.NOTES_PURPOSE,
    "mail_message": lambda row: queue.purpose_of(row["id"]),
    "mail_relay": lambda row: relay.PURPOSE,
    "offsite_destination": lambda row: client_certificate.purpose_of(row["id"]),
    "operations_repeat": lambda row: repeats.purpose_of(row["account"], row["key"]),
}
"""Table → what the code opens its sealed column for."""


@pytest.fixture
def ring(appliance):
    return appliance.keyring


def add(database, model, **values):
    with database.write() as session:
        session.connection().execute(insert(model), values)


def add_credentials(appliance, count, first=0):
    for number in range(first, first + count):
        name = f"c{number:03d}"
        add(
            appliance.database, ConsoleCredential, id=name, account="a1", kind="totp", name=name,
            secret=appliance.keyring.seal(factors.purpose(name), Secret(f"secret {number}")),
            state="active", created_at=1,
        )  # fmt: skip


@pytest.fixture
def account(appliance):
    add(appliance.database, Account, id="a1", login_id="a1", name="花子", created_at=1,
        changed_at=1, kind="staff", state="active", language="ja", time_zone="Asia/Tokyo", rev=1,
        may_enrol=False, rights="[]", is_owner=False)  # fmt: skip


def secrets(appliance):
    with appliance.database.read() as session:
        rows = session.connection().execute(
            select(ConsoleCredential.id, ConsoleCredential.secret).order_by(ConsoleCredential.id)
        )
        return {row.id: row.secret for row in rows}


def test_every_declared_purpose_is_the_one_that_the_code_opens_with():
    found = {column.table.name: column for column in sealed_columns(METADATA)}
    assert found.keys() == OPENS.keys()
    for name, column in found.items():
        row = {each.name: "" for each in column.table.columns} | {"id": "x1", "plane": "console"}
        assert column.purpose.format(**row) == OPENS[name](row), name


def test_every_text_is_sealed_anew_and_opens_to_the_same_secret_F13(appliance, account, ring):
    add_credentials(appliance, 7)
    ring.rotate()
    assert left_to_reseal(appliance.database, ring, METADATA) == 7
    assert reseal(appliance.database, ring, METADATA, batch=3) == 7
    assert left_to_reseal(appliance.database, ring, METADATA) == 0
    assert reseal(appliance.database, ring, METADATA) == 0
    for number, (name, secret) in enumerate(secrets(appliance).items()):
        assert secret.startswith(ring.primary)
        assert ring.open(factors.purpose(name), secret).reveal() == f"secret {number}"


def test_every_kind_of_sealed_column_is_reached(appliance, account, ring):
    database = appliance.database
    add_credentials(appliance, 1)
    add(database, ConsoleRequest, id="r1", operation="x", digest="d", account="a1", session="s",
        arguments=ring.seal(confirmation._purpose("console", "r1"), Secret("{}")),
        plane="console", tier=2, state="open", failures=0, created_at=1, expires_at=2,
        decided_at=0, decided_by="")  # fmt: skip
    add(database, Setup, id=1, claim_hash="h", tries_left=3, ticket_hash="", completed_at=0,
        notes=ring.seal(setup.NOTES_PURPOSE, Secret("{}")))  # fmt: skip
    ring.rotate()
    assert reseal(database, ring, METADATA) == 3
    assert left_to_reseal(database, ring, METADATA) == 0


def test_hashes_and_empty_texts_in_the_same_column_stay_what_they_are(appliance, account, ring):
    for name, value in (("h1", HASH), ("e1", ""), ("d1", "12345678.not sealed")):
        add(appliance.database, ConsoleCredential, id=name, account="a1", kind="recovery_code",
            name="", secret=value, state="active", created_at=1)  # fmt: skip
    before = secrets(appliance)
    ring.rotate()
    assert reseal(appliance.database, ring, METADATA) == 0
    assert secrets(appliance) == before


def test_a_rotation_that_was_interrupted_goes_on_with_what_is_left(
    appliance, account, ring, monkeypatch
):
    add_credentials(appliance, 6)
    ring.rotate()
    sealed = rotation._seal_anew
    batches = []

    def stop_after_one(*arguments):
        if batches:
            raise KeyboardInterrupt
        batches.append(1)
        return sealed(*arguments)

    monkeypatch.setattr(rotation, "_seal_anew", stop_after_one)
    with pytest.raises(KeyboardInterrupt):
        reseal(appliance.database, ring, METADATA, batch=2)
    monkeypatch.undo()
    assert left_to_reseal(appliance.database, ring, METADATA) == 4
    assert reseal(appliance.database, ring, METADATA, batch=2) == 4


def test_what_a_person_changes_meanwhile_wins(appliance, account, ring, monkeypatch):
    add_credentials(appliance, 2)
    ring.rotate()
    sealed = rotation._seal_anew
    changed = ring.seal(factors.purpose("c000"), Secret("the new one"))

    def change_first(keyring, found, rows, session):
        session.connection().execute(
            text("UPDATE identity_console_credential SET secret = :s WHERE id = 'c000'"),
            {"s": changed},
        )
        return sealed(keyring, found, rows, session)

    monkeypatch.setattr(rotation, "_seal_anew", change_first)
    assert reseal(appliance.database, ring, METADATA) == 1
    assert secrets(appliance)["c000"] == changed


def test_a_text_that_does_not_open_stops_it_and_what_was_done_stays_F13(appliance, account, ring):
    add_credentials(appliance, 3)
    with appliance.database.write() as session:
        session.connection().exec_driver_sql(
            "UPDATE identity_console_credential SET secret = "
            "(SELECT secret FROM identity_console_credential WHERE id = 'c000') WHERE id = 'c002'"
        )
    ring.rotate()
    with pytest.raises(SealBroken, match="c002"):
        reseal(appliance.database, ring, METADATA, batch=1)
    assert left_to_reseal(appliance.database, ring, METADATA) == 1


def test_the_shape_of_a_sealed_text_is_the_one_that_the_ring_writes(ring):
    for value in ("", "x", "天守" * 100):
        assert re.fullmatch(rotation._SEALED, ring.seal("p", Secret(value)))
