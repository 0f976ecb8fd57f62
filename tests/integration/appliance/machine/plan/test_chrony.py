"""The rendered chrony.conf in a real chronyd, whose servers tell whatever time the test wants."""

import contextlib
import os
import pwd
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.contract.configuration.reading import read_document
from appliance.machine.facts import Facts
from appliance.machine.plan import timekeeping
from tests.integration.appliance.conftest import wait_for
from tests.unit.appliance.configuration.test_checking import GOOD

CHRONYD = "/usr/sbin/chronyd"
SINCE_1900 = 2_208_988_800
FAST = "minpoll -6 maxpoll -6"
"""Asked every 1/64 s in place of every minute; what is decided of the answers is the same."""


class TimeServer(threading.Thread):
    """An NTP server of stratum 1 on a port of its own (RFC 5905, 7.3)."""

    def __init__(self, off: float = 0, dispersion: float = 0) -> None:
        super().__init__(daemon=True)
        self.off, self.dispersion = off, dispersion
        self.answers = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.start()

    def line(self) -> str:
        return f"server 127.0.0.1 port {self.socket.getsockname()[1]} {FAST}"

    def run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                asked, peer = self.socket.recvfrom(512)
                mode, spread = asked[0] & 0x38 | 4, int(self.dispersion * 65536)
                head = struct.pack(">BBbbII4s", mode, 1, 0, -20, 0, spread, b"GPS")
                now = self._now()
                self.socket.sendto(head + now + asked[40:48] + now + self._now(), peer)
                self.answers += 1

    def _now(self) -> bytes:
        now = time.time() + SINCE_1900 + self.off
        return struct.pack(">II", int(now) & 0xFFFFFFFF, int(now % 1 * 2**32))


@contextlib.contextmanager
def chronyd(folder: Path, *servers: TimeServer, windows: bool = False) -> Iterator[Iterator[str]]:
    """Run chronyd on the planned file, with the clock out of its reach; yield what it says."""
    hosts = ", ".join(f"{{host = '127.0.0.1', windows = {str(windows).lower()}}}" for _ in servers)
    content = planned(f"[time]\nservers = [{hosts}]")
    for server in servers:
        content = content.replace("server 127.0.0.1 iburst", server.line(), 1)
    content = content.replace("/var/lib/chrony", str(folder))
    file = folder / "chrony.conf"
    file.write_text(content + f"pidfile {folder}/pid\nbindcmdaddress {folder}/socket\n")
    user = pwd.getpwuid(os.getuid()).pw_name
    command = [CHRONYD, "-x", "-d", "-U", "-u", user, "-t", "20", "-f", str(file)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            yield iter(process.stderr.readline, "")
        finally:
            process.terminate()
            for server in servers:
                server.socket.close()


def planned(text: str) -> str:
    (file,) = timekeeping.files(read_document(text), Facts(run="/run", certificates={}))
    return file.content


def until(lines: Iterator[str], words: str) -> list[str]:
    """Return what is said until somebody says `words`; chronyd ends by itself after 20 s."""
    told = []
    for line in lines:
        told.append(line)
        if words in line:
            return told
    pytest.fail(f"never said {words!r}: {''.join(told)}")


def test_chronyd_takes_the_planned_file(tmp_path: Path) -> None:
    file = tmp_path / "chrony.conf"
    file.write_text(planned(GOOD))
    done = subprocess.run(
        [CHRONYD, "-p", "-f", str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "server ntp1.example.co.jp iburst" in done.stdout.lower()


def test_a_server_that_says_ten_seconds_more_is_not_believed(tmp_path: Path) -> None:
    server = TimeServer()
    with chronyd(tmp_path, server) as lines:
        until(lines, "Selected source")
        wait_for(lambda: server.answers > 50, seconds=15)  # the start's three updates are over
        server.off = 10
        told = until(lines, "exceeds the allowed maximum of 5.000 seconds (ignored)")
        told += until(lines, "exceeds the allowed maximum of 5.000 seconds (ignored)")
    assert not any("stepped" in line for line in told)


def test_of_three_servers_the_one_that_is_wrong_is_found_out(tmp_path: Path) -> None:
    servers = TimeServer(), TimeServer(off=10), TimeServer()
    with chronyd(tmp_path, *servers) as lines:
        told = until(lines, "Selected source")
    assert not any("stepped" in line or "exceeds" in line for line in told)


def test_a_domain_controller_with_its_wide_uncertainty_is_a_source(tmp_path: Path) -> None:
    with chronyd(tmp_path, TimeServer(dispersion=10), windows=True) as lines:
        until(lines, "Selected source")
