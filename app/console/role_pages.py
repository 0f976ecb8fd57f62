"""Roles: the list, one of them, an own one changed with a look at who gains or loses what (F4)."""

from typing import Any

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from app.core.errors import TenshuError
from app.identity.operations import role_effects, roles
from app.identity.operations.expulsion import Done
from app.operations.operation import NoRequest, Operation
from app.operations.permissions import Permission
from app.web.asking import AnyRequest
from app.web.error_places import errors_at_fields
from app.web.pages import Answer, ask, go, need_sign_in, page, perform, result_of
from app.web.permission_names import PERMISSION_NAMES
from app.web.routing import get, post
from app.web.shared_pages import Form


@get("/roles")
def show_roles(request: AnyRequest, notice: FromQuery[str] = "") -> Answer:
    """Show every role."""
    context = need_sign_in(request)
    return page(
        request,
        "console/roles.html",
        rows=roles.list_roles(context, NoRequest()).items,
        notice=notice,
        may_grant=context.actor.rights.allows(Permission.GRANTS_MANAGE),
    )


@get("/roles/new")
def show_new_role(request: AnyRequest, like: FromQuery[str] = "") -> Answer:
    """Show the form for a new role, empty or filled like another."""
    context = need_sign_in(request)
    context.require(Permission.GRANTS_MANAGE)
    copied = roles.get_role(context, ask(roles.RoleRef, role=like)).permissions if like else []
    return _form(request, "", {"permissions": copied}, {})


@post("/roles/new")
def make_role(request: AnyRequest, data: Form) -> Answer:
    """Make the role, after a fresh second factor."""
    return _perform(request, "", roles.create_role, roles.NewRole, _typed(data))


@get("/roles/{role:str}")
def show_role(request: AnyRequest, role: FromPath[str], notice: FromQuery[str] = "") -> Answer:
    """Show one role."""
    found = roles.get_role(need_sign_in(request), ask(roles.RoleRef, role=role))
    return _form(request, role, msgspec.structs.asdict(found), {}, notice=notice)


@post("/roles/{role:str}/preview")
def preview(request: AnyRequest, role: FromPath[str], data: Form) -> Answer:
    """Show who would gain or lose what; nothing is changed yet."""
    context = need_sign_in(request)
    typed = _typed(data)
    if typed["step"] == "edit":
        return _form(request, role, typed, {})
    try:
        ask(roles.RoleChange, role=role, **_of(roles.RoleChange, typed))
        wanted = ask(role_effects.RolePreview, role=role, permissions=typed["permissions"])
        effects = role_effects.preview_role(context, wanted)
    except TenshuError as error:
        return _form(request, role, typed, errors_at_fields(context.language, error), error.status)
    return page(
        request,
        "console/role_preview.html",
        role=roles.get_role(context, ask(roles.RoleRef, role=role)),
        typed=typed,
        effects=effects,
        permissions=PERMISSION_NAMES,
        deletes=False,
    )


@post("/roles/{role:str}/update")
def update(request: AnyRequest, role: FromPath[str], data: Form) -> Answer:
    """Change the role, after a fresh second factor."""
    return _perform(request, role, roles.update_role, roles.RoleChange, _typed(data))


@get("/roles/{role:str}/delete")
def show_deletion(request: AnyRequest, role: FromPath[str]) -> Answer:
    """Show who would lose what if the role went."""
    context = need_sign_in(request)
    return page(
        request,
        "console/role_preview.html",
        role=roles.get_role(context, ask(roles.RoleRef, role=role)),
        typed={},
        effects=role_effects.preview_role(
            context, ask(role_effects.RolePreview, role=role, permissions=[])
        ),
        permissions=PERMISSION_NAMES,
        deletes=True,
    )


@post("/roles/{role:str}/delete")
def delete(request: AnyRequest, role: FromPath[str], data: Form) -> Answer:
    """Delete the role with the grants that were shown, after a fresh second factor."""
    typed = {"rev": str(data.get("rev", "")), "with_grants": "true"}
    return _perform(request, role, roles.delete_role, roles.RoleDeletion, typed)


@result_of(roles.create_role)
@result_of(roles.update_role)
def changed(_request: AnyRequest, result: roles.RoleRow) -> Answer:
    """Go to the role."""
    return go(f"/roles/{result.role}?notice=changed")


@result_of(roles.delete_role)
def deleted(_request: AnyRequest, _result: Done) -> Answer:
    """Go to the list."""
    return go("/roles?notice=deleted")


def _typed(data: dict[str, Any]) -> dict[str, Any]:
    """Return what was typed; boxes of one name come as one text or as a list."""
    ticked = data.get("permissions", [])
    return {
        "rev": str(data.get("rev", "")),
        "name": str(data.get("name", "")).strip(),
        "description": str(data.get("description", "")).strip(),
        "permissions": ticked if isinstance(ticked, list) else [str(ticked)],
        "step": str(data.get("step", "")),
    }


def _of(kind: type[msgspec.Struct], typed: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in typed.items() if name in kind.__struct_fields__}


def _perform(
    request: AnyRequest,
    role: str,
    operation: Operation[Any, Any],
    kind: type[msgspec.Struct],
    typed: dict[str, Any],
) -> Answer:
    context = need_sign_in(request)
    fixed = {"role": role} if role else {}
    try:
        return perform(request, operation, ask(kind, **fixed, **_of(kind, typed)))
    except TenshuError as error:
        errors = errors_at_fields(context.language, error)
        return _form(request, role, typed, errors, error.status)


def _form(
    request: AnyRequest,
    role: str,
    typed: dict[str, Any],
    errors: dict[str, str],
    status: int = 200,
    notice: str = "",
) -> Answer:
    context = need_sign_in(request)
    return page(
        request,
        "console/role.html",
        status=status,
        role=roles.get_role(context, ask(roles.RoleRef, role=role)) if role else None,
        typed=typed,
        errors=errors,
        notice=notice,
        permissions=PERMISSION_NAMES,
        may_grant=context.actor.rights.allows(Permission.GRANTS_MANAGE),
    )


def role_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [
        show_roles,
        show_new_role,
        make_role,
        show_role,
        preview,
        update,
        show_deletion,
        delete,
    ]
