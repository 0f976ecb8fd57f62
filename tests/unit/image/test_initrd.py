"""What the initrd decides before anything is mounted: which copy of the slot, and whether to go on.

Its own scripts run, with disks and loader played by functions of the shell.
"""

import subprocess
from pathlib import Path

import pytest

from appliance.slots.entries import TRIES as COUNTED
from appliance.storage.facts import slot_numbers
from image.disk import TRIES
from image.initramfs import STEPS

SCRIPTS = STEPS / "usr/lib/tenshu"
ROOTHASH = "53594b04c6c6d1f71827f281f33dbf39326403b0e15c676c6e451c7017d55f25"
FIRST, COPY = (slot_numbers(ROOTHASH, copy=copy) for copy in (False, True))
PLAYED = r"""
loader_said() {
    case "$1" in
        LoaderEntrySelected) echo "$SELECTED" ;;
        LoaderBootCountPath) echo "$COUNTED" ;;
    esac
}
own_disks() { echo /dev/sda; }
partition() { case " $THERE " in *" $3 "*) echo "$1-$3" ;; esac; }
mdadm() { echo "$*" >> "$PLACE/mdadm"; }
sleep() { echo "sleep $1" >> "$PLACE/said"; }
systemctl() { echo "systemctl $*" >> "$PLACE/said"; }
"""
FILES = r"\EFI\Linux"


def ran(
    script: str, folder: Path, selected: str = "", counted: str = "", there: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a script of the initrd, whose /run and command line are in a folder."""
    (folder / "cmdline").write_text(f"quiet roothash={ROOTHASH}\n")
    text = (SCRIPTS / script).read_text().replace("/run/", f"{folder}/")
    text = text.replace("/proc/cmdline", f"{folder}/cmdline")
    text = text.replace(". /usr/lib/tenshu/disks", f". {SCRIPTS}/disks\n{PLAYED}")
    environ = {"PATH": "/usr/bin:/bin", "PLACE": str(folder), "SELECTED": selected}
    environ |= {"COUNTED": counted, "THERE": there}
    return subprocess.run(
        ["sh", "-c", text], env=environ, capture_output=True, text=True, timeout=30, check=False
    )


@pytest.mark.parametrize(
    ("selected", "there", "taken"),
    [
        ("tenshu-0.1.0.efi", FIRST + COPY, FIRST),
        ("tenshu-0.1.0-copy.efi", FIRST + COPY, COPY),
        ("", FIRST + COPY, FIRST),
        ("tenshu-0.1.0-copy.efi", FIRST, FIRST),
        ("tenshu-0.1.0.efi", COPY, COPY),
        ("tenshu-0.1.0.efi", (FIRST[0], *COPY), COPY),
    ],
)
def test_the_loaders_choice_is_what_starts_and_the_other_copy_where_it_is_missing_V11(
    selected: str, there: tuple[str, ...], taken: tuple[str, str], tmp_path: Path
) -> None:
    ended = ran("slot", tmp_path, selected, there=" ".join(there))
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "tenshu-slot").read_text() == f"{taken[0]} {taken[1]}\n"
    built = (tmp_path / "mdadm").read_text().splitlines()
    assert [line.split("--force ")[1] for line in built] == [
        f"/dev/sda-{one} missing" for one in taken
    ]


def test_a_kernel_whose_system_is_on_no_disk_says_so(tmp_path: Path) -> None:
    ended = ran("slot", tmp_path, there="something-else")
    assert ended.returncode == 1
    assert "No disk of this machine has the system" in ended.stderr


@pytest.mark.parametrize(
    ("counted", "again"),
    [
        (rf"{FILES}\tenshu-0.1.0+2-1.efi", True),
        (rf"{FILES}\tenshu-0.1.0-copy+0-3.efi", True),
        (rf"{FILES}\tenshu-0.1.0+0-4.efi", False),
        ("", False),
    ],
)
def test_a_start_that_fails_is_tried_again_as_long_as_the_loader_has_another_try_V11(
    counted: str, again: bool, tmp_path: Path
) -> None:
    assert ran("again", tmp_path, counted=counted).returncode == 0
    said = tmp_path / "said"
    assert (said.exists() and "systemctl --force reboot" in said.read_text()) is again
    assert ran("slot", tmp_path, counted=counted, there=" ".join(FIRST)).returncode == 0
    armed = tmp_path / "systemd/system/tenshu-healthy.service.d/again.conf"
    assert armed.exists() is again


def test_builder_initrd_and_machine_count_as_far() -> None:
    counted = f"tries={TRIES}\n" in (SCRIPTS / "disks").read_text()
    assert counted
    assert TRIES == COUNTED


def test_the_number_that_the_starting_partition_gets_is_told_to_the_machine(tmp_path: Path) -> None:
    """The loader has told the one before, which no disk has any more."""
    script = (SCRIPTS / "state").read_text()
    made = "make_partition() {" + script.partition("make_partition() {")[2].partition("\n}\n")[0]
    text = f"""
number() {{ cat /proc/sys/kernel/random/uuid; }}
sfdisk() {{ echo "$*" >> {tmp_path}/said; }}
systemd_repart() {{ :; }}
udevadm() {{ :; }}
partition() {{ echo the-state; }}
first=/dev/sda here=/nowhere patience=1
{made}
}}
make_partition
"""
    text = text.replace("/run/", f"{tmp_path}/").replace("systemd-repart", "systemd_repart")
    told = subprocess.run(
        ["sh", "-euc", text], capture_output=True, text=True, timeout=30, check=True
    )
    assert told.stdout == "the-state\n"
    last = (tmp_path / "said").read_text().splitlines()[-1]
    assert last.endswith("1 " + (tmp_path / "tenshu-started").read_text().strip())
