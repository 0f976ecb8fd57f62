"""One backup repository: what it holds, connected again after a restore, and how it leaves."""

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from app.backups.errors import NameDiffers
from app.backups.operations import removal, repositories
from app.core.errors import TenshuError
from app.core.messages import explain
from app.machine.errors import MachineError
from app.operations.errors import Refused
from app.operations.permissions import Permission
from app.web.asking import AnyRequest, language_of
from app.web.design.formatting import format_size
from app.web.pages import (
    Answer,
    ask,
    field_errors,
    go,
    need_sign_in,
    page,
    part,
    perform,
    read_form,
    result_of,
)
from app.web.routing import get, post
from app.web.shared_pages import Form
from appliance.contract.actions import Repository
from appliance.contract.runs import Run


@get("/backups/repositories/{repository:str}/archives")
def show_archives(request: AnyRequest, repository: FromPath[str]) -> Answer:
    """Return what a repository holds, or why that cannot be read, for the page of backups."""
    context = need_sign_in(request)
    wanted = ask(repositories.ListOfArchives, repository=repository)
    held, problem, hint = None, "", ""
    try:
        held = repositories.list_archives(context, wanted)
    except MachineError as error:
        problem, hint = explain(context.language, error)
    return part(
        request,
        "console/backup_archives.html",
        whole="/backups",
        repository=wanted.repository,
        held=held,
        problem=problem,
        hint=hint,
    )


@get("/backups/repositories/{repository:str}/connect")
def show_connection(request: AnyRequest, repository: FromPath[str]) -> Answer:
    """Show the form that connects a repository of before the restore."""
    return _connection_page(request, repository, {}, {})


@post("/backups/repositories/{repository:str}/connect")
def connect(request: AnyRequest, repository: FromPath[str], data: Form) -> Answer:
    """Connect it."""
    context = need_sign_in(request)
    try:
        wanted = read_form(repositories.ConnectedRepository, data, repository=repository)
        repositories.connect_repository(context, wanted)
    except Refused:
        raise
    except TenshuError as error:
        errors = field_errors(context.language, error)
        if isinstance(error, MachineError) and "" in errors:
            errors = {"folder": errors[""]}  # all of them are about what stands there
        return _connection_page(request, repository, data, errors, error.status)
    return go("/backups")


@get("/backups/repositories/{repository:str}/remove")
def show_removal(request: AnyRequest, repository: FromPath[str]) -> Answer:
    """Show what leaves, and the two ways: off the list, or destroyed."""
    return _removal_page(request, repository, {})


@post("/backups/repositories/{repository:str}/forget")
def forget(request: AnyRequest, repository: FromPath[str]) -> Answer:
    """Take the repository off the list."""
    context = need_sign_in(request)
    context.require(Permission.BACKUPS_MANAGE)
    found = removal.find_repository(context, _identifier(repository))
    wanted = ask(removal.NamedRepository, repository=found.id, name=found.name)
    return perform(request, removal.forget_repository, wanted)


@result_of(removal.forget_repository)
def forgotten(_request: AnyRequest, _result: Repository) -> Answer:
    """Go back to the list."""
    return go("/backups")


@post("/backups/repositories/{repository:str}/delete")
def delete(request: AnyRequest, repository: FromPath[str], data: Form) -> Answer:
    """Ask for the deletion, once the name is typed as it is."""
    context = need_sign_in(request)
    loss = removal.describe_loss(context, ask(repositories.OneRepository, repository=repository))
    if str(data.get("name", "")) != loss.repository.name:
        wrong = {"name": field_errors(context.language, NameDiffers())[""]}
        return _removal_page(request, repository, wrong, NameDiffers.status, data)
    wanted = ask(
        removal.DoomedRepository,
        repository=loss.repository.id,
        name=loss.repository.name,
        archives=loss.archives,
        newest=loss.newest.name if loss.newest else "",
        size=format_size(loss.stored_bytes, language_of(request)) if loss.stored_bytes else "",
    )
    return perform(request, removal.delete_repository, wanted)


@result_of(removal.delete_repository)
def deleting(_request: AnyRequest, result: Run) -> Answer:
    """Go to the run."""
    return go(f"/backups/runs/{result.id}")


def _removal_page(
    request: AnyRequest,
    repository: str,
    errors: dict[str, str],
    status: int = 200,
    typed: dict[str, str] | None = None,
) -> Answer:
    context = need_sign_in(request)
    loss = removal.describe_loss(context, ask(repositories.OneRepository, repository=repository))
    return page(
        request,
        "console/repository_remove.html",
        status=status,
        loss=loss,
        errors=errors,
        typed=typed or {},
    )


def _connection_page(
    request: AnyRequest,
    repository: str,
    typed: dict[str, str],
    errors: dict[str, str],
    status: int = 200,
) -> Answer:
    context = need_sign_in(request)
    context.require(Permission.BACKUPS_MANAGE)
    return page(
        request,
        "console/repository_connect.html",
        status=status,
        one=removal.find_repository(context, _identifier(repository)),
        typed=typed,
        errors=errors,
    )


def _identifier(repository: str) -> str:
    return ask(repositories.OneRepository, repository=repository).repository


def repository_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_archives, show_connection, connect, show_removal, forget, delete]
