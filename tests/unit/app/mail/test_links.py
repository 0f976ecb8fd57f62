"""The addresses that a mail gives are whole, and reach beyond this machine."""

import msgspec
import pytest

from app.core.settings import load_settings
from app.mail.links import link_to
from app.mail.times import written_time
from app.operations.context import Appliance, Context, Plane


@pytest.mark.parametrize(
    ("host", "names", "address", "link"),
    [
        ("tenshu.example:8443", (), "0.0.0.0", "https://tenshu.example:8444/reviews"),
        ("[fd00::1]:8443", (), "::", "https://[fd00::1]:8444/reviews"),
        ("localhost:8443", ("*.example", "a.example"), "127.0.0.1", "https://a.example:8444/reviews"),
        ("127.0.0.1:8443", (), "192.0.2.7", "https://192.0.2.7:8444/reviews"),
        ("", (), "127.0.0.1", "https://castle:8444/reviews"),
    ],
)  # fmt: skip
def test_a_link_names_a_host_that_others_reach_too(tmp_path, host, names, address, link):
    settings = load_settings({"TENSHU_DATA": str(tmp_path / "data")})
    settings = msgspec.structs.replace(settings, host_names=names, address=address)
    appliance = Appliance(settings, database=None, keyring=None, machine="castle")
    assert link_to(Context(appliance, host=host), Plane.WORKSPACE, "/reviews") == link


def test_a_time_in_a_mail_names_its_zone():
    assert written_time(1_795_224_000_000, "Asia/Tokyo") == "2026-11-21 10:20 (Asia/Tokyo)"
