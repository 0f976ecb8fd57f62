"""The sign-in at the proxy: kept apart, and told to those who go out alone."""

from pathlib import Path

import pytest

from appliance.contract.configuration.document import Document
from appliance.contract.configuration.network import Network, Proxy
from appliance.contract.secret import Secret
from appliance.machine.facts import Facts
from appliance.machine.plan.desired import Concern
from appliance.machine.planning import desire
from appliance.machine.sign_in import SignIn, keep_sign_in, read_sign_in, way_out
from appliance.place import Place

SIGN_IN = SignIn("tenshu@corp", Secret("p:a/s s@%"))
DOCUMENT = Document(network=Network(proxy=Proxy(address="http://proxy.example:8080")))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    for name in ("data", "keys"):
        (tmp_path / name).mkdir()
    return Place(data=tmp_path / "data", keys=tmp_path / "keys", database_url="")


def test_the_password_lies_in_one_file_that_nobody_else_reads_METI_42(place: Place) -> None:
    assert read_sign_in(place) is None
    keep_sign_in(place, SIGN_IN)
    (file,) = place.keys.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_sign_in(place) == SIGN_IN
    facts = Facts(run="/run", certificates={})
    planned = desire(DOCUMENT, facts, [Concern.OUTGOING]).files
    assert planned
    assert not any("corp" in one.content for one in planned)
    assert list(place.data.iterdir()) == []
    keep_sign_in(place, None)
    keep_sign_in(place, None)
    assert read_sign_in(place) is None


def test_who_goes_out_signs_in_and_nothing_in_the_password_breaks_the_address_METI_42(
    place: Place,
) -> None:
    keep_sign_in(place, SIGN_IN)
    found = way_out(place, DOCUMENT)
    signed_in = "http://tenshu%40corp:p%3Aa%2Fs%20s%40%25@proxy.example:8080"
    assert {found[name] for name in ("HTTP_PROXY", "https_proxy")} == {signed_in}
    assert found["NO_PROXY"].startswith("localhost,")
    assert way_out(place, Document()) == {}
    keep_sign_in(place, None)
    assert way_out(place, DOCUMENT)["HTTPS_PROXY"] == "http://proxy.example:8080"
