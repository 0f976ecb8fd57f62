"""A running copy without an edge binds browsers to HTTPS only where nobody is locked out (V11)."""

from pathlib import Path

import pytest

from tests.brought import HSTS, bring, is_bound, trusting
from tests.integration.authority import Authority
from tests.running import Copy, start_copy, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.once]  # a copy of its own, and workers that change

NAME = "tenshu.example.co.jp"


def test_browsers_are_bound_while_every_plane_shows_what_they_trust_by_themselves_V11(
    tmp_path: Path,
) -> None:
    company = Authority(tmp_path / "company")
    with start_copy(tmp_path, TENSHU_HOST_NAMES=NAME, **trusting(company)) as copy:
        assert bound(copy) == [], "the appliance's own certificate"
        bring(copy, company, NAME)
        with copy.client() as client:
            told = client.get("/sign-in", headers={"host": NAME}).headers[HSTS]
            here = client.get("/sign-in", headers={"host": "localhost"}).headers
        assert told == "max-age=63072000", "not for what is below the name"
        assert HSTS not in here, "localhost"
        # one plane goes back: the other goes on as it is, and binds nobody either
        assert copy.tenshu("certificate", "use", "own", "--plane", "console").returncode == 0
        wait_until(lambda: bound(copy) == [], "nobody is bound any more", 60)


def bound(copy: Copy) -> list[str]:
    return [plane for plane in ("console", "workspace") if is_bound(copy, plane, NAME)]
