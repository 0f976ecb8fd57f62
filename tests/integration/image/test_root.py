"""The root that the playbook makes of a Debian 13."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from image.paths import ANSIBLE
from image.play import play
from image.tools import tools
from tests.debian import appliance, inside, layered

pytestmark = [pytest.mark.image, pytest.mark.together("image-root"), pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with layered(appliance(), tmp_path_factory.mktemp("root")) as found:
        yield found


def test_a_second_run_of_the_playbook_changes_nothing(root: Path) -> None:
    counted = play(tools(), "machine", root)
    assert (counted["changed"], counted["failed"], counted["unreachable"]) == (0, 0, 0)
    assert counted["ok"] > 20
    (root / "usr/lib/sysctl.d/80-tenshu.conf").write_text("")
    assert play(tools(), "machine", root)["changed"] == 1, "and it would have seen a change"


def test_no_secret_and_nothing_of_whoever_built_it_lies_in_the_root_V10(root: Path) -> None:
    assert (root / "etc/machine-id").read_bytes() == b""
    assert (root / "etc/hostname").read_text() == "tenshu\n"
    assert list((root / "etc/ssh").glob("ssh_host_*")) == []
    assert list((root / "etc/apt").glob("sources.list*")) == []
    assert list((root / "run/build").glob("*")) == []
    assert not (root / "var/lib/systemd/random-seed").exists()
    shadow = [line.split(":")[:2] for line in (root / "etc/shadow").read_text().splitlines()]
    assert [name for name, password in shadow if password[:1] not in ("!", "*")] == []
    told = inside(root, "grep", "-rl", "PRIVATE KEY", "/etc", "/var")
    assert told.stdout == ""


def test_the_command_line_runs_in_it_by_the_compiled_code(root: Path) -> None:
    told = inside(root, "tenshu", "--version")
    assert told.returncode == 0, told.stderr
    (site,) = (root / "usr/lib/tenshu/lib").glob("python3.*/site-packages")
    for name in ("app/core/clock", "litestar/app"):
        source = site / f"{name}.py"
        (compiled,) = source.parent.glob(f"__pycache__/{source.stem}.*.pyc")
        # PEP 552: by a hash of the source that nobody compares
        assert compiled.read_bytes()[4:8] == b"\x01\x00\x00\x00", name
    templates = [one for one in site.rglob("*.html") if one.is_relative_to(site / "app")]
    assert len(templates) == len(list((site / "app/web/design/compiled").iterdir()))


def test_ansible_lint_finds_nothing_but_a_planted_fault(tmp_path: Path) -> None:
    assert lint(ANSIBLE) == (0, "")
    shutil.copytree(ANSIBLE, tmp_path / "ansible")
    with (tmp_path / "ansible/roles/ssh/tasks/main.yml").open("a") as tasks:
        tasks.write("\n- ansible.builtin.shell: rm /etc/ssh/moduli\n")
    code, told = lint(tmp_path / "ansible")
    assert code != 0
    assert "no-changed-when" in told


def lint(folder: Path) -> tuple[int, str]:
    ansible = tools()
    told = subprocess.run(
        [str(ansible.program("ansible-lint")), "--offline", "--nocolor", "-q", "playbook.yml"],
        cwd=folder,
        env=ansible.environ(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return told.returncode, told.stdout
