"""Client certificates through the real edge: the good one works, and no other does (F3)."""

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from app.core.secret import Secret
from app.identity.access_rules import Kind
from app.identity.client_certificate_rows import ListCertificates
from app.identity.models import Password
from app.identity.operations import access_rules, accounts, client_certificate_list, grants
from app.identity.operations import client_certificates as certificates
from app.identity.roles import Role
from app.operations.context import Context, Plane
from app.start.certificates import KEPT_AS as OF_THE_PLANES
from app.web.cookies import session_cookie_name
from appliance.contract.certificates.folder import Folder
from appliance.contract.certificates.own import AUTHORITY
from appliance.contract.edge import Told
from tests.faces import PASSWORD
from tests.integration.authority import Pair
from tests.integration.edge import Edge, before, short_root
from tests.running import Copy, start_copy, wait_until
from tests.security.clients import HOUR, Signer, house_of, issue, stranger

WORKSPACE = session_cookie_name(Plane.WORKSPACE)
DAY = 24 * HOUR


@dataclass
class House:
    """A copy behind its edge, with somebody who needs a certificate and somebody who does not."""

    edge: Edge
    copy: Copy
    local: Context
    folder: Path
    sato: str
    mori: str
    certificate: str
    good: Pair

    def browser(self, certificate: Pair | None = None, **options) -> httpx.Client:
        host = "127.0.0.1" if options.get("source") else "localhost"
        base = self.edge.base("workspace", host)
        headers = {"sec-fetch-site": "same-origin", "origin": base, "accept-language": "en"}
        told = [*headers.items(), *options.pop("more", [])]
        return self.edge.client("workspace", certificate=certificate, headers=told, **options)

    def sign_in(self, browser: httpx.Client, login_id: str = "sato") -> httpx.Response:
        return browser.post("/sign-in", data={"login_id": login_id, "password": PASSWORD})


def person(local: Context, login_id: str) -> str:
    """Somebody of the staff whose first password is their own already."""
    made = accounts.create_account(
        local,
        accounts.NewAccount(
            login_id=login_id, name=login_id.title(), initial_password=Secret(PASSWORD)
        ),
    )
    with local.appliance.database.write() as session:
        kept = session.get_one(Password, made.account.id)
        kept.must_change, kept.valid_until, kept.stands_alone = False, 0, True
    grants.give(local, grants.NewGrant(holder=made.account.id, role=Role.STAFF))
    return made.account.id


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("clients")
    with (
        short_root() as root,
        start_copy(root / "copy", TENSHU_EDGE="1") as copy,
        before(copy, root / "edge", "[firewall]\nconnections_per_source = 1000\n") as edge,
        house_of(copy) as local,
    ):
        sato, mori = person(local, "sato"), person(local, "mori")
        certificate, good = issue(local, folder, sato, "laptop")
        rule = access_rules.RuleChange(kind=Kind.ACCOUNT, whom=sato, certificate=True, rev=0)
        access_rules.set_rule(local, rule)
        yield House(edge, copy, local, folder, sato, mori, certificate, good)


def test_with_the_own_certificate_a_person_works_and_without_it_not_F3(house: House) -> None:
    with house.browser(house.good) as browser:
        assert house.sign_in(browser).status_code == 303
        assert browser.get("/account").status_code == 200
        cookie = browser.cookies[WORKSPACE]
    listed = client_certificate_list.list_certificates(house.local, ListCertificates())
    (used,) = [one for one in listed.items if one.id == house.certificate]
    assert (bool(used.last_used_at), used.last_used_from) == (True, "127.0.0.1")
    with house.browser() as browser:
        refused = house.sign_in(browser)
        assert refused.status_code == 403
        assert "needs the client certificate of this device" in refused.text
        browser.cookies.set(WORKSPACE, cookie, domain="localhost.local")
        stolen = browser.get("/account", headers={"cookie": f"{WORKSPACE}={cookie}"})
        assert stolen.status_code == 403
        assert "needs the client certificate of this device" in stolen.text
    with house.browser(house.good) as browser:
        ended = browser.get("/account", headers={"cookie": f"{WORKSPACE}={cookie}"})
        assert ended.status_code == 303, "whoever had the cookie without the device has ended it"


