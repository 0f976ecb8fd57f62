"""The table of OWASP's ASVS says what the code says, and the page and the README what it says."""

import ast
import csv
from collections import Counter
from pathlib import Path

import pytest

from tests import asvs

ROWS = asvs.read_rows()
LEVELS = Path(__file__).with_name("asvs_levels.csv")
"""The numbers of the standard's requirements of level 1 and 2; none of its sentences."""
PASSED_OVER = {"skip", "skipif", "xfail", "importorskip"}
ENOUGH = 85
"""Per cent of the requirements of level 2 that apply."""


def passed_over(node: ast.AST) -> list[str]:
    """Return what lets a test, or a whole file, pass without having looked."""
    return [
        ast.unparse(each)
        for each in ast.walk(node)
        if isinstance(each, ast.Attribute)
        and each.attr in PASSED_OVER
        and ast.unparse(each.value) in ("pytest", "pytest.mark")
    ]


def test_every_requirement_of_both_levels_stands_there_once() -> None:
    with LEVELS.open(newline="") as file:
        wanted = [(row["id"], row["level"]) for row in csv.DictReader(file)]
    assert [(row.id, row.level) for row in ROWS] == wanted
    assert Counter(row.level for row in ROWS) == {"1": 70, "2": 183}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_requirement_has_words_a_status_and_a_proof_or_a_reason(row: asvs.Row) -> None:
    assert 10 <= len(row.requirement) <= 160
    assert row.status in (asvs.PROVEN, asvs.ELSEWHERE, asvs.LATER)
    if row.status == asvs.PROVEN:
        assert row.tests
    else:
        assert not row.tests, "what is not claimed is not proven"
        assert len(row.reason) >= 15
    for text in (row.requirement, row.reason):
        assert "|" not in text
        assert "\n" not in text


PROVEN = [(row.id, test) for row in ROWS for test in row.tests]


@pytest.mark.parametrize(("number", "test"), PROVEN, ids=[" ".join(each) for each in PROVEN])
def test_a_named_test_exists_and_is_not_passed_over(number: str, test: str) -> None:
    file, _, name = test.partition("::")
    path = asvs.ROOT / file
    assert path.is_file(), file
    found = asvs.tests_of(path).get(name)
    assert found is not None, test
    assert passed_over(found) == []
    marks = [
        node
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
    ]
    assert [each for mark in marks for each in passed_over(mark)] == []


def test_a_test_that_is_passed_over_is_found_by_this_check() -> None:
    for planted in (
        "@pytest.mark.skip\ndef test_x(): ...",
        "@pytest.mark.skipif(True, reason='x')\ndef test_x(): ...",
        "@pytest.mark.xfail\ndef test_x(): ...",
        "def test_x():\n    pytest.skip('x')",
        "def test_x():\n    pytest.importorskip('x')",
    ):
        assert passed_over(ast.parse(planted)), planted
    assert passed_over(ast.parse("@pytest.mark.sql\ndef test_x(): ...")) == []


def test_a_test_that_is_named_for_a_requirement_is_named_there_too() -> None:
    assert asvs.numbers_of("test_x_ASVS_6_2_4_ASVS_11_1_1") == ["V6.2.4", "V11.1.1"]
    stands = set(PROVEN)
    assert [each for each in asvs.named_for_rows() if each not in stands] == []


def test_enough_of_level_2_is_proven() -> None:
    counted = asvs.count(ROWS, "2")
    applicable = counted[asvs.PROVEN] + counted[asvs.LATER]
    assert counted[asvs.PROVEN] * 100 >= ENOUGH * applicable, counted


def test_the_page_and_the_count_in_the_readme_are_what_the_table_says() -> None:
    assert asvs.PAGE.read_text() == asvs.compose(ROWS), "python -m tests.asvs"
    assert asvs.COUNT.findall(asvs.README.read_text()) == [asvs.summary(ROWS)], (
        "python -m tests.asvs"
    )
