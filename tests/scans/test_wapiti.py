"""wapiti walks both planes for a fixed time and tries what it finds (V3, V4, V5, V9)."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from app.operations.context import Plane
from tests.scans.people import PLANES, Inhabited
from tests.scans.planted import serve, vulnerable
from tests.scans.scanner import program, run, told

PARTS = (
    "sql",
    "xss,permanentxss",  # the second looks for what the first has left
    "redirect",
    "exec",
    "file",
    "crlf,csp,cookieflags,http_headers",
)
"""Modules that ask nobody but the target, in the parts of the long form."""
MODULES = "sql,xss,permanentxss,exec,file,crlf,redirect,csp,cookieflags,http_headers"
"""Those of the short form."""
ENDS_THE_SCAN = ("/sign-out", "/account/*", "/session", "/language")
PAGES = {Plane.CONSOLE: 10, Plane.WORKSPACE: 5}
"""At least so many must be walked."""


FELL_OVER = "database is locked"
"""wapiti's own notebook, when the end of a module's time meets a write of it."""


def wapiti(
    address: str, folder: Path, *options: str, walk: int, attack: int, modules: str = MODULES
) -> tuple[subprocess.CompletedProcess[str], dict]:
    """Run the scan, and anew from the start where the scanner fell over its own notebook."""
    report = folder / "report.json"
    nowhere = "http://127.0.0.1:9/"
    for attempt in ("first", "second", "third"):
        own = folder / attempt
        done = run(
            [
                program("wapiti"),
                *("-u", f"{address}/", "--scope", "folder", "-m", modules, "--flush-session"),
                *("--max-scan-time", str(walk), "--max-attack-time", str(attack), "-t", "10"),
                *("--endpoint", nowhere, "--dns-endpoint", "localhost", "--no-bugreport"),
                *("-f", "json", "-o", str(report)),
                *("--store-session", str(own / "session"), "--store-config", str(own / "config")),
                *options,
            ],
            folder,
            seconds=walk + len(modules.split(",")) * attack + 120,
        )
        if report.exists() or FELL_OVER not in done.stdout + done.stderr:
            break
    assert report.exists(), told(done)
    return done, json.loads(report.read_text())


def found(report: dict) -> dict[str, list[str]]:
    return {
        kind: [f"{each['method']} {each['path']} {each['parameter']}" for each in cases]
        for kind, cases in (report["vulnerabilities"] | report["anomalies"]).items()
        if cases
    }


def walk_through(
    inhabited: Inhabited, plane: Plane, folder: Path, modules: str, *, walk: int, attack: int
) -> None:
    copy = inhabited.copy
    base = copy.console if plane is Plane.CONSOLE else copy.workspace
    cookie = inhabited.sign_in(plane)
    done, report = wapiti(
        base,
        folder,
        *("-C", cookie, "-H", f"Origin: {base}"),
        *("-H", "Sec-Fetch-Site: same-origin"),  # as a page of ours, else every form is refused
        *(option for path in ENDS_THE_SCAN for option in ("-x", f"{base}{path}")),
        walk=walk,
        attack=attack,
        modules=modules,
    )
    assert found(report) == {}, told(done)
    assert report["infos"]["crawled_pages_nbr"] >= PAGES[plane], told(done)
    launched = re.findall(r"Launching module (\w+)", done.stdout)
    assert set(launched) == set(modules.split(",")), told(done)
    with copy.client(plane.value) as client:
        after = client.get("/account", headers={"cookie": cookie})
    assert after.status_code == 200, "it was somebody to the end"


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.timeout(400)
def test_wapiti_finds_nothing_behind_the_sign_in_V3_V4_V5(inhabited, plane: Plane, tmp_path):
    walk_through(inhabited, plane, tmp_path, MODULES, walk=20, attack=3)


@pytest.mark.slow
@pytest.mark.parametrize("modules", PARTS)
@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.timeout(900)
def test_wapiti_finds_nothing_in_a_long_walk_V3_V4_V5(
    inhabited, plane: Plane, modules: str, tmp_path
):
    walk_through(inhabited, plane, tmp_path, modules, walk=60, attack=60)


@pytest.mark.timeout(400)
def test_wapiti_finds_each_planted_fault(tmp_path):
    with serve(vulnerable) as address:
        done, report = wapiti(address, tmp_path, walk=30, attack=30)
    assert found(report).keys() >= {
        "SQL Injection",
        "Reflected Cross Site Scripting",
        "Command execution",
        "Path Traversal",
        "CRLF Injection",
        "Open Redirect",
        "Content Security Policy Configuration",
        "Clickjacking Protection",
    }, told(done)