def test_who_needs_none_works_without_one_F3(house: House) -> None:
    with house.browser() as browser:
        assert house.sign_in(browser, "mori").status_code == 303
        assert browser.get("/account").status_code == 200


def test_a_revoked_certificate_ends_on_the_connection_that_is_open_F3(house: House) -> None:
    identifier, pair = issue(house.local, house.folder, house.sato, "phone")
    with house.browser(pair, http2=True) as browser:
        assert house.sign_in(browser).status_code == 303
        assert browser.get("/account").status_code == 200
        (connection,) = browser._transport._pool.connections  # type: ignore[attr-defined]
        certificates.revoke_certificate(
            house.local, certificates.Revocation(certificate=identifier, reason="lost")
        )
        assert browser.get("/account").status_code == 303, "on the very next request"
        assert house.sign_in(browser).status_code == 403
        assert browser._transport._pool.connections == [connection]  # type: ignore[attr-defined]
    # the second line: the list that the edge reads when it is told to
    path = house.copy.data / "clients/clients.crl"
    wait_until(lambda: _is_listed(path, pair), "the list names it", 10)
    house.edge.apply("[firewall]\nconnections_per_source = 1000\n")
    with house.browser(pair) as browser:
        told = browser.get("/health")
        assert told.status_code == 400
        assert "could not be verified" in told.text


def _is_listed(path: Path, pair: Pair) -> bool:
    found = x509.load_pem_x509_crl(path.read_bytes())
    return found.get_revoked_certificate_by_serial_number(serial_of(pair)) is not None


def serial_of(pair: Pair) -> int:
    return x509.load_pem_x509_certificate(pair.certificate.read_bytes()).serial_number


def signed(**how: Any) -> "Making":
    """What the copy's own authority would have signed."""
    return lambda house: Signer.of(house.copy).sign(house.folder, "signed", **how)


def with_a_weak_signature(house: "House") -> Pair:
    """SHA-1: the library signs with it no more."""
    signer = Signer.of(house.copy)
    key = signer.write_key(house.folder / "authority.key")
    pair = signer.sign(house.folder, "outdated")
    wanted = house.folder / "outdated.csr"
    ask = ["openssl", "req", "-new", "-key", pair.key, "-subj", "/CN=outdated", "-out", wanted]
    subprocess.run(ask, check=True, capture_output=True)
    authority = house.copy.data / "clients/clients.pem"
    sign = ["openssl", "x509", "-req", "-sha1", "-in", wanted, "-CA", authority, "-CAkey", key]
    subprocess.run([*sign, "-out", pair.certificate], check=True, capture_output=True)
    return pair


def of_another_authority(house: "House") -> Pair:
    return stranger(Signer.of(house.copy).name).sign(house.folder, "stranger")


def signed_by_itself(house: "House") -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "itself")])
    return Signer(name, key).sign(house.folder, "itself", key=key)


def of_another_person(house: "House") -> Pair:
    return issue(house.local, house.folder, house.mori, "another")[1]


def with_a_known_serial(house: "House") -> Pair:
    return Signer.of(house.copy).sign(house.folder, "same", serial=serial_of(house.good))


def below_an_intermediate(house: "House") -> Pair:
    return Signer.of(house.copy).below(house.folder, "pretender").sign(house.folder, "pretended")


def below_twenty(house: "House") -> Pair:
    signer = Signer.of(house.copy)
    for number in range(20):
        signer = signer.below(house.folder, f"authority {number}")
    return signer.sign(house.folder, "far below")


def of_the_authority_of_the_planes(house: "House") -> Pair:
    return Signer.of(house.copy, f"tls/{AUTHORITY}", OF_THE_PLANES).sign(house.folder, "planes")


def of_the_planes(house: "House") -> Pair:
    own = Folder(house.copy.data).own
    return Pair(own.chain, own.key)


