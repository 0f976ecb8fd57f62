"""A desk over an appliance of the test's own."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.screen.desk import Desk


@pytest.fixture
def socket_path(tmp_path: Path) -> Path:
    return tmp_path / "desk.sock"


@pytest.fixture
def open_desk(appliance, socket_path) -> Iterator[Callable[..., Desk]]:
    """Open a desk; it is closed at the end."""
    opened = []

    def open_it(users=None) -> Desk:
        desk = Desk(appliance, socket_path, users or frozenset({os.geteuid()}))
        desk.open()
        opened.append(desk)
        return desk

    yield open_it
    for one in opened:
        one.close()
