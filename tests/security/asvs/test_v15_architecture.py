"""V15: parts of others, what takes long, and what answers hold."""

import json
import re

import msgspec.inspect
import pytest
from sqlmodel import SQLModel

from app.core.settings import load_settings
from app.operations.context import Plane
from app.operations.registry import all_operations
from app.web.gate import Gate
from app.web.shared_pages import shared_pages
from tests import parts
from tests.running import ROOT
from tests.security.asvs import written
from tests.security.walk import addresses
from tests.unit.test_operations_declared import structs


def test_the_page_of_dependencies_states_times_for_updates_ASVS_15_1_1() -> None:
    rows = written.rows(written.section("dependencies.md", "Times"))
    assert [row[0].partition(",")[0] for row in rows] == ["critical", "high", "medium", "low"]
    days = [
        [int(found[0]) for cell in row[1:] if (found := re.match(r"\d+", cell))] for row in rows
    ]
    reachable = [row[0] for row in days]
    assert reachable == sorted(reachable), "the worse, the sooner"
    assert reachable[0] <= 7
    text = written.section("dependencies.md", "Times")
    assert "at least once a quarter" in text
    locked = {name for name, *_ in parts.python_parts()} | {name for name, *_ in parts.page_parts()}
    careful = set(re.findall(r"`([\w.-]+)`", text.rpartition("most care")[2]))
    assert len(careful) >= 8
    assert careful <= locked


def test_the_list_of_parts_is_that_of_the_locks_ASVS_15_1_2() -> None:
    listed = (ROOT / "docs/reference/parts.json").read_text()
    assert listed == parts.compose(), "python -m tests.parts"
    told = json.loads(listed)
    assert (told["bomFormat"], told["specVersion"]) == ("CycloneDX", "1.6")
    names = {part["name"] for part in told["components"]}
    lock = (ROOT / "requirements/runtime.txt").read_text()
    assert set(re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)) <= names
    assert {"htmx.org", "uplot", "borgbackup", "python3"} <= names
    for part in told["components"]:
        assert re.match(r"pkg:(pypi|npm|deb)/", part["purl"]), part
        assert part["hashes"] or part["purl"].startswith("pkg:deb/"), part


def test_the_page_of_limits_names_what_takes_long_ASVS_15_1_3() -> None:
    rows = written.rows(written.section("limits.md", "What takes long or much"))
    told = " ".join(row[0].lower() for row in rows)
    for word in ("import", "export", "search", "password", "history", "backup", "keys", "disk"):
        assert word in told
    assert all(len(row[1]) > 20 for row in rows)


def test_no_result_is_a_row_of_the_database_ASVS_15_3_1() -> None:
    """Results are structs of their own: a column that is added is not shown by itself."""
    walked = 0
    for operation in all_operations():
        for struct in structs(msgspec.inspect.type_info(operation.result_type)):
            walked += 1
            assert not issubclass(struct, SQLModel), operation.name
    assert walked > 100
    for path, source in written.sources():
        if path.startswith(("app/web/", "app/console/", "app/workspace/")):
            assert "model_dump" not in source, path


@pytest.mark.parametrize("plane", [Plane.CONSOLE, Plane.WORKSPACE])
def test_the_gallery_of_components_is_no_page_of_a_plane_ASVS_15_2_3(
    planes: dict[Plane, Gate], plane: Plane
) -> None:
    assert "/design" not in {each.path for each in addresses(planes[plane])}


def test_the_gallery_is_there_where_a_setting_asks_for_it() -> None:
    def paths(*, gallery: bool) -> set[str]:
        made = load_settings({"TENSHU_GALLERY": str(int(gallery))})
        return {path for each in shared_pages(made) for path in each.paths}

    assert paths(gallery=True) - paths(gallery=False) == {"/design"}
