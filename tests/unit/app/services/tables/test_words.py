"""Every error of the tables has words in both languages."""

import inspect

import pytest

from app.core.errors import TenshuError
from app.core.messages import catalogue, explain
from app.files import csv_reading, dates, json_lines, sniffing
from app.files import errors as file_errors
from app.services.tables import around, errors, importing, merging, rejecting, writing
from app.services.tables.types import (
    base,
    choices,
    contacts,
    named,
    numbers,
    registry,
    texts,
    times,
)

ERRORS = [
    found
    for module in (errors, file_errors)
    for _, found in inspect.getmembers(module, inspect.isclass)
    if issubclass(found, TenshuError) and found is not TenshuError
]


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_says_what_happened_and_what_to_do(error):
    assert error.code.startswith(("tables.", "files."))
    assert {error.message, error.hint} <= catalogue("ja").keys()
    for language in ("ja", "en"):
        message, hint = explain(
            language,
            error(
                name="x",
                field="x",
                count=1,
                reason="it is empty.",
                megabytes=1,
                columns=1,
                limit=1,
                found=1,
                given=1,
                row=1,
                line=1,
                number=1,
                cells=1,
            ),
        )
        assert message
        assert hint


def test_reasons_are_told_in_japanese_too():
    words = catalogue("ja")
    for module in (
        *(around, csv_reading, dates, importing, json_lines, merging, rejecting, sniffing, writing),
        *(base, choices, contacts, named, numbers, registry, texts, times),
    ):
        reasons = [
            value
            for name, value in vars(module).items()
            if name.isupper() and isinstance(value, str) and value.endswith(".")
        ]
        assert reasons
        assert set(reasons) <= words.keys()
