"""What a company may choose about sign-in, sessions and passwords. The defaults are safe."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta
from sqlalchemy import update
from sqlmodel import Session, col

from app.core.clock import HOUR, MINUTE
from app.core.errors import Conflict
from app.core.messages import mark
from app.identity.models import StoredPolicy
from app.identity.password_rules import PasswordPolicy
from app.identity.planes import SESSIONS, on_plane
from app.operations.context import Plane

ONLY_ROW: Final = 1
BOTH: Final = "both"
PASSKEYS_ONLY: Final = "passkeys_only"
APPS_ONLY: Final = "apps_only"
Factors = Literal["both", "passkeys_only", "apps_only"]
RoleName = Annotated[str, Meta(min_length=1, max_length=64)]


class IdentityPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of this appliance."""

    idle_minutes: Annotated[
        int, Meta(ge=1, le=240, description="Minutes without work until a session ends")
    ] = 15
    session_hours: Annotated[
        int, Meta(ge=1, le=24, description="Hours until a session ends in any case")
    ] = 12
    console_idle_minutes: Annotated[
        int, Meta(ge=0, le=240, description="Minutes without work in the console; 0: as elsewhere")
    ] = 0
    console_session_hours: Annotated[
        int, Meta(ge=0, le=24, description="Hours of a session of the console; 0: as elsewhere")
    ] = 0
    workspace_second_factor: Annotated[
        Literal["if_enrolled", "required"],
        Meta(description="Whether the workspace asks everybody for a second factor"),
    ] = "if_enrolled"
    second_factor_roles: Annotated[
        tuple[RoleName, ...],
        Meta(
            max_length=64,
            description="Roles whose holders need a second factor in the workspace in any case",
        ),
    ] = ()
    console_factors: Annotated[
        Factors, Meta(description="Kinds of second factors that the console accepts")
    ] = BOTH
    workspace_factors: Annotated[
        Factors, Meta(description="Kinds of second factors that the workspace accepts")
    ] = BOTH
    rp_id: Annotated[
        str,
        Meta(
            max_length=253,
            pattern=r"^([a-z0-9-]+(\.[a-z0-9-]+)+)?$",
            description="Name that passkeys are bound to; empty: the first host name",
        ),
    ] = ""
    initial_password_days: Annotated[
        int, Meta(ge=1, le=30, description="Days in which a given password must be used")
    ] = 7
    password: Annotated[PasswordPolicy, Meta(description="Rules for new passwords")] = (
        PasswordPolicy()
    )

    def idle_limit(self, plane: str) -> int:
        """Return the milliseconds without a request after which a session ends (F7)."""
        of_console = self.console_idle_minutes if plane == Plane.CONSOLE else 0
        return (of_console or self.idle_minutes) * MINUTE

    def longest_session(self, plane: str) -> int:
        """Return the milliseconds after which a session ends in any case."""
        of_console = self.console_session_hours if plane == Plane.CONSOLE else 0
        return (of_console or self.session_hours) * HOUR

    def factors_on(self, plane: str) -> Factors:
        """Return which kinds of second factors a plane accepts (F11)."""
        on_console = plane in (Plane.CONSOLE, Plane.LOCAL)
        return self.console_factors if on_console else self.workspace_factors


DEFAULT: Final = IdentityPolicy()


def load(session: Session) -> IdentityPolicy:
    """Return the rules in force."""
    return load_with_rev(session)[0]


def load_with_rev(session: Session) -> tuple[IdentityPolicy, int]:
    """Return the rules in force, and the revision that a change must name (0: the defaults)."""
    row = session.get(StoredPolicy, ONLY_ROW)
    if row is None:
        return DEFAULT, 0
    return msgspec.json.decode(row.document, type=IdentityPolicy), row.rev


def store(session: Session, policy: IdentityPolicy, rev: int) -> None:
    """Put new rules into force; shorter times hold for sessions that run already.

    Raise Conflict unless `rev` is the revision in force.
    """
    row = session.get(StoredPolicy, ONLY_ROW)
    if rev != (row.rev if row else 0):
        raise Conflict(name=mark("Sign-in rules"))
    if row is None:
        row = StoredPolicy(id=ONLY_ROW, document="", rev=0)
    row.document, row.rev = msgspec.json.encode(policy).decode(), rev + 1
    session.add(row)
    session.flush()
    for plane in (Plane.CONSOLE, Plane.WORKSPACE):
        table = on_plane(SESSIONS, plane)
        limit = policy.idle_limit(plane)
        session.exec(update(table).where(col(table.ended_at) == 0).values(idle_limit=limit))
        latest = col(table.started_at) + policy.longest_session(plane)
        session.exec(
            update(table)
            .where(col(table.ended_at) == 0, col(table.expires_at) > latest)
            .values(expires_at=latest)
        )
