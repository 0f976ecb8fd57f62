"""On PostgreSQL the worker ships with its own role: it moves cursors, never where anything goes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import ProgrammingError

from app.audit.sealer import Sealer
from app.audit.signing import load_or_make_signer
from app.core import data_folder
from app.core.database import Database
from app.core.keyring import KeyRing
from app.core.settings import load_settings
from app.offsite.kinds import CheckpointFolder, SyslogReceiver
from app.offsite.operations.changing import create_destination
from app.offsite.operations.checking import NewDestination
from app.offsite.operations.showing import list_destinations
from app.offsite.shipping import ship
from app.operations.context import SYSTEM, Appliance, Context
from app.operations.operation import NoRequest
from app.start.keys import SIGNING_KEY
from tests.integration.postgresql import AUDIT, CONSOLE, TEMPLATE, WORKSPACE
from tests.ports import free_port


@pytest.fixture
def roles(tmp_path: Path, postgresql_server) -> Iterator[dict[str, Appliance]]:
    """One appliance as the processes of three roles see it."""
    settings = load_settings({"TENSHU_DATA": str(tmp_path / "data"), "TENSHU_RESERVE": "0"})
    data_folder.make_folders(settings)
    keyring = KeyRing.create(settings.keys)
    name = postgresql_server.create(TEMPLATE)
    databases = {
        role: Database(postgresql_server.url(name, role)) for role in (CONSOLE, WORKSPACE, AUDIT)
    }
    yield {
        role: Appliance(settings, each, keyring, machine="test") for role, each in databases.items()
    }
    for database in databases.values():
        database.close()
    postgresql_server.drop(name)


def seal(appliance: Appliance) -> None:
    settings = appliance.settings
    signer = load_or_make_signer(settings.keys / SIGNING_KEY)
    sealer = Sealer(
        appliance.database, settings.data, settings.sealed_store, signer, machine="test"
    )
    while sealer.turn():
        pass
    sealer.close()


def test_the_worker_ships_fails_and_recovers_and_cannot_send_anything_elsewhere_F4_F5(
    roles: dict[str, Appliance], tmp_path: Path, postgresql_server
) -> None:
    console = Context(roles[CONSOLE], actor=SYSTEM)
    away = SyslogReceiver(host="127.0.0.1", port=free_port(), encryption="none")
    share = tmp_path / "share"
    made = [
        create_destination(console, NewDestination(name="away", syslog=away)),
        create_destination(
            console, NewDestination(name="share", folder=CheckpointFolder(path=str(share)))
        ),
    ]
    seal(roles[AUDIT])
    for one in made:
        ship(roles[WORKSPACE], one.id)
    assert all(one.error for one in list_destinations(console, NoRequest()).items)
    share.mkdir()
    with roles[CONSOLE].database.write() as session:
        session.connection().exec_driver_sql("UPDATE offsite_shipment SET not_before = 0")
    ship(roles[WORKSPACE], made[1].id)
    assert list_destinations(console, NoRequest()).items[1].error == ""
    for statement in (
        "UPDATE offsite_destination SET document = '{}'",
        "UPDATE offsite_shipment SET rev = 9",
        "DELETE FROM offsite_shipment",
    ):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            roles[WORKSPACE].database.write() as session,
        ):
            session.connection().exec_driver_sql(statement)
