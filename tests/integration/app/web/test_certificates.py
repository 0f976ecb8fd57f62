"""Certificates on the console, with a real agent behind it and no edge in front (V11, S9)."""

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from sqlmodel import select

from app.audit.models import OutboxEvent
from app.machine.certificate_watch import tell_happenings
from app.operations.context import Appliance
from appliance.certificates.happenings import Happenings
from appliance.certificates.keeping import Keeping
from appliance.contract.certificates.folder import Shown
from appliance.place import Place
from tests.faces import Browser, Owner
from tests.integration.app.web.confirming import confirm
from tests.integration.appliance.conftest import RunningAgent
from tests.integration.authority import HOUR, Authority, Pair
from tests.running import wait_until

pytestmark = pytest.mark.once

NAME = "tenshu.example.co.jp"
PLACE = "/network/certificates"


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("company"), "Company root")


@pytest.fixture
def agent(appliance: Appliance) -> Iterator[RunningAgent]:
    """The agent of a copy that is called by one name."""
    settings = appliance.settings
    settings.tls.mkdir(parents=True, exist_ok=True)
    own = Authority(settings.data.parent / "own").issue("server", NAME, "localhost", "127.0.0.1")
    (settings.tls / "server.pem").write_bytes(own.certificate.read_bytes())
    (settings.tls / "server.key").write_bytes(own.key.read_bytes())
    running = RunningAgent(
        Place(data=settings.data, keys=settings.keys, database_url=settings.database_url)
    )
    running.start()
    yield running
    running.end()


def send(browser: Browser, path: str, files: dict[str, bytes], **typed: str):
    parts = {name: (f"{name}.pem", content) for name, content in files.items()}
    return browser.request("POST", path, data=typed, files=parts)


def whole(company: Authority, pair: Pair) -> bytes:
    """The chain in the wrong order."""
    return company.pem.encode() + pair.certificate.read_bytes()


def test_a_certificate_comes_in_and_is_chosen_V11(
    admin: Browser, owner: Owner, appliance: Appliance, agent: RunningAgent, company: Authority
) -> None:
    pair = company.issue("intranet", NAME)
    page = admin.get(PLACE)
    assert "自己発行の証明書" in page.text
    made = send(
        admin, f"{PLACE}/new", {"chain": whole(company, pair), "key": pair.key.read_bytes()}
    )
    assert made.status_code == 303, made.text
    place = made.headers["location"].partition("?")[0]
    assert "Company root" in admin.get(place).text
    chosen = confirm(admin, owner, admin.post(f"{place}/show", {"planes": "console"}))
    assert chosen.headers["location"] == f"{PLACE}?notice=chosen"
    assert "数秒で切り替わります" in admin.get(chosen.headers["location"]).text
    kept = Keeping(appliance.settings.data).folder.shown()
    assert (kept.console, kept.workspace) == (place.rpartition("/")[2], "own")
    confirm(admin, owner, admin.post(f"{PLACE}/own/show", {"planes": "console"}), 1)
    assert Keeping(appliance.settings.data).folder.shown().console == "own"


def test_a_signing_request_is_made_taken_away_and_answered_S9_V11(
    admin: Browser, appliance: Appliance, agent: RunningAgent, company: Authority
) -> None:
    asked = admin.get(f"{PLACE}/request")
    assert NAME in asked.text, asked.text[-3000:]
    made = admin.post(f"{PLACE}/request", data={"host_names": NAME, "key_kind": "ec256"})
    place = made.headers["location"].partition("?")[0]
    csr = admin.get(f"{place}/request.csr")
    assert csr.headers["content-type"] == "application/pkcs10"
    asked = x509.load_pem_x509_csr(csr.content)
    assert asked.is_signature_valid
    folder = Keeping(appliance.settings.data).folder.path / place.rpartition("/")[2]
    assert (folder / "request.key").stat().st_mode & 0o777 == 0o600
    other = company.issue("other", NAME)
    wrong = send(admin, f"{place}/answer", {"chain": whole(company, other)})
    assert wrong.status_code == 422
    assert "この鍵は「other」の証明書のものではありません" in wrong.text
    signed = company.sign(asked)
    answered = send(admin, f"{place}/answer", {"chain": company.pem.encode() + signed})
    assert answered.headers["location"] == f"{place}?notice=installed"
    assert "発行待ち" not in admin.get(place).text
    assert not (folder / "request.key").exists()
    assert admin.get(f"{place}/request.csr").status_code == 404
    again = send(admin, f"{place}/answer", {"chain": company.pem.encode() + signed})
    assert again.status_code == 409


