"""Every error of the history speaks: code, message, hint, in both languages."""

import string

import pytest

from app.audit import errors
from app.audit.verdict import DESCRIPTIONS, Wrong
from app.core.errors import TenshuError
from app.core.messages import catalogue, explain, translate

ERRORS = sorted(
    (
        each
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, TenshuError) and each is not TenshuError
    ),
    key=lambda error: error.code,
)


def parameters_of(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
def test_an_error_says_what_happened_and_what_to_do_in_both_languages(
    error: type[TenshuError],
) -> None:
    assert error.code.startswith("audit.")
    made = error(**dict.fromkeys(parameters_of(error.message), "x"))
    english, japanese = explain("en", made), explain("ja", made)
    assert all(english)
    assert all(there != here for there, here in zip(english, japanese, strict=True))


@pytest.mark.parametrize("wrong", Wrong)
def test_every_finding_is_described_in_both_languages(wrong: Wrong) -> None:
    template = DESCRIPTIONS[wrong]
    japanese = catalogue("ja")[template]
    assert parameters_of(japanese) == parameters_of(template)
    values = dict.fromkeys(parameters_of(template), 1)
    assert translate("ja", template, **values) != template.format(**values)
