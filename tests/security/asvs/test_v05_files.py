"""V5: what may be uploaded, as docs/security/limits.md says."""

import io
import zipfile

import pytest

from app.operations.context import Plane
from tests.security.asvs import written
from tests.security.conftest import Seat


def test_the_page_of_limits_says_what_may_be_uploaded_ASVS_5_1_1(seat: Seat) -> None:
    """Kinds, endings, sizes and what becomes of a bad file; and the bad ones are refused so."""
    text = written.section("limits.md", "Uploads")
    for word in ("`.csv`", "Nothing is unpacked", "never served", "refused with the reason"):
        assert word in text
    assert len(dict(written.values(text))) == 3
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("xl/workbook.xml", "<x/>")
    staff = seat("staff", Plane.WORKSPACE)
    for name, body in (
        ("book.csv", archive.getvalue()),
        ("paper.csv", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3"),
        ("program.csv", b"\x7fELF" + bytes(64)),
        ("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(64)),
        ("empty.csv", b""),
    ):
        sent = staff.post("/uploads", files={"file": (name, body, "text/csv")})
        shown = staff.get(sent.headers["location"]) if sent.status_code == 303 else sent
        assert shown.status_code == 422, (name, shown.status_code)
    assert staff.get("/api/v1/tables").json()["tables"] == []


@pytest.mark.parametrize("heading", ["Uploads"])
def test_the_pages_headings_are_found_by_this_check(heading: str) -> None:
    with pytest.raises(AssertionError):
        written.section("limits.md", heading + " of another kind")
