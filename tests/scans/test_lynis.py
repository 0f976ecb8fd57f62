"""lynis 3.1 of Debian 13 in the booted appliance (V11)."""

import pytest

from tests.benchmarks.figures import figures
from tests.benchmarks.lynis import audit
from tests.integration.systemd.booted import Booted

pytestmark = [
    pytest.mark.image,
    pytest.mark.together("benchmarks"),
    pytest.mark.timeout(400),
]

LEAST = 80
NEAR = 1
"""A point more or less is what ran just then."""


def test_lynis_has_no_warning_and_an_index_of_80_V11(looked_at: Booted) -> None:
    found = audit(looked_at)
    assert found.warnings == ()
    assert found.index >= LEAST, found.suggestions
    assert found.tests >= figures().lynis_tests
    assert abs(found.index - figures().lynis_index) <= NEAR, "tests/benchmarks/figures.toml is old"


def test_a_second_root_would_be_found_V11(looked_at: Booted) -> None:
    assert audit(looked_at, "AUTH-9204").warnings == ()
    looked_at.run("sh", "-c", "echo 'other:x:0:0::/:/bin/sh' >> /etc/passwd")
    assert any("AUTH-9204" in one for one in audit(looked_at, "AUTH-9204").warnings)
