"""Groups: the list, one group with its members and what they hold through it (F4)."""

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from app.console.person_choice import Choice, Choices, account_of, choices_of
from app.console.role_names import right_words, typed_right
from app.core.errors import TenshuError
from app.identity.operations import grants, group_members, group_rows, groups
from app.identity.operations.expulsion import Done
from app.operations.context import Context
from app.operations.operation import Operation
from app.operations.permissions import Permission
from app.web.asking import AnyRequest
from app.web.design.address import one_of
from app.web.pages import (
    Answer,
    ask,
    confirmed_arguments,
    field_errors,
    go,
    need_sign_in,
    page,
    perform,
    result_of,
)
from app.web.routing import get, post
from app.web.shared_pages import Form


@get("/groups")
def show_groups(
    request: AnyRequest,
    q: FromQuery[str] = "",
    sort: FromQuery[str] = "",
    notice: FromQuery[str] = "",
) -> Answer:
    """Show the groups."""
    return _list_page(request, q=q, sort=sort, notice=notice)


@post("/groups")
def make_group(request: AnyRequest, data: Form) -> Answer:
    """Make a group, after a fresh second factor."""
    context = need_sign_in(request)
    name = str(data.get("name", "")).strip()
    try:
        return perform(request, groups.create_group, ask(groups.NewGroup, name=name))
    except TenshuError as error:
        errors = field_errors(context.language, error)
        return _list_page(request, name=name, errors=_at(errors, "name"), status=error.status)


@get("/groups/{group:str}")
def show_group(request: AnyRequest, group: FromPath[str], notice: FromQuery[str] = "") -> Answer:
    """Show one group."""
    return _group_page(request, group, {}, notice=notice)


@post("/groups/{group:str}/rename")
def rename(request: AnyRequest, group: FromPath[str], data: Form) -> Answer:
    """Give the group another name."""
    fields = {"rev": str(data.get("rev", "")), "name": str(data.get("name", "")).strip()}
    return _perform(request, group, groups.rename_group, groups.GroupChange, "name", **fields)


@post("/groups/{group:str}/place")
def place(request: AnyRequest, group: FromPath[str], data: Form) -> Answer:
    """Say what stands above the group, and who leads it."""
    context = need_sign_in(request)
    parent, head = str(data.get("parent", "")), Choice.read(data, "head")
    try:
        account = account_of(context, head, "head") if head.text else ""
        fields = {"rev": str(data.get("rev", "")), "parent": parent, "head": account}
        return perform(request, groups.place_group, ask(groups.GroupPlace, group=group, **fields))
    except TenshuError as error:
        errors = _at(field_errors(context.language, error), "head" if head.text else "parent")
        choices = {"head": choices_of(context, head)}
        return _group_page(request, group, errors, choices, parent=parent, status=error.status)


@post("/groups/{group:str}/delete")
def delete(request: AnyRequest, group: FromPath[str]) -> Answer:
    """Delete the group."""
    return _perform(request, group, groups.delete_group, groups.GroupRef, "")


@post("/groups/{group:str}/members")
def add_member(request: AnyRequest, group: FromPath[str], data: Form) -> Answer:
    """Put somebody into the group."""
    context = need_sign_in(request)
    named = Choice.read(data, "login_id")
    try:
        member = ask(
            group_members.Member, group=group, account=account_of(context, named, "login_id")
        )
        return perform(request, group_members.add_member, member)
    except TenshuError as error:
        errors = _at(field_errors(context.language, error), "login_id")
        choices = {"login_id": choices_of(context, named)}
        return _group_page(request, group, errors, choices, status=error.status)


@post("/groups/{group:str}/members/{account:str}/remove")
def remove_member(request: AnyRequest, group: FromPath[str], account: FromPath[str]) -> Answer:
    """Take somebody out of the group."""
    return _perform(
        request, group, group_members.remove_member, group_members.Member, "", account=account
    )


