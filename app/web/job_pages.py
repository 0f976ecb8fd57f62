"""Background jobs: a list, and a page for each that can be left and found again."""

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from app.evidence.operations import MAKE as EVIDENCE
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
from app.web.asking import AnyRequest, language_of, plane_of
from app.web.names import FIELDS, JOB_KINDS, explain_code
from app.web.pages import Answer, ask, go, need_sign_in, page, perform, result_of
from app.web.routing import get, post


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
    return _job_page(request, found, "web/job.html")


@get("/jobs/{job:str}/progress")
def show_progress(request: AnyRequest, job: FromPath[str]) -> Answer:
    """Return the job's progress alone, for a page that refreshes it."""
    found = get_job(need_sign_in(request), ask(GetJob, job=job))
    return _job_page(request, found, "web/job_progress.html")


@post("/jobs/{job:str}/cancel")
def stop_job(request: AnyRequest, job: FromPath[str]) -> Answer:
    """Ask a job to stop."""
    need_sign_in(request)
    return perform(request, cancel_job, ask(CancelJob, job=job))


@result_of(cancel_job)
def stopped(_request: AnyRequest, result: JobView) -> Answer:
    """Go back to the job's page."""
    return go(f"/jobs/{result.id}")


def _job_page(request: AnyRequest, job: JobView, template: str) -> Answer:
    return page(
        request,
        template,
        job=job,
        result_page=result_page(job, plane_of(request)),
        kinds=JOB_KINDS,
        fields=FIELDS,
        problem=_problem(language_of(request), job),
    )


def _problem(language: str, job: JobView) -> str:
    """Return in words what ended a job; nothing where it went well."""
    return explain_code(language, job.error, job.error_parameters) if job.error else ""


def result_page(job: JobView, plane: Plane) -> str:
    """Return the address of what a finished job has made; empty where it made nothing to see."""
    if plane is Plane.CONSOLE:
        if job.kind == EVIDENCE and job.result:
            return "/history/evidence"
        return "/accounts" if job.kind == PEOPLE and job.result else ""
    table = (job.result or {}).get("table")
    return f"/tables/{table}" if table else ""


def job_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_jobs, show_job, show_progress, stop_job]
