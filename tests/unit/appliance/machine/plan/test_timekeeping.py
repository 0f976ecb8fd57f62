"""Where the time comes from, and how far it may be put right."""

from appliance.contract.configuration.reading import read_document
from appliance.machine.facts import Facts
from appliance.machine.plan import timekeeping
from appliance.machine.plan.desired import Concern

FACTS = Facts(run="/run/tenshu", certificates={})


def planned(text: str) -> list[str]:
    (file,) = timekeeping.files(read_document(text), FACTS)
    assert (file.path, file.concern) == ("etc/chrony/chrony.conf", Concern.TIME)
    return file.content.splitlines()[1:]


def test_only_the_servers_that_the_document_names_are_asked() -> None:
    found = planned("[time]\nservers = [{host = 'ntp1.example.co.jp'}, {host = '2001:db8::123'}]")
    assert found[:2] == ["server ntp1.example.co.jp iburst", "server 2001:db8::123 iburst"]
    words = {line.split()[0] for line in planned("")}
    assert not words & {"server", "pool", "peer", "confdir", "sourcedir"}


def test_time_jumps_while_the_machine_starts_and_never_afterwards() -> None:
    found = planned("[time]\nlargest_step = 7")
    assert "makestep 1 3" in found
    assert "maxchange 7 3 -1" in found


def test_a_domain_controller_is_believed_in_spite_of_what_it_says_of_itself() -> None:
    assert "maxdistance 16" in planned("[time]\nservers = [{host = 'dc1', windows = true}]")
    assert not any("maxdistance" in one for one in planned("[time]\nservers = [{host = 'ntp1'}]"))


def test_nobody_is_served_and_orders_come_by_the_unix_socket_only() -> None:
    assert {"port 0", "cmdport 0"} <= set(planned(""))
