"""testssl 3.2 of Debian 13 grades the edge in front of a console (V13: an A+)."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.debian import debian_with, layered
from tests.integration.edge import Edge
from tests.scans.conftest import NAME

LEAST = 96
"""Of 100, with the highest grade."""
SECONDS = 260
GRAVE = {"MEDIUM", "HIGH", "CRITICAL"}
OFFLINE = "cert_revocation"
"""Neither OCSP nor CRL in the own certificate: nobody could ask them without the internet."""


@pytest.fixture
def debian(tmp_path: Path) -> Iterator[Path]:
    """A Debian 13 in which programs run."""
    with layered(debian_with("testssl", "testssl.sh"), tmp_path) as root:
        for name in ("proc", "dev"):
            subprocess.run(["mount", "--rbind", f"/{name}", str(root / name)], check=True)
            subprocess.run(["mount", "--make-rslave", str(root / name)], check=True)
        yield root


@pytest.mark.slow
@pytest.mark.timeout(SECONDS + 20)
def test_the_edge_gets_the_best_grade_V13(edge: Edge, debian: Path) -> None:
    (debian / "tmp/ca.pem").write_bytes(edge.trust.read_bytes())
    place = f"{NAME}:{edge.facts.console_port}"
    words = ["testssl", "--quiet", "--ip", "127.0.0.1", "--nodns", "none", "--color", "0"]
    words += ["--add-ca", "/tmp/ca.pem", "--jsonfile", "/tmp/found.json", place]
    done = subprocess.run(
        ["chroot", str(debian), *words],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    found = {one["id"]: one for one in json.loads((debian / "tmp/found.json").read_text())}
    assert found["overall_grade"]["finding"] == "A+", done.stdout[-6000:]
    assert int(found["final_score"]["finding"]) >= LEAST, done.stdout[-3000:]
    grave = {name for name, one in found.items() if one["severity"] in GRAVE}
    assert grave <= {OFFLINE}, grave
