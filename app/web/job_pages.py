"""Background jobs: a list, and a page for each that can be left and found again."""

from typing import Any, Final

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from app.core.messages import mark
from app.evidence.operations import MAKE as EVIDENCE
from app.jobs.models import JobState
from app.jobs.operations import (
    CancelJob,
    GetJob,
    ListJobs,
    cancel_job,
    get_job,
    list_jobs,
)
from app.jobs.view import JobView
from app.operations.context import Plane
from app.operations.permissions import Permission
from app.people.operations.importing import IMPORT as PEOPLE
from app.people.plan import Kind
from app.web.asking import AnyRequest, language_of, plane_of
from app.web.error_words import explain_code, explain_remedy
from app.web.names import FIELDS, JOB_KINDS
from app.web.pages import Answer, ask, go, need_sign_in, page, part, perform, result_of
from app.web.routing import get, post

NEXT_STEPS: Final = {
    (Plane.CONSOLE, EVIDENCE): ("/history/evidence", mark("Ask for the evidence again")),
    (Plane.CONSOLE, PEOPLE): ("/people", mark("Import the list again")),
    (Plane.CONSOLE, "privacy.forget"): ("/disclosures", mark("Look at what is still kept")),
    (Plane.CONSOLE, "privacy.search"): ("/disclosures", mark("Search again")),
    (Plane.CONSOLE, "tables.remove_outdated"): ("/settings/retention", mark("Look at retention")),
    (Plane.WORKSPACE, "tables.import"): ("/", mark("Import the table again")),
    (Plane.WORKSPACE, "tables.merge"): ("/", mark("Import the rows again")),
    (Plane.WORKSPACE, "tables.export"): ("/", mark("Export again")),
    (Plane.WORKSPACE, "tables.revert"): ("/", mark("Take the change back again")),
}
"""Plane and kind of a job → where it is begun again, where it did not end well."""


@get("/jobs")
def show_jobs(request: AnyRequest, after: FromQuery[str] = "") -> Answer:
    """List jobs: everybody's for those who may see them, else one's own."""
    context = need_sign_in(request)
    everybody = context.actor.rights.allows(Permission.JOBS_VIEW)
    found = list_jobs(context, ask(ListJobs, everybody=everybody, after=after))
    return page(
        request,
        "web/jobs.html",
        jobs=found.items,
        after=found.after,
        kinds=JOB_KINDS,
    )


@get("/jobs/{job:str}")
def show_job(request: AnyRequest, job: FromPath[str]) -> Answer:
    """Show one job."""
    found = get_job(need_sign_in(request), ask(GetJob, job=job))
    return page(request, "web/job.html", **_shown(request, found))


@get("/jobs/{job:str}/progress")
def show_progress(request: AnyRequest, job: FromPath[str]) -> Answer:
    """Return the job's progress alone, for a page that refreshes it."""
    found = get_job(need_sign_in(request), ask(GetJob, job=job))
    shown = _shown(request, found)
    return part(request, "web/job_progress.html", whole=f"/jobs/{found.id}", **shown)


@post("/jobs/{job:str}/cancel")
def stop_job(request: AnyRequest, job: FromPath[str]) -> Answer:
    """Ask a job to stop."""
    need_sign_in(request)
    return perform(request, cancel_job, ask(CancelJob, job=job))


@result_of(cancel_job)
def stopped(_request: AnyRequest, result: JobView) -> Answer:
    """Go back to the job's page."""
    return go(f"/jobs/{result.id}")


def _shown(request: AnyRequest, job: JobView) -> dict[str, Any]:
    """Return what the pages of a job show."""
    language, plane = language_of(request), plane_of(request)
    return {
        "job": job,
        "result_page": result_page(job, plane),
        "results": result_links(job, plane),
        "errors_page": errors_page(job, plane),
        "kinds": JOB_KINDS,
        "fields": FIELDS,
        "problem": explain_code(language, job.error, job.error_parameters) if job.error else "",
        "remedy": explain_remedy(language, job.error, job.error_parameters),
        "next_step": next_step(job, plane),
    }


def result_page(job: JobView, plane: Plane) -> str:
    """Return the address of what a finished job has made; empty where it made nothing to see."""
    made = job.result or {}
    if plane is Plane.WORKSPACE:
        shown = f"/tables/{made['table']}" if made.get("table") else ""
        return f"{shown}/history" if shown and job.kind == "tables.revert" else shown
    if disclosure := made.get("disclosure"):
        return f"/disclosures/{disclosure}"
    return {EVIDENCE: "/history/evidence", PEOPLE: "/accounts"}.get(job.kind, "") if made else ""


def errors_page(job: JobView, plane: Plane) -> str:
    """Return where the rows that did not fit are handed out; empty where none are kept."""
    made = job.result or {}
    table = made.get("table") or made.get("refused_table")
    if plane is not Plane.WORKSPACE or not table or made.get("dry"):
        return ""
    return f"/tables/{table}/import/errors" if job.numbers.get("rejected") else ""


def result_links(job: JobView, plane: Plane) -> list[tuple[str, str]]:
    """Return where to go from a finished job, and the words for it: what is to be done first.

    Whom an import made cannot sign in before somebody hands the invitations out.
    """
    shown = result_page(job, plane)
    if job.kind == PEOPLE and shown:
        invite = [("/invitations", mark("Hand out the invitations"))]
        made = (job.result or {})["counts"].get(Kind.NEW.value, 0)
        return [*(invite if made else []), (shown, mark("Show the accounts"))]
    made = job.result or {}
    if job.kind == "tables.revert" and made and job.numbers.get("left"):
        left = f"/tables/{made['table']}/changes/{made['what']}"
        return [(left, mark("Look at what was left")), (shown, mark("Show the change history"))]
    if made.get("dry"):
        back = f"{shown}/import/{made['upload']}/check?{made['query']}"
        return [(back, mark("Go on with the import")), (shown, mark("Show the table"))]
    return [(shown, mark("Show the result"))] if shown else []


def next_step(job: JobView, plane: Plane) -> tuple[str, str]:
    """Return where a job that did not end well is begun again, and the word for it, or nothing."""
    ended_badly = job.state in (JobState.FAILED, JobState.CANCELLED)
    return NEXT_STEPS.get((plane, job.kind), ("", "")) if ended_badly else ("", "")


def job_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_jobs, show_job, show_progress, stop_job]