def test_what_is_wrong_stands_at_its_field_V11(
    admin: Browser, agent: RunningAgent, company: Authority
) -> None:
    good, other = company.issue("good", NAME), company.issue("another", NAME)
    ended = company.issue("ended", NAME, begins=-2 * HOUR, ends=-HOUR)
    strange = company.issue("strange", "elsewhere.example.com")
    locked = serialization.load_pem_private_key(good.key.read_bytes(), None).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"sesame"),
    )
    key = good.key.read_bytes()
    for chain, given, password, field, said in (
        (whole(company, good), other.key.read_bytes(), "", "key", "鍵は「"),
        (good.certificate.read_bytes(), key, "", "chain", "「Company root」の証明書がありません"),
        (whole(company, ended), ended.key.read_bytes(), "", "chain", "期限が切れています"),
        (whole(company, strange), strange.key.read_bytes(), "", "chain", "elsewhere.example.com"),
        (whole(company, good), b"", "", "key", "秘密鍵がありません"),
        (whole(company, good), locked, "", "password", "暗号化されています"),
        (whole(company, good), locked, "wrong", "password", "パスワードが違うか"),
        (b"nothing", key, "", "chain", "証明書が見つかりません"),
    ):
        files = {"chain": chain, **({"key": given} if given else {})}
        answer = send(admin, f"{PLACE}/new", files, password=password)
        assert answer.status_code == 422, said
        at = re.search(rf'<[^>]*id="field-{field}-error".*?</p>', answer.text, re.DOTALL)
        assert at, field
        assert said in at[0]
    assert "sesame" not in answer.text
    right = send(
        admin, f"{PLACE}/new", {"chain": whole(company, good), "key": locked}, password="sesame"
    )
    assert right.status_code == 303


def test_one_file_of_windows_holds_all_V11(
    admin: Browser, agent: RunningAgent, company: Authority, tmp_path: Path
) -> None:
    pair = company.issue("windows", NAME)
    bundle = pkcs12.serialize_key_and_certificates(
        b"windows",
        serialization.load_pem_private_key(pair.key.read_bytes(), None),
        x509.load_pem_x509_certificate(pair.certificate.read_bytes()),
        [x509.load_pem_x509_certificate(company.pem.encode())],
        serialization.BestAvailableEncryption(b"sesame"),
    )
    made = send(admin, f"{PLACE}/new", {"chain": bundle}, password="sesame")
    assert made.status_code == 303, made.text
    refused = send(admin, f"{PLACE}/new", {"chain": bundle}, password="wrong")
    assert "パスワードが違うか" in refused.text


def test_what_falls_back_is_on_the_overview_and_in_the_history_once_METI_42(
    admin: Browser, appliance: Appliance, agent: RunningAgent, company: Authority
) -> None:
    keeping = Keeping(appliance.settings.data)
    pair = company.issue("short", NAME)
    made = send(
        admin, f"{PLACE}/new", {"chain": whole(company, pair), "key": pair.key.read_bytes()}
    )
    name = made.headers["location"].partition("?")[0].rpartition("/")[2]
    keeping.show(Shown(console=name, workspace="own"))
    record = keeping.folder.record(name)
    assert record
    ended = company.issue("ended", NAME, begins=-2 * HOUR, ends=-HOUR)
    keeping.folder.pair(name, record.pair).chain.write_bytes(ended.certificate.read_bytes())
    keeping.folder.pair(name, record.pair).key.write_bytes(ended.key.read_bytes())
    agent.end()
    agent.start()
    wait_until(lambda: Happenings(keeping.folder).newest(), "the agent has looked", 10)
    assert tell_happenings(appliance) == 1
    assert tell_happenings(appliance) == 0
    assert f"証明書「{name}」が使えない" in admin.get("/").text
    assert "自己発行の証明書で代替しています" in admin.get(PLACE).text
    with appliance.database.read() as session:
        contents = session.exec(select(OutboxEvent.content)).all()
    told = [one for one in contents if '"verb":"certificates.tell"' in one]
    assert len(told) == 1
    assert "certificates.fell_back" in told[0]
    shown = keeping.folder.pair_for("console", dt.datetime.now(dt.UTC))
    assert shown == keeping.folder.own, "a plane without an edge shows the own one"
