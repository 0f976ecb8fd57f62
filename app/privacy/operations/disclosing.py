"""Everything about one person: searched for on request (個人情報保護法 33条, METI-31)."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from sqlalchemy import delete, func, update
from sqlmodel import Session, col, select

from app.core.errors import NotFound
from app.core.identifiers import new_identifier
from app.core.messages import mark
from app.identity import account_rows
from app.identity.fields import Limit
from app.identity.models import Account
from app.identity.personal import all_searched
from app.jobs.lease import jobs
from app.jobs.models import JobState
from app.jobs.queue import enqueue
from app.operations.context import Context, Plane
from app.operations.operation import Effect, Route, operation
from app.operations.page import Page
from app.operations.permissions import Permission
from app.privacy.errors import AlreadyErased, NobodyNamed
from app.privacy.models import Disclosure, Finding
from app.privacy.subject import clean, texts_of

ON_CONSOLE = (Plane.CONSOLE,)
SEARCH: Final = "privacy.search"
OPEN: Final = (JobState.QUEUED, JobState.RUNNING)


class SearchArguments(msgspec.Struct, frozen=True):
    """What the job gets: names stand in the disclosure, which can be erased."""

    disclosure: str


class NewDisclosure(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to search for."""

    account: Annotated[
        str, Meta(max_length=64, description="Account; empty for somebody who has none")
    ] = ""
    text: Annotated[
        str,
        Meta(max_length=400, description="Names, mail addresses, numbers; one a line"),
    ] = ""


DisclosureId = Annotated[str, Meta(max_length=64, description="Identifier of the disclosure")]


class DisclosureRef(msgspec.Struct, frozen=True, kw_only=True):
    """Which disclosure."""

    disclosure: DisclosureId


class DisclosureFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which disclosures to list."""

    after: Annotated[str, Meta(max_length=64, description="Where the page before ended")] = ""
    limit: Limit = 50


class FindingFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which findings to show."""

    disclosure: DisclosureId
    after: Annotated[int, Meta(ge=0, lt=2**62, description="Where the page before ended")] = 0
    limit: Limit = 50


class DisclosureView(msgspec.Struct, frozen=True, kw_only=True):
    """One search and how far it is."""

    id: str
    """Identifier."""
    account: str
    """Identifier of the account; empty where there is none."""
    name: str
    """Name of the account; empty where there is none."""
    texts: list[str]
    """What was searched for."""
    job: str
    """The job that searches."""
    state: str
    """State of the job; `erased` where the person was erased since."""
    found: int
    """Things that name the person."""
    looked_at: int
    """Rows that were looked at."""
    skipped: list[str]
    """Tables that could not be looked into: whoever asked has no right to export them."""
    created_at: int
    """When it was asked for (ms)."""
    finished_at: int
    """When it ended (ms); 0 while it has not."""


