"""Who may do something at the machine's own screen, how often they may try, what stays of it."""

import os
import socket
from time import monotonic

import pytest
from sqlmodel import select

from app.audit.models import OutboxEvent
from app.backups import kit as kits
from app.core import clock
from app.core.clock import SECOND
from app.core.errors import InvalidInput
from app.core.secret import Secret
from app.identity import account_rows, lockout
from app.identity.models import Account, Attempts
from app.identity.operations.accounts import (
    AccountRef,
    SuspendAccount,
    get_account,
    suspend_account,
)
from app.machine.errors import MachineError
from app.mail.models import MailMessage
from app.mail.relay import Relay, store
from app.mail.states import MailState
from app.screen.desk import Desk
from app.screen.doing import do
from app.screen.errors import NotProven, TooManyTries
from app.screen.operations import Prove, context_at_screen, prove
from app.screen.protocol import (
    ChooseKeyboard,
    DeskRefused,
    Done,
    FactoryReset,
    Proof,
    ResetFactor,
    Restart,
    ask,
)
from app.screen.resetting import require_name, reset
from appliance.contract.keyboard import Layout
from appliance.contract.kit import KeyKit
from tests.unit.app.identity.conftest import cheap_hashing, house, time
from tests.unit.app.identity.house import PASSWORD

__all__ = ["cheap_hashing", "house", "time"]
HOST = socket.gethostname()


@pytest.fixture
def owner(house):
    return house.person("owner", "owner")


def proof(login_id="owner", password=PASSWORD, **more):
    return Prove(what="Restart the machine", login_id=login_id, password=Secret(password), **more)


def try_it(house, wanted):
    return prove(context_at_screen(house.appliance, "en"), wanted)


def events(house, verb="screen.prove"):
    with house.appliance.database.read() as session:
        rows = session.exec(select(OutboxEvent).order_by(OutboxEvent.id)).all()
        return [row for row in rows if f'"{verb}"' in row.content]


def test_an_owners_password_opens_and_the_history_says_whose_and_what_for_METI13(house, owner):
    proven = try_it(house, proof())
    assert proven.account == owner.id
    (event,) = events(house)
    assert '"outcome":"done"' in event.content
    assert owner.id in event.content


@pytest.mark.parametrize(
    ("login_id", "password"),
    [("owner", "wrong"), ("nobody", PASSWORD), ("helper", PASSWORD), ("", ""), ("owner", "")],
)
def test_nobody_else_opens_and_all_are_told_the_same_V15(house, owner, login_id, password):
    house.person("helper", "operator")
    with pytest.raises(NotProven):
        try_it(house, proof(login_id, password))
    assert '"outcome":"refused"' in events(house)[-1].content


def test_a_suspended_owner_and_a_password_that_was_given_open_nothing(house, owner):
    house.person("second", "owner")
    with house.appliance.database.write() as session:
        account = session.exec(select(Account).where(Account.login_id == "owner")).one()
        kept = account_rows.Password
        row = session.get(kept, account.id)
        row.must_change = True
        session.add(row)
    with pytest.raises(NotProven):
        try_it(house, proof())
    found = get_account(house.local, AccountRef(owner.id)).account
    suspend_account(house.local, SuspendAccount(account=owner.id, rev=found.rev))
    with pytest.raises(NotProven):
        try_it(house, proof())


def test_tries_are_limited_over_restarts_and_for_all_together_but_never_for_ever(
    house, owner, time
):
    for _ in range(lockout.BY_ACCOUNT.free):
        with pytest.raises(NotProven):
            try_it(house, proof("owner", "wrong"))
    with pytest.raises(TooManyTries) as refused:
        try_it(house, proof())
    assert refused.value.parameters["seconds"] == 30
    with pytest.raises(TooManyTries):
        try_it(house, proof("another", "wrong"))
    with house.appliance.database.read() as session:
        assert session.exec(select(Attempts)).all(), "it stands in the database"
    time.advance(31 * SECOND)
    assert try_it(house, proof()).account == owner.id
    assert try_it(house, proof()).account, "a success forgets the failures"


def test_strangers_at_the_network_do_not_close_the_screen_nor_the_screen_the_sign_in(house, owner):
    with house.appliance.database.write() as session:
        for _ in range(20):
            lockout.count(session, "owner", "", clock.now())
    assert try_it(house, proof()).account == owner.id
    for _ in range(20):
        with pytest.raises((NotProven, TooManyTries)):
            try_it(house, proof("owner", "wrong"))
    with house.appliance.database.write() as session:
        lockout.forget(session, "owner")
    assert house.sign_in(owner)


def test_the_key_kit_opens_and_another_one_or_half_of_it_does_not_F13(house, owner):
    kit = kits.make_kit(house.appliance.settings, house.appliance.keyring)
    proven = try_it(house, Prove(what="x", kit=Secret(kit.text().reveal())))
    assert (proven.account, kit.number() in proven.name) == ("", True)
    with pytest.raises(NotProven):
        try_it(house, Prove(what="x", kit=Secret(KeyKit.new().text().reveal())))
    with pytest.raises(MachineError):
        try_it(house, Prove(what="x", kit=Secret("AAAA")))
    assert kit.text().reveal() not in "".join(event.content for event in events(house))


