"""How each concern is checked before, and told after, its files are in place."""

import logging
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from appliance.contract.configuration.errors import ProgramRefused
from appliance.contract.configuration.unavailable import (
    ConcernUnavailable,
    FilterOutOfReach,
    NoEdgeCertificate,
    NoEdgeProgram,
    NoFilterProgram,
    NoNetworkService,
    NoShellService,
    NoTimeService,
)
from appliance.machine.carrying import carried
from appliance.machine.facts import SYSTEMD
from appliance.machine.kernel_rules import listed_rules
from appliance.machine.kernel_sets import counters, elements_of, load
from appliance.machine.plan.desired import Concern
from appliance.machine.plan.firewall import PATH as RULES
from appliance.machine.probing import edge_generation
from appliance.machine.programs import ask, find, signal_by_file
from appliance.machine.root import Root

LOG: Final = logging.getLogger("appliance.machine")
SSHD_PID: Final = "run/sshd.pid"
"""Of an sshd that obeys our files where there is no systemd."""
EDGE_SECONDS: Final = 5.0
"""For the edge to serve what it was told to: checked before, so it is a matter of moments."""


class Where(msgspec.Struct, frozen=True, kw_only=True):
    """What a concern is checked and told by."""

    root: Root
    run: Path
    """Folder of sockets."""
    certificate: Path
    """The own certificate of the planes, made at their first start."""

    @property
    def systemd(self) -> bool:
        """Whether units can be told: the first process is systemd, and the machine is whole."""
        return SYSTEMD.is_dir() and self.root.path == Path("/")


class Handling(msgspec.Struct, frozen=True, kw_only=True):
    """One concern on the machine."""

    missing: Callable[[Where], ConcernUnavailable | None]
    """Why it cannot be had here; none where it can."""
    check: Callable[[Where, Path], None]
    """Ask the program that reads the files, below another root. Raise ProgramRefused."""
    take_effect: Callable[[Where, int], None]
    """Let what is in place take effect; the number is the version's. Raise ProgramRefused."""


def _no_firewall(where: Where) -> ConcernUnavailable | None:  # noqa: ARG001 - all are asked alike
    if find("nft") is None:
        return NoFilterProgram(place="firewall")
    try:
        ask("nft", "list", "tables")
    except ProgramRefused as error:
        return FilterOutOfReach(place="firewall", said=error.parameters["said"])
    return None


def _check_firewall(where: Where, staged: Path) -> None:  # noqa: ARG001
    ask("nft", "--check", "--file", str(staged / RULES))


def _load_rules(where: Where, version: int) -> None:  # noqa: ARG001
    load(carried(where.root.read(RULES), counters(), elements_of))
    where.root.note_rules(listed_rules())


def _no_edge(where: Where) -> ConcernUnavailable | None:
    if find("nginx") is None:
        return NoEdgeProgram(place="edge")
    return None if where.certificate.exists() else NoEdgeCertificate(place="edge")


def _check_edge(where: Where, staged: Path) -> None:
    for folder in ("run", "var/log/tenshu-edge", "var/lib/nginx"):  # it opens what is in them, too
        (where.root.path / folder).mkdir(parents=True, exist_ok=True)
    whole = str(staged / "etc/nginx/nginx.conf")
    ask("nginx", "-e", "stderr", "-t", "-q", "-p", str(staged), "-c", whole)


def _reload_edge(where: Where, version: int) -> None:
    if where.systemd:
        ask("systemctl", "reload-or-restart", "tenshu-edge.service")
    elif not signal_by_file(where.root.path / "run/nginx.pid", signal.SIGHUP):
        LOG.warning("nginx does not run: it takes what is in place when it starts")
        return
    deadline = time.monotonic() + EDGE_SECONDS
    while edge_generation(where.run) != version:
        if time.monotonic() > deadline:
            raise ProgramRefused(program="nginx", said="it goes on with what it had before")
        time.sleep(0.02)


def _no_network(where: Where) -> ConcernUnavailable | None:
    ours = where.systemd and find("networkctl")
    return None if ours else NoNetworkService(place="network")


def _no_check(where: Where, staged: Path) -> None:
    """Nothing reads these files but the program that obeys them."""


def _reload_network(where: Where, version: int) -> None:  # noqa: ARG001
    ask("networkctl", "reload")


def _nothing(where: Where) -> None:
    """Nothing is missing: these are files that are read by those who go out."""


def _no_effect(where: Where, version: int) -> None:
    """Nobody has to be told: the next connection goes by what is in place."""


def _no_time(where: Where) -> ConcernUnavailable | None:
    return None if where.systemd and find("chronyd") else NoTimeService(place="time")


def _check_time(where: Where, staged: Path) -> None:  # noqa: ARG001
    ask("chronyd", "-p", "-f", str(staged / "etc/chrony/chrony.conf"))


def _restart_time(where: Where, version: int) -> None:  # noqa: ARG001
    ask("systemctl", "restart", "chrony.service")


def _no_ssh(where: Where) -> ConcernUnavailable | None:
    ours = where.systemd or (where.root.path / SSHD_PID).is_file()
    return None if ours and find("sshd") else NoShellService(place="ssh")


def _reload_ssh(where: Where, version: int) -> None:  # noqa: ARG001
    if where.systemd:
        ask("sshd", "-t")
        ask("systemctl", "reload", "ssh.service")
    elif not signal_by_file(where.root.path / SSHD_PID, signal.SIGHUP):
        LOG.warning("sshd does not run: it takes what is in place when it starts")


HANDLING: Final = {
    Concern.FIREWALL: Handling(
        missing=_no_firewall, check=_check_firewall, take_effect=_load_rules
    ),
    Concern.NETWORK: Handling(missing=_no_network, check=_no_check, take_effect=_reload_network),
    Concern.TIME: Handling(missing=_no_time, check=_check_time, take_effect=_restart_time),
    Concern.SSH: Handling(missing=_no_ssh, check=_no_check, take_effect=_reload_ssh),
    Concern.EDGE: Handling(missing=_no_edge, check=_check_edge, take_effect=_reload_edge),
    Concern.OUTGOING: Handling(missing=_nothing, check=_no_check, take_effect=_no_effect),
}
"""In the order in which they take effect (`Concern`)."""
