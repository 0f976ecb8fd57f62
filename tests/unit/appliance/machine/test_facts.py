"""What is read of a machine before anything is planned for it."""

from pathlib import Path

from appliance.machine.facts import cables


def test_only_what_hangs_on_a_device_is_a_cable(tmp_path: Path) -> None:
    for name in ("eno1", "eno2"):
        (tmp_path / name / "device").mkdir(parents=True)
    for name in ("lo", "bond0", "eno1.20"):
        (tmp_path / name).mkdir()
    assert cables(tmp_path) == {"eno1", "eno2"}
