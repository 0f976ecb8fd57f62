"""A long action as a systemd unit of its own, `tenshu-job@RUN.service`, with limits of its own.

The unit's process asks for its job over a socket in the run's folder, which only root enters: it
gets the run's lock, so that it lives for everybody who looks from the first moment on, and the job
with its secrets, which stand on no disk and on no command line.
"""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from appliance.agent.peer import ROOT_USER, peer_of
from appliance.backup.job import Job
from appliance.contract.configuration.errors import ProgramRefused
from appliance.contract.errors import ActionUnavailable
from appliance.contract.varlink import address_of, encode
from appliance.machine.programs import ask
from appliance.records import JOB_SOCKET, Record

SECONDS: Final = 20.0
"""In which the unit must have asked for its job."""


def unit(run: str) -> str:
    """Return the unit of a run."""
    return f"tenshu-job@{run}.service"


def start(record: Record, job: Job) -> None:
    """Start a run's unit and hand its job over. Raise ActionUnavailable, OSError."""
    with _listening(record.folder / JOB_SOCKET) as listener:
        try:
            ask("systemctl", "start", "--no-block", unit(job.run.id))
            hand_over(listener, job)
        except (ProgramRefused, TimeoutError) as error:
            raise ActionUnavailable(reason=f"{unit(job.run.id)} does not start. {error}") from error


def hand_over(listener: socket.socket, job: Job) -> None:
    """Give the job to the first process of root that asks. Raise OSError."""
    while True:
        connection, _ = listener.accept()
        with connection:
            if peer_of(connection).uid == ROOT_USER:
                socket.send_fds(connection, [b"\n"], [job.lock])
                connection.sendall(encode(msgspec.structs.replace(job, lock=-1)))
                return


@contextlib.contextmanager
def _listening(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        with address_of(path) as address:
            listener.bind(address)
        listener.listen(1)
        listener.settimeout(SECONDS)
        try:
            yield listener
        finally:
            path.unlink(missing_ok=True)
