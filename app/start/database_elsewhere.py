"""A database on another machine is waited for: after a power cut it may come up later than we."""

import logging
import threading
from typing import Final

from app.core.settings import Settings

ASKS_SECONDS: Final = 2.0
TELLS_SECONDS: Final = 60.0
log = logging.getLogger(__name__)


def await_database(settings: Settings) -> None:
    """Return once a server answers at the database's address, whatever it says (PQping).

    Say now and then that none does. A file of our own is not waited for: what is wrong with it
    does not pass.
    """
    if settings.on_sqlite:
        return
    # one that has its database in a file loads nothing of this
    from psycopg.conninfo import make_conninfo  # noqa: PLC0415
    from psycopg.pq import PGconn, Ping  # noqa: PLC0415
    from sqlalchemy import make_url  # noqa: PLC0415

    address = make_url(settings.database_url)
    (_, how) = address.get_dialect()().create_connect_args(address)
    reached = make_conninfo(**how).encode()
    pause, asked = threading.Event(), 0
    while PGconn.ping(reached) in (Ping.NO_RESPONSE, Ping.REJECT):
        if asked % (TELLS_SECONDS // ASKS_SECONDS) == 0:
            where = ":".join(str(how[name]) for name in ("host", "port") if how.get(name))
            log.warning("no database answers at %s: it is waited for", where)
        pause.wait(ASKS_SECONDS)
        asked += 1
