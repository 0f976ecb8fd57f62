"""The machine's volume is given up by the real cryptsetup, and the initrd sees it, whatever is cut.

In the appliance's root, on a file: of a volume's head nothing needs a kernel.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.debian import appliance, inside, layered

pytestmark = [
    pytest.mark.image,
    pytest.mark.together("debian-13"),
    pytest.mark.timeout(300),
]

STATE = Path(__file__).parents[3] / "image/initrd/usr/lib/tenshu/state"
KEY = "a key of the test"
FORMAT = (
    "cryptsetup luksFormat --batch-mode --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000"
    " --key-file /key /volume"
)
KEPT = """printf '{"type":"tenshu","keyslots":["0"],"key":"x"}' |
cryptsetup token import --token-id 0 /volume"""
FORGET = "from pathlib import Path; from appliance.storage import forgetting as f; "


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A root with a volume in a file, as a first start leaves it."""
    with layered(appliance(), tmp_path) as found:
        subprocess.run(["mount", "--bind", "/dev", str(found / "dev")], check=True)
        (found / "key").write_text(KEY)
        with (found / "volume").open("wb") as file:
            file.truncate(32 << 20)
        do(found, f"{FORMAT} && {KEPT}")
        yield found
        subprocess.run(["umount", "--lazy", str(found / "dev")], check=True)


def do(root: Path, line: str) -> None:
    told = inside(root, "sh", "-c", line)
    assert told.returncode == 0, told.stdout + told.stderr


def forget(root: Path, what: str) -> None:
    told = inside(root, "/usr/lib/tenshu/bin/python", "-P", "-c", FORGET + what)
    assert told.returncode == 0, told.stderr


def opens(root: Path) -> bool:
    test = ("cryptsetup", "open", "--test-passphrase", "--key-file", "/key", "/volume")
    return inside(root, *test).returncode == 0


def is_opened_by_a_start(root: Path) -> bool:
    """Tell what the initrd decides, by its own lines."""
    lines = STATE.read_text().splitlines()
    kept = [one for one in lines if one.startswith(("token=", "is_", "given_up="))]
    (decides,) = [one for one in lines if one.startswith("if is_whole")]
    script = "\n".join(["array=/volume", *kept, "open_volume() { echo opened; }",
                        "make_volume() { echo made; }", decides])  # fmt: skip
    told = inside(root, "sh", "-eu", "-c", script)
    assert told.returncode == 0, told.stderr
    return told.stdout.strip() == "opened"


def test_a_volume_that_is_given_up_opens_by_nothing_and_a_start_makes_it_anew_S5(
    root: Path,
) -> None:
    assert opens(root)
    assert is_opened_by_a_start(root)
    forget(root, "f.forget(Path('/volume'))")
    assert not opens(root)
    assert not is_opened_by_a_start(root)
    forget(root, "f.forget(Path('/volume'))")  # asked for once more
    do(root, f"{FORMAT} && {KEPT}")
    assert is_opened_by_a_start(root), "the mark went with what was marked"


def test_a_cut_before_the_mark_leaves_it_whole_and_one_after_it_makes_it_anew_S5(
    root: Path,
) -> None:
    fails = "f.destroy_keys = lambda volume: None; "
    forget(root, f"{fails} f.forget(Path('/volume'))")
    assert opens(root), "its keys are still there"
    assert not is_opened_by_a_start(root)
