from typing import Annotated

import msgspec
import pytest
from msgspec import Meta
from sqlmodel import select

from app.audit.event import Content
from app.audit.models import OutboxEvent
from app.core.clock import DAY, MINUTE
from app.core.errors import Conflict
from app.core.secret import Secret
from app.identity import sessions
from app.identity.errors import (
    CodeAlreadyUsed,
    InPersonOnly,
    NotConfirmable,
    OwnRequest,
    RequestClosed,
    TooManyAttempts,
    WrongCode,
)
from app.identity.models import ConsoleRequest
from app.identity.operations import accounts, grants, invitations, requests
from app.identity.operations.policies import PolicyChange
from app.identity.operations.requests import Confirm, RequestId
from app.identity.policies import IdentityPolicy
from app.operations import operation as operations
from app.operations.context import Actor, Context, Plane
from app.operations.errors import ConfirmationNeeded, NotAllowed
from app.operations.operation import NoRequest, Tier, operation
from app.operations.permissions import Permission
from tests.unit.app.identity.house import OFFICE

NEW = accounts.NewAccount(login_id="suzuki", name="Suzuki")
WRONG = Secret("000000")


class Erase(msgspec.Struct, frozen=True):
    """Something irreversible."""

    repository: Annotated[str, Meta(description="Which")]
    passphrase: Annotated[Secret, Meta(description="Secret")]


@pytest.fixture
def erased(monkeypatch):
    """An irreversible operation, and what it did."""
    monkeypatch.setattr(operations, "_registry", dict(operations._registry))
    done = []

    @operation(
        "test.erase", permission=Permission.BACKUPS_MANAGE, tier=Tier.T3_IRREVERSIBLE,
        planes=(Plane.CONSOLE,),
    )  # fmt: skip
    def erase(context: Context, request: Erase) -> Erase:
        """Erase a repository."""
        done.append((context.actor.account, context.approved_by, request.passphrase.reveal()))
        return request

    return done


@pytest.fixture
def owner(house):
    return house.person("owner", "owner")


@pytest.fixture
def context(house, owner):
    return house.enter(owner)


def test_what_is_a_list_is_told_as_one_line(context):
    wanted = invitations.Invite(accounts=("1", "2"))
    pending = requests.prepare(context, "invitations.create", wanted)
    assert pending.arguments == {"accounts": "1, 2", "days": "14"}


def test_rules_inside_a_request_are_told_one_by_one(context):
    wanted = PolicyChange(policy=IdentityPolicy(idle_minutes=30), rev=0)
    told = requests.prepare(context, "identity_policy.update", wanted).arguments
    assert told["idle_minutes"] == "30"
    assert told["minimum_alone"] == "15"
    assert "policy" not in told


def test_a_dangerous_operation_runs_after_a_fresh_code_only(house, owner, context):
    with pytest.raises(ConfirmationNeeded):
        accounts.create_account(context, NEW)
    pending = requests.prepare(context, "accounts.create", NEW)
    assert (pending.tier, pending.state, pending.asked_by_name) == (2, "open", "Owner")
    assert pending.summary.startswith("Make an account")
    assert pending.arguments["login_id"] == "suzuki"
    assert "initial_password" not in pending.arguments
    confirmed = requests.confirm(context, Confirm(pending.id, owner.code()))
    assert confirmed.unwrap().account.login_id == "suzuki"
    assert not confirmed.waiting


def test_a_step_up_gives_the_session_a_new_identifier_V15(house, owner):
    begun = house.sign_in(owner)
    context = house.context_of(begun.token)
    pending = requests.prepare(context, "accounts.create", NEW)
    confirmed = requests.confirm(context, Confirm(pending.id, owner.code()))
    look = sessions.look_up
    assert look(house.appliance, Plane.CONSOLE, begun.token.reveal(), OFFICE) is None
    found = look(house.appliance, Plane.CONSOLE, confirmed.token.reveal(), OFFICE)
    assert found.actor.session == begun.session
    assert found.stepped_up_at == house.time.now


def test_a_confirmation_works_once(house, owner, context):
    pending = requests.prepare(context, "accounts.create", NEW)
    requests.confirm(context, Confirm(pending.id, owner.code()))
    with pytest.raises(RequestClosed):
        requests.confirm(context, Confirm(pending.id, owner.code()))


