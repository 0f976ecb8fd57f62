"""How things stand, gathered all the time, so that whoever looks never waits for what hangs.

Nobody who stands before the screen has signed in: what is shown names no person and no data.
"""

import contextlib
import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import text

from app.audit import search
from app.audit.inspection import read_inspection
from app.console import attention, disk_attention, fault_attention, machine_attention
from app.console.needed import Attention
from app.core import clock, reserve
from app.core.claim_code import read_claim_code
from app.core.errors import TenshuError
from app.core.messages import mark, translate
from app.core.version import version
from app.identity.operations import setup
from app.machine.errors import MachineError
from app.machine.operations import certificates, reading
from app.operations.context import SYSTEM, Appliance, Context, Plane
from app.operations.operation import NoRequest
from app.screen.protocol import Notice, Service, Standing
from app.start.certificates import fingerprint, load_certificate
from app.start.knocking import answers
from appliance.contract.certificates.folder import Folder
from appliance.contract.client import AgentClient
from appliance.contract.configuration import ports
from appliance.contract.configuration.reading import Unreadable, read_document
from appliance.contract.keyboard import chosen

QUICK_SECONDS: Final = 3.0
SLOW_SECONDS: Final = 30.0
"""What the machine's agent has to look up."""
LAST_LOOK_SECONDS: Final = 5.0
"""How long the end waits for a look that has begun; what hangs longer ends with the process."""

log = logging.getLogger("tenshu.screen")


class Slow(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of the agent."""

    names: tuple[str, ...] = ()
    last_backup: int = 0
    fingerprint: str = ""
    found: tuple[Attention, ...] = ()


class Watching:
    """Knows how things stood a moment ago."""

    def __init__(self, appliance: Appliance, claim_code: Path) -> None:
        self._appliance, self._claim_code = appliance, claim_code
        self._slow, self._quick = (
            Slow(),
            Standing(at=0, version=version(), console_port=0, workspace_port=0),
        )
        self._stop = threading.Event()
        self._looking: list[threading.Thread] = []

    def start(self) -> None:
        """Look once at what is near, then go on beside."""
        self._look_near()
        for pause, look in ((QUICK_SECONDS, self._look_near), (SLOW_SECONDS, self._look_far)):
            thread = threading.Thread(target=self._go_on, args=(pause, look), daemon=True)
            thread.start()
            self._looking.append(thread)

    def stop(self) -> None:
        """Look no more: what is looked at, the database too, may be closed then."""
        self._stop.set()
        until = time.monotonic() + LAST_LOOK_SECONDS
        for thread in self._looking:
            thread.join(max(until - time.monotonic(), 0))

    def told(self, language: str) -> Standing:
        """Return how things stood at the last look."""
        slow = self._slow
        return msgspec.structs.replace(
            self._quick,
            names=slow.names,
            last_backup=slow.last_backup,
            fingerprint=slow.fingerprint or self._quick.fingerprint,
            notices=tuple(_notice(language, one) for one in slow.found),
        )

    def _go_on(self, pause: float, look: Callable[[], None]) -> None:
        while True:
            try:
                look()
            except Exception:  # a screen that stands still is worse than one that knows less
                log.exception("how things stand is not known")
            if self._stop.wait(pause):
                return

    def _look_near(self) -> None:
        self._quick = near(self._appliance, self._claim_code)

    def _look_far(self) -> None:
        self._slow = far(self._appliance)


def _notice(language: str, one: Attention) -> Notice:
    text = translate(language, one.title, **one.parameters)
    if one.told_whole:
        remedy = translate(language, one.text, **one.parameters)
        text = translate(language, mark("{what}. {remedy}"), what=text, remedy=remedy)
    return Notice(kind=one.kind, text=text, urgent=one.told_whole)


def near(appliance: Appliance, claim_code: Path) -> Standing:
    """Return what this process sees by itself."""
    settings = appliance.settings
    found = _of_database(appliance, claim_code)
    planes = (("console", settings.console_port), ("workspace", settings.workspace_port))
    services = [Service(name=name, answers=answers(settings, port)) for name, port in planes]
    services.append(Service(name="database", answers=found is not None))
    agent = AgentClient(settings.agent_socket).is_running()
    services.append(Service(name="agent", answers=agent))
    disk = _disk(settings.data)
    inspected = read_inspection(settings.sealed_store).latest
    return Standing(
        at=clock.now(),
        version=version(),
        console_port=settings.console_port,
        workspace_port=ports.WORKSPACE_PORT if settings.edge else settings.workspace_port,
        fingerprint=_own_fingerprint(settings.data),
        services=tuple(services),
        keyboard=chosen(settings.data),
        disk_free=disk[0],
        disk_size=disk[1],
        history=str(inspected.state.value) if inspected else "",
        **(found or {}),
    )


def far(appliance: Appliance) -> Slow:
    """Return what the machine's agent knows."""
    context = Context(appliance, actor=SYSTEM, plane=Plane.LOCAL)
    last = attention.last_backup(context)
    return Slow(
        names=tuple(_names(context)),
        last_backup=last or 0,
        fingerprint=_shown_fingerprint(context),
        found=tuple(_attention(context, last)),
    )


def _of_database(appliance: Appliance, claim_code: Path) -> dict[str, Any] | None:
    """Return what the database knows; None where it does not answer."""
    context = Context(appliance, actor=SYSTEM, plane=Plane.LOCAL)
    try:
        with appliance.database.read() as session:
            session.connection().execute(text("SELECT 1"))
        needed = setup.status(context, NoRequest()).needed
        behind = search.lag(appliance.database)
    except Exception as error:  # noqa: BLE001 - whatever it is, it does not answer
        log.warning("the database does not answer: %s", error)
        return None
    return {
        "claimed": not needed,
        "claim_code": read_claim_code(claim_code) if needed else "",
        "unsealed": behind.unsealed,
        "seal_behind": behind.oldest,
    }


def _disk(data: Path) -> tuple[int, int]:
    try:
        usage = shutil.disk_usage(data)
    except OSError:
        return 0, 0
    return usage.free, usage.total


def _own_fingerprint(data: Path) -> str:
    found = load_certificate(Folder(data).own.chain)
    return _plain(fingerprint(found)) if found else ""


def _plain(shown: str) -> str:
    return shown.replace(":", "").upper()


def _names(context: Context) -> Iterator[str]:
    try:
        document = read_document(reading.read_configuration(context, NoRequest()).document)
    except (MachineError, Unreadable):
        return
    yield from document.edge.names


def _shown_fingerprint(context: Context) -> str:
    try:
        found = certificates.list_certificates(context, NoRequest())
    except MachineError:
        return ""
    shown = {one.plane: one.shown for one in found.planes}.get("console", "")
    return next((_plain(one.fingerprint) for one in found.items if one.name == shown), "")


def _attention(context: Context, last_backup: int | None) -> Iterator[Attention]:
    """Yield what of the machine needs somebody; nothing that names a person."""
    if reserve.state(context.appliance.settings).state is not reserve.State.KEPT:
        yield Attention(
            kind="danger",
            title=mark("The disk is full"),
            text="",
            href="",
            action="",
        )
    for look in (
        fault_attention.fault_attention,
        machine_attention.link_attention,
        machine_attention.certificate_attention,
        machine_attention.recording_attention,
        disk_attention.system_attention,
        disk_attention.volume_attention,
    ):
        with contextlib.suppress(TenshuError):
            yield from look(context)
    yield from attention.backup_attention(context, last_backup)
