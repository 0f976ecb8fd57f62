"""What each action of the closed table does: request in, result out."""

import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from appliance.agent.capabilities import capabilities
from appliance.agent.certificates import Certificates
from appliance.agent.disks import DiskActions
from appliance.agent.faults import FaultActions
from appliance.agent.keyboard import Keyboards
from appliance.agent.machine import Machine
from appliance.agent.maintenance import MaintenanceActions
from appliance.agent.patience import READING_SECONDS, Patience
from appliance.agent.power import Power
from appliance.agent.repositories import Repositories
from appliance.agent.runs import Runs
from appliance.agent.volume import VolumeActions
from appliance.backup.borg import Borg
from appliance.backup.borg_json import Listing
from appliance.backup.create import listed
from appliance.backup.delete import size_of
from appliance.backup.manifest import Manifest
from appliance.backup.reporter import Reporter
from appliance.backup.restore import choose, manifest_of
from appliance.book import Opened
from appliance.contract import actions
from appliance.contract.actions import Caller
from appliance.contract.backup_errors import (
    BorgFailed,
    RepositoryDamaged,
    RepositoryReplaced,
)
from appliance.contract.kit import KeyKit
from appliance.contract.runs import Run
from appliance.machine.identity import require_none
from appliance.place import Place

Read = TypeVar("Read")