def test_a_confirmation_takes_no_code_that_signed_somebody_in(house, owner, context):
    pending = requests.prepare(context, "accounts.create", NEW)
    with pytest.raises(CodeAlreadyUsed) as refused:
        requests.confirm(context, Confirm(pending.id, owner.present_code()))
    assert 1 <= refused.value.parameters["seconds"] <= 30


def test_after_two_minutes_it_is_too_late(house, owner, time, context):
    pending = requests.prepare(context, "accounts.create", NEW)
    time.advance(2 * MINUTE)
    with pytest.raises(RequestClosed):
        requests.confirm(context, Confirm(pending.id, owner.present_code()))
    assert requests.list_requests(context, NoRequest()).items == []


def test_a_confirmation_belongs_to_operation_and_arguments_V19(house, owner, context):
    pending = requests.prepare(context, "accounts.create", NEW)
    digest = accounts.create_account.digest(NEW)
    other = msgspec.structs.replace(NEW, login_id="other")
    confirmed = Context(house.appliance, actor=context.actor, plane=Plane.CONSOLE, confirmed=digest)
    with pytest.raises(ConfirmationNeeded):
        accounts.create_account(confirmed, other)
    assert requests.confirm(context, Confirm(pending.id, owner.code())).unwrap()


def test_a_confirmation_belongs_to_one_session_V15(house, owner, context):
    pending = requests.prepare(context, "accounts.create", NEW)
    for stranger in (house.enter(owner), house.enter(house.person("two", "owner"))):
        with pytest.raises(RequestClosed):
            requests.confirm(stranger, Confirm(pending.id, owner.code()))


def test_wrong_codes_spend_the_request_and_count_for_the_lock_out_V15(house, owner, context, time):
    pending = requests.prepare(context, "accounts.create", NEW)
    for _ in range(5):
        with pytest.raises(WrongCode):
            requests.confirm(context, Confirm(pending.id, WRONG))
    with pytest.raises(RequestClosed):
        requests.confirm(context, Confirm(pending.id, owner.present_code()))
    again = requests.prepare(context, "accounts.create", NEW)
    with pytest.raises(TooManyAttempts):
        requests.confirm(context, Confirm(again.id, owner.present_code()))
    time.advance(30_000)
    assert requests.confirm(context, Confirm(again.id, owner.code())).unwrap()


def test_what_fails_after_the_confirmation_still_hands_over_the_new_token(house, owner, context):
    person = house.person("tanaka", "operator")
    stale = accounts.AccountChange(account=person.id, rev=99, name="Tanaka Hanako")
    pending = requests.prepare(context, "accounts.update", stale)
    confirmed = requests.confirm(context, Confirm(pending.id, owner.code()))
    assert house.context_of(confirmed.token)
    with pytest.raises(Conflict):
        confirmed.unwrap()


def test_only_what_is_dangerous_exists_and_is_allowed_can_be_prepared(house, context):
    for name in ("accounts.list", "setup.finish"):
        with pytest.raises(NotConfirmable):
            requests.prepare(context, name, NEW)
    with pytest.raises(NotConfirmable):
        requests.prepare_operation(context, requests.Prepare("nonsense", Secret("{}")))
    auditor = house.enter(house.person("auditor", "auditor"))
    with pytest.raises(NotAllowed):
        requests.prepare(auditor, "accounts.create", NEW)
    workspace = house.enter(house.person("staff", "owner"), Plane.WORKSPACE)
    with pytest.raises(NotConfirmable):
        requests.prepare(workspace, "accounts.create", NEW)


def test_an_api_token_neither_prepares_nor_approves(house, owner, context):
    token = Context(
        house.appliance,
        actor=Actor(owner.id, rights=context.actor.rights, token="t"),
        plane=Plane.CONSOLE,
    )
    with pytest.raises(InPersonOnly):
        requests.prepare(token, "accounts.create", NEW)
    with pytest.raises(InPersonOnly):
        requests.approve(token, Confirm("x", WRONG))


def test_the_arguments_wait_sealed_F13(house, context):
    secret = msgspec.structs.replace(NEW, initial_password=Secret("forty-two green boats"))
    pending = requests.prepare(context, "accounts.create", secret)
    with house.appliance.database.read() as session:
        kept = session.get(ConsoleRequest, pending.id)
        assert "boats" not in kept.arguments
        assert "suzuki" not in kept.arguments


