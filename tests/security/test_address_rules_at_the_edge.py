"""Address rules through real nginx, between hosts: by area, role and person, IPv4 and IPv6 (F2).

One appliance that owns its machine, one host in the management network and one outside. Nobody
comes in by saying that they come from elsewhere; a proxy that is trusted is believed.
"""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from app.identity.access_rules import Kind
from app.identity.operations import access_rules, grants
from app.identity.roles import Role
from app.operations.context import Context, Plane
from app.web.cookies import session_cookie_name
from appliance.contract.actions import Caller
from appliance.contract.configuration.client import MachineClient
from appliance.contract.configuration.state import ApplyConfiguration
from tests.faces import PASSWORD
from tests.hosts import Host
from tests.integration.edge import short_root
from tests.integration.site import MANAGED_ADDRESS, OPEN_ADDRESS, Site, running_site
from tests.security.clients import house_of
from tests.security.test_client_certificates_at_the_edge import person

pytestmark = [pytest.mark.slow, pytest.mark.together("address rules")]
LOCAL = Caller(account="root", plane="machine")
COOKIE = session_cookie_name(Plane.WORKSPACE)
MANAGE, MANAGE6 = "10.77.1.2", "fd77:1::2"
OUTSIDE, OUTSIDE6 = "10.77.2.2", "fd77:2::2"
MANAGED = ("10.77.1.0/24", "fd77:1::/64")
OPEN = ("10.77.2.0/24", "fd77:2::/64")
LISTS = f"""
[access.lists.managed]
networks = {list(MANAGED)}
[access.lists.open]
networks = {list(OPEN)}
"""
BELIEVED = f"""
[access]
console = ["everywhere"]
trusted_proxies = ["{MANAGE}", "{MANAGE6}"]
"""


@dataclass
class House:
    """The site, the machine's own context, and the people: login ID → account."""

    site: Site
    local: Context
    people: dict[str, str]

    def ask(
        self, host: Host, address: str, path: str, *, cookie: str = "", **headers: str
    ) -> httpx.Response:
        """Ask the workspace from a host."""
        return host.call(self._ask, "GET", address, path, cookie, headers)

    def _ask(
        self, method: str, address: str, path: str, cookie: str, headers: dict[str, str]
    ) -> httpx.Response:
        trust = ssl.create_default_context(cafile=self.site.copy.authority)
        trust.check_hostname = False  # the certificate names the IPv4 addresses
        base = f"https://[{address}]" if ":" in address else f"https://{address}"
        told = {"origin": base, "sec-fetch-site": "same-origin"} | headers
        if cookie:
            told["cookie"] = f"{COOKIE}={cookie}"
        with httpx.Client(verify=trust, trust_env=False, timeout=30) as client:
            data = {"login_id": path, "password": PASSWORD} if method == "POST" else None
            place = "/sign-in" if method == "POST" else path
            return client.request(method, f"{base}{place}", headers=told, data=data)

    def may(self, host: Host, address: str, login_id: str, **headers: str) -> bool:
        """Tell whether somebody comes in from there: whoever is refused is signed out as well."""
        answer = host.call(self._ask, "POST", address, login_id, "", headers)
        assert answer.status_code in (303, 403), answer.text
        if answer.status_code == 303:
            cookie = answer.cookies[COOKIE]
            shown = self.ask(host, address, "/account", cookie=cookie, **headers)
            assert shown.status_code == 200
        return answer.status_code == 303

    def rule(self, kind: Kind, whom: str, networks: tuple[str, ...]) -> None:
        ref = access_rules.RuleRef(kind=kind, whom=whom)
        rev = access_rules.get_rule(self.local, ref).rev
        change = access_rules.RuleChange(kind=kind, whom=whom, networks=networks, rev=rev)
        access_rules.set_rule(self.local, change)

    def apply(self, document: str) -> None:
        """Put a document into effect for good."""
        machine = MachineClient(self.site.copy.data / "run/agent.sock")
        based_on = machine.configuration(LOCAL).version
        wanted = ApplyConfiguration(document=document, based_on=based_on, seconds=30)
        applied = machine.apply(LOCAL, wanted)
        machine.confirm(LOCAL, applied.number)


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with short_root() as folder, running_site(folder) as site, house_of(site.copy) as local:
        people = {login_id: person(local, login_id) for login_id in ("sato", "mori")}
        grants.give(local, grants.NewGrant(holder=people["mori"], role=Role.VIEWER))
        yield House(site, local, people)


