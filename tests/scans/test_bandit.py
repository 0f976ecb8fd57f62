"""bandit reads our source for what is dangerous in Python (V4, V8)."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import ROOT
from tests.scans.scanner import run, told

EXPLAINED = {
    ("app/services/tables/bulk_writing.py", "B608"): "names of tables and columns are numbers",
    ("app/start/knocking.py", "B104"): "compares with the wildcard, does not bind to it",
    ("app/start/control.py", "B411"): "speaks to our own supervisor over its socket",
    ("app/start/processes.py", "B411"): "speaks to our own supervisor over its socket",
    ("app/web/design/environment.py", "B704"): "a time in our own words",
    ("app/web/design/icons.py", "B704"): "a file of the icon set, by a name of letters",
    ("appliance/machine/facts.py", "B104"): "where the edge listens; the filter says who comes in",
    ("appliance/backup/database.py", "B608"): "names from the database itself, quoted",
}
"""What was looked at and is no fault. Whatever is not listed fails."""
SOURCES = ("app", "appliance", "cli")
PLANTED = "import subprocess\n\n\ndef run(text):\n    return subprocess.run(text, shell=True)\n"


def bandit(folder: Path, *sources: str) -> tuple[subprocess.CompletedProcess[str], dict]:
    report = folder / "report.json"
    options = ("-q", "-r", "-ll", "-f", "json", "-o", str(report))
    done = run([sys.executable, "-m", "bandit", *options, *sources], folder, seconds=200)
    assert report.exists(), told(done)
    return done, json.loads(report.read_text())


def test_bandit_finds_nothing_of_weight_in_our_source_V4(tmp_path: Path):
    done, report = bandit(tmp_path, *(str(ROOT / name) for name in SOURCES))
    found = [
        f"{each['filename']}:{each['line_number']} {each['test_id']} {each['issue_text']}"
        for each in report["results"]
        if (str(Path(each["filename"]).relative_to(ROOT)), each["test_id"]) not in EXPLAINED
    ]
    assert found == []
    assert report["errors"] == []
    assert done.returncode == (1 if report["results"] else 0), told(done)
    files = [name for name in report["metrics"] if name.endswith(".py")]
    assert len(files) >= 150, "it read next to nothing"
    assert report["metrics"]["_totals"]["loc"] >= 10_000


@pytest.mark.parametrize("suppressed", ["", "  # nosec"])
def test_bandit_finds_a_planted_shell_and_we_do_not_hush_it(tmp_path: Path, suppressed: str):
    source = tmp_path / "planted.py"
    source.write_text(PLANTED.replace("shell=True)", f"shell=True){suppressed}"))
    done, report = bandit(tmp_path, str(source))
    if suppressed:  # why the next test exists
        assert report["results"] == []
    else:
        assert done.returncode == 1, told(done)
        assert [each["test_id"] for each in report["results"]] == ["B602"]


def test_nothing_in_our_source_is_hidden_from_bandit():
    hidden = [
        str(path.relative_to(ROOT))
        for name in SOURCES
        for path in (ROOT / name).rglob("*.py")
        if "# nosec" in path.read_text()
    ]
    assert hidden == []
