"""Where this copy of the appliance lives, as the agent and its long actions see it.

The variables mean what they mean to the faces; these few lines are written twice because the
machine knows nothing of the faces.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Folders and database of one copy."""

    data: Path
    keys: Path
    """Outside `data`; the agent keeps `repositories.json` there, mode 0600."""
    database_url: str
    machine_root: Path | None = None
    """Where the files of the machine that this copy owns begin, `/` in the appliance's image; none
    where it is a guest and sets up no network and no firewall."""

    @property
    def machine(self) -> Path:
        """Versions of the machine's document, and what waits to be confirmed."""
        return self.data / "machine"

    @property
    def run(self) -> Path:
        """Sockets."""
        return self.data / "run"

    @property
    def socket(self) -> Path:
        """The agent's socket."""
        return self.data / "run" / "agent.sock"

    @property
    def own(self) -> Path:
        """What belongs to the agent alone."""
        return self.data / "agent"

    @property
    def runs(self) -> Path:
        """One folder a run."""
        return self.own / "runs"

    @property
    def scratch(self) -> Path:
        """What a backup gathers; on the same disk as the files, so that these are linked."""
        return self.own / "scratch"

    @property
    def borg(self) -> Path:
        """Borg's own configuration, cache and security notes for this copy."""
        return self.own / "borg"

    @property
    def repositories(self) -> Path:
        """Repositories with their passphrases."""
        return self.keys / "repositories.json"

    @property
    def known_repositories(self) -> Path:
        """Repositories that a restored archive names, without passphrases."""
        return self.data / "repositories.json"

    @property
    def deletions(self) -> Path:
        """One file a repository whose deletion has begun: whoever finds half of it may finish."""
        return self.own / "deletions"

    @property
    def restores(self) -> Path:
        """Beside the data folder: each restore asked for on a page gets a folder of its own."""
        return self.data.with_name(self.data.name + ".restored")

    def environment(self) -> dict[str, str]:
        """Return the variables that give a child process this same place."""
        return {
            "TENSHU_DATA": str(self.data),
            "TENSHU_KEYS": str(self.keys),
            "TENSHU_DATABASE_URL": self.database_url,
            **({"TENSHU_MACHINE_ROOT": str(self.machine_root)} if self.machine_root else {}),
        }


def load_place(environ: Mapping[str, str] | None = None) -> Place:
    """Read the place from `TENSHU_DATA`, `TENSHU_KEYS`, `TENSHU_DATABASE_URL`.

    `TENSHU_MACHINE_ROOT` says that the machine is this copy's own.
    """
    environ = os.environ if environ is None else environ
    data = Path(environ.get("TENSHU_DATA") or "var/data").absolute()
    root = environ.get("TENSHU_MACHINE_ROOT")
    return Place(
        machine_root=Path(root).absolute() if root else None,
        data=data,
        keys=Path(environ.get("TENSHU_KEYS") or data.with_name(data.name + ".keys")).absolute(),
        database_url=environ.get("TENSHU_DATABASE_URL") or f"sqlite:///{data / 'tenshu.sqlite'}",
    )
