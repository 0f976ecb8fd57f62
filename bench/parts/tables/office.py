"""A workspace and its worker that run, and people who are signed in."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from app.audit.event import Source
from app.core import clock
from app.core.settings import Settings, load_settings
from app.identity import session_rows
from app.identity.operations import accounts
from app.identity.policies import DEFAULT
from app.operations.context import SYSTEM, Context, Plane
from app.start.prepare import prepare
from app.web.cookies import session_cookie_name
from bench.parts.serving import running
from tests.running import environment_for

PATIENCE_SECONDS: Final = 900
"""Until a job has ended."""


@dataclass
class Office:
    """People at a running workspace."""

    settings: Settings
    tokens: list[str]
    server: int
    """Process of the workspace, the first one."""

    @property
    def address(self) -> str:
        """Where the workspace answers."""
        return f"https://127.0.0.1:{self.settings.workspace_port}"

    def headers(self, person: int = 0) -> dict[str, str]:
        """Return what a browser of one of them sends."""
        return {
            "cookie": f"{session_cookie_name(Plane.WORKSPACE)}={self.tokens[person]}",
            "accept-language": "ja",
            "origin": self.address,
            "sec-fetch-site": "same-origin",
        }

    def client(self, person: int = 0) -> httpx.Client:
        """Return a browser of one of them."""
        return httpx.Client(
            base_url=self.address,
            headers=self.headers(person),
            verify=False,
            trust_env=False,
            timeout=PATIENCE_SECONDS,
        )

    def call(self, path: str, **body: object) -> Any:  # noqa: ANN401 - whatever JSON says
        """Call the API. Raise HTTPStatusError."""
        with self.client() as client:
            return answer_of(client.post(f"/api/v1{path}", json=body))

    def import_file(self, path: Path, name: str) -> int:
        """Make a table of a file; return its number when its rows are there."""
        with self.client() as client:
            with path.open("rb") as file:
                sent = client.post("/uploads", files={"file": (path.name, file, "text/csv")})
            body = {"upload": sent.headers["location"].rsplit("/", 1)[-1], "name": name}
            started = answer_of(client.post("/api/v1/tables/import", json=body))
            self.wait_for(client, started["job"])
            return int(started["table"])

    def wait_for(self, client: httpx.Client, job: str) -> dict[str, Any]:
        """Wait until a job has ended well. Raise SystemExit."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            seen = answer_of(client.get(f"/api/v1/jobs/{job}"))
            if seen["finished_at"]:
                if seen["state"] != "done":
                    raise SystemExit(f"a job ended as {seen}")
                return dict(seen)
            time.sleep(0.05)
        raise SystemExit("a job did not end")

    def wait_for_all(self) -> None:
        """Wait until the worker has nothing left to do."""
        with self.client() as client:
            until = time.monotonic() + PATIENCE_SECONDS
            while time.monotonic() < until:
                if not answer_of(client.get("/api/v1/jobs", params={"open_only": True}))["items"]:
                    return
                time.sleep(0.05)
        raise SystemExit("the worker is still busy")


def answer_of(answer: httpx.Response) -> Any:  # noqa: ANN401 - whatever JSON says
    """Return the body. Raise SystemExit with what was refused."""
    if answer.is_error:
        raise SystemExit(f"{answer.request.url}: {answer.status_code} {answer.text[:500]}")
    return answer.json()


@contextlib.contextmanager
def office(folder: Path, *, people: int = 1, database: str = "") -> Iterator[Office]:
    """Run a workspace and a worker on a database: SQLite, or where the URL leads."""
    environ = environment_for(folder)
    if database:
        environ["TENSHU_DATABASE_URL"] = database
    settings = load_settings(environ)
    tokens = _sign_in(settings, people)
    with running(["app.web.serve", "workspace"], environ, settings.workspace_port) as server:
        worker = subprocess.Popen([sys.executable, "-m", "app.jobs"], env=environ)
        try:
            yield Office(settings, tokens, server)
        finally:
            worker.terminate()
            worker.wait(60)


def _sign_in(settings: Settings, people: int) -> list[str]:
    """Make people who are signed in; return their sessions' tokens."""
    appliance = prepare(settings, lambda _: None).appliance
    context = Context(appliance, actor=SYSTEM)
    tokens = []
    for number in range(people):
        person = accounts.NewAccount(login_id=f"p{number}", name=f"山田 {number}", role="staff")
        account = accounts.create_account(context, person).account.id
        with appliance.database.write() as session:
            token, _ = session_rows.begin(
                session,
                DEFAULT,
                plane="workspace",
                account=account,
                source=Source(peer="127.0.0.1"),
                factors="password",
                now=clock.now(),
            )
        tokens.append(token.reveal())
    appliance.database.close()
    return tokens
