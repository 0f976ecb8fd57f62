"""Short names of the program are shown as words, in both languages."""

from typing import get_type_hints

import pytest

import app.machine.errors  # noqa: F401 - the machine's errors are known to the console
from app.core.messages import catalogue
from app.jobs.handlers import load_handlers
from app.mail.templates import templates
from app.operations.operation import Tier
from app.operations.registry import all_operations
from app.web import error_words, names

MARKED = {
    "kinds of jobs": names.JOB_KINDS.values(),
    "kinds of mails": names.MAIL_KINDS.values(),
    "fields": names.FIELDS.values(),
    "values": set(names.VALUES.values()) - {"English", "日本語"},
    "targets": names.TARGETS.values(),
    "screens": names.SCREENS.values(),
    "actors": names.ACTORS.values(),
    "ends of runs": error_words.ENDS.values(),
    "other events": names.OTHER_EVENTS.values(),
    "operations": [operation.summary for operation in all_operations()],
}


@pytest.mark.parametrize("group", MARKED)
def test_every_name_and_every_summary_of_an_operation_has_its_japanese(group: str) -> None:
    missing = [text for text in MARKED[group] if text not in catalogue("ja")]
    assert not missing, f"write into app/operations/locale/ja.po or app/web/locale/ja.po: {missing}"


def test_a_summary_is_one_sentence_for_people_without_the_names_of_our_errors() -> None:
    for operation in all_operations():
        assert operation.summary.endswith("."), operation.name
        assert "Raise" not in operation.summary, operation.name


def test_what_a_confirmation_asks_back_is_called_by_a_word() -> None:
    for operation in all_operations():
        if operation.tier >= Tier.T2_DANGEROUS:
            hints = get_type_hints(operation.request_type, include_extras=True)
            # a secret is never shown, and the revision says nothing to people
            fields = {name for name, kind in hints.items() if "Secret" not in str(kind)} - {"rev"}
            assert fields <= names.FIELDS.keys(), operation.name


def test_an_error_that_was_kept_as_its_code_is_explained_again() -> None:
    assert error_words.explain_code("en", "refused") == "You may not do this."
    assert error_words.explain_code("ja", "refused") == "この操作は許可されていません。"
    told = {"kind": "job", "name": "1"}
    assert error_words.explain_code("ja", "not_found", told) == "ジョブ「1」は見つかりません。"


def test_an_error_of_the_machine_is_explained_too() -> None:
    assert error_words.explain_code("en", "run.cancelled") == "It was cancelled."


def test_a_code_that_nobody_knows_stays_a_code_and_parameters_that_are_gone_stay_open() -> None:
    assert error_words.explain_code("ja", "another.version") == "another.version"
    assert error_words.explain_code("en", "refused.plane") == "“…” is not offered here."


def test_every_error_can_be_told_without_its_parameters() -> None:
    for code in error_words._errors():
        assert error_words.explain_code("ja", code)
        assert "{" not in error_words.explain_remedy("ja", code), code
    assert error_words.explain_remedy("ja", "another.version") == ""


def test_every_kind_of_mail_is_called_by_a_word() -> None:
    load_handlers()
    assert {one.name for one in templates()} <= names.MAIL_KINDS.keys()


def test_only_names_of_the_program_are_replaced_never_what_somebody_typed() -> None:
    assert names.value_of("role", "owner") == "Owner"
    assert names.value_of("kind", "of a later version") == "of a later version"
    assert names.value_of("name", "owner") == "owner"
