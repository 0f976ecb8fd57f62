"""The closed table of what the machine does when asked: the whole privileged surface.

An action is a typed request and a typed result, the permission that the asking side must have
checked, a risk tier, a timeout and the verb of its audit event. Nothing else can be called.
"""

from typing import Final

from appliance.contract.action import Action, Tier
from appliance.contract.actions import (
    ArchivedCheckpoint,
    Archives,
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
from appliance.contract.certificates.table import ACTIONS as CERTIFICATE_ACTIONS
from appliance.contract.configuration.table import ACTIONS as MACHINE_ACTIONS
from appliance.contract.disks.table import ACTIONS as DISK_ACTIONS
from appliance.contract.faults.table import ACTIONS as FAULT_ACTIONS
from appliance.contract.keyboard_table import ACTIONS as KEYBOARD_ACTIONS
from appliance.contract.maintenance.table import ACTIONS as MAINTENANCE_ACTIONS
from appliance.contract.power import ACTIONS as POWER_ACTIONS
from appliance.contract.runs import Run
from appliance.contract.volume.table import ACTIONS as VOLUME_ACTIONS

TABLE: Final[dict[str, Action]] = {
    action.name: action
    for action in (
        Action(
            name="Capabilities",
            request=Nothing,
            result=CapabilityList,
            permission="backups.view",
            tier=Tier.READ,
            timeout=30,
            verb="",
            says="Tell what this place can do, and what not and why",
        ),
        Action(
            name="CreateRepository",
            request=CreateRepository,
            result=Repository,
            permission="backups.manage",
            tier=Tier.REVERSIBLE,
            timeout=120,
            verb="backups.repository.create",
            says="Make an encrypted repository in a folder, or take up one that stands there",
        ),
        Action(
            name="ConnectRepository",
            request=ConnectRepository,
            result=Repository,
            permission="backups.manage",
            tier=Tier.REVERSIBLE,
            timeout=120,
            verb="backups.repository.connect",
            says="Connect a repository that is known from a restored archive",
        ),
        Action(
            name="ChangeKit",
            request=ChangeKit,
            result=Repositories,
            permission="backups.manage",
            tier=Tier.DANGEROUS,
            timeout=600,
            verb="backups.kit.change",
            says="Let every repository open with a new kit, and not with the one before",
        ),
        Action(
            name="ListRepositories",
            request=Nothing,
            result=Repositories,
            permission="backups.view",
            tier=Tier.READ,
            timeout=30,
            verb="",
            says="List the repositories",
        ),
        Action(
            name="ListArchives",
            request=ListArchives,
            result=Archives,
            permission="backups.view",
            tier=Tier.READ,
            timeout=120,
            verb="",
            says="List the archives of a repository, newest first",
        ),
        Action(
            name="ReadCheckpoint",
            request=ReadCheckpoint,
            result=ArchivedCheckpoint,
            permission="backups.view",
            tier=Tier.READ,
            timeout=120,
            verb="",
            says="Tell the checkpoint of the history that an archive holds",
        ),
        Action(
            name="RunBackup",
            request=OfRepository,
            result=Run,
            permission="backups.run",
            tier=Tier.REVERSIBLE,
            timeout=12 * 3600,
            verb="backups.run",
            says="Back up the whole appliance into a repository",
            long=True,
        ),
        Action(
            name="RestoreArchive",
            request=RestoreArchive,
            result=Run,
            permission="backups.manage",
            tier=Tier.DANGEROUS,
            timeout=12 * 3600,
            verb="backups.restore",
            says="Restore an archive into a fresh data folder beside this one",
            long=True,
        ),
        Action(
            name="CheckRepository",
            request=OfRepository,
            result=Run,
            permission="backups.run",
            tier=Tier.REVERSIBLE,
            timeout=24 * 3600,
            verb="backups.repository.check",
            says="Read and verify every byte of a repository",
            long=True,
        ),
        Action(
            name="ForgetRepository",
            request=OfRepository,
            result=Repository,
            permission="backups.manage",
            tier=Tier.DANGEROUS,
            timeout=30,
            verb="backups.repository.forget",
            says="Strike a repository off the list; its content stays where it is",
        ),
        Action(
            name="DeleteRepository",
            request=OfRepository,
            result=Run,
            permission="backups.manage",
            tier=Tier.IRREVERSIBLE,
            timeout=4 * 3600,
            verb="backups.repository.delete",
            says="Destroy a repository with all its archives",
            long=True,
        ),
        Action(
            name="GetProgress",
            request=OfRun,
            result=Run,
            permission="backups.view",
            tier=Tier.READ,
            timeout=30,
            verb="",
            says="Tell how far a run is; with more, tell it again whenever it changed, to its end",
            follows=True,
        ),
        Action(
            name="ListRuns",
            request=ListRuns,
            result=Runs,
            permission="backups.view",
            tier=Tier.READ,
            timeout=30,
            verb="",
            says="List running and ended long actions, newest first",
        ),
        Action(
            name="CancelRun",
            request=OfRun,
            result=Run,
            permission="backups.run",
            tier=Tier.REVERSIBLE,
            timeout=60,
            verb="backups.cancel",
            says="Ask a run to end; what it did so far is undone",
        ),
        *MACHINE_ACTIONS,
        *CERTIFICATE_ACTIONS,
        *MAINTENANCE_ACTIONS,
        *DISK_ACTIONS,
        *FAULT_ACTIONS,
        *VOLUME_ACTIONS,
        *POWER_ACTIONS,
        *KEYBOARD_ACTIONS,
    )
}
"""Every action by its name. A new one is a line here and a function in `appliance.agent`."""
