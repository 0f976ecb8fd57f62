"""What other rules do to people is told before they hold, and nobody locks an owner out."""

import pytest
from sqlalchemy import delete
from sqlmodel import col

from app.core.clock import DAY, HOUR, MINUTE
from app.core.errors import InvalidInput
from app.core.secret import Secret
from app.identity import lockout, password_rules, policies, sessions
from app.identity.errors import OwnerLosesPasskey, PasswordOverMaximum
from app.identity.models import Grant, Password
from app.identity.operations import own_factors, sign_in
from app.identity.operations import policies as operations
from app.identity.operations.own_factors import FactorCode
from app.identity.password_rules import LEGACY, PasswordPolicy
from app.identity.policies import IdentityPolicy
from app.operations.context import Plane
from app.operations.operation import NoRequest
from tests.unit.app.identity.house import OFFICE
from tests.unit.app.identity.test_passkey_factors import NAME, add, enter, named

__all__ = ["named"]


def preview(house, policy):
    return operations.preview_policy(house.local, operations.Preview(policy))


def put(house, policy, rev=0):
    return operations.update_policy(house.local, operations.PolicyChange(policy, rev))


def logins(people):
    return [each.login_id for each in people]


def test_unchanged_rules_concern_nobody_F7(house):
    house.enter(house.person("owner", "owner"))
    found = preview(house, IdentityPolicy())
    assert not any(getattr(found, name) for name in found.__struct_fields__)


def test_who_has_no_factor_would_have_to_enrol_one_F11(house):
    house.person("with", "owner")
    house.person("without", factor=False)
    required = IdentityPolicy(workspace_second_factor="required")
    assert logins(preview(house, required).enrol) == ["without"]
    put(house, required)
    assert preview(house, required).enrol == [], "what holds already changes nothing"


def test_a_role_may_demand_a_factor_of_whoever_holds_it_F11(house):
    with_role = house.person("operator", "operator", factor=False)
    house.person("staff", "staff", factor=False)
    operators = IdentityPolicy(second_factor_roles=("operator",))
    assert logins(preview(house, operators).enrol) == ["operator"]
    put(house, operators)
    assert preview(house, operators).enrol == []
    everybody = IdentityPolicy(workspace_second_factor="required")
    assert logins(preview(house, everybody).enrol) == ["staff"], "the other one needs it already"
    with house.appliance.database.write() as session:
        session.exec(delete(Grant).where(col(Grant.holder) == with_role.id))
    put(house, IdentityPolicy(), 1)
    assert preview(house, operators).enrol == []


def test_a_role_that_there_is_not_demands_nothing_unless_it_went_away_since(house):
    gone = IdentityPolicy(second_factor_roles=("nobody",))
    with pytest.raises(InvalidInput) as refused:
        put(house, gone)
    assert refused.value.parameters["field"] == "second_factor_roles"
    with house.appliance.database.write() as session:
        policies.store(session, gone, 0)
    assert put(house, IdentityPolicy(second_factor_roles=("nobody", "staff")), 1).rev == 2


def test_shorter_times_sign_out_whoever_was_away_longer_F7(house):
    owner, other = house.person("owner", "owner"), house.person("other", "owner")
    first = house.sign_in(owner)
    house.time.advance(10 * MINUTE)
    house.sign_in(other)
    short = IdentityPolicy(idle_minutes=5)
    assert logins(preview(house, short).signed_out) == ["owner"]
    put(house, short)
    token = first.token.reveal()
    assert sessions.look_up(house.appliance, Plane.CONSOLE, token, OFFICE) is None


def test_a_shorter_day_holds_for_sessions_that_run_F7(house):
    owner = house.person("owner", "owner")
    token = house.sign_in(owner).token.reveal()
    look = sessions.look_up
    for _ in range(8):
        house.time.advance(14 * MINUTE)
        assert look(house.appliance, Plane.CONSOLE, token, OFFICE)
    short = IdentityPolicy(session_hours=1)
    assert logins(preview(house, short).signed_out) == ["owner"]
    put(house, short)
    assert look(house.appliance, Plane.CONSOLE, token, OFFICE) is None


