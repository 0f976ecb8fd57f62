"""Access rules: from where, and with or without a certificate, people come in (F2, F3)."""

from typing import Any, Final

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from app.core.errors import TenshuError
from app.identity.access_rules import Kind
from app.identity.bounds import AREAS
from app.identity.operations import access_rules, roles
from app.operations.operation import NoRequest
from app.operations.permissions import Permission
from app.web.asking import AnyRequest, appliance_of
from app.web.error_places import errors_at_fields
from app.web.pages import Answer, ask, go, need_sign_in, page, perform, result_of
from app.web.routing import get, post
from app.web.shared_pages import Form

PLACE: Final = "/access-rules"


@get("/access-rules")
def show_rules(
    request: AnyRequest,
    q: FromQuery[str] = "",
    kind: FromQuery[str] = "",
    notice: FromQuery[str] = "",
) -> Answer:
    """Show every area and role with its rule, and the people who have one."""
    context = need_sign_in(request)
    found = access_rules.list_rules(context, NoRequest())
    rules = {(one.kind, one.whom): one for one in found.items}
    offered = [
        *((Kind.AREA, area, access_rules.AREA_NAMES[area], True) for area in AREAS),
        *(
            (Kind.ROLE, one.role, one.name, not one.own)
            for one in roles.list_roles(context, NoRequest()).items
        ),
        *(
            (Kind.ACCOUNT, one.whom, one.name, False)
            for one in found.items
            if one.kind == "account"
        ),
    ]
    chosen = kind if kind in set(Kind) else ""
    rows = [
        {
            "id": f"{each.value}-{whom}",
            "kind": each.value,
            "whom": whom,
            "name": name,
            "translated": translated,
            "rule": rules.get((each, whom)),
        }
        for each, whom, name, translated in offered
        if chosen in ("", each.value)
    ]
    return page(
        request,
        "console/access_rules.html",
        rows=rows,
        q=q,
        kind=chosen,
        notice=notice,
        edge=found.edge,
        may_manage=context.actor.rights.allows(Permission.ACCOUNTS_MANAGE),
    )


@get("/access-rules/{kind:str}/{whom:str}")
def show_rule(request: AnyRequest, kind: FromPath[str], whom: FromPath[str]) -> Answer:
    """Show the rule of an area, a role or a person."""
    return _rule_page(request, kind, whom, {})


@post("/access-rules/{kind:str}/{whom:str}")
def set_rule(request: AnyRequest, kind: FromPath[str], whom: FromPath[str], data: Form) -> Answer:
    """Change a rule, after a fresh second factor."""
    context = need_sign_in(request)
    context.require(Permission.ACCOUNTS_MANAGE)
    networks = [line.strip() for line in str(data.get("networks", "")).splitlines()]
    try:
        change = ask(
            access_rules.RuleChange,
            kind=kind,
            whom=whom,
            networks=[one for one in networks if one],
            certificate="true" if data.get("certificate") == "yes" else "false",
            rev=str(data.get("rev", "")),
        )
        access_rules.check_change(context, change)  # before a code is spent
        return perform(request, access_rules.set_rule, change)
    except TenshuError as error:
        errors = errors_at_fields(context.language, error)
        return _rule_page(request, kind, whom, errors, error.status, typed=data)


@result_of(access_rules.set_rule)
def changed(_request: AnyRequest, result: access_rules.RuleRow) -> Answer:
    """Go back to the rules, or to the person."""
    if result.kind is Kind.ACCOUNT:
        return go(f"/accounts/{result.whom}?notice=changed")
    return go(f"{PLACE}?notice=changed")


def _rule_page(
    request: AnyRequest,
    kind: str,
    whom: str,
    errors: dict[str, str],
    status: int = 200,
    typed: dict[str, Any] | None = None,
) -> Answer:
    context = need_sign_in(request)
    rule = access_rules.get_rule(context, ask(access_rules.RuleRef, kind=kind, whom=whom))
    kept = {"networks": "\n".join(rule.networks), "certificate": "yes" if rule.certificate else ""}
    own = whom if rule.kind is Kind.ACCOUNT else ""
    return page(
        request,
        "console/access_rule.html",
        status=status,
        rule=rule,
        translated=rule.kind is Kind.AREA or whom in access_rules.BUILT_IN,
        person=own,
        values=kept if typed is None else {"networks": "", "certificate": "", **typed},
        errors=errors,
        address=context.source.peer,
        shown=bool(context.certificate),
        edge=appliance_of(request).settings.edge,
        may_manage=context.actor.rights.allows(Permission.ACCOUNTS_MANAGE),
    )


def access_rule_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_rules, show_rule, set_rule]
