"""What is waived and what was counted, and what is read of the scanners' output."""

import pytest

from tests.benchmarks import page
from tests.benchmarks.figures import figures
from tests.benchmarks.lynis import read as read_lynis
from tests.benchmarks.openscap import RULE
from tests.benchmarks.openscap import read as read_openscap
from tests.benchmarks.waivers import MOST, waived, waivers

LEAST_CIS, LEAST_ANSSI = 340, 190
"""Rules that were evaluated. Fewer would be the wrong product, or a package that is missing."""


def test_at_most_ten_rules_are_waived_each_with_a_reason_V11() -> None:
    found = waivers()
    assert len(waived()) <= MOST
    assert all(one.rules and len(one.reason) > 60 for one in found)
    assert len(waived()) == sum(len(one.rules) for one in found), "no rule is waived twice"


def test_enough_rules_were_evaluated_and_nine_tenths_hold_V11() -> None:
    cis, anssi = figures().cis, figures().anssi
    assert cis.passed + cis.failed >= LEAST_CIS
    assert anssi.passed + anssi.failed >= LEAST_ANSSI
    assert cis.failed == len(waived())
    assert anssi.passed / (anssi.passed + anssi.failed) >= 0.9


def test_the_page_of_benchmarks_is_what_was_counted_V11() -> None:
    assert page.PAGE.read_text() == page.compose(), f"{page.COMMAND}"


def test_what_openscap_could_not_decide_counts_as_failed() -> None:
    results = {"a": "pass", "b": "fail", "c": "error", "d": "unknown", "e": "notapplicable"}
    told = "".join(f"{RULE}{rule}:{result}\n" for rule, result in results.items())
    found = read_openscap(f"{told}{RULE}f:notchecked\n")
    assert found.passed == {"a"}
    assert found.failed == {"b", "c", "d"}
    assert (found.not_applicable, found.not_checked) == ({"e"}, {"f"})
    assert found.evaluated == 4


def test_a_report_of_lynis_that_lacks_its_index_is_no_clean_one() -> None:
    whole = "hardening_index=81\nlynis_tests_done=250\nwarning[]=A|b|-|-|\nwarning[]=C|d|-|-|\n"
    found = read_lynis(whole)
    assert (found.index, found.tests, len(found.warnings)) == (81, 250, 2)
    with pytest.raises(ValueError, match="unpack"):
        read_lynis("lynis_tests_done=250\n")
