"""Wait until both planes answer, then say where they are and what to do next."""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Final, TextIO

from app.core.messages import mark, translate
from app.core.secret import Secret
from app.core.settings import Settings
from app.start.knocking import LOOPBACK, answers
from app.start.prepared import Prepared
from appliance.contract.client import AgentClient

PAUSE: Final = 0.05
SLOW_SECONDS: Final = 30.0
"""After this the person is told which process does not answer, and where its log is."""
AGENT_SECONDS: Final = 5.0
"""Patience with the agent, which starts in the background; the pages say where it does not come."""


def address_of(settings: Settings, port: int) -> str:
    """Return the base URL of a plane, as the person at the machine opens it."""
    host = LOOPBACK.get(settings.address, settings.address)
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


def wait_for_planes(
    settings: Settings, supervised: Callable[[], bool], slow: Callable[[list[str]], None]
) -> bool:
    """Return True once both planes answer, False if the supervisor ends before.

    `slow` is told once, after SLOW_SECONDS, which planes do not answer.
    """
    waiting = {"console": settings.console_port, "workspace": settings.workspace_port}
    warn_at = time.monotonic() + SLOW_SECONDS
    while waiting:
        waiting = {name: port for name, port in waiting.items() if not answers(settings, port)}
        if not supervised():
            return False
        if waiting:
            if time.monotonic() > warn_at:
                slow(list(waiting))
                warn_at = float("inf")
            time.sleep(PAUSE)
    return True


def wait_for_agent(settings: Settings, supervised: Callable[[], bool]) -> None:
    """Wait a little until the machine's agent can be asked: who reads the addresses may go on."""
    agent, until = AgentClient(settings.agent_socket), time.monotonic() + AGENT_SECONDS
    while not agent.is_running() and supervised() and time.monotonic() < until:
        time.sleep(PAUSE)


def announce(
    prepared: Prepared, claim_code: Secret | None, *, language: str, as_json: bool, supervisor: int
) -> int:
    """Wait, then print. Return the exit code of the announcing process."""
    settings = prepared.settings

    def slow(planes: list[str]) -> None:
        for plane in planes:
            text = mark("{plane} does not answer yet. Its log: {log}")
            log = settings.logs / f"{plane}.log"
            _print(translate(language, text, plane=plane, log=log), sys.stderr)

    def supervised() -> bool:
        return os.getppid() == supervisor

    if not wait_for_planes(settings, supervised, slow):
        return 1
    wait_for_agent(settings, supervised)
    if as_json:
        _print(json.dumps(describe(prepared, claim_code)), sys.stdout)
    else:
        _print(compose(prepared, claim_code, language), sys.stdout)
    return 0


def describe(prepared: Prepared, claim_code: Secret | None) -> dict[str, str | int | None]:
    """Return what is announced, for programs. The keys are stable."""
    settings = prepared.settings
    return {
        "console": address_of(settings, settings.console_port),
        "workspace": address_of(settings, settings.workspace_port),
        "fingerprint": prepared.fingerprint,
        "authority": str(prepared.authority),
        "claim_code": None if claim_code is None else claim_code.reveal(),
        "data": str(settings.data),
        "supervisor": os.getppid(),
    }


def compose(prepared: Prepared, claim_code: Secret | None, language: str) -> str:
    """Return what is announced, for people."""
    settings = prepared.settings

    def say(text: str, **parameters: object) -> str:
        return translate(language, text, **parameters)

    lines = [
        "",
        say(mark("Tenshu is running.")),
        "",
        f"  {address_of(settings, settings.console_port)}   "
        + say(mark("console, for administrators")),
        f"  {address_of(settings, settings.workspace_port)}   " + say(mark("workspace, for staff")),
        "",
        say(mark("Certificate (SHA-256), to compare with what the browser shows:")),
        *_fingerprint(prepared),
        say(mark("To let browsers trust it, import the authority {path}"), path=prepared.authority),
        "",
        *_claiming(claim_code, language),
        say(mark("Ctrl-C stops everything.")),
    ]
    return "\n".join(lines)


def _fingerprint(prepared: Prepared) -> list[str]:
    return [f"  {prepared.fingerprint[start : start + 48].rstrip(':')}" for start in (0, 48)]


def _claiming(claim_code: Secret | None, language: str) -> list[str]:
    if claim_code is None:
        return []
    return [
        translate(language, mark("Claim code:")) + f"  {claim_code.reveal()}",
        translate(
            language, mark("Open the console and type it to become the first administrator.")
        ),
        translate(language, mark("It is valid once, and until the next start.")),
        "",
    ]


def _print(text: str, stream: TextIO) -> None:
    # ruff's T201 is about forgotten prints; this is the person at the machine being told.
    stream.write(text + "\n")
    stream.flush()
