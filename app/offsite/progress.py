"""How far a destination has got: read, and written down.

Nothing of it enters the history: an event for each batch would be the next batch. Only that a
destination begins to fail, and that it is well again, is told there (`operations.noting`).
"""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from sqlalchemy import Row, Table, select, update
from sqlmodel import Session, SQLModel

from app.core import clock
from app.core.errors import NotFound, TenshuError
from app.core.messages import mark
from app.offsite.kinds import Kind, Target, decode_target
from app.offsite.models import Destination, Shipment
from app.operations.context import Appliance

SHORTEST_PAUSE: Final = 10 * clock.SECOND
LONGEST_PAUSE: Final = 10 * clock.MINUTE
WELL: Final[dict[str, int | str]] = {
    "failing_since": 0,
    "attempts": 0,
    "not_before": 0,
    "error": "",
    "error_parameters": "{}",
}
"""What is noted where nothing stops a destination."""

destinations: Final[Table] = SQLModel.metadata.tables[str(Destination.__tablename__)]
shipments: Final[Table] = SQLModel.metadata.tables[str(Shipment.__tablename__)]


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be true still when something is noted."""

    id: Annotated[str, Meta(description="Identifier of the destination.")]
    name: Annotated[str, Meta(description="What people call it.")]
    rev: Annotated[int, Meta(description="Its revision.")]
    position: Annotated[int, Meta(description="Events that had arrived.")]
    checkpoint: Annotated[int, Meta(description="Events of the checkpoint that had arrived.")]
    failing_since: Annotated[int, Meta(description="Since when it failed (ms); 0: it was well.")]


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A destination, and how far it has got."""

    id: str
    name: str
    kind: Kind
    target: Target
    key: str
    """Sealed private key of our own certificate at a receiver; empty: none."""
    rev: int
    created_at: int
    position: int
    checkpoint: int
    checkpoint_at: int
    arrived_at: int
    tried_at: int
    failing_since: int
    attempts: int
    not_before: int
    error: str
    error_parameters: dict[str, str]
    day: str
    mails: list[str]

    @property
    def seen(self) -> Seen:
        """What a note about it names."""
        return Seen(**{name: getattr(self, name) for name in Seen.__struct_fields__})


Got = Mapping[str, int | str]
"""Columns of a shipment that are written down."""

_KEPT: Final = ("id", "name", "kind", "document", "key", "rev", "created_at")
_GOT: Final = tuple(name for name in Shipment.model_fields if name not in {"destination", "rev"})
_BOTH: Final = (
    select(*(destinations.c[name] for name in _KEPT), *(shipments.c[name] for name in _GOT))
    .join(shipments, shipments.c.destination == destinations.c.id)
    .order_by(destinations.c.id)
)


def all_standing(session: Session) -> list[Standing]:
    """Return every destination, the oldest first."""
    return [_standing(row) for row in session.connection().execute(_BOTH)]


def one_standing(session: Session, identifier: str) -> Standing | None:
    """Return one destination; None where it was removed."""
    found = session.connection().execute(_BOTH.where(destinations.c.id == identifier)).first()
    return None if found is None else _standing(found)


def need(session: Session, identifier: str) -> Standing:
    """Return one destination. Raise NotFound."""
    found = one_standing(session, identifier)
    if found is None:
        raise NotFound(kind=mark("destination"), name=identifier)
    return found


def _standing(row: Row[tuple[Any, ...]]) -> Standing:
    values: dict[str, Any] = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name
    values["kind"] = Kind(values["kind"])
    values["target"] = decode_target(values["kind"], values.pop("document"))
    for name in ("error_parameters", "mails"):
        values[name] = msgspec.json.decode(values[name])
    return Standing(**values)


def is_due(one: Standing, now: int) -> bool:
    """Tell whether a destination may be tried; a clock that was set back does not hold it up."""
    return not now < one.not_before <= now + LONGEST_PAUSE


def pause_after(attempts: int) -> int:
    """Return how long a destination is left alone after so many failures, in milliseconds."""
    return int(min(SHORTEST_PAUSE * 2 ** min(attempts - 1, 30), LONGEST_PAUSE))


def told(error: TenshuError) -> dict[str, str]:
    """Return what an error's sentence is filled in with, as texts."""
    return {name: str(value) for name, value in error.parameters.items()}


def note(appliance: Appliance, one: Seen, got: Got) -> bool:
    """Write down how far `one` has got since it was read; tell whether that still held.

    It does not where the destination was changed or removed in the meantime, or where somebody
    asked for everything again.
    """
    return appliance.database.change(partial(note_in, one=one, got=got))


def note_in(session: Session, one: Seen, got: Got) -> bool:
    """Write the same inside a transaction."""
    same = (
        shipments.c.destination == one.id,
        shipments.c.rev == one.rev,
        shipments.c.position == one.position,
        shipments.c.checkpoint == one.checkpoint,
    )
    return session.connection().execute(update(shipments).where(*same).values(got)).rowcount == 1
