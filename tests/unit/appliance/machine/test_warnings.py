"""What is said before something risky is put into effect."""

import pytest

from appliance.contract.actions import Caller
from appliance.contract.configuration.reading import read_document
from appliance.machine.warnings import warnings

NARROW = read_document(
    "[access]\nconsole = ['office']\n[access.lists.office]\nnetworks = ['192.0.2.0/24']"
)


@pytest.mark.parametrize(
    ("source", "warned"),
    [("192.0.2.7", False), ("198.51.100.7", True), ("127.0.0.1", False), ("local", False),
     ("", False)],
)  # fmt: skip
def test_who_would_lose_the_console_is_told_so_and_nobody_else_F2(
    source: str, warned: bool
) -> None:
    found = warnings(NARROW, Caller(account="a" * 28, source=source, plane="console"))
    assert [one.code for one in found] == ["machine.excludes_you"] * warned
