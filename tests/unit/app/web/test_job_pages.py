"""Where a finished job leads."""

from typing import Any

import pytest

from app.jobs.models import JobState
from app.jobs.view import JobView
from app.operations.context import Plane
from app.web.job_pages import result_links


def finished(kind: str, result: dict[str, Any]) -> JobView:
    values = dict.fromkeys(JobView.__struct_fields__, "") | {"state": JobState.DONE}
    return JobView(**{**values, "kind": kind, "result": result})


@pytest.mark.parametrize(
    ("counts", "places"),
    [
        ({"new": 2, "moved": 1}, ["/invitations", "/accounts"]),
        ({"moved": 1}, ["/accounts"]),
    ],
)
def test_after_an_import_the_invitations_come_first_where_somebody_is_new_F1(
    counts: dict[str, int], places: list[str]
) -> None:
    job = finished("people.import", {"counts": counts, "faulty": 0, "upload": ""})
    assert [href for href, _ in result_links(job, Plane.CONSOLE)] == places


def test_other_jobs_lead_to_what_they_made_if_anything() -> None:
    table = finished("tables.import", {"table": "12"})
    assert [href for href, _ in result_links(table, Plane.WORKSPACE)] == ["/tables/12"]
    found = finished("privacy.search", {"disclosure": "d1", "rows": 9, "found": 2})
    assert [href for href, _ in result_links(found, Plane.CONSOLE)] == ["/disclosures/d1"]
    assert result_links(finished("privacy.forget", {}), Plane.CONSOLE) == []
