"""Errors carry what happened, its parameters, and what to do now."""

import pytest

from app.core.errors import Conflict, InvalidInput, NotFound, TenshuError


def test_the_message_is_the_template_with_its_parameters_and_both_are_kept():
    error = NotFound(kind="account", name="hanako")
    assert str(error) == "There is no account “hanako” here."
    assert error.parameters == {"kind": "account", "name": "hanako"}


def test_a_missing_parameter_is_a_fault_where_the_error_is_raised():
    with pytest.raises(KeyError):
        NotFound(kind="account")


def test_braces_in_what_a_person_typed_stay_as_they_are_V3():
    assert str(Conflict(name="{0.__class__}")).startswith("“{0.__class__}”")


@pytest.mark.parametrize("kind", [InvalidInput, NotFound, Conflict])
def test_each_says_what_to_do_now(kind):
    assert kind.hint
    assert kind.code != TenshuError.code
