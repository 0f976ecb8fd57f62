"""A signed-in page through nginx, requests a second, against the same plane on a port of its own.

Both are the same program on the same data; the one takes TLS itself, the other a unix socket on
which nginx hands requests over, counted, limited and with its identity headers.
"""

import contextlib
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from app.core.settings import load_settings
from bench.parts.bare import PATH
from bench.parts.pages import CONNECTIONS, PATIENCE_SECONDS, Load, fill, running
from bench.parts.report import Report
from tests.integration.edge import before
from tests.ports import free_port
from tests.running import Copy, environment_for

GOAL: Final = 0.6
ROUNDS: Final = 9
FREE: Final = f"""
[edge]
requests_per_second = 10000
[firewall]
connections_per_source = {CONNECTIONS * 4}
"""
"""One address sends all of it: what is measured is the way, not the limit."""


def measure(report: Report, folder: Path) -> None:
    """Let wrk ask both for the same page, in turn."""
    environ = environment_for(folder)
    settings = load_settings(environ)
    token = fill(settings)
    direct_port = free_port()
    direct = {**environ, "TENSHU_WORKSPACE_PORT": str(direct_port)}
    load = Load(folder / "edge.lua", PATH, token)
    serve = ["app.web.serve", "workspace"]
    with running(serve, direct, direct_port), _behind_the_edge(folder, environ) as edge_port:
        for port in (edge_port, direct_port):
            _warm(load, port)
        speeds = [(load.speed(edge_port), load.speed(direct_port)) for _ in range(ROUNDS)]
    ratios = [through / alone for through, alone in speeds]
    report.note(
        f"edge: {statistics.median(through for through, _ in speeds):.0f} of"
        f" {statistics.median(alone for _, alone in speeds):.0f} requests a second; "
        + ", ".join(f"{ratio:.2f}" for ratio in ratios)
    )
    report.figure("edge", statistics.median(ratios), GOAL)


def _warm(load: Load, port: int) -> None:
    """Ask until answers come as fast as they will: a first page compiles its templates."""
    until = time.monotonic() + PATIENCE_SECONDS
    before = 0.0
    while (speed := load.speed(port)) == 0 or speed > before * 1.1:
        if time.monotonic() > until:
            raise SystemExit(f"nothing answers on port {port}")
        before = speed


@contextlib.contextmanager
def _behind_the_edge(folder: Path, environ: dict[str, str]) -> Iterator[int]:
    """Run the workspace on its socket and nginx before it; yield nginx's port."""
    told = {**environ, "TENSHU_EDGE": "1"}
    command = [sys.executable, "-m", "app.web.serve", "workspace"]
    plane = subprocess.Popen(command, env=told, stdin=subprocess.DEVNULL)
    copy = Copy(folder, told, plane, authority=folder / "data" / "tls" / "authority.pem")
    try:
        _wait(copy.data / "run" / "workspace.sock", plane)
        (folder / "edge").mkdir()
        with before(copy, folder / "edge", FREE) as edge:
            yield edge.facts.workspace_port
    finally:
        plane.terminate()
        plane.wait(PATIENCE_SECONDS)


def _wait(socket: Path, plane: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not socket.exists():
        if time.monotonic() > until or plane.poll() is not None:
            raise SystemExit("the plane did not start")
        time.sleep(0.05)
