"""What `tenshu disks show` says of starts and slots, in both languages."""

import pytest

from appliance.contract.disks.errors import CopyDiffers
from appliance.contract.disks.system import CopyState, Reading, Slot, SystemView
from cli.disks import system_lines
from cli.invocation import Invocation


def lines(language: str, system: SystemView) -> str:
    return "\n".join(system_lines(Invocation(language=language), system))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("runs from B, its copy", "failed before: 3", "could not be made", "serial0")),
        ("ja", ("B（控え）", "3回", "作成できませんでした", "serial0")),
    ],
)
def test_a_machine_that_runs_from_its_copy_says_why_it_is_not_mended_V11(
    language: str, words: tuple[str, ...]
) -> None:
    told = lines(
        language,
        SystemView(
            slot=Slot.b,
            copy=True,
            failed=3,
            state=CopyState.failed,
            error_code=CopyDiffers.code,
            error_parameters={"disk": "serial0"},
        ),
    )
    for one in words:
        assert one in told


def test_a_machine_with_a_copy_says_since_when_V11() -> None:
    whole = SystemView(
        slot=Slot.a, copy=False, failed=0, state=CopyState.whole, since=1, reading=Reading(at=1)
    )
    told = lines("en", whole)
    assert "runs from A, the system" in told
    assert "Copy of it: verified 19" in told
    assert "read through: everything is right 19" in told
    assert "failed" not in told
