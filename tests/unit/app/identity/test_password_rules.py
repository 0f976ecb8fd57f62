import pytest

from app.core.clock import DAY
from app.core.secret import Secret
from app.identity import common_passwords, password_rules
from app.identity.errors import PasswordTooLong, PasswordTooShort, UnsuitablePassword
from app.identity.password_rules import PasswordPolicy

DEFAULT = PasswordPolicy()


def judge(text, policy=DEFAULT, *, has_factor=False, known=()):
    password_rules.judge(policy, Secret(text), has_factor=has_factor, known=known)


def test_alone_it_has_15_characters_beside_a_factor_8_NIST_800_63B_4():
    judge("kq7 vx2 wz9 pt4")
    judge("kq7 vx2w", has_factor=True)
    with pytest.raises(PasswordTooShort, match="15"):
        judge("kq7 vx2 wz9 pt")
    with pytest.raises(PasswordTooShort, match="8"):
        judge("kq7 vx2", has_factor=True)


def test_64_and_more_characters_of_any_script_are_welcome_NIST_800_63B_4():
    judge("まいにち川べりを歩いて白い鳥を数える" * 3)
    judge("🐟🌊 deep sea, no rules " * 40)
    with pytest.raises(PasswordTooLong):
        judge("ab1 " * 257)


def test_length_counts_characters_after_normalisation():
    with pytest.raises(PasswordTooShort):
        judge("e\u0301" * 8)


def test_half_a_character_is_refused():
    with pytest.raises(UnsuitablePassword, match="no character"):
        judge("kq7 vx2 wz9 pt4\ud800")


@pytest.mark.parametrize(
    "text",
    [
        "P@ssw0rd2026!", "passwordpassword", "123456789012345", "qwertyuiop123456",
        "1qaz2wsx3edc4rfv",
        "ｐａｓｓｗｏｒｄ１２３", "Sakura20262026!",
        "konnichiwa2026!!", "aaaaaaaaaaaaaaaa",
        "abcabcabcabcabcabc",
        "abcdefghijklmnop", "ponmlkjihgfedcba", "1985-12-24", "correcthorsebatterystaple",
        "パスワード12345678", "Tenshu Tenshu Tenshu", "!!!!!!!!!!!!!!!!",
    ],
)  # fmt: skip
def test_common_passwords_are_refused_however_they_are_dressed_NIST_800_63B_4(text):
    with pytest.raises(UnsuitablePassword):
        judge(text, has_factor=True)


@pytest.mark.parametrize(
    "text", ["tanaka.hanako2026", "2026TANAKA!!!!!!!", "tenshu-tanaka-1!", "hanako tanaka 88"]
)
def test_name_login_id_and_product_alone_are_no_password(text):
    with pytest.raises(UnsuitablePassword):
        judge(text, known=("tanaka", "Hanako", "x"))
    assert not common_passwords.is_common("tanakaと行った海の家")
    judge("tanakaと行った海の家は青かった", known=("tanaka",))


def test_the_block_list_holds_thousands_of_plain_forms():
    listed = common_passwords.common_passwords()
    assert len(listed) > 3000
    assert {"password", "sakura", "qwertyuiop", "tenshu", "iloveyou"} <= listed
    assert all(common_passwords.plain(entry) == entry for entry in listed)


def test_no_composition_and_no_expiry_unless_the_company_asks_NIST_800_63B_4():
    judge("only small letters here")
    assert not password_rules.is_expired(DEFAULT, 0, 10_000 * DAY)
    strict = PasswordPolicy(minimum_classes=4, expiry_days=90)
    judge("Blue heron 47 on ice", strict)
    for text in ("only small letters here", "Only letters and space", "kk77kk88dd33xx4!"):
        with pytest.raises(UnsuitablePassword, match="kinds"):
            judge(text, strict)
    assert not password_rules.is_expired(strict, 0, 90 * DAY - 1)
    assert password_rules.is_expired(strict, 0, 90 * DAY)


def test_a_short_one_is_known_not_to_stand_alone():
    assert password_rules.stands_alone(DEFAULT, Secret("x" * 15))
    assert not password_rules.stands_alone(DEFAULT, Secret("x" * 14))


def test_an_empty_text_is_common_too():
    assert common_passwords.is_common("")
