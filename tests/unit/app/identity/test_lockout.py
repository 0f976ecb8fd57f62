import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import DAY, HOUR, MINUTE, SECOND
from app.identity import lockout
from app.identity.lockout import BY_ACCOUNT, BY_ADDRESS
from app.identity.models import Attempts


def test_the_first_failures_cost_nothing_then_the_delay_doubles():
    waits = [lockout.remaining(BY_ACCOUNT, failures, 0, 0) // SECOND for failures in range(13)]
    assert waits == [0, 0, 0, 0, 0, 30, 60, 120, 240, 480, 960, 1920, 3600]


@given(st.integers(0, 10**9), st.integers(0, 2 * DAY))
def test_nobody_is_locked_out_for_ever_V15(failures, since):
    for rule in (BY_ACCOUNT, BY_ADDRESS):
        wait = lockout.remaining(rule, failures, 0, since)
        assert 0 <= wait <= rule.longest_wait
        assert lockout.remaining(rule, failures, 0, rule.longest_wait) == 0


def test_a_hundred_guesses_take_days_NIST_800_63B_4():
    spent = sum(lockout.remaining(BY_ACCOUNT, failures, 0, 0) for failures in range(100))
    assert spent > 3 * DAY


def test_an_office_behind_one_address_has_more_tries():
    assert lockout.remaining(BY_ADDRESS, 29, 0, 0) == 0
    assert lockout.remaining(BY_ADDRESS, 30, 0, 0) == 30 * SECOND
    assert lockout.remaining(BY_ADDRESS, 99, 0, 0) == 15 * MINUTE


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
    ],
)
def test_an_address_is_counted_by_the_line_it_comes_from(one, other, same):
    assert (lockout.subjects("", one) == lockout.subjects("", other)) == same


@pytest.mark.parametrize("peer", ["", "local", "nonsense"])
def test_without_an_address_only_the_account_is_counted(peer):
    assert list(lockout.subjects("tanaka", peer).values()) == [BY_ACCOUNT]


def test_what_was_typed_is_not_kept_in_readable_form_F12(database):
    with database.write() as session:
        lockout.count(session, "my-secret-password", "192.0.2.1", 1000)
        rows = session.exec(lockout.select(Attempts)).all()
        assert len(rows) == 2
        assert not any("secret" in row.subject or "192" in row.subject for row in rows)


def test_failures_are_counted_forgotten_and_grow_old(database):
    with database.write() as session:
        for _ in range(5):
            assert lockout.wait_in_turn(session, "tanaka", "192.0.2.1", 1000) == 0
            lockout.count(session, "tanaka", "192.0.2.1", 1000)
        assert lockout.wait_in_turn(session, "tanaka", "198.51.100.1", 1001) == 30
        assert lockout.wait(session, "suzuki", "192.0.2.1", 1001) == 0
        lockout.forget(session, "tanaka")
        assert lockout.wait(session, "tanaka", "192.0.2.1", 1001) == 0
        lockout.count(session, "suzuki", "", 1000 + DAY + HOUR)
        assert len(session.exec(lockout.select(Attempts)).all()) == 1
