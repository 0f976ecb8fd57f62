"""A real nginx that runs on the product's own rendered configuration.

`render` writes what the planner plans below a root of the test; `Edge` starts Debian's nginx on it.
`EchoPlane` stands where a plane would, and tells what reached it.
"""

import contextlib
import http.client
import http.server
import json
import shutil
import signal
import socketserver
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msgspec

from appliance.contract.certificates.folder import Folder
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.reading import read_document
from appliance.contract.over_socket import OverSocket
from appliance.machine.facts import CLIENTS, REVOKED, Certificate, EdgePlace, Facts
from appliance.machine.plan import edge
from tests.integration.authority import Authority
from tests.ports import free_ports
from tests.running import Copy, wait_until

ADDRESSES = ("127.0.0.1", "::1")


def nginx() -> str:
    """The program. Fail where it is not installed."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    assert found, "nginx is missing: apt-get install nginx-light"
    return found


def version() -> tuple[int, int]:
    """Return the version of the nginx that is installed here."""
    told = subprocess.run([nginx(), "-v"], capture_output=True, text=True, check=True).stderr
    major, minor, *_ = told.rpartition("/")[2].split(".")
    return int(major), int(minor)


def render(document: Document, facts: Facts) -> Path:
    """Write what is planned below the facts' root, and return nginx's configuration."""
    root = Path(facts.edge.root)
    for folder in ("run", "var/log/tenshu-edge", "var/lib/nginx"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for file in edge.files(document, facts):
        path = root / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.content)
    return root / edge.PATH


def facts_for(root: Path, signer: Authority, **more: Any) -> Facts:
    """Facts of a machine below `root`, with a certificate and ports of its own."""
    pair = signer.issue("edge", "localhost", "127.0.0.1", "::1")
    console, workspace, redirect = free_ports(3)
    place = EdgePlace(version=version(), user="root", root=str(root), addresses=ADDRESSES)
    own = Certificate(chain=str(pair.certificate), key=str(pair.key))
    found = Facts(
        run=str(root / "run"),
        certificates={"own": own},
        console_port=console,
        workspace_port=workspace,
        redirect_port=redirect,
        generation=1,
        edge=place,
    )
    return msgspec.structs.replace(found, **more)


@dataclass
class Edge:
    """One nginx, on the configuration of a document."""

    facts: Facts
    trust: Path
    """Certificate of the authority that vouches for it."""
    process: subprocess.Popen | None = None
    document: Document = field(default_factory=Document)
    planes: dict[str, "EchoPlane"] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        return Path(self.facts.edge.root)

    def base(self, plane: str, host: str = "localhost") -> str:
        port = self.facts.console_port if plane == "console" else self.facts.workspace_port
        return f"https://{host}:{port}"

    def client(self, plane: str, **options: Any) -> httpx.Client:
        """A browser without a face; `source` is the address that it comes from."""
        source = options.pop("source", None)
        trust = ssl.create_default_context(cafile=self.trust)
        if options.pop("careless", False):  # shows what an honest client would not
            trust.set_ciphers("DEFAULT:@SECLEVEL=0")
        if pair := options.pop("certificate", None):
            trust.load_cert_chain(pair.certificate, pair.key)
        http2 = options.pop("http2", False)
        transport = httpx.HTTPTransport(
            verify=trust, local_address=source, http2=http2, trust_env=False
        )
        base = self.base(plane, options.pop("host", "localhost" if source is None else "127.0.0.1"))
        return httpx.Client(base_url=base, transport=transport, timeout=30, **options)

    def start(self) -> None:
        """Start nginx and wait until it answers."""
        configuration = render(self.document, self.facts)
        command = [nginx(), "-p", str(self.root), "-c", str(configuration), "-g", "daemon off;"]
        with (self.root / "stderr").open("w") as stderr:
            self.process = subprocess.Popen(command, stderr=stderr)
        wait_until(lambda: self.generation() or self._ended(), "nginx answers", 20)
        assert not self._ended(), (self.root / "stderr").read_text()

    def _ended(self) -> bool:
        assert self.process
        return self.process.poll() is not None

    def apply(self, text: str = "", **facts: Any) -> None:
        """Render another document, with other facts and the next generation, and reload."""
        assert self.process
        self.document = read_document(text)
        following = {"generation": self.facts.generation + 1, **facts}
        self.facts = msgspec.structs.replace(self.facts, **following)
        render(self.document, self.facts)
        self._reload()
        assert self.generation() == self.facts.generation

    def plant(self, sound: str, faulty: str) -> None:
        """Change the configuration by hand, so that a test sees what is wrong with it."""
        path = self.root / edge.PATH
        text = path.read_text()
        assert sound in text
        path.write_text(text.replace(sound, faulty))
        self._reload()

    def _reload(self) -> None:
        assert self.process
        before = self._listening()
        self.process.send_signal(signal.SIGHUP)
        # for a tenth of a second old and new processes take connections side by side
        wait_until(
            lambda: self._listening() and not self._listening() & before, "the old ones leave", 20
        )

    def _listening(self) -> set[int]:
        """Processes of nginx that take new connections."""
        assert self.process
        master = self.process.pid
        children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        found = set()
        for child in children:
            with contextlib.suppress(OSError):
                title = Path(f"/proc/{child}/cmdline").read_text()
                if "worker process" in title and "shutting down" not in title:
                    found.add(int(child))
        return found

    def generation(self) -> int:
        """What new connections are served by; 0 where nobody answers."""
        # not httpx, which leaves the socket open where nobody listens
        asking = OverSocket(Path(self.facts.run) / "edge.sock", seconds=5)
        with contextlib.closing(asking), contextlib.suppress(OSError, http.client.HTTPException):
            asking.request("GET", "/generation")
            return int(asking.getresponse().read())
        return 0

    def log(self) -> list[dict[str, str]]:
        """What nginx wrote down of its requests."""
        lines = (self.root / "var/log/tenshu-edge/access.log").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def shown(self) -> str:
        """What nginx said of itself."""
        return (self.root / "var/log/tenshu-edge/error.log").read_text()

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(20)
            (Path(self.facts.run) / "edge.sock").unlink(missing_ok=True)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    server: "EchoPlane"

    def address_string(self) -> str:
        return "edge"

    def _take(self) -> int:
        if self.headers.get("transfer-encoding") == "chunked":
            taken = 0
            while size := int(self.rfile.readline(), 16):
                taken += len(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return taken
        return len(self.rfile.read(int(self.headers.get("content-length", "0"))))

    def _say(self) -> None:
        self.server.requests.append(self.path)
        told = {
            "method": self.command,
            "path": self.path,
            "headers": [[name.lower(), value] for name, value in self.headers.items()],
            "bytes": self._take(),
        }
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("strict-transport-security", "max-age=1")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.path.startswith("/held"):
            self.server.held.wait(30)
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = _say  # noqa: N815 - names of http.server

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class EchoPlane(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """What stands in a plane's place, and tells what reached it."""

    daemon_threads = False
    request_queue_size = 256

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), _Handler)
        self.requests: list[str] = []
        self.held = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: who breaks off is part of the tests."""


@contextlib.contextmanager
def echo_planes(run: Path) -> Iterator[dict[str, EchoPlane]]:
    """Both planes as echoes, on the sockets where the edge looks for them."""
    run.mkdir(parents=True, exist_ok=True)
    planes = {plane: EchoPlane(run / f"{plane}.sock") for plane in ("console", "workspace")}
    for plane in planes.values():
        threading.Thread(target=plane.serve_forever, daemon=True).start()
    try:
        yield planes
    finally:
        for plane in planes.values():
            plane.held.set()
            plane.shutdown()
            plane.server_close()


@contextlib.contextmanager
def before(copy: Copy, root: Path, text: str = "") -> Iterator[Edge]:
    """The edge before a copy that was started with `TENSHU_EDGE=1`, on the ports that it names."""
    clients = copy.data / "clients"
    found = Folder(copy.data).own
    own = Certificate(chain=str(found.chain), key=str(found.key))
    facts = Facts(
        run=str(copy.data / "run"),
        certificates={"own": own},
        console_port=int(copy.environ["TENSHU_CONSOLE_PORT"]),
        workspace_port=int(copy.environ["TENSHU_WORKSPACE_PORT"]),
        authority=str(clients / CLIENTS),
        generation=1,
        edge=EdgePlace(
            version=version(),
            user="root",
            root=str(root),
            addresses=ADDRESSES,
            revoked=str(clients / REVOKED),
        ),
    )
    made = Edge(facts, copy.authority, document=read_document(text))
    try:
        made.start()
        yield made
    finally:
        made.stop()


@contextlib.contextmanager
def short_root() -> Iterator[Path]:
    """A root whose sockets have short paths (unix(7): 107 bytes)."""
    with tempfile.TemporaryDirectory(prefix="edge-") as folder:
        yield Path(folder)


def told(answer: httpx.Response | dict[str, Any]) -> dict[str, list[str]]:
    """The headers that reached a plane, by name."""
    found: dict[str, list[str]] = {}
    echo = answer if isinstance(answer, dict) else answer.json()
    for name, value in echo["headers"]:
        found.setdefault(name, []).append(value)
    return found
