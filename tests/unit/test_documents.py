"""The written documents are current, and no promise of the foundation is without a test."""

import re
from pathlib import Path

import msgspec
import pytest

from app.console import reference
from app.core.settings import Settings, load_settings
from tests import promises

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("number", promises.FIRST)
def test_no_promise_of_the_foundation_is_without_a_test(number):
    assert promises.by_promise().get(number), f"no test is named …_{number.replace('-', '_')}"


def test_every_promise_that_a_test_names_has_a_meaning():
    assert promises.by_promise().keys() <= promises.MEANINGS.keys()


def test_the_page_of_promises_is_what_the_tests_are_called():
    written = (ROOT / "docs/security/promises.md").read_text()
    assert written == promises.compose(), "python tests/promises.py > docs/security/promises.md"


@pytest.mark.parametrize("name", reference.PAGES)
def test_permissions_and_events_are_what_the_registry_says(name):
    written = (ROOT / "docs/reference" / name).read_text()
    assert written == reference.PAGES[name](), "python -m app.console.reference"


def test_the_settings_page_names_every_field_and_every_variable():
    written = (ROOT / "docs/reference/settings.md").read_text()
    fields = {field.name for field in msgspec.structs.fields(Settings)}
    variables = load_settings({}).environment().keys()
    for name in (*fields, *variables):
        assert f"`{name}`" in written, name


def test_every_link_between_documents_leads_somewhere():
    documents = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    for document in documents:
        for target in LINK.findall(document.read_text()):
            if "://" not in target:
                assert (document.parent / target).exists(), (document, target)
