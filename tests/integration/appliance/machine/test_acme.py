"""A certificate fetched from a real ACME server (pebble), proven through real nginx (V11)."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509

from appliance.certificates.renewing import state_of
from appliance.contract.certificates.folder import Condition, Folder
from tests.hosts import Network
from tests.integration.appliance.machine.conftest import LOCAL
from tests.integration.appliance.machine.test_certificates_shown import INSIDE, Site, site
from tests.integration.authority import Authority
from tests.running import wait_until

__all__ = ["site"]

pytestmark = pytest.mark.slow  # agent, nginx, authority and DNS, each a start of its own

NAME = "tenshu.example.test"
DIRECTORY = "https://10.77.1.2:14000/dir"


@dataclass
class Pebble:
    """An ACME server on the host of the administrators, and the only DNS that it asks."""

    authority: Authority
    processes: list[subprocess.Popen[bytes]]

    def document(self, **more: str) -> str:
        return (
            f'[edge]\nnames = ["{NAME}"]\n[firewall]\nhttp_redirect = true\n'
            f'[certificates]\nconsole = "acme"\n[certificates.acme]\ndirectory = "{DIRECTORY}"\n'
            f'contact = "it@example.test"\nroot = """\n{self.authority.pem}"""\n'
        )


def start(net: Network, folder: Path, authority: Authority, address: str) -> Pebble:
    pair = authority.issue("pebble", "10.77.1.2")
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
    return Pebble(authority, made)


@pytest.fixture(scope="module")
def pebble(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pebble]:
    folder = tmp_path_factory.mktemp("pebble")
    found = start(site.machine.net, folder, Authority(folder / "own"), INSIDE)
    try:
        yield found
    finally:
        for process in found.processes:
            process.terminate()
            process.wait(20)


def test_a_certificate_is_fetched_shown_and_renewed_by_itself_V11(
    site: Site, pebble: Pebble
) -> None:
    folder: Folder = site.folder
    version = site.machine.apply(pebble.document())
    site.machine.client.confirm(LOCAL, version.number)
    site.wait_for(site.own)  # until there is another one
    told = site.certificates()
    assert told.planes[0].condition is Condition.missing
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


def serial_of(folder: Folder) -> int:
    record = folder.record("acme")
    assert record
    pem = folder.pair("acme", record.pair).chain.read_bytes()
    return x509.load_pem_x509_certificate(pem).serial_number


def test_who_cannot_be_reached_is_asked_again_later_and_told_of_V11(
    site: Site, pebble: Pebble
) -> None:
    before = site.shown()
    for process in pebble.processes:
        process.terminate()
        process.wait(20)
    with pytest.raises(Exception, match="certificate could not be fetched"):
        site.client.renew(LOCAL)
    assert state_of(site.folder).failures == 1
    kept = site.certificates().acme
    assert kept is not None
    assert kept.failures == 1
    assert "refused" in kept.reason
    assert site.shown() == before
