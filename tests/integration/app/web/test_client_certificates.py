"""Client certificates and access rules on the console's pages (F2, F3)."""

import re
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.serialization import pkcs12

from app.identity.access_rules import Kind
from app.identity.client_certificate_rows import CertificateRow
from app.identity.operations import access_rules, accounts
from app.identity.operations import client_certificates as certificates
from app.operations.context import SYSTEM, Appliance, Context
from app.web.gate import AsgiApplication
from tests.faces import Browser, Owner
from tests.integration.app.web.confirming import confirm

NEW = {"person": "jiro", "device": "営業部ノートPC 12", "days": "30"}


def here(appliance: Appliance) -> Context:
    return Context(appliance, actor=SYSTEM)


@pytest.fixture
def jiro(appliance: Appliance) -> str:
    new = accounts.NewAccount(login_id="jiro", name="佐藤 次郎", role="viewer")
    return accounts.create_account(here(appliance), new).account.id


@pytest.fixture
def behind_the_edge(appliance: Appliance, console_application: AsgiApplication) -> None:
    """The plane believes that the edge stands in front, as far as settings say it."""
    state = console_application.application.state  # type: ignore[attr-defined]
    held = state.appliance
    state.appliance = replace(held, settings=settings_with_edge(held))


def settings_with_edge(appliance: Appliance):
    import msgspec

    return msgspec.structs.replace(appliance.settings, edge=True)


def issued(appliance: Appliance, account: str, **more) -> CertificateRow:
    wanted = {"device": "phone", "days": 365} | more
    new = certificates.NewCertificate(account=account, **wanted)
    return certificates.issue_certificate(here(appliance), new).certificate


def test_a_certificate_is_issued_and_its_file_handed_out_once_F3(
    admin: Browser, owner: Owner, appliance: Appliance, jiro: str
) -> None:
    empty = admin.get("/client-certificates").text
    assert "証明書はまだありません" in empty
    assert "クライアント証明書にはエッジが必要です" in empty, "this copy has none"
    assert "jiro" in admin.get("/client-certificates/new?account=jiro").text
    asked = admin.post("/client-certificates/new", NEW)
    assert "佐藤 次郎" in admin.get(asked.headers["location"]).text
    made = confirm(admin, owner, asked)
    password = re.search(r"((?:[0-9a-z]{4}-){4}[0-9a-z]{4})", made.text)
    place = re.search(r'action="(/client-certificates/[^/]+)/download"', made.text)
    assert password
    assert place
    file = admin.post(f"{place[1]}/download")
    assert file.headers["content-type"] == "application/x-pkcs12"
    key, certificate, above = pkcs12.load_key_and_certificates(file.content, password[1].encode())
    assert key is not None
    assert certificate is not None
    assert len(above) == 1
    assert b"2.16.840.1.101.3.4.1.42" not in file.content, "the identifier is not its text"
    assert admin.post(f"{place[1]}/download").status_code == 404, "once"
    shown = admin.get(place[1]).text
    assert f"{certificate.serial_number:X}" in shown
    assert "営業部ノートPC 12" in admin.get(f"/accounts/{jiro}").text
    assert password[1] not in shown


def test_who_lacks_a_field_keeps_what_was_typed_F3(admin: Browser, jiro: str) -> None:
    for wrong, place in (
        ({"days": "0"}, "days"),
        ({"device": ""}, "device"),
        ({"person": "nobody"}, "person"),
    ):
        answer = admin.post("/client-certificates/new", NEW | wrong)
        assert answer.status_code in (404, 422), wrong
        assert f'id="field-{place}-error"' in answer.text, wrong
    assert "営業部ノートPC 12" in answer.text


def test_a_certificate_is_renewed_and_the_old_one_revoked_F3(
    admin: Browser, owner: Owner, appliance: Appliance, jiro: str
) -> None:
    old = issued(appliance, jiro, days=20)
    assert "30日以内に期限が切れるクライアント証明書が1件あります" in admin.get("/").text
    place = f"/client-certificates/{old.id}"
    assert admin.post(f"{place}/renew", {"days": "0"}).status_code == 422
    made = confirm(admin, owner, admin.post(f"{place}/renew", {"days": "365"}))
    assert "証明書を発行しました" in made.text
    assert "30日以内に期限が切れる" not in admin.get("/").text
    assert admin.post(f"{place}/revoke", {}).status_code == 422
    done = confirm(admin, owner, admin.post(f"{place}/revoke", {"reason": "replaced"}), step=1)
    assert "失効させました" in admin.get(done.headers["location"]).text
    assert "別の証明書への切り替え" in admin.get(place).text


