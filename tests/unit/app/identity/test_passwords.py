import pytest
from argon2 import PasswordHasher

from app.core.secret import Secret
from app.identity import passwords

REAL = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)


def test_a_password_is_kept_as_argon2id_with_the_real_parameters_F12(monkeypatch):
    monkeypatch.setattr(passwords, "HASHER", REAL)
    hashed = passwords.hash_password(Secret("a lantern under water"))
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
    assert "lantern" not in hashed
    assert passwords.verify(hashed, Secret("a lantern under water"))
    assert not passwords.verify(hashed, Secret("a lantern under Water"))


def test_every_keyboard_makes_the_same_password():
    hashed = passwords.hash_password(Secret("ﾊﾟｽﾜｰﾄﾞＡＢＣ é"))
    assert passwords.verify(hashed, Secret("パスワードABC e\u0301"))


@pytest.mark.parametrize("sign", ["a", "漢", "😀", "\u0301"])
def test_long_and_unusual_passwords_work_whole(sign):
    hashed = passwords.hash_password(Secret(sign * 1024))
    assert passwords.verify(hashed, Secret(sign * 1024))
    assert not passwords.verify(hashed, Secret(sign * 1023))


def test_what_is_too_long_is_wrong_without_being_hashed():
    hashed = passwords.hash_password(Secret(""))
    assert not passwords.verify(hashed, Secret("a" * 1025))


def test_a_text_that_is_no_unicode_is_only_wrong():
    assert not passwords.verify(passwords.hash_password(Secret("x")), Secret("\ud800"))


def test_what_is_no_hash_fits_nothing():
    assert not passwords.verify("plain", Secret("plain"))


def test_nobody_costs_as_much_as_somebody_V15(monkeypatch):
    verified = []

    class Counting(PasswordHasher):
        def verify(self, hashed, password):
            verified.append(hashed.rsplit("$", 2)[0])
            return super().verify(hashed, password)

    monkeypatch.setattr(passwords, "HASHER", Counting(time_cost=1, memory_cost=8, parallelism=1))
    hashed = passwords.hash_password(Secret("right"))
    assert not passwords.verify(None, Secret("right"))
    assert not passwords.verify(None, Secret(""))
    assert not passwords.verify(hashed, Secret("wrong"))
    assert len(verified) == 3
    assert len(set(verified)) == 1, "the same parameters for nobody and somebody"


def test_a_verdict_that_was_reached_ahead_is_not_reached_twice(monkeypatch):
    password = Secret("right")
    hashed = passwords.hash_password(password)
    with passwords.verified_ahead(hashed, password):
        monkeypatch.setattr(passwords, "_verify", lambda *_: pytest.fail("verified again"))
        assert passwords.verify(hashed, password)
        monkeypatch.undo()
        other = passwords.hash_password(Secret("other"))
        assert not passwords.verify(other, password), "another hash is another question"
        assert not passwords.verify(hashed, Secret("wrong"))
    assert passwords.verify(hashed, Secret("right"))


def test_a_hash_of_older_parameters_is_told(monkeypatch):
    hashed = passwords.hash_password(Secret("x"))
    assert not passwords.is_outdated(hashed)
    monkeypatch.setattr(passwords, "HASHER", REAL)
    assert passwords.is_outdated(hashed)


def test_few_hashes_run_at_once_so_that_memory_is_bounded():
    taken = [passwords._slots.acquire(blocking=False) for _ in range(passwords.AT_ONCE + 1)]
    for _ in range(sum(taken)):
        passwords._slots.release()
    assert taken == [True] * passwords.AT_ONCE + [False]
