"""A certificate from an authority that only a proxy with a sign-in reaches, trusted by the
document alone: the whole of it, with a real agent, nginx, packet filter and ACME server (V11).
"""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.certificates.renewing import state_of
from appliance.contract.certificates.errors import FetchingFailed
from appliance.contract.certificates.folder import Condition
from appliance.contract.configuration.state import Outcome
from appliance.contract.secret import Secret
from appliance.machine.sign_in import SignIn, keep_sign_in
from tests.hosts import Host
from tests.integration.appliance.machine.conftest import LOCAL
from tests.integration.appliance.machine.test_acme import NAME, serial_of, start
from tests.integration.appliance.machine.test_certificates_shown import INSIDE, Site, site
from tests.integration.authority import Authority
from tests.integration.forwarding import Address, forwarding
from tests.running import wait_until

__all__ = ["site"]

pytestmark = pytest.mark.slow  # agent, nginx, authority, DNS and proxy, each a start of its own

AUTHORITY = "acme.example.test"
"""Known to the proxy alone: the appliance has no name server that would answer."""
PEBBLE = ("10.77.1.2", 14000)
PROXY = ("10.77.1.2", 3128)
PASSWORD = "p@ss:word /#%"


def listen() -> socket.socket:
    return socket.create_server(PROXY)


def connect(address: Address) -> socket.socket:
    return socket.create_connection(address, 5)


@pytest.fixture
def company(site: Site, tmp_path: Path) -> Iterator[Authority]:
    """The company's root, which has signed the certificate of its ACME server."""
    made = Authority(tmp_path / "own", "Company root")
    pebble = start(site.machine.net, tmp_path, made, INSIDE, name=AUTHORITY)
    try:
        yield made
    finally:
        pebble.end()


@pytest.fixture
def asked(site: Site, company: Authority) -> Iterator[list[tuple[str, int]]]:
    """The proxy, and what it was asked for."""
    manage: Host = site.machine.net.manage
    inside = manage.call(listen)
    with forwarding(
        inside,
        {f"{AUTHORITY}:443": PEBBLE},
        f"tenshu:{PASSWORD}",
        lambda to: manage.call(connect, to),
    ) as found:
        yield found


def test_a_certificate_is_fetched_through_the_proxy_and_the_customers_root_V11_METI_42(
    site: Site, company: Authority, asked: list[tuple[str, int]]
) -> None:
    site.machine.place.keys.mkdir(exist_ok=True)
    version = site.machine.apply(
        f'[edge]\nnames = ["{NAME}"]\n[firewall]\nhttp_redirect = true\n'
        f'[network.proxy]\naddress = "http://{PROXY[0]}:{PROXY[1]}"\n'
        f'[certificates]\nconsole = "acme"\n'
        f'[certificates.acme]\ndirectory = "https://{AUTHORITY}/dir"\n'
        f'[[trust.roots]]\nname = "company"\npem = """\n{company.pem}"""\n'
    )
    assert version.outcome is Outcome.waiting
    site.machine.client.confirm(LOCAL, version.number)

    keep_sign_in(site.machine.place, SignIn(user="tenshu", password=Secret("wrong")))
    with pytest.raises(FetchingFailed, match="407"):
        site.client.renew(LOCAL)
    assert {status for _, status in asked} == {407}
    asked.clear()

    keep_sign_in(site.machine.place, SignIn(user="tenshu", password=Secret(PASSWORD)))
    fetched = site.client.renew(LOCAL)
    assert (fetched.names, fetched.condition) == ((NAME,), Condition.good)
    assert set(asked) == {(f"{AUTHORITY}:443", 200)}, "every step, and nothing else"
    assert state_of(site.folder).failures == 0
    first = serial_of(site.folder)
    wait_until(lambda: site.shown() == first, "it is shown", 10)
    site.client.renew(LOCAL)
    assert serial_of(site.folder) != first, "and renewed the same way"
    assert site.machine.net.appliance.call(way_to_pebble) != "open", "there is no other way"
    assert PASSWORD not in site.machine.log


def way_to_pebble() -> str:
    """How the authority looks from the appliance without the proxy."""
    with socket.socket() as client:
        client.settimeout(0.4)
        return "open" if client.connect_ex(PEBBLE) == 0 else "shut"
