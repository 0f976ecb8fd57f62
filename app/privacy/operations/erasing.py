"""Erasing a person in every place (個人情報保護法 22条, 35条; METI-31).

One erasure is a handful of events `audit.erase`, one for each thing that it names:

- the account's identifier: the sealer takes the values out of the history;
- `accounts/…` and `tables/…/records/…`: what stands outside the history.

They stand in the sealed list of erasures, which outlives every backup. So after a restore the
watch sees which of them this database does not know yet, and carries them out again.
"""

from typing import Annotated, Final

import msgspec
from msgspec import Meta
from sqlalchemy import or_, update
from sqlmodel import Session, col, select

from app.audit import outbox
from app.audit.erasure import VERB, Erasure, describe_erasure
from app.audit.event import Draft
from app.identity import account_rows, rights
from app.identity.models import Account
from app.identity.personal import all_about, all_searched
from app.identity.personal_data import pseudonym
from app.jobs.queue import enqueue
from app.operations import repeats
from app.operations.context import Actor, Context
from app.operations.operation import Route, Tier, operation
from app.operations.permissions import Permission
from app.privacy.errors import NobodyNamed, PlaceUnknown, StillActive
from app.privacy.models import Applied, Disclosure, Finding
from app.privacy.operations.carrying_out import FORGET, ForgetArguments
from app.privacy.operations.disclosing import ON_CONSOLE, empty, find, is_one_thing, kind_of

ACCOUNTS: Final = "accounts/"
MOST_PLACES: Final = 10_000


class ErasePerson(msgspec.Struct, frozen=True, kw_only=True):
    """Who is erased, where, and under which rule."""

    basis: Annotated[
        str,
        Meta(
            min_length=1, max_length=200, description="Law, contract or rule under which it is done"
        ),
    ]
    account: Annotated[str, Meta(max_length=64, description="Account; empty: none")] = ""
    disclosure: Annotated[
        str, Meta(max_length=64, description="Search whose findings are meant; empty: none")
    ] = ""
    findings: Annotated[
        list[int],
        Meta(max_length=MOST_PLACES, description="Numbers of the findings to be erased"),
    ] = []


class ErasedPerson(msgspec.Struct, frozen=True, kw_only=True):
    """What was erased at once, and what a job goes on with."""

    account: str
    """Identifier of the account; empty where there was none."""
    disclosure: str
    """Identifier of the search; empty where there was none."""
    changed: int
    """Things beside the account that were erased."""
    places: int
    """Places that the job erases."""
    disclosures: int
    """Searches that were emptied because they held the person."""
    job: str
    """The job."""


class Reapply(msgspec.Struct, frozen=True, kw_only=True):
    """Erasures that this database does not know yet."""

    erasures: Annotated[list[Erasure], Meta(description="From the sealed list.")]


@operation(
    "privacy.erase",
    permission=Permission.AUDIT_ERASE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("POST", "/privacy/erase", 202),
    in_reserve=True,
)
def erase_person(context: Context, wanted: ErasePerson) -> ErasedPerson:
    """Erase a person in every place: account, history, chosen records, uploads, searches.

    Raise NobodyNamed, StillActive, BeyondYourRights or PlaceUnknown.
    """
    session = context.session
    check(session, context.actor, wanted)
    places = _chosen(session, wanted)
    context.event.references["basis"] = wanted.basis
    if wanted.account:
        context.event.about("account", wanted.account)
        places = [ACCOUNTS + wanted.account, *places]
        _in_history(context, wanted.basis, wanted.account)
    else:
        context.event.about("disclosure", wanted.disclosure)
    for place in places:
        _note(context, _in_history(context, wanted.basis, place), place)
    done = _carry_out(context, places)
    context.event.numbers.update(rows=done.changed, places=len(places))
    return msgspec.structs.replace(done, account=wanted.account, disclosure=wanted.disclosure)


@operation("privacy.reapply", permission=Permission.AUDIT_ERASE, planes=(), in_reserve=True)
def reapply(context: Context, request: Reapply) -> ErasedPerson:
    """Carry out again what was erased before a restore brought it back."""
    for erasure in request.erasures:
        _note(context, key_of(erasure), erasure.subject)
    context.event.about("history", "erasures")
    places = [erasure.subject for erasure in request.erasures]
    done = _carry_out(context, places)
    context.event.numbers.update(rows=done.changed, places=len(places))
    return done


