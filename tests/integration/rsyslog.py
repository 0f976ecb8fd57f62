"""A real rsyslog for the tests: Debian's program, an instance of its own on loopback ports.

`tls_port` speaks RFC 5425 with a certificate of the test's authority, `open_port` plain TCP. What
it receives stands in a file, a JSON object a line.

Debian's 8.2302 closes a descriptor twice where a handshake fails, and may then write what it
receives into the next sender's connection instead of its file. So a test in which one fails, on
whichever side, has an instance of its own.
"""

import contextlib
import json
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.integration.authority import Authority, Pair
from tests.integration.sockets import listening
from tests.ports import free_port

START_SECONDS = 20

CONFIGURATION = """\
global(workDirectory="{folder}"
  defaultNetstreamDriverCAFile="{authority}"
  defaultNetstreamDriverCertFile="{certificate}"
  defaultNetstreamDriverKeyFile="{key}")
module(load="imtcp")
input(type="imtcp" address="127.0.0.1" port="{tls_port}"
  streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="{client}")
input(type="imtcp" address="127.0.0.1" port="{open_port}"
  streamDriver.name="ptcp" streamDriver.mode="0")
template(name="line" type="list" option.jsonf="on") {{
  property(outname="facility" name="syslogfacility" format="jsonf")
  property(outname="severity" name="syslogseverity" format="jsonf")
  property(outname="at" name="timereported" dateFormat="rfc3339" format="jsonf")
  property(outname="host" name="hostname" format="jsonf")
  property(outname="application" name="app-name" format="jsonf")
  property(outname="kind" name="msgid" format="jsonf")
  property(outname="data" name="structured-data" format="jsonf")
  property(outname="text" name="msg" format="jsonf")
}}
action(type="omfile" file="{folder}/received" template="line" asyncWriting="off")
"""


@dataclass
class Rsyslog:
    """One instance, up or down."""

    folder: Path
    pair: Pair
    authority: Authority
    client: str = "anon"
    """`x509/certvalid`: only senders with a certificate."""
    tls_port: int = field(default_factory=free_port)
    open_port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None
    _forgotten: int = 0

    def start(self) -> None:
        (self.folder / "rsyslog.conf").write_text(
            CONFIGURATION.format(
                folder=self.folder, authority=self.authority.path, client=self.client,
                certificate=self.pair.certificate, key=self.pair.key,
                tls_port=self.tls_port, open_port=self.open_port,
            )
        )  # fmt: skip
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["/usr/sbin/rsyslogd", "-n", "-iNONE", "-f", str(self.folder / "rsyslog.conf")],
                stdout=subprocess.DEVNULL, stderr=log,
            )  # fmt: skip
        until = time.monotonic() + START_SECONDS
        while not self._answers():
            assert time.monotonic() < until, self.log()
            time.sleep(0.02)

    def _answers(self) -> bool:
        """Ask the kernel: a connection that is closed at once is a handshake that fails."""
        return {self.tls_port, self.open_port} <= listening()

    def stop(self) -> None:
        if self._process:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            self._process.wait(20)
            self._process = None

    def kill(self) -> None:
        assert self._process
        self._process.kill()
        self._process.wait(20)
        self._process = None

    def hang(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGCONT)

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def forget(self) -> None:
        """Let what was received be gone; the program writes on at the end of its file."""
        self._forgotten += len(self.received())

    def received(self, count: int = 0, seconds: float = 20) -> list[dict[str, str]]:
        """Return what arrived, once there are `count` messages."""
        path, until = self.folder / "received", time.monotonic() + seconds
        while True:
            text = path.read_text() if path.exists() else ""
            lines = text.split("\n")[self._forgotten : -1]
            if len(lines) >= count:
                return [json.loads(line) for line in lines]
            assert time.monotonic() < until, (len(lines), self.log())
            time.sleep(0.02)


@contextlib.contextmanager
def running_rsyslog(authority: Authority, client: str = "anon") -> Iterator[Rsyslog]:
    """Start an instance; stop it and take away its folder afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="tenshu-rsyslog-", dir="/tmp"))
    pair = authority.issue("receiver", "localhost", "127.0.0.1")
    instance = Rsyslog(folder, pair, authority, client)
    try:
        instance.start()
        yield instance
    finally:
        instance.stop()
        shutil.rmtree(folder, ignore_errors=True)
