"""Whatever is a secret never shows itself by accident (F12, F13, V13)."""

import copy
import json
import logging
import pickle
import traceback

import msgspec
import pytest

from app.core.secret import Secret

TEXT = "correct horse battery staple"


@pytest.mark.parametrize(
    "show",
    [
        str,
        repr,
        "{}".format,
        "{!r}".format,
        "{!s}".format,
        lambda secret: f"{secret}",
        lambda secret: "%s %r" % (secret, secret),  # noqa: UP031 - this way of formatting too
        lambda secret: str([secret]) + str({"password": secret}),
    ],
)
def test_a_secret_is_not_shown_by_any_way_of_formatting_F12(show):
    shown = show(Secret(TEXT))
    assert TEXT not in shown
    assert "Secret(…)" in shown


@pytest.mark.parametrize(
    "encode",
    [json.dumps, msgspec.json.encode, msgspec.to_builtins, pickle.dumps, copy.copy, copy.deepcopy],
)
def test_a_secret_is_not_written_out_by_any_encoder_F12(encode):
    with pytest.raises(TypeError) as caught:
        encode(Secret(TEXT))
    assert TEXT not in str(caught.value)


def test_a_secret_in_an_exception_or_its_traceback_is_not_shown_V13():
    with pytest.raises(ValueError) as caught:
        raise ValueError("wrong", Secret(TEXT))
    assert TEXT not in "".join(traceback.format_exception(caught.value))


def test_a_secret_that_is_logged_is_not_shown_V13(caplog):
    with caplog.at_level(logging.INFO):
        logging.getLogger("test").info("signing in with %s and %r", Secret(TEXT), Secret(TEXT))
    assert "signing in" in caplog.text
    assert TEXT not in caplog.text


def test_a_secret_has_no_dictionary_and_is_no_key_of_one():
    assert not hasattr(Secret(TEXT), "__dict__")
    with pytest.raises(TypeError):
        hash(Secret(TEXT))


def test_it_is_revealed_only_on_purpose():
    assert Secret(TEXT).reveal() == TEXT
    assert len(Secret(TEXT)) == len(TEXT)


def test_equal_secrets_match_and_others_do_not():
    assert Secret(TEXT).matches(TEXT)
    assert Secret(TEXT).matches(Secret(TEXT))
    assert Secret(TEXT) == Secret(TEXT)
    assert not Secret(TEXT).matches(TEXT + "r")
    assert Secret("天守") != Secret("天主")


def test_a_secret_never_equals_a_plain_text():
    assert Secret(TEXT) != TEXT


def test_broken_unicode_is_a_wrong_secret_and_no_fault_V7():
    assert not Secret(TEXT).matches("\ud800")