class Handlers:
    """The actions on one place. A method a line of the table."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._repositories = Repositories(place)
        self._runs = Runs(place)
        self._patience = Patience()
        self.by_name: Final[dict[str, Callable[[Caller, Any], msgspec.Struct]]] = {
            "Capabilities": self._capabilities,
            "CreateRepository": self._create_repository,
            "ConnectRepository": self._connect_repository,
            "ChangeKit": self._change_kit,
            "ListRepositories": self._list_repositories,
            "ListArchives": self._list_archives,
            "ReadCheckpoint": self._read_checkpoint,
            "RunBackup": self._run_backup,
            "RestoreArchive": self._restore_archive,
            "CheckRepository": self._check_repository,
            "ForgetRepository": self._forget_repository,
            "DeleteRepository": self._delete_repository,
            "GetProgress": self._get_progress,
            "ListRuns": self._list_runs,
            "CancelRun": self._cancel_run,
            **Machine(place).by_name,
            **Certificates(place).by_name,
            **MaintenanceActions(place).by_name,
            **DiskActions(place).by_name,
            **FaultActions(place).by_name,
            **VolumeActions(place).by_name,
            **Power(place).by_name,
            **Keyboards(place).by_name,
        }

    def follow(self, request: actions.OfRun, stop: threading.Event) -> Iterator[tuple[Run, bool]]:
        """Yield GetProgress's answers to a call with `more`."""
        return self._runs.follow(request.run, stop)

    def _capabilities(self, _caller: Caller, _request: actions.Nothing) -> actions.CapabilityList:
        return actions.CapabilityList(capabilities=capabilities(self._place))

    def _create_repository(
        self, _caller: Caller, request: actions.CreateRepository
    ) -> actions.Repository:
        return self._repositories.create(request)

    def _connect_repository(
        self, _caller: Caller, request: actions.ConnectRepository
    ) -> actions.Repository:
        return self._repositories.connect(request)

    def _change_kit(self, _caller: Caller, request: actions.ChangeKit) -> actions.Repositories:
        with self._runs.quiet():
            self._repositories.change_kit(request)
        return actions.Repositories(repositories=self._repositories.all())

    def _list_repositories(
        self, _caller: Caller, _request: actions.Nothing
    ) -> actions.Repositories:
        return actions.Repositories(repositories=self._repositories.all())

    def _list_archives(self, _caller: Caller, request: actions.ListArchives) -> actions.Archives:
        opened = self._repositories.open(request.repository)
        with self._patience.reading(opened.repository):
            listing = self._listing(opened)
            stored = size_of(Path(opened.repository.folder))
        every = [listed(archive) for archive in reversed(listing.archives)]
        page = every[request.offset : request.offset + request.limit]
        return actions.Archives(archives=tuple(page), total=len(every), stored_bytes=stored)

    def _read_checkpoint(
        self, _caller: Caller, request: actions.ReadCheckpoint
    ) -> actions.ArchivedCheckpoint:
        opened = self._repositories.open(request.repository)
        with self._patience.reading(opened.repository):
            manifest = self._reading(opened, lambda borg: self._manifest(borg, request.archive))
        return actions.ArchivedCheckpoint(
            archive=manifest.archive,
            at=manifest.created_at,
            size=manifest.sealed.size,
            checkpoint=manifest.sealed.checkpoint,
        )

    def _manifest(self, borg: Borg, wanted: str) -> Manifest:
        archive = choose(borg.listing().archives, wanted or None)
        with tempfile.TemporaryDirectory(prefix="reading-", dir=self._place.own) as into:
            return manifest_of(borg, archive, Path(into))

    def _listing(self, opened: Opened) -> Listing:
        listing = self._reading(opened, Borg.listing)
        if listing.repository.id != opened.repository.borg_id:
            raise RepositoryReplaced(folder=opened.repository.folder)
        return listing

    def _reading(self, opened: Opened, read: Callable[[Borg], Read]) -> Read:
        """Ask the repository itself, without its lock: a page that looks must hinder no run.

        Beside a run, Borg's notes of this copy are ahead of what the repository has committed;
        Borg would take that for an attack. So such a reading gets notes of its own. What a killed
        Borg has left half committed needs the lock, and has it where nothing runs.
        """
        try:
            self._place.own.mkdir(mode=0o700, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix="reading-", dir=self._place.own) as own:
                return read(self._borg(opened, Path(own), unlocked=True))
        except (BorgFailed, RepositoryDamaged):
            if self._runs.active() is not None:
                raise
            return read(self._borg(opened, self._place.borg, unlocked=False))

    def _borg(self, opened: Opened, base: Path, *, unlocked: bool) -> Borg:
        reporter = Reporter(seconds=READING_SECONDS)
        folder = Path(opened.repository.folder)
        return Borg(folder, opened.passphrase, base, reporter, unlocked=unlocked)

    def _run_backup(self, caller: Caller, request: actions.OfRepository) -> Run:
        require_none(self._place)  # a copy must not write into what is another's
        opened = self._repositories.open(request.repository)
        return self._runs.start("RunBackup", opened, caller)

    def _restore_archive(self, caller: Caller, request: actions.RestoreArchive) -> Run:
        opened = self._repositories.open(request.repository)
        KeyKit.from_text(request.kit)  # a typing mistake is told at once
        return self._runs.start("RestoreArchive", opened, caller, request.archive, request.kit)

    def _check_repository(self, caller: Caller, request: actions.OfRepository) -> Run:
        opened = self._repositories.open(request.repository)
        return self._runs.start("CheckRepository", opened, caller)

    def _forget_repository(
        self, _caller: Caller, request: actions.OfRepository
    ) -> actions.Repository:
        with self._runs.none_on(request.repository):
            return self._repositories.forget(request.repository)

    def _delete_repository(self, caller: Caller, request: actions.OfRepository) -> Run:
        opened = self._repositories.open(request.repository)
        return self._runs.start("DeleteRepository", opened, caller)

    def _get_progress(self, _caller: Caller, request: actions.OfRun) -> Run:
        return self._runs.get(request.run)

    def _list_runs(self, _caller: Caller, request: actions.ListRuns) -> actions.Runs:
        runs, total = self._runs.list(request.offset, request.limit)
        return actions.Runs(runs=runs, total=total)

    def _cancel_run(self, _caller: Caller, request: actions.OfRun) -> Run:
        return self._runs.cancel(request.run)
