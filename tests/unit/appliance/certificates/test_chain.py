"""Chains: put in order, missed by name, looked through (V11)."""

import datetime as dt
from dataclasses import dataclass

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from appliance.contract.certificates import chain as chains
from appliance.contract.certificates.chain import (
    build,
    called,
    check,
    names_of,
    pick_leaf,
    stands_for,
)
from appliance.contract.certificates.errors import (
    Expired,
    IssuerMissing,
    Nameless,
    NotForServers,
    NotYetValid,
    WeakCertificate,
    WrongKey,
)

NOW = dt.datetime(2026, 11, 29, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
KEY = ec.generate_private_key(ec.SECP256R1())
SERVER = (ExtendedKeyUsageOID.SERVER_AUTH,)


@dataclass
class Signed:
    """A certificate, and what it can sign with."""

    certificate: x509.Certificate
    key: object


def make(
    name: str,
    by: Signed | None = None,
    *,
    ca: bool = False,
    key=None,
    begins=-DAY,
    ends=DAY,
    names=("tenshu.example.co.jp",),
    uses=SERVER,
    digest=None,
) -> Signed:
    own = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer = by or Signed(None, own)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + begins)
        .not_valid_after(NOW + ends)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if names and not ca:
        listed = [x509.DNSName(one) for one in names]
        made = made.add_extension(x509.SubjectAlternativeName(listed), critical=False)
    if uses and not ca:
        made = made.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
    signs = None if isinstance(signer.key, ed25519.Ed25519PrivateKey) else digest or hashes.SHA256()
    return Signed(made.sign(signer.key, signs), own)


ROOT = make("Root", ca=True)
UPPER = make("Upper", ROOT, ca=True)
LOWER = make("Lower", UPPER, ca=True)
LEAF = make("tenshu", LOWER, key=KEY)
ALL = [one.certificate for one in (ROOT, LEAF, UPPER, LOWER)]


def test_a_chain_is_put_in_order_and_its_root_left_out_V11():
    found = build(pick_leaf(ALL, KEY), ALL, roots=())
    wanted = (LEAF.certificate, LOWER.certificate, UPPER.certificate)
    assert found.certificates == wanted
    assert not found.trusted
    assert list(chains.issuers_of(found)) == ["Lower", "Upper", "Root"]
    assert found.pem().count("BEGIN") == 3


def test_a_root_that_the_machine_trusts_need_not_be_given_V11():
    parts = [LOWER.certificate, UPPER.certificate]
    found = build(LEAF.certificate, parts, roots=[ROOT.certificate])
    assert found.trusted
    assert len(found.certificates) == 3


@pytest.mark.parametrize(
    ("given", "missing"),
    [([], "Lower"), ([UPPER, ROOT], "Lower"), ([LOWER, ROOT], "Upper"), ([LOWER, UPPER], "Root")],
)
def test_the_issuer_that_is_missing_is_named_V11(given, missing):
    with pytest.raises(IssuerMissing, match=missing):
        build(LEAF.certificate, [one.certificate for one in given], roots=())


def test_an_issuer_of_the_same_name_with_another_key_does_not_count_V11():
    false = make("Lower", UPPER, ca=True).certificate
    with pytest.raises(IssuerMissing, match="Lower"):
        build(LEAF.certificate, [false, UPPER.certificate, ROOT.certificate], roots=())


def test_a_key_of_another_certificate_is_refused_V11():
    with pytest.raises(WrongKey, match="tenshu"):
        pick_leaf(ALL, make("other").key)
    assert pick_leaf(ALL, None) is LEAF.certificate
    assert pick_leaf([ROOT.certificate], None) is ROOT.certificate


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ({"ends": -DAY / 2}, Expired),
        ({"begins": DAY / 2}, NotYetValid),
        ({"names": ()}, Nameless),
        ({"uses": (ExtendedKeyUsageOID.CLIENT_AUTH,)}, NotForServers),
        ({"ca": True}, NotForServers),
        ({"key": rsa.generate_private_key(65537, 1024)}, WeakCertificate),
        ({"key": ed25519.Ed25519PrivateKey.generate()}, WeakCertificate),
        ({"key": ec.generate_private_key(ec.SECP521R1())}, WeakCertificate),
        ({"key": dsa.generate_private_key(2048)}, WeakCertificate),
    ],
)
def test_what_browsers_would_refuse_is_refused_V11(how, error):
    leaf = make("bad", ROOT, **how)
    with pytest.raises(error, match="bad"):
        check(build(leaf.certificate, [ROOT.certificate], roots=()), NOW)


def test_a_certificate_between_that_has_ended_is_named_V11():
    between = make("Between", ROOT, ca=True, ends=-DAY / 2)
    leaf = make("tenshu", between)
    parts = [between.certificate, ROOT.certificate]
    with pytest.raises(Expired, match="Between"):
        check(build(leaf.certificate, parts, roots=()), NOW)


@pytest.mark.parametrize("uses", [SERVER, ()])
def test_what_is_good_passes_V11(uses):
    leaf = make("good", ROOT, uses=uses, key=rsa.generate_private_key(65537, 2048))
    found = build(leaf.certificate, [ROOT.certificate], roots=())
    check(found, NOW)
    assert chains.key_kind(leaf.certificate) == "RSA 2048"
    assert chains.key_kind(ROOT.certificate) == "ECDSA P-256"
    assert len(chains.fingerprint(leaf.certificate)) == 95


def test_one_that_signed_itself_is_its_own_chain_V11():
    alone = make("alone")
    found = build(alone.certificate, [], roots=())
    assert found.certificates == (alone.certificate,)
    assert not found.trusted


def test_the_machines_own_list_of_roots_is_read_once_V11():
    assert chains.trusted_roots() is chains.trusted_roots()


@pytest.mark.parametrize(
    ("names", "own", "stands"),
    [
        (("a.example.jp",), "a.example.jp", True),
        (("*.example.jp",), "A.example.jp", True),
        (("*.example.jp",), "b.a.example.jp", False),
        (("*.example.jp",), "example.jp", False),
        (("a.example.jp",), "b.example.jp", False),
        (("192.0.2.7",), "192.0.2.7", True),
        (("*.0.2.7",), "vm", False),
    ],
)
def test_a_name_stands_for_itself_and_a_star_for_one_part_V11(names, own, stands):
    assert stands_for(names, own) is stands


def test_names_and_what_people_call_it_V11():
    assert names_of(LEAF.certificate) == ("tenshu.example.co.jp",)
    assert names_of(ROOT.certificate) == ()
    assert called(x509.Name([])) == "–"
    unit = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example")
    assert called(x509.Name([unit])) == "Example"
