"""What the agent tells the process of a long action, over its standard input."""

from pathlib import Path

import msgspec

from appliance.contract.actions import Repository
from appliance.contract.runs import Run
from appliance.contract.secret import Secret
from appliance.contract.varlink import read_secret


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One long action."""

    run: Run
    repository: Repository
    lock: int
    """Handle of the run's locked `alive`, inherited."""
    passphrase: Secret
    """The repository's passphrase for Borg."""
    kit: Secret
    """The key kit for a restore; empty otherwise."""

    @property
    def folder(self) -> Path:
        """The repository's folder."""
        return Path(self.repository.folder)


def read_job(data: bytes) -> Job:
    """Return the job that `appliance.contract.varlink.encode` wrote."""
    return msgspec.json.decode(data, type=Job, dec_hook=read_secret)
