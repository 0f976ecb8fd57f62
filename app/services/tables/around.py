"""Who types or reads, where and when, found in the database: only what somebody asks for."""

import functools
import re
import unicodedata
import zoneinfo
from collections.abc import Sequence
from itertools import islice
from typing import Any, Final

from sqlalchemy import bindparam, select
from sqlmodel import Session, SQLModel

from app.core.errors import NotFound, TenshuError
from app.core.messages import mark
from app.core.prepared import Prepared
from app.files.errors import Unfit
from app.identity import login_ids
from app.identity.models import Account, Group
from app.operations.context import Context
from app.operations.permissions import Permission
from app.services.tables import catalogue
from app.services.tables.errors import NotReady
from app.services.tables.fields import FieldInfo
from app.services.tables.query import Rows
from app.services.tables.reach import holds, reach_of
from app.services.tables.selection import Comparison, Conditions, Filter, Selection
from app.services.tables.types.base import HOME, NOBODY, Around, Names
from app.services.tables.types.registry import is_many, is_text, type_of, writer_of

NO_PERSON: Final = mark("There is no account of that login ID or name.")
TWO_PEOPLE: Final = mark("More than one account has that name. Write the login ID.")
NO_GROUP: Final = mark("There is no group of that name.")
TWO_GROUPS: Final = mark("More than one group has that name. Write its identifier.")
NO_RECORD: Final = mark("There is no such record in the table that the field links to.")
TWO_RECORDS: Final = mark("More than one record is called that. Write its number.")

_accounts: Final = SQLModel.metadata.tables[str(Account.__tablename__)]
_groups: Final = SQLModel.metadata.tables[str(Group.__tablename__)]
_ZONE: Final = Prepared(select(_accounts.c.time_zone).where(_accounts.c.id == bindparam("account")))
_NUMBER: Final = re.compile(r"#?([0-9]{1,18})(?:\s.*)?", re.DOTALL)