def test_every_owner_with_an_address_is_written_to_in_the_same_transaction(house, owner):
    house.person("second", "owner")
    house.person("helper", "operator")
    with house.appliance.database.write() as session:
        for account in session.exec(select(Account)).all():
            account.mail = f"{account.login_id}@example.co.jp"
            session.add(account)
        broken = session.exec(select(Account).where(Account.login_id == "second")).one()
        broken.mail = "no address"
        session.add(broken)
    try_it(house, proof())
    with house.appliance.database.read() as session:
        told = [row.recipient for row in session.exec(select(MailMessage)).all()]
    assert told == ["owner@example.co.jp"], "what is no address stops nothing"


def test_a_lost_second_factor_of_an_owner_is_removed_and_stands_in_the_history(house, owner):
    change = ResetFactor(proof=Proof(login_id="owner", password=Secret(PASSWORD)), whose="OWNER")
    done = do(house.appliance, change, "en")
    assert "Second factors removed: 1" in done.text
    (event,) = events(house, "accounts.reset_factor")
    assert owner.id in event.content
    assert "screen" in event.content + event.parts
    again = ResetFactor(proof=change.proof, whose="nobody")
    with pytest.raises(Exception, match="nobody"):
        do(house.appliance, again, "en")


def with_mail(house, *, relay):
    with house.appliance.database.write() as session:
        for account in session.exec(select(Account)).all():
            account.mail = f"{account.login_id}@example.co.jp"
            session.add(account)
    if relay:
        document = Relay(host="192.0.2.1", sender="tenshu@example.co.jp")
        with house.appliance.database.write() as session:
            store(session, house.appliance.keyring, document, Secret(""), 0)


def test_a_mistyped_name_of_the_machine_alarms_nobody_and_is_no_failed_try(house, owner):
    with_mail(house, relay=False)
    mine = Proof(login_id="owner", password=Secret(PASSWORD))
    with pytest.raises(InvalidInput):
        do(house.appliance, FactoryReset(proof=mine, machine="another"), "en")
    assert events(house) == []
    with house.appliance.database.read() as session:
        assert session.exec(select(MailMessage)).all() == []


@pytest.mark.parametrize(
    "typed", [socket.gethostname(), f" {socket.gethostname().upper()} ", "new"]
)
def test_the_machines_name_is_what_its_screen_shows_in_whatever_letters(typed, tmp_path):
    (tmp_path / "hostname").write_text("new\n")
    require_name(typed, tmp_path / "hostname")
    require_name(HOST, tmp_path / "none")


@pytest.mark.parametrize("kit", [False, True])
def test_a_reset_needs_an_owners_proof_and_is_told_to_the_agent_and_the_history_METI13(
    house, owner, kit
):
    shown = kits.make_kit(house.appliance.settings, house.appliance.keyring).text().reveal()
    mine = Proof(kit=Secret(shown)) if kit else Proof(login_id="owner", password=Secret(PASSWORD))
    name = socket.gethostname()
    wrong = Proof(login_id="owner", password=Secret("wrong"))
    with pytest.raises(NotProven):
        do(house.appliance, FactoryReset(proof=wrong, machine=name), "en")
    assert events(house, "machine.factory_reset") == []
    with pytest.raises(MachineError):  # there is no agent here
        do(house.appliance, FactoryReset(proof=mine, machine=name), "en")
    (event,) = events(house, "machine.factory_reset")
    assert '"outcome":"failed"' in event.content
    assert "first start" in events(house)[-1].parts


def test_mails_to_owners_leave_before_a_reset_and_are_waited_for_but_not_for_ever(house, owner):
    with_mail(house, relay=True)
    since = clock.now()
    try_it(house, proof())
    begun = monotonic()
    with pytest.raises(MachineError):
        reset(context_at_screen(house.appliance, "en"), since, patience=1)
    assert monotonic() - begun >= 1
    with house.appliance.database.write() as session:
        for mail in session.exec(select(MailMessage)).all():
            mail.state = MailState.SENT.value
            session.add(mail)
    with pytest.raises(MachineError):
        reset(context_at_screen(house.appliance, "en"), since, patience=3600)


def test_without_a_relay_a_reset_waits_for_no_mail(house, owner):
    with_mail(house, relay=False)
    since = clock.now()
    try_it(house, proof())
    with pytest.raises(MachineError):
        reset(context_at_screen(house.appliance, "en"), since, patience=3600)


def test_the_keyboard_is_chosen_without_a_proof_and_stands_in_the_history(house, owner):
    with pytest.raises(MachineError):  # there is no agent here
        do(house.appliance, ChooseKeyboard(layout=Layout.jp), "en")
    (event,) = events(house, "machine.set_keyboard")
    assert '"failed"' in event.content
    assert events(house) == []


def test_over_the_socket_too_a_wrong_password_is_refused_and_a_right_one_goes_on(
    house, owner, tmp_path
):
    desk = Desk(house.appliance, tmp_path / "desk.sock", frozenset({os.geteuid()}))
    desk.open()
    try:
        wrong = Restart(proof=Proof(login_id="owner", password=Secret("wrong")), language="ja")
        with pytest.raises(DeskRefused) as refused:
            ask(tmp_path / "desk.sock", wrong, Done, 30)
        assert refused.value.failure.code == "screen.not_proven"
        assert "所有者" in refused.value.failure.message
        right = Restart(proof=Proof(login_id="owner", password=Secret(PASSWORD)))
        with pytest.raises(DeskRefused) as refused:
            ask(tmp_path / "desk.sock", right, Done, 30)
        assert refused.value.failure.code.startswith("agent."), "proven; there is no agent here"
    finally:
        desk.close()