def key_of(erasure: Erasure) -> str:
    """Return what stays the same when an erasure is repeated after a restore."""
    return erasure.repeats or erasure.event


def is_outside_history(subject: str) -> bool:
    """Tell whether a subject names something outside the history."""
    kind, _, rest = subject.partition("/")
    return bool(rest) and (subject.startswith(ACCOUNTS) or kind in {s.kind for s in all_searched()})


def check(session: Session, actor: Actor, wanted: ErasePerson) -> None:
    """Raise what keeps somebody from being erased."""
    if not wanted.account and not wanted.findings:
        raise NobodyNamed
    if wanted.account:
        account = account_rows.by_id(session, wanted.account)
        rights.require_reach(actor, rights.parse(account.rights))
        if account.state == account_rows.ACTIVE:
            raise StillActive(name=account.name)


def _chosen(session: Session, wanted: ErasePerson) -> list[str]:
    """Return the places of the chosen findings. Raise NotFound or PlaceUnknown."""
    if not wanted.findings:
        return []
    disclosure = find(session, wanted.disclosure)
    rows = session.exec(
        select(Finding.id, Finding.place)
        .where(Finding.disclosure == disclosure.id, col(Finding.id).in_(wanted.findings))
        .order_by(col(Finding.id))
    ).all()
    known = dict(rows)
    for number in wanted.findings:
        if not is_one_thing(known.get(number, "")):
            raise PlaceUnknown(place=number)
    return list(dict.fromkeys(known.values()))


def _in_history(context: Context, basis: str, subject: str) -> str:
    """Write an event `audit.erase` beside the operation's own; return its identifier."""
    own = context.event
    draft = Draft(
        verb=VERB,
        at=context.now,
        actor=own.actor,
        actor_name=own.actor_name,
        source=own.source,
        session=own.session,
        plane=own.plane,
        machine=own.machine,
        incident=own.incident,
    )
    describe_erasure(draft, basis, subject=subject)
    return outbox.append(context.session, draft).id


def _note(context: Context, erasure: str, place: str) -> None:
    context.session.merge(Applied(erasure=erasure, place=place, at=context.now))


def _carry_out(context: Context, places: list[str]) -> ErasedPerson:
    """Erase accounts, and what only the console may, now; hand everything else to the worker."""
    session = context.session
    accounts = [place.removeprefix(ACCOUNTS) for place in places if place.startswith(ACCOUNTS)]
    elsewhere = [place for place in places if not place.startswith(ACCOUNTS)]
    changed = sum(
        about.forget(session, account)
        for account in accounts
        # what hangs on a value of the account goes before the account is emptied
        for about in reversed(all_about())
        if about.forget is not None
    )
    emptied = _empty_disclosures(context, accounts, elsewhere)
    at_once = {one.kind: one for one in all_searched() if one.at_once}
    here = [place for place in elsewhere if kind_of(place) in at_once]
    changed += sum(at_once[kind_of(place)].forget(context, place) for place in here)
    elsewhere = [place for place in elsewhere if kind_of(place) not in at_once]
    left, job = len(elsewhere), ""
    for account in accounts or [""]:
        # the first job takes the places along
        job = enqueue(context, FORGET, ForgetArguments(places=elsewhere, account=account))
        elsewhere = []
    return ErasedPerson(
        account="",
        disclosure="",
        changed=changed,
        places=left,
        disclosures=emptied,
        job=job,
    )


def _empty_disclosures(context: Context, accounts: list[str], places: list[str]) -> int:
    """Delete what searches have found about whoever is erased; one that runs finds no more.

    What programs were answered may name anybody, and is needed for a moment only: all of it goes.
    """
    session = context.session
    repeats.forget(session, context.now + 1)
    by_place = select(Finding.disclosure).where(col(Finding.place).in_(places))
    concerned = session.exec(
        select(Disclosure).where(
            or_(col(Disclosure.account).in_(accounts), col(Disclosure.id).in_(by_place)),
            Disclosure.erased_at == 0,
        )
    ).all()
    for disclosure in concerned:
        empty(session, disclosure)
        session.exec(
            update(Disclosure)
            .where(col(Disclosure.id) == disclosure.id)
            .values(text="", found=0, erased_at=context.now)
        )
    return len(concerned)


def is_erased(account: Account) -> bool:
    """Tell whether an account's own values were erased."""
    return account.name == pseudonym(account.id)
