"""The playbook for customers: what it checks and seeds, as it does so on any host."""

import shutil
import subprocess
from pathlib import Path

import pytest

from appliance.contract.seed.reading import read_seed
from appliance.seed.iso import open_iso
from image.artefact import version, write_checksum
from image.paths import ANSIBLE
from image.signature import KEY, seal, signers_line
from image.tools import tools
from tests.debian import needed
from tests.integration.image.test_signature import new_key

pytestmark = [pytest.mark.image, pytest.mark.together("image-root"), pytest.mark.timeout(600)]

CUSTOMERS = ANSIBLE / "customers"
IMAGE = f"tenshu-{version()}.qcow2"
PLAY = """
- name: What is done before anything is imported
  hosts: localhost
  gather_facts: false
  vars:
    ansible_connection: local
    ansible_python_interpreter: /usr/bin/python3
    tenshu_folder: {folder}
    tenshu_image: {image}
    tenshu_seed_image: {folder}/seed.iso
    tenshu_hostname: tenshu.example.com
    tenshu_address: 192.0.2.10/24
    tenshu_gateway: 192.0.2.1
    tenshu_dns: [192.0.2.53, 192.0.2.54]
  tasks:
    - name: Check
      ansible.builtin.include_tasks: tasks/check.yml
    - name: Seed
      ansible.builtin.include_tasks: tasks/seed.yml
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a customer fetched, and the line of our key."""
    needed()
    found = tmp_path / "fetched"
    found.mkdir()
    (found / IMAGE).write_text("the image")
    write_checksum(found / IMAGE)
    key = new_key(tmp_path / "key", "-t", "ed25519")
    monkeypatch.setenv(KEY, str(key))
    seal(found)
    (found / "signers").write_text(f"{signers_line(key)}\n")
    return found


def play(folder: Path) -> tuple[int, str]:
    place = folder.parent / "customers"
    shutil.copytree(CUSTOMERS, place)
    (place / "play.yml").write_text(PLAY.format(folder=folder, image=IMAGE))
    ansible = tools()
    told = subprocess.run(
        [str(ansible.program("ansible-playbook")), "play.yml"],
        cwd=place,
        env=ansible.environ(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return told.returncode, told.stdout + told.stderr


def test_what_is_ours_is_seeded_with_what_the_inventory_says(folder: Path) -> None:
    code, told = play(folder)
    assert code == 0, told
    image = (folder / "seed.iso").read_bytes()
    volume = open_iso(lambda at, length: image[at : at + length])
    assert "TENSHU-SEED" in volume.labels
    seed = read_seed(volume.find("tenshu-seed.toml").read().decode())
    assert (seed.hostname, seed.address) == ("tenshu.example.com", "192.0.2.10/24")
    assert (seed.gateway, list(seed.dns)) == ("192.0.2.1", ["192.0.2.53", "192.0.2.54"])
    assert list(seed.ntp) == []


def test_an_image_that_was_tampered_with_is_not_imported(folder: Path) -> None:
    (folder / IMAGE).write_text("another image")
    code, told = play(folder)
    assert code != 0
    assert "is not what was signed: fetch it again" in told
    assert not (folder / "seed.iso").exists()


def test_checksums_of_somebody_else_are_refused(folder: Path, tmp_path: Path) -> None:
    other = new_key(tmp_path / "other", "-t", "ed25519")
    (folder / "signers").write_text(f"{signers_line(other)}\n")
    code, told = play(folder)
    assert code != 0
    assert "Check the signature over the checksums" in told
    assert not (folder / "seed.iso").exists()


def test_ansible_lint_finds_nothing_in_it_but_a_planted_fault(tmp_path: Path) -> None:
    needed()
    shutil.copytree(CUSTOMERS, tmp_path / "customers")
    assert lint(tmp_path / "customers") == (0, "")
    with (tmp_path / "customers/tasks/kvm.yml").open("a") as tasks:
        tasks.write("\n- ansible.builtin.shell: virsh start tenshu\n")
    code, told = lint(tmp_path / "customers")
    assert code != 0
    assert "no-changed-when" in told


def lint(folder: Path) -> tuple[int, str]:
    ansible = tools()
    told = subprocess.run(
        [str(ansible.program("ansible-lint")), "--offline", "--nocolor", "-q", "import.yml"],
        cwd=folder,
        env=ansible.environ(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return told.returncode, told.stdout


def test_the_example_of_an_inventory_is_read_by_the_playbook() -> None:
    needed()
    ansible = tools()
    told = subprocess.run(
        [str(ansible.program("ansible-playbook")), "--inventory=inventory.example.yml",
         "--list-hosts", "import.yml"],
        cwd=CUSTOMERS,
        env=ansible.environ(),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    ).stdout  # fmt: skip
    for host in ("hypervisor1.example.com", "node1.example.com", "localhost"):
        assert host in told
