"""The keyboard at the machine's own screen: every sign can be typed, and what was chosen stays."""

import string
import struct
from pathlib import Path

import pytest

from appliance.agent import keyboard as agent
from appliance.agent.keyboard import Keyboards
from appliance.contract.actions import Caller
from appliance.contract.configuration.errors import MachineNotOwned, ProgramRefused
from appliance.contract.keyboard import FILE, Layout, chosen
from appliance.contract.keyboard_table import SetKeyboard
from appliance.machine import keyboard
from appliance.machine.keyboard import NOTHING, PLAIN, SHIFTED, Entry, entries, tell
from appliance.place import Place

CALLER = Caller(account="x")
ALIKE = string.ascii_letters + "1!3#4$5%,<.>/? "
"""Signs that stand on the same keys of both."""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "data").mkdir()
    return Place(data=tmp_path / "data", keys=tmp_path / "keys", database_url="sqlite://")


@pytest.fixture
def told(monkeypatch):
    found = []
    monkeypatch.setattr(agent.units, "are_ours", lambda place: True)
    monkeypatch.setattr(agent, "ask", lambda *words: found.append(words))
    return found


@pytest.mark.parametrize("layout", list(Layout))
def test_every_sign_of_a_password_can_be_typed_on_both(layout):
    typed = {chr(one.value) for one in entries(layout) if one.value != NOTHING}
    assert set(string.printable.strip()) - {"\t"} <= typed | set(ALIKE)


def test_what_stands_on_a_japanese_keyboard_is_what_its_keys_give():
    found = {(one.key, one.table): one.value for one in entries(Layout.jp)}
    assert found[3, SHIFTED] == ord('"')
    assert found[26, PLAIN] == ord("@")
    assert found[124, SHIFTED] == ord("|"), "the yen sign's key"
    assert found[89, SHIFTED] == ord("_"), "beside the right shift"
    assert found[41, PLAIN] == NOTHING, "hankaku/zenkaku types nothing"


def test_both_tell_the_kernel_of_the_same_keys_so_each_undoes_the_other():
    keys = [{(one.key, one.table) for one in entries(layout)} for layout in Layout]
    assert keys[0] == keys[1]


def test_the_kernel_gets_a_line_as_its_header_says():
    assert Entry(SHIFTED, 26, ord("`")).packed == struct.pack("=BBH", 1, 26, 0x60)


def test_what_is_no_console_is_said_and_nothing_hangs(place, monkeypatch, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="ioctl"):
        tell(Layout.jp, tmp_path / "file")
    monkeypatch.setattr(keyboard, "tell", lambda layout: tell(layout, tmp_path / "none"))
    monkeypatch.setenv("TENSHU_DATA", str(place.data))
    assert keyboard.main() == 1
    assert "does not take the keyboard us" in capsys.readouterr().err


def test_what_was_chosen_is_kept_and_told_to_the_kernel_at_once(place, told):
    act = Keyboards(place).by_name["SetKeyboard"]
    assert chosen(place.data) is Layout.us
    assert act(CALLER, SetKeyboard(layout=Layout.jp)).layout is Layout.jp
    assert chosen(place.data) is Layout.jp
    assert (place.data / FILE).stat().st_mode & 0o777 == 0o640
    assert told == [("systemctl", "restart", "tenshu-keyboard.service")]
    act(CALLER, SetKeyboard(layout=Layout.us))
    assert chosen(place.data) is Layout.us


def test_a_damaged_choice_is_the_kernels_own_keyboard(place):
    (place.data / FILE).write_bytes(b"\xff\x00dvorak")
    assert chosen(place.data) is Layout.us


def test_a_guest_on_a_machine_leaves_its_keyboard_alone(place):
    with pytest.raises(MachineNotOwned):
        Keyboards(place).by_name["SetKeyboard"](CALLER, SetKeyboard(layout=Layout.jp))
    assert not (place.data / FILE).exists()


def test_where_systemd_refuses_it_is_said(place, told, monkeypatch):
    def refuse(*words):
        raise ProgramRefused(program=words[0], said="no")

    monkeypatch.setattr(agent, "ask", refuse)
    with pytest.raises(ProgramRefused, match="systemctl"):
        Keyboards(place).by_name["SetKeyboard"](CALLER, SetKeyboard(layout=Layout.jp))
