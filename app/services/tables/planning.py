"""From what somebody wants a field to be to a field that makes sense."""

from collections.abc import Iterable, Sequence

import msgspec

from app.core.errors import InvalidInput, NotFound
from app.core.messages import mark
from app.operations.context import Context
from app.operations.permissions import Permission
from app.services.tables import catalogue
from app.services.tables.errors import NotReady
from app.services.tables.fields import FieldInfo, Option, Settings
from app.services.tables.models import FieldKind
from app.services.tables.preview import ColumnPlan
from app.services.tables.reach import holds
from app.services.tables.types import registry


def numbered(options: Iterable[Option], known: Iterable[Option] = ()) -> tuple[Option, ...]:
    """Return choices with numbers: new ones follow the highest that was ever given.

    What is known and no longer among them stays, as gone: old rows hold it.
    """
    given, before = list(options), list(known)
    last = max((one.id for one in (*given, *before)), default=0)
    found = []
    for one in given:
        if not one.id:
            last += 1
        found.append(msgspec.structs.replace(one, id=one.id or last))
    kept = {one.id for one in found}
    gone = (msgspec.structs.replace(one, gone=True) for one in before if one.id not in kept)
    return (*found, *gone)


def field_of(
    context: Context,
    *,
    name: str,
    kind: FieldKind,
    scale: int,
    settings: Settings,
    known: Iterable[Option] = (),
) -> FieldInfo:
    """Return a field, without a number yet. Raise InvalidInput where it makes no sense."""
    options = numbered(settings.options, known)
    settings = msgspec.structs.replace(settings, options=options)
    field = FieldInfo(id=0, name=name, kind=kind, scale=scale, settings=settings)
    registry.check(field)
    if settings.target:
        _check_target(context, settings.target)
    return field


def _check_target(context: Context, table: int) -> None:
    try:
        target = catalogue.ready_table(context.session, table)
    except (NotFound, NotReady):
        target = None
    if target is None or not holds(context, target, Permission.RECORDS_VIEW):
        reason = mark("There is no such table, or you may not look into it.")
        raise InvalidInput(field="settings.target", reason=reason)


def planned(
    context: Context, columns: Sequence[ColumnPlan], *, importable: bool = False
) -> list[FieldInfo]:
    """Return the fields of a new table. Raise InvalidInput naming the column."""
    if len({plan.name for plan in columns}) != len(columns):
        raise InvalidInput(field="columns", reason=mark("Two columns have the same name."))
    fields = []
    for plan in columns:
        if importable and not registry.TYPES[plan.kind].importable:
            reason = mark("A column of a file cannot become a field of this type.")
            raise InvalidInput(field=plan.name, reason=reason)
        fields.append(
            field_of(
                context,
                name=plan.name,
                kind=plan.kind,
                scale=plan.scale,
                settings=plan.settings,
            )
        )
    return fields
