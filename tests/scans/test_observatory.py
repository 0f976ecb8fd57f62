"""MDN HTTP Observatory on every kind of page, signed in too, under a name with HSTS (V11, V14)."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app.operations.context import Plane
from tests.brought import bring, trusting
from tests.integration.authority import Authority
from tests.running import Copy, start_copy
from tests.scans.conftest import NAME
from tests.scans.people import Inhabited
from tests.scans.planted import Page, certificate_of, serve
from tests.scans.scanner import SCANNERS, run, told

DRIVER = Path(__file__).parent / "observatory.mjs"
CHECKS = 10
PAGES = (
    (Plane.CONSOLE, "/setup"),
    (Plane.CONSOLE, "/sign-in"),
    (Plane.WORKSPACE, "/sign-in"),
)
SIGNED_IN_PAGES = (
    (Plane.CONSOLE, "/"),
    (Plane.CONSOLE, "/history"),
    (Plane.CONSOLE, "/accounts/new"),
    (Plane.WORKSPACE, "/"),
    (Plane.WORKSPACE, "/tables/{table}"),
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """One that shows a certificate which browsers trust: without, HSTS would lock people out."""
    folder = tmp_path_factory.mktemp("copy")
    company = Authority(folder / "company")
    with start_copy(folder, TENSHU_HOST_NAMES=NAME, **trusting(company)) as started:
        bring(started, company, NAME)
        yield started


def observe(
    base: str, path: str, copy: Copy, folder: Path, cookie: str = ""
) -> tuple[subprocess.CompletedProcess[str], dict]:
    modules = SCANNERS / "observatory" / "node_modules"
    assert modules.is_dir(), "the HTTP Observatory is not installed: make setup-scans"
    address = f"{NAME}:{urlsplit(base).port}{path}"
    done = run(
        ["node", str(DRIVER), str(modules), address, *([cookie] if cookie else [])],
        folder,
        seconds=60,
        NODE_EXTRA_CA_CERTS=str(copy.authority),
    )
    assert done.returncode == 0, told(done)
    return done, json.loads(done.stdout)


def base_of(copy: Copy, plane: Plane) -> str:
    return copy.console if plane is Plane.CONSOLE else copy.workspace


def given(cookie: str, plane: Plane) -> str:
    """Return the cookie as the plane itself hands it out."""
    site = "Lax" if plane is Plane.WORKSPACE else "Strict"
    return f"{cookie}; Path=/; Secure; HttpOnly; SameSite={site}"


def assert_best(done: subprocess.CompletedProcess[str], result: dict) -> None:
    assert result["grade"] == "A+", told(done)
    assert result["testsQuantity"] == CHECKS
    assert [name for name, (_, passed) in result["tests"].items() if not passed] == []
    assert result["tests"]["strict-transport-security"][0] == (
        "hsts-implemented-max-age-at-least-six-months"
    )


@pytest.mark.parametrize(("plane", "path"), PAGES)
def test_pages_for_nobody_are_worth_an_A_plus_V11(copy: Copy, plane: Plane, path: str, tmp_path):
    done, result = observe(base_of(copy, plane), path, copy, tmp_path)
    assert_best(done, result)


@pytest.mark.parametrize(("plane", "path"), SIGNED_IN_PAGES)
def test_pages_behind_the_sign_in_are_worth_an_A_plus_V11_V14(
    copy: Copy, inhabited: Inhabited, plane: Plane, path: str, tmp_path
):
    path, cookie = path.format(table=inhabited.table), inhabited.sign_in(plane)
    with copy.client(plane.value) as client:
        seen = client.get(path, headers={"cookie": cookie})
    assert seen.status_code == 200, "the session opens the page that is looked at"
    done, result = observe(base_of(copy, plane), path, copy, tmp_path, given(cookie, plane))
    assert result["statusCode"] == 200
    assert result["responseHeaders"]["content-type"].startswith("text/html")
    assert result["tests"]["cookies"][0] == "cookies-secure-with-httponly-sessions-and-samesite"
    assert_best(done, result)


def test_error_pages_are_worth_an_A_plus_V11(copy: Copy, inhabited: Inhabited, tmp_path):
    """Of somebody without any right: the scanner takes no 404."""
    cookie = given(inhabited.sign_in(Plane.CONSOLE, inhabited.newcomer), Plane.CONSOLE)
    done, result = observe(copy.console, "/history", copy, tmp_path, cookie)
    assert result["statusCode"] == 403
    assert_best(done, result)


@pytest.mark.parametrize("missing", ["content-security-policy", "strict-transport-security"])
def test_the_observatory_finds_the_same_page_without_a_header(copy: Copy, missing: str, tmp_path):
    with copy.client() as client:
        real = client.get("/sign-in", headers={"host": NAME})
    kept = tuple(
        (name, value)
        for name, value in real.headers.items()
        if name not in (missing, "content-length", "date", "server")
    )
    page = Page(real.content, headers=kept)
    with serve(lambda *_: page, certificate_of(copy.data / "tls")) as address:
        _, result = observe(address, "/sign-in", copy, tmp_path)
    assert result["tests"][missing][1] is False
    assert result["grade"] != "A+"
