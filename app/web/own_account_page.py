"""The first page of one's own account, to which every form on it comes back where it failed."""

from app.identity.operations import own_factors, own_sessions
from app.operations.operation import NoRequest
from app.web.asking import AnyRequest
from app.web.pages import Answer, need_sign_in, page
from app.web.proving import ways_of


def own_page(
    request: AnyRequest, errors: dict[str, str], *, status: int = 200, notice: str = ""
) -> Answer:
    """Return the page with what was wrong."""
    context = need_sign_in(request)
    return page(
        request,
        "web/account.html",
        status=status,
        errors=errors,
        notice=notice,
        factors=own_factors.list_factors(context, NoRequest()),
        ways=ways_of(request),
        sessions=own_sessions.list_sessions(context, NoRequest()).items,
    )