class FindingView(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that names the person."""

    id: int
    """Number."""
    place: str
    """What an erasure names."""
    title: str
    """What people call the place."""
    why: str
    """English text of the catalogue."""
    body: dict[str, Any]
    """What stands in it."""
    erasable: bool
    """It is one thing of its own, not a count."""


@operation(
    "privacy.disclose",
    permission=Permission.ACCOUNTS_MANAGE,
    planes=ON_CONSOLE,
    route=Route("POST", "/disclosures", 202),
)
def disclose(context: Context, new: NewDisclosure) -> DisclosureView:
    """Search every place for one person, in a job; what is found can then be downloaded."""
    context.require(Permission.AUDIT_EXPORT)
    session = context.session
    texts = clean(new.text.splitlines())
    if new.account:
        account = account_rows.by_id(session, new.account)
        context.event.about("account", account.id, account.name)
        texts = clean([*texts_of(account), *texts])
    if not new.account and not texts:
        raise NobodyNamed
    made = Disclosure(
        id=new_identifier(),
        account=new.account,
        text="\n".join(texts),
        job="",
        created_by=context.actor.account,
        created_at=context.now,
    )
    if not new.account:
        context.event.about("disclosure", made.id, ", ".join(texts)[:128])
    made.job = enqueue(context, SEARCH, SearchArguments(made.id))
    session.add(made)
    session.flush()
    context.event.references["disclosure"] = made.id
    return view_of(session, made)


@operation(
    "privacy.list_disclosures",
    permission=Permission.AUDIT_EXPORT,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    route=Route("GET", "/disclosures"),
)
def list_disclosures(context: Context, wanted: DisclosureFilter) -> Page[DisclosureView]:
    """List the searches for people, the newest first."""
    session = context.session
    question = select(Disclosure).order_by(col(Disclosure.id).desc())
    if wanted.after:
        question = question.where(col(Disclosure.id) < wanted.after)
    found = session.exec(question.limit(wanted.limit + 1)).all()
    shown = found[: wanted.limit]
    context.event.numbers["rows"] = len(shown)
    after = shown[-1].id if len(found) > wanted.limit else ""
    return Page(items=[view_of(session, one) for one in shown], after=after)


@operation(
    "privacy.get_disclosure",
    permission=Permission.AUDIT_EXPORT,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    route=Route("GET", "/disclosures/{disclosure}"),
)
def get_disclosure(context: Context, which: DisclosureRef) -> DisclosureView:
    """Show one search and how far it is."""
    found = find(context.session, which.disclosure)
    context.event.about("disclosure", found.id)
    return view_of(context.session, found)


@operation(
    "privacy.list_findings",
    permission=Permission.AUDIT_EXPORT,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    route=Route("GET", "/disclosures/{disclosure}/findings"),
)
def list_findings(context: Context, wanted: FindingFilter) -> Page[FindingView]:
    """Show what a search has found so far."""
    found = find(context.session, wanted.disclosure)
    context.event.about("disclosure", found.id)
    rows = context.session.exec(
        select(Finding)
        .where(Finding.disclosure == found.id, col(Finding.id) > wanted.after)
        .order_by(col(Finding.id))
        .limit(wanted.limit + 1)
    ).all()
    shown = rows[: wanted.limit]
    after = str(shown[-1].id) if len(rows) > wanted.limit else ""
    total = context.session.exec(
        select(func.count()).select_from(Finding).where(Finding.disclosure == found.id)
    ).one()
    return Page(items=[_finding(row) for row in shown], after=after, total=total)


@operation(
    "privacy.delete_disclosure",
    permission=Permission.ACCOUNTS_MANAGE,
    planes=ON_CONSOLE,
    route=Route("DELETE", "/disclosures/{disclosure}"),
    in_reserve=True,
)
def delete_disclosure(context: Context, which: DisclosureRef) -> DisclosureView:
    """Delete a search with all that it found; one that still runs is stopped."""
    session = context.session
    found = find(session, which.disclosure)
    context.event.about("disclosure", found.id)
    view = view_of(session, found)
    context.event.numbers["rows"] = empty(session, found)
    session.delete(found)
    return view


def find(session: Session, identifier: str) -> Disclosure:
    """Return a disclosure. Raise NotFound."""
    found = session.get(Disclosure, identifier)
    if found is None:
        raise NotFound(kind=mark("disclosure"), name=identifier)
    return found


def require_left(disclosure: Disclosure) -> None:
    """Raise AlreadyErased where the person was erased since the search."""
    if disclosure.erased_at:
        raise AlreadyErased


def empty(session: Session, disclosure: Disclosure) -> int:
    """Delete what a search has found, and stop it; return how many things went."""
    gone = session.exec(delete(Finding).where(col(Finding.disclosure) == disclosure.id))
    session.connection().execute(
        update(jobs)
        .where(jobs.c.id == disclosure.job, jobs.c.state.in_(OPEN))
        .values(cancel_requested=True, not_before=0)
    )
    return gone.rowcount


def view_of(session: Session, one: Disclosure) -> DisclosureView:
    """Return a disclosure as it is shown."""
    account = session.get(Account, one.account) if one.account else None
    state = session.connection().execute(select(jobs.c.state).where(jobs.c.id == one.job)).scalar()
    return DisclosureView(
        id=one.id,
        account=one.account,
        name=account.name if account else "",
        texts=one.text.splitlines(),
        job=one.job,
        state="erased" if one.erased_at else state or JobState.QUEUED.value,
        found=one.found,
        looked_at=one.looked_at,
        skipped=msgspec.json.decode(one.skipped, type=list[str]),
        created_at=one.created_at,
        finished_at=one.finished_at,
    )


def _finding(row: Finding) -> FindingView:
    return FindingView(
        id=row.id or 0,
        place=row.place,
        title=row.title,
        why=row.why,
        body=msgspec.json.decode(row.body, type=dict[str, Any]),
        erasable=is_one_thing(row.place),
    )


def is_one_thing(place: str) -> bool:
    """Tell whether a place is one thing that can be erased: `tables/12/records/345`."""
    kind = kind_of(place)
    return any(one.kind == kind and one.is_one_thing(place) for one in all_searched())


def kind_of(place: str) -> str:
    """Return the kind of thing that lies at a place: `tables/12/records/345` is of `tables`."""
    return place.partition("/")[0]
