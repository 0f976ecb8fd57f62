"""Work that nobody waits for."""

import logging
import os
import subprocess
import sys

import pytest

from app.core.background import LOWEST, give_way

TELLS = "import os; from app.core.background import give_way; give_way(); print(os.nice(0))"


def test_it_gives_way_to_all_others() -> None:
    told = subprocess.run([sys.executable, "-c", TELLS], capture_output=True, text=True, check=True)
    assert int(told.stdout) == LOWEST


def test_where_it_may_not_it_says_so_and_works_all_the_same(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refused(_: int) -> int:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "nice", refused)
    with caplog.at_level(logging.WARNING):
        give_way()
    assert "Operation not permitted" in caplog.text
