"""The rules about sign-in, sessions and passwords that a company chooses."""

from hashlib import sha256
from typing import Any, Final

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from app.core.errors import TenshuError
from app.identity import relying_party
from app.identity.operations import policies, roles
from app.identity.password_rules import PRESETS
from app.identity.policies import DEFAULT
from app.identity.policy_effects import Effects
from app.operations.operation import NoRequest
from app.operations.permissions import Permission
from app.web.asking import AnyRequest, appliance_of
from app.web.pages import Answer, ask, field_errors, go, need_sign_in, page, perform, result_of
from app.web.routing import get, post
from app.web.shared_pages import Form

ROLES: Final = "second_factor_roles"
PASSWORD_RULES: Final = tuple(DEFAULT.password.__struct_fields__)
RULES: Final = tuple(name for name in DEFAULT.__struct_fields__ if name not in ("password", ROLES))


@get("/settings/sign-in")
def show_rules(request: AnyRequest, notice: FromQuery[str] = "") -> Answer:
    """Show the rules in force."""
    return _rules_page(request, {}, {}, notice=notice)


@post("/settings/sign-in")
def change_rules(request: AnyRequest, data: Form) -> Answer:
    """Put other rules into force, after a fresh second factor."""
    context = need_sign_in(request)
    step = str(data.get("step", ""))
    if step.removeprefix("preset-") in PRESETS:  # its figures, to be looked at before they hold
        data = {**data, **msgspec.to_builtins(PRESETS[step.removeprefix("preset-")])}
        typed = _typed(_flat(policies.get_policy(context, NoRequest()).policy), data)
        return _rules_page(request, typed, {})
    typed = _typed(_flat(policies.get_policy(context, NoRequest()).policy), data)
    rules: dict[str, Any] = {name: typed[name] for name in RULES}
    rules[ROLES] = typed[ROLES]
    rules["password"] = {name: typed[name] for name in PASSWORD_RULES}
    try:
        wanted = ask(policies.PolicyChange, policy=rules, rev=str(data.get("rev", "")))
        digest = _digest(rules)
        differs = step != "preview" and str(data.get("shown", "")) not in ("", digest)
        if step == "preview" or differs:  # what is put into force is what the effect was shown of
            effects = policies.preview_policy(context, ask(policies.Preview, policy=rules))
            return _rules_page(request, typed, {}, effects=effects, shown=digest, differs=differs)
        return perform(request, policies.update_policy, wanted)
    except TenshuError as error:
        found = field_errors(context.language, error)
        errors = {name.rpartition(".")[2]: text for name, text in found.items()}
        return _rules_page(request, typed, errors, status=error.status)


def _digest(rules: dict[str, Any]) -> str:
    """Return what tells whether rules are those whose effect was shown."""
    return sha256(msgspec.json.encode(rules, order="sorted")).hexdigest()


def _typed(in_force: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    """Return every rule as it was typed; what a form leaves out stays as it is."""
    chosen = data.get(ROLES, in_force[ROLES])
    chosen = chosen if isinstance(chosen, list | tuple) else [chosen]
    typed = {name: str(data.get(name, value)).strip() for name, value in in_force.items()}
    return {**typed, ROLES: [str(role) for role in chosen if role]}


@result_of(policies.update_policy)
def changed(_request: AnyRequest, _result: policies.PolicyInForce) -> Answer:
    """Go back to the rules."""
    return go("/settings/sign-in?notice=changed")


def _rules_page(
    request: AnyRequest,
    typed: dict[str, Any],
    errors: dict[str, str],
    *,
    status: int = 200,
    notice: str = "",
    effects: Effects | None = None,
    shown: str = "",
    differs: bool = False,
) -> Answer:
    context = need_sign_in(request)
    found = policies.get_policy(context, NoRequest())
    return page(
        request,
        "console/sign_in_rules.html",
        status=status,
        found=found,
        values={**_flat(found.policy), **typed},
        defaults=_flat(DEFAULT),
        roles=[(row.role, row.name) for row in roles.list_roles(context, NoRequest()).items],
        errors=errors,
        notice=notice,
        effects=effects,
        shown=shown,
        differs=differs,
        rp_id=relying_party.rp_id(found.policy, appliance_of(request).settings),
        may_manage=context.actor.rights.allows(Permission.SETTINGS_MANAGE),
    )


def _flat(policy: msgspec.Struct) -> dict[str, Any]:
    rules: dict[str, Any] = msgspec.to_builtins(policy)
    passwords: dict[str, Any] = rules.pop("password")
    return rules | passwords


def sign_in_rules_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_rules, change_rules]
