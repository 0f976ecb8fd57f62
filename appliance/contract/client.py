"""The agent as the console, the jobs and the command line call it.

One connection a call: nothing to keep, nothing to repair after the agent was restarted.
"""

import contextlib
import socket
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from appliance.contract import repository_errors  # noqa: F401 - `rebuild` knows what is imported
from appliance.contract.actions import (
    INTERFACE,
    ArchivedCheckpoint,
    Archives,
    Caller,
    CapabilityList,
    ChangeKit,
    ConnectRepository,
    CreateRepository,
    ListArchives,
    ListRuns,
    Nothing,
    OfRepository,
    OfRun,
    ReadCheckpoint,
    Repositories,
    Repository,
    Request,
    RestoreArchive,
    Runs,
)
from appliance.contract.errors import (
    AgentBroken,
    AgentNotRunning,
    AgentTimedOut,
    MethodUnknown,
    rebuild,
)
from appliance.contract.interface import FAULT
from appliance.contract.kit import KeyKit
from appliance.contract.runs import Run
from appliance.contract.secret import Secret
from appliance.contract.table import TABLE
from appliance.contract.varlink import SERVICE, Messages, address_of, pack

Result = TypeVar("Result", bound=msgspec.Struct)

START_SECONDS: Final = 30
"""A long action only starts within its call."""


