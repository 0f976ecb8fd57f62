"""A full disk locks nobody out: the reserve carries sign-in, audit and cleaning (S8).

On a real volume of 40 MiB with a reserve of 8 MiB; a change needs 4 MiB free to start.
"""

import json

import msgspec
import pytest
from sqlalchemy import delete, text

from app.audit.models import OutboxEvent
from app.core import data_folder, reserve
from app.core.database import Database
from app.core.database_errors import DiskFull
from app.core.keyring import KeyRing
from app.core.reserve import ReserveSpent, State
from app.core.settings import load_settings
from app.migrations.migrate import migrate
from app.operations import operation as operation_module
from app.operations.context import Appliance, Context
from app.operations.operation import Effect, NoRequest, operation
from app.operations.permissions import Permission
from tests.small_volume import MEBIBYTE, fill, small_volume

__all__ = ["small_volume"]


class Body(msgspec.Struct):
    """What a note says."""

    size: int
    """Bytes."""


def note(context: Context, request: Body) -> None:
    """Write a note."""
    connection = context.session.connection()
    connection.execute(text("INSERT INTO notes VALUES (:body)"), {"body": "x" * request.size})


def clean(context: Context, request: NoRequest) -> None:
    """Delete one note: cleaning takes portions that are smaller than the reserve."""
    context.session.connection().exec_driver_sql(
        "DELETE FROM notes WHERE rowid = (SELECT min(rowid) FROM notes)"
    )


@pytest.fixture
def appliance(small_volume):
    settings = load_settings({"TENSHU_DATA": str(small_volume / "data"), "TENSHU_RESERVE": "8"})
    data_folder.make_folders(settings)
    database = Database(settings.database_url)
    migrate(database)
    with database.write() as session:
        session.connection().exec_driver_sql("CREATE TABLE notes (body text)")
    assert reserve.take_back(settings)
    yield Appliance(settings, database, KeyRing.create(settings.keys), machine="test")
    database.close()


@pytest.fixture
def context(appliance):
    return Context(appliance)


@pytest.fixture
def change(monkeypatch):
    monkeypatch.setattr(operation_module, "_registry", {})
    return operation("notes.write", permission=Permission.ANYBODY)(note)


@pytest.fixture
def sign_in(monkeypatch):
    monkeypatch.setattr(operation_module, "_registry", {})
    return operation("sign_in", permission=Permission.ANYBODY, in_reserve=True)(note)


@pytest.fixture
def cleaning(monkeypatch):
    monkeypatch.setattr(operation_module, "_registry", {})
    return operation("notes.clean", permission=Permission.ANYBODY, in_reserve=True)(clean)


def events(appliance):
    with appliance.database.read() as session:
        found = session.connection().exec_driver_sql("SELECT content FROM audit_outbox ORDER BY id")
        contents = [json.loads(content) for content in found.scalars()]
    return [(each["verb"], each["outcome"], each.get("error", "")) for each in contents]


def notes(appliance):
    with appliance.database.read() as session:
        return session.connection().exec_driver_sql("SELECT count(*) FROM notes").scalar_one()


def states(appliance):
    return reserve.state(appliance.settings).state


def test_on_a_full_disk_a_change_is_refused_and_its_event_is_not_lost_S8(
    small_volume, appliance, context, change
):
    fill(small_volume)
    with pytest.raises(DiskFull) as full:
        change(context, Body(10))
    assert "reserve" in full.value.hint
    assert notes(appliance) == 0
    assert events(appliance) == [("notes.write", "failed", "database.disk_full")]
    assert states(appliance) is State.RELEASED


def test_sign_in_works_through_the_reserve_while_other_changes_wait_S8(
    small_volume, appliance, context, change, sign_in
):
    fill(small_volume)
    for _ in range(20):
        sign_in(context, Body(10_000))
    assert states(appliance) is State.RELEASED
    assert reserve.state(appliance.settings).free > 4 * MEBIBYTE
    with pytest.raises(DiskFull):
        change(context, Body(10))
    assert notes(appliance) == 20
    assert events(appliance) == [
        *[("sign_in", "done", "")] * 20,
        ("notes.write", "failed", "database.disk_full"),
    ]