def ask(house, person):
    context = house.enter(person)
    pending = requests.prepare(
        context, "test.erase", Erase(repository="nas", passphrase=Secret("p"))
    )
    confirmed = requests.confirm(context, Confirm(pending.id, person.code()))
    assert confirmed.waiting
    return house.context_of(confirmed.token), pending.id


def test_what_is_irreversible_takes_two_people_with_a_factor_each(house, owner, erased):
    asker, identifier = ask(house, owner)
    assert erased == []
    with pytest.raises(OwnRequest):
        requests.approve(asker, Confirm(identifier, owner.code()))
    second = house.person("second", "operator")
    approver = house.enter(second)
    (shown,) = requests.list_requests(approver, NoRequest()).items
    assert (shown.id, shown.asked_by_name, shown.state) == (identifier, "Owner", "waiting")
    assert shown.arguments == {"repository": "nas"}
    with pytest.raises(WrongCode):
        requests.approve(approver, Confirm(identifier, WRONG))
    confirmed = requests.approve(approver, Confirm(identifier, second.code()))
    assert confirmed.unwrap().repository == "nas"
    assert erased == [(owner.id, second.id, "p")]
    assert house.context_of(confirmed.token)
    with house.appliance.database.read() as session:
        contents = [
            msgspec.json.decode(text, type=Content)
            for text in session.exec(select(OutboxEvent.content))
        ]
    (event,) = [each for each in contents if each.verb == "test.erase"]
    assert (event.actor, event.references["approved_by"]) == (owner.id, second.id)
    with pytest.raises(RequestClosed):
        requests.approve(house.context_of(confirmed.token), Confirm(identifier, second.code()))


def test_the_machine_itself_may_approve(house, owner, erased):
    _, identifier = ask(house, owner)
    assert [each.id for each in requests.list_requests(house.local, NoRequest()).items]
    assert requests.approve(house.local, Confirm(identifier, Secret(""))).unwrap()
    assert erased == [(owner.id, "local", "p")]


def test_after_24_hours_nobody_approves(house, owner, time, erased):
    _, identifier = ask(house, owner)
    time.advance(DAY)
    with pytest.raises(RequestClosed):
        requests.approve(house.local, Confirm(identifier, Secret("")))
    assert erased == []


def test_who_may_not_approve_does_not(house, owner, erased):
    _, identifier = ask(house, owner)
    auditor = house.person("auditor", "auditor")
    context = house.enter(auditor)
    with pytest.raises(NotAllowed):
        requests.approve(context, Confirm(identifier, auditor.code()))
    with pytest.raises(NotAllowed):
        requests.decline(context, RequestId(identifier))
    assert requests.list_requests(context, NoRequest()).items == []


def test_an_approved_request_runs_with_the_rights_that_its_asker_holds_now(house, owner, erased):
    person = house.person("operator")
    given = grants.give(house.local, grants.NewGrant(holder=person.id, role="operator"))
    _, identifier = ask(house, person)
    grants.take(house.local, grants.GrantRef(given.id))
    confirmed = requests.approve(house.local, Confirm(identifier, Secret("")))
    with pytest.raises(NotAllowed):
        confirmed.unwrap()
    assert erased == []


def test_the_request_of_somebody_suspended_does_not_run_F4(house, owner, erased):
    person = house.person("operator", "operator")
    _, identifier = ask(house, person)
    accounts.suspend_account(house.local, accounts.SuspendAccount(person.id, 1))
    with pytest.raises(RequestClosed):
        requests.approve(house.local, Confirm(identifier, Secret(""))).unwrap()
    assert erased == []


def test_what_its_asker_has_not_confirmed_yet_is_nobody_elses_to_decline(house, owner, context):
    pending = requests.prepare(context, "accounts.create", NEW)
    other = house.enter(house.person("second", "operator"))
    with pytest.raises(RequestClosed):
        requests.decline(other, RequestId(pending.id))
    assert requests.confirm(context, Confirm(pending.id, owner.code())).unwrap()


def test_a_request_can_be_taken_back_and_declined(house, owner, erased):
    asker, identifier = ask(house, owner)
    requests.decline(asker, RequestId(identifier))
    with pytest.raises(RequestClosed):
        requests.approve(house.local, Confirm(identifier, Secret("")))
    _, identifier = ask(house, owner)
    requests.decline(house.enter(house.person("second", "operator")), RequestId(identifier))
    with pytest.raises(RequestClosed):
        requests.approve(house.local, Confirm(identifier, Secret("")))
    assert erased == []
