"""Which table holds what belongs to a plane: the console's own, or the one of all others."""

from typing import Final, TypeVar

from app.identity import models
from app.operations.context import Plane

Columns = TypeVar("Columns")

SESSIONS: Final[tuple[type[models.SessionColumns], ...]] = (
    models.ConsoleSession,
    models.WorkspaceSession,
)
PENDING: Final[tuple[type[models.PendingSignInColumns], ...]] = (
    models.ConsolePendingSignIn,
    models.WorkspacePendingSignIn,
)
CREDENTIALS: Final[tuple[type[models.CredentialColumns], ...]] = (
    models.ConsoleCredential,
    models.WorkspaceCredential,
)
TOKENS: Final[tuple[type[models.ApiTokenColumns], ...]] = (
    models.ConsoleApiToken,
    models.WorkspaceApiToken,
)
REQUESTS: Final[tuple[type[models.OperationRequestColumns], ...]] = (
    models.ConsoleRequest,
    models.WorkspaceRequest,
)
CHALLENGES: Final[tuple[type[models.ChallengeColumns], ...]] = (
    models.ConsoleChallenge,
    models.WorkspaceChallenge,
)


def on_plane(tables: tuple[type[Columns], ...], plane: str) -> type[Columns]:
    """Return the table of `plane` out of one of the pairs above.

    The machine's own console writes what the console writes.
    """
    return tables[0] if plane in (Plane.CONSOLE, Plane.LOCAL) else tables[1]


def writable_on(tables: tuple[type[Columns], ...], plane: str) -> tuple[type[Columns], ...]:
    """Return the tables that `plane` may change: the console all, the others not the console's."""
    return tables if plane in (Plane.CONSOLE, Plane.LOCAL) else tables[1:]


def readable_on(tables: tuple[type[Columns], ...], plane: str) -> tuple[type[Columns], ...]:
    """Return the tables whose rows count on `plane`.

    A factor enrolled on the console counts everywhere, one enrolled elsewhere not on the console.
    """
    return tables[:1] if plane in (Plane.CONSOLE, Plane.LOCAL) else tables
