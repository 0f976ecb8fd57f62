"""Personal data: searching for a person, their file, erasing them; how long is kept."""

from typing import Final

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from app.core.errors import NotFound, TenshuError
from app.core.messages import mark
from app.identity.operations.account_views import AccountRef, AccountRow, get_account
from app.operations.context import Context
from app.operations.operation import NoRequest
from app.operations.permissions import Permission
from app.privacy.operations import disclosing, downloading, erasing, keeping
from app.web.asking import AnyRequest
from app.web.error_places import errors_at_fields
from app.web.pages import Answer, ask, go, need_sign_in, page, perform, result_of
from app.web.routing import get, post
from app.web.shared_pages import Form

OVER = {"done", "failed", "cancelled", "erased"}
PARTS: Final = {
    "file": mark("File"),
    "reason": mark("Reason"),
    "right": mark("Right"),
    "uploaded_by": mark("Uploaded by"),
}
"""What our own findings consist of; records have the names of their fields."""


@get("/disclosures")
def show_disclosures(
    request: AnyRequest, after: FromQuery[str] = "", notice: FromQuery[str] = ""
) -> Answer:
    """Show the searches for people."""
    return _list_page(request, {}, after=after, notice=notice)


@post("/disclosures")
def search_for(request: AnyRequest, data: Form) -> Answer:
    """Search for a person, by account or by what names them."""
    context = need_sign_in(request)
    typed = {name: str(data.get(name, "")) for name in ("account", "text")}
    try:
        return perform(request, disclosing.disclose, ask(disclosing.NewDisclosure, **typed))
    except TenshuError as error:
        errors = errors_at_fields(context.language, error)
        errors = {name or "text": text for name, text in errors.items()}
        return _list_page(request, errors, status=error.status, text=typed["text"])


@get("/disclosures/{disclosure:str}")
def show_disclosure(
    request: AnyRequest, disclosure: FromPath[str], after: FromQuery[str] = ""
) -> Answer:
    """Show one search and what it has found."""
    return _disclosure_page(request, disclosure, {}, after=after)


@post("/disclosures/{disclosure:str}/file")
def download(request: AnyRequest, disclosure: FromPath[str], data: Form) -> Answer:
    """Send everything about the person as one file."""
    context = need_sign_in(request)
    try:
        wanted = ask(
            downloading.DownloadDisclosure,
            disclosure=disclosure,
            language=str(data.get("language", context.language)),
        )
        return perform(request, downloading.download_disclosure, wanted)
    except TenshuError as error:
        errors = errors_at_fields(context.language, error)
        return _disclosure_page(request, disclosure, errors, status=error.status)


@post("/disclosures/{disclosure:str}/delete")
def delete(request: AnyRequest, disclosure: FromPath[str]) -> Answer:
    """Delete a search with what it found."""
    need_sign_in(request)
    wanted = ask(disclosing.DisclosureRef, disclosure=disclosure)
    return perform(request, disclosing.delete_disclosure, wanted)


@post("/disclosures/{disclosure:str}/erase")
def erase(request: AnyRequest, disclosure: FromPath[str], data: Form) -> Answer:
    """Erase the person, after a fresh second factor."""
    context = need_sign_in(request)
    basis = str(data.get("basis", "")).strip()
    ticked = data.get("selected", [])  # a form gives one as a text, several as a list
    chosen = [str(each) for each in ticked] if isinstance(ticked, list) else [str(ticked)]
    try:
        found = _found(context, disclosure)
        account = found.account if data.get("account") else ""
        wanted = ask(
            erasing.ErasePerson,
            account=account,
            basis=basis,
            disclosure=disclosure,
            findings=chosen,
        )
        with context.appliance.database.read() as session:  # before a code is spent
            erasing.check(session, context.actor, wanted)
        return perform(request, erasing.erase_person, wanted)
    except TenshuError as error:
        errors = errors_at_fields(context.language, error)
        return _disclosure_page(
            request, disclosure, errors, status=error.status, basis=basis, chosen=chosen
        )


@get("/settings/retention")
def show_retention(request: AnyRequest, notice: FromQuery[str] = "") -> Answer:
    """Show how long each kind of data is kept."""
    return _retention_page(request, notice=notice)


