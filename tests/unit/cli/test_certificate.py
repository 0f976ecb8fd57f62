"""`tenshu certificate` with a real agent (V11)."""

from collections.abc import Iterator

import pytest

from appliance.place import load_place
from tests.integration.appliance.conftest import RunningAgent
from tests.integration.authority import Authority


@pytest.fixture
def agent(owned, environ) -> Iterator[RunningAgent]:
    running = RunningAgent(load_place(environ))
    running.start()
    yield running
    running.end()


def test_a_certificate_is_asked_for_brought_in_used_and_destroyed_V11(owned, agent, tmp_path):
    own = owned("certificate", "show", "--json").json
    (name, *_) = own["own_names"]
    assert "own" in owned("certificate", "show").out
    asked = owned("certificate", "request", name, "--organisation", "Example")
    assert asked.out.startswith("-----BEGIN CERTIFICATE REQUEST-----")
    company = Authority(tmp_path / "company")
    pair = company.issue("company", name)
    chain = tmp_path / "chain.pem"
    chain.write_text(company.pem + pair.certificate.read_text())
    missing = owned("certificate", "install", str(chain), "--json")
    assert missing.error["code"] == "certificate.key_missing"
    kept = owned("certificate", "install", str(chain), "--key", str(pair.key), "--json").json
    assert name in kept["names"]
    used = owned("certificate", "use", kept["name"], "--plane", "workspace")
    shown = next(line for line in used.out.splitlines() if line.startswith(kept["name"]))
    assert "workspace" in shown
    inuse = owned("certificate", "remove", kept["name"], "--json")
    assert inuse.error["code"] == "certificate.in_use"
    assert owned("certificate", "own").code == 0
    assert owned("certificate", "remove", kept["name"]).out.strip() == kept["name"]
    absent = owned("certificate", "install", str(tmp_path / "absent"), "--json")
    assert absent.error["code"] == "command.certificate_unreadable"
    assert owned("certificate", "renew", "--json").error["code"] == "certificate.nothing_to_fetch"
