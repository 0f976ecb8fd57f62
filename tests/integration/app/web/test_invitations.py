"""Invitations on the console: printed or mailed, withdrawn, opened once (F1)."""

import html
import logging
import re
from collections.abc import Callable

import msgspec
import pytest
from sqlmodel import select

from app.identity.models import Account, Password
from app.identity.operations import accounts, invitations
from app.mail.models import MailMessage
from app.mail.operations.relay import RelayChange, update_relay
from app.mail.queue import purpose_of
from app.mail.relay import Relay
from app.mail.templates import Content
from app.operations.context import SYSTEM, Appliance, Context
from tests.faces import Browser, Owner
from tests.integration.app.web.confirming import confirm

CHOSEN = "a fresh and private sentence"


def here(appliance: Appliance) -> Context:
    return Context(appliance, actor=SYSTEM)


def newcomer(
    appliance: Appliance, login_id: str, mail: str = "", language: str = "ja", role: str = "staff"
) -> str:
    """Make an account that a personnel list has brought: it has no password yet."""
    new = accounts.NewAccount(login_id=login_id, name=f"{login_id} さん", role=role)
    account = accounts.create_account(here(appliance), new).account.id
    with appliance.database.write() as session:
        row = session.get(Account, account)
        assert row is not None
        row.mail, row.language = mail, language
        kept = session.get(Password, account)
        assert kept is not None
        kept.valid_until = 1
    return account


@pytest.mark.parametrize("place", ["/accounts", "/invitations"])
def test_a_list_of_people_is_counted_and_sorted_by_its_headings_F4(
    admin: Browser, appliance: Appliance, place: str
) -> None:
    for login_id in ("ito", "sato"):
        newcomer(appliance, login_id)
    shown = admin.get(f"{place}?q=to&sort=-name").text
    assert ">2人<" in shown
    assert 'aria-sort="descending"' in shown
    assert shown.index(">sato<") < shown.index(">ito<")
    assert f'href="{place}?q=to&amp;sort=name"' in shown, "the heading turns the order"
    assert '<input type="hidden" name="sort" value="-name">' in shown, "a search keeps it"
    assert admin.get(f"{place}?sort=nonsense").status_code == 200, "an old address still opens"


def test_a_refused_invitation_keeps_its_list_and_order_F1(
    admin: Browser, appliance: Appliance
) -> None:
    newcomer(appliance, "ito")
    shown = admin.post("/invitations/mail", {"q": "ito", "sort": "-name"})
    assert shown.status_code == 422
    assert 'action="/invitations" role="search"' in shown.text
    assert 'href="/invitations?q=ito&amp;sort=name"' in shown.text


@pytest.fixture
def relay(appliance: Appliance) -> None:
    named = Relay(host="relay.example.test", sender="tenshu@example.test")
    update_relay(here(appliance), RelayChange(relay=named, rev=0))


def mails(appliance: Appliance) -> dict[str, tuple[str, Content]]:
    """Return recipient → kind of mail and what it says, as the courier would read it."""
    with appliance.database.read() as session:
        return {
            one.recipient: (
                one.template,
                msgspec.json.decode(
                    appliance.keyring.open(purpose_of(one.id), one.content).reveal(), type=Content
                ),
            )
            for one in session.exec(select(MailMessage))
        }


def link_in(text: str) -> str:
    """Return the path of the one link in a text."""
    (found,) = set(re.findall(r"https://[^/\s]+(/invitation/[\w-]+)", text))
    return str(found)


def choose_password(browser: Browser, path: str) -> int:
    """Open a link and choose a password; return the last answer's status."""
    begun = browser.post(path)
    if begun.status_code != 303:
        return begun.status_code
    chosen = browser.post("/sign-in/step", {"step": "new_password", "answer": CHOSEN})
    return chosen.status_code


