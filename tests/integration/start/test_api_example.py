"""The program of the how-to, run as it stands against a copy that runs."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from app.core.settings import load_settings
from app.identity.operations import accounts, tokens
from app.operations.context import Actor, Plane
from app.operations.permissions import Permission, Rights
from app.services.tables.models import FieldKind
from app.services.tables.operations import tables
from app.services.tables.preview import ColumnPlan
from app.start.open import open_context
from tests.running import Copy

HOW_TO = Path(__file__).parents[3] / "docs" / "how-to" / "use-the-api.md"
RIGHTS = [
    (Permission.RECORDS_VIEW, "tables"),
    (Permission.RECORDS_CREATE, "tables"),
    (Permission.TABLES_DESIGN, "tables"),
]


def prepared(copy: Copy) -> tuple[str, int]:
    """Return a token of somebody who may add records, and a table for them."""
    with open_context(load_settings(copy.environ), "en") as local:
        made = accounts.create_account(
            local, accounts.NewAccount(login_id="hanako", name="花子", role="staff")
        )
        actor = Actor(account=made.account.id, name="花子", rights=Rights(RIGHTS))
        person = replace(local, actor=actor, plane=Plane.WORKSPACE)
        wanted = [tokens.WantedRight(*each) for each in RIGHTS[:2]]
        token = tokens.create_token(person, tokens.NewToken(name="orders", rights=wanted))
        columns = [
            ColumnPlan(name="品名", kind=FieldKind.TEXT),
            ColumnPlan(name="数量", kind=FieldKind.INTEGER),
        ]
        table = tables.create_table(person, tables.CreateTable(name="受注", columns=columns))
    return token.token.reveal(), table.id


def test_the_program_of_the_how_to_copies_orders_once_however_often_it_runs_METI_23(copy: Copy):
    token, table = prepared(copy)
    (program,) = re.findall(r"```python\n(.*?)```", HOW_TO.read_text(), re.DOTALL)
    environ = {
        "TENSHU": copy.workspace,
        "AUTHORITY": str(copy.authority),
        "TOKEN": token,
        "TABLE": str(table),
        "PYTHONIOENCODING": "utf-8",
    }
    for _ in range(2):
        ran = subprocess.run(
            [sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True
        )
        assert ran.stdout == "1 檜の箱 3\n"
    refused = subprocess.run(
        [sys.executable, "-c", program],
        env={**environ, "TABLE": "999"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert refused.returncode == 1
    assert refused.stderr.strip()
