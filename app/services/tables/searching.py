"""How a search enters a statement: by the numbers of the rows that hold it, or by walking."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from sqlmodel import Session

from app.core.doors import dialect_of
from app.services.tables.folding import fold
from app.services.tables.physical import TableInfo
from app.services.tables.postings import Hits
from app.services.tables.search_finding import LISTED, as_listed, find
from app.services.tables.statements import Shape, Statements

MOST_LISTED: Final = 20_000
"""Rows found by the index that a statement takes by their numbers; more are found by walking."""


class Way(NamedTuple):
    """What a statement does for a search, and the values that it takes."""

    searched: bool
    listed: bool
    values: dict[str, Any]


EVERY: Final = Way(searched=False, listed=False, values={})
"""Nothing is searched for."""


class Searching:
    """The searches of one reader in one table, as the database stands."""

    def __init__(self, session: Session, table: TableInfo, made: Statements) -> None:
        self._session, self._table, self._made = session, table, made
        self.found: dict[str, Hits | None] = {}
        """By folded text: a list and its count ask for the same."""

    def hits(self, search: str) -> Hits | None:
        """Return the rows of which the reader's fields hold a text, whatever else is asked for.

        None where nothing is searched for, or no index is built.
        """
        needle = fold(search.strip())
        if needle and needle not in self.found:
            made = self._made
            self.found[needle] = find(
                self._session, self._table, made.searched, needle, made.holding, made.rows
            )
        return self.found.get(needle)

    def way(
        self, search: str, page: Shape | None = None, at: Mapping[str, Any] = EVERY.values
    ) -> Way:
        """Return how rows are searched.

        Of a `page` that nothing else narrows, and that comes in the order of the rows, they are
        just the next ones that were found.
        """
        needle = fold(search.strip())
        if not needle:
            return EVERY
        hits = self.hits(search)
        if hits is None:
            return Way(searched=True, listed=False, values={"needle": needle})
        if page is not None and not any(sort.field for sort in page.sorts):
            down = bool(page.sorts and page.sorts[0].descending) is not page.backwards
            numbers = hits.following(at.get("number"), at["limit"], down=down)
        elif len(hits) <= MOST_LISTED:
            numbers = hits.listed()
        else:
            return Way(searched=True, listed=False, values={"needle": needle})
        given = {LISTED: as_listed(numbers, dialect_of(self._session))}
        return Way(searched=False, listed=True, values=given)