class AgentClient:
    """Calls the agent on `socket_path`.

    Every method raises AgentNotRunning, AgentTimedOut, AgentBroken, or the error that the agent
    answered with (`appliance.contract.errors`, `appliance.contract.backup_errors`).
    """

    def __init__(self, socket_path: Path) -> None:
        self._path = socket_path

    def is_running(self) -> bool:
        """Tell whether somebody listens."""
        try:
            self._connect(1).close()
        except AgentNotRunning:
            return False
        return True

    def capabilities(self, caller: Caller) -> CapabilityList:
        """Return what this place can do, and what not and why."""
        return self._call("Capabilities", caller, Nothing(), CapabilityList)

    def create_repository(
        self, caller: Caller, name: str, folder: str, passphrase: Secret, kit_number: str
    ) -> Repository:
        """Make a repository in an empty folder, or take up the one that stands there."""
        request = CreateRepository(
            name=name, folder=folder, passphrase=passphrase, kit_number=kit_number
        )
        return self._call("CreateRepository", caller, request, Repository)

    def create_repository_for(
        self, caller: Caller, name: str, folder: str, kit: KeyKit
    ) -> Repository:
        """Make a repository that `kit` opens; the kit itself is not sent."""
        return self.create_repository(caller, name, folder, kit.borg_passphrase(), kit.number())

    def connect_repository(
        self, caller: Caller, repository: str, folder: str, passphrase: Secret, kit_number: str
    ) -> Repository:
        """Connect a repository that a restored archive names; in its old folder if none is told."""
        request = ConnectRepository(
            repository=repository, folder=folder, passphrase=passphrase, kit_number=kit_number
        )
        return self._call("ConnectRepository", caller, request, Repository)

    def change_kit(self, caller: Caller, kit: KeyKit, ring: bytes) -> Repositories:
        """Let every repository open with `kit`, all or none; `ring` is wrapped for it."""
        request = ChangeKit(
            passphrase=kit.borg_passphrase(), kit_number=kit.number(), ring=ring.decode()
        )
        return self._call("ChangeKit", caller, request, Repositories)

    def repositories(self, caller: Caller) -> Repositories:
        """Return all repositories."""
        return self._call("ListRepositories", caller, Nothing(), Repositories)

    def archives(
        self, caller: Caller, repository: str, offset: int = 0, limit: int = 50
    ) -> Archives:
        """Return a page of a repository's archives, newest first."""
        request = ListArchives(repository=repository, offset=offset, limit=limit)
        return self._call("ListArchives", caller, request, Archives)

    def archived_checkpoint(
        self, caller: Caller, repository: str, archive: str = ""
    ) -> ArchivedCheckpoint:
        """Return the checkpoint of the history that an archive holds; of the newest by default."""
        request = ReadCheckpoint(repository=repository, archive=archive)
        return self._call("ReadCheckpoint", caller, request, ArchivedCheckpoint)

    def run_backup(self, caller: Caller, repository: str) -> Run:
        """Start a backup; return its run."""
        return self._call("RunBackup", caller, OfRepository(repository=repository), Run)

    def restore_archive(self, caller: Caller, repository: str, archive: str, kit: Secret) -> Run:
        """Start a restore into fresh folders beside the data folder; return its run."""
        request = RestoreArchive(repository=repository, archive=archive, kit=kit)
        return self._call("RestoreArchive", caller, request, Run)

    def check_repository(self, caller: Caller, repository: str) -> Run:
        """Start the verification of every byte; return its run."""
        return self._call("CheckRepository", caller, OfRepository(repository=repository), Run)

    def forget_repository(self, caller: Caller, repository: str) -> Repository:
        """Strike a repository off the list; its content stays. Return what was struck off."""
        request = OfRepository(repository=repository)
        return self._call("ForgetRepository", caller, request, Repository)

    def delete_repository(self, caller: Caller, repository: str) -> Run:
        """Start the destruction of a repository with all its archives; return its run."""
        return self._call("DeleteRepository", caller, OfRepository(repository=repository), Run)

    def progress(self, caller: Caller, run: str) -> Run:
        """Return how far a run is."""
        return self._call("GetProgress", caller, OfRun(run=run), Run)

    def follow(self, caller: Caller, run: str) -> Iterator[Run]:
        """Yield a run whenever it moved, at last ended. Raise as the other calls do."""
        return self._exchange("GetProgress", caller, OfRun(run=run), Run, more=True)

    def runs(self, caller: Caller, offset: int = 0, limit: int = 50) -> Runs:
        """Return a page of running and ended long actions, newest first."""
        return self._call("ListRuns", caller, ListRuns(offset=offset, limit=limit), Runs)

    def cancel(self, caller: Caller, run: str) -> Run:
        """Ask a run to end; return it as it stands then."""
        return self._call("CancelRun", caller, OfRun(run=run), Run)

    def _call(self, name: str, caller: Caller, request: Request, result: type[Result]) -> Result:
        with contextlib.closing(self._exchange(name, caller, request, result)) as answers:
            return next(answers)

    def _exchange(
        self,
        name: str,
        caller: Caller,
        request: Request,
        result: type[Result],
        *,
        more: bool = False,
    ) -> Generator[Result]:
        action = TABLE[name]
        seconds = START_SECONDS if action.long else action.timeout
        call: dict[str, Any] = {
            "method": f"{INTERFACE}.{name}",
            "parameters": {"caller": caller, **msgspec.structs.asdict(request)},
        }
        if more:
            call["more"] = True
        data = pack(call)
        with contextlib.closing(self._connect(seconds)) as connection:
            messages = Messages(connection)
            try:
                connection.sendall(data)
                while True:
                    answer = messages.receive()
                    yield _read(answer, result)
                    if not (answer and answer.get("continues")):
                        return
            except TimeoutError:
                raise AgentTimedOut(action=name, seconds=seconds) from None
            except OSError as error:
                raise AgentBroken(reason=str(error)) from None

    def _connect(self, seconds: int) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(seconds)
        try:
            with address_of(self._path) as address:
                connection.connect(address)
        except OSError:
            connection.close()
            raise AgentNotRunning(socket=str(self._path)) from None
        return connection


def _read(answer: dict[str, Any] | None, result: type[Result]) -> Result:
    if answer is None:
        raise AgentBroken(reason="the connection was closed")
    parameters = answer.get("parameters") or {}
    if error := answer.get("error"):
        if error == FAULT:
            raise rebuild(str(parameters.get("code")), dict(parameters.get("parameters") or {}))
        if error == f"{SERVICE}.MethodNotFound":
            raise MethodUnknown(method=str(parameters.get("method")))
        raise AgentBroken(reason=str(error))
    try:
        return msgspec.convert(parameters.get("result"), result)
    except msgspec.ValidationError as problem:
        raise AgentBroken(reason=str(problem)) from None
