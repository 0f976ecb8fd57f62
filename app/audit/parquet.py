"""DuckDB, shut in: it reads Parquet files of one folder, and nothing else of the machine.

Every text that somebody typed is a parameter. A connection lives as long as one search.

The library is loaded with the first search: loading it starts a thread, and the processes are
forked from one that has none.
"""

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
        },
    )
    connection.execute("SET allowed_directories = [$folder]", {"folder": str(folder.absolute())})
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def parquet_errors() -> type[Exception]:
    """Return what reading may raise where a file is not what it was."""
    import duckdb  # noqa: PLC0415 - see above

    return duckdb.Error