def test_mails_go_to_whoever_has_an_address_and_the_others_are_named_to_be_printed_F1(
    admin: Browser, owner: Owner, appliance: Appliance, relay: None
) -> None:
    taro = newcomer(appliance, "taro", "taro@example.test")
    emma = newcomer(appliance, "emma", "emma@example.test", language="en", role="operator")
    jiro = newcomer(appliance, "jiro")
    assert "メールで送信" in admin.get("/invitations").text
    asked = admin.post("/invitations/mail", {"selected": [taro, emma, jiro]})
    told = confirm(admin, owner, asked).text
    assert "使えるメールアドレスのない人: 1人" in told
    assert f'name="selected" value="{jiro}"' in told
    assert "taro@example.test" in told
    assert "/invitation/" not in told, "the link is for its person alone"
    found = mails(appliance)
    assert set(found) == {"taro@example.test", "emma@example.test"}
    kind, japanese = found["taro@example.test"]
    assert (kind, "taro さん 様" in japanese.body) == ("people.invitation", True)
    assert "(Asia/Tokyo) まで、1回だけ" in japanese.body
    assert ":8444/invitation/" in japanese.body
    _, english = found["emma@example.test"]
    assert english.subject == "Your account at test"
    assert ":8443/invitation/" in english.body, "who governs starts on the console"


