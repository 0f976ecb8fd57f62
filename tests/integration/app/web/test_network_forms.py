"""The forms for parts of the machine's document, and the authorities that it trusts (METI-42)."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.operations.context import Appliance
from tests.faces import Browser, Owner
from tests.hosts import network
from tests.integration.app.web.confirming import confirm
from tests.integration.appliance.machine.conftest import LOCAL, Machine
from tests.integration.authority import Authority

INTERFACES, SERVICES = "/network/settings/interfaces", "/network/settings/services"
TRUST = "/network/trust"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("machine")
    with network() as net:
        found = Machine(net, folder)
        (folder / "data").mkdir()
        found.start()
        try:
            yield found
        finally:
            found.close()


@pytest.fixture
def machine(site: Machine, appliance: Appliance) -> Machine:
    """The machine of this console: its agent is asked where the console looks for it."""
    appliance.settings.agent_socket.parent.mkdir(parents=True, exist_ok=True)
    appliance.settings.agent_socket.symlink_to(site.place.socket)
    return site


def send(browser: Browser, content: bytes, **typed: str) -> Any:
    files = {"file": ("root.pem", content)} if content else {"file": ("", b"")}
    return browser.request("POST", TRUST, data=typed, files=files)


def test_each_form_shows_the_document_and_leads_to_what_would_change(
    machine: Machine, admin: Browser, owner: Owner
) -> None:
    for path in (INTERFACES, SERVICES, "/network/settings/limits", TRUST, "/network/firewall"):
        assert admin.get(path).status_code == 200, path
    assert admin.get("/network/settings/nothing").status_code == 404
    assert "インターフェースを追加" in admin.get(INTERFACES).text
    form = {
        "time.largest_step": "5",
        "network.proxy.address": "http://proxy.example.co.jp:8080",
        "network.proxy.exceptions": ".example.co.jp\r\n10.0.0.0/8",
        "ssh.port": "22",
    }
    plan = admin.post(SERVICES, form)
    assert plan.status_code == 200, re.findall(r"#field-[^<]*", plan.text)
    assert "http://proxy.example.co.jp:8080" in plan.text
    assert 'action="/network/apply"' in plan.text
    nothing = admin.post(SERVICES, {"time.largest_step": "5", "ssh.port": "22"})
    assert "変わるところはありません" in nothing.text


def test_what_is_wrong_is_told_at_its_field_with_all_that_was_typed(
    machine: Machine, admin: Browser
) -> None:
    typed = {
        "network.dns": "192.0.2.53\r\nnowhere",
        "network.interfaces[0].name": "enp9s9",
        "network.interfaces[0].mtu": "many",
    }
    shape = admin.post(INTERFACES, typed)
    sound = {"network.interfaces[0].mtu": "1500", "network.interfaces[0].zones": "management"}
    whole = admin.post(INTERFACES, typed | sound)
    for answer, fields in (
        (shape, ("network.interfaces[0].zones", "network.interfaces[0].mtu")),
        (whole, ("network.dns",)),
    ):
        assert answer.status_code == 422
        for field in fields:
            assert f'href="#field-{field}"' in answer.text, field
        assert "nowhere" in answer.text
        assert "enp9s9" in answer.text
    assert 'id="field-network.dns-error"' in whole.text
    assert 'value="many"' in shape.text


def test_an_authority_is_trusted_shown_and_taken_out(
    machine: Machine, admin: Browser, owner: Owner, tmp_path: Path
) -> None:
    assert "独自の認証局はありません" in admin.get(TRUST).text
    pem = Authority(tmp_path).path.read_text()
    for content in (b"nothing", b"", pem.encode() * 2):
        wrong = send(admin, content, pem="", name="", note="第3営業部")
        assert wrong.status_code == 422
        assert 'id="field-pem-error"' in wrong.text
        assert "第3営業部" in wrong.text, "nothing typed is lost"
    named = send(admin, pem.encode(), pem="", name="Company Root", note="")
    assert 'id="field-name-error"' in named.text
    plan = send(admin, b"", pem=pem, name="company-root", note="")
    assert plan.status_code == 200
    assert "company-root" in plan.text
    text = f'[[trust.roots]]\nname = "company-root"\npem = """\n{pem}"""\n'
    asked = admin.post(
        "/network/apply",
        {
            "document": text,
            "based_on": str(machine.client.configuration(LOCAL).version),
            "seconds": "60",
            "why": "proxy",
        },
    )
    confirm(admin, owner, asked)
    assert "BEGIN CERTIFICATE" in machine.client.configuration(LOCAL).document
    shown = admin.get(TRUST).text
    assert "company-root" in shown
    assert shown.count(":") > 31, "its fingerprint"
    gone = admin.post(f"{TRUST}/remove", {"name": "company-root"})
    assert gone.status_code == 200
    assert "<del>" in gone.text
    assert admin.post(f"{TRUST}/remove", {"name": "nobody"}).status_code == 404
