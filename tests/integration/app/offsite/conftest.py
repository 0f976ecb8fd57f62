"""An appliance whose history is sealed, a real rsyslog, and a way to set destinations up."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from app.audit.sealer import Sealer
from app.audit.signing import load_or_make_signer
from app.core.secret import Secret
from app.offsite.kinds import CheckpointFolder, SyslogReceiver
from app.offsite.operations.changing import create_destination
from app.offsite.operations.checking import NewDestination
from app.offsite.operations.showing import DestinationView, list_destinations
from app.operations.context import SYSTEM, Appliance, Context
from app.operations.operation import NoRequest, operation, registered
from app.operations.permissions import Permission
from app.start.keys import SIGNING_KEY
from tests.integration.authority import Authority
from tests.integration.rsyslog import Rsyslog, running_rsyslog


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def rsyslog_server(authority: Authority) -> Iterator[Rsyslog]:
    with running_rsyslog(authority) as running:
        yield running


@pytest.fixture
def rsyslog(rsyslog_server: Rsyslog) -> Iterator[Rsyslog]:
    """The receiver with nothing received yet."""
    yield rsyslog_server
    rsyslog_server.forget()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Authority:
    """Another authority, that nobody trusts."""
    return Authority(tmp_path / "elsewhere", "Somebody else")


class Note(msgspec.Struct, frozen=True):
    name: str = "花子"


@pytest.fixture
def system(appliance: Appliance) -> Context:
    return Context(appliance, actor=SYSTEM, language="ja")


class Desk:
    """Writes history, seals it, and sets destinations up."""

    def __init__(self, system: Context) -> None:
        self.system = system
        appliance = system.appliance
        settings = appliance.settings
        self.sealer = Sealer(
            appliance.database, settings.data, settings.sealed_store,
            load_or_make_signer(settings.keys / SIGNING_KEY), machine="test",
        )  # fmt: skip

    def write(self, count: int = 1, name: str = "花子") -> int:
        """Let that many things happen; return how many events are sealed then."""
        for _ in range(count):
            registered()["test.happen"](self.system, Note(name))
        while self.sealer.turn():
            pass
        return self.list().size

    def list(self):
        return list_destinations(self.system, NoRequest())

    def one(self, identifier: str) -> DestinationView:
        return next(one for one in self.list().items if one.id == identifier)

    def syslog(
        self, port: int, *, from_beginning: bool = True, key: str | None = None, **told: object
    ) -> str:
        """Set a receiver up; return its identifier."""
        new = NewDestination(
            name=f"syslog {port}",
            syslog=SyslogReceiver(host="127.0.0.1", port=port, **told),
            client_key=None if key is None else Secret(key),
            from_beginning=from_beginning,
        )
        made = create_destination(self.system, new).id
        self.write(0)
        return made

    def folder(self, path: object) -> str:
        target = CheckpointFolder(path=str(path))
        new = NewDestination(name=f"folder {str(path)[-40:]}", folder=target)
        made = create_destination(self.system, new).id
        self.write(0)
        return made


@pytest.fixture
def desk(system: Context) -> Iterator[Desk]:
    registered().pop("test.happen", None)

    @operation("test.happen", permission=Permission.SETTINGS_MANAGE)
    def happen(context: Context, request: Note) -> None:
        """Something happens."""
        context.event.about("thing", "one", request.name)

    made = Desk(system)
    yield made
    made.sealer.close()
    registered().pop("test.happen", None)