def _same(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


class _Known:
    """Accounts or groups: all of them are read when the first is asked for."""

    def __init__(self, rows: Sequence[tuple[str, str, str]], none: str, two: str) -> None:
        """Take (identifier, second identifier, name) of each."""
        self._none, self._two = none, two
        self._by_key: dict[str, str] = {}
        named: dict[str, list[tuple[str, str]]] = {}
        for identifier, login, name in rows:
            named.setdefault(_same(name), []).append((identifier, login))
        self._by_name = {name: found[0][0] for name, found in named.items() if len(found) == 1}
        self._doubled = {name for name, found in named.items() if len(found) > 1}
        self._names: dict[str, str] = {}
        for identifier, login, name in rows:
            alone = _same(name) not in self._doubled
            written = name if alone and name.strip() else f"{name} ({login})"
            self._names[identifier] = written
            self._by_key.update({identifier: identifier, login: identifier})
            self._by_key[_same(written)] = identifier

    def find(self, text: str) -> str:
        """Return the identifier of who is meant. Raise Unfit."""
        key = _same(text)
        found = (
            self._by_key.get(text.strip())
            or self._by_key.get(login_ids.fold(text))
            or self._by_name.get(key)
            or self._by_key.get(key)
        )
        if found is None:
            raise Unfit(self._two if key in self._doubled else self._none)
        return found

    def name(self, identifier: Any) -> str:  # noqa: ANN401 - an account's identifier is a text
        """Return the name, with the identifier behind it where two have it."""
        return self._names.get(identifier, str(identifier))

    def load(self, identifiers: Sequence[Any]) -> None:
        """Have them all already."""

    def sees(self, identifier: Any) -> bool:  # noqa: ANN401, ARG002
        """Tell who everybody is."""
        return True

    def some(self, text: str, limit: int) -> list[str]:
        """Return the first names that hold a text."""
        wanted = _same(text)
        found = (name for name in sorted(self._names.values()) if wanted in _same(name))
        return list(islice(found, limit))


class _Lazy:
    """Names that are read when the first is asked for."""

    def __init__(self, make: Any) -> None:  # noqa: ANN401 - what makes Names
        self._make = functools.cache(make)

    def find(self, text: str) -> str | int:
        found: str | int = self._make().find(text)
        return found

    def name(self, identifier: Any) -> str:  # noqa: ANN401
        return str(self._make().name(identifier))

    def load(self, identifiers: Sequence[Any]) -> None:
        self._make().load(identifiers)

    def sees(self, identifier: Any) -> bool:  # noqa: ANN401
        return bool(self._make().sees(identifier))

    def some(self, text: str, limit: int) -> list[str]:
        return list(self._make().some(text, limit))


class _Records:
    """The records of a table, as far as the actor may see them; each by its first field."""

    def __init__(self, context: Context, session: Session, table: int) -> None:
        self._names: dict[int, str] = {}
        self._seen: set[int] = set()
        self._rows: Rows | None = None
        try:
            found = catalogue.ready_table(session, table)
        except (NotFound, NotReady):
            return
        if holds(context, found, Permission.RECORDS_VIEW, session):
            reach = reach_of(context, found, Permission.RECORDS_VIEW, session)
            self._rows = Rows(session, found, reach)

    def find(self, text: str) -> int:
        """Return the number of the record that a text names: `12`, `#12`, `12 Example Ltd.`."""
        if self._rows is None:
            raise Unfit(NO_RECORD)
        if found := _NUMBER.fullmatch(unicodedata.normalize("NFKC", text).strip()):
            if self._rows.get(int(found[1])) is not None:
                return int(found[1])
            raise Unfit(NO_RECORD)
        first = self._first()
        if first is None or not is_text(first) or not text.strip():
            raise Unfit(NO_RECORD)
        wanted = Filter(field=first.id, test=Comparison.EQUALS, value=text.strip()[:1000])
        chosen = Selection(where=Conditions(filters=(wanted,)))
        try:
            rows = self._rows.page(chosen, after="", before="", limit=2).rows
        except TenshuError as error:  # the text is none that such a field could hold
            raise Unfit(NO_RECORD) from error
        if len(rows) != 1:
            raise Unfit(TWO_RECORDS if rows else NO_RECORD)
        return int(rows[0].id)

    def name(self, identifier: Any) -> str:  # noqa: ANN401
        """Return number and name; the number alone where that is all that one may see."""
        if identifier not in self._names:
            self.load([identifier])
        return f"{identifier} {self._names.get(identifier, '')}".rstrip()

    def load(self, identifiers: Sequence[Any]) -> None:
        """Read the names of many at once."""
        missing = [number for number in set(identifiers) if number not in self._names]
        self._names.update(dict.fromkeys(missing, ""))
        first = self._first()
        if self._rows is None or not missing:
            return
        if first is None:  # there is nothing to call them by
            self._seen.update(number for number in missing if self._rows.get(number))
            return
        write = writer_of(first)
        for number, value in self._rows.first_values(missing):
            self._seen.add(number)
            text = "" if value is None else " ".join(write(value).split())
            self._names[number] = text[:100].replace(";", ",").replace("；", ",")

    def sees(self, identifier: Any) -> bool:  # noqa: ANN401
        """Tell whether a record is there, within reach."""
        if identifier not in self._names:
            self.load([identifier])
        return identifier in self._seen

    def some(self, text: str, limit: int) -> list[str]:
        """Return the first records that hold a text."""
        if self._rows is None:
            return []
        chosen = Selection(search=text[:200])
        numbers = [row.id for row in self._rows.page(chosen, after="", before="", limit=limit).rows]
        self.load(numbers)
        return [self.name(number) for number in numbers]

    def _first(self) -> Any:  # noqa: ANN401 - a field or none
        fields = self._rows.fields if self._rows else ()
        return next((one for one in fields if not is_many(one)), None)


def around_of(
    context: Context,
    fields: Sequence[FieldInfo],
    session: Session | None = None,
    *,
    dated: bool = False,
) -> Around:
    """Return what surrounds the actor, as far as these fields ask for it.

    `dated`: conditions are asked too, and today is where the actor is.
    """
    account = "" if context.actor.local else context.actor.account  # the machine is nobody
    timed, asks = _needs(tuple(fields))
    timed = timed or dated
    if not timed and not asks:
        return Around(context.language, HOME, account, context.now)
    reading = context.session if session is None else session
    return Around(
        language=context.language,
        zone=_zone(reading, account) if timed else HOME,
        account=account,
        now=context.now,
        people=_Lazy(lambda: people_of(reading)),
        groups=_Lazy(lambda: _all_groups(reading)),
        records=functools.cache(lambda table: _records(context, reading, table)),
    )


@functools.lru_cache(maxsize=256)
def _needs(fields: tuple[FieldInfo, ...]) -> tuple[bool, bool]:
    """Return whether fields ask for the person's time zone, and for names."""
    types = [type_of(field) for field in fields]
    today = any(field.settings.default == "today" for field in fields)
    return today or any(one.timed for one in types), any(one.asks for one in types)


def _zone(session: Session, account: str) -> zoneinfo.ZoneInfo:
    found = _ZONE.first(session, account=account)
    return zoneinfo.ZoneInfo(found.time_zone) if found else HOME


def people_of(session: Session) -> Names:
    """Return what reads the people who have an account."""
    wanted = select(_accounts.c.id, _accounts.c.login_id, _accounts.c.name)
    rows = [tuple(row) for row in session.connection().execute(wanted)]
    return _Known(rows, NO_PERSON, TWO_PEOPLE)


def _all_groups(session: Session) -> Names:
    wanted = select(_groups.c.id, _groups.c.id.label("again"), _groups.c.name)
    rows = [tuple(row) for row in session.connection().execute(wanted)]
    return _Known(rows, NO_GROUP, TWO_GROUPS)


def _records(context: Context, session: Session, table: int) -> Names:
    return _Records(context, session, table) if table else NOBODY
