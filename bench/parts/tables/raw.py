"""The fastest raw ways from a file into a bare table and back.

DuckDB opens SQLite's files with a library of its own, and two of them in one process break each
other's locks: so `python -m bench.parts.tables.raw import|export CSV SQLITE` is a process of its
own, which prints the seconds that the statement took.
"""

import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import duckdb
import duckdb_extension_sqlite_scanner
import psycopg

TABLE: Final = "bare"


def by_duckdb(way: str, csv: Path, sqlite: Path) -> float:
    """Return the seconds of `import` or `export` by DuckDB, in a process of its own."""
    words = [sys.executable, "-m", "bench.parts.tables.raw", way, str(csv), str(sqlite)]
    return float(subprocess.run(words, capture_output=True, text=True, check=True).stdout)


def into_postgresql(csv: Path, url: str) -> float:
    """Return the seconds of COPY into a bare table of texts and numbers, and leave it there."""
    with psycopg.connect(url, autocommit=True) as connection:
        with csv.open(encoding="utf-8-sig") as file:
            names = file.readline().strip().split(",")
        fields = ", ".join(f"f{place} text" for place in range(len(names)))
        connection.execute(f"CREATE TABLE {TABLE} ({fields})".encode())
        begun = time.perf_counter()
        with (
            csv.open("rb") as source,
            connection.cursor().copy(
                f"COPY {TABLE} FROM STDIN (FORMAT csv, HEADER true)".encode()
            ) as copy,
        ):
            while chunk := source.read(1 << 20):
                copy.write(chunk)
        return time.perf_counter() - begun


def out_of_postgresql(csv: Path, url: str) -> float:
    """Return the seconds of COPY to a file."""
    with psycopg.connect(url, autocommit=True) as connection, csv.open("wb") as target:
        begun = time.perf_counter()
        with connection.cursor().copy(f"COPY {TABLE} TO STDOUT (FORMAT csv)".encode()) as copy:
            for chunk in copy:
                target.write(chunk)
        return time.perf_counter() - begun


def forget(url: str) -> None:
    """Remove the bare table."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP TABLE {TABLE}".encode())


def main() -> None:
    """Do what the first word says, and print the seconds."""
    way, csv, sqlite = sys.argv[1:]
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false"})
    folder = Path(duckdb_extension_sqlite_scanner.__file__).parent
    extension = next(folder.rglob("*.duckdb_extension"))
    connection.execute(f"LOAD '{extension}'")
    connection.execute(f"ATTACH '{sqlite}' AS kept (TYPE sqlite)")
    begun = time.perf_counter()
    if way == "import":
        connection.execute(f"CREATE TABLE kept.{TABLE} AS SELECT * FROM read_csv('{csv}')")
    else:
        connection.execute(f"COPY kept.{TABLE} TO '{csv}' (HEADER true)")
    print(time.perf_counter() - begun)


if __name__ == "__main__":
    main()
