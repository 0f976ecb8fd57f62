"""The agent's actions on repositories and runs, as console and command line call them."""

from collections.abc import Iterator

from appliance.contract.actions import (
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
    RestoreArchive,
    Runs,
)
from appliance.contract.calling import Calling
from appliance.contract.kit import KeyKit
from appliance.contract.runs import Run
from appliance.contract.secret import Secret


class AgentClient(Calling):
    """Calls the agent on `socket_path`.

    Every method raises AgentNotRunning, AgentTimedOut, AgentBroken, or the error that the agent
    answered with (`appliance.contract.errors`, `appliance.contract.backup_errors`).
    """

    def capabilities(self, caller: Caller) -> CapabilityList:
        """Return what this place can do, and what not and why."""
        return self.call("Capabilities", caller, Nothing(), CapabilityList)

    def create_repository(
        self, caller: Caller, name: str, folder: str, passphrase: Secret, kit_number: str
    ) -> Repository:
        """Make a repository in an empty folder, or take up the one that stands there."""
        request = CreateRepository(
            name=name, folder=folder, passphrase=passphrase, kit_number=kit_number
        )
        return self.call("CreateRepository", caller, request, Repository)

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
        return self.call("ConnectRepository", caller, request, Repository)

    def change_kit(self, caller: Caller, kit: KeyKit, ring: bytes) -> Repositories:
        """Let every repository open with `kit`, all or none; `ring` is wrapped for it."""
        request = ChangeKit(
            passphrase=kit.borg_passphrase(), kit_number=kit.number(), ring=ring.decode()
        )
        return self.call("ChangeKit", caller, request, Repositories)

    def repositories(self, caller: Caller) -> Repositories:
        """Return all repositories."""
        return self.call("ListRepositories", caller, Nothing(), Repositories)

    def archives(
        self, caller: Caller, repository: str, offset: int = 0, limit: int = 50
    ) -> Archives:
        """Return a page of a repository's archives, newest first."""
        request = ListArchives(repository=repository, offset=offset, limit=limit)
        return self.call("ListArchives", caller, request, Archives)

    def archived_checkpoint(
        self, caller: Caller, repository: str, archive: str = ""
    ) -> ArchivedCheckpoint:
        """Return the checkpoint of the history that an archive holds; of the newest by default."""
        request = ReadCheckpoint(repository=repository, archive=archive)
        return self.call("ReadCheckpoint", caller, request, ArchivedCheckpoint)

    def run_backup(self, caller: Caller, repository: str) -> Run:
        """Start a backup; return its run."""
        return self.call("RunBackup", caller, OfRepository(repository=repository), Run)

    def restore_archive(self, caller: Caller, repository: str, archive: str, kit: Secret) -> Run:
        """Start a restore into fresh folders beside the data folder; return its run."""
        request = RestoreArchive(repository=repository, archive=archive, kit=kit)
        return self.call("RestoreArchive", caller, request, Run)

    def check_repository(self, caller: Caller, repository: str) -> Run:
        """Start the verification of every byte; return its run."""
        return self.call("CheckRepository", caller, OfRepository(repository=repository), Run)

    def forget_repository(self, caller: Caller, repository: str) -> Repository:
        """Strike a repository off the list; its content stays. Return what was struck off."""
        request = OfRepository(repository=repository)
        return self.call("ForgetRepository", caller, request, Repository)

    def delete_repository(self, caller: Caller, repository: str) -> Run:
        """Start the destruction of a repository with all its archives; return its run."""
        return self.call("DeleteRepository", caller, OfRepository(repository=repository), Run)

    def progress(self, caller: Caller, run: str) -> Run:
        """Return how far a run is."""
        return self.call("GetProgress", caller, OfRun(run=run), Run)

    def follow(self, caller: Caller, run: str) -> Iterator[Run]:
        """Yield a run whenever it moved, at last ended. Raise as the other calls do."""
        return self.exchange("GetProgress", caller, OfRun(run=run), Run, more=True)

    def runs(self, caller: Caller, offset: int = 0, limit: int = 50) -> Runs:
        """Return a page of running and ended long actions, newest first."""
        return self.call("ListRuns", caller, ListRuns(offset=offset, limit=limit), Runs)

    def cancel(self, caller: Caller, run: str) -> Run:
        """Ask a run to end; return it as it stands then."""
        return self.call("CancelRun", caller, OfRun(run=run), Run)
