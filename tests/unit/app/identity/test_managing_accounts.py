import msgspec
import pytest

from app.core.clock import SECOND
from app.core.errors import Conflict, InvalidInput, NotFound
from app.core.secret import Secret
from app.identity.actors import actor_of
from app.identity.errors import (
    BeyondYourRights,
    LastOwner,
    LoginIdTaken,
    SignInFailed,
    UnsuitableLoginId,
    UnsuitablePassword,
)
from app.identity.operations import account_views, accounts, credentials, grants, sign_in
from app.identity.operations.account_views import AccountFilter
from app.identity.operations.accounts import (
    AccountChange,
    AccountRef,
    NewAccount,
    SuspendAccount,
)
from app.operations.context import Context, Plane
from app.operations.errors import NotAllowed
from app.operations.operation import NoRequest
from app.operations.permissions import Permission
from tests.unit.app.identity.house import PASSWORD


def confirmed(context, operation, request):
    """Run a dangerous operation as if it had just been confirmed."""
    acting = Context(
        context.appliance,
        actor=context.actor,
        source=context.source,
        plane=context.plane,
        confirmed=operation.digest(request),
    )
    return operation(acting, request)


@pytest.fixture
def owner(house):
    return house.person("owner", "owner")


def test_a_new_account_may_do_nothing_and_gets_a_password_to_change_F1_F4(house):
    made = accounts.create_account(house.local, NewAccount(login_id="Ｓuzuki", name="鈴木"))
    assert made.account.login_id == "suzuki"
    assert len(made.initial_password) == 29
    details = accounts.get_account(house.local, AccountRef(made.account.id))
    assert (details.rights, details.grants, details.groups) == ([], [], [])
    assert details.must_change_password
    assert details.may_enrol


def test_the_role_of_a_new_account_counts_at_once_F4(house, owner):
    made = accounts.create_account(
        house.local, NewAccount(login_id="suzuki", name="Suzuki", role="auditor")
    )
    details = accounts.get_account(house.local, AccountRef(made.account.id))
    assert ("audit.view", "") in details.rights
    assert [grant.role for grant in details.grants] == ["auditor"]


def test_nobody_gets_a_login_id_that_somebody_has_F1(house):
    first = accounts.create_account(house.local, NewAccount(login_id="suzuki", name="A"))
    with pytest.raises(LoginIdTaken):
        accounts.create_account(house.local, NewAccount(login_id="SUZUKI", name="B"))
    second = accounts.create_account(house.local, NewAccount(login_id="sato", name="B"))
    change = AccountChange(account=second.account.id, rev=1, login_id="Suzuki")
    with pytest.raises(LoginIdTaken):
        accounts.update_account(house.local, change)
    same = AccountChange(account=first.account.id, rev=1, login_id="SUZUKI")
    assert accounts.update_account(house.local, same).login_id == "suzuki"


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("login_id", "a b", UnsuitableLoginId),
        ("time_zone", "Mars/Olympus", InvalidInput),
        ("initial_password", Secret("password"), UnsuitablePassword),
    ],
)
def test_bad_particulars_make_no_account(house, field, value, error):
    new = msgspec.structs.replace(NewAccount(login_id="suzuki", name="S"), **{field: value})
    with pytest.raises(error):
        accounts.create_account(house.local, new)
    assert accounts.list_accounts(house.local, AccountFilter()).items == []


def test_particulars_change_and_two_administrators_do_not_overwrite_each_other(house):
    made = accounts.create_account(house.local, NewAccount(login_id="suzuki", name="S")).account
    change = AccountChange(
        account=made.id, rev=1, name="鈴木 太郎", language="en", time_zone="Europe/Paris"
    )
    changed = accounts.update_account(house.local, change)
    assert (changed.rev, changed.name, changed.language, changed.time_zone) == (
        2, "鈴木 太郎", "en", "Europe/Paris",
    )  # fmt: skip
    for stale in (
        lambda: accounts.update_account(house.local, change),
        lambda: accounts.suspend_account(house.local, SuspendAccount(made.id, 1)),
        lambda: accounts.resume_account(house.local, SuspendAccount(made.id, 1)),
    ):
        with pytest.raises(Conflict):
            stale()


def test_what_is_not_there_is_not_found(house):
    with pytest.raises(NotFound):
        accounts.get_account(house.local, AccountRef("x"))


def test_accounts_are_listed_searched_and_paged(house):
    for login_id in ("ito", "abe", "sato", "ueda"):
        accounts.create_account(
            house.local, NewAccount(login_id=login_id, name=f"{login_id.title()} 100%")
        )
    page = accounts.list_accounts(house.local, AccountFilter(limit=3))
    assert [row.login_id for row in page.items] == ["abe", "ito", "sato"]
    page = accounts.list_accounts(house.local, AccountFilter(limit=3, after=page.after))
    assert [row.login_id for row in page.items] == ["ueda"]
    assert page.after == ""
    find = lambda **how: [  # noqa: E731
        row.login_id for row in accounts.list_accounts(house.local, AccountFilter(**how)).items
    ]
    assert find(search="ＡＢ") == ["abe"]
    assert find(search="Sato") == ["sato"]
    assert find(search="0%") == ["abe", "ito", "sato", "ueda"]
    assert find(search="_") == []
    accounts.suspend_account(
        house.local,
        SuspendAccount(accounts.list_accounts(house.local, AccountFilter()).items[0].id, 1),
    )
    assert find(state="suspended") == ["abe"]
    assert find(state="active") == ["ito", "sato", "ueda"]


