"""Two at once: whatever is single use or last must stay so, on both databases."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.core.database_errors import ChangeCollided
from app.core.errors import Conflict, TenshuError
from app.core.secret import Secret
from app.identity.errors import (
    CodeAlreadyUsed,
    LastOwner,
    LoginIdTaken,
    RequestClosed,
    SetupDone,
    SignInFailed,
    TooManyAttempts,
    WrongRecoveryCode,
)
from app.identity.operations import (
    accounts,
    credentials,
    grants,
    own_factors,
    requests,
    setup,
    sign_in,
)
from app.identity.operations.accounts import AccountChange, AccountRef, NewAccount, SuspendAccount
from app.operations.operation import NoRequest
from tests.unit.app.identity.house import PASSWORD
from tests.unit.app.identity.test_setup import first_code, person

TOGETHER = 6


def at_once(*calls):
    """Run calls in threads that start together. Return results and errors, in their order."""
    barrier = threading.Barrier(len(calls))

    def run(call):
        barrier.wait(timeout=30)
        try:
            return call()
        except TenshuError as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def errors(results):
    return [type(result) for result in results if isinstance(result, TenshuError)]


def pending(house, login_id="owner"):
    return sign_in.start(house.nobody(), sign_in.Start(login_id, Secret(PASSWORD)))


def answer(house, progress, step, given):
    return lambda: sign_in.answer(house.nobody(), sign_in.Answer(progress.ticket, step, given))


def test_a_code_that_arrives_six_times_at_once_signs_in_once_RFC_6238(house):
    owner = house.person("owner", "owner")
    tickets = [pending(house) for _ in range(TOGETHER)]
    code = owner.code()
    results = at_once(*(answer(house, ticket, "totp", code) for ticket in tickets))
    failed = errors(results)
    assert len(failed) == TOGETHER - 1
    assert set(failed) <= {CodeAlreadyUsed, TooManyAttempts, ChangeCollided}


def test_a_recovery_code_that_arrives_six_times_at_once_signs_in_once_F11(house):
    owner = house.person("owner", "owner")
    context = house.enter(owner)
    code = own_factors.renew_recovery_codes(context, own_factors.FreshCode(owner.code())).codes[0]
    tickets = [pending(house) for _ in range(TOGETHER)]
    results = at_once(*(answer(house, ticket, "recovery_code", code) for ticket in tickets))
    failed = errors(results)
    assert len(failed) == TOGETHER - 1
    assert set(failed) <= {WrongRecoveryCode, TooManyAttempts, ChangeCollided}


def test_one_ticket_that_arrives_twice_begins_one_session_V15(house):
    owner = house.person("owner", "owner")
    ticket = pending(house)
    code = owner.code()
    results = at_once(*(answer(house, ticket, "totp", code) for _ in range(TOGETHER)))
    assert len(errors(results)) == TOGETHER - 1


def test_two_owners_who_suspend_each_other_do_not_both_succeed_F4(house):
    one, two = house.person("one", "owner"), house.person("two", "owner")
    results = at_once(
        lambda: accounts.suspend_account(house.local, SuspendAccount(one.id, 1)),
        lambda: accounts.suspend_account(house.local, SuspendAccount(two.id, 1)),
    )
    assert errors(results) == [LastOwner]


def test_the_last_two_owner_roles_are_not_both_taken_F4(house):
    people = house.person("one", "owner"), house.person("two", "owner")
    given = [accounts.get_account(house.local, AccountRef(each.id)).grants[0].id for each in people]
    results = at_once(
        *(lambda each=each: grants.take(house.local, grants.GrantRef(each)) for each in given)
    )
    assert errors(results) == [LastOwner]


def test_two_administrators_who_change_one_account_get_one_conflict(house):
    tanaka = house.person("tanaka")
    results = at_once(
        *(
            lambda name=name: accounts.update_account(
                house.local, AccountChange(account=tanaka.id, rev=1, name=name)
            )
            for name in ("A", "B", "C")
        )
    )
    assert errors(results) == [Conflict, Conflict]
    kept = accounts.get_account(house.local, AccountRef(tanaka.id)).account
    assert kept.rev == 2
    assert [r.name for r in results if not isinstance(r, TenshuError)] == [kept.name]


def test_one_login_id_that_is_asked_for_at_once_goes_to_one_F1(house):
    results = at_once(
        *(
            lambda: accounts.create_account(house.local, NewAccount(login_id="new", name="N"))
            for _ in range(4)
        )
    )
    assert errors(results) == [LoginIdTaken] * 3


def test_grants_that_are_given_at_once_all_count_F4(house):
    tanaka = house.person("tanaka")
    names = ["audit.view", "audit.export", "jobs.view", "backups.view"]
    results = at_once(
        *(
            lambda name=name: grants.give(
                house.local, grants.NewGrant(holder=tanaka.id, permission=name)
            )
            for name in names
        )
    )
    assert errors(results) == []
    found = accounts.get_account(house.local, AccountRef(tanaka.id)).rights
    assert sorted(name for name, _ in found) == sorted(names)


def test_a_confirmation_that_arrives_twice_runs_once_V19(house):
    owner = house.person("owner", "owner")
    context = house.enter(owner)
    new = NewAccount(login_id="new", name="New")
    waiting = requests.prepare(context, "accounts.create", new)
    code = owner.code()
    results = at_once(
        *(lambda: requests.confirm(context, requests.Confirm(waiting.id, code)) for _ in range(3))
    )
    failed = errors(results)
    assert len(failed) == 2
    assert set(failed) <= {RequestClosed, CodeAlreadyUsed, ChangeCollided}
    (confirmed,) = [each for each in results if not isinstance(each, TenshuError)]
    assert confirmed.unwrap().account.login_id == "new"


def test_guesses_that_are_sent_at_once_are_all_counted_V15(house):
    house.person("owner", "owner")
    wrong = sign_in.Start("owner", Secret("wrong password, sorry"))
    results = at_once(*(lambda: sign_in.start(house.nobody(), wrong) for _ in range(12)))
    found = errors(results)
    assert found.count(SignInFailed) <= 5
    assert set(found) <= {SignInFailed, TooManyAttempts, ChangeCollided}
    if found.count(SignInFailed) == 5:
        with pytest.raises(TooManyAttempts):
            pending(house)


def test_a_setup_that_is_finished_twice_at_once_makes_one_owner_V19(house):
    code = setup.new_claim_code(house.local, NoRequest()).code
    ticket = setup.claim(house.nobody(), setup.Claim(code)).ticket
    progress = setup.describe(house.nobody(), person(ticket))
    first = first_code(house, progress)
    results = at_once(*(lambda: setup.finish(house.nobody(), first) for _ in range(3)))
    assert errors(results) == [SetupDone] * 2
    assert len(accounts.list_accounts(house.local, accounts.AccountFilter()).items) == 1


def test_a_suspension_during_a_sign_in_leaves_no_session_F4(house):
    house.person("owner", "owner")
    tanaka = house.person("tanaka", "operator")
    ticket = pending(house, "tanaka")
    code = tanaka.code()
    at_once(
        answer(house, ticket, "totp", code),
        lambda: accounts.suspend_account(house.local, SuspendAccount(tanaka.id, 1)),
    )
    shown = credentials.list_sessions_of(house.local, AccountRef(tanaka.id)).items
    assert shown == []
