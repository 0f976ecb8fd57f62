"""The API answers as its document and HTTP say (V6, V7): what scans once found stays found."""

import msgspec
import pytest

from app.operations.context import Plane
from app.operations.download import Download
from app.web.api import offered, send_download
from app.web.openapi import document
from app.web.schema import IN_PATH, IN_QUERY

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("TRACE", "/api/v1/events", {"GET"}),
        ("PUT", "/api/v1/accounts", {"GET", "POST"}),
        ("TRACE", "/sign-in", {"GET", "POST"}),
        ("TRACE", "/api/v1/nowhere", set()),
    ],
)
def test_what_is_no_method_of_an_address_is_told_those_that_are_V7(stranger, method, path, allowed):
    answer = stranger.request(method, path)
    if method == "TRACE" or allowed:
        assert answer.status_code == 405
    assert set(filter(None, answer.headers["allow"].split(", "))) - {"HEAD"} == allowed


def test_the_document_says_which_texts_an_address_takes_V7():
    get = document(Plane.CONSOLE)["paths"]["/api/v1/events/{event}"]["get"]
    assert [each["schema"]["pattern"] for each in get["parameters"]] == [IN_PATH]
    listed = document(Plane.CONSOLE)["paths"]["/api/v1/events"]["get"]
    texts = {each["name"]: each["schema"] for each in listed["parameters"]}
    assert texts["text"]["pattern"] == IN_QUERY
    assert "pattern" not in texts["limit"]


def test_the_document_says_that_values_are_named_by_numbers_V6():
    path = "/api/v1/tables/{table}/records"
    body = document(Plane.WORKSPACE)["paths"][path]["post"]["requestBody"]
    values = body["content"]["application/json"]["schema"]["properties"]["values"]
    assert values["propertyNames"]["pattern"].startswith("^[1-9]")


def test_a_download_that_breaks_off_says_why_in_the_log(caplog):
    def chunks():
        yield b"one"
        raise OSError(28, "no space")

    stream = send_download(Download("a.csv", "text/csv", chunks())).iterator
    assert next(stream) == b"one"
    with pytest.raises(OSError, match="no space"):
        next(stream)
    assert "the download of a.csv broke off" in caplog.text


def listed(field: str) -> list[str]:
    """Return the addresses of the console's lists that take this field."""
    return [
        each.route.path
        for each in offered(Plane.CONSOLE)
        if each.route is not None
        and each.route.method == "GET"
        and "{" not in each.route.path
        and field in {one.name for one in msgspec.structs.fields(each.request_type)}
    ]


@pytest.mark.parametrize("field", ["after", "sort"])
@pytest.mark.parametrize("nonsense", ["nonsense", "-", "~", "0" * 28, "bmFtZQ==", "1,2", "名"])
def test_a_place_or_an_order_that_a_list_does_not_have_is_no_fault_V6(admin, field, nonsense):
    paths = listed(field)
    assert len(paths) >= 7
    for path in paths:
        answer = admin.get(f"/api/v1{path}", params={field: nonsense})
        assert answer.status_code < 500, (path, answer.text)
        if field == "sort":
            assert answer.status_code >= 400, path
