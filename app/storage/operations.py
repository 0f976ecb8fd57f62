"""Seeing what takes space, and giving back what nobody needs (S7)."""

import contextlib
import os
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from app.core import clock, reserve
from app.core.database_errors import DatabaseBusy, DiskFull
from app.jobs.uploads import clear_uploads
from app.operations.context import Context, Plane
from app.operations.operation import Effect, NoRequest, Route, operation
from app.operations.permissions import Permission
from app.storage.measuring import size_of, size_of_database

ON_CONSOLE: Final = (Plane.CONSOLE,)
UNUSED: Final = clock.HOUR
"""An upload that nobody has imported for so long is given up when somebody cleans."""

Part = Literal["database", "sealed_store", "files", "spool", "logs"]


class PartSize(msgspec.Struct, frozen=True, kw_only=True):
    """One part of the data folder."""

    part: Annotated[Part, Meta(description="Which part.")]
    bytes: Annotated[int | None, Meta(description="What it takes; none: nobody may look.")]


class StorageState(msgspec.Struct, frozen=True, kw_only=True):
    """The data volume. Sizes in bytes."""

    total: Annotated[int, Meta(description="Size of the volume.")]
    free: Annotated[int, Meta(description="What may still be written.")]
    reserve: Annotated[
        Literal["kept", "released", "spent"], Meta(description="What has become of the reserve.")
    ]
    reserve_bytes: Annotated[int, Meta(description="Size of the reserve; 0: there is none.")]
    parts: Annotated[list[PartSize], Meta(description="What takes the space.")]


class Cleaned(msgspec.Struct, frozen=True, kw_only=True):
    """What a cleaning gave back."""

    files: Annotated[int, Meta(description="Uploads that were removed.")]
    freed: Annotated[int, Meta(description="Bytes that became free on the volume.")]


@operation(
    "storage.get",
    permission=Permission.SETTINGS_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/storage"),
)
def show_storage(context: Context, _: NoRequest) -> StorageState:
    """Show how much space is free and what takes the rest."""
    settings = context.appliance.settings
    volume, kept = os.statvfs(settings.data), reserve.state(settings)
    sizes: dict[Part, int | None] = {
        "database": size_of_database(context.appliance),
        "sealed_store": size_of(settings.sealed_store),
        "files": size_of(settings.files),
        "spool": size_of(settings.spool),
        "logs": size_of(settings.logs),
    }
    return StorageState(
        total=volume.f_blocks * volume.f_frsize,
        free=kept.free,
        reserve=kept.state.value,
        reserve_bytes=kept.size,
        parts=[PartSize(part=part, bytes=size) for part, size in sizes.items()],
    )


def _clean(context: Context, _: NoRequest) -> Cleaned:
    """Remove first, tell afterwards: on a full disk the event needs the space that it tells of."""
    appliance = context.appliance
    before = reserve.state(appliance.settings).free
    files = clear_uploads(appliance, UNUSED)
    with contextlib.suppress(DiskFull, DatabaseBusy):  # what it could not give back stays
        appliance.database.shrink()
    freed = max(0, reserve.state(appliance.settings).free - before)
    reserve.take_back(appliance.settings)
    return Cleaned(files=files, freed=freed)


@operation(
    "storage.clean",
    permission=Permission.SETTINGS_MANAGE,
    planes=ON_CONSOLE,
    route=Route("POST", "/storage/clean"),
    ahead=_clean,
    in_reserve=True,
)
def clean_storage(context: Context, _: NoRequest) -> Cleaned:
    """Remove uploads that nobody imported, and give back what the database does not use."""
    cleaned: Cleaned = context.ahead
    context.event.numbers.update(files=cleaned.files, bytes=cleaned.freed)
    return cleaned
