"""A certificate fetched from a real ACME server (pebble), proven through real nginx (V11)."""

import json
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509

from appliance.certificates.renewing import state_of
from appliance.contract.certificates.errors import FetchingFailed
from appliance.contract.certificates.folder import Condition, Folder
from appliance.contract.certificates.state import CertificateView
from appliance.contract.configuration.state import Outcome
from tests.hosts import Network
from tests.integration.appliance.machine.conftest import LOCAL
from tests.integration.appliance.machine.test_certificates_shown import INSIDE, Site, serial, site
from tests.integration.authority import Authority
from tests.running import wait_until

__all__ = ["site"]

pytestmark = pytest.mark.slow  # agent, nginx, authority and DNS, each a start of its own

NAME = "tenshu.example.test"
DIRECTORY = "https://10.77.1.2:14000/dir"


@dataclass
class Pebble:
    """An ACME server on the host of the administrators, and the only DNS that it asks."""

    processes: list[subprocess.Popen[bytes]]

    def end(self) -> None:
        for process in self.processes:
            process.terminate()
            process.wait(20)


def document_of(authority: Authority) -> str:
    """What asks the authority whose own certificate is signed by this one."""
    return (
        f'[edge]\nnames = ["{NAME}"]\n[firewall]\nhttp_redirect = true\n'
        f'[certificates]\nconsole = "acme"\n[certificates.acme]\ndirectory = "{DIRECTORY}"\n'
        f'contact = "it@example.test"\nroot = """\n{authority.pem}"""\n'
    )


def start(
    net: Network, folder: Path, authority: Authority, address: str, name: str = "10.77.1.2"
) -> Pebble:
    """Start it under a name, with a certificate of this authority; all names lead to `address`."""
    pair = authority.issue("pebble", name)
    told = {
        "listenAddress": "10.77.1.2:14000",
        "managementListenAddress": "10.77.1.2:15000",
        "certificate": str(pair.certificate),
        "privateKey": str(pair.key),
        "httpPort": 80,
        "tlsPort": 443,
    }
    settings = folder / "pebble.json"
    settings.write_text(json.dumps({"pebble": told}))
    host = net.manage
    names = host.command(
        "pebble-challtestsrv", "-defaultIPv4", address, "-defaultIPv6", "", "-dns01",
        "127.0.0.1:8053", "-http01", "", "-https01", "", "-tlsalpn01", "", "-management",
        "127.0.0.1:8055",
    )  # fmt: skip
    quick = ("env", "PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0")
    server = host.command(
        *quick, "pebble", "-config", str(settings), "-dnsserver", "127.0.0.1:8053", "-strict"
    )
    log = (folder / "pebble.log").open("wb")
    with log:
        made = [subprocess.Popen(one, stdout=log, stderr=log) for one in (names, server)]
    wait_until(lambda: host.tcp("10.77.1.2", 14000) == "open", "pebble answers", 20)
    return Pebble(made)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Who has signed the certificate of the ACME server."""
    return Authority(tmp_path / "own")


@pytest.fixture
def pebble(site: Site, authority: Authority, tmp_path: Path) -> Iterator[Pebble]:
    found = start(site.machine.net, tmp_path, authority, INSIDE)
    try:
        yield found
    finally:
        found.end()


@pytest.fixture
def asking(site: Site, authority: Authority) -> None:
    """The machine is to show what it fetches; from now on it asks by itself too."""
    shown = site.shown()
    version = site.machine.apply(document_of(authority))
    if version.outcome is Outcome.waiting:  # another authority alone locks nobody out
        site.machine.client.confirm(LOCAL, version.number)
    if site.folder.record("acme") is None:
        assert shown == serial(site.own), "until there is another one"


def test_a_certificate_is_fetched_shown_and_renewed_by_itself_V11(
    site: Site, pebble: Pebble, asking: None
) -> None:
    folder: Folder = site.folder
    fetched = site.client.renew(LOCAL)
    assert fetched.names == (NAME,)
    assert fetched.condition is Condition.good
    first = serial_of(folder)
    wait_until(lambda: site.shown() == first, "the fetched one is shown", 10)
    assert not list((site.machine.place.machine_root / "var/lib/tenshu-acme").iterdir())
    assert (folder.tls / "acme/account.json").stat().st_mode & 0o777 == 0o600
    site.client.renew(LOCAL)  # with the account that is kept
    second = serial_of(folder)
    assert second != first
    wait_until(lambda: site.shown() == second, "the renewed one is shown", 10)
    assert folder.record("acme").before
    kept = site.certificates().acme
    assert kept is not None
    assert (kept.failures, kept.reason) == (0, "")
    assert kept.next_at > fetched.begins_at + (fetched.ends_at - fetched.begins_at) // 2


def test_an_authority_that_knows_the_account_no_more_gets_another_one_V11(
    site: Site, authority: Authority, asking: None, tmp_path: Path
) -> None:
    """It was set up anew, or restored from a backup: nobody would find the file to destroy."""
    accounts = []
    for _ in range(2):
        pebble = start(site.machine.net, tmp_path, authority, INSIDE)
        try:
            assert site.client.renew(LOCAL).condition is Condition.good
        finally:
            pebble.end()
        accounts.append((site.folder.tls / "acme/account.json").read_bytes())
    assert accounts[0] != accounts[1]


def test_two_who_fetch_at_the_same_moment_both_get_it_V11(
    site: Site, pebble: Pebble, asking: None
) -> None:
    """A person, and another one or the agent by itself: neither is told that it has failed."""
    started = threading.Barrier(2)

    def renew(_: int) -> CertificateView:
        started.wait(10)
        return site.client.renew(LOCAL)

    with ThreadPoolExecutor(2) as pool:
        came = list(pool.map(renew, range(2)))
    assert [one.condition for one in came] == [Condition.good] * 2
    assert state_of(site.folder).failures == 0


def serial_of(folder: Folder) -> int:
    record = folder.record("acme")
    assert record
    pem = folder.pair("acme", record.pair).chain.read_bytes()
    return x509.load_pem_x509_certificate(pem).serial_number


def test_who_cannot_be_reached_is_asked_again_later_and_told_of_V11(
    site: Site, asking: None
) -> None:
    shown, before = site.shown(), state_of(site.folder)
    with pytest.raises(FetchingFailed, match="certificate could not be fetched"):
        site.client.renew(LOCAL)
    state = state_of(site.folder)
    assert state.at > before.at
    assert state.failures > before.failures
    kept = site.certificates().acme
    assert kept is not None
    assert kept.failures == state.failures
    assert "refused" in kept.reason
    assert kept.next_at > state.at
    assert site.shown() == shown