Making = Callable[["House"], Pair]
BAD: dict[str, tuple[int, Making]] = {
    "expired": (400, signed(begins=-DAY, ends=-HOUR)),
    "not yet valid": (400, signed(begins=HOUR)),
    "of another authority of the same name": (400, of_another_authority),
    "signed by itself": (400, signed_by_itself),
    "well signed and unknown": (403, signed()),
    "well signed, with the serial number of a good one": (403, with_a_known_serial),
    "of another person": (403, of_another_person),
    "for servers": (400, signed(uses=[ExtendedKeyUsageOID.SERVER_AUTH])),
    "for signing certificates": (400, signed(usage="key_cert_sign")),
    "below an intermediate that ours has signed": (400, below_an_intermediate),
    "far below": (400, below_twenty),
    "with a weak key": (400, signed(key=rsa.generate_private_key(65537, 1024))),
    "with a weak signature": (400, with_a_weak_signature),
    "of the authority of the planes": (400, of_the_authority_of_the_planes),
    "of the planes themselves": (400, of_the_planes),
}
"""What it is, what answers (400 the edge, 403 the plane), how it is made."""


@pytest.mark.parametrize("kind", BAD)
def test_no_other_certificate_lets_anybody_in_F3(house: House, kind: str) -> None:
    status, make = BAD[kind]
    with house.browser(make(house), careless=True) as browser:
        try:
            answer = house.sign_in(browser)
        except httpx.TransportError:
            assert status == 400, "the edge alone may break a connection off"
            return
        assert answer.status_code == status, answer.text[-600:]
        assert WORKSPACE not in browser.cookies


def test_a_person_comes_in_from_their_networks_alone_through_the_edge_F2(house: House) -> None:
    ito = person(house.local, "ito")
    there, elsewhere = "127.0.0.8", "127.0.0.7"
    with house.browser(source=elsewhere) as browser:
        assert house.sign_in(browser, "ito").status_code == 303
        wanted = access_rules.RuleChange(
            kind=Kind.ACCOUNT, whom=ito, networks=(f"{there}/32", "2001:db8::/32"), rev=0
        )
        access_rules.set_rule(house.local, wanted)
        ended = browser.get("/account")
        assert ended.status_code == 403
        assert "cannot be used from this network" in ended.text
        assert there not in ended.text, "it tells no more than that"
        assert browser.get("/account").status_code == 303
        refused = house.sign_in(browser, "ito")
        assert refused.status_code == 403
        forged = {"x-forwarded-for": there, "x-real-ip": there, "forwarded": f"for={there}"}
        browser.headers.update(forged)
        assert house.sign_in(browser, "ito").status_code == 403
    with house.browser(source=there) as browser:
        assert house.sign_in(browser, "ito").status_code == 303
        assert browser.get("/account").status_code == 200


def test_a_suspended_person_is_let_in_by_no_certificate_F3(house: House) -> None:
    kato = person(house.local, "kato")
    _, pair = issue(house.local, house.folder, kato, "tablet")
    with house.browser(pair) as browser:
        assert house.sign_in(browser, "kato").status_code == 303
        rev = accounts.get_account(house.local, accounts.AccountRef(kato)).account.rev
        accounts.suspend_account(house.local, accounts.SuspendAccount(kato, rev))
        assert browser.get("/account").status_code == 303
        assert house.sign_in(browser, "kato").status_code == 401


SPELLINGS: dict[str, Callable[[str], list[str]]] = {
    "as the edge spells it": lambda name: [name],
    "with underscores": lambda name: [name.replace("-", "_")],
    "twice": lambda name: [name, name],
    "both ways": lambda name: [name.replace("-", "_"), name, name.lower()],
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_certificate_that_is_only_told_in_a_header_is_none_F3_V18(
    house: House, spelling: str
) -> None:
    told = {
        Told.VERIFIED: "SUCCESS",
        Told.SERIAL: f"{serial_of(house.good):X}",
        Told.CERTIFICATE: quote(house.good.certificate.read_text()),
        "SSL-Client-Verify": "SUCCESS",
        "X-SSL-Client-Cert": quote(house.good.certificate.read_text()),
        "Client-Cert": quote(house.good.certificate.read_text()),
    }
    forged = [(each, text) for name, text in told.items() for each in SPELLINGS[spelling](name)]
    for shown in (None, of_another_person(house)):
        with house.browser(shown, more=forged) as browser:
            assert house.sign_in(browser).status_code == 403
            assert WORKSPACE not in browser.cookies
