"""Words in the language of the person, English where none is kept."""

import errno
import os
import re

import pytest

from app.core import messages
from app.core.errors import InvalidInput, TenshuError
from app.core.keyring import KeyRingUnusable
from app.core.messages import catalogue, explain, mark, translate
from app.core.system_reasons import SAID

PO = """\
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "{name} signed in"
msgstr "{name} さんがサインインしました"

msgid "{field}: {reason}"
msgstr "{field}：{reason}"

msgid "Correct the field and send it again."
msgstr "直してもう一度送ってください。"

msgid "It is too long."
msgstr "長すぎます。"

#, fuzzy
msgid "doubtful"
msgstr "疑わしい"

msgid "untold"
msgstr ""
"""


@pytest.fixture
def words(tmp_path, monkeypatch):
    (tmp_path / "area" / "locale").mkdir(parents=True)
    (tmp_path / "area" / "locale" / "ja.po").write_text(PO)
    monkeypatch.setattr(messages, "ROOT", tmp_path)
    catalogue.cache_clear()
    yield
    catalogue.cache_clear()


class Bare(TenshuError):
    """An error without a hint."""

    message = "It is too long."


def test_a_marked_text_stays_what_it_is():
    assert mark("Sign in") == "Sign in"


def test_a_text_is_shown_in_japanese_with_its_parameters(words):
    assert translate("ja", "{name} signed in", name="花子") == "花子 さんがサインインしました"


COUNTED = re.compile(r"\{count\} (?:\w+s|people)\b")
OF_ONE_TOO = re.compile(r"\{count\} (?:day|hour|minute|second|thing)s?\b.*(?:ago|needs? somebody)")
"""Texts of a part of the product that has both forms of its own."""


def test_english_says_one_of_a_thing():
    catalogue.cache_clear()
    assert translate("en", "{count} records", count="1") == "1 record"
    assert translate("en", "{count} records", count=2) == "2 records"
    assert translate("en", "{count} records", count="10,000+") == "10,000+ records"
    assert translate("ja", "{count} records", count=1) == "1件"


def test_each_text_that_counts_has_its_form_for_one():
    catalogue.cache_clear()
    counted = [text for text in catalogue("ja") if COUNTED.search(text)]
    assert len(counted) > 30
    own = ("in {count} ", "… and", "{name}\n\n")
    missing = [
        text
        for text in counted
        if text not in catalogue("en") and not OF_ONE_TOO.search(text) and not text.startswith(own)
    ]
    assert missing == []
    assert set(catalogue("en")) <= set(catalogue("ja")), "nothing is left of texts that are gone"


def test_english_is_the_source_itself(words):
    assert translate("en", "{name} signed in", name="Hanako") == "Hanako signed in"


@pytest.mark.parametrize("text", ["never heard", "doubtful", "untold"])
def test_a_text_without_a_sure_translation_is_shown_in_english(words, text):
    assert translate("ja", text) == text


def test_braces_in_a_text_without_parameters_stay(words):
    assert translate("ja", "{name} of nobody") == "{name} of nobody"


def test_an_error_is_explained_with_its_marked_parameters_translated_too(words):
    error = InvalidInput(field="name", reason="It is too long.")
    assert explain("ja", error) == ("name：長すぎます。", "直してもう一度送ってください。")
    assert explain("en", error) == (
        "name: It is too long.",
        "Correct the field and send it again.",
    )


def test_an_error_without_a_hint_has_none_in_any_language(words):
    assert explain("ja", Bare()) == ("長すぎます。", "")


def test_parameters_that_are_no_texts_are_filled_in_as_they_are(words):
    assert explain("ja", InvalidInput(field=3, reason=None)) == (
        "3：None",
        "直してもう一度送ってください。",
    )


def test_a_language_from_a_request_never_becomes_a_path_V17(words, tmp_path):
    (tmp_path / "secret.po").write_text(PO)
    assert catalogue("../../secret") == {}
    assert translate("../../secret", "It is too long.") == "It is too long."


def test_the_catalogue_of_the_product_is_read_without_a_doubtful_entry():
    catalogue.cache_clear()
    assert all(catalogue("ja").values())


@pytest.mark.parametrize("number", [
    errno.ECONNREFUSED, errno.ECONNRESET, errno.ETIMEDOUT, errno.EPIPE, errno.ENETUNREACH,
    errno.EHOSTUNREACH, errno.EACCES, errno.EROFS, errno.ENOSPC, errno.ENOENT, errno.ENOTDIR,
])  # fmt: skip
def test_what_the_system_says_is_told_in_japanese_too(number):
    said = os.strerror(number)
    assert said in SAID
    error = KeyRingUnusable(path="/keys", reason=said)
    assert said in explain("en", error)[0]
    assert translate("ja", said) in explain("ja", error)[0]
    assert said not in explain("ja", error)[0]
