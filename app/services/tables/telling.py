"""Former values, and who wrote them, in the words of their time and of the reader's language."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Table, select
from sqlmodel import Session, SQLModel

from app.core.messages import mark, translate
from app.identity.models import Account
from app.identity.personal_data import pseudonym
from app.operations.context import SYSTEM_ACCOUNT
from app.services.tables.fields import FieldInfo
from app.services.tables.models import FieldKind
from app.services.tables.past import Columns, Held
from app.services.tables.types.base import Around, Stored
from app.services.tables.types.registry import words_of, writer_of

ERASED: Final = mark("erased")
WITHOUT_ACCOUNT: Final = {
    SYSTEM_ACCOUNT: mark("The appliance itself"),
    "local": mark("The machine itself"),
}
"""Who writes without an account."""
FIELD_GONE: Final = mark("The field was deleted. Bring it back under the fields of the table.")
OTHER_TYPE: Final = mark("The field had another type then.")
CHOICE_GONE: Final = mark("The field does not offer this choice any more.")

_accounts: Table = SQLModel.metadata.tables[str(Account.__tablename__)]
CHOICES: Final = frozenset({FieldKind.SELECT, FieldKind.MULTI_SELECT})


class Teller:
    """Says values of a table for one reader."""

    def __init__(self, columns: Columns, around: Around) -> None:
        self.columns, self.around = columns, around

    def words(self, held: Held) -> str:
        """Return a value as people read it; nothing where it is empty."""
        field = self.columns.by_column[held.column]
        if held.stored is None:
            return ""
        if field.kind is FieldKind.PERSON and self._is_erased(held.stored):
            return translate(self.around.language, ERASED)
        return words_of(field, self.around)(held.stored)

    def text(self, held: Held) -> str:
        """Return a value as people type it: so it is read into whatever type the field has now."""
        field = self.columns.by_column[held.column]
        return "" if held.stored is None else writer_of(field, self.around)(held.stored)

    def note(self, field: int, *held: Held) -> str:
        """Return what one has to know of a field's values today; a text of the catalogue."""
        if field in self.columns.deleted:
            return FIELD_GONE
        present = self.columns.present[field]
        if any(one.column != present for one in held):
            return OTHER_TYPE
        gone = {one.id for one in self.columns.by_column[present].settings.options if one.gone}
        if gone and any(gone & set(_chosen(self.kind(one), one.stored)) for one in held):
            return CHOICE_GONE
        return ""

    def kind(self, held: Held) -> FieldInfo:
        """Return the field as it was when it held the value."""
        return self.columns.by_column[held.column]

    def _is_erased(self, account: Stored) -> bool:
        return self.around.people.name(account).startswith(pseudonym(str(account)))


def _chosen(field: FieldInfo, stored: Stored) -> list[int]:
    if field.kind not in CHOICES or stored is None:
        return []
    return [int(one) for one in str(stored).split(",") if one]


def names_of(session: Session, language: str, accounts: Iterable[str]) -> dict[str, str]:
    """Return what the people who made changes are called."""
    wanted = sorted(set(accounts))
    found = {
        row.id: translate(language, ERASED) if row.name == pseudonym(row.id) else row.name
        for row in session.connection().execute(
            select(_accounts.c.id, _accounts.c.name).where(_accounts.c.id.in_(wanted))
        )
    }
    found |= {one: translate(language, name) for one, name in WITHOUT_ACCOUNT.items()}
    return {account: found.get(account, account) for account in wanted}
