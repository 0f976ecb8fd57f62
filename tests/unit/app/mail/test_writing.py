"""What a mail may say and where it may go, whatever stands in its values."""

import email
import email.policy
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mail.addresses import is_address
from app.mail.message import compose
from app.mail.operations.relay import TEST
from app.mail.relay import Relay
from app.mail.templates import Content, Template, fill, template

RELAY = Relay(host="relay.example.test", sender="tenshu@example.test", sender_name="天守の番人")
GREETING = Template("test.greeting", "Hello {name}", "Dear {name},\nsee {link}\n")


def sent(content: Content, **changed: str) -> email.message.EmailMessage:
    """Return the mail as a reader at the other end parses it."""
    told = {"identifier": "m1", "recipient": "hanako@example.test", "language": "ja", **changed}
    made = compose(RELAY, content=content, at=1_795_224_000_000, **told)
    return email.message_from_bytes(made.as_bytes(), policy=email.policy.default)


def test_a_mail_in_japanese_arrives_as_it_was_written() -> None:
    mail = sent(
        Content(subject="花子さんへの招待：" + "長い件名です" * 20, body="こんにちは。\n一行目\n")
    )
    assert mail["subject"] == "花子さんへの招待：" + "長い件名です" * 20
    assert mail.get_content().splitlines() == ["こんにちは。", "一行目"]
    assert mail["from"].addresses[0].display_name == "天守の番人"
    assert mail["to"] == "hanako@example.test"
    assert mail["message-id"] == "<m1@example.test>"
    assert mail["auto-submitted"] == "auto-generated"
    assert mail.defects == []


def test_every_line_that_leaves_is_ascii_and_short_enough_for_every_relay() -> None:
    content = Content(subject="件名" * 200, body="本文" * 2000)
    made = compose(
        RELAY, identifier="m", recipient="a@example.test", language="ja", content=content, at=0
    )
    lines = made.as_bytes().split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert b"".join(lines).isascii()


@given(st.text())
def test_no_value_becomes_a_header_a_recipient_or_another_part_S9(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        return  # a broken surrogate enters no database of ours
    mail = sent(fill(GREETING, "en", {"name": value + "\r\nBcc: x@example.org", "link": value}))
    assert mail.keys() == [
        "Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted",
        "Content-Type", "Content-Transfer-Encoding", "MIME-Version", "Content-Language",
    ]  # fmt: skip
    assert mail["to"] == "hanako@example.test"
    assert not mail.is_multipart()


def test_braces_in_a_value_are_text() -> None:
    filled = fill(GREETING, "en", {"name": "{link}", "link": "{0.__class__}"})
    assert filled == Content("Hello {link}", "Dear {link},\nsee {0.__class__}\n")


def test_a_value_that_is_missing_is_found_before_the_mail_waits() -> None:
    with pytest.raises(KeyError, match="link"):
        fill(GREETING, "ja", {"name": "花子"})
    assert GREETING.fields == {"name", "link"}


def test_two_templates_of_one_name_are_a_fault() -> None:
    with pytest.raises(ValueError, match=re.escape(TEST.name)):
        template(TEST.name, subject="", body="")


@pytest.mark.parametrize(
    "text", ["a@example.test", "a.b+c@localhost", "o'neil@xn--wgv71a.jp", "x@a-b.example"]
)
def test_an_address(text: str) -> None:
    assert is_address(text)


@pytest.mark.parametrize(
    "text",
    ["", "a", "a@", "@b", "a@b@c", "a b@c", "a@b\n", "a@b\r\nBcc: x@y", "a,b@c", "<a@b>", "a@-b",
     ".a@b", "a..b@c", "花子@example.test", "a@例.jp", "a@" + "b" * 260],
)  # fmt: skip
def test_what_is_no_address_goes_nowhere_S9(text: str) -> None:
    assert not is_address(text)
