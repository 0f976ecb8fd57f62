"""People of a copy that runs, with sessions and tokens, and a table that holds something.

They are put into its database by the operations themselves, as the person at the machine does it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from app.audit.event import Source
from app.core import clock
from app.core.settings import load_settings
from app.identity import account_rows, policies, session_rows
from app.identity.operations import accounts, tokens
from app.jobs.handlers import load_handlers
from app.operations.context import Actor, Context, Plane
from app.operations.permissions import UNGRANTED, Permission, Rights
from app.services.tables.models import FieldKind
from app.services.tables.operations import records, tables
from app.services.tables.preview import ColumnPlan
from app.start.open import open_context
from app.web.cookies import session_cookie_name
from tests.running import Copy

EVERYTHING = [(permission, "") for permission in sorted(set(Permission) - UNGRANTED)]
PLANES = (Plane.CONSOLE, Plane.WORKSPACE)
TEXTS = ("東京都千代田区霞が関", "大阪府大阪市北区", "O'Brien; -- DROP", "北海道札幌市")


@dataclass(frozen=True)
class Inhabited:
    """A copy with somebody who may do everything."""

    copy: Copy
    account: str
    newcomer: str
    """Account of somebody without any right."""
    tokens: dict[Plane, str]
    table: int
    """Number of a table with rows."""
    fields: tuple[str, str]
    """Its fields' numbers, as the API calls them: a text and a whole number."""

    def sign_in(self, plane: Plane, account: str = "") -> str:
        """Return `name=value` of a new session: it is fifteen minutes until an idle one ends."""
        with _at_the_machine(self.copy) as local:
            token = _session(local, plane, account or self.account)
        return f"{session_cookie_name(plane)}={token}"


def inhabit(copy: Copy) -> Inhabited:
    """Make a person with every right, sessions, tokens and a table in a fresh copy."""
    with _at_the_machine(copy) as local:
        made = accounts.create_account(
            local, accounts.NewAccount(login_id="scan", name="Scanned", role="owner")
        )
        actor = Actor(account=made.account.id, name="Scanned", rights=Rights(EVERYTHING))
        issued = {}
        for plane in PLANES:
            person = replace(local, actor=actor, plane=plane)
            issued[plane] = tokens.create_token(
                person,
                tokens.NewToken(name="scan", rights=[tokens.WantedRight(*x) for x in EVERYTHING]),
            ).token.reveal()
        other = accounts.create_account(
            local, accounts.NewAccount(login_id="newcomer", name="Newcomer")
        )
        table, fields = _table(replace(local, actor=actor, plane=Plane.WORKSPACE))
    return Inhabited(copy, made.account.id, other.account.id, issued, table, fields)


@contextmanager
def _at_the_machine(copy: Copy) -> Iterator[Context]:
    load_handlers()
    with open_context(load_settings(copy.environ), "en") as local:
        yield local


def _session(local: Context, plane: Plane, account: str) -> str:
    with local.appliance.database.write() as session:
        account_rows.by_id(session, account)
        token, _ = session_rows.begin(
            session,
            policies.load(session),
            plane=plane,
            account=account,
            source=Source(peer="127.0.0.1"),
            factors="password totp",
            now=clock.now(),
        )
    return token.reveal()


def _table(staff: Context) -> tuple[int, tuple[str, str]]:
    made = tables.create_table(
        staff,
        tables.CreateTable(
            name="住所",
            columns=[
                ColumnPlan(name="地名", kind=FieldKind.TEXT),
                ColumnPlan(name="人口", kind=FieldKind.INTEGER),
            ],
        ),
    )
    text, number = (field.id for field in made.fields)
    for position, place in enumerate(TEXTS * 20):
        values = {text: place, number: str(position)}
        records.create_record(staff, records.CreateRecord(table=made.id, values=values))
    return made.id, (str(text), str(number))
