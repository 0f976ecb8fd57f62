"""Both planes under one name behind a real nginx: cookies ignore ports, the edge does not."""

import http.server
import json
import re
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pyotp
import pytest

from app.operations.context import Plane
from app.web.cookies import own_cookie_names, session_cookie_name
from tests.faces import PASSWORD
from tests.running import Copy, free_ports, wait_until

CONSOLE, WORKSPACE = session_cookie_name(Plane.CONSOLE), session_cookie_name(Plane.WORKSPACE)


class Echo(http.server.BaseHTTPRequestHandler):
    """What stands in a plane's place, and tells what reached it."""

    def do_GET(self) -> None:
        body = json.dumps(self.headers.get_all("cookie", [])).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass
class Edge:
    """A running nginx."""

    ports: dict[Plane, int]
    trust: ssl.SSLContext

    def client(self, plane: Plane) -> httpx.Client:
        base = f"https://localhost:{self.ports[plane]}"
        headers = {"sec-fetch-site": "same-origin", "origin": base}
        return httpx.Client(
            base_url=base, verify=self.trust, headers=headers, trust_env=False, timeout=30
        )


def server_block(plane: Plane, port: int, upstream: str, echo: int, tls: Path) -> str:
    """One plane as the edge serves it: its own cookies pass, the rest is left out."""
    names = sorted(own_cookie_names(plane))
    maps = "".join(
        f'map $http_cookie $c_{plane.value}_{number} {{ default ""; '
        f'"~(?:^|;[ ]*)(?<v_{plane.value}_{number}>{re.escape(name)}=[^;]*)" '
        f"$v_{plane.value}_{number}; }}\n"
        for number, name in enumerate(names)
    )
    kept = "; ".join(f"$c_{plane.value}_{number}" for number in range(len(names)))
    common = "proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr;"
    return f"""{maps}
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {tls}/server.pem;
        ssl_certificate_key {tls}/server.key;
        location /leaky {{ {common} proxy_pass http://127.0.0.1:{echo}; }}
        location /echo {{ {common} proxy_set_header Cookie "{kept}";
            proxy_pass http://127.0.0.1:{echo}; }}
        location / {{ {common} proxy_set_header Cookie "{kept}"; proxy_pass {upstream}; }}
    }}
    """


@pytest.fixture(scope="module")
def edge(copy: Copy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """Debian's nginx in front of both planes of a running copy, on one host name."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    assert program, "nginx is missing: apt-get install nginx-light"
    folder = tmp_path_factory.mktemp("nginx")
    echo = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=echo.serve_forever, daemon=True).start()
    console, workspace = free_ports(2)
    ports = {Plane.CONSOLE: console, Plane.WORKSPACE: workspace}
    bases = {Plane.CONSOLE: copy.console, Plane.WORKSPACE: copy.workspace}
    blocks = "".join(
        server_block(plane, port, bases[plane], echo.server_port, copy.data / "tls")
        for plane, port in ports.items()
    )
    paths = " ".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = folder / "nginx.conf"
    config.write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log;\n"
        f"events {{ }}\nhttp {{ access_log off; {paths}\n{blocks} }}\n"
    )
    process = subprocess.Popen([program, "-p", str(folder), "-c", str(config)])
    try:
        for port in ports.values():
            wait_until(lambda port=port: is_open(port) or process.poll() is not None, "nginx", 20)
        assert process.poll() is None, (folder / "error.log").read_text()
        yield Edge(ports, ssl.create_default_context(cafile=copy.authority))
    finally:
        process.terminate()
        process.wait(20)
        echo.shutdown()
        echo.server_close()


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize(
    "sent",
    [
        f"{CONSOLE}=c; {WORKSPACE}=w",
        f"{WORKSPACE}=w;{CONSOLE}=c",
        f"x=1; {CONSOLE}=c; y={CONSOLE}=c; {WORKSPACE}=w",
    ],
)
def test_no_plane_receives_a_cookie_of_the_other_behind_a_proxy_V15(edge: Edge, sent: str) -> None:
    for plane, mine, other in (
        (Plane.WORKSPACE, f"{WORKSPACE}=w", CONSOLE),
        (Plane.CONSOLE, f"{CONSOLE}=c", WORKSPACE),
    ):
        with edge.client(plane) as client:
            got = "; ".join(client.get("/echo", headers={"cookie": sent}).json())
            assert mine in got
            assert other not in got
            assert "x=1" not in got
            leaky = "; ".join(client.get("/leaky", headers={"cookie": sent}).json())
            assert other in leaky, "a proxy that strips nothing is seen by this check"


def test_two_cookie_headers_do_not_slip_past_it_V15(edge: Edge) -> None:
    headers = [("cookie", f"{WORKSPACE}=w"), ("cookie", f"{CONSOLE}=c"), ("Cookie", "z=1")]
    with edge.client(Plane.WORKSPACE) as client:
        got = "; ".join(client.get("/echo", headers=headers).json())
    assert CONSOLE not in got
    assert f"{WORKSPACE}=w" in got


def test_a_person_works_behind_the_proxy_and_only_where_they_signed_in_V15(
    copy: Copy, edge: Edge
) -> None:
    """The whole way: claimed and signed in through nginx; the other plane takes none of it."""
    with edge.client(Plane.CONSOLE) as console, edge.client(Plane.WORKSPACE) as workspace:
        assert copy.claim_code
        assert console.post("/setup/claim", data={"code": copy.claim_code}).status_code == 303
        person = {
            "login_id": "hanako",
            "name": "山田 花子",
            "password": PASSWORD,
            "again": PASSWORD,
            "language": "ja",
        }
        assert console.post("/setup/person", data=person).status_code == 303
        secret = re.search(r"\b([A-Z2-7]{32})\b", console.get("/setup").text)
        assert secret
        done = console.post("/setup/factor", data={"answer": pyotp.TOTP(secret[1]).now()})
        assert done.status_code == 200, done.text
        session = console.cookies[CONSOLE]
        assert console.get("/account").status_code == 200
        for name in (CONSOLE, WORKSPACE):
            headers = {"cookie": f"{name}={session}"}
            assert workspace.get("/account", headers=headers).status_code == 303, name
        foreign = {"origin": f"https://localhost:{edge.ports[Plane.WORKSPACE]}"}
        forged = console.post("/sign-out", headers=foreign)
        assert forged.status_code == 403, "the other port is another origin"
        assert console.get("/account").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        "content-length: 6\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nG",
        "content-length: 0\r\ncontent-length: 5\r\n\r\nabcde",
        "transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_no_request_is_smuggled_through_the_proxy_V12(copy: Copy, edge: Edge, body: str) -> None:
    from tests.security.wire import ask

    base = f"https://localhost:{edge.ports[Plane.CONSOLE]}"
    answer = ask(base, copy.authority, f"POST /health HTTP/1.1\r\nhost: localhost\r\n{body}")
    assert answer.status in (0, 400, 501), answer.raw[:200]
    assert answer.answers <= 1
