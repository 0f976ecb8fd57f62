"""Whom the lists let in, seen as packet filter and edge see it (F2, V12)."""

import pytest

from appliance.contract.configuration.access import Area
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.reaching import ALL, excludes, networks_of, reaches
from appliance.contract.configuration.reading import read_document

DOCUMENT = read_document("""
[access]
console = ["management"]
ssh = ["management"]
workspace = ["office", "gone"]
trusted_proxies = ["203.0.113.80", "10.1.0.80"]
[access.lists.management]
networks = ["10.1.0.0/16", "2001:db8:1::/48"]
[access.lists.office]
networks = ["10.0.0.0/8", "unreadable"]
""")
CONSOLE, SSH, WORKSPACE = Area.CONSOLE, Area.SSH, Area.WORKSPACE


@pytest.mark.parametrize(
    ("address", "peer", "lost"),
    [
        ("10.1.2.3", "", ()),
        ("::ffff:10.1.2.3", "", ()),
        ("10.2.2.3", "", (CONSOLE, SSH)),
        ("192.0.2.1", "", (CONSOLE, SSH, WORKSPACE)),
        ("2001:db8:1::7", "", (WORKSPACE,)),
        ("fe80::1%eth0", "", (CONSOLE, SSH, WORKSPACE)),
        # by a trusted proxy: the edge goes by the person, the packet filter by the proxy
        ("10.1.2.3", "10.1.0.80", ()),
        ("10.2.2.3", "10.1.0.80", (CONSOLE,)),
        ("10.1.2.3", "203.0.113.80", (CONSOLE, SSH)),
        # by somebody who is not believed: it is the peer who counts
        ("10.1.2.3", "192.0.2.80", (CONSOLE, SSH, WORKSPACE)),
        ("192.0.2.1", "10.1.0.81", ()),
        # the machine's own screen, and somebody who only says so
        ("127.0.0.1", "", ()),
        ("::1", "127.0.0.1", ()),
        ("192.0.2.1", "127.0.0.1", ()),  # nobody here is believed to speak for others
        ("127.0.0.1", "192.0.2.80", (CONSOLE, SSH, WORKSPACE)),
        ("nobody", "10.1.2.3", tuple(Area)),
        ("10.1.2.3", "nobody", tuple(Area)),
        ("", "", tuple(Area)),
    ],
)
def test_who_would_lose_an_area_is_known_before_it_is_saved_F2(
    address: str, peer: str, lost: tuple[Area, ...]
) -> None:
    assert excludes(DOCUMENT, address, peer) == lost


def test_everywhere_is_every_address_and_a_new_machine_is_open_but_for_console_and_ssh() -> None:
    assert networks_of(Document(), WORKSPACE) == ALL
    assert excludes(Document(), "203.0.113.1") == (CONSOLE, SSH)
    assert excludes(Document(), "2001:db8::1") == (CONSOLE, SSH)
    assert reaches(Document(), CONSOLE, "192.168.1.2")
