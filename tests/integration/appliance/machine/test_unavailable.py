"""What a place cannot set up is refused: nothing is kept that nobody obeys."""

import pytest

from appliance.contract.configuration.errors import ConfigurationRefused
from appliance.contract.configuration.unavailable import NoTimeService
from tests.integration.appliance.machine.conftest import LOCAL, MANAGED, Machine

ELSEWHERE = {
    "network": '[network]\nhostname = "castle"\n',
    "time": '[time]\nservers = [{ host = "10.77.1.2" }]\n',
    "ssh": "[ssh]\nport = 2222\n",
}
"""In a network namespace neither networkd nor chronyd nor sshd is ours."""


def test_a_part_that_nobody_here_obeys_is_named_in_the_plan_and_refused_METI_42(
    machine: Machine,
) -> None:
    for part, said in ELSEWHERE.items():
        plan = machine.client.plan(LOCAL, MANAGED + said)
        assert [one.parameters["place"] for one in plan.problems] == [part]
        with pytest.raises(ConfigurationRefused, match=f"{part}: "):
            machine.apply(MANAGED + said)
    whole = machine.client.plan(LOCAL, "".join(ELSEWHERE.values()))
    assert len(whole.problems) == 3
    found = machine.client.configuration(LOCAL)
    assert {one.concern for one in found.unavailable} == set(ELSEWHERE) | {"edge"}
    assert NoTimeService.code in {one.reason.code for one in found.unavailable}
    assert machine.versions.newest() == 1, "nothing was kept"


def test_what_the_planes_obey_by_themselves_is_taken(machine: Machine) -> None:
    proxy = '[network.proxy]\naddress = "http://10.77.2.2:3128"\n'
    assert not machine.client.plan(LOCAL, MANAGED + proxy).problems