def everywhere(house: House) -> list[tuple[Host, str, bool]]:
    """Each host by each family, and whether it lies in the network that is open to everybody."""
    net = house.site.net
    return [
        (net.outside, OPEN_ADDRESS, True),
        (net.outside, "fd77:2::1", True),
        (net.manage, MANAGED_ADDRESS, False),
        (net.manage, "fd77:1::1", False),
    ]


def test_a_rule_of_a_person_holds_on_both_families_for_nobody_else_F2(house: House) -> None:
    house.rule(Kind.ACCOUNT, house.people["sato"], OPEN)
    for host, address, is_open in everywhere(house):
        assert house.may(host, address, "sato") == is_open, address
        assert house.may(host, address, "mori"), address
    house.rule(Kind.ACCOUNT, house.people["sato"], ())


def test_a_rule_of_a_role_holds_for_whoever_has_it_F2(house: House) -> None:
    house.rule(Kind.ROLE, Role.VIEWER, MANAGED)
    for host, address, is_open in everywhere(house):
        assert house.may(host, address, "mori") != is_open, address
        assert house.may(host, address, "sato"), address
    house.rule(Kind.ACCOUNT, house.people["mori"], OPEN)  # all rules hold at once: nothing is left
    assert not any(house.may(host, address, "mori") for host, address, _ in everywhere(house))
    house.rule(Kind.ACCOUNT, house.people["mori"], ())
    house.rule(Kind.ROLE, Role.VIEWER, ())


def test_a_forged_address_is_believed_of_nobody_but_a_trusted_proxy_F2(house: House) -> None:
    net = house.site.net
    house.rule(Kind.ACCOUNT, house.people["sato"], OPEN)
    forged = ({"x-forwarded-for": OUTSIDE}, {"x-forwarded-for": OUTSIDE6},
              {"x-real-ip": OUTSIDE}, {"forwarded": f"for={OUTSIDE}"},
              {"x-forwarded-for": f"{OUTSIDE}, {OUTSIDE}"})  # fmt: skip
    for headers in forged:
        for address in (MANAGED_ADDRESS, "fd77:1::1"):
            assert not house.may(net.manage, address, "sato", **headers), headers
    house.apply(BELIEVED + LISTS)
    for address in (MANAGED_ADDRESS, "fd77:1::1"):
        for told, may in ((OUTSIDE, True), (OUTSIDE6, True), ("203.0.113.9", False),
                          (f"{OUTSIDE}, 203.0.113.9", False)):  # fmt: skip
            assert house.may(net.manage, address, "sato", **{"x-forwarded-for": told}) == may, told
        assert not house.may(net.manage, address, "sato"), "the proxy itself is no one else"
    lied = {"x-forwarded-for": MANAGE}
    assert house.may(net.outside, OPEN_ADDRESS, "sato", **lied), "it is not believed: it stays open"
    house.rule(Kind.ACCOUNT, house.people["sato"], MANAGED)
    assert not house.may(net.outside, OPEN_ADDRESS, "sato", **lied)
    house.rule(Kind.ACCOUNT, house.people["sato"], ())


def test_a_list_of_an_area_holds_at_the_edge_for_everybody_F2(house: House) -> None:
    area = '[access]\nconsole = ["everywhere"]\napi = ["managed"]\n'
    house.apply(area + LISTS)
    for host, address, is_open in everywhere(house):
        assert house.may(host, address, "sato"), address
        answer = house.ask(host, address, "/api/v1/tables")
        assert (answer.status_code == 403) == is_open, (address, answer.status_code)
        forged = house.ask(host, address, "/api/v1/tables", **{"x-forwarded-for": MANAGE})
        assert forged.status_code == answer.status_code
    closed = '[access]\nconsole = ["everywhere"]\n'
    closed += "".join(f'{name} = ["managed"]\n' for name in ("workspace", "portal", "kiosk", "api"))
    house.apply(closed + LISTS)
    net = house.site.net
    assert house.may(net.manage, MANAGED_ADDRESS, "sato")
    assert house.may(net.manage, "fd77:1::1", "sato")
    for address in (OPEN_ADDRESS, "fd77:2::1"):
        assert net.outside.tcp(address, 443) == "filtered", "no area is left: the filter drops it"
