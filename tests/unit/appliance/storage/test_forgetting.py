"""Giving up all that the machine keeps: marked first, and nothing without the mark."""

from pathlib import Path

import pytest

from appliance.contract.configuration.errors import ProgramRefused
from appliance.storage import forgetting
from appliance.storage.forgetting import MARK, forget, is_there, main

INITRD = Path(__file__).parents[4] / "image/initrd/usr/lib/tenshu/state"


@pytest.fixture
def done(monkeypatch):
    """What would be done to the volume, in its order."""
    found = []
    monkeypatch.setattr(forgetting, "marks_of", lambda volume, number: "")
    monkeypatch.setattr(forgetting, "mark_volume", lambda *words: found.append("mark"))
    monkeypatch.setattr(forgetting, "destroy_keys", lambda volume: found.append("destroy"))
    return found


def refuse(*words):
    raise ProgramRefused(program="cryptsetup", said="Device or resource busy")


def test_it_is_marked_before_a_key_is_destroyed_S5(done):
    forget()
    assert done == ["mark", "destroy"]


def test_what_cannot_be_marked_keeps_its_keys_and_says_so(done, monkeypatch, capsys):
    monkeypatch.setattr(forgetting, "mark_volume", refuse)
    assert main() == 1
    assert done == []
    said = capsys.readouterr().err
    assert "Device or resource busy" in said
    assert "nothing was done" in said


def test_what_is_marked_is_given_up_even_if_the_keys_cannot_be_destroyed_now(
    done, monkeypatch, capsys
):
    monkeypatch.setattr(forgetting, "destroy_keys", refuse)
    assert main() == 0
    assert "destroyed by the next start" in capsys.readouterr().err


def test_one_that_is_marked_already_is_not_marked_twice(done, monkeypatch):
    monkeypatch.setattr(forgetting, "marks_of", lambda volume, number: "{}")
    forget()
    assert done == ["destroy"]


def test_the_initrd_reads_the_same_mark():
    assert f"given_up={MARK}\n" in INITRD.read_text()


def test_whoever_sees_no_device_is_told_by_the_kernel_that_the_volume_is_open(tmp_path):
    assert not is_there(tmp_path)
    for number, name in enumerate(("root", "tenshu-state")):
        file = tmp_path / f"dm-{number}/dm/name"
        file.parent.mkdir(parents=True)
        file.write_text(f"{name}\n")
        assert is_there(tmp_path) is (name == "tenshu-state")
