"""Servers that a bench runs, and the load that wrk puts on them."""

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx

from app.operations.context import Plane
from app.web.cookies import session_cookie_name

SECONDS: Final = 1
"""A round; ours and the bare one take turns, so that both meet the same machine."""
CONNECTIONS: Final = 8
PATIENCE_SECONDS: Final = 30


class Load:
    """One request, sent by wrk on kept connections."""

    def __init__(self, script: Path, path: str, token: str) -> None:
        self.path, self.script = path, script
        self.headers = {
            "cookie": f"{session_cookie_name(Plane.WORKSPACE)}={token}",
            "accept-language": "ja",
        }
        self.method, self.body = "GET", ""
        if path.startswith("/api/"):
            self.method, self.body = "POST", "{}"
            self.headers |= {"content-type": "application/json", "sec-fetch-site": "same-origin"}

    def sent_to(self, port: int) -> dict[str, str]:
        """Return the headers of the request to one server."""
        return {**self.headers, "origin": f"https://127.0.0.1:{port}"}

    def speed(self, port: int) -> float:
        """Return requests a second over one round."""
        lines = [f"wrk.method = '{self.method}'", f"wrk.body = '{self.body}'"]
        lines += [f"wrk.headers['{key}'] = '{text}'" for key, text in self.sent_to(port).items()]
        self.script.write_text("\n".join(lines))
        told = subprocess.run(
            [
                *("wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s"),
                *("-s", str(self.script), f"https://127.0.0.1:{port}{self.path}"),
            ],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        if "Non-2xx" in told or "Socket errors" in told:
            raise SystemExit(told)
        found = re.search(r"Requests/sec:\s+([0-9.]+)", told)
        if found is None:
            raise SystemExit(told)
        return float(found[1])


@contextlib.contextmanager
def running(arguments: list[str], environ: dict[str, str], port: int) -> Iterator[int]:
    """Run a server until it answers, and to the end of the block; yield its process."""
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments], env={**os.environ, **environ}, stdin=subprocess.DEVNULL
    )
    try:
        _wait(port, process)
        yield process.pid
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            httpx.get(f"https://127.0.0.1:{port}/", verify=False, trust_env=False)
            return
        time.sleep(0.05)
    raise SystemExit("a server did not start")
