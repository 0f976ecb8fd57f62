"""What we read of Borg's JSON; Borg writes more."""

import datetime as dt

import msgspec


class Line(msgspec.Struct, frozen=True):
    """What we read of a line of `--log-json`; Borg writes more."""

    type: str = ""
    msgid: str | None = None
    levelname: str = ""
    message: str = ""
    original_size: int = 0
    nfiles: int = 0
    current: int = 0
    total: int = 0
    finished: bool = False


class ListedArchive(msgspec.Struct, frozen=True):
    """An archive as `borg list --json` tells it."""

    name: str
    id: str
    start: str
    comment: str = ""

    @property
    def at(self) -> int:
        """Milliseconds since 1970; Borg runs with TZ=UTC and may leave the zone out."""
        time = dt.datetime.fromisoformat(self.start)
        return int(time.replace(tzinfo=time.tzinfo or dt.UTC).timestamp() * 1000)


class ListedRepository(msgspec.Struct, frozen=True):
    """A repository as `borg list --json` tells it."""

    id: str


class Listing(msgspec.Struct, frozen=True):
    """The answer of `borg list --json`, oldest archive first."""

    repository: ListedRepository
    archives: tuple[ListedArchive, ...]


class Stats(msgspec.Struct, frozen=True):
    """Figures of a new archive; sizes in bytes."""

    original_size: int
    deduplicated_size: int
    nfiles: int


class CreatedArchive(msgspec.Struct, frozen=True):
    """An archive as `borg create --json` tells it."""

    name: str
    id: str
    stats: Stats


class Created(msgspec.Struct, frozen=True):
    """The answer of `borg create --json`."""

    archive: CreatedArchive


class ListedFile(msgspec.Struct, frozen=True):
    """A file as `borg list --json-lines` tells it."""

    path: str
    type: str
    size: int = 0
