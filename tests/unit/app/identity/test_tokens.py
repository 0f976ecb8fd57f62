import pytest

from app.core.clock import DAY, MINUTE
from app.core.database import Database
from app.core.database_errors import DiskFull
from app.core.errors import InvalidInput, NotFound
from app.identity import tokens
from app.identity.errors import BeyondYourRights, InPersonOnly
from app.identity.models import ConsoleApiToken
from app.identity.operations import accounts, grants
from app.identity.operations import tokens as token_operations
from app.identity.operations.accounts import AccountFilter, NewAccount
from app.identity.operations.tokens import NewToken, TokenRef, WantedRight
from app.operations.context import Context, Plane
from app.operations.errors import NotAllowed, TokenNotAllowed
from app.operations.operation import NoRequest
from app.operations.permissions import Permission
from tests.unit.app.identity.house import OFFICE

VIEW = [WantedRight("accounts.view")]


@pytest.fixture
def owner(house):
    return house.person("owner", "owner")


@pytest.fixture
def context(house, owner):
    return house.enter(owner)


def create(context, wanted=VIEW, **how):
    return token_operations.create_token(context, NewToken(name="script", rights=wanted, **how))


def look(house, token, plane=Plane.CONSOLE):
    return tokens.look_up(house.appliance, plane, token.reveal(), OFFICE)


def test_a_token_acts_as_its_person_with_the_rights_it_was_given_F4(house, owner, context):
    made = create(context)
    assert made.token.reveal().startswith("tenshu_")
    assert made.row.prefix == made.token.reveal()[:15]
    actor = look(house, made.token)
    assert (actor.account, actor.token, actor.session) == (owner.id, made.row.id, "")
    program = Context(house.appliance, actor=actor, plane=Plane.CONSOLE)
    assert accounts.list_accounts(program, AccountFilter()).items
    with pytest.raises(NotAllowed):
        accounts.create_account(program, NewAccount(login_id="x", name="x"))


def test_a_token_runs_nothing_dangerous_and_makes_no_tokens_V19(house, context):
    made = create(context, [WantedRight("accounts.manage"), WantedRight("accounts.view")])
    program = Context(house.appliance, actor=look(house, made.token), plane=Plane.CONSOLE)
    with pytest.raises(TokenNotAllowed):
        accounts.create_account(program, NewAccount(login_id="x", name="x"))
    with pytest.raises(InPersonOnly):
        create(program)


def test_a_token_never_does_more_than_its_person_F4(house):
    person = house.person("tanaka")
    given = grants.give(house.local, grants.NewGrant(holder=person.id, role="auditor"))
    context = house.enter(person)
    with pytest.raises(BeyondYourRights):
        create(context, [WantedRight("accounts.manage")])
    made = create(context, [WantedRight("audit.view")])
    grants.give(
        house.local, grants.NewGrant(holder=person.id, permission="audit.view", scope="tables/1")
    )
    grants.take(house.local, grants.GrantRef(given.id))
    rights = look(house, made.token).rights
    assert rights.allows(Permission.AUDIT_VIEW, "tables/1")
    assert not rights.allows(Permission.AUDIT_VIEW)


def test_only_real_permissions_go_into_a_token_V6(context):
    for name in ("nonsense", "signed_in", "anybody"):
        with pytest.raises(InvalidInput):
            create(context, [WantedRight(name)])


def test_a_token_expires_is_revoked_and_ends_with_its_person_F4(house, time, owner, context):
    house.person("second", "owner")
    short, revoked, long = create(context, days=1), create(context), create(context, days=30)
    time.advance(DAY)
    assert look(house, short.token) is None
    assert look(house, revoked.token)
    first = token_operations.revoke_token(context, TokenRef(revoked.row.id)).revoked_at
    time.advance(1)
    assert token_operations.revoke_token(context, TokenRef(revoked.row.id)).revoked_at == first
    assert look(house, revoked.token) is None
    assert look(house, long.token)
    accounts.suspend_account(house.local, accounts.SuspendAccount(owner.id, 1))
    assert look(house, long.token) is None


def test_a_token_works_on_its_own_plane_only_V15(house, context):
    made = create(context)
    assert look(house, made.token, Plane.WORKSPACE) is None


@pytest.mark.parametrize("text", ["", "x", "tenshu_", "tenshu_nonsense", "\ud800"])
def test_what_is_no_token_is_nobody(house, text):
    assert tokens.look_up(house.appliance, Plane.CONSOLE, text, OFFICE) is None


def test_tokens_are_listed_and_their_secret_is_not_kept_F12(house, context, time):
    made = create(context)
    time.advance(1)
    newer = create(context)
    rows = token_operations.list_tokens(context, NoRequest()).items
    assert [row.id for row in rows] == [newer.row.id, made.row.id]
    assert rows[1].rights == [("accounts.view", "")]
    with house.appliance.database.read() as session:
        row = session.get(ConsoleApiToken, made.row.id)
        assert made.token.reveal() not in (row.token_hash, row.prefix)


def test_nobody_sees_or_revokes_somebody_elses_token_V6(house, context):
    made = create(context)
    other = house.enter(house.person("tanaka", "operator"))
    assert token_operations.list_tokens(other, NoRequest()).items == []
    for identifier in (made.row.id, "nonsense"):
        with pytest.raises(NotFound):
            token_operations.revoke_token(other, TokenRef(identifier))


def test_its_use_is_noted_at_most_once_a_minute_and_never_in_the_way(
    house, context, time, monkeypatch
):
    made = create(context)
    used = lambda: token_operations.list_tokens(context, NoRequest()).items[0].last_used_at  # noqa: E731
    assert look(house, made.token)
    first = used()
    assert first == time.now
    time.advance(MINUTE - 1)
    assert look(house, made.token)
    assert used() == first
    time.advance(1)
    with monkeypatch.context() as patched:
        patched.setattr(Database, "write", full)
        assert look(house, made.token)
    assert used() == first
    assert look(house, made.token)
    assert used() == time.now


def full(_):
    raise DiskFull
