"""The bill of materials of what is delivered: complete, valid, and the same when written again."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from image.artefact import debian_packages
from image.bill import Subject, check, of_container, of_machine, write_bill
from image.commit import commit
from image.components import archive_of
from image.disk import Disk
from image.paths import REQUIREMENTS
from image.running import Failed
from image.workshop import kernel_version
from tests.debian import appliance, appliance_disk

pytestmark = [pytest.mark.image, pytest.mark.together("image-disk"), pytest.mark.timeout(600)]

DIGEST = "0" * 64


@pytest.fixture(scope="module")
def disk() -> Disk:
    return appliance_disk()


@pytest.fixture(scope="module")
def bill(disk: Disk, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bill") / "tenshu.machine.cdx.json"
    write_bill(Subject("machine", DIGEST, commit()), of_machine(appliance(), disk), path)
    return path


def parts_of(bill: Path, kind: str) -> dict[str, dict[str, Any]]:
    listed = json.loads(bill.read_text())["components"]
    return {one["name"]: one for one in listed if one["purl"].startswith(f"pkg:{kind}/")}


def test_every_debian_package_of_the_root_and_of_the_start_is_in_the_bill(bill: Path) -> None:
    found = parts_of(bill, "deb")
    for line in debian_packages(appliance()).splitlines():
        name, version, architecture = line.split()
        assert found[name]["version"] == version
        kept = archive_of(name, version, architecture)
        assert ("hashes" in found[name]) == kept.exists(), f"{name}: of the file it came in"
    for name in (f"linux-image-{kernel_version()}", "systemd-boot-efi", "systemd-cryptsetup"):
        assert name in found
    for name in ("dosfstools", "qemu-utils", "systemd-ukify", "erofs-utils"):
        assert name not in found, "tools of the builder are not in the image"


def test_every_python_package_has_a_hash_that_its_lock_allows(bill: Path) -> None:
    lock = (REQUIREMENTS / "runtime.txt").read_text()
    found = parts_of(bill, "pypi")
    assert {"litestar", "granian", "cryptography"} <= found.keys()
    for one in found.values():
        assert re.search(
            rf"^{re.escape(one['name'])}=={re.escape(one['version'])}", lock, re.MULTILINE
        )
        assert one["hashes"][0]["content"] in lock


def test_the_packages_of_the_pages_are_in_the_bill(bill: Path) -> None:
    assert {"htmx.org", "uplot"} <= parts_of(bill, "npm").keys()
    assert "axe-core" not in parts_of(bill, "npm"), "it looks at pages in tests alone"


def test_a_bill_that_is_written_again_is_the_same(bill: Path, disk: Disk, tmp_path: Path) -> None:
    again = tmp_path / bill.name
    write_bill(Subject("machine", DIGEST, commit()), of_machine(appliance(), disk), again)
    assert again.read_bytes() == bill.read_bytes()


def test_the_bill_of_a_container_has_no_kernel(bill: Path, tmp_path: Path) -> None:
    path = tmp_path / "tenshu.container.cdx.json"
    write_bill(Subject("container", DIGEST, commit()), of_container(appliance()), path)
    assert parts_of(path, "deb").keys() < parts_of(bill, "deb").keys()
    assert not any(name.startswith("linux-image") for name in parts_of(path, "deb"))


@pytest.mark.parametrize(
    ("was", "becomes"),
    [('"library"', '"nothing"'), ('"SHA-256"', '"SHA-0"'), ("urn:uuid:", "urn:")],
)
def test_a_bill_with_a_planted_fault_is_refused(
    bill: Path, tmp_path: Path, was: str, becomes: str
) -> None:
    wrong = tmp_path / "wrong.cdx.json"
    wrong.write_text(bill.read_text().replace(was, becomes, 1))
    with pytest.raises(Failed):
        check(wrong)
