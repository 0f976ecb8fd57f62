"""Erasing the values about one person from the history, under a law or a rule."""

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from app.core.errors import TenshuError
from app.history import operations as history
from app.identity.operations import accounts
from app.operations.permissions import Permission
from app.web.asking import AnyRequest
from app.web.pages import Answer, ask, field_errors, go, need_sign_in, page, perform, result_of
from app.web.routing import get, post
from app.web.shared_pages import Form


@get("/accounts/{account:str}/erase")
def show_erasure(request: AnyRequest, account: FromPath[str]) -> Answer:
    """Say plainly what an erasure does, and ask for its basis."""
    return _erasure_page(request, account, "", {})


@post("/accounts/{account:str}/erase")
def erase(request: AnyRequest, account: FromPath[str], data: Form) -> Answer:
    """Erase the values, after a fresh second factor."""
    context = need_sign_in(request)
    basis = str(data.get("basis", "")).strip()
    try:
        wanted = ask(history.EraseValues, subject=account, basis=basis)
        return perform(request, history.erase_values, wanted)
    except TenshuError as error:
        errors = field_errors(context.language, error)
        return _erasure_page(request, account, basis, errors, error.status)


@result_of(history.erase_values)
def asked(_request: AnyRequest, result: history.ErasureAsked) -> Answer:
    """Go back to the person's account."""
    return go(f"/accounts/{result.subject}?notice=erased")


def _erasure_page(
    request: AnyRequest, account: str, basis: str, errors: dict[str, str], status: int = 200
) -> Answer:
    context = need_sign_in(request)
    context.require(Permission.AUDIT_ERASE)
    found = accounts.get_account(context, ask(accounts.AccountRef, account=account))
    return page(
        request,
        "console/erasure.html",
        status=status,
        account=found.account,
        basis=basis,
        errors=errors,
    )


def erasure_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_erasure, erase]