@pytest.mark.sql
def test_accounts_are_sorted_by_any_column_page_by_page_and_counted_F4(house):
    for login_id, name in (("ito", "B"), ("abe", "C"), ("sato", "B"), ("ueda", "A b")):
        accounts.create_account(house.local, NewAccount(login_id=login_id, name=name))
        house.time.advance(SECOND)
    abe = accounts.list_accounts(house.local, AccountFilter(search="abe")).items[0]
    accounts.suspend_account(house.local, SuspendAccount(abe.id, 1))

    def walk(**how):
        seen, after = [], ""
        while True:
            page = accounts.list_accounts(house.local, AccountFilter(limit=1, after=after, **how))
            seen.append(page.items[0].login_id)
            after = page.after
            if not after:
                return seen, page.total

    assert walk(sort="name") == (["ueda", "ito", "sato", "abe"], 4)
    assert walk(sort="-name") == (["abe", "sato", "ito", "ueda"], 4)
    assert walk(sort="-login_id") == (["ueda", "sato", "ito", "abe"], 4)
    assert walk(sort="-created_at") == (["ueda", "sato", "abe", "ito"], 4)
    assert walk(sort="-state") == (["abe", "ueda", "sato", "ito"], 4)
    assert walk(sort="kind", search="o") == (["ito", "sato"], 2)
    assert walk(sort="name", state="active") == (["ueda", "ito", "sato"], 3)


def test_the_auditor_sees_accounts_and_changes_none_F4(house, owner):
    auditor = house.enter(house.person("auditor", "auditor"))
    assert accounts.list_accounts(auditor, AccountFilter()).items
    for operation, request in (
        (accounts.create_account, NewAccount(login_id="x", name="x")),
        (accounts.suspend_account, SuspendAccount(owner.id, 1)),
        (credentials.reset_factor, AccountRef(owner.id)),
        (credentials.end_sessions, AccountRef(owner.id)),
        (grants.give, grants.NewGrant(holder=auditor.actor.account, role="owner")),
    ):
        with pytest.raises(NotAllowed):
            confirmed(auditor, operation, request)


def test_nobody_manages_who_may_more_than_they_V19(house, owner):
    context = house.enter(house.person("security", "security_administrator"))
    for operation, request in (
        (accounts.update_account, AccountChange(account=owner.id, rev=1, name="x")),
        (accounts.suspend_account, SuspendAccount(owner.id, 1)),
        (credentials.reset_password, credentials.PasswordReset(account=owner.id)),
        (credentials.reset_factor, AccountRef(owner.id)),
    ):
        with pytest.raises(BeyondYourRights):
            confirmed(context, operation, request)
    with pytest.raises(BeyondYourRights):
        confirmed(
            context,
            accounts.create_account,
            NewAccount(login_id="accomplice", name="x", role="owner"),
        )
    staff = house.person("staff", "staff")
    assert confirmed(context, credentials.reset_factor, AccountRef(staff.id)).count == 1


def test_who_may_sign_in_is_counted_and_acts_with_the_rights_of_now_F4(house, owner):
    tanaka = house.person("tanaka", "operator")
    with house.appliance.database.read() as session:
        actor = actor_of(session, tanaka.id)
        assert actor_of(session, "nobody") is None
    assert (actor.account, actor.name) == (tanaka.id, "Tanaka")
    assert actor.rights.allows(Permission.BACKUPS_RUN)
    counted = lambda: account_views.count_accounts(house.local, NoRequest())  # noqa: E731
    before = counted()
    accounts.suspend_account(house.local, SuspendAccount(tanaka.id, 1))
    with house.appliance.database.read() as session:
        assert actor_of(session, tanaka.id) is None
    assert before != counted()


def test_a_password_reset_lets_in_who_forgot_and_nobody_who_knew_F8(house, owner):
    staff = house.person("staff", "staff", factor=False)
    for _ in range(5):
        with pytest.raises(SignInFailed):
            sign_in.start(
                house.nobody(Plane.WORKSPACE), sign_in.Start("staff", Secret("forgotten"))
            )
    given = credentials.reset_password(
        house.local,
        credentials.PasswordReset(account=staff.id),
    ).initial_password
    start = sign_in.Start("staff", given)
    progress = sign_in.start(house.nobody(Plane.WORKSPACE), start)
    assert [offer.step for offer in progress.steps] == ["new_password"]
    with pytest.raises(SignInFailed):
        sign_in.start(house.nobody(Plane.WORKSPACE), sign_in.Start("staff", Secret(PASSWORD)))


def test_a_factor_reset_concerns_one_person_only_F11(house, owner):
    other = house.person("tanaka", "operator")
    assert credentials.reset_factor(house.local, AccountRef(other.id)).count == 1
    progress = sign_in.start(house.nobody(), sign_in.Start("tanaka", Secret(PASSWORD)))
    assert [offer.step for offer in progress.steps] == ["enrol"]
    assert house.sign_in(owner)


def test_the_last_owner_cannot_be_suspended_F4(house, owner):
    with pytest.raises(LastOwner):
        accounts.suspend_account(house.local, SuspendAccount(owner.id, 1))
    second = house.person("second", "owner")
    accounts.suspend_account(house.local, SuspendAccount(owner.id, 1))
    with pytest.raises(LastOwner):
        accounts.suspend_account(house.local, SuspendAccount(second.id, 1))
    accounts.resume_account(house.local, SuspendAccount(owner.id, 2))
    accounts.suspend_account(house.local, SuspendAccount(second.id, 1))
