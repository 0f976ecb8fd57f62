"""Backups: repository, key kit, the run with its progress, archives."""

from typing import Any

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from app.backups.errors import NoKeyKit
from app.backups.operations import kit as kits
from app.backups.operations import repositories, runs
from app.core.errors import TenshuError
from app.core.messages import explain
from app.machine.errors import MachineError
from app.operations.operation import NoRequest
from app.operations.permissions import Permission
from app.web.asking import AnyRequest
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


@get("/backups")
def show_backups(request: AnyRequest) -> Answer:
    """Show repositories and runs; the first step where there is none.

    What each repository holds is asked for by the page itself: a disk that hangs delays nothing.
    """
    context = need_sign_in(request)
    kit = kits.kit_state(context, NoRequest())
    try:
        found = repositories.list_repositories(context, NoRequest()).repositories
        latest = runs.list_runs(context, runs.ListOfRuns()).runs[:20]
    except MachineError as error:
        message, hint = explain(context.language, error)
        return page(
            request, "console/backups.html", kit=kit, shown=[], runs=[], problem=message, hint=hint
        )
    return page(
        request, "console/backups.html", kit=kit, shown=found, runs=latest, problem="", hint=""
    )


@get("/backups/new")
def show_new_repository(request: AnyRequest) -> Answer:
    """Show the form for a repository."""
    need_sign_in(request).require(Permission.BACKUPS_MANAGE)
    return page(request, "console/backup_new.html", values={}, errors={})


@post("/backups/new")
def make_repository(request: AnyRequest, data: Form) -> Answer:
    """Make the repository."""
    context = need_sign_in(request)
    try:
        wanted = read_form(repositories.NewRepository, data)
        return perform(request, repositories.create_repository, wanted)
    except TenshuError as error:
        return page(
            request,
            "console/backup_new.html",
            status=error.status,
            values=data,
            errors=field_errors(context.language, error),
        )


@result_of(repositories.create_repository)
def made(request: AnyRequest, _result: Repository) -> Answer:
    """Show the key kit after the first repository, else the list."""
    kit = kits.kit_state(need_sign_in(request), NoRequest())
    return go("/backups" if kit.kept else "/backups/kit")


@get("/backups/kit")
def show_kit(request: AnyRequest) -> Answer:
    """Show the key kit, until somebody keeps it."""
    return _kit_page(request, {})


@post("/backups/kit")
def keep_kit(request: AnyRequest, data: Form) -> Answer:
    """Take the proof that the kit stands on paper."""
    context = need_sign_in(request)
    try:
        kits.keep_kit(context, ask(kits.KitEnd, end=str(data.get("end", ""))))
    except TenshuError as error:
        return _kit_page(request, field_errors(context.language, error), error.status)
    return go("/backups")


@get("/backups/kit/new")
def show_kit_renewal(request: AnyRequest) -> Answer:
    """Say what a new key kit means, before it is made."""
    context = need_sign_in(request)
    context.require(Permission.BACKUPS_MANAGE)
    kit = kits.kit_state(context, NoRequest())
    return page(request, "console/kit_new.html", kit=kit) if kit.made else go("/backups/new")


@post("/backups/kit/new")
def renew_kit(request: AnyRequest) -> Answer:
    """Make the new key kit."""
    need_sign_in(request)
    return perform(request, kits.renew_kit, NoRequest())


@result_of(kits.renew_kit)
def renewed(_request: AnyRequest, _result: kits.KitRenewed) -> Answer:
    """Show the new key kit."""
    return go("/backups/kit")


def _kit_page(request: AnyRequest, errors: dict[str, str], status: int = 200) -> Answer:
    try:
        kit = kits.show_kit(need_sign_in(request), NoRequest())
    except NoKeyKit:
        return go("/backups")
    groups = kit.text.reveal().split(" ")
    lines = [" ".join(groups[at : at + 4]) for at in range(0, len(groups), 4)]
    return page(
        request,
        "console/backup_kit.html",
        status=status,
        lines=lines,
        qr=kit.qr.reveal(),
        number=kit.number,
        errors=errors,
    )


@post("/backups/repositories/{repository:str}/run")
def start_backup(request: AnyRequest, repository: FromPath[str]) -> Answer:
    """Start a backup."""
    need_sign_in(request)
    return perform(request, runs.run_backup, ask(repositories.OneRepository, repository=repository))


@post("/backups/repositories/{repository:str}/check")
def start_check(request: AnyRequest, repository: FromPath[str]) -> Answer:
    """Start a check of every byte."""
    need_sign_in(request)
    return perform(
        request, runs.check_repository, ask(repositories.OneRepository, repository=repository)
    )


@result_of(runs.run_backup)
@result_of(runs.check_repository)
def started(_request: AnyRequest, result: Run) -> Answer:
    """Go to the run."""
    return go(f"/backups/runs/{result.id}")


@get("/backups/runs/{run:str}")
def show_run(request: AnyRequest, run: FromPath[str]) -> Answer:
    """Show one run."""
    return page(request, "console/backup_run.html", **_run(request, run))


@get("/backups/runs/{run:str}/progress")
def show_run_progress(request: AnyRequest, run: FromPath[str]) -> Answer:
    """Return the run's progress alone, for a page that refreshes it."""
    shown = _run(request, run)
    place = f"/backups/runs/{run}"
    return part(request, "console/backup_run_progress.html", whole=place, **shown)


@post("/backups/runs/{run:str}/cancel")
def stop_run(request: AnyRequest, run: FromPath[str]) -> Answer:
    """Ask a run to end."""
    need_sign_in(request)
    return perform(request, runs.cancel_run, ask(runs.OneRun, run=run))


@result_of(runs.cancel_run)
def stopped(_request: AnyRequest, result: Run) -> Answer:
    """Go back to the run."""
    return go(f"/backups/runs/{result.id}")


def _run(request: AnyRequest, run: str) -> dict[str, Any]:
    """Return what the pages of a run show."""
    context = need_sign_in(request)
    found = runs.get_run(context, ask(runs.OneRun, run=run))
    problem = " ".join(explain(context.language, MachineError(found.error))) if found.error else ""
    return {"run": found, "problem": problem}


def backup_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [
        show_backups,
        show_new_repository,
        make_repository,
        show_kit,
        keep_kit,
        show_kit_renewal,
        renew_kit,
        start_backup,
        start_check,
        show_run,
        show_run_progress,
        stop_run,
    ]
