"""What is typed while a machine starts, whose keyboard nobody has set."""

import subprocess
from pathlib import Path

import pytest

from appliance.contract.secret import Secret
from appliance.contract.volume.typed import is_fit
from appliance.volume.recovery import LETTERS, new_recovery_key

STATE = Path(__file__).parents[4] / "image/initrd/usr/lib/tenshu/state"


def test_a_recovery_key_has_256_bits_in_letters_that_every_keyboard_has_at_one_place() -> None:
    key = new_recovery_key()
    groups = key.split("-")
    assert [len(one) for one in groups] == [8] * 8
    assert set("".join(groups)) <= set(LETTERS)
    assert key != new_recovery_key()


@pytest.mark.parametrize("passphrase", ["short-one", "with spaces in it", "mit-Umlaut-ä-12", ""])
def test_a_passphrase_that_is_short_or_lies_elsewhere_on_a_keyboard_is_refused(
    passphrase: str,
) -> None:
    assert not is_fit(Secret(passphrase))


def test_a_passphrase_of_letters_digits_and_hyphens_is_taken() -> None:
    assert is_fit(Secret("Correct-horse-7"))


def test_a_recovery_key_opens_however_it_is_typed() -> None:
    (line,) = [one for one in STATE.read_text().splitlines() if one.startswith("as_recovery_key()")]
    key = new_recovery_key()
    for typed in (key, key.upper(), key.replace("-", ""), key.replace("-", " "), f" {key} "):
        ended = subprocess.run(
            ["sh", "-c", f"{line}\nas_recovery_key"],
            input=typed,
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
        )
        assert ended.stdout == key
