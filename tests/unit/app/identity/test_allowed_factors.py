"""Which kinds of factors a plane accepts: told before it holds, obeyed at each proof."""

import msgspec
import pytest
from sqlmodel import select

from app.core.errors import InvalidInput
from app.core.secret import Secret
from app.identity.errors import (
    FactorNotAccepted,
    NoSecondFactor,
    OwnerWithoutFactor,
    PasskeyElsewhere,
    PasskeyNeeded,
    PasskeyRefused,
    StepNotOffered,
)
from app.identity.models import Account
from app.identity.operations import credentials, own_factors, own_passkeys, sign_in
from app.identity.operations.own_factors import FactorCode, FreshCode, NewFactor
from app.identity.operations.own_passkeys import AskedFor, NewPasskey
from app.identity.policies import IdentityPolicy
from app.operations.context import Plane
from app.operations.operation import NoRequest
from tests.authenticator import Authenticator
from tests.unit.app.identity.house import PASSWORD
from tests.unit.app.identity.test_passkey_factors import (
    add,
    answer,
    at_name,
    enter,
    named,
    question,
    start,
)
from tests.unit.app.identity.test_policy_effects import logins, preview, put

__all__ = ["named"]

CONSOLE_PASSKEYS = IdentityPolicy(console_factors="passkeys_only")
PASSKEYS = IdentityPolicy(console_factors="passkeys_only", workspace_factors="passkeys_only")
APPS = IdentityPolicy(console_factors="apps_only", workspace_factors="apps_only")


def steps(progress):
    return [offer.step for offer in progress.steps]


def offered(progress, step):
    return next(offer.passkey for offer in progress.steps if offer.step == step)


@pytest.fixture
def owner(named):
    """An owner with an authenticator app and a passkey."""
    person = named.person("owner", "owner")
    add(enter(named, person), person)
    return person


def test_whose_factors_would_not_be_accepted_is_told_by_name_F11(named, owner):
    named.person("operator", "operator")
    named.person("none", "operator", factor=False)
    found = preview(named, PASSKEYS)
    assert logins(found.without_console_factor) == ["operator"]
    assert logins(found.without_workspace_factor) == ["operator"]
    assert logins(preview(named, APPS).without_console_factor) == []
    put(named, PASSKEYS)
    assert preview(named, PASSKEYS).without_console_factor == [], "it holds already"


def test_passkeys_alone_are_refused_while_an_owner_would_be_shut_out_F11(named, owner):
    named.person("second", "owner")
    for refused in (preview, put):
        with pytest.raises(OwnerWithoutFactor) as told:
            refused(named, CONSOLE_PASSKEYS)
        assert told.value.parameters == {"name": "Second"}
    workspace = IdentityPolicy(workspace_factors="passkeys_only")
    assert put(named, workspace).rev == 1, "an owner who can govern is not shut out"


def test_who_has_never_signed_in_is_no_obstacle_F11(named, owner):
    named.person("new", "owner", factor=False)
    assert put(named, CONSOLE_PASSKEYS).rev == 1


@pytest.mark.parametrize("field", ["console_factors", "workspace_factors"])
def test_without_a_host_name_passkeys_alone_are_refused_at_their_field_F11(house, field):
    with pytest.raises(InvalidInput) as refused:
        put(house, IdentityPolicy(**{field: "passkeys_only"}))
    assert refused.value.parameters["field"] == field


def test_another_name_is_refused_while_an_owner_would_hold_an_app_alone_F11(named, owner):
    put(named, CONSOLE_PASSKEYS)
    with pytest.raises(OwnerWithoutFactor):
        put(named, msgspec.structs.replace(CONSOLE_PASSKEYS, rp_id="example.jp"), 1)


def test_where_passkeys_alone_are_accepted_no_code_opens_the_console_F11(named, owner):
    put(named, CONSOLE_PASSKEYS)
    context, begun = start(named, owner)
    assert steps(begun) == ["passkey"]
    for step in ("totp", "recovery_code"):
        with pytest.raises(StepNotOffered):
            answer(context, begun, owner.code(), step)
    _, begun = start(named, owner, Plane.WORKSPACE)
    assert steps(begun) == ["passkey", "totp", "recovery_code"], "the workspace has its own rule"


def test_where_apps_alone_are_accepted_no_passkey_does_F11(named, owner):
    put(named, APPS)
    _, begun = start(named, owner)
    assert steps(begun) == ["totp", "recovery_code"]


def test_who_holds_an_app_alone_proves_it_and_adds_a_passkey_on_the_way_in_F11(named, owner):
    operator = named.person("operator", "operator")
    put(named, PASSKEYS)
    context, begun = start(named, operator)
    assert steps(begun) == ["totp"]
    begun = answer(context, begun, operator.code(), "totp")
    assert steps(begun) == ["enrol_passkey"], "no session before"
    key = Authenticator(f"https://{context.host}")
    done = answer(context, begun, key.create(offered(begun, "enrol_passkey")), "enrol_passkey")
    assert done.signed_in.recovery_codes == [], "no code would be accepted"
    context, begun = start(named, operator)
    assert steps(begun) == ["passkey"], "from now on"
    assert answer(context, begun, key.get(question(begun))).signed_in


