"""What the index of the search is made of: no text is missed, and none is added."""

from hypothesis import given
from hypothesis import strategies as st

from app.services.tables.folding import fold
from app.services.tables.grams import MOST_PAIRS, SIZE, grams_of, number_of, wanted
from app.services.tables.postings import FEW, Hits, any_of, packed, places_in, unpacked
from app.services.tables.snippets import snippet

WORDS = st.text(alphabet="東京都ab", max_size=30)


@given(WORDS, st.text(alphabet="東京都ab", min_size=1, max_size=18))
def test_grams_never_miss_a_text_and_say_for_sure_only_what_is_so(text, needle):
    asked, held = wanted(needle), set(map(number_of, grams_of(text)))
    if len(needle) == 1:
        assert any(asked.first <= gram <= asked.last for gram in held) is (needle in text)
        return
    may = held.issuperset(asked.pairs)
    sure = may and not asked.doubtful and not held.intersection(asked.twice)
    assert may or needle not in text
    assert not sure or needle in text


def test_the_grams_of_a_long_text_are_looked_up_in_part():
    needle = "".join(map(chr, range(0x4E00, 0x4E00 + 50)))
    assert len(wanted(needle).pairs) == MOST_PAIRS
    assert wanted(needle).doubtful


@given(st.sets(st.integers(0, SIZE - 1), max_size=50), st.booleans())
def test_rows_of_a_block_are_the_same_after_being_kept(places, many):
    if many:
        places |= set(range(0, SIZE, SIZE // FEW // 2))
    kept = packed(sorted(places, reverse=True))
    assert places_in(unpacked(kept)) == sorted(places)
    assert any_of([kept, packed([5])]) == unpacked(kept) | 1 << 5


@given(
    st.sets(st.integers(0, SIZE * 3), max_size=30),
    st.none() | st.integers(0, SIZE * 3 + 5),
    st.integers(1, 9),
    st.booleans(),
)
def test_hits_go_on_from_any_row_both_ways(numbers, at, limit, down):
    blocks = {}
    for number in numbers:
        blocks[number // SIZE] = blocks.get(number // SIZE, 0) | 1 << number % SIZE
    hits = Hits(blocks)
    assert (len(hits), hits.listed()) == (len(numbers), sorted(numbers))
    beyond = [one for one in numbers if at is None or (one < at if down else one > at)]
    assert hits.following(at, limit, down=down) == sorted(beyond, reverse=down)[:limit]


def test_a_snippet_shows_what_was_found_as_it_is_written():
    found = snippet("株式会社 ｶﾞｽ工業", fold("ガス"))
    assert (found.before, found.hit, found.after) == ("株式会社 ", "ｶﾞｽ", "工業")
    assert snippet("①番", "1").hit == "①"
    assert snippet("㈱檜", fold("株")).hit == "㈱"
    long = snippet("あ" * 100 + "\n檜" + "い" * 100, "檜")
    assert long.before.startswith("…")
    assert long.after.endswith("…")
    assert long.hit == "檜"


@given(st.text(max_size=60), st.integers(0, 60), st.integers(1, 9))
def test_a_snippet_of_whatever_people_type_holds_what_was_searched_for(text, at, length):
    needle = fold(" ".join(text.split())[at : at + length]).strip()
    if needle:
        found = snippet(text, needle)
        shown = found.before.removeprefix("…") + found.hit + found.after.removesuffix("…")
        assert shown in " ".join(text.split())
        assert found.hit or needle not in "".join(map(fold, text))
