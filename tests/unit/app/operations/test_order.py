"""Keyset paging: every row once, under every order, however many are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine, insert, select

from app.core.errors import InvalidInput
from app.operations.order import Orders

guests = Table(
    "guests",
    MetaData(),
    Column("login_id", String, primary_key=True),
    Column("name", String),
    Column("age", Integer),
)
ORDERS = Orders("login_id", dict(guests.c))
GUESTS = some.lists(
    some.tuples(
        some.text("abé山.-", min_size=1, max_size=5),
        some.text("ab 田 ", max_size=3),
        some.integers(0, 3),
    ),
    unique_by=lambda guest: guest[0],
    max_size=12,
)


@pytest.fixture(scope="module")
def engine():
    made = create_engine("sqlite://")
    guests.metadata.create_all(made)
    yield made
    made.dispose()


def walk(connection, sort, limit):
    """All pages of the list, one after the other."""
    order, after, seen = ORDERS.by(sort), "", []
    while True:
        found = connection.execute(order.page(select(guests), after, limit)).all()
        seen += [guest.login_id for guest in found[:limit]]
        after = order.after(found, limit)
        if not after:
            return seen


@given(people=GUESTS, sort=some.sampled_from(sorted(ORDERS.columns)), limit=some.integers(1, 4))
def test_pages_together_hold_every_row_once_in_the_order_that_was_asked_for_F4(
    engine, people, sort, limit
):
    with engine.connect() as connection:
        rows = [dict(zip(guests.c.keys(), person, strict=True)) for person in people]
        if rows:
            connection.execute(insert(guests), rows)
        rows.sort(key=lambda row: (row[sort], row["login_id"]))
        upward = [row["login_id"] for row in rows]
        assert walk(connection, sort, limit) == upward
        assert walk(connection, f"-{sort}", limit) == upward[::-1]
        connection.rollback()


@pytest.mark.parametrize("after", ["x", " taro", "1e3 taro", "9" * 19 + " taro", "-1 taro"])
def test_a_place_that_is_none_is_an_error_of_its_field(after):
    with pytest.raises(InvalidInput):
        ORDERS.by("age").page(select(guests), after, 1)
