"""A history to work with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.app.audit.trail import Trail


@pytest.fixture
def trail(tmp_path: Path) -> Iterator[Trail]:
    made = Trail(tmp_path)
    yield made
    # what a test stopped or broke is closed already
    made.sealer._ledger.close()
    made.database.close()
