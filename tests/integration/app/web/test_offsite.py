"""The page *Off the machine*: set up, tried, changed, removed, and what the overview says."""

import html
import re
from pathlib import Path

import pytest

from app.audit.sealer import Sealer
from app.audit.signing import load_or_make_signer
from app.core import clock
from app.offsite import progress
from app.offsite.kinds import SyslogReceiver
from app.offsite.operations.changing import create_destination
from app.offsite.operations.checking import NewDestination
from app.offsite.operations.showing import list_destinations
from app.offsite.shipping import ship
from app.operations.context import SYSTEM, Appliance, Context
from app.operations.operation import NoRequest
from app.start.keys import SIGNING_KEY
from tests.faces import Browser, Owner
from tests.integration.app.web.confirming import confirm
from tests.integration.authority import Authority
from tests.ports import free_port

PLACE = "/settings/off-the-machine"
SYSLOG = {
    "name": "大阪のログ", "host": "127.0.0.1", "port": "6514", "encryption": "tls",
    "authority": "", "language": "ja", "names": "true", "from_beginning": "true",
}  # fmt: skip


def standing(appliance: Appliance):
    return list_destinations(Context(appliance, actor=SYSTEM), NoRequest()).items


def seal(appliance: Appliance) -> None:
    settings = appliance.settings
    signer = load_or_make_signer(settings.keys / SIGNING_KEY)
    sealer = Sealer(
        appliance.database, settings.data, settings.sealed_store, signer, machine="test"
    )
    while sealer.turn():
        pass
    sealer.close()


def test_a_receiver_is_set_after_a_fresh_code_and_tried_F5(
    admin: Browser, owner: Owner, appliance: Appliance
) -> None:
    assert "送り先がまだありません" in admin.get(PLACE).text
    port = str(free_port())
    asked = admin.post(f"{PLACE}/new/syslog", {**SYSLOG, "port": port, "encryption": "none"})
    assert standing(appliance) == []
    told = admin.get(asked.headers["location"]).text
    assert "はい" in told
    assert "True" not in told
    shown = admin.get(confirm(admin, owner, asked).headers["location"]).text
    (one,) = standing(appliance)
    assert one.syslog.names
    assert "大阪のログ" in shown
    assert "暗号化なし" in shown, "the open way is warned of"
    seal(appliance)
    tried = admin.post(f"{PLACE}/{one.id}/try")
    assert tried.status_code == 502
    assert "に接続できません" in html.unescape(tried.text)
    assert f'value="{port}"' in admin.get(f"{PLACE}/{one.id}").text
    assert admin.post(f"{PLACE}/{one.id}/send-again").status_code == 303


def test_a_receiver_is_changed_and_removed_after_a_fresh_code_F5(
    admin: Browser, owner: Owner, appliance: Appliance
) -> None:
    target = SyslogReceiver(host="127.0.0.1", port=free_port())
    made = create_destination(
        Context(appliance, actor=SYSTEM), NewDestination(name="大阪のログ", syslog=target)
    )
    place = f"{PLACE}/{made.id}"
    without = {name: text for name, text in SYSLOG.items() if name != "names"}
    confirm(admin, owner, admin.post(place, {**without, "rev": "1"}))
    (one,) = standing(appliance)
    assert (one.syslog.port, one.syslog.names, one.rev) == (6514, False, 2)
    assert admin.post(place, {**SYSLOG, "rev": "1"}).status_code == 409
    asked = admin.post(f"{place}/remove")
    assert "大阪のログ" in admin.get(asked.headers["location"]).text
    confirm(admin, owner, asked, step=1)
    assert standing(appliance) == []


