"""Units as they are written: nothing is open without a reason, and the page tells all of it."""

import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

from app.start.programs import PROGRAMS
from appliance.machine.plan.nginx import logs
from appliance.place import Place
from appliance.storage.keeping import Kept
from tests import units
from tests.units import CEILINGS, OPEN, OURS, ROOT, SYSTEMD, UNITS, instance, openings, settings

SANDBOX = settings(UNITS / "tenshu-.service.d/20-sandbox.conf")
TMPFILES = SYSTEMD / "tmpfiles.d/tenshu.conf"
MORE_CLOSED = {"InaccessiblePaths"}
"""Lists to which a unit adds what it closes by itself."""
OLDER = 0.2
"""What an older systemd-analyze counts more, which does not know all of what is closed."""
LONGEST = 100


def test_the_page_of_the_units_is_what_the_units_say():
    written = (ROOT / "docs/security/units.md").read_text()
    assert written == units.compose(), "python -m tests.units > docs/security/units.md"


def test_every_unit_has_a_ceiling_and_none_is_over_what_was_promised():
    ours = {path.name.removesuffix(".service") for path in UNITS.glob("*.service")}
    assert ours == OURS.keys()
    assert all(one.held <= one.promised for one in OURS.values())
    drop_ins = {path.parent.name for path in UNITS.glob("*.service.d/tenshu.conf")}
    assert drop_ins == {f"{unit}.service.d" for unit in units.DEBIANS}


@pytest.mark.parametrize("unit", OURS)
def test_whatever_is_opened_has_a_reason_and_was_closed_before(unit):
    for reason, directives in openings(unit):
        assert len(reason) > 20, directives
        for line in directives:
            key = line.partition("=")[0]
            assert key in SANDBOX or key in ("ReadWritePaths", "DeviceAllow"), line


@pytest.mark.parametrize("unit", OURS)
def test_nothing_is_opened_but_in_the_drop_in_for_it(unit):
    own = settings(UNITS / f"{unit}.service")
    assert not own.keys() & (SANDBOX.keys() - MORE_CLOSED), unit
    folder = UNITS / f"{unit}.service.d"
    assert {path.name for path in folder.glob("*")} <= {OPEN}


def test_every_program_that_a_supervisor_starts_has_a_unit():
    for program in PROGRAMS:
        (command,) = settings(UNITS / f"tenshu-{program.name}.service")["ExecStart"]
        words = " ".join([program.module, *program.arguments])
        assert command == f"/usr/lib/tenshu/bin/python -P -m {words}"
        stop = settings(UNITS / f"tenshu-{program.name}.service")["TimeoutStopSec"]
        assert int(stop[0]) >= program.stop_seconds


def test_every_user_and_group_is_made_and_every_folder_is_there():
    made = set(
        re.findall(r"^[ug] +(\S+)", (SYSTEMD / "sysusers.d/tenshu.conf").read_text(), re.MULTILINE)
    )
    folders = set(re.findall(r"^d (\S+)", TMPFILES.read_text(), re.MULTILINE))
    for path in UNITS.glob("tenshu-*.service"):
        found = settings(path)
        assert {*found.get("User", []), *found.get("Group", [])} <= made | {"root"}
        for value in [*found.get("ReadWritePaths", []), *found.get("ReadOnlyPaths", [])]:
            for folder in value.split():
                assert folder.startswith("-") or folder in folders, folder


def test_systemd_waits_for_the_file_by_which_a_look_after_the_slots_is_asked_for_V11(tmp_path):
    (waited,) = settings(UNITS / "tenshu-slots.path")["PathExists"]
    place = Place(data=tmp_path, keys=tmp_path, database_url="")
    Kept(place).look_at_slots()
    assert (tmp_path / Path(waited).relative_to("/var/lib/tenshu/data")).exists()
    assert "tenshu-*.path" in (SYSTEMD / "system-preset/80-tenshu.preset").read_text()


def test_every_module_that_a_unit_runs_is_there():
    for path in UNITS.glob("tenshu-*.service"):
        for command in settings(path)["ExecStart"]:
            _, is_ours, words = command.partition("/usr/lib/tenshu/bin/python -P -m ")
            if is_ours:
                assert find_spec(words.split()[0]), path


def test_the_agent_can_become_the_user_of_a_session_S11():
    """Of a user that `User=` names, systemd takes CAP_SETUID away, root or not."""
    assert "User" not in settings(UNITS / "tenshu-agent.service")
    assert any("CAP_SETUID" in line for one in openings("tenshu-agent") for line in one.directives)


def test_no_unit_depends_on_a_version_of_python_F6():
    for path in SYSTEMD.rglob("*"):
        assert path.is_dir() or not re.search(r"python3?[.-]?\d", path.read_text()), path


def test_the_logs_of_the_edge_stay_its_own_when_they_are_rotated_F6():
    rules = (SYSTEMD / "logrotate.d/tenshu-edge").read_text()
    assert logs.FOLDER in rules
    assert logs.FOLDER in (UNITS / "tenshu-edge.service").read_text()
    assert "create 0640 root adm" in rules
    folder = re.search(rf"^d {logs.FOLDER} +2750 root +adm$", TMPFILES.read_text(), re.MULTILINE)
    assert folder, "logrotate refuses a folder that others may write"


def test_a_killed_nginx_is_started_over_its_stale_socket():
    before = settings(UNITS / "tenshu-edge.service")["ExecStartPre"]
    assert before == ["/usr/bin/rm -f /var/lib/tenshu/data/run/edge.sock"]


def test_lines_are_short_and_names_of_no_build_machine_stand_in_them():
    for path in SYSTEMD.rglob("*.conf"):
        assert all(len(line) <= LONGEST for line in path.read_text().splitlines()), path


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("root")
    shutil.copytree(UNITS, folder / "etc/systemd/system", symlinks=True)
    return folder


@pytest.mark.parametrize("unit", OURS)
def test_the_systemd_of_this_machine_finds_our_units_closed_too(root, unit):
    limit = round((CEILINGS[unit].held + OLDER) * 10)
    command = ["systemd-analyze", "security", "--offline=true", f"--root={root}"]
    command += ["--no-pager", f"--threshold={limit}", instance(unit)]
    told = subprocess.run(command, capture_output=True, check=False, text=True, timeout=30)
    assert told.returncode == 0, told.stdout[-3000:] + told.stderr