def test_a_mailed_link_opens_one_sign_in_and_a_forwarded_one_nothing_more_F1(
    admin: Browser,
    owner: Owner,
    appliance: Appliance,
    relay: None,
    at_workspace: Callable[[str], Browser],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    taro = newcomer(appliance, "taro", "taro@example.test")
    confirm(admin, owner, admin.post("/invitations/mail", {"selected": taro}))
    path = link_in(mails(appliance)["taro@example.test"][1].body)
    first, second = at_workspace(""), at_workspace("")
    assert "taro さん" in first.get(path).text
    assert choose_password(first, path) == 303
    refused = second.get(path)
    assert refused.status_code == 410
    assert second.post(path).status_code == 410
    token = path.rpartition("/")[2]
    ours = [record for record in caplog.records if record.name != "httpx"]  # the test's browser
    assert not [record for record in ours if token in record.getMessage()]
    with appliance.database.read() as session:
        rows = session.connection().exec_driver_sql("SELECT content FROM audit_outbox").all()
    assert not [row for row in rows if token in str(row)]


def test_an_expired_link_says_so_and_whom_to_ask_F1(
    appliance: Appliance, at_workspace: Callable[[str], Browser]
) -> None:
    taro = newcomer(appliance, "taro")
    request = invitations.Invite(accounts=(taro,), days=1)
    (issued,) = invitations.invite(here(appliance), request).items
    with appliance.database.write() as session:
        session.connection().exec_driver_sql("UPDATE identity_invitation SET expires_at = 1")
    answer = at_workspace("").get(f"/invitation/{issued.token.reveal()}")
    assert answer.status_code == 410
    assert "期限" in answer.text
    assert "管理者" in answer.text


def test_an_invitation_is_withdrawn_from_the_list_and_from_the_account_F1(
    admin: Browser, appliance: Appliance, at_workspace: Callable[[str], Browser]
) -> None:
    taro = newcomer(appliance, "taro")
    withdraw = f"/invitations/{taro}/withdraw"
    assert withdraw not in admin.get("/invitations").text
    (issued,) = invitations.invite(here(appliance), invitations.Invite(accounts=(taro,))).items
    assert f'formaction="{withdraw}"' in admin.get("/invitations").text
    assert withdraw in admin.get(f"/accounts/{taro}").text
    done = admin.post(withdraw)
    assert done.headers["location"] == "/invitations?notice=withdrawn"
    assert "取り消しました" in admin.get(done.headers["location"]).text
    assert at_workspace("").get(f"/invitation/{issued.token.reveal()}").status_code == 410
    invitations.invite(here(appliance), invitations.Invite(accounts=(taro,)))
    done = admin.post(withdraw, {"from": "account"})
    assert done.headers["location"] == f"/accounts/{taro}?notice=withdrawn"
    assert withdraw not in admin.get(done.headers["location"]).text


def test_without_a_relay_the_page_says_where_to_name_one_and_no_code_is_spent_F1(
    admin: Browser, appliance: Appliance
) -> None:
    taro = newcomer(appliance, "taro", "taro@example.test")
    shown = admin.get("/invitations").text
    assert 'href="/settings/mail"' in shown
    assert 'formaction="/invitations/mail"' not in shown
    refused = admin.post("/invitations/mail", {"selected": taro})
    assert refused.status_code == 409
    assert "メール中継サーバー" in html.unescape(refused.text)
    assert mails(appliance) == {}


def test_a_forgotten_password_is_replaced_by_a_mailed_link_where_an_address_is_known_F1(
    admin: Browser, owner: Owner, appliance: Appliance, relay: None
) -> None:
    new = accounts.NewAccount(login_id="taro", name="佐藤 太郎", role="staff")
    account = accounts.create_account(here(appliance), new).account
    place = f"/accounts/{account.id}"
    assert "メールで送信" not in admin.get(place).text
    form = {"rev": str(account.rev), "name": account.name, "login_id": "taro"}
    bad = admin.post(f"{place}/update", {**form, "name": "佐藤 太朗", "mail": "taro@"})
    assert bad.status_code == 422
    assert 'href="#field-mail"' in bad.text
    assert all(f'value="{typed}"' in bad.text for typed in ("佐藤 太朗", "taro@"))
    saved = admin.post(f"{place}/update", {**form, "mail": "taro@example.test"})
    confirm(admin, owner, saved)
    assert "1回限りのリンクをメールで送信" in admin.get(place).text
    asked = admin.post("/invitations/mail", {"selected": account.id})
    told = confirm(admin, owner, asked, step=1).text
    assert "送信を始めたメール: 1件" in told
    kind, content = mails(appliance)["taro@example.test"]
    assert kind == "people.password_link"
    assert "今のパスワードのままです" in content.body


def test_links_are_printed_for_everybody_without_one_on_sheets_with_a_code_F1(
    admin: Browser, owner: Owner, appliance: Appliance
) -> None:
    assert "招待を待っている人はいません" in admin.get("/invitations").text
    nobody = admin.post("/invitations", {})
    assert nobody.status_code == 422
    taro, jiro = newcomer(appliance, "taro"), newcomer(appliance, "jiro")
    invitations.invite(here(appliance), invitations.Invite(accounts=(jiro,)))
    asked = admin.post("/invitations", {"everybody": "yes"})
    assert "taro さん" in admin.get(asked.headers["location"]).text, "whom, before it is done"
    sheets = confirm(admin, owner, asked).text
    assert sheets.count('class="sheet"') == 1, "who has an open link keeps it"
    assert "taro さん" in sheets
    assert "<svg" in sheets
    assert link_in(sheets)
    found = admin.get("/invitations?q=taro").text
    assert f"/accounts/{taro}" in found
    assert f"/accounts/{jiro}" not in found


def test_a_sheet_for_a_forgotten_password_is_no_invitation_and_leads_back_F1(
    admin: Browser, owner: Owner, appliance: Appliance
) -> None:
    new = accounts.NewAccount(login_id="taro", name="佐藤 太郎", role="staff")
    account = accounts.create_account(here(appliance), new).account
    sheet = confirm(admin, owner, admin.post("/invitations", {"selected": account.id})).text
    assert "佐藤 太郎さんの新しいパスワード" in sheet
    assert "招待状" not in sheet
    assert f'href="/accounts/{account.id}"' in sheet


def test_a_request_about_many_people_names_the_first_and_counts_F1(
    admin: Browser, appliance: Appliance
) -> None:
    for number in range(4):
        newcomer(appliance, f"user{number}")
    asked = admin.post("/invitations", {"everybody": "yes"})
    assert "user2 さん … (4)" in admin.get(asked.headers["location"]).text


def test_who_may_only_look_gets_no_buttons_and_is_refused_F1(
    stranger: Browser, appliance: Appliance
) -> None:
    newcomer(appliance, "taro")
    assert stranger.get("/invitations").status_code in (303, 401)
    assert stranger.post("/invitations/mail", {"everybody": "yes"}).status_code in (303, 401)


def test_who_was_picked_stays_picked_where_no_mail_can_go_yet(
    admin: Browser, appliance: Appliance
) -> None:
    picked, other = newcomer(appliance, "taro", "taro@example.test"), newcomer(appliance, "tazuko")
    newcomer(appliance, "jiro")
    refused = admin.post("/invitations/mail", {"selected": picked, "q": "ta", "after": ""})
    assert refused.status_code >= 400
    assert re.search(rf'value="{picked}" data-picks checked', refused.text)
    assert re.search(rf'value="{other}" data-picks aria-label', refused.text)
    assert "jiro" not in refused.text