def test_who_holds_a_passkey_alone_adds_an_app_where_apps_are_demanded_F11(named, owner):
    staff = named.person("staff", factor=False)
    key, _ = add(enter(named, staff, Plane.WORKSPACE), staff)
    put(named, APPS)
    context, begun = start(named, staff, Plane.WORKSPACE)
    assert steps(begun) == ["passkey", "recovery_code"]
    begun = answer(context, begun, key.get(question(begun)))
    assert steps(begun) == ["enrol"]


def test_at_an_address_nobody_adds_the_passkey_that_is_demanded_F11(named, owner):
    operator = named.person("operator", "operator")
    staff = named.person("staff", factor=False)
    put(named, msgspec.structs.replace(PASSKEYS, workspace_second_factor="required"))
    plain = named.nobody()
    begun = sign_in.start(plain, sign_in.Start(operator.login_id, Secret(PASSWORD)))
    with pytest.raises(PasskeyNeeded):
        answer(plain, begun, operator.code(), "totp")
    with pytest.raises(PasskeyNeeded):
        sign_in.start(named.nobody(Plane.WORKSPACE), sign_in.Start("staff", Secret(PASSWORD)))
    with pytest.raises(PasskeyElsewhere):
        sign_in.start(plain, sign_in.Start(owner.login_id, Secret(PASSWORD)))
    _, begun = start(named, staff, Plane.WORKSPACE)
    assert steps(begun) == ["enrol_passkey"]


def test_somebody_new_chooses_an_app_or_a_passkey_as_they_sign_in_F11(named):
    new = named.person("new", "owner", factor=False)
    context, begun = start(named, new)
    assert steps(begun) == ["enrol", "enrol_passkey"]
    key = Authenticator(f"https://{context.host}")
    done = answer(context, begun, key.create(offered(begun, "enrol_passkey")), "enrol_passkey")
    assert len(done.signed_in.recovery_codes) == 10
    mine = own_factors.list_factors(named.context_of(done.signed_in.token), NoRequest())
    assert [(row.kind, row.name) for row in mine.items] == [("passkey", "Passkey")]
    with named.appliance.database.read() as session:
        kept = session.exec(select(Account).where(Account.id == new.id)).one()
        assert not kept.may_enrol, "the leave to add one is used up"
    context, begun = start(named, new)
    assert steps(begun) == ["passkey", "recovery_code"]
    assert answer(context, begun, key.get(question(begun))).signed_in


def test_a_passkey_made_for_another_question_is_not_enrolled_V15(named):
    new = named.person("new", "owner", factor=False)
    context, begun = start(named, new)
    key = Authenticator(f"https://{context.host}")
    stale = key.create(offered(begun, "enrol_passkey"))
    again = sign_in.resume(context, sign_in.Ticket(begun.ticket))
    with pytest.raises(PasskeyRefused):
        answer(context, again, stale, "enrol_passkey")


def test_who_knows_the_password_alone_adds_no_passkey_at_the_console_F11(named, owner):
    credentials.reset_factor(named.local, credentials.AccountRef(owner.id))
    with named.appliance.database.write() as session:
        session.get_one(Account, owner.id).may_enrol = False
    context = at_name(named.nobody())
    with pytest.raises(NoSecondFactor):
        sign_in.start(context, sign_in.Start(owner.login_id, Secret(PASSWORD)))


def test_whose_passkey_was_lost_with_its_name_adds_a_factor_after_a_recovery_code_F11(named):
    staff = named.person("staff", factor=False)
    _, made = add(enter(named, staff, Plane.WORKSPACE), staff)
    put(named, IdentityPolicy(rp_id="example.jp"))
    context, begun = start(named, staff, Plane.WORKSPACE)
    assert steps(begun) == ["recovery_code"]
    begun = answer(context, begun, made.codes[0], "recovery_code")
    assert steps(begun) == ["enrol", "enrol_passkey"], "codes alone are no factor"


def test_a_dangerous_change_is_not_confirmed_by_a_kind_that_is_left_out_F11(named):
    person = named.person("owner", "owner")
    context = enter(named, person)
    key, _ = add(context, person)
    put(named, CONSOLE_PASSKEYS)
    mine = own_factors.list_factors(context, NoRequest())
    assert (mine.accepted, mine.refused) == (["passkey"], ["recovery_code", "totp"])
    with pytest.raises(FactorNotAccepted):
        own_factors.renew_recovery_codes(context, FreshCode(person.code()))
    with pytest.raises(FactorNotAccepted):
        own_factors.begin_factor(context, NewFactor(name="x", password=Secret(PASSWORD)))
    phone = mine.items[0]
    asked = own_passkeys.ask_passkey(context, AskedFor())
    assert own_factors.remove_factor(context, FactorCode(phone.id, key.get(asked.options))).done


def test_no_passkey_is_added_where_apps_alone_are_accepted_F11(named):
    person = named.person("owner", "owner")
    context = enter(named, person)
    put(named, APPS)
    with pytest.raises(FactorNotAccepted):
        own_passkeys.begin_passkey(context, NewPasskey(password=Secret(PASSWORD)))
