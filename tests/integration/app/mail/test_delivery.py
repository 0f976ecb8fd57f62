"""Mails against a real Postfix, and against relays that hang, refuse, break off or are away."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from app.core import clock
from app.core.errors import Conflict, InvalidInput, NotFound
from app.core.messages import mark
from app.core.trusting import ROOTS
from app.identity.actors import actor_of
from app.jobs.handlers import load_handlers
from app.jobs.standing import start_standing
from app.jobs.worker import Worker
from app.mail import courier
from app.mail import queue as mail
from app.mail.errors import (
    MailRefused,
    NoRelay,
    RelayLoginFailed,
    RelayRefused,
    RelaySilent,
    RelayTlsFailed,
    RelayUnreachable,
    RelayUntrusted,
)
from app.mail.models import MailMessage
from app.mail.operations.messages import ListMails, MailRow, OneMail, list_mails, retry
from app.mail.operations.relay import RelayChange, TrialMail, get_relay, try_relay
from app.mail.relay import Relay
from app.mail.states import MailState
from app.mail.templates import Template
from app.operations.context import Appliance, Context
from app.operations.operation import NoRequest, operation, registered
from app.operations.permissions import Permission
from tests.integration.app.mail.conftest import Desk
from tests.integration.authority import Authority
from tests.integration.postfix import Postfix
from tests.ports import free_port

NOTE = Template("test.note", mark("Note for {name}"), mark("Dear {name}\n"))
INTO = "hanako@example.test"


class Note(msgspec.Struct, frozen=True):
    to: str = INTO
    fails: bool = False


@pytest.fixture(autouse=True)
def _an_operation_that_mails() -> Iterator[None]:
    yield
    registered().pop("test.note", None)


@pytest.fixture
def write(system: Context) -> Callable[..., str]:
    """Queue a mail from inside an operation; return its identifier."""
    registered().pop("test.note", None)

    @operation("test.note", permission=Permission.SETTINGS_MANAGE)
    def note(context: Context, request: Note) -> str:
        made = mail.queue(
            context, to=request.to, template=NOTE, values={"name": "花子"}, language="ja"
        )
        if request.fails:
            raise Conflict(name="x")
        return made

    return lambda **told: note(system, Note(**told))


def rows(system: Context, **told: object) -> list[MailRow]:
    return list_mails(system, ListMails(**told)).items


def test_a_mail_goes_by_starttls_through_a_real_relay_F5(
    appliance: Appliance, system: Context, desk: Desk, postfix: Postfix, authority: Authority,
    write: Callable[..., str],
) -> None:  # fmt: skip
    desk.set(port=postfix.open_port, authority=authority.pem)
    identifier = write()
    assert courier.deliver(appliance) == 1
    (found,) = postfix.mails()
    assert (found["subject"], found.get_content().strip()) == ("Note for 花子", "Dear 花子")
    assert found["from"].addresses[0].display_name == "天守"
    assert "with ESMTPS" in found["received"]
    (row,) = rows(system)
    assert (row.id, row.state, row.attempts, row.error) == (identifier, MailState.SENT, 1, "")
    with appliance.database.read() as session:
        kept = session.get(MailMessage, identifier)
        assert kept is not None
        assert kept.content == ""


def test_a_mail_goes_by_tls_from_the_first_byte(
    appliance: Appliance, desk: Desk, postfix: Postfix, authority: Authority,
    write: Callable[..., str],
) -> None:  # fmt: skip
    desk.set(port=postfix.tls_port, encryption="tls", authority=authority.pem)
    write()
    assert courier.deliver(appliance) == 1
    assert postfix.mails()


def test_a_mail_leaves_only_if_its_transaction_commits(
    appliance: Appliance, system: Context, desk: Desk, postfix: Postfix, write: Callable[..., str]
) -> None:
    desk.set(port=postfix.open_port, encryption="none")
    with pytest.raises(Conflict):
        write(fails=True)
    assert rows(system) == []
    assert courier.deliver(appliance) == 0


def test_what_waits_is_sealed_S9(appliance: Appliance, write: Callable[..., str]) -> None:
    identifier = write()
    with appliance.database.read() as session:
        kept = session.get(MailMessage, identifier)
        assert kept is not None
        assert "花子" not in kept.content
        opened = appliance.keyring.open(mail.purpose_of(identifier), kept.content)
        assert "花子" in opened.reveal()


def test_many_mails_go_over_few_connections_each_once(
    appliance: Appliance, desk: Desk, postfix: Postfix, write: Callable[..., str]
) -> None:
    desk.set(port=postfix.open_port, encryption="none")
    before = postfix.log().count(": connect from")
    for _ in range(45):
        write()
    ways = [threading.Thread(target=courier.deliver, args=(appliance,)) for _ in range(2)]
    for way in ways:
        way.start()
    for way in ways:
        way.join()
    identifiers = {found["message-id"] for found in postfix.mails(45)}
    assert len(identifiers) == 45 == len(postfix.mails(45))
    assert postfix.log().count(": connect from") - before <= 4


def test_a_mail_waits_while_nobody_has_named_a_relay(
    appliance: Appliance, system: Context, write: Callable[..., str]
) -> None:
    write()
    assert courier.deliver(appliance) == 0
    (row,) = rows(system, state=MailState.WAITING)
    assert row.attempts == 0
    with pytest.raises(NoRelay):
        try_relay(system, TrialMail(to=INTO))


def test_a_relay_that_refuses_one_mail_takes_the_others(
    appliance: Appliance, system: Context, desk: Desk, postfix: Postfix, write: Callable[..., str]
) -> None:
    desk.set(port=postfix.open_port, encryption="none")
    write(to="refused@example.test")
    write(to="later@example.test")
    write()
    assert courier.deliver(appliance) == 3
    assert len(postfix.mails()) == 1
    done, later, refused = rows(system)
    assert done.state is MailState.SENT
    assert (later.state, later.error) == (MailState.WAITING, RelayRefused.code)
    assert later.not_before > clock.now()
    assert "4.2.0" in later.error_parameters["reason"]
    assert (refused.state, refused.error) == (MailState.FAILED, MailRefused.code)
    assert "nobody here" in refused.error_parameters["reason"]
    assert retry(system, OneMail(mail=refused.id)).state is MailState.WAITING
    with pytest.raises(NotFound):
        retry(system, OneMail(mail=done.id))


def test_a_relay_that_is_down_gets_the_mail_when_it_is_up_again(
    appliance: Appliance, system: Context, desk: Desk, postfix: Postfix,
    write: Callable[..., str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    desk.set(port=free_port(), encryption="none")
    write()
    assert courier.deliver(appliance) == 0
    (row,) = rows(system)
    assert (row.state, row.error) == (MailState.WAITING, RelayUnreachable.code)
    assert row.not_before > clock.now()
    assert courier.deliver(appliance) == 0, "it is not tried again before its time"
    assert rows(system)[0].attempts == 1
    desk.set(port=postfix.open_port, encryption="none")
    later = clock.now() + courier.SHORTEST_PAUSE + 1000
    monkeypatch.setattr(clock, "now", lambda: later)
    assert courier.deliver(appliance) == 1
    assert postfix.mails()


def test_a_mail_is_given_up_after_three_days(
    appliance: Appliance, system: Context, desk: Desk, write: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    desk.set(port=free_port(), encryption="none")
    write()
    later = clock.now() + mail.KEPT + 1000
    monkeypatch.setattr(clock, "now", lambda: later)
    courier.deliver(appliance)
    (row,) = rows(system)
    assert (row.state, row.error) == (MailState.FAILED, "mail.given_up")
    assert courier.forget_old(appliance) == 0
    monkeypatch.setattr(clock, "now", lambda: later + courier.REMEMBERED + 1000)
    assert courier.forget_old(appliance) == 1
    assert rows(system) == []


def test_pauses_grow_to_an_hour() -> None:
    assert [courier.pause_after(n) // clock.SECOND for n in (1, 2, 3, 9, 99)] == [
        15, 30, 60, 3600, 3600,
    ]  # fmt: skip


@contextlib.contextmanager
def relay_that(*answers: bytes, drip: float = 0) -> Iterator[int]:
    """A relay that gives these answers, one a line that it hears, and then falls silent.

    `drip`: instead sends a byte every so many seconds, and never a whole line.
    """
    ending = threading.Event()

    def serve() -> None:
        with contextlib.suppress(OSError):
            peer, _ = server.accept()
            with peer:
                while drip and not ending.wait(drip):
                    peer.sendall(b"2")
                for answer in answers:
                    if not answer:
                        return
                    peer.sendall(answer + b"\r\n")
                    peer.recv(1000)
                ending.wait(60)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            ending.set()
            server.close()
            thread.join(5)


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ((b"554 go away",), RelayRefused),
        ((b"220 hello", b""), RelaySilent),
        ((b"220 hello", b"250 relay", b"250 ok", b"250 ok", b""), RelaySilent),
        ((b"220 hello", b"250 relay", b"451 try later", b"250 ok"), RelayRefused),
        ((b"220 hello", b"250 relay", b"553 not from you", b"250 ok"), MailRefused),
    ],
)
def test_what_a_relay_answers_is_told_in_words(
    system: Context, desk: Desk, answers: tuple[bytes, ...], error: type[Exception]
) -> None:
    with relay_that(*answers) as port:
        desk.set(port=port, encryption="none")
        with pytest.raises(error):
            try_relay(system, TrialMail(to=INTO))


@pytest.mark.parametrize("drip", [0, 0.05])
def test_a_relay_that_hangs_is_left_after_a_bounded_time(
    appliance: Appliance, system: Context, desk: Desk, write: Callable[..., str], drip: float
) -> None:
    with relay_that(drip=drip) as port:
        desk.set(port=port, encryption="none")
        write()
        begin = time.monotonic()
        courier.deliver(appliance, whole=1.0)
        assert time.monotonic() - begin < 20
    (row,) = rows(system)
    assert row.state is MailState.WAITING
    # half an answer that was cut is read as one
    assert row.error in (RelayRefused.code if drip else "", RelaySilent.code)


def test_jobs_and_pages_go_on_while_a_relay_hangs(
    appliance: Appliance, system: Context, desk: Desk, write: Callable[..., str]
) -> None:
    load_handlers()
    stop = threading.Event()
    with relay_that() as port:
        desk.set(port=port, encryption="none")
        write()
        standing = start_standing(appliance, stop)
        until = time.monotonic() + 20
        while not rows(system)[0].attempts:
            assert time.monotonic() < until
            time.sleep(0.02)
        worker = Worker(appliance, actor_of)
        assert worker.work_once() is False, "a worker looks, finds nothing to do, and is free"
        assert write()
        stop.set()
    for thread in standing:
        thread.join(20)
        assert not thread.is_alive()


def test_a_relay_that_offers_no_starttls_gets_nothing_in_the_open_S9(
    system: Context, desk: Desk
) -> None:
    with relay_that(b"220 hello", b"250 relay") as port:
        desk.set(port=port, encryption="starttls")
        with pytest.raises(RelayTlsFailed, match="does not offer"):
            try_relay(system, TrialMail(to=INTO))


def test_a_relay_whose_certificate_nobody_vouches_for_gets_nothing_S9(
    system: Context, desk: Desk, postfix: Postfix, elsewhere: Authority
) -> None:
    desk.set(port=postfix.open_port, authority=elsewhere.pem)
    with pytest.raises(RelayTlsFailed):
        try_relay(system, TrialMail(to=INTO))
    desk.set(port=postfix.open_port, encryption="tls", authority=elsewhere.pem)
    with pytest.raises(RelayTlsFailed):
        try_relay(system, TrialMail(to=INTO))


def test_whoever_issued_a_certificate_that_nobody_knows_is_named_and_trusted_once_told_METI_42(
    system: Context,
    desk: Desk,
    postfix: Postfix,
    authority: Authority,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TENSHU_MACHINE_ROOT", str(tmp_path))
    for port, encryption in ((postfix.open_port, "starttls"), (postfix.tls_port, "tls")):
        desk.set(port=port, encryption=encryption)
        with pytest.raises(RelayUntrusted, match="Test authority"):
            try_relay(system, TrialMail(to=INTO))
    (tmp_path / ROOTS).parent.mkdir(parents=True)
    (tmp_path / ROOTS).write_text(authority.pem)
    assert try_relay(system, TrialMail(to=INTO)).milliseconds >= 0


def test_a_relay_that_refuses_the_password_is_told(system: Context, desk: Desk, postfix: Postfix,
                                                   authority: Authority) -> None:  # fmt: skip
    desk.set(port=postfix.tls_port, encryption="tls", authority=authority.pem)
    assert try_relay(system, TrialMail(to=INTO)).milliseconds >= 0
    desk.set(
        "wrong", port=postfix.tls_port, encryption="tls", authority=authority.pem, user="tenshu"
    )
    with pytest.raises((RelayLoginFailed, RelayTlsFailed)):
        try_relay(system, TrialMail(to=INTO))  # this Postfix offers no login at all


def test_the_password_stays_sealed_and_never_goes_to_another_relay_S9(
    appliance: Appliance, system: Context, desk: Desk
) -> None:
    desk.set("hito ni iwanai", host="relay.example.test", port=587, user="tenshu")
    shown = get_relay(system, NoRequest())
    assert shown.has_password
    assert b"hito" not in msgspec.json.encode(shown)
    desk.set(host="relay.example.test", port=587, user="tenshu", sender_name="別の名前")
    assert get_relay(system, NoRequest()).has_password, "kept where nothing of the way changed"
    for changed in ({"host": "evil.example"}, {"port": 25}, {"user": "x"}, {"encryption": "tls"}):
        told = {"host": "relay.example.test", "port": 587, "user": "tenshu", **changed}
        with pytest.raises(InvalidInput, match="again"):
            desk.set(**told)
    with pytest.raises(InvalidInput, match="encrypted"):
        desk.set("x", encryption="none", user="tenshu")
    with pytest.raises(InvalidInput, match="ASCII"):
        desk.set("パスワード", user="tenshu")
    desk.set(host="relay.example.test")
    assert not get_relay(system, NoRequest()).has_password


def test_a_relay_is_checked_before_it_is_kept(system: Context, desk: Desk) -> None:
    with pytest.raises(InvalidInput, match="authority"):
        desk.set(authority="not a certificate")
    desk.set()
    desk.rev = 0
    with pytest.raises(Conflict):
        desk.set(port=25)
    with pytest.raises(msgspec.ValidationError, match="sender"):
        msgspec.convert(
            {"relay": {"host": "h", "sender": "a@b\r\nBcc: c@d"}, "rev": 0}, RelayChange
        )
    assert Relay(host="h", sender="a@b").port == 587


def test_a_mail_goes_to_one_address_only(write: Callable[..., str]) -> None:
    for to in ("a@b, c@d", "a@b\nBcc: c@d", "hanako"):
        with pytest.raises(InvalidInput, match="mail"):
            write(to=to)
