"""The keys of a real volume, in a file: who opens it, what is taken, what a cut leaves (S1)."""

from pathlib import Path

import pytest

from appliance.contract.configuration.errors import ProgramRefused
from appliance.contract.volume.state import Keeper, Obstacle, Opened
from appliance.volume import head as heads
from appliance.volume.keeping import Chosen
from appliance.volume.programs import Volume
from appliance.volume.recovery import new_recovery_key
from tests.volume import LAID, Machine, lay, with_tpm

TYPED = "what-somebody-typed"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return lay(monkeypatch, tmp_path)


@pytest.fixture
def tpm(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    machine.start(Opened.tpm)
    return with_tpm(monkeypatch)


def test_a_machine_without_a_tpm_stays_open_and_says_so_S1(machine: Machine) -> None:
    keys = machine.work()
    assert (keys.protected, keys.tpm, keys.recovery) == (False, False, False)
    assert keys.obstacle is Obstacle.no_tpm
    assert machine.opens(LAID)


def test_a_recovery_key_opens_the_volume_and_the_one_before_does_not_S1(machine: Machine) -> None:
    first, second = new_recovery_key(), new_recovery_key()
    assert machine.wish(recovery=first) == ""
    assert machine.opens(first)
    assert machine.wish(recovery=second) == ""
    assert (machine.opens(first), machine.opens(second)) == (False, True)
    keys = machine.work()
    assert keys.recovery
    assert keys.recovery_at
    assert not keys.protected, "there is no other keeper"
    assert machine.head().strays == ()


def test_once_the_tpm_has_the_key_and_somebody_a_recovery_key_the_disks_have_none_S1(
    machine: Machine, tpm: list[str]
) -> None:
    assert not machine.work().protected, "nobody could open it if the TPM died"
    assert machine.opens(LAID)
    assert machine.wish(recovery=new_recovery_key()) == ""
    assert machine.work().protected
    assert not machine.opens(LAID), "what was read from a disk before opens nothing"
    assert LAID.encode() not in machine.device.read_bytes()
    assert machine.head().named(heads.MARK) == (heads.WHOLE,), "the volume still counts as whole"
    assert tpm == ["12"], "bound once"


def test_a_tpm_that_has_not_opened_a_start_yet_is_not_relied_on_S1(
    machine: Machine, tpm: list[str]
) -> None:
    machine.start(Opened.made)
    machine.wish(recovery=new_recovery_key())
    keys = machine.work()
    assert (keys.tpm, keys.protected) == (True, False)
    assert machine.opens(LAID)


def test_another_tpm_gets_the_key_after_somebody_typed_the_recovery_key_S1(
    machine: Machine, tpm: list[str]
) -> None:
    recovery = new_recovery_key()
    machine.work()
    machine.wish(recovery=recovery)
    machine.kept.choose(Chosen())  # another run of the kernel
    machine.start(Opened.asked, recovery)
    machine.work()
    machine.work()
    assert tpm == ["12", "12"], "again, and once"
    assert machine.opens(recovery)
    assert not (machine.told / "typed").exists(), "what was typed is not kept"


def test_a_machine_whose_own_key_is_lost_makes_one_from_what_was_typed_S1(
    machine: Machine, tpm: list[str]
) -> None:
    recovery = new_recovery_key()
    machine.work()
    machine.wish(recovery=recovery)
    machine.own.write_bytes(b"another")
    machine.start(Opened.tpm)
    assert machine.wish(recovery=new_recovery_key()) == "volume.no_machine_key"
    assert machine.opens(recovery), "nothing was taken away"
    machine.start(Opened.asked, recovery)
    assert machine.wish(recovery=new_recovery_key()) == ""


def test_a_passphrase_takes_the_tpms_place_and_back_S1(machine: Machine, tpm: list[str]) -> None:
    machine.work()
    machine.wish(recovery=new_recovery_key())
    assert machine.wish(keeper=Keeper.passphrase, typed=TYPED) == ""
    keys = machine.work()
    assert (keys.protected, keys.tpm, keys.typed) == (True, False, True)
    assert machine.opens(TYPED)
    assert not machine.opens("in-the-tpm")
    assert machine.wish(keeper=Keeper.tpm) == ""
    assert not machine.opens(TYPED)
    keys = machine.work()
    assert (keys.protected, keys.tpm, keys.typed) == (True, True, False)


def test_who_chooses_nobody_lays_the_key_open_and_is_told_so_S1(
    machine: Machine, tpm: list[str]
) -> None:
    machine.work()
    machine.wish(recovery=new_recovery_key())
    assert machine.wish(keeper=Keeper.nobody) == ""
    keys = machine.work()
    assert (keys.protected, keys.tpm) == (False, False)
    assert machine.opens(machine.head().clear)
    assert machine.head().clear != LAID


def test_what_a_power_cut_left_in_a_slot_is_removed_S1(machine: Machine) -> None:
    machine.work()
    machine.volume.add(LAID.encode(), b"half made", 9)
    assert machine.head().strays == (9,)
    machine.work()
    assert machine.head().strays == ()
    assert not machine.opens("half made")


def test_a_tpm_that_refuses_is_told_of_and_nothing_is_taken_away_S1(
    machine: Machine, tpm: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def bind(_volume: Volume, _by: bytes, _registers: str) -> None:
        raise ProgramRefused(program="systemd-cryptenroll", said="lockout")

    monkeypatch.setattr(Volume, "bind", bind)
    machine.wish(recovery=new_recovery_key())
    keys = machine.work()
    assert (keys.protected, keys.tpm, keys.obstacle) == (False, False, Obstacle.failed)
    assert "lockout" in keys.said
    assert machine.opens(LAID)


def test_a_program_that_fails_is_told_of_in_its_words(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def add(*_: object, **__: object) -> None:
        raise ProgramRefused(program="cryptsetup", said="no space for the slot")

    machine.work()
    monkeypatch.setattr(Volume, "add", add)
    assert machine.wish(recovery=new_recovery_key()) == "volume.failed"
    answer = machine.kept.answered()
    assert answer
    assert "no space for the slot" in answer.said
