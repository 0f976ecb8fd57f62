"""DuckDB, shut in: it reads Parquet files of one folder, and nothing else of the machine.

Every text that somebody typed is a parameter. To open and shut one in takes longer than most
searches: a process keeps those that it searches with, without anything of the files in memory.

The library is loaded with the first search: loading it starts a thread, and the processes are
forked from one that has none.
"""

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import duckdb

MEMORY: Final = "512MB"
THREADS: Final = 2


def open_duckdb(folder: Path, *, threads: int = THREADS) -> "duckdb.DuckDBPyConnection":
    """Return a connection in memory that sees the files of `folder` alone.

    It fetches no extension, reaches no network, and its settings cannot be changed any more.
    """
    import duckdb  # noqa: PLC0415 - see above

    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": threads,
            "memory_limit": MEMORY,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "temp_directory": "",
            # what was erased from a file must not go on in memory
            "enable_external_file_cache": False,
        },
    )
    connection.execute("SET allowed_directories = [$folder]", {"folder": str(folder.absolute())})
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


@functools.lru_cache(maxsize=4)
def _kept(folder: Path) -> "duckdb.DuckDBPyConnection":
    return open_duckdb(folder)


def searching(folder: Path) -> "duckdb.DuckDBPyConnection":
    """Return a connection for one search of one thread, beside others on what is kept open."""
    return _kept(folder).cursor()


def open_anew() -> None:
    """Keep nothing that failed: DuckDB answers no more after some of its errors."""
    _kept.cache_clear()


def parquet_errors() -> type[Exception]:
    """Return what reading may raise where a file is not what it was."""
    import duckdb  # noqa: PLC0415 - see above

    return duckdb.Error
