"""From a click to its effect on the network, and how long a mistake lasts.

A real copy with nginx in front, on three hosts in network namespaces: whoever applies is on one
host, what it does is seen from another.
"""

import re
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self

import httpx
import pyotp

from bench.parts.report import Report
from tests.integration.site import MANAGED_ADDRESS, OPEN_ADDRESS, Site, running_site
from tests.running import wait_until

APPLY_SECONDS: Final = 1.5
REVERT_SECONDS: Final = 60
REVERT_SPARE: Final = 5
CHANGES: Final = 5
PASSWORD: Final = "hiroi sora ni shiroi kumo"
OPEN: Final = "format = 1\n"
NARROW: Final = """\
format = 1
[access]
console = ["management"]
[access.lists.management]
networks = ["10.77.1.0/24", "fd77:1::/64"]
"""
MISTAKE: Final = NARROW.replace('"10.77.1.0/24", "fd77:1::/64"', '"192.0.2.0/24"')


def measure(report: Report, folder: Path) -> None:
    """Narrow and widen the console's access in turn, then exclude whoever does it."""
    with running_site(folder) as site, Administrator(site) as person:
        took = []
        for number in range(CHANGES):
            narrow = number % 2 == 0
            looks = "filtered" if narrow else "open"
            began = person.apply(NARROW if narrow else OPEN)
            took.append(seen(lambda: site.net.outside.tcp(OPEN_ADDRESS, 8443), looks) - began)
            person.keep()
        report.note("click to effect: " + ", ".join(f"{each:.2f} s" for each in took))
        report.figure("apply", APPLY_SECONDS / statistics.median(took), 1)

        person.apply(MISTAKE, despite_warnings="true")
        gone = seen(lambda: site.net.manage.tcp(MANAGED_ADDRESS, 8443), "filtered")
        back = seen(lambda: site.net.manage.tcp(MANAGED_ADDRESS, 8443), "open")
        report.note(f"a mistake lasted {back - gone:.1f} s")
        if back - gone < REVERT_SECONDS - 1:
            raise SystemExit("the machine came back before the person's time was over")
        report.figure("revert", (REVERT_SECONDS + REVERT_SPARE) / (back - gone), 1)


def seen(look: Callable[[], str], looks: str) -> float:
    """Return when the first look began that saw this."""
    until = time.monotonic() + REVERT_SECONDS * 2
    while time.monotonic() < until:
        began = time.monotonic()
        if look() == looks:
            return began
    raise SystemExit(f"it never was {looks}")


class Administrator:
    """The owner's browser, on the host `manage`."""

    def __init__(self, site: Site) -> None:
        self._site, self._used = site, 0
        self._client = self._browser()

    def _browser(self, cookies: httpx.Cookies | None = None) -> httpx.Client:
        place = self._site.console
        return httpx.Client(
            base_url=place,
            verify=False,
            timeout=30,
            trust_env=False,
            cookies=cookies,
            headers={"sec-fetch-site": "same-origin", "origin": place},
        )

    def __enter__(self) -> Self:
        self._claim()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def _post(self, path: str, **data: str) -> httpx.Response:
        answer = self._site.net.manage.call(lambda: self._client.post(path, data=data))
        if answer.is_error:
            raise SystemExit(f"{path}: {answer.status_code}\n{answer.text}")
        return answer

    def _get(self, path: str) -> str:
        return self._site.net.manage.call(lambda: self._client.get(path)).text

    def _claim(self) -> None:
        self._post("/setup/claim", code=self._site.copy.claim_code or "")
        said = {"login_id": "hanako", "name": "山田 花子", "language": "ja"}
        self._post("/setup/person", **said, password=PASSWORD, again=PASSWORD)
        secret = re.search(r"\b([A-Z2-7]{32})\b", self._get("/setup"))
        if secret is None:
            raise SystemExit("the page of the authenticator shows no secret")
        self._totp = pyotp.TOTP(secret[1])
        self._post("/setup/factor", answer=self._code())

    def _code(self) -> str:
        """Return a code that was not given yet."""
        wait_until(lambda: int(time.time()) // 30 > self._used, "the next code", 35)
        self._used = int(time.time()) // 30
        return self._totp.at(self._used * 30)

    def apply(self, document: str, **more: str) -> float:
        """Ask for a document, give the second factor, and return when that was clicked."""
        holds = re.search(r'name="based_on" value="(\d+)"', self._plan(document))
        if holds is None:
            raise SystemExit("the plan of the change shows no way to apply it")
        asked = self._post(
            "/network/apply",
            document=document,
            based_on=holds[1],
            why="bench",
            seconds=str(REVERT_SECONDS),
            **more,
        )
        code, clicked = self._code(), time.monotonic()
        self._answer = self._post(asked.headers["location"], code=code).text
        return clicked

    def _plan(self, document: str) -> str:
        return self._post("/network/document", document=document).text

    def keep(self) -> None:
        """Confirm what was applied, over a new connection."""
        shown = re.search(r"/network/versions/(\d+)/waiting", self._answer)
        if shown is None:
            raise SystemExit("the answer to the change is no page that waits")
        self._client.close()
        self._client = self._browser(self._client.cookies)
        self._post(shown[0])
