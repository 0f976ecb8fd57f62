"""A machine whose disks are opened by a key server on its network (S1).

One machine, followed through its life: a first start, at which an administrator names the server;
a second, which it opens without hands; a third, at which it is silent until somebody has been
asked at the screen, and comes back then.
"""

import contextlib
import json
import shlex
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.debian import writable_disk
from tests.guest.firmware import firmware
from tests.guest.machine import Guest, guest, nvme, wait_inside
from tests.integration.image.test_unlocking import QUESTION, keys, opened
from tests.running import wait_until
from tests.tang import LIBRARY, KeyServer

pytestmark = [
    pytest.mark.image,
    pytest.mark.emulated,
    pytest.mark.slow,
    pytest.mark.together("key-server"),
    pytest.mark.timeout(900),
]

SERVER = "http://10.0.2.100"
SILENT = "The key server does not open the disks."


class Network:
    """A guest's network with nothing but the server: a process a connection, where it is up."""

    def __init__(self, folder: Path) -> None:
        self.up, self._script = folder / "up", folder / "serve"
        self.server = KeyServer(folder / "keys", 0)
        self.server.keys.mkdir()
        subprocess.run([LIBRARY / "tangd-keygen", self.server.keys], check=True)
        program = shlex.join([str(LIBRARY / "tangd"), str(self.server.keys)])
        self._script.write_text(
            f"#!/bin/sh\n[ -e {shlex.quote(str(self.up))} ] && exec {program} 2>/dev/null\n"
        )
        self._script.chmod(0o755)
        self.up.touch()

    def card(self) -> list[str]:
        server = f"guestfwd=tcp:10.0.2.100:80-cmd:{self._script}"
        network = f"user,id=net,restrict=on,{server}"
        return ["-netdev", network, "-device", "virtio-net-pci,netdev=net,romfile="]


@dataclass
class Life:
    """What was seen of a start."""

    folder: Path
    network: Network
    opened: str
    clear: str
    failed: str
    cables: str
    keys: dict[str, object]


@contextlib.contextmanager
def machine(folder: Path, name: str, network: Network) -> Iterator[Guest]:
    options = [*firmware(folder / "variables"), *nvme(folder / "disk"), "-m", "2048"]
    with guest(folder / name, [*options, *network.card()]) as found:
        yield found


def look(found: Guest, folder: Path, network: Network) -> Life:
    seen = Life(
        folder,
        network,
        opened=opened(found),
        clear=found.said("cryptsetup", "token", "export", "--token-id", "0",
                         "/dev/md/tenshu-state"),
        failed=found.said("systemctl", "--failed", "--no-legend", "--plain"),
        cables=found.said("ls", "/sys/class/net"),
        keys=keys(found),
    )  # fmt: skip
    found.said("sync")
    return seen


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Life:
    """The first start: an administrator takes a recovery key, and names the server."""
    folder = tmp_path_factory.mktemp("key-server")
    writable_disk(folder)
    network = Network(folder)
    with machine(folder, "first", network) as found:
        wait_inside(lambda: keys(found), "who opens the volume is known", 400)
        found.said("tenshu", "volume", "recovery-key", seconds=240)
        told = found.said("tenshu", "--json", "volume", "server", SERVER, seconds=120)
        thumbprint = json.loads(told)["thumbprint"]
        assert thumbprint == network.server.thumbprint, "what its administrator reads"
        words = ("--server", SERVER, "--thumbprint", thumbprint)
        found.said("tenshu", "volume", "keeper", "server", *words, seconds=240)
        return look(found, folder, network)


@pytest.fixture(scope="module")
def second(first: Life) -> Life:
    """After a power cut, with the server there."""
    with machine(first.folder, "second", first.network) as found:
        wait_inside(lambda: keys(found).get("protected"), "the disks lose the key", 400)
        assert QUESTION not in found.serial
        return look(found, first.folder, first.network)


def test_a_key_server_gets_a_key_and_is_not_relied_on_before_it_has_opened_a_start_S1(
    first: Life,
) -> None:
    assert (first.keys["server"], first.keys["protected"]) == (True, False)
    assert '"key"' in first.clear
    assert first.failed == ""


def test_the_second_start_is_opened_by_the_server_without_hands_S1(
    first: Life, second: Life
) -> None:
    assert second.opened == "server"
    assert '"key"' not in second.clear
    assert second.failed == ""
    assert second.cables == first.cables, "the network of the question is gone"


def test_a_silent_server_leads_to_the_question_and_opens_once_it_is_back_S1(
    second: Life,
) -> None:
    second.network.up.unlink()
    serial = second.folder / "third" / "serial"

    def comes_back() -> None:
        def asked() -> bool:
            shown = serial.read_text(errors="replace") if serial.exists() else ""
            return SILENT in shown and QUESTION in shown

        wait_until(asked, "somebody is asked", 400)
        second.network.up.touch()

    waiting = threading.Thread(target=comes_back, daemon=True)
    waiting.start()
    with machine(second.folder, "third", second.network) as found:
        assert opened(found) == "server"
        assert SERVER in found.serial, "it says which server"
        assert found.run("ls", "/run/tenshu-volume/served").returncode != 0
    waiting.join(10)
