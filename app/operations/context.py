"""Who asks, from where, on which plane: what every operation gets as its first argument."""

import enum
import socket
from dataclasses import dataclass, field
from typing import Any, Final

from sqlmodel import Session

from app.audit.event import Draft, Source
from app.core import clock
from app.core.database import Database
from app.core.keyring import KeyRing
from app.core.settings import Settings
from app.operations.errors import NotAllowed, SignInNeeded
from app.operations.permissions import EVERYTHING, Permission, Rights

SYSTEM_ACCOUNT: Final = "system"
NO_RIGHTS: Final = Rights()
UNKNOWN_SOURCE: Final = Source()


class Plane(enum.StrEnum):
    """The faces are apart: a session, a cookie and a page belong to exactly one."""

    CONSOLE = "console"
    WORKSPACE = "workspace"
    LOCAL = "local"
    """The command `tenshu` on the machine itself."""


@dataclass(frozen=True, slots=True)
class Appliance:
    """What one process holds for all its requests."""

    settings: Settings
    database: Database
    keyring: KeyRing
    machine: str = field(default_factory=socket.gethostname)
    """Identifier of this machine: whatever belongs to one machine carries it."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks."""

    account: str = ""
    """Account identifier; empty while nobody is signed in."""
    name: str = ""
    rights: Rights = NO_RIGHTS
    session: str = ""
    """Identifier of the session (not its token)."""
    token: str = ""
    """Identifier of the API token that was used; empty for a person at a page."""
    local: bool = False
    """The machine's own console (root), which may confirm what it asks."""

    @property
    def is_signed_in(self) -> bool:
        """Tell whether there is an account behind the request."""
        return bool(self.account)


NOBODY: Final = Actor()
SYSTEM: Final = Actor(account=SYSTEM_ACCOUNT, name=SYSTEM_ACCOUNT, local=True)


@dataclass(slots=True)
class Context:
    """One request's view of the appliance. `session` and `event` live while an operation runs."""

    appliance: Appliance
    actor: Actor = NOBODY
    source: Source = UNKNOWN_SOURCE
    plane: Plane = Plane.LOCAL
    language: str = "ja"
    incident: str = ""
    """Number that page, log and history share."""
    confirmed: str = ""
    """Digest of the one operation and arguments that a fresh second factor has confirmed."""
    approved_by: str = ""
    """Account of the second administrator, for what is irreversible."""
    host: str = ""
    """Host name or address, and port, by which the person called; empty where no page did."""
    certificate: str = ""
    """SHA-256 of the client certificate that the edge has verified; empty where none was shown."""
    generation: int = 0
    """Version of the machine's document that the edge served the connection by; 0 without one."""
    repeat_key: str = ""
    """Key under which a program may ask for the same change again; empty: it is made anew."""
    through_api: bool = False
    """A program asks through the API: a list that it gets is handed out, not looked at."""
    ahead: Any = None
    """What the operation's `ahead` has returned: the answer of the machine's agent, say."""
    _session: Session | None = None
    _event: Draft | None = None

    @property
    def session(self) -> Session:
        """The database session of the running operation."""
        if self._session is None:
            msg = "no operation is running"
            raise RuntimeError(msg)
        return self._session

    @property
    def event(self) -> Draft:
        """The audit event that the running operation fills in."""
        if self._event is None:
            msg = "no operation is running"
            raise RuntimeError(msg)
        return self._event

    @property
    def now(self) -> int:
        """The time in milliseconds."""
        return clock.now()

    def require(self, permission: Permission, scope: str = EVERYTHING) -> None:
        """Raise SignInNeeded or NotAllowed unless the actor holds `permission` on `scope`."""
        if permission is Permission.ANYBODY or self.actor.local:
            return
        if not self.actor.is_signed_in:
            raise SignInNeeded
        if permission is Permission.SIGNED_IN or self.actor.rights.allows(permission, scope):
            return
        raise NotAllowed(permission=permission.value)

    def reading(self, session: Session) -> "Context":
        """Return this context for what only reads, outside of an operation: it leaves no event."""
        return self.running(session, Draft(verb="", at=self.now))

    def running(self, session: Session, event: Draft) -> "Context":
        """Return this context as the operation sees it while it runs."""
        return Context(
            appliance=self.appliance,
            actor=self.actor,
            source=self.source,
            plane=self.plane,
            language=self.language,
            incident=self.incident,
            confirmed=self.confirmed,
            approved_by=self.approved_by,
            host=self.host,
            certificate=self.certificate,
            generation=self.generation,
            through_api=self.through_api,
            ahead=self.ahead,
            _session=session,
            _event=event,
        )
