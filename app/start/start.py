"""Start one copy of the appliance in the foreground: prepare, announce, supervise."""

import contextlib
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NoReturn

from app.audit.durable import write_durably
from app.core import lifeline
from app.core.settings import Settings
from app.start import announce, connections, place, programs, supervise
from app.start.prepare import Say, new_claim_code, prepare

ROOT: Final = Path(__file__).parents[2]
"""Where the packages lie; the processes find them by this and by nothing else."""


def start(settings: Settings, *, language: str, as_json: bool, say: Say) -> NoReturn:
    """Prepare, then become the supervisor.

    Raise what `prepare` raises, PortTaken, AddressUnusable or RoleNotAdmitted; then nothing runs.
    """
    prepared = prepare(settings, say)
    place.require_free_ports(settings)
    claim_code = new_claim_code(prepared.appliance)
    addresses = connections.lay_out(settings, prepared.appliance.database)
    prepared.appliance.database.close()
    configuration = settings.run / programs.CONFIGURATION
    write_durably(configuration, programs.render(addresses).encode(), mode=0o600)
    supervisor = os.getpid()
    lifeline.announce_parent()
    _in_a_child(
        lambda: announce.announce(
            prepared, claim_code, language=language, as_json=as_json, supervisor=supervisor
        )
    )
    os.chdir(settings.data)
    # exec: the lock on the data folder stays, and what preparing has loaded goes
    command = [sys.executable, "-P", "-m", supervise.MODULE, str(configuration)]
    found = environment(settings, addresses)
    os.execve(sys.executable, command, found)  # noqa: S606 - our own interpreter


def environment(settings: Settings, addresses: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of supervisor and processes.

    Where the processes have `addresses` of their own, nothing in it leads to the owner's.
    """
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    inherited = {**os.environ, **settings.environment()}
    if addresses:
        inherited = {
            name: value
            for name, value in inherited.items()
            if name != "TENSHU_DATABASE_URL" and not name.startswith("PG")
        }
    return {
        **inherited,
        "TENSHU_PYTHON": sys.executable,
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONUNBUFFERED": "1",
    }


def _in_a_child(work: Callable[[], int]) -> None:
    """Run `work` in a child process that ends with this one."""
    sys.stdout.flush()
    sys.stderr.flush()
    if os.fork():
        return
    code = 1
    try:
        lifeline.die_with_parent()
        # the lock belongs to the supervisor alone; the announcer must not hold it after its death
        os.closerange(3, 1024)
        with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
            code = work()
    finally:
        os._exit(code)