def test_the_list_is_searched_filtered_and_sorted_F3(
    admin: Browser, appliance: Appliance, jiro: str
) -> None:
    for number in range(3):
        issued(appliance, jiro, device=f"tablet {number}", days=10 + 100 * number)
    gone = issued(appliance, jiro, device="lost phone")
    certificates.revoke_certificate(
        here(appliance), certificates.Revocation(certificate=gone.id, reason="lost")
    )

    def devices(query: str) -> list[str]:
        text = admin.get(f"/client-certificates?{query}").text
        return re.findall(r'href="/client-certificates/[0-9a-f-]+">([^<]+)</a>', text)

    assert devices("") == ["tablet 0", "tablet 1", "tablet 2", "lost phone"]
    assert devices("sort=-device")[0] == "tablet 2"
    assert devices("status=revoked") == ["lost phone"]
    assert devices("status=ends_soon") == ["tablet 0"]
    assert devices("status=valid") == ["tablet 1", "tablet 2"]
    assert devices("status=expired") == []
    assert devices("q=lost") == ["lost phone"]
    assert devices(f"q={gone.serial[:12].lower()}") == ["lost phone"]
    assert devices("q=jiro&sort=-last_used_at") == devices("q=次郎&sort=-last_used_at")
    got = admin.post("/client-certificates/export", {"q": "tablet", "sort": "-device"})
    assert got.headers["content-type"].startswith("text/csv")
    assert [line.split(",")[2] for line in got.text.splitlines()[1:]] == [
        "tablet 2", "tablet 1", "tablet 0",
    ]  # fmt: skip
    lost = admin.post("/client-certificates/export", {"status": "revoked", "sort": "nonsense"})
    assert gone.serial in lost.text
    assert len(lost.text.splitlines()) == 2


def test_why_tells_from_where_and_with_what_a_person_comes_in_F2_METI_45(
    admin: Browser, appliance: Appliance, jiro: str
) -> None:
    place = f"/accounts/{jiro}/why?permission=jobs.view"
    assert "この人に適用されるアクセスルールはありません" in admin.get(place).text
    local = here(appliance)
    change = access_rules.RuleChange(kind=Kind.ROLE, whom="viewer", networks=("10.0.0.0/8",), rev=0)
    access_rules.set_rule(local, change)
    device = issued(appliance, jiro, device="tablet")
    shown = admin.get(place).text
    assert 'href="/access-rules/role/viewer"' in shown
    assert "10.0.0.0/8" in shown
    assert f'href="/client-certificates/{device.id}"' in shown
    assert "過去の日のルール" in admin.get(f"{place}&day=2020-01-01").text


def test_a_rule_for_a_person_is_set_on_their_page_F2(
    admin: Browser, owner: Owner, appliance: Appliance, jiro: str
) -> None:
    place = f"/access-rules/account/{jiro}"
    page = admin.get(place).text
    assert "127.0.0.1" in page, "where one comes from now"
    wrong = admin.post(place, {"rev": "0", "networks": "10.0.0.0/8\noffice"})
    assert wrong.status_code == 422
    assert "office" in wrong.text
    asked = admin.post(place, {"rev": "0", "networks": "10.0.0.0/8\n2001:db8::/32\n"})
    assert "佐藤 次郎" in admin.get(asked.headers["location"]).text
    done = confirm(admin, owner, asked)
    assert done.headers["location"] == f"/accounts/{jiro}?notice=changed"
    assert "10.0.0.0/8, 2001:db8::/32" in admin.get(f"/accounts/{jiro}").text
    assert "佐藤 次郎" in admin.get("/access-rules?kind=account").text
    assert "佐藤 次郎" not in admin.get("/access-rules?kind=role").text
    assert admin.post(place, {"rev": "0", "networks": ""}).headers["location"], "asked again"


def test_who_would_shut_out_themselves_is_told_before_a_code_is_spent_F2(
    admin: Browser, owner: Owner, behind_the_edge: None
) -> None:
    admin.peer = "192.0.2.7"
    for place in (f"/access-rules/account/{owner.account}", "/access-rules/role/owner"):
        answer = admin.post(place, {"rev": "0", "networks": "10.0.0.0/8"})
        assert answer.status_code == 409, place
        assert "あなた自身が入れなくなります" in answer.text
        assert "10.0.0.0/8" in answer.text, "nothing typed is lost"
    for place in ("/access-rules/area/console", "/access-rules/role/owner"):
        answer = admin.post(place, {"rev": "0", "certificate": "yes"})
        assert answer.status_code == 409, place
        assert "有効なクライアント証明書が使われていません" in answer.text


def test_without_an_edge_no_certificate_can_be_asked_for_F3(admin: Browser, jiro: str) -> None:
    answer = admin.post(f"/access-rules/account/{jiro}", {"rev": "0", "certificate": "yes"})
    assert answer.status_code == 422
    assert "ここにはエッジがありません" in answer.text


@pytest.mark.parametrize("place", ["area/portal", "role/nobody", "account/nobody"])
def test_there_are_rules_only_for_what_there_is_F2(admin: Browser, place: str) -> None:
    assert admin.get(f"/access-rules/{place}").status_code == 404


def test_who_may_only_look_sees_rules_and_certificates_and_changes_none_F4(
    appliance: Appliance, admin: Browser, jiro: str
) -> None:
    change = access_rules.RuleChange(
        kind=Kind.ACCOUNT, whom=jiro, networks=("192.0.2.0/24",), rev=0
    )
    access_rules.set_rule(here(appliance), change)
    found = admin.get(f"/api/v1/accounts/{jiro}/access-rules").json()
    assert [one["networks"] for one in found["items"]] == [["192.0.2.0/24"]]
