"""One's own API tokens: the list, a new one shown once, an end (F4)."""

from typing import Any, Final

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from app.core.errors import InvalidInput, TenshuError
from app.core.messages import mark
from app.identity.operations import tokens
from app.operations.context import Context, Plane
from app.operations.operation import NoRequest
from app.operations.registry import all_operations
from app.web.asking import AnyRequest
from app.web.pages import Answer, ask, field_errors, go, need_sign_in, page
from app.web.permission_names import PERMISSION_NAMES
from app.web.routing import get, post
from app.web.shared_pages import Form

DAYS: Final = (7, 30, 90, 180, 366)
DEFAULTS: Final = {"name": "", "days": "90", "which": "chosen", "rights": []}


@get("/account/tokens")
def show_tokens(request: AnyRequest, notice: FromQuery[str] = "") -> Answer:
    """Show one's API tokens of this plane."""
    return _tokens_page(request, DEFAULTS, {}, notice=notice)


@post("/account/tokens")
def make_token(request: AnyRequest, data: Form) -> Answer:
    """Make a token and show it, this once."""
    context = need_sign_in(request)
    chosen = _chosen(data)
    kept = {**DEFAULTS, **data, "rights": chosen}
    try:
        wanted = ask(
            tokens.NewToken,
            name=str(data.get("name", "")).strip(),
            days=str(data.get("days", "")),
            rights=_rights(context, chosen, everything=data.get("which") == "all"),
        )
        made = tokens.create_token(context, wanted)
    except TenshuError as error:
        errors = field_errors(context.language, error)
        return _tokens_page(request, kept, errors, status=error.status)
    return page(request, "web/token_made.html", made=made, token=made.token.reveal())


@post("/account/tokens/{token:str}/revoke")
def revoke_token(request: AnyRequest, token: FromPath[str]) -> Answer:
    """Revoke one of one's tokens."""
    tokens.revoke_token(need_sign_in(request), ask(tokens.TokenRef, token=token))
    return go("/account/tokens?notice=revoked")


def _chosen(data: dict[str, Any]) -> list[str]:
    """Return the permissions that were ticked: a form gives one as a text, several as a list."""
    found = data.get("rights", [])
    return [str(each) for each in found] if isinstance(found, list) else [str(found)]


def _rights(context: Context, chosen: list[str], *, everything: bool) -> list[dict[str, str]]:
    """Return the wanted rights, each wherever one's own holds. Raise InvalidInput for none."""
    held = sorted(context.actor.rights.grants())
    wanted = [
        {"permission": name, "scope": scope} for name, scope in held if everything or name in chosen
    ]
    if not wanted:
        raise InvalidInput(field="rights", reason=mark("Choose at least one right."))
    return wanted


def _used_on(plane: Plane) -> set[str]:
    """Return the permissions that the API of a plane asks for: others would open nothing here."""
    return {one.permission.value for one in all_operations() if one.route and plane in one.planes}


def _tokens_page(
    request: AnyRequest,
    values: dict[str, Any],
    errors: dict[str, str],
    *,
    status: int = 200,
    notice: str = "",
) -> Answer:
    context = need_sign_in(request)
    mine = {name for name, _ in context.actor.rights.grants()} & _used_on(context.plane)
    return page(
        request,
        "web/tokens.html",
        status=status,
        errors=errors,
        notice=notice,
        values=values,
        days=DAYS,
        offered=[(name, text) for name, text in PERMISSION_NAMES.items() if name in mine],
        names=PERMISSION_NAMES,
        rows=tokens.list_tokens(context, NoRequest()).items,
    )


def token_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_tokens, make_token, revoke_token]
