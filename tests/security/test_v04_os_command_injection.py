"""V4: no word that a person gives reaches a shell."""

import ast
import json
from pathlib import Path

import pytest

from app.operations.context import Plane
from appliance.contract.actions import Caller
from appliance.contract.client import AgentClient
from appliance.contract.errors import ApplianceError
from appliance.contract.secret import Secret
from tests.running import ROOT, Copy
from tests.security.conftest import Seat

COMMANDS = (
    "$(touch {mark})",
    "`touch {mark}`",
    "; touch {mark} #",
    "| touch {mark}",
    "&& touch {mark}",
    "\n touch {mark}\n",
    "--remote-path=touch {mark}",
)
RUNS_PROGRAMS = {"subprocess", "pty", "popen2", "commands"}
MAY_RUN_PROGRAMS = ("app/start/", "appliance/", "cli/")
"""The start and the machine's side; console, workspace and services run nothing."""
STARTS_ITSELF_ANEW = {
    "app/audit/segmenting.py",
    "app/audit/watch.py",
    "app/audit/worker.py",
    "app/migrations/draft.py",
    "app/offsite/folder.py",
}
"""Run this same Python and a module of ours, with arguments of their own: a list, never a line."""


def shells(source: str) -> list[str]:
    """Return what in a source hands a line to a shell."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if called in (
            "os.system",
            "os.popen",
            "subprocess.getoutput",
            "subprocess.getstatusoutput",
            "asyncio.create_subprocess_shell",
        ):
            found.append(called)
        if any(
            word.arg == "shell"
            and not (isinstance(word.value, ast.Constant) and word.value.value is False)
            for word in node.keywords
        ):
            found.append(f"{called}(shell=…)")
        if (
            called
            in (
                "subprocess.run",
                "subprocess.Popen",
                "subprocess.check_output",
                "subprocess.check_call",
                "subprocess.call",
            )
            and node.args
            and isinstance(node.args[0], ast.JoinedStr | ast.BinOp)
        ):
            found.append(f"{called} of a line")
    return found


def imported(source: str) -> set[str]:
    """Return the first names of the modules that a source imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def test_nothing_in_the_product_hands_a_line_to_a_shell_V4() -> None:
    assert shells("os.system(f'borg {name}')")
    assert shells("subprocess.run(line, shell=True)")
    assert shells("subprocess.run(f'borg {name}'.split())") == []
    assert shells("subprocess.run(f'borg {name}')")
    walked = 0
    for folder in ("app", "appliance", "cli"):
        for path in (ROOT / folder).rglob("*.py"):
            walked += 1
            source, name = path.read_text(), str(path.relative_to(ROOT))
            assert shells(source) == [], name
            if not name.startswith(MAY_RUN_PROGRAMS) and name not in STARTS_ITSELF_ANEW:
                assert not imported(source) & RUNS_PROGRAMS, name
    assert walked > 200


def test_a_repository_named_like_a_command_is_only_called_so_V4(copy: Copy, tmp_path: Path) -> None:
    line = "`touch m`; $(touch m) | touch m & touch m"
    folder = tmp_path / line
    made = copy.tenshu("backup", "repository", "create", str(folder), "--name", line, "--json")
    for place in (tmp_path, ROOT, copy.data, copy.data / "run", Path.home()):
        assert not (place / "m").exists()
    assert made.returncode == 0, made.stderr
    answer = json.loads(made.stdout)
    assert (answer["name"], answer["folder"]) == (line, str(folder))


@pytest.mark.parametrize("command", COMMANDS)
def test_an_upload_named_like_a_command_is_only_called_so_V4(
    seat: Seat, tmp_path: Path, command: str
) -> None:
    mark = tmp_path / "ran"
    staff = seat("staff", Plane.WORKSPACE)
    name = command.format(mark=mark) + ".csv"
    answer = staff.post("/uploads", files={"file": (name, b"a,b\n1,2\n", "text/csv")})
    assert answer.status_code == 303
    assert staff.get(answer.headers["location"]).status_code == 200
    assert not mark.exists()


def test_a_folder_that_looks_like_an_option_or_another_machine_is_refused_V4(copy: Copy) -> None:
    agent = AgentClient(copy.data / "run" / "agent.sock")
    caller = Caller(account="a1", session="s1", source="127.0.0.1", plane="console")
    for folder in (
        "--remote-path=/bin/sh",
        "ssh://root@localhost/x",
        "-e sh",
        "",
        "x",
        "../x",
        "user@host:/x",
        "/x\x00/y",
        "/proc/self/fd",
    ):
        with pytest.raises(ApplianceError):
            agent.create_repository(caller, "n", folder, Secret("p" * 20), "k1")
