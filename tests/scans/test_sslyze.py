"""sslyze holds both planes against Mozilla's "intermediate" (V13: nothing weak on the wire)."""

import json
import ssl
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.integration.authority import Authority
from tests.integration.edge import Edge, facts_for, short_root
from tests.running import Copy
from tests.scans.planted import Page, certificate_of, serve
from tests.scans.scanner import program, run, told

EVERY_SCAN = 15
"""Parts of one scan that must have been carried out."""


def sslyze(
    address: str, authority: Path, folder: Path
) -> tuple[subprocess.CompletedProcess[str], dict]:
    report = folder / "report.json"
    done = run(
        [
            program("sslyze"),
            *("--certinfo_ca_file", str(authority)),
            *("--mozilla_config", "intermediate"),
            *("--json_out", str(report), urlsplit(address).netloc),
        ],
        folder,
        seconds=120,
    )
    assert report.exists(), told(done)
    (scanned,) = json.loads(report.read_text())["server_scan_results"]
    assert scanned["connectivity_status"] == "COMPLETED", told(done)
    parts = scanned["scan_result"]
    completed = [name for name, part in parts.items() if part["status"] == "COMPLETED"]
    assert len(completed) >= EVERY_SCAN, told(done)
    return done, parts


@pytest.mark.parametrize("plane", ["console", "workspace"])
def test_what_both_planes_say_on_the_wire_is_intermediate_or_better_V13(
    copy: Copy, plane: str, tmp_path: Path
):
    done, parts = sslyze(getattr(copy, plane), copy.authority, tmp_path)
    assert done.returncode == 0, told(done)
    assert "OK - Compliant." in done.stdout, told(done)
    for old in ("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1"):
        assert parts[f"{old}_cipher_suites"]["result"]["accepted_cipher_suites"] == []
    assert parts["tls_1_3_cipher_suites"]["result"]["accepted_cipher_suites"]


def test_what_the_edge_says_on_the_wire_is_intermediate_or_better_V13(tmp_path: Path):
    """The planned configuration alone: no plane is asked. Then with a fault planted in it."""
    with short_root() as root:
        signer = Authority(tmp_path / "tls")
        edge = Edge(facts_for(root, signer), signer.path)
        edge.start()
        try:
            done, parts = sslyze(edge.base("console"), signer.path, tmp_path)
            assert done.returncode == 0, told(done)
            assert "OK - Compliant." in done.stdout, told(done)
            for old in ("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1"):
                assert parts[f"{old}_cipher_suites"]["result"]["accepted_cipher_suites"] == []
            assert parts["tls_1_3_cipher_suites"]["result"]["accepted_cipher_suites"]
            edge.plant("ssl_ciphers ECDHE", "ssl_ciphers ECDHE-ECDSA-AES128-SHA:ECDHE")
            done, _ = sslyze(edge.base("console"), signer.path, tmp_path)
            assert done.returncode == 1, told(done)
            assert "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA" in done.stdout
        finally:
            edge.stop()


def test_sslyze_finds_planted_weak_ciphers(copy: Copy, tmp_path: Path):
    weak = certificate_of(copy.data / "tls")
    weak.maximum_version = ssl.TLSVersion.TLSv1_2
    weak.set_ciphers("ECDHE-ECDSA-AES128-SHA")
    with serve(lambda *_: Page(b"old"), weak) as address:
        done, _ = sslyze(address, copy.authority, tmp_path)
    assert done.returncode == 1, told(done)
    assert "FAILED - Not compliant." in done.stdout
    assert "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA" in done.stdout


def test_sslyze_finds_an_authority_that_nobody_trusts(copy: Copy, tmp_path: Path):
    other = Path(ssl.get_default_verify_paths().openssl_cafile)
    done, _ = sslyze(copy.console, other, tmp_path)
    assert done.returncode == 1, told(done)
    assert "certificate_path_validation" in done.stdout
