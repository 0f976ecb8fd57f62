import pytest

from app.identity import login_ids
from app.identity.errors import UnsuitableLoginId


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("Tanaka", "tanaka"),
        (" ｔａｎａｋａ　", "tanaka"),
        ("田中.花子", "田中.花子"),
        ("STRASSE@Example.co.jp", "strasse@example.co.jp"),
        ("straße", "strasse"),
        ("a" * 64, "a" * 64),
    ],
)
def test_a_login_id_has_one_spelling_whatever_keyboard_typed_it_F1(typed, folded):
    assert login_ids.check(typed) == folded
    assert login_ids.fold(login_ids.fold(typed)) == folded


@pytest.mark.parametrize(
    "typed", ["", "  ", "a b", "a\nb", "a" * 65, "x\x00", "\ud800", "a/b", "﷽" * 200]
)
def test_what_cannot_be_typed_or_told_apart_is_no_login_id_F1(typed):
    with pytest.raises(UnsuitableLoginId):
        login_ids.check(typed)
