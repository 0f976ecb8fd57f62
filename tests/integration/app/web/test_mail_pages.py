"""The mail settings on the console."""

import html

from app.mail.models import MailMessage
from app.mail.operations.messages import ListMails, list_mails
from app.mail.operations.relay import get_relay
from app.mail.states import MailState
from app.operations.context import SYSTEM, Appliance, Context
from app.operations.operation import NoRequest
from tests.faces import Browser, Owner
from tests.integration.app.web.confirming import confirm
from tests.ports import free_port

RELAY = {
    "rev": "0", "host": "127.0.0.1", "port": "2525", "encryption": "starttls", "authority": "",
    "user": "tenshu", "password": "hito ni iwanai", "sender": "tenshu@example.test",
    "sender_name": "天守",
}  # fmt: skip


def test_a_relay_is_set_after_a_fresh_code_and_its_password_never_shown_again_S9(
    admin: Browser, owner: Owner, appliance: Appliance
) -> None:
    asked = admin.post("/settings/mail", RELAY)
    assert "hito ni iwanai" not in admin.get(asked.headers["location"]).text
    changed = confirm(admin, owner, asked)
    shown = admin.get(changed.headers["location"]).text
    assert "この中継サーバーでメールを送ります。" in shown
    assert 'value="tenshu@example.test"' in shown
    assert "hito ni iwanai" not in shown
    found = get_relay(Context(appliance, actor=SYSTEM), NoRequest())
    assert (found.relay.port, found.has_password) == (2525, True)


def test_what_does_not_fit_is_told_at_its_field_and_stays_typed(admin: Browser) -> None:
    for field, text in (
        ("port", "99999"), ("sender", "nobody"), ("host", "a b"), ("authority", "x"),
    ):  # fmt: skip
        answer = admin.post("/settings/mail", {**RELAY, "password": "", "user": "", field: text})
        if field == "authority":  # found out only when the operation runs
            continue
        assert answer.status_code == 422
        assert f'href="#field-{field}"' in answer.text
        assert f'value="{text}"' in answer.text


def test_a_test_mail_to_a_relay_that_is_away_tells_why_and_what_to_do(
    admin: Browser, owner: Owner
) -> None:
    none = {**RELAY, "encryption": "none", "user": "", "password": "", "port": str(free_port())}
    confirm(admin, owner, admin.post("/settings/mail", none))
    answer = admin.post("/settings/mail/test", {"to": "hanako@example.test"})
    assert answer.status_code == 502
    told = html.unescape(answer.text)
    assert "に接続できません" in told
    assert "ファイアウォール" in told
    assert 'value="hanako@example.test"' in told
    assert admin.post("/settings/mail/test", {"to": "hanako"}).status_code == 422


RECIPIENTS = ("hanako@example.test", "taro@example.test", "=1@x.test")


def test_the_list_of_mails_is_sorted_and_handed_out_as_it_is_shown(
    admin: Browser, appliance: Appliance
) -> None:
    system = Context(appliance, actor=SYSTEM)
    with appliance.database.write() as session:
        for number, recipient in enumerate(RECIPIENTS):
            session.add(
                MailMessage(
                    id=f"{number}", template="test", recipient=recipient, language="ja", content="",
                    created_at=number, created_by="", state=MailState.SENT.value,
                )
            )  # fmt: skip
    newest, oldest = (
        [row.id for row in list_mails(system, ListMails(sort=sort)).items]
        for sort in ("-created_at", "created_at")
    )
    assert newest == oldest[::-1] == ["2", "1", "0"]
    first = list_mails(system, ListMails(sort="created_at", limit=1))
    rest = list_mails(system, ListMails(after=first.after, sort="created_at"))
    assert [row.id for row in rest.items] == ["1", "2"]
    page = admin.get("/settings/mail?sort=created_at").text
    assert page.index("hanako@example.test") < page.index("taro@example.test")
    got = admin.post("/settings/mail/messages/export", {"q": "", "state": "", "sort": "created_at"})
    assert got.headers["content-type"].startswith("text/csv")
    lines = got.text.splitlines()
    assert "hanako@example.test" in lines[1]
    assert "'=1@x.test" in lines[3], "no spreadsheet runs it"
    some = admin.post("/settings/mail/messages/export", {"q": "taro", "state": "sent", "sort": ""})
    assert len(some.text.splitlines()) == 2
