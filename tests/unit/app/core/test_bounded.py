"""Questions to the database that are broken off, and the transaction that goes on (METI-20)."""

import pytest
from sqlalchemy.exc import DBAPIError

from app.core.bounded import at_most
from app.core.database_errors import TookTooLong

COUNTING = """WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers
    WHERE n < 300000000) SELECT count(*) FROM numbers"""


def ask(session, text: str):
    return session.connection().exec_driver_sql(text).scalar()


def test_what_takes_longer_is_broken_off_and_the_transaction_goes_on(database):
    with database.read() as session:
        with pytest.raises(TookTooLong) as told, at_most(session, 50):
            ask(session, COUNTING)
        assert "index" in told.value.hint
        assert ask(session, "SELECT 7") == 7


def test_what_is_quick_is_answered_and_nothing_is_limited_afterwards(database):
    slower = COUNTING.replace("300000000", "300000")
    with database.read() as session:
        with at_most(session, 20):
            assert ask(session, "SELECT 7") == 7
        assert ask(session, slower) == 300_000


def test_other_errors_stay_what_they_are(database):
    with database.read() as session:
        with pytest.raises(DBAPIError), at_most(session, 5_000):
            ask(session, "SELECT nothing FROM nowhere")
        assert ask(session, "SELECT 7") == 7
