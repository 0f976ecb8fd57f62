"""What is told of the document elsewhere is what its types say."""

import json
import re

import pytest

from appliance.contract.configuration import reference
from appliance.contract.configuration.checking import problems
from appliance.contract.configuration.example import EXAMPLE
from appliance.contract.configuration.reading import read_document

COMMENTED_OUT = re.compile(r"^# (?=[a-z_]+ = )", re.MULTILINE)


@pytest.mark.parametrize("name", reference.PAGES)
def test_schema_page_and_example_are_current(name: str) -> None:
    written = (reference.FOLDER / name).read_text()
    command = "python -m appliance.contract.configuration.reference"
    assert written == reference.PAGES[name](), command


def test_the_example_reads_and_has_no_problems() -> None:
    text = reference.compose_example()
    assert read_document(text) == EXAMPLE
    assert problems(EXAMPLE) == ()
    assert read_document(COMMENTED_OUT.sub("", text)) == EXAMPLE


def test_the_schema_knows_the_keys_and_refuses_others() -> None:
    schema = json.loads(reference.compose_schema())
    for kind in schema["$defs"].values():
        assert "enum" in kind or kind["additionalProperties"] is False
        for key in kind.get("properties", {}).values():
            assert key["description"]
    for pattern in re.findall(r'"pattern": "(.*)"', reference.compose_schema()):
        re.compile(json.loads(f'"{pattern}"'))


def test_the_page_names_every_section_and_every_problem() -> None:
    page = reference.compose_page()
    for section in ("[network]", "[[network.interfaces.routes]]", "[access.lists.<name>]", "[ssh]"):
        assert f"## `{section}`" in page
    assert "`configuration.console_closed`" in page


def test_what_the_how_to_shows_reads_and_has_no_problems() -> None:
    page = (reference.FOLDER.parent / "how-to" / "set-up-network-and-time.md").read_text()
    blocks = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 5
    for block in blocks:
        assert problems(read_document(block)) == ()
