"""A process that is killed while it writes its coverage spoils no report, and hides in none."""

from pathlib import Path

import pytest
from coverage import CoverageData

from tests.damaged_coverage import MOST, main


def write(folder: Path, name: str) -> Path:
    path = folder / f".coverage.{name}"
    data = CoverageData(str(path))
    data.add_lines({f"/app/module{number}.py": range(1, 400, 3) for number in range(200)})
    data.write()
    data.close()
    return path


def tear(file: Path) -> None:
    """Leave of a file what was written of it before the kill."""
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def test_a_torn_file_is_named_and_removed_and_whole_ones_stay(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, torn, empty = (write(tmp_path, name) for name in ("whole", "torn", "empty"))
    tear(torn)
    empty.write_bytes(b"")
    assert main(tmp_path) == 0
    assert torn.name in capsys.readouterr().out
    assert sorted(tmp_path.iterdir()) == sorted([whole, empty])


def test_more_torn_files_than_a_run_can_have_are_a_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(MOST + 1):
        tear(write(tmp_path, str(number)))
    assert main(tmp_path) == 1
    assert f"{MOST + 1} are damaged" in capsys.readouterr().out