@post("/settings/retention")
def change_retention(request: AnyRequest, data: Form) -> Answer:
    """Show what would go, or put a number of days into force."""
    context = need_sign_in(request)
    typed = {name: str(data.get(name, "")).strip() for name in ("kind", "days", "rev")}
    try:
        if "preview" in data:
            wanted = ask(keeping.PreviewRetention, kind=typed["kind"], days=typed["days"])
            preview = keeping.preview_retention(context, wanted)
            return _retention_page(request, typed=typed, preview=preview)
        return perform(request, keeping.set_retention, ask(keeping.SetRetention, **typed))
    except TenshuError as error:
        errors = errors_at_fields(context.language, error)
        placed = {f"{name or 'days'}-{typed['kind']}": text for name, text in errors.items()}
        return _retention_page(request, typed=typed, errors=placed, status=error.status)


@result_of(disclosing.disclose)
def asked(_request: AnyRequest, result: disclosing.DisclosureView) -> Answer:
    """Go to the search."""
    return go(f"/disclosures/{result.id}")


@result_of(disclosing.delete_disclosure)
def deleted(_request: AnyRequest, _result: disclosing.DisclosureView) -> Answer:
    """Go to the list."""
    return go("/disclosures?notice=deleted")


@result_of(erasing.erase_person)
def erased(_request: AnyRequest, result: erasing.ErasedPerson) -> Answer:
    """Go to the list; what is left to be done is a job."""
    return go("/disclosures?notice=erased" if not result.job else f"/jobs/{result.job}")


@result_of(keeping.set_retention)
def kept(_request: AnyRequest, _result: keeping.RetentionRow) -> Answer:
    """Go back to the settings."""
    return go("/settings/retention?notice=changed")


def _is_upload(row: disclosing.FindingView) -> bool:
    return row.place.startswith("uploads/")


def _account(context: Context, account: str) -> AccountRow | None:
    """Return an account; None where it was erased."""
    try:
        return get_account(context, ask(AccountRef, account=account)).account
    except NotFound:
        return None


def _found(context: Context, disclosure: str) -> disclosing.DisclosureView:
    wanted = ask(disclosing.DisclosureRef, disclosure=disclosure)
    return disclosing.get_disclosure(context, wanted)


def _list_page(
    request: AnyRequest,
    errors: dict[str, str],
    *,
    status: int = 200,
    after: str = "",
    notice: str = "",
    text: str = "",
) -> Answer:
    context = need_sign_in(request)
    found = disclosing.list_disclosures(context, ask(disclosing.DisclosureFilter, after=after))
    return page(
        request,
        "console/disclosures.html",
        status=status,
        rows=found.items,
        next=f"/disclosures?after={found.after}" if found.after else "",
        errors=errors,
        text=text,
        notice=notice,
        may_search=context.actor.rights.allows(Permission.ACCOUNTS_MANAGE),
    )


def _disclosure_page(
    request: AnyRequest,
    disclosure: str,
    errors: dict[str, str],
    *,
    status: int = 200,
    after: str = "",
    basis: str = "",
    chosen: list[str] | None = None,
) -> Answer:
    context = need_sign_in(request)
    found = _found(context, disclosure)
    findings = disclosing.list_findings(
        context, ask(disclosing.FindingFilter, disclosure=disclosure, after=after or "0")
    )
    uploaders = {str(row.body["uploaded_by"]) for row in findings.items if _is_upload(row)}
    known = {each: _account(context, each) for each in {found.account, *uploaders} - {""}}
    return page(
        request,
        "console/disclosure.html",
        status=status,
        found=found,
        account=known.get(found.account),
        rows=findings.items,
        parts=PARTS,
        people={one.id: one.name for one in known.values() if one},
        count=findings.total,
        next=f"/disclosures/{disclosure}?after={findings.after}" if findings.after else "",
        over=found.state in OVER,
        errors=errors,
        basis=basis,
        chosen=chosen or [],
        may_erase=context.actor.rights.allows(Permission.AUDIT_ERASE),
        may_search=context.actor.rights.allows(Permission.ACCOUNTS_MANAGE),
        may_download=context.actor.rights.allows(Permission.ACCOUNTS_EXPORT),
    )


def _retention_page(
    request: AnyRequest,
    *,
    typed: dict[str, str] | None = None,
    preview: keeping.RetentionPreview | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
    notice: str = "",
) -> Answer:
    context = need_sign_in(request)
    return page(
        request,
        "console/retention.html",
        status=status,
        rows=keeping.list_retention(context, NoRequest()).items,
        typed=typed or {},
        preview=preview,
        errors=errors or {},
        notice=notice,
        may_manage=context.actor.rights.allows(Permission.AUDIT_ERASE),
    )


def privacy_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [
        show_disclosures,
        search_for,
        show_disclosure,
        download,
        delete,
        erase,
        show_retention,
        change_retention,
    ]
