"""Questions to the database that are broken off after a time: what no index foresees may take long.

The transaction goes on: whoever asks may do without the answer.
"""

import contextlib
import time
from collections.abc import Iterator
from typing import Any, Final

from sqlmodel import Session

from app.core.database_errors import in_our_words

STEPS: Final = 10_000
"""Steps of SQLite's machine between two looks at the clock: some tenths of a millisecond."""


@contextlib.contextmanager
def at_most(session: Session, milliseconds: int) -> Iterator[None]:
    """Let statements run for a time at most. Raise TookTooLong. Not one within another."""
    opened: Any = session  # `Open` of a door
    limited = _on_sqlite if opened.dialect.name == "sqlite" else _on_postgresql
    with in_our_words(), limited(opened, milliseconds):
        yield


@contextlib.contextmanager
def _on_sqlite(opened: Any, milliseconds: int) -> Iterator[None]:  # noqa: ANN401
    until = time.monotonic() + milliseconds / 1000
    opened.driver.set_progress_handler(lambda: time.monotonic() > until, STEPS)
    try:
        yield
    finally:
        opened.driver.set_progress_handler(None, 0)


@contextlib.contextmanager
def _on_postgresql(opened: Any, milliseconds: int) -> Iterator[None]:  # noqa: ANN401
    # one that is broken off takes back what came after the savepoint, and no more
    connection = opened.connection()
    before = connection.begin_nested()
    connection.exec_driver_sql(f"SET LOCAL statement_timeout = {milliseconds:d}")
    try:
        yield
    except BaseException:
        before.rollback()
        raise
    connection.exec_driver_sql("SET LOCAL statement_timeout TO DEFAULT")
    before.commit()
