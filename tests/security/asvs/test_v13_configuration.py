"""V13: what the appliance talks to, where its secrets are, and what is deployed."""

import re
import tomllib
from pathlib import Path

import pytest
from litestar import Litestar

from app.core.keyring import FILE_NAME, KeyRing
from app.core.secret import Secret
from app.core.settings import load_settings
from app.operations.context import Plane
from app.start.certificates import ensure_certificates
from app.web.gate import Gate
from app.web.serve import server
from tests.running import ROOT, Copy
from tests.security.asvs import written
from tests.security.test_v17_forced_browsing import OPEN_TO_ALL

PAGE = "connections.md"
DOORS = {
    *("socket", "ssl", "http", "socketserver", "smtplib", "imaplib", "poplib", "ftplib", "xmlrpc"),
    *("httpx", "requests", "aiohttp", "urllib3", "websockets", "paramiko", "psycopg", "redis"),
}
"""Modules by which a connection can be opened; `urllib.parse` only takes addresses apart."""


def opens(source: str) -> bool:
    """Tell whether a source could open a connection."""
    imported = written.imports(source)
    calls = {name.rpartition(".")[2] for name, _ in written.calls(source)}
    return (
        bool({name.partition(".")[0] for name in imported} & DOORS)
        or any(name.startswith("urllib.request") for name in imported)
        or bool(calls & {"create_engine", "open_connection", "create_connection", "urlopen"})
    )


def dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def test_connections_are_opened_in_the_listed_places_only_ASVS_1_3_6_ASVS_13_2_4() -> None:
    for planted in (
        "import socket",
        "from http import client",
        "import httpx",
        "import urllib.request",
    ):
        assert opens(planted)
    assert not opens("from urllib.parse import quote")
    listed = set(re.findall(r"`((?:app|appliance|cli)\.[\w.]+)`", written.read(PAGE)))
    found = {dotted(path) for path, source in written.sources() if opens(source)}
    assert found - listed == set(), "list them, with what they reach and who allows it"


def test_the_page_of_connections_names_what_the_code_opens_ASVS_13_1_1() -> None:
    sources = {dotted(path): source for path, source in written.sources()}
    for heading in ("In", "Out"):
        for row in written.rows(written.section(PAGE, heading)):
            assert all(row), row
            for module in re.findall(r"`([\w.]+)`", row[-1]):
                assert opens(sources[module]) or "granian" in sources[module], module
    text = written.read(PAGE)
    for variable in ("TENSHU_CONSOLE_PORT", "TENSHU_WORKSPACE_PORT", "TENSHU_DATABASE_URL"):
        assert f"`{variable}`" in text


def sockets_of(pid: int) -> set[str]:
    """Return the numbers of the sockets that a process holds."""
    found = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(entry.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            found.add(target[8:-1])
    return found


def test_the_servers_processes_reach_nothing_but_their_database_and_sockets_ASVS_13_2_5(
    copy: Copy,
) -> None:
    """Asked of the kernel while they serve: no connection that they began leads anywhere."""
    own = {int(base.rpartition(":")[2]) for base in (copy.console, copy.workspace)}
    pids = [pid for pid, line in copy.processes().items() if "app." in line or "appliance" in line]
    assert len(pids) >= 5
    with copy.client() as client:
        assert client.get("/health").status_code == 200
        held = {number for pid in pids for number in sockets_of(pid)}
        seen = 0
        for name in ("tcp", "tcp6", "udp", "udp6"):
            for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
                cells = line.split()
                if cells[9] in held:
                    seen += 1
                    assert name.startswith("tcp")
                    assert int(cells[1].rpartition(":")[2], 16) in own, line
        assert seen >= 3, "both listening sockets and this test's own connection are seen"


def test_the_page_of_connections_names_what_is_open_to_everybody_ASVS_13_4_5() -> None:
    text = written.section(PAGE, "Open to everybody on purpose")
    named = {
        address
        for row in written.rows(text)
        for address in re.findall(r"`((?:GET|POST) [^`]+)`", row[0])
    }
    assert named == OPEN_TO_ALL


def test_a_named_secret_is_destroyed_with_its_purpose_ASVS_13_3_1(tmp_path: Path) -> None:
    ring = KeyRing.create(tmp_path)
    ring.keep("borg-1", Secret("S3CRET"))
    assert b"S3CRET" in (tmp_path / FILE_NAME).read_bytes()
    ring.forget("borg-1")
    assert KeyRing.load(tmp_path).named("borg-1") is None
    assert [path for path in tmp_path.iterdir() if b"S3CRET" in path.read_bytes()] == []


def test_a_package_of_the_product_holds_the_product_alone_ASVS_13_4_1() -> None:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    folders = [each.removesuffix("*") for each in tools["packages"]["find"]["include"]]
    assert folders == list(written.OURS)
    packed = set(tools["package-data"]["*"])
    assert packed == {"*.html", "*.po", "*.css", "*.js", "*.svg", "*.txt", "*.mako", "*.ini"}
    wrong = re.compile(r"(^|/)(\.\w+|tests?|examples?|samples?|fixtures|conftest\.py|bench)(/|$)")
    assert wrong.search("app/.git/config")
    assert wrong.search("app/tests/test_x.py")
    found = [
        name
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if wrong.search(name := str(path.relative_to(ROOT)))
    ]
    assert found == []


def test_nothing_that_runs_is_in_debug_mode_ASVS_13_4_2(
    planes: dict[Plane, Gate], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("LITESTAR_DEBUG", "DEBUG", "PYTHONDEVMODE", "LITESTAR_PDB"):
        monkeypatch.setenv(variable, "1")
    for gate in planes.values():
        application = gate.application
        assert isinstance(application, Litestar)
        assert application.debug is False
        assert application.openapi_config is None
    settings = load_settings({"TENSHU_DATA": str(tmp_path / "data")})
    settings.tls.mkdir(parents=True)
    ensure_certificates(settings, KeyRing.create(settings.keys))
    serving = server(settings, "app.console.app:create", 8443)
    assert serving.reload_on_changes is False
    assert serving.log_access is False
    for path, source in written.sources():
        assert not re.search(r"\bdebug\s*=\s*True|set_debug\(|breakpoint\(|import pdb", source), (
            path
        )