def test_what_only_reveals_is_shown_on_a_full_disk_and_leaves_its_event_F5(
    small_volume, appliance, context, monkeypatch
):
    monkeypatch.setattr(operation_module, "_registry", {})

    def look(context: Context, request: NoRequest) -> str:
        """Look."""
        return "seen"

    reveal = operation("notes.export", permission=Permission.ANYBODY, effect=Effect.REVEAL)(look)
    fill(small_volume)
    assert reveal(context, NoRequest()) == "seen"
    assert events(appliance) == [("notes.export", "done", "")]


def test_nothing_outside_the_database_is_begun_that_could_not_be_written_down(
    small_volume, context, monkeypatch
):
    monkeypatch.setattr(operation_module, "_registry", {})
    reached = []
    begin = operation(
        "outside.begin", permission=Permission.ANYBODY, ahead=lambda *_: reached.append(1)
    )(note)
    begin(context, Body(1))
    assert reached == [1]
    fill(small_volume)
    with pytest.raises(DiskFull):
        begin(context, Body(1))
    assert reached == [1]


def test_a_change_that_fills_the_disk_in_its_middle_leaves_nothing_half_done(
    appliance, context, change
):
    with pytest.raises(DiskFull):
        change(context, Body(35 * MEBIBYTE))
    assert notes(appliance) == 0
    assert events(appliance) == [("notes.write", "failed", "database.disk_full")]
    change(context, Body(10))  # what the broken change had taken came back
    assert notes(appliance) == 1
    assert states(appliance) is State.KEPT


def test_when_the_reserve_is_spent_it_says_so_S8(small_volume, appliance, context, sign_in, caplog):
    fill(small_volume)
    sign_in(context, Body(10))
    fill(small_volume)
    with pytest.raises(ReserveSpent) as spent:
        for _ in range(2000):
            sign_in(context, Body(100_000))
    assert "spent" in str(spent.value)
    assert states(appliance) is State.SPENT
    assert "not recorded (database.reserve_spent): sign_in failed" in caplog.text


def test_a_change_larger_than_the_reserve_is_refused_whole(
    small_volume, appliance, context, sign_in
):
    fill(small_volume)
    with pytest.raises(ReserveSpent):
        sign_in(context, Body(20 * MEBIBYTE))
    assert notes(appliance) == 0


def test_without_a_reserve_a_full_disk_is_just_full(small_volume, appliance, sign_in, caplog):
    without = msgspec.structs.replace(appliance.settings, reserve_bytes=0)
    reserve.release(appliance.settings)
    bare = Context(Appliance(without, appliance.database, appliance.keyring))
    fill(small_volume)
    with pytest.raises(DiskFull) as full:
        sign_in(bare, Body(MEBIBYTE))
    assert type(full.value) is DiskFull


def test_when_space_is_there_again_the_reserve_comes_back_with_the_next_change_S8(
    small_volume, appliance, context, change
):
    filler = fill(small_volume)
    with pytest.raises(DiskFull):
        change(context, Body(10))
    filler.unlink()
    change(context, Body(10))
    assert states(appliance) is State.KEPT
    assert notes(appliance) == 1


def test_after_cleaning_the_database_gives_the_space_back_and_changes_go_on_S8(
    small_volume, appliance, context, change, cleaning
):
    for _ in range(4):
        change(context, Body(4 * MEBIBYTE))
    appliance.database.shrink()
    fill(small_volume)
    with pytest.raises(DiskFull):
        change(context, Body(10))
    for _ in range(4):
        cleaning(context, NoRequest())
    change(context, Body(10))
    assert notes(appliance) == 1
    assert states(appliance) is State.KEPT


def test_the_outbox_itself_can_be_emptied_on_a_full_disk_METI_18(small_volume, appliance, sign_in):
    context = Context(appliance)
    fill(small_volume)
    sign_in(context, Body(10))
    with appliance.database.write() as session:
        session.connection().execute(delete(OutboxEvent))
    assert events(appliance) == []
