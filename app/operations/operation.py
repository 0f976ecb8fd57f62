"""The decorator that makes a plain function an operation.

    @operation("accounts.create", permission=Permission.ACCOUNTS_MANAGE)
    def create_account(context: Context, new_account: NewAccount) -> Account: ...

An operation authorises, opens the transaction, runs the function, writes its one audit event in
the same transaction, and commits. A refusal or a failure rolls back and is recorded on its own.
On PostgreSQL the function runs anew where another change came between, and on a full disk where
the reserve made room: it changes nothing but the database. Its name is its audit verb.
"""

import enum
import hashlib
import inspect
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, TypeVar, get_type_hints

import msgspec
from sqlmodel import Session

from app.audit import outbox
from app.audit.event import Draft, Outcome
from app.core import clock
from app.core.errors import TenshuError
from app.core.secret import Secret
from app.operations import full_disk, repeats
from app.operations.context import Context, Plane
from app.operations.errors import (
    ConfirmationNeeded,
    KeyNotTaken,
    Refused,
    TokenNotAllowed,
    WrongPlane,
)
from app.operations.permissions import EVERYTHING, Permission

_log = logging.getLogger(__name__)

Request = TypeVar("Request", bound=msgspec.Struct)
Result = TypeVar("Result")


class Effect(enum.Enum):
    """What an operation does to data, and so what it leaves in the history."""

    READ = "read"
    """Shows what is not declared personal; leaves an event only when it is refused."""
    REVEAL = "reveal"
    """Shows personal data, exports or downloads; changes nothing; always leaves an event."""
    CHANGE = "change"
    """Changes something; always leaves an event."""


class Tier(enum.IntEnum):
    """Risk (architecture section 2)."""

    T0_READ = 0
    T1_REVERSIBLE = 1
    T2_DANGEROUS = 2
    """Needs a fresh second factor bound to operation and arguments."""
    T3_IRREVERSIBLE = 3
    """Needs a second administrator too, or the machine's own console."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where the REST API offers an operation: `Route("POST", "/accounts/{account}/suspend")`.

    Names in braces are fields of the request; the other fields come from the query (GET) or the
    JSON body.
    """

    method: str
    path: str
    status: int = 200


class NoRequest(msgspec.Struct, frozen=True):
    """The request of an operation that needs nothing told."""


def _reveal(value: Any) -> Any:  # noqa: ANN401 - msgspec's hook
    if isinstance(value, Secret):
        return value.reveal()
    msg = f"{type(value).__name__} in a request"
    raise NotImplementedError(msg)


_sorted: Final = msgspec.json.Encoder(order="sorted")
_json: Final = msgspec.json.Encoder(enc_hook=_reveal)


def _canonical(value: Any) -> bytes:  # noqa: ANN401 - whatever a request holds
    """Return the one JSON of a value: names in order, numbers that name something as texts."""
    return _sorted.encode(msgspec.to_builtins(value, str_keys=True, enc_hook=_reveal))


