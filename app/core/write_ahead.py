"""SQLite's write-ahead log, which holds pages as they were: what was erased, too.

A checkpoint that runs by itself copies pages into the file and leaves the log as it is, to be
written over from its beginning; what stands behind may stay for days.
"""

import sqlite3


def empty_log(connection: sqlite3.Connection) -> bool:
    """Cut the log to nothing, and tell whether that was possible.

    It waits for nobody: while somebody reads an older state, or writes, False is the answer at
    once. The connection must be outside a transaction. Raise sqlite3.OperationalError.
    """
    (patience,) = connection.execute("PRAGMA busy_timeout").fetchone()
    connection.execute("PRAGMA busy_timeout=0")
    try:
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.execute(f"PRAGMA busy_timeout={patience}")
    return not busy
