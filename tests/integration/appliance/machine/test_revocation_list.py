"""The second line: what was revoked is refused by the edge itself, without anybody's hand (F3)."""

import ssl
from pathlib import Path

import httpx
import pytest

from app.identity.operations import accounts
from app.identity.operations import client_certificates as certificates
from tests.integration.authority import Pair
from tests.integration.site import OPEN_ADDRESS, Site, running_site
from tests.running import wait_until
from tests.security.clients import house_of, issue


def health(site: Site, pair: Pair) -> int:
    """Ask over a new connection, as a device elsewhere does."""

    def ask() -> int:
        trust = ssl.create_default_context(cafile=site.copy.authority)
        trust.load_cert_chain(pair.certificate, pair.key)
        with httpx.Client(verify=trust, trust_env=False) as client:
            return client.get(f"https://{OPEN_ADDRESS}/health").status_code

    return site.net.outside.call(ask)


@pytest.mark.slow
def test_the_edge_refuses_a_revoked_certificate_within_seconds_F3(tmp_path: Path) -> None:
    """Slow: a whole machine with its agent, packet filter and edge."""
    with running_site(tmp_path / "site") as site, house_of(site.copy) as local:
        new = accounts.NewAccount(login_id="sato", name="Sato")
        account = accounts.create_account(local, new).account.id
        identifier, pair = issue(local, tmp_path, account, "phone")
        assert health(site, pair) == 200
        lost = certificates.Revocation(certificate=identifier, reason="lost")
        certificates.revoke_certificate(local, lost)
        wait_until(lambda: health(site, pair) == 400, "the edge refuses it", 20)
        _, other = issue(local, tmp_path, account, "tablet")
        assert health(site, other) == 200, "and nobody else"
