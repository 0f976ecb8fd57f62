"""Which certificate a real nginx shows to a real client: chosen, ended, mended (V11, METI-42)."""

import contextlib
import datetime as dt
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509

from appliance.contract.certificates.client import CertificateClient
from appliance.contract.certificates.errors import CertificateInUse
from appliance.contract.certificates.folder import Condition, Folder
from appliance.contract.certificates.state import Certificates, InstallCertificate
from appliance.contract.configuration.errors import ConfigurationRefused
from appliance.contract.configuration.state import Outcome
from appliance.contract.secret import Secret
from appliance.machine.plan import edge
from tests.hosts import Host, network
from tests.integration.appliance.machine.conftest import AGENT, FROM_MANAGE, LOCAL, Machine
from tests.integration.authority import HOUR, Authority, Pair
from tests.integration.edge import nginx, short_root
from tests.running import wait_until

INSIDE = "10.77.1.1"
LOOK = "from appliance.certificates.looking import look; from appliance.machine.applying import "
LOOK += "applying_at; from appliance.place import load_place; look(applying_at(load_place()))"


def shown_on(port: int) -> int:
    """The serial number of what a client is shown."""
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((INSIDE, port), 5) as plain, trust.wrap_socket(plain) as client:
        shown = client.getpeercert(binary_form=True)
    assert shown
    return x509.load_der_x509_certificate(shown).serial_number


def serial(pair: Pair) -> int:
    return x509.load_pem_x509_certificate(pair.certificate.read_bytes()).serial_number


@dataclass
class Site:
    """A machine with agent and nginx, and an authority of the company."""

    machine: Machine
    company: Authority
    own: Pair
    server: subprocess.Popen[bytes] | None = None

    @property
    def client(self) -> CertificateClient:
        return CertificateClient(self.machine.place.socket)

    @property
    def folder(self) -> Folder:
        return Folder(self.machine.place.data)

    def shown(self, port: int = 8443) -> int:
        manage: Host = self.machine.net.manage
        return manage.call(shown_on, port)

    def wait_for(self, pair: Pair, port: int = 8443) -> None:
        """For a moment old and new processes of nginx take connections side by side."""
        shown = serial(pair)
        wait_until(lambda: self.shown(port) == shown, f"{pair.certificate.name} is shown", 10)

    def install(self, pair: Pair) -> str:
        told = InstallCertificate(
            chain=self.company.pem + pair.certificate.read_text(),
            key=Secret(pair.key.read_text()),
        )
        return self.client.install(LOCAL, told).name

    def certificates(self) -> Certificates:
        return self.client.certificates(LOCAL)

    def put(self, name: str, pair: Pair) -> None:
        """Another content in the files of a certificate, as time or somebody would bring it."""
        record = self.folder.record(name)
        assert record
        files = self.folder.pair(name, record.pair)
        shutil.copy(pair.certificate, files.chain)
        shutil.copy(pair.key, files.key)

    def look(self) -> None:
        """Look now, as the agent does each minute."""
        command = self.machine.command(AGENT)[:-2]
        subprocess.run([*command, "-c", LOOK], check=True, timeout=30)

    def start_edge(self) -> None:
        root = self.machine.place.machine_root
        words = (nginx(), "-p", str(root), "-c", f"{root}/{edge.PATH}", "-g", "daemon off;")
        self.server = subprocess.Popen(self.machine.net.appliance.command(*words))
        manage = self.machine.net.manage
        wait_until(lambda: manage.tcp(INSIDE, 8443) == "open", "nginx answers", 20)

    def stop_edge(self) -> None:
        assert self.server
        self.server.terminate()
        self.server.wait(20)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with network() as net, short_root() as folder:
        for one in ("run", "var/log/tenshu-edge", "var/lib/nginx"):
            (folder / "root" / one).mkdir(parents=True)
        own = Authority(folder / "data/tls", "Tenshu authority").issue("server", INSIDE)
        (folder / "data/run").mkdir()
        machine = Machine(net, folder)
        machine.start()
        found = Site(machine, Authority(folder / "company"), own)
        found.start_edge()
        try:
            yield found
        finally:
            found.stop_edge()
            machine.close()


def test_what_is_chosen_is_shown_and_what_ends_gives_way_to_the_own_one_V11_METI_42(
    site: Site,
) -> None:
    company = site.company.issue("company", INSIDE, "tenshu.example.co.jp")
    ended = site.company.issue("ended", INSIDE, begins=-2 * HOUR, ends=-HOUR)
    site.wait_for(site.own)
    name = site.install(company)
    assert name.startswith("tenshu-20")

    # chosen in the document: seen at once, and to be confirmed like all that may lock out
    chosen = f'[certificates]\nconsole = "{name}"\n'
    applied = site.machine.apply(chosen, FROM_MANAGE)
    assert applied.outcome is Outcome.waiting
    site.wait_for(company)
    site.wait_for(site.own, 443)
    site.machine.client.revert(FROM_MANAGE, applied.number)
    site.wait_for(site.own)
    applied = site.machine.apply(chosen, FROM_MANAGE)
    site.machine.client.confirm(FROM_MANAGE, applied.number, applied.number)
    site.wait_for(company)
    with pytest.raises(CertificateInUse):
        site.client.remove(LOCAL, name)

    # it ends: the own one is shown, and said to be; mended, it comes back
    site.put(name, ended)
    site.look()
    site.wait_for(site.own)
    told = site.certificates().planes[0]
    assert (told.wanted, told.shown, told.condition) == (name, "own", Condition.expired)
    assert site.machine.client.configuration(LOCAL).drift == ()
    site.put(name, company)
    site.look()
    site.wait_for(company)

    # a start over files that no longer fit each other
    site.stop_edge()
    site.put(name, Pair(company.certificate, ended.key))
    site.machine.kill()
    subprocess.run(site.machine.command("appliance.machine.starting"), check=True, timeout=30)
    site.start_edge()
    site.wait_for(site.own)
    site.put(name, company)
    site.machine.start()  # its first look
    site.wait_for(company)


def test_a_document_names_no_certificate_that_is_not_there_V11(site: Site) -> None:
    with pytest.raises(ConfigurationRefused, match="absent"):
        site.machine.apply('[certificates]\nworkspace = "absent"\n')
    with contextlib.suppress(FileNotFoundError):
        assert not (site.folder.path / "absent").exists()


def test_keys_are_for_the_one_who_reads_them_alone_S9(site: Site) -> None:
    pair = site.company.issue("modes", INSIDE)
    name = site.install(pair)
    keys = list((site.folder.path / name).glob("*.key"))
    assert [key.stat().st_mode & 0o777 for key in keys] == [0o600]
    assert Path(site.folder.path).stat().st_mode & 0o777 == 0o700
    assert dt.datetime.now(dt.UTC).strftime("%Y") in name
    site.client.remove(LOCAL, name)
    assert not (site.folder.path / name).exists()
