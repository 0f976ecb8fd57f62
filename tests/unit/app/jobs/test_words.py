"""Every error of the jobs has words in both languages."""

import inspect

import pytest

from app.core.errors import TenshuError
from app.core.messages import catalogue, explain
from app.jobs import errors

ERRORS = [
    found
    for _, found in inspect.getmembers(errors, inspect.isclass)
    if issubclass(found, TenshuError) and found is not TenshuError
]


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_says_what_happened_and_what_to_do(error):
    assert error.code.startswith("jobs.")
    assert {error.message, error.hint} <= catalogue("ja").keys()
    for language in ("ja", "en"):
        message, hint = explain(language, error(kind="x", attempts=3))
        assert message
        assert hint
