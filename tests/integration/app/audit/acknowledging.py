"""Write events, seal them, and say aloud each one that is acknowledged, until killed.

`… acknowledging.py FOLDER SYNCHRONOUS`: the second is SQLite's setting, of database and store.
"""

import os
import sys
from pathlib import Path

from sqlalchemy import event

from app.audit.ledger import Ledger
from tests.unit.app.audit.trail import Trail, draft


def main(folder: Path, synchronous: str) -> None:
    """Never return."""
    trail = Trail(folder, started=False)
    event.listen(
        trail.database.engine,
        "connect",
        lambda connection, _: connection.execute(f"PRAGMA synchronous={synchronous}"),
    )
    trail.database.close()  # opens anew by itself
    sealer = trail.start()
    ledger: Ledger = sealer._ledger
    ledger._connection.execute(f"PRAGMA synchronous={synchronous}")
    number = 0
    while True:
        for _ in range(1 + number % 3):
            made = trail.write(draft(number))
            # the transaction has committed: from here on the event may not be lost
            os.write(1, f"{made.id}\n".encode())
            number += 1
        sealer.turn()
        if number % 10 == 0:
            sealer.publish()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
