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


HOURS = {"upkeep.begins": "01:00", "upkeep.ends": "05:00", "upkeep.zone": "Asia/Tokyo"}
"""As the form has them."""


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
        **HOURS,
    }
    plan = admin.post(SERVICES, form)
    assert plan.status_code == 200, re.findall(r"#field-[^<]*", plan.text)
    assert "http://proxy.example.co.jp:8080" in plan.text
    assert 'action="/network/apply"' in plan.text
    nothing = admin.post(SERVICES, {"time.largest_step": "5", "ssh.port": "22", **HOURS})
    assert "変わるところはありません" in nothing.text


def test_what_is_wrong_is_told_at_its_field_with_all_that_was_typed(
    machine: Machine, admin: Browser
) -> None:
    typed = {
        "network.dns": "192.0.2.53\r\nnowhere",
        "network.interfaces[0].name": "enp9s9",
        "network.interfaces[0].mtu": "many",
    }
    answer = admin.post(INTERFACES, typed)
    assert answer.status_code == 422
    for field in (
        "network.interfaces[0].zones",
        "network.interfaces[0].mtu",
        "network.interfaces[0].addresses",  # there is none
        "network.dns",  # types that do not fit hide no other mistake
    ):
        assert f'href="#field-{field}"' in answer.text, field
    assert "nowhere" in answer.text
    assert "enp9s9" in answer.text
    assert 'id="field-network.dns-error"' in answer.text
    assert "ネームサーバー（2番目）" in answer.text, "in words, not as the document has it"
    assert 'value="many"' in answer.text


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
    named = send(admin, b"nothing", pem="", name="Company Root", note="")
    assert 'id="field-name-error"' in named.text
    assert 'id="field-pem-error"' in named.text, "both at once"
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


def test_the_form_of_who_reaches_what_keeps_what_was_typed_and_tells_at_its_fields_F2(
    machine: Machine, admin: Browser
) -> None:
    shown = admin.get("/network").text
    rows = re.findall(r'name="list-(\d+)-name"', shown)
    own = {f"list-{row}-{part}": value(shown, f"list-{row}-{part}")
           for row in rows for part in ("name", "note")}  # fmt: skip
    own |= {f"list-{row}-networks": lines(shown, f"list-{row}-networks") for row in rows}
    own |= {f"list-{row}-before": value(shown, f"list-{row}-before") for row in rows[:-1]}
    new = rows[-1]
    typed = own | {
        f"list-{new}-name": "Head Office",
        f"list-{new}-networks": "192.0.2.0/24\r\n192.0.2.7/24, nowhere",
        f"list-{new}-note": "第3営業部",
        "console": ["private", "+new"],
    }
    wrong = admin.post("/network", typed)
    assert wrong.status_code == 422
    for field in (f"list-{new}-name", f"list-{new}-networks"):
        assert f'href="#field-{field}"' in wrong.text, field
        assert f'id="field-{field}-error"' in wrong.text, field
    assert wrong.text.count('id="field-document"') == 0, "the person stays on the form"
    assert value(wrong.text, f"list-{new}-name") == "Head Office"
    assert value(wrong.text, f"list-{new}-note") == "第3営業部"
    assert lines(wrong.text, f"list-{new}-networks") == "192.0.2.0/24\n192.0.2.7/24, nowhere"
    assert re.search(r'name="console" value="\+new"[^>]* checked', wrong.text)
    told = wrong.text.partition(f'id="field-list-{new}-networks-error"')[2].partition("</p>")[0]
    assert "「Head Office」のネットワーク（2番目）" in told
    assert "「Head Office」のネットワーク（3番目）" in told, (
        "each mistake is told, not the first alone"
    )
    assert 'id="field-console-error"' not in wrong.text, "a name is told of at the name alone"
    lost = admin.post("/network", own | {"console": "private", "workspace": ["guests"]})
    assert 'id="field-workspace-error"' in lost.text
    assert "「guests」" in lost.text
    half = admin.post("/network", own | {f"list-{new}-name": "half", "console": "private"})
    assert half.status_code == 422
    assert f'id="field-list-{new}-networks-error"' in half.text
    mended = typed | {
        f"list-{new}-name": "head-office",
        f"list-{new}-networks": "192.0.2.0/24",
    }
    plan = admin.post("/network", mended)
    assert plan.status_code == 200
    assert 'action="/network/apply"' in plan.text


def value(page: str, name: str) -> str:
    """Return what stands in a field of one line."""
    found = re.search(rf'<input[^>]*name="{name}"[^>]*?value="([^"]*)"', page)
    assert found, name
    return found[1]


def lines(page: str, name: str) -> str:
    """Return what stands in a field of several lines."""
    found = re.search(rf'<textarea[^>]*name="{name}"[^>]*>\n([^<]*)</textarea>', page)
    assert found, name
    return found[1]
