"""An authority that only a proxy with a sign-in reaches, and only the document trusts (V11)."""

import base64
import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.certificates.fetching import start_fetching
from appliance.contract.configuration.reading import read_document
from appliance.contract.configuration.state import Version
from appliance.contract.secret import Secret
from appliance.machine.sign_in import SignIn, keep_sign_in
from appliance.machine.versions import Versions
from appliance.place import Place
from tests.integration.authority import Authority
from tests.running import ROOT

NAME = "authority.example.test"
SAID = "we are closed today"
KNOWN = "Basic " + base64.b64encode(b"tenshu:p@ss word").decode()


def head_of(connection: socket.socket) -> bytes:
    got = b""
    while b"\r\n\r\n" not in got:
        more = connection.recv(65_536)
        if not more:
            break
        got += more
    return got


@contextlib.contextmanager
def proxy(authority: Authority) -> Iterator[tuple[int, list[str]]]:
    """Stand before the authority; yield the port, and what was asked for in the open."""
    pair = authority.issue("authority", NAME)
    taking = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    taking.load_cert_chain(pair.certificate, pair.key)
    asked: list[str] = []

    def serve(accepted: socket.socket) -> None:
        head = head_of(accepted).decode()
        asked.append(head.partition("\r\n")[0])
        if f"Proxy-Authorization: {KNOWN}" not in head:
            accepted.sendall(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n")
            return
        accepted.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
        with taking.wrap_socket(accepted, server_side=True) as inside:
            head_of(inside)
            body = json.dumps({"type": "urn:ietf:params:acme:error:x", "detail": SAID}).encode()
            kind = b"Content-Type: application/problem+json\r\nConnection: close\r\n"
            length = f"Content-Length: {len(body)}\r\n\r\n".encode()
            inside.sendall(b"HTTP/1.1 503 Closed\r\n" + kind + length + body)

    def listen() -> None:
        with contextlib.suppress(OSError):
            while True:
                accepted, _ = listening.accept()
                with accepted, contextlib.suppress(OSError):
                    serve(accepted)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield listening.getsockname()[1], asked
        listening.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.mark.parametrize(
    ("password", "trusted", "said"),
    [
        ("p@ss word", True, SAID),
        ("wrong", True, "407"),
        ("p@ss word", False, "certificate verify failed"),
    ],
    ids=["signed in and trusted", "with a wrong password", "without the root in the document"],
)
def test_the_authority_is_asked_through_the_proxy_and_trusted_by_the_document_V11(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, password: str, trusted: bool, said: str
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    company = Authority(tmp_path / "company", "Company root")
    place = Place(
        data=tmp_path / "data",
        keys=tmp_path / "keys",
        database_url="",
        machine_root=tmp_path / "root",
    )
    place.keys.mkdir()
    keep_sign_in(place, SignIn(user="tenshu", password=Secret(password)))
    roots = f'[[trust.roots]]\nname = "company"\npem = """\n{company.pem}"""\n' if trusted else ""
    with proxy(company) as (port, asked):
        text = (
            f'[network.proxy]\naddress = "http://127.0.0.1:{port}"\n'
            f'[edge]\nnames = ["tenshu.example.test"]\n[firewall]\nhttp_redirect = true\n'
            f'[certificates.acme]\ndirectory = "https://{NAME}/directory"\n{roots}'
        )
        versions = Versions(place.machine)
        version = Version(number=1, at=1, account="root", source="", why="", based_on=0)
        versions.keep(version, text)
        versions.hold(1)
        state = start_fetching(place, read_document(text)).state
    assert asked[0].startswith(f"CONNECT {NAME}:443 "), "the name is the proxy's to look up"
    assert state.failures == 1
    assert said in state.reason
    assert password not in state.reason
