"""V5: what may be uploaded, as docs/security/limits.md says."""

import io
import time
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from app.files import packed as workbooks_packed
from app.files import workbooks
from app.files.errors import UnreadableWorkbook, WorkbookTooLarge
from app.operations.context import Plane
from tests.security.asvs import written
from tests.security.conftest import Seat


def test_the_page_of_limits_says_what_may_be_uploaded_ASVS_5_1_1(seat: Seat) -> None:
    """Kinds, endings, sizes and what becomes of a bad file; and the bad ones are refused so."""
    text = written.section("limits.md", "Uploads")
    for word in (
        "`.csv`",
        "measured before it is unpacked",
        "never served",
        "refused with the reason",
    ):
        assert word in text
    assert len(dict(written.values(text))) == len(written.rows(text)) == 18
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


def packed(parts: dict[str, bytes]) -> io.BytesIO:
    """Return an archive with these parts."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    return made


def test_a_workbook_is_measured_before_it_is_unpacked_ASVS_5_2_3(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By what all its parts unpack to, and by their number."""
    bomb = packed({"xl/worksheets/sheet1.xml": b" " * (workbooks_packed.LARGEST + 1)})
    assert len(bomb.getvalue()) < 1_000_000
    many = packed(dict.fromkeys(map(str, range(workbooks_packed.MOST_PARTS + 1)), b""))

    def unpack(*_: object) -> None:
        raise AssertionError("unpacked")

    monkeypatch.setattr(workbooks.CalamineWorkbook, "from_filelike", unpack, raising=False)
    monkeypatch.setattr(workbooks, "_sheets", unpack)
    for each in (bomb, many):
        with pytest.raises(WorkbookTooLarge):
            workbooks.read_rows(each, "bomb.xlsx")
    with pytest.raises(AssertionError, match="unpacked"):
        workbooks.read_rows(packed({"xl/workbook.xml": b"<x/>"}), "small.xlsx")


def with_texts(texts: str) -> io.BytesIO:
    """Return a workbook of one cell whose part of shared texts is replaced."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        book.add_worksheet().write_string(0, 0, "cell")
    with zipfile.ZipFile(made) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert b"cell" in parts["xl/sharedStrings.xml"]
    return packed(parts | {"xl/sharedStrings.xml": texts.encode()})


def test_a_workbook_resolves_no_external_entity_and_swells_by_none_ASVS_1_5_1(
    tmp_path: Path,
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("S3CRET")
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    body = (
        '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" count="1"'
        ' uniqueCount="1"><si><t>a{}b</t></si></sst>'
    )
    assert workbooks.read_rows(with_texts(head + body.format(""))) == [["ab"]]
    laughs = "".join(f'<!ENTITY l{number} "{f"&l{number - 1};" * 10}">' for number in range(1, 12))
    for doctype, entity in (
        (f'<!DOCTYPE sst [<!ENTITY x SYSTEM "file://{secret}">]>', "&x;"),
        (f'<!DOCTYPE sst [<!ENTITY % p SYSTEM "file://{secret}"> %p;]>', ""),
        (f'<!DOCTYPE sst SYSTEM "file://{secret}">', ""),
        (f'<!DOCTYPE sst [<!ENTITY l0 "ha">{laughs}]>', "&l11;"),
    ):
        began = time.process_time()
        try:
            rows = workbooks.read_rows(with_texts(head + doctype + body.format(entity)))
        except UnreadableWorkbook:
            rows = []
        told = repr(rows)
        assert "S3CRET" not in told
        assert len(told) < 100
        assert time.process_time() - began < 2


@pytest.mark.parametrize("heading", ["Uploads"])
def test_the_pages_headings_are_found_by_this_check(heading: str) -> None:
    with pytest.raises(AssertionError):
        written.section("limits.md", heading + " of another kind")
