"""A field as the engine works with it: what it holds, and what was chosen for it."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from app.services.tables.models import FieldKind

LARGEST_SCALE: Final = 12
"""Decimals that a number keeps at most."""
MOST_OPTIONS: Final = 500
"""More choices than that are a table of their own, and a link to it."""
LONGEST_OPTION: Final = 100

SYSTEM: Final = {
    FieldKind.CREATED_AT: "created_at",
    FieldKind.CREATED_BY: "created_by",
    FieldKind.UPDATED_AT: "updated_at",
    FieldKind.UPDATED_BY: "updated_by",
}
"""Kinds that show what every row has anyway, and where."""


class Option(msgspec.Struct, frozen=True, omit_defaults=True):
    """One of the choices of a field. Its number is what is stored, and is never given twice."""

    id: Annotated[int, Meta(description="Number of the choice; 0: a new one.", ge=0)]
    name: Annotated[
        str,
        Meta(
            description="What people call it, in one line and without semicolons.",
            min_length=1,
            max_length=LONGEST_OPTION,
            # a semicolon stands between the choices of a text, a comma between stored numbers
            pattern=r"^[^\x00-\x1f\x7f;；]+$(?!\n)",
        ),
    ]
    gone: Annotated[bool, Meta(description="Cannot be chosen any more; old rows keep it.")] = False


class Settings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, cache_hash=True):
    """What was chosen for a field. Each kind takes some of it, and refuses the rest."""

    required: Annotated[bool, Meta(description="Must be filled.")] = False
    unique: Annotated[bool, Meta(description="No two records hold the same value.")] = False
    hidden: Annotated[
        bool, Meta(description="Left out of the list until somebody asks for it.")
    ] = False
    help: Annotated[
        str, Meta(description="Told below the field to who fills it.", max_length=500)
    ] = ""
    default: Annotated[
        str,
        Meta(
            description="Value of new records, as people type it; `today`, `now`, `me` too.",
            max_length=1000,
        ),
    ] = ""
    least: Annotated[
        str, Meta(description="Smallest value, as people type it; empty: none.", max_length=50)
    ] = ""
    most: Annotated[
        str, Meta(description="Largest value, as people type it; empty: none.", max_length=50)
    ] = ""
    currency: Annotated[
        str, Meta(description="ISO 4217 code of an amount of money.", pattern=r"^[A-Z]{3}$(?!\n)")
    ] = "JPY"
    options: Annotated[
        tuple[Option, ...], Meta(description="The choices, in order.", max_length=MOST_OPTIONS)
    ] = ()
    pattern: Annotated[
        str,
        Meta(
            description="How a number is written: {000} its digits, {yyyy} {yy} {mm} {dd} the day.",
            max_length=60,
        ),
    ] = "{0}"
    restart: Annotated[
        Literal["never", "year", "month"], Meta(description="When numbers begin at 1 again.")
    ] = "never"
    target: Annotated[int, Meta(description="Number of the table that it links to.", ge=0)] = 0


PLAIN: Final = Settings()


class FieldInfo(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """A field as the engine works with it."""

    id: int
    name: str
    kind: FieldKind
    scale: int = 0
    settings: Settings = PLAIN
    col: int = 0
    """Number of its column, where that is another than the field's: its kind was changed."""
    changing: bool = False
    """A job fills the column of its next kind: nobody writes to it."""

    @property
    def column(self) -> str:
        """SQL name of what holds its values: a column, or the end of a junction table's name."""
        return SYSTEM.get(self.kind) or f"c{self.col or self.id:d}"