@dataclass(frozen=True, slots=True)
class Operation(Generic[Request, Result]):
    """One operation: its declaration and its function."""

    name: str
    function: Callable[[Context, Request], Result]
    permission: Permission
    effect: Effect
    tier: Tier
    planes: frozenset[Plane]
    route: Route | None
    scope: Callable[[Request], str]
    ahead: Callable[[Context, Request], Any] | None
    """What reaches outside the database (the machine's agent): done once, before the transaction.
    The function finds its result in `context.ahead`."""
    in_reserve: bool
    """May use the reserve of a full disk: signs in or out, cleans, or only leaves its event."""
    beneath: bool
    """Serves who holds the permission on a part of the scope too: the function narrows by it."""
    only_asks: bool
    """Puts a question that may never be answered: leaves an event only where it is refused."""
    repeatable: bool
    """Takes a key with which it may be asked for again and is done once (`repeats`)."""
    request_type: type[Request]
    result_type: Any

    @property
    def summary(self) -> str:
        """First line of the function's docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]

    def digest(self, request: Request) -> str:
        """Return what a confirmation is bound to: SHA-256 of the operation and its arguments."""
        told = _canonical({"operation": self.name, "arguments": request})
        return hashlib.sha256(told).hexdigest()

    def encode_arguments(self, request: Request) -> Secret:
        """Return the arguments as JSON, to be kept sealed until they are confirmed."""
        return Secret(_canonical(request).decode())

    def decode_arguments(self, arguments: Secret) -> Request:
        """Return the request of arguments that were kept."""
        return decode_json(arguments.reveal().encode(), self.request_type)

    def __call__(self, context: Context, request: Request) -> Result:
        """Run the operation for `context`. Raise what it raises, Refused, or ConfirmationNeeded."""
        event, attempts = self._draft(context), 0

        def change(session: Session) -> Result:
            nonlocal event, attempts
            if attempts:
                event = self._draft(context)  # another attempt tells only what it did itself
            attempts += 1
            result = self.function(context.running(session, event), request)
            self._tell(session, event)
            self._keep_answer(session, context, request, result)
            return result

        try:
            self._authorise(context, request)
            if answer := self._answered(context, request):
                known: Result = msgspec.json.decode(answer, type=self.result_type)
                return known
            context = self._look_ahead(context, request)
            if self.effect is Effect.READ:
                with context.appliance.database.read() as session:
                    return self.function(context.running(session, event), request)
            return self._change(context, change)
        except ConfirmationNeeded:
            raise
        except Refused as refusal:
            self._record(context, event, Outcome.REFUSED, refusal.code)
            raise
        except Exception as failure:
            if self.effect is not Effect.READ:
                code = failure.code if isinstance(failure, TenshuError) else "internal"
                self._record(context, event, Outcome.FAILED, code)
            raise

    def _look_ahead(self, context: Context, request: Request) -> Context:
        if self.ahead is None:
            return context
        if self.effect is not Effect.READ and not self.in_reserve:
            full_disk.require_space(context.appliance)  # nothing half done outside either
        return replace(context, ahead=self.ahead(context, request))

    def _answered(self, context: Context, request: Request) -> bytes | None:
        """Return what this change was answered with before. Raise KeyNotTaken."""
        if not context.repeat_key:
            return None
        if not self.repeatable:
            raise KeyNotTaken(operation=self.name)
        return repeats.find(context, self.digest(request))

    def _keep_answer(
        self, session: Session, context: Context, request: Request, result: Result
    ) -> None:
        if context.repeat_key:
            digest = self.digest(request)
            repeats.keep(session, context, self.name, digest, _json.encode(result))

    def _change(self, context: Context, change: Callable[[Session], Result]) -> Result:
        run = full_disk.change_in_reserve if self.in_reserve else full_disk.change
        return run(context.appliance, change)

    def _tell(self, session: Session, event: Draft) -> None:
        if not self.only_asks or event.outcome is not Outcome.DONE:
            outbox.append(session, event)

    def _draft(self, context: Context) -> Draft:
        return Draft(
            verb=self.name,
            at=clock.now(),
            actor=context.actor.account,
            actor_name=context.actor.name,
            source=context.source,
            session=context.actor.session or context.actor.token,
            plane=str(context.plane),
            machine=context.appliance.machine,
            incident=context.incident,
            references={"approved_by": context.approved_by} if context.approved_by else {},
        )

    def _authorise(self, context: Context, request: Request) -> None:
        if context.plane is not Plane.LOCAL and context.plane not in self.planes:
            raise WrongPlane(operation=self.name)
        scope = self.scope(request)
        if not (self.beneath and context.actor.rights.beneath(self.permission, scope)):
            context.require(self.permission, scope)
        if self.tier < Tier.T2_DANGEROUS or context.actor.local:
            return
        if context.actor.token:
            raise TokenNotAllowed(operation=self.name)
        is_approved = context.approved_by not in ("", context.actor.account)
        if context.confirmed != self.digest(request) or (
            self.tier is Tier.T3_IRREVERSIBLE and not is_approved
        ):
            raise ConfirmationNeeded(operation=self.name)

    def _record(self, context: Context, event: Draft, outcome: Outcome, code: str) -> None:
        """Record what did not happen, in a transaction of its own."""
        # What the function noted before it stopped was rolled back: it is not told as done.
        kept = Draft(**{name: getattr(event, name) for name in event.__struct_fields__})
        kept.outcome, kept.error = outcome, code
        kept.before, kept.after, kept.numbers = {}, {}, {}
        kept.references = self._draft(context).references
        try:
            full_disk.change_in_reserve(
                context.appliance, lambda session: outbox.append(session, kept)
            )
        except TenshuError as error:
            # The log is the last place that is left; what stopped the operation is raised.
            _log.error(
                "not recorded (%s): %s %s %s by %r",
                error.code, kept.verb, outcome.value, code, kept.actor,
                extra={"incident": context.incident},
            )  # fmt: skip


_registry: dict[str, Operation[Any, Any]] = {}


def registered() -> dict[str, Operation[Any, Any]]:
    """Return the operations that are imported so far, by name."""
    return _registry


def operation(
    name: str,
    *,
    permission: Permission,
    effect: Effect = Effect.CHANGE,
    tier: Tier | None = None,
    planes: tuple[Plane, ...] = (Plane.CONSOLE, Plane.WORKSPACE),
    route: Route | None = None,
    scope: Callable[[Any], str] = lambda _: EVERYTHING,
    ahead: Callable[[Context, Any], Any] | None = None,
    in_reserve: bool | None = None,
    only_asks: bool = False,
    repeatable: bool = False,
    beneath: bool = False,
) -> Callable[[Callable[[Context, Request], Result]], Operation[Request, Result]]:
    """Make a function of `(context, request)` an operation and register it.

    `scope` tells from the request where the permission must hold. The tier is T0 for what changes
    nothing and T1 for changes, unless told otherwise. Operations on `Plane.LOCAL` (the machine
    itself) are always offered.

    `ahead` reaches outside the database, once, after the rights are checked and before the
    transaction opens; a failure of it is recorded too.

    On a full disk a change is refused unless it is declared `in_reserve` (signing in and out,
    deleting, cleaning); what only reveals always is. What is deleted passes through the write-ahead
    log: cleaning takes portions well below the reserve.

    One that works `beneath` its scope is open to who holds the permission on a part of it, a view
    of a table, and shows and changes nothing but that part.

    An operation that `only_asks` keeps a question for a while and changes nothing else: its event
    would tell of nothing that happened. What answers the question has its event.

    What is `repeatable` is done once for each key that a program gives it; asked again, it answers
    as before and leaves no event. Its result is kept for a day: none that holds a secret.
    """

    def wrap(function: Callable[[Context, Request], Result]) -> Operation[Request, Result]:
        if name in _registry:
            msg = f"two operations are called {name}"
            raise ValueError(msg)
        hints = get_type_hints(function)
        result_type = hints.pop("return")
        hints.pop("context")
        (request_type,) = hints.values()
        default_tier = Tier.T1_REVERSIBLE if effect is Effect.CHANGE else Tier.T0_READ
        made = Operation(
            name=name,
            function=function,
            permission=permission,
            effect=effect,
            tier=default_tier if tier is None else tier,
            planes=frozenset(planes),
            route=route,
            scope=scope,
            ahead=ahead,
            in_reserve=effect is Effect.REVEAL if in_reserve is None else in_reserve,
            only_asks=only_asks,
            repeatable=repeatable,
            beneath=beneath,
            request_type=request_type,
            result_type=result_type,
        )
        _registry[name] = made
        return made

    return wrap


def _decode_hook(kind: type, value: Any) -> Any:  # noqa: ANN401 - msgspec's hook
    if kind is Secret:
        if not isinstance(value, str):
            raise TypeError("Expected `str`")  # becomes a ValidationError that names the field
        return Secret(value)
    msg = f"{kind.__name__} in a request"
    raise NotImplementedError(msg)


def decode_json(body: bytes, kind: type[Request]) -> Request:
    """Read a request from JSON. Raise msgspec.ValidationError naming the field."""
    return msgspec.json.decode(body, type=kind, dec_hook=_decode_hook)


def decode_fields(values: dict[str, Any], kind: type[Request], *, strict: bool = False) -> Request:
    """Read a request from the texts of a form or query. Raise msgspec.ValidationError.

    `strict`: from JSON instead, where a number is a number and a text is none.
    """
    return msgspec.convert(values, type=kind, strict=strict, str_keys=True, dec_hook=_decode_hook)
