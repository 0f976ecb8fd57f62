"""Copies of the appliance that really run."""

from collections.abc import Iterator

import pytest

from tests.running import Copy, start_copy


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """One copy for the tests of a file; each leaves it running and healthy."""
    with start_copy(tmp_path_factory.mktemp("copy")) as started:
        yield started
