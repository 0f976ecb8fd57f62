"""What the agent tells the process of a long action, over its standard input or a socket."""

import socket
from pathlib import Path
from typing import Final

import msgspec

from appliance.contract.actions import Repository
from appliance.contract.runs import Run
from appliance.contract.secret import Secret
from appliance.contract.varlink import address_of, read_secret

SECONDS: Final = 20.0
"""In which the agent hands a job over."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One long action."""

    run: Run
    repository: Repository
    lock: int
    """Handle of the run's locked `alive`, inherited or handed over."""
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


def ask_for_job(path: Path) -> Job:
    """Return the job that the agent hands over at a socket, with the lock. Raise OSError."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(SECONDS)
        with address_of(path) as address:
            connection.connect(address)
        _, (lock,), _, _ = socket.recv_fds(connection, 1, 1)
        with connection.makefile("rb") as stream:
            job = read_job(stream.read())
    return msgspec.structs.replace(job, lock=lock)