@post("/groups/{group:str}/grants")
def give(request: AnyRequest, group: FromPath[str], data: Form) -> Answer:
    """Give the group a role or one permission, everywhere or on one scope."""
    context = need_sign_in(request)
    try:
        new = ask(grants.NewGrant, holder=group, **typed_right(request, data))
        return perform(request, grants.give, new)
    except TenshuError as error:
        errors = {
            "right" if name in {"role", "permission"} else name or "right": text
            for name, text in field_errors(context.language, error).items()
        }
        typed = {name: str(data.get(name, "")) for name in ("right", "scope", "until")}
        return _group_page(request, group, errors, **typed, status=error.status)


@post("/groups/{group:str}/grants/{grant:str}/take")
def take(request: AnyRequest, group: FromPath[str], grant: FromPath[str]) -> Answer:
    """Take a right from the group."""
    return _perform(request, group, grants.take, grants.GrantRef, "", grant=grant)


@result_of(groups.create_group)
@result_of(groups.rename_group)
@result_of(groups.place_group)
def changed(_request: AnyRequest, result: group_rows.GroupRow) -> Answer:
    """Go to the group."""
    return go(f"/groups/{result.id}?notice=changed")


@result_of(group_members.add_member)
@result_of(group_members.remove_member)
def moved(request: AnyRequest, _result: Done) -> Answer:
    """Go back to the group."""
    return go(f"/groups/{confirmed_arguments(request)['group']}?notice=changed")


@result_of(groups.delete_group)
def deleted(_request: AnyRequest, _result: Done) -> Answer:
    """Go to the list."""
    return go("/groups?notice=deleted")


def is_group(context: Context, holder: str) -> bool:
    """Tell whether the holder of a grant is a group."""
    return any(one.id == holder for one in groups.list_groups(context, groups.GroupFilter()).items)


def _at(errors: dict[str, str], field: str) -> dict[str, str]:
    """Return errors so that what belongs to no field stands at the one that was typed into."""
    return {name or field: text for name, text in errors.items()}


def _perform(
    request: AnyRequest,
    group: str,
    operation: Operation[Any, Any],
    kind: type[msgspec.Struct],
    field: str,
    **values: str,
) -> Answer:
    """Run an operation on a group; an error shows on the group's page, at `field`."""
    context = need_sign_in(request)
    fixed = {"group": group} if "group" in kind.__struct_fields__ else {}
    try:
        return perform(request, operation, ask(kind, **fixed, **values))
    except TenshuError as error:
        found = field_errors(context.language, error)
        errors = {
            "right" if name in {"role", "permission"} else name or field: text
            for name, text in found.items()
        }
        return _group_page(request, group, errors, **values, status=error.status)


def _list_page(
    request: AnyRequest,
    *,
    q: str = "",
    sort: str = "",
    name: str = "",
    errors: dict[str, str] | None = None,
    status: int = 200,
    notice: str = "",
) -> Answer:
    context = need_sign_in(request)
    order = one_of(sort, group_rows.GroupSort)
    wanted = ask(groups.GroupFilter, search=q[:128], sort=order)
    return page(
        request,
        "console/groups.html",
        status=status,
        rows=groups.list_groups(context, wanted).items,
        q=q,
        sort=order,
        name=name,
        errors=errors or {},
        notice=notice,
        may_grant=context.actor.rights.allows(Permission.GRANTS_MANAGE),
    )


def _group_page(
    request: AnyRequest,
    group: str,
    errors: dict[str, str],
    choices: Mapping[str, Choices] | None = None,
    /,
    *,
    status: int = 200,
    notice: str = "",
    **typed: str,
) -> Answer:
    context = need_sign_in(request)
    found = groups.get_group(context, ask(groups.GroupRef, group=group))
    people = {"head": Choices(found.group.head_login_id), "login_id": Choices()}
    everything = groups.list_groups(context, groups.GroupFilter()).items
    return page(
        request,
        "console/group.html",
        status=status,
        found=found,
        choices={**people, **(choices or {})},
        below=[one for one in everything if one.parent == group],
        others=[one for one in everything if one.id != group],
        errors=errors,
        notice=notice,
        typed=typed,
        **right_words(context),
        may_grant=context.actor.rights.allows(Permission.GRANTS_MANAGE),
    )


def group_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [
        show_groups,
        make_group,
        show_group,
        rename,
        place,
        delete,
        add_member,
        remove_member,
        give,
        take,
    ]
