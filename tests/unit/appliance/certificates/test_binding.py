"""When browsers may be told to use nothing but HTTPS (HSTS)."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from appliance.certificates.keeping import Keeping
from appliance.contract.certificates import chain as chains
from appliance.contract.certificates.binding import withheld
from appliance.contract.certificates.chain import Chain
from appliance.contract.certificates.folder import Origin, Record, Shown
from appliance.contract.certificates.state import Withheld
from tests.integration.authority import HOUR, Authority

KNOWN, PRIVATE, ENDED = "known", "private", "ended"
SHOWN = [
    (("own", "own"), Withheld.own),
    ((KNOWN, "own"), Withheld.own),
    (("own", KNOWN), Withheld.own),
    ((KNOWN, KNOWN), Withheld.nothing),
    ((KNOWN, PRIVATE), Withheld.untrusted),
    ((PRIVATE, PRIVATE), Withheld.untrusted),
    ((ENDED, KNOWN), Withheld.own),
    (("missing", KNOWN), Withheld.own),
]


@pytest.fixture
def keeping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Keeping]:
    """Three certificates: of an authority that the machine trusts, of another one, and ended."""
    found, public = Keeping(tmp_path), Authority(tmp_path / "public")
    _keep(found, KNOWN, public)
    _keep(found, ENDED, public, begins=-2 * HOUR, ends=-HOUR)
    _keep(found, PRIVATE, Authority(tmp_path / "company", "Company root"))
    monkeypatch.setattr(chains, "ROOTS", public.path)
    chains.trusted_roots.cache_clear()
    yield found
    chains.trusted_roots.cache_clear()


def _keep(keeping: Keeping, name: str, authority: Authority, **times: dt.timedelta) -> None:
    pair = authority.issue(name, "tenshu.example.co.jp", **times)
    leaf = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
    key = serialization.load_pem_private_key(pair.key.read_bytes(), None)
    record = Record(origin=Origin.uploaded, made_at=1, account="")
    keeping.keep(name, record, Chain((leaf,), trusted=False), key)


@pytest.mark.parametrize(("shown", "found"), SHOWN)
def test_browsers_are_bound_only_where_every_plane_shows_what_they_trust_V11(
    keeping: Keeping, shown: tuple[str, str], found: Withheld
) -> None:
    console, workspace = shown
    wanted = Shown(console=console, workspace=workspace)
    assert withheld(keeping.folder, wanted, dt.datetime.now(dt.UTC)) is found


def test_a_certificate_that_ends_binds_nobody_any_more_V11(keeping: Keeping) -> None:
    wanted = Shown(console=KNOWN, workspace=KNOWN)
    later = dt.datetime.now(dt.UTC) + 25 * HOUR
    assert withheld(keeping.folder, wanted, later) is Withheld.own
