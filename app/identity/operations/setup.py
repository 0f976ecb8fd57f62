"""The first administrator of a new appliance."""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.core.secret import Secret
from app.identity import account_rows, login_ids, policies, setup
from app.identity.fields import Code, Language, LoginId, Name, PasswordField, TimeZone
from app.identity.password_rules import judge
from app.identity.setup import SetupProgress
from app.identity.sign_in_flow import NewSession
from app.identity.time_zones import check_time_zone
from app.identity.tried import Tried, attempt
from app.operations.context import Context, Plane
from app.operations.errors import NotAllowed
from app.operations.operation import Effect, NoRequest, operation
from app.operations.permissions import Permission

ON_CONSOLE = (Plane.CONSOLE,)
TicketField = Annotated[Secret, Meta(description="What the claim code gave")]


class SetupStatus(msgspec.Struct, frozen=True):
    """Whether the appliance is new."""

    needed: bool
    """There is no owner yet."""


class ClaimCode(msgspec.Struct, frozen=True):
    """A claim code, to be shown on the machine itself."""

    code: Secret
    """In fours, to type on the page."""


class Claim(msgspec.Struct, frozen=True):
    """The proof that somebody stands at the machine."""

    code: Annotated[Secret, Meta(description="The code that the machine printed")]


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """The first administrator."""

    ticket: TicketField
    login_id: LoginId
    name: Name
    password: PasswordField
    language: Language = "ja"
    time_zone: TimeZone = "Asia/Tokyo"


class SetupTicket(msgspec.Struct, frozen=True):
    """A setup that was begun in this browser."""

    ticket: TicketField


class FirstCode(msgspec.Struct, frozen=True):
    """The first code of the new authenticator."""

    ticket: TicketField
    code: Code


class FirstPerson(msgspec.Struct, frozen=True, kw_only=True):
    """The first administrator, unattended: they enrol their authenticator at the first sign-in."""

    login_id: LoginId
    name: Name
    password: PasswordField
    language: Language = "ja"
    time_zone: TimeZone = "Asia/Tokyo"


class FirstAccount(msgspec.Struct, frozen=True):
    """The account that was made."""

    account: str
    """Identifier."""
    login_id: str
    """Folded: one spelling."""


@operation("setup.status", permission=Permission.ANYBODY, effect=Effect.READ, planes=ON_CONSOLE)
def status(context: Context, _: NoRequest) -> SetupStatus:
    """Tell whether the appliance still needs its first administrator."""
    return SetupStatus(setup.is_needed(context.session))


@operation("setup.claim_code", permission=Permission.ANYBODY, planes=())
def new_claim_code(context: Context, _: NoRequest) -> ClaimCode:
    """Make a new claim code, on the machine itself only."""
    _require_local(context)
    return ClaimCode(setup.make_claim_code(context))


@operation("setup.claim", permission=Permission.ANYBODY, planes=ON_CONSOLE)
def claim_operation(context: Context, request: Claim) -> Tried[SetupProgress]:
    """Begin the setup with the claim code."""
    return attempt(context, lambda: setup.claim(context, request.code))


@operation("setup.describe", permission=Permission.ANYBODY, planes=ON_CONSOLE)
def describe(context: Context, person: Person) -> SetupProgress:
    """Say who the first administrator is."""
    check_time_zone(person.time_zone)
    return setup.describe_person(
        context,
        person.ticket,
        login_id=person.login_id,
        name=person.name,
        password=person.password,
        language=person.language,
        time_zone=person.time_zone,
    )


@operation("setup.resume", permission=Permission.ANYBODY, effect=Effect.READ, planes=ON_CONSOLE)
def resume(context: Context, request: SetupTicket) -> SetupProgress:
    """Show the present step of the setup again."""
    return setup.resume(context, request.ticket)


@operation("setup.finish", permission=Permission.ANYBODY, planes=ON_CONSOLE)
def finish(context: Context, request: FirstCode) -> NewSession:
    """Make the owner with the first valid code of the authenticator, and sign in."""
    return setup.finish(context, request.ticket, request.code)


@operation("setup.create_first", permission=Permission.ANYBODY, planes=())
def create_first(context: Context, person: FirstPerson) -> FirstAccount:
    """Make the owner from a file, on the machine itself only."""
    _require_local(context)
    check_time_zone(person.time_zone)
    login_id = login_ids.check(person.login_id)
    rules = policies.load(context.session).password
    known = (login_id, person.name, *person.name.split())
    judge(rules, person.password, has_factor=True, known=known)
    account = setup.make_owner(
        context,
        login_id=login_id,
        name=person.name,
        language=person.language,
        time_zone=person.time_zone,
        may_enrol=True,
    )
    account_rows.put_password(context.session, account.id, person.password, rules, now=context.now)
    return FirstAccount(account.id, account.login_id)


def claim(context: Context, request: Claim) -> SetupProgress:
    """Begin the setup. Raise WrongClaimCode, ClaimCodeSpent or SetupDone."""
    return claim_operation(context, request).unwrap()


def _require_local(context: Context) -> None:
    if not context.actor.local:
        raise NotAllowed(permission="local")