def test_the_console_has_times_of_its_own_F7(house):
    owner = house.person("owner", "owner")
    there, here = house.sign_in(owner, Plane.WORKSPACE), house.sign_in(owner)
    house.time.advance(6 * MINUTE)
    strict = IdentityPolicy(console_idle_minutes=5, console_session_hours=2)
    assert logins(preview(house, strict).signed_out) == ["owner"]
    put(house, strict)

    def look(plane, begun):
        return sessions.look_up(house.appliance, plane, begun.token.reveal(), OFFICE)

    assert look(Plane.CONSOLE, here) is None
    assert look(Plane.WORKSPACE, there).idle_until == house.time.now + 15 * MINUTE
    again = look(Plane.CONSOLE, house.sign_in(owner))
    assert again.idle_until == house.time.now + 5 * MINUTE
    assert again.expires_at == house.time.now + 2 * HOUR
    put(house, IdentityPolicy(), 1)
    assert strict.idle_limit(Plane.WORKSPACE) == IdentityPolicy().idle_limit(Plane.CONSOLE)


def test_old_passwords_would_have_to_be_changed_F8(house):
    house.person("old", "owner")
    house.time.advance(91 * DAY)
    house.person("new", "owner")
    assert logins(preview(house, IdentityPolicy(password=LEGACY)).change_password) == ["old"]


def test_another_name_costs_the_passkeys_of_the_old_one_F11(named):
    owner = named.person("owner", "owner")
    context = enter(named, owner)
    add(context, owner)
    wanted = IdentityPolicy(rp_id="example.jp")
    assert logins(preview(named, wanted).lose_passkey) == ["owner"]
    assert put(named, wanted).policy.rp_id == "example.jp"
    place = own_factors.list_factors(context, NoRequest()).items[-1]
    assert place.rp_id == NAME, "it is shown as one of the old name"


def test_another_name_is_refused_while_an_owner_has_nothing_else_F11(named):
    owner = named.person("owner", "owner")
    context = enter(named, owner)
    add(context, owner)
    phone = own_factors.list_factors(context, NoRequest()).items[0]
    own_factors.remove_factor(context, FactorCode(phone.id, owner.code()))
    wanted = IdentityPolicy(rp_id="example.jp")
    for refused in (preview, put):
        with pytest.raises(OwnerLosesPasskey):
            refused(named, wanted)
    assert operations.get_policy(named.local, NoRequest()).policy == policies.DEFAULT


@pytest.mark.parametrize(
    ("field", "policy"),
    [
        ("rp_id", IdentityPolicy(rp_id="elsewhere.example.com")),
        ("minimum_alone", IdentityPolicy(password=PasswordPolicy(minimum_alone=8))),
        ("maximum", IdentityPolicy(password=PasswordPolicy(maximum=10))),
    ],
)
def test_rules_that_contradict_themselves_are_refused_at_their_field(named, field, policy):
    with pytest.raises(InvalidInput) as refused:
        put(named, policy)
    assert refused.value.parameters["field"] == field


def test_the_legacy_preset_is_the_habit_of_the_market_F8(house):
    put(house, IdentityPolicy(password=LEGACY))
    known = ("hanako",)
    password_rules.judge(LEGACY, Secret("4 crows?!"), has_factor=False, known=known)
    with pytest.raises(PasswordOverMaximum):
        password_rules.judge(LEGACY, Secret("x7" * 11), has_factor=False, known=known)
    with house.appliance.database.write() as session:
        for _ in range(3):
            assert lockout.wait(session, "hanako", "", house.time.now) == 0
            lockout.count(session, "hanako", "", house.time.now)
        assert lockout.wait(session, "hanako", "", house.time.now) == 300
        lockout.count(session, "hanako", "", house.time.now)
        assert lockout.wait(session, "hanako", "", house.time.now) == 300, "it does not grow"


def test_a_password_is_measured_again_when_it_is_typed_F8(house):
    staff = house.person("staff", factor=False)
    house.sign_in(staff, Plane.WORKSPACE)
    longer = PasswordPolicy(minimum_alone=40)
    put(house, IdentityPolicy(password=longer))
    context = house.nobody(Plane.WORKSPACE)
    begun = sign_in.start(context, sign_in.Start("staff", Secret(staff.password)))
    assert [offer.step for offer in begun.steps] == ["new_password"]
    with house.appliance.database.read() as session:
        assert session.get(Password, staff.id).stands_alone is False


def test_rules_of_an_earlier_release_are_read(house):
    with house.appliance.database.write() as session:
        policies.store(session, IdentityPolicy(), 0)
        row = session.get(policies.StoredPolicy, 1)
        row.document = '{"idle_minutes": 20, "password": {"minimum_alone": 20}}'
    found = operations.get_policy(house.local, NoRequest()).policy
    assert (found.idle_minutes, found.password.maximum, found.rp_id) == (20, 0, "")
    assert found.session_hours == 12
