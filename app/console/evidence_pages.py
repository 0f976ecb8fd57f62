"""Evidence for a period: asked for, watched, taken away."""

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Final

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from app.core.errors import TenshuError
from app.evidence import operations as evidence
from app.jobs.operations import ListJobs, list_jobs
from app.jobs.view import JobView
from app.operations.operation import NoRequest
from app.operations.permissions import Permission
from app.web.asking import AnyRequest
from app.web.days import day_begins, day_is_over, day_of
from app.web.error_words import explain_code
from app.web.pages import Answer, ask, field_errors, go, need_sign_in, page, perform, result_of
from app.web.routing import get, post
from app.web.shared_pages import Form

LAST: Final = 253_402_128_000_000
"""30 December 9999 (ms): a calendar ends there; the API may ask for evidence up to any moment."""


@get("/history/evidence")
def show_evidence(request: AnyRequest) -> Answer:
    """Show the form, and what was made in the last days."""
    asked = {name: request.query_params.get(name, "") for name in ("from", "to")}
    return _evidence_page(request, asked, {})


@post("/history/evidence")
def make_evidence(request: AnyRequest, data: Form) -> Answer:
    """Have the evidence made."""
    context = need_sign_in(request)
    typed = {name: str(data.get(name, "")).strip() for name in ("from", "to")}
    try:
        since = day_begins(request, "from", typed["from"])
        until = day_is_over(request, "to", typed["to"])
        wanted = ask(evidence.EvidenceWanted, since=since, until=until)
        return perform(request, evidence.make, wanted)
    except TenshuError as error:
        names = {"since": "from", "until": "to"}
        found = field_errors(context.language, error)
        errors = {names.get(name, name): text for name, text in found.items()}
        return _evidence_page(request, typed, errors, error.status)


@result_of(evidence.make)
def making(_request: AnyRequest, result: evidence.EvidenceAsked) -> Answer:
    """Go to the job."""
    return go(f"/jobs/{result.job}")


@post("/history/evidence/{job:str}/download")
def download(request: AnyRequest, job: FromPath[str]) -> Answer:
    """Send the file."""
    need_sign_in(request)
    return perform(request, evidence.download, ask(evidence.OneEvidence, job=job))


def _evidence_page(
    request: AnyRequest, typed: dict[str, str], errors: dict[str, str], status: int = 200
) -> Answer:
    context = need_sign_in(request)
    context.require(Permission.AUDIT_EXPORT)
    mine = list_jobs(context, ask(ListJobs, limit=200)).items
    made = [job for job in mine if job.kind == evidence.MAKE]
    return page(
        request,
        "console/evidence.html",
        status=status,
        typed=typed,
        errors=errors,
        made=made,
        periods=dict(_periods(request, made)),
        problems={
            job.id: explain_code(context.language, job.error, job.error_parameters)
            for job in made
            if job.error
        },
        fingerprints=evidence.show_fingerprints(context, NoRequest()).fingerprints,
    )


def _periods(
    request: AnyRequest, made: Iterable[JobView]
) -> Iterator[tuple[str, tuple[dt.date, dt.date]]]:
    """Give for each evidence that is ready its first and its last day."""
    for job in made:
        if job.result and "until" in job.result:
            ends = (job.result["since"], job.result["until"] - 1)
            shown = (day_of(request, min(end, LAST)) for end in ends)
            first, last = map(dt.date.fromisoformat, shown)
            yield job.id, (first, last)


def evidence_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_evidence, make_evidence, download]
