"""The way in for maintenance, as sshd is told of it (S11)."""

import msgspec

from appliance.contract.configuration.reading import read_document
from appliance.machine.facts import Facts
from appliance.machine.plan import ssh
from appliance.machine.plan.desired import Concern

FACTS = Facts(run="/run/tenshu", certificates={})


def planned(text: str, facts: Facts = FACTS) -> list[str]:
    (file,) = ssh.files(read_document(text), facts)
    assert (file.path, file.concern) == ("etc/ssh/sshd_config.d/10-tenshu.conf", Concern.SSH)
    return file.content.splitlines()


def test_nothing_opens_ssh_but_certificates_of_an_authority_on_the_machine_S11() -> None:
    without = planned("")
    assert "AuthorizedKeysFile none" in without
    assert not any(line.startswith("TrustedUserCAKeys") for line in without)
    facts = msgspec.structs.replace(FACTS, ssh_authority="/var/lib/tenshu/ssh/authority.pub")
    assert "TrustedUserCAKeys /var/lib/tenshu/ssh/authority.pub" in planned("", facts)


def test_ssh_listens_where_the_document_says() -> None:
    assert "Port 2222" in planned("[ssh]\nport = 2222")
