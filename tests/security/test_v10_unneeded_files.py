"""V10: the closed table of assets is all that is served; no file is reached by its path."""

import re
from pathlib import Path

import httpx
import pytest
from litestar import Litestar
from litestar.static_files import create_static_files_router

from app.operations.context import Plane
from app.web.design.assets import collect_assets
from app.web.gate import Gate
from tests.faces import Browser
from tests.running import ROOT, Copy
from tests.security.conftest import Seat
from tests.security.walk import addresses
from tests.security.wire import ask

GUESSED = (
    "/.git/config",
    "/.git/HEAD",
    "/.gitignore",
    "/.env",
    "/.htaccess",
    "/.DS_Store",
    "/robots.txt",
    "/favicon.ico",
    "/sitemap.xml",
    "/server-status",
    "/phpinfo.php",
    "/admin",
    "/backup.zip",
    "/backup.sql",
    "/dump.sql",
    "/tenshu.sqlite",
    "/data/tenshu.sqlite",
    "/var/data/tenshu.sqlite",
    "/README.md",
    "/pyproject.toml",
    "/package.json",
    "/package-lock.json",
    "/Makefile",
    "/app/",
    "/app/web/gate.py",
    "/app/identity/locale/ja.po",
    "/locale/ja.po",
    "/templates/",
    "/static/",
    "/assets",
    "/assets/",
    "/assets/base.html",
    "/assets/tenshu.css",
    "/assets/htmx.js",
    "/assets/htmx.min.js.map",
    "/assets/tenshu.js.map",
    "/console.html",
    "/base.html",
    "/web/sign_in.html",
    "/node_modules/htmx.org/package.json",
    "/logs/console.log",
    "/debug",
    "/docs",
    "/schema",
    "/schema/openapi.json",
    "/schema/swagger",
    "/openapi.json",
    "/metrics",
    "/api",
    "/api/v1",
    "/api/v1/",
    "/api/v2/openapi.json",
    "/tls/server.key",
    "/agent.sock",
)
CLIMBING = (
    "/../etc/passwd",
    "/assets/../../etc/passwd",
    "/assets/..%2f..%2fpyproject.toml",
    "/assets/%2e%2e/%2e%2e/pyproject.toml",
    "/assets/..%5c..%5cpyproject.toml",
    "/assets/....//....//etc/passwd",
    "/assets//etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/assets/%252e%252e%252fetc/passwd",
    "/assets/tenshu.css%00.html",
    "/assets/..;/x",
    "/..%c0%af..%c0%afetc/passwd",
    "/assets/~root",
    "/assets/file:///etc/passwd",
)


def is_served(answer: httpx.Response) -> bool:
    return answer.status_code not in (303, 400, 404, 405, 421)


def test_a_served_folder_is_found_by_this_check(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("secret")
    served = create_static_files_router(path="/", directories=[tmp_path])
    planted = Litestar([served], openapi_config=None)
    found = [path for path in GUESSED if is_served(Browser(planted, {}).get(path))]  # type: ignore[arg-type]
    assert found == ["/README.md"]


@pytest.mark.parametrize("plane", [Plane.CONSOLE, Plane.WORKSPACE])
def test_no_guessed_file_is_served_V10(seat: Seat, planes: dict[Plane, Gate], plane: Plane) -> None:
    for person in (seat("owner", plane), Browser(planes[plane], {})):
        assert [path for path in GUESSED if is_served(person.get(path))] == []


def test_no_source_of_the_product_is_served_V10(stranger: Browser) -> None:
    names = {
        path.name for path in (ROOT / "app").rglob("*") if path.suffix in (".html", ".po", ".py")
    }
    assert len(names) > 150
    for name in sorted(names)[::4]:
        assert not is_served(stranger.get(f"/assets/{name}")), name


def test_no_path_climbs_out_on_the_wire_V10(copy: Copy) -> None:
    """Sent as they stand: a client library would tidy them."""
    for base in (copy.console, copy.workspace):
        for path in CLIMBING:
            answer = ask(
                base,
                copy.authority,
                f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n",
            )
            assert answer.status in (400, 404), (path, answer.status)
            assert b"root:" not in answer.body
            assert b"[project]" not in answer.body


def test_what_is_served_is_the_closed_table_and_nothing_else_V10(
    stranger: Browser, planes: dict[Plane, Gate]
) -> None:
    assets = collect_assets()
    assert {path.rpartition(".")[2] for path in assets.paths()} == {"css", "js", "txt"}
    for path in assets.paths():
        answer = stranger.get(path)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert "sourceMappingURL" not in answer.text, path
        assert not re.search(r"/(?:work|root|home)/", answer.text), path
        assert stranger.get(path + ".map").status_code == 404
        assert stranger.get(path.replace(".", "..", 1)).status_code == 404
    for plane in (Plane.CONSOLE, Plane.WORKSPACE):
        wild = [each for each in addresses(planes[plane]) if ":path" in each.path]
        assert wild == [], "no address takes a path"


def test_pages_hold_no_comments_for_the_people_who_made_them_V10(admin: Browser) -> None:
    for path in ("/", "/accounts", "/history", "/settings", "/backups", "/sign-in"):
        assert "<!--" not in admin.get(path).text, path
