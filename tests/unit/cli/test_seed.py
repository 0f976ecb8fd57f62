"""`tenshu seed` on any machine: what is wrong with a seed, and the disk that brings it."""

import os
import subprocess
import sys
from pathlib import Path

from appliance.seed.finding import of_disk
from cli.main import run
from tests.suites import ROOT


def test_a_seed_is_checked_and_its_disk_is_read_back(tmp_path: Path, capsys) -> None:
    file, image = tmp_path / "seed.toml", tmp_path / "seed.iso"
    file.write_text('address = "192.0.2.10/24"\n')
    assert run(["seed", "check", str(file)]) == 0
    assert 'addresses = ["192.0.2.10/24"]' in capsys.readouterr().out
    assert run(["seed", "image", str(file), str(image)]) == 0
    (found,) = of_disk(image)
    assert found.content == file.read_bytes()
    assert run(["seed", "image", str(file), str(image)]) == 1, "nothing is written over"
    assert "Name a file that is not there yet" in capsys.readouterr().err


def test_what_is_wrong_is_told_with_line_and_remedy_in_the_readers_language(
    tmp_path: Path, capsys
) -> None:
    file, image = tmp_path / "seed.toml", tmp_path / "seed.iso"
    file.write_text('\nadress = "192.0.2.10/24"\n')
    assert run(["seed", "image", str(file), str(image)]) == 1
    assert not image.exists()
    told = capsys.readouterr().out
    assert told == "✗ Line 2: adress: there is no such key. Do you mean `address`?\n"
    assert run(["seed", "check", str(file), "--json"]) == 1
    assert '"line": 2' in capsys.readouterr().out
    # a process speaks one language: it translates its help in place
    command = [sys.executable, "-P", "-m", "cli", "seed", "check", str(file)]
    environ = {**os.environ, "LC_ALL": "ja_JP.UTF-8", "PYTHONPATH": str(ROOT)}
    told = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert told.returncode == 1
    assert "2行目: adress: このキーはありません。" in told.stdout


def test_a_file_that_cannot_be_read_or_is_too_large_is_named(tmp_path: Path, capsys) -> None:
    assert run(["seed", "check", str(tmp_path / "none.toml")]) == 1
    assert "none.toml cannot be read" in capsys.readouterr().err
    large = tmp_path / "large.toml"
    large.write_text("# " + "x" * 70_000)
    assert run(["seed", "check", str(large)]) == 1
    assert "more than 64 KiB" in capsys.readouterr().out


def test_ovf_properties_are_checked_as_the_hypervisor_hands_them_over(
    tmp_path: Path, capsys
) -> None:
    file = tmp_path / "ovf-env.xml"
    space = "http://schemas.dmtf.org/ovf/environment/1"
    file.write_text(
        f'<Environment xmlns="{space}" xmlns:oe="{space}"><PropertySection>'
        '<Property oe:key="tenshu.ntp" oe:value="a.example b.example"/>'
        "</PropertySection></Environment>"
    )
    assert run(["seed", "check", str(file)]) == 0
    assert 'host = "b.example"' in capsys.readouterr().out