def test_our_own_certificate_is_entered_with_its_key_which_no_page_shows_F12(
    admin: Browser, owner: Owner, appliance: Appliance, tmp_path: Path
) -> None:
    authority = Authority(tmp_path / "authority")
    own, other = authority.issue("appliance"), authority.issue("another")
    typed = {**SYSLOG, "certificate": own.certificate.read_text()}
    refused = admin.post(f"{PLACE}/new/syslog", {**typed, "client_key": other.key.read_text()})
    assert refused.status_code == 422
    assert 'href="#field-client_key"' in refused.text
    asked = admin.post(f"{PLACE}/new/syslog", {**typed, "client_key": own.key.read_text()})
    shown = admin.get(confirm(admin, owner, asked).headers["location"]).text
    assert "自分の証明書の期限が近づいています" in shown, "it ends within a day: the page warns"
    (one,) = standing(appliance)
    assert one.certificate.subject == "CN=appliance"
    form = admin.get(f"{PLACE}/{one.id}").text
    assert html.escape(own.certificate.read_text().splitlines()[1]) in form
    assert own.key.read_text().splitlines()[1] not in refused.text + asked.text + shown + form
    with appliance.database.read() as session:
        kept = progress.need(session, one.id)
    assert progress.note(appliance, kept.seen, {"arrived_at": clock.now()})
    assert "証明書の期限が近づいています" in admin.get("/").text


@pytest.mark.parametrize(
    ("kind", "typed", "field"),
    [
        ("syslog", {**SYSLOG, "port": "99999"}, "port"),
        ("syslog", {**SYSLOG, "host": "a b"}, "host"),
        ("syslog", {**SYSLOG, "name": ""}, "name"),
        ("folder", {"name": "x", "path": "share"}, "path"),
        ("mail", {"name": "x", "people": "nobody", "hour": "7", "zone": "Asia/Tokyo"}, "people"),
        ("mail", {"name": "x", "people": "", "hour": "7", "zone": "Asia/Tokyo"}, "people"),
    ],
)
def test_what_does_not_fit_is_told_at_its_field_and_stays_typed(
    admin: Browser, kind: str, typed: dict[str, str], field: str
) -> None:
    answer = admin.post(f"{PLACE}/new/{kind}", typed)
    assert answer.status_code == 422
    assert f'href="#field-{field}"' in answer.text
    assert html.escape(typed[field]) in answer.text


def test_what_only_the_operation_knows_is_told_before_a_code_is_spent(
    admin: Browser, appliance: Appliance
) -> None:
    inside = {"name": "x", "path": str(appliance.settings.data / "audit")}
    answer = admin.post(f"{PLACE}/new/folder", inside)
    assert answer.status_code == 422
    assert 'href="#field-path"' in answer.text
    answer = admin.post(f"{PLACE}/new/syslog", {**SYSLOG, "authority": "x"})
    assert 'href="#field-authority"' in answer.text


def test_the_overview_warns_until_something_is_outside_and_when_nothing_gets_there_F5(
    admin: Browser, owner: Owner, appliance: Appliance, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    alone = "操作履歴がこのアプライアンスにしかありません"
    assert alone in admin.get("/").text
    share = tmp_path / "share"
    share.mkdir()
    asked = admin.post(f"{PLACE}/new/folder", {"name": "共有", "path": str(share)})
    confirm(admin, owner, asked)
    seal(appliance)
    assert alone in admin.get("/").text, "setting it up is not enough"
    (one,) = standing(appliance)
    ship(appliance, one.id)
    assert alone not in admin.get("/").text
    assert list(share.iterdir())
    later = clock.now() + 2 * clock.HOUR
    monkeypatch.setattr(clock, "now", lambda: later)
    (one,) = standing(appliance)
    assert one.stuck or not one.behind


def test_a_kind_or_a_destination_that_is_not_there_is_no_page(admin: Browser) -> None:
    assert admin.get(f"{PLACE}/new/fax").status_code == 404
    assert admin.get(f"{PLACE}/unknown").status_code == 404


def test_who_may_only_look_sees_no_button(admin: Browser, stranger: Browser) -> None:
    assert re.search(r"/new/syslog", admin.get(PLACE).text)
    assert stranger.get(PLACE).status_code in (303, 401, 403)
