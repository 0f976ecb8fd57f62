"""Search that does not see case, width and kind of kana."""

from hypothesis import given
from hypothesis import strategies as st

from app.services.tables.folding import END, fold, key_of, search_text, segments_of


def test_search_sees_no_difference_of_case_width_and_kana():
    assert len({fold(text) for text in ("ガス", "ｶﾞｽ", "がす")}) == 1
    assert fold("ＡＢＣ①㈱") == fold("abc1(株)")
    assert fold("かすみ") == fold("カスミ") == fold("ｶｽﾐ")


def test_a_search_text_keeps_fields_apart():
    text = search_text([key_of(1), key_of(2), key_of(4097)], ["霞", "", "が関"])
    assert text == f"{key_of(1)}霞{END}{key_of(4097)}が関{END}"
    assert fold("霞が関") not in text
    assert len({key_of(number) for number in range(1, 9000)}) == 8999


@given(
    st.lists(st.text(alphabet=st.characters(codec="utf-8")), min_size=1, max_size=4),
    st.integers(0, 3),
)
def test_whatever_people_type_stays_inside_its_field_V3(texts, place):
    keys = [key_of(number) for number in range(1, len(texts) + 1)]
    whole = search_text(keys, texts)
    assert whole == search_text(keys, [fold(text) for text in texts])
    for key, text in zip(keys, texts, strict=True):
        if text:
            inside = whole.split(key, 1)[1].split(END, 1)[0]
            assert inside == fold(text)


def test_what_stood_in_fields_that_are_deleted_is_kept_apart():
    keys = [key_of(number) for number in (1, 2, 3)]
    whole = search_text(keys, ["赤", "青", ""])
    assert segments_of(whole, without=[keys[0]]) == f"{keys[1]}青{END}"
    assert segments_of(whole, without=keys) == ""
    assert segments_of("", without=keys) == ""
