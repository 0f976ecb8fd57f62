"""From text to document: either all of it is understood, or everything wrong is named."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.messages import catalogue
from appliance.contract.configuration.document import LARGEST, Document
from appliance.contract.configuration.fitting import TEMPORAL, WORDS, misfits
from appliance.contract.configuration.problems import ConfigurationProblem
from appliance.contract.configuration.reading import Unreadable, read_document
from appliance.contract.configuration.sections import Section
from appliance.contract.configuration.shape import Shape, keys_of, shape_of

LONG = "1" * 50
WRONG = {
    "[ssh]\nport == 1": ("not_toml", "Line 2, column 7: this is not TOML. Invalid value."),
    "[ssh]\nport = ": ("not_toml", "Line 2, column 8: this is not TOML. Invalid value."),
    "a = " + "[" * 5000: ("too_intricate", "nested too deeply"),
    "a = " + "1" * 5000: ("too_intricate", "thousands of digits"),
    "#" * (LARGEST + 1): ("too_large", "more than"),
    "format = 2\nunheard = 1": ("newer_format", "form 2"),
    "fromat = 1": ("misspelt_key", "fromat: there is no such key."),
    "zzzzzz = 1": ("unknown_key", "zzzzzz: there is no such key."),
    "[access]\nconsoles = []": ("misspelt_key", "access.consoles:"),
    "[network]\ndns = '1'": ("wrong_kind", "network.dns: a list in brackets belongs here, not a t"),
    "network = []": ("wrong_kind", "network: a table belongs here, not a list in brackets."),
    "[access]\nlists = 1": ("wrong_kind", "access.lists: a table belongs here, not a whole number"),
    "[access.lists.a]\nnetworks = [1979-05-27]": (
        "wrong_kind",
        "access.lists.a.networks[0]: a text in quotes belongs here, not a date or a time.",
    ),
    "[edge]\nidle_seconds = 60.0": ("wrong_kind", "a whole number belongs here, not a number"),
    "[edge]\nidle_seconds = true": ("wrong_kind", "a whole number belongs here, not true or false"),
    "[firewall]\nping = 1": ("wrong_kind", "firewall.ping: true or false belongs here, not a"),
    "[edge]\nidle_seconds = 4": ("outside_limits", "edge.idle_seconds: 4 is outside the limits."),
    "[ssh]\nport = " + LONG: ("outside_limits", LONG),
    "[[network.vlans]]\nname = 'v'\ntag = 7": ("missing", "network.vlans[0].parent is missing."),
    "[[network.bonds]]\nname = 'b'\nmembers = []": ("too_few", "network.bonds[0].members:"),
    "[network]\ndns = ['1','2','3','4']": ("too_many", "4 entries are"),
    "[certificates]\nhsts = 'maybe'": ("not_a_choice", "certificates.hsts: “maybe” is not"),
    "[network]\nhostname = 'A_B'": ("wrong_form", "“A_B” is not written as needed. Name"),
    "[network]\nhostname = \"a\\nb\"": ("wrong_form", "“a�b”"),
    "[access.lists.'Head office']\nnetworks = []": ("wrong_form", 'access.lists."Head office": '),
    f"[access]\ntrusted_proxies = ['{LONG}']": ("too_long", "access.trusted_proxies[0]: the text"),
    f"[network]\nhostname = '-{LONG * 2}'": ("wrong_form", "1…”"),
}  # fmt: skip


def refused(text: str) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        read_document(text)
    return caught.value


@pytest.mark.parametrize(
    "text", WRONG, ids=[f"{code}-{says[:30]}" for code, says in WRONG.values()]
)
def test_what_is_wrong_is_told_with_its_place_in_human_words(text: str) -> None:
    code, says = WRONG[text]
    (found,) = refused(text).problems
    assert (found.code, says in str(found)) == (f"configuration.{code}", True), str(found)
    assert found.advice()
    assert "regex" not in str(found)
    assert "`str`" not in str(found)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    found = refused("[edge]\nidle_seconds = 1\nheadr_seconds = 2\n[network]\ndns = 3").problems
    assert [one.parameters["place"] for one in found] == [
        "edge.idle_seconds",
        "edge.headr_seconds",
        "network.dns",
    ]


def test_an_empty_text_is_the_document_of_a_new_machine() -> None:
    assert read_document("") == Document()


def test_who_defines_a_list_keeps_the_private_networks() -> None:
    lists = read_document("[access.lists.office]\nnetworks = ['192.0.2.0/24']").access.lists
    assert lists.keys() == {"office", "private"}
    own = read_document("[access.lists.private]\nnetworks = ['192.0.2.0/24']").access.lists
    assert own["private"].networks == ("192.0.2.0/24",)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    told: tuple[ConfigurationProblem, ...] = ()
    try:
        read_document(text)
    except Unreadable as refusal:
        told = refusal.problems or (ConfigurationProblem(),)  # which would lack its place
    assert all(str(one) and one.advice() for one in told)


def trees(shape: Shape) -> st.SearchStrategy[object]:
    """Return values that are nearly what fits: the reader has to find out where they do not."""
    anything = st.one_of(st.integers(-1, 70_000), st.booleans(), st.floats(), st.text(max_size=5))
    if shape.is_a(Section):
        keys = {name: trees(key.shape) for name, key in keys_of(shape.kind).items()}
        fits = st.fixed_dictionaries({}, optional=keys)
    elif shape.kind is tuple:
        fits = st.lists(trees(shape.inner[0]), max_size=2)
    elif shape.kind is dict:
        fits = st.dictionaries(st.sampled_from(["a", "A b"]), trees(shape.inner[1]), max_size=2)
    elif shape.choices:
        fits = st.sampled_from(shape.choices)
    elif shape.kind is str:
        fits = st.sampled_from(["192.0.2.1/24", "", "a", "A_", *shape.examples])
    else:
        fits = st.sampled_from([True, 1, 20, 1500])
    return st.one_of(fits, fits, fits, fits, fits, anything)


@given(trees(shape_of(Document)))
def test_what_the_reader_lets_through_is_exactly_what_the_types_take(tree: object) -> None:
    wrong = list(misfits(tree, shape_of(Document), ""))
    refusal = None
    try:
        msgspec.convert(tree, Document)
    except msgspec.ValidationError as error:
        refusal = error
    if not wrong:
        assert refusal is None
    elif refusal is None:  # one strictness more than the types: 60.0 is no whole number
        assert {one.code for one in wrong} == {"configuration.wrong_kind"}


def every_shape(shape: Shape) -> list[Shape]:
    found = [shape]
    for inner in shape.inner:
        found += every_shape(inner)
    if shape.is_a(Section):
        for key in keys_of(shape.kind).values():
            found += every_shape(key.shape)
    return found


def test_every_key_says_what_it_is_in_both_languages() -> None:
    japanese = catalogue("ja")
    told = {one.description for one in every_shape(shape_of(Document)) if one.description}
    assert len(told) > 60
    assert sorted(text for text in {*told, *WORDS.values(), TEMPORAL} if text not in japanese) == []
    for section in every_shape(shape_of(Document)):
        if section.is_a(Section):
            assert all(key.shape.description for key in keys_of(section.kind).values()), section


def test_a_key_that_a_message_names_is_never_taken_for_a_word_to_translate() -> None:
    sections = [one.kind for one in every_shape(shape_of(Document)) if one.is_a(Section)]
    assert not {name for one in sections for name in keys_of(one)} & catalogue("ja").keys()


def test_every_form_has_examples_and_every_number_has_limits() -> None:
    shapes = every_shape(shape_of(Document))
    assert len(shapes) > 60
    for shape in shapes:
        if shape.pattern:
            assert shape.description, shape
            assert shape.examples, shape
        if shape.kind is int:
            assert None not in (shape.ge, shape.le), shape
