"""Root certificates as the page of trusted authorities takes and shows them."""

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from app.machine.roots import name_for, pem_of, view_of
from appliance.contract.configuration.trust import TrustedRoot
from tests.integration.authority import Authority


def test_a_root_is_shown_with_subject_fingerprint_and_end(tmp_path: Path) -> None:
    pem = Authority(tmp_path).path.read_text()
    found = x509.load_pem_x509_certificate(pem.encode())
    shown = view_of(TrustedRoot(name="own", pem=pem, note="third floor"))
    assert (shown.name, shown.note) == ("own", "third floor")
    assert shown.subject
    assert len(shown.fingerprint) == 95
    assert shown.begins < shown.ends == int(found.not_valid_after_utc.timestamp()) * 1000
    broken = view_of(TrustedRoot(name="own", pem="nothing"))
    assert (broken.subject, broken.fingerprint, broken.ends) == ("", "", 0)


def test_der_becomes_pem_and_anything_else_stays_for_the_check_to_judge(tmp_path: Path) -> None:
    pem = Authority(tmp_path).path.read_text()
    der = x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)
    assert pem_of(der).split() == pem.split()
    assert pem_of(pem.replace("\n", "\r\n").encode()) == pem.strip() + "\n"
    assert pem_of(b"\xff\xfe nothing") == "�� nothing\n"


def test_a_root_without_a_name_gets_one_from_its_subject_unlike_the_others(tmp_path: Path) -> None:
    pem = Authority(tmp_path).path.read_text()
    name = name_for(pem, ())
    assert view_of(TrustedRoot(name=name, pem=pem)).subject.lower()[:3] == name[:3]
    assert name_for(pem, {name}) == f"{name}-2"
    assert name_for("nothing", ()) == "root"
