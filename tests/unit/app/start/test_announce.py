"""What the person at the machine is told."""

import contextlib
import json
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from app.core.keyring import KeyRing
from app.core.secret import Secret
from app.core.settings import Settings, load_settings
from app.operations.context import Appliance
from app.start import announce, certificates
from app.start.announce import address_of, compose, describe, wait_for_planes
from app.start.knocking import answers
from app.start.prepared import Prepared
from appliance.contract.certificates.folder import Folder
from appliance.contract.certificates.own import AUTHORITY


@pytest.fixture
def prepared(settings) -> Prepared:
    keyring = KeyRing.create(settings.keys)
    leaf = certificates.ensure_certificates(settings, keyring)
    return Prepared(
        appliance=Appliance(settings, None, keyring),
        fingerprint=certificates.fingerprint(leaf),
        authority=settings.tls / AUTHORITY,
        lock=-1,
    )


@pytest.fixture
def plane(prepared: Prepared) -> Iterator[tuple[int, list[bytes]]]:
    """A server with the plane's certificate; what it answers stands in the list."""
    answer = [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own = Folder(prepared.settings.data).own
    context.load_cert_chain(own.chain, own.key)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, context, answer))
        thread.start()
        yield listener.getsockname()[1], answer
        answer.clear()
        with socket.create_connection(listener.getsockname()):
            thread.join()


def _serve(listener: socket.socket, context: ssl.SSLContext, answer: list[bytes]) -> None:
    while True:
        connection, _ = listener.accept()
        with connection:
            if not answer:
                return
            with (
                contextlib.suppress(ssl.SSLError),  # a client that does not trust us
                context.wrap_socket(connection, server_side=True) as secured,
            ):
                secured.recv(4096)
                secured.sendall(answer[0])


def test_a_plane_answers_only_when_it_says_that_it_is_well(prepared, plane):
    port, answer = plane
    assert answers(prepared.settings, port)
    answer[0] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
    assert not answers(prepared.settings, port)
    answer[0] = b"something else\r\n\r\n"
    assert not answers(prepared.settings, port)


def test_nobody_there_is_no_answer(prepared):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    assert not answers(prepared.settings, port)


def test_a_server_of_somebody_else_is_no_answer(prepared, plane, tmp_path: Path):
    other = load_settings({"TENSHU_DATA": str(tmp_path / "other")})
    other.tls.mkdir(parents=True)
    certificates.ensure_certificates(other, KeyRing.create(other.keys))
    assert not answers(other, plane[0])


def _on(settings: Settings, port: int) -> Settings:
    """Both planes on one port: what is asked is the same."""
    return msgspec.structs.replace(settings, console_port=port, workspace_port=port)


def test_waiting_ends_when_both_planes_answer_or_the_supervisor_is_gone(
    prepared, plane, monkeypatch
):
    told: list[list[str]] = []
    assert wait_for_planes(_on(prepared.settings, plane[0]), lambda: True, told.append)
    assert told == []
    monkeypatch.setattr(announce, "SLOW_SECONDS", 0.0)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        silent = _on(prepared.settings, probe.getsockname()[1])
    lives = iter([True, True, True, False])
    assert not wait_for_planes(silent, lambda: next(lives), told.append)
    assert told == [["console", "workspace"]]


def test_the_block_says_addresses_fingerprint_claim_code_and_how_to_stop(prepared):
    for language, stop in (("en", "Ctrl-C stops everything."), ("ja", "Ctrl-C")):
        text = compose(prepared, Secret("ABCD-EFGH"), language)
        assert "https://127.0.0.1:8443" in text
        assert "https://127.0.0.1:8444" in text
        joined = "".join(text.split())
        assert prepared.fingerprint.replace(":", "") in joined.replace(":", "")
        assert "ABCD-EFGH" in text
        assert stop in text


def test_a_claimed_appliance_prints_no_claim_code(prepared):
    assert "laim code" not in compose(prepared, None, "en")
    assert describe(prepared, None)["claim_code"] is None


def test_programs_get_the_same_as_json(prepared, plane, capfd, monkeypatch):
    ready = Prepared(
        appliance=Appliance(_on(prepared.settings, plane[0]), None, prepared.appliance.keyring),
        fingerprint=prepared.fingerprint,
        authority=prepared.authority,
        lock=-1,
    )
    code = announce.announce(
        ready, Secret("ABCD"), language="en", as_json=True, supervisor=os.getppid()
    )
    told = json.loads(capfd.readouterr().out)
    assert code == 0
    assert told["claim_code"] == "ABCD"
    assert told["fingerprint"] == prepared.fingerprint
    assert (
        announce.announce(ready, None, language="en", as_json=False, supervisor=os.getppid()) == 0
    )
    assert "Tenshu is running." in capfd.readouterr().out


def test_a_slow_plane_is_named_with_its_log_and_an_ended_supervisor_ends_the_waiting(
    prepared, capfd, monkeypatch
):
    monkeypatch.setattr(announce, "SLOW_SECONDS", 0.0)
    parents = iter([1, 1, 1, 2])
    monkeypatch.setattr(os, "getppid", lambda: next(parents))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        settings = _on(prepared.settings, probe.getsockname()[1])
    silent = Prepared(
        appliance=Appliance(settings, None, prepared.appliance.keyring),
        fingerprint=prepared.fingerprint,
        authority=prepared.authority,
        lock=-1,
    )
    assert announce.announce(silent, None, language="en", as_json=False, supervisor=1) == 1
    assert f"Its log: {settings.logs / 'console.log'}" in capfd.readouterr().err


def test_wildcard_addresses_are_announced_as_the_loopback(settings):
    for address, shown in (
        ("0.0.0.0", "https://127.0.0.1:8443"),
        ("::", "https://[::1]:8443"),
        ("192.0.2.7", "https://192.0.2.7:8443"),
    ):
        told = load_settings({**settings.environment(), "TENSHU_ADDRESS": address})
        assert address_of(told, 8443) == shown


def test_an_agent_that_listens_is_not_waited_for_and_one_that_does_not_only_a_little(
    prepared, monkeypatch
):
    monkeypatch.setattr(announce, "AGENT_SECONDS", 0.2)
    asked: list[None] = []

    def supervised() -> bool:
        asked.append(None)
        return True

    announce.wait_for_agent(prepared.settings, supervised)
    assert asked, "nobody listens: it looked again until its patience was at an end"
    asked.clear()
    prepared.settings.run.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as agent, contextlib.chdir(prepared.settings.run):
        agent.bind(prepared.settings.agent_socket.name)
        agent.listen()
        announce.wait_for_agent(prepared.settings, supervised)
    assert not asked
