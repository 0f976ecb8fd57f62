"""The ways out: taken from what is set up, each once, each by those who need it."""

import re
from pathlib import Path

import pytest

from appliance.contract.configuration.document import Document
from appliance.contract.configuration.firewall import Destination, Firewall, Protocol, Purpose
from appliance.contract.configuration.network import Network, Proxy
from appliance.contract.configuration.outgoing import Needed, Origin
from appliance.contract.configuration.services import Acme, Certificates, Time, TimeSource
from appliance.machine.facts import Facts
from appliance.machine.plan.outbound import outbound
from appliance.machine.plan.ways import mark, ways
from appliance.machine.shares import Share, shares

USERS = {"root": 0, "tenshu-console": 901, "tenshu-workspace": 902, "_chrony": 903}
RELAY = Needed(purpose=Purpose.MAIL, host="192.0.2.25", port=587)


def facts(**more: object) -> Facts:
    return Facts(run="/run", certificates={}, users=USERS, **more)  # type: ignore[arg-type]


def rules(document: Document, found: Facts) -> list[str]:
    """The rules without their marks."""
    return [re.sub(" ct mark set 0x[0-9a-f]{8}", "", one) for one in outbound(document, found)]


def test_a_mail_relay_opens_its_port_for_those_who_send_mail_METI_42() -> None:
    found = rules(Document(), facts(needed=(RELAY,)))
    assert "ip daddr 192.0.2.25 meta skuid { 901, 902 } tcp dport 587 accept" in found
    assert not any("587" in one for one in rules(Document(), facts()))


def test_a_receiver_by_name_holds_port_and_user_METI_42() -> None:
    receiver = Needed(purpose=Purpose.SYSLOG, host="logs_1.example.co.jp", port=6514)
    found = rules(Document(), facts(needed=(receiver,)))
    assert "meta skuid { 901, 902 } tcp dport 6514 accept" in found


def test_a_share_is_reached_by_the_kernel_whose_packets_have_no_user_METI_42() -> None:
    found = rules(Document(), facts(shares=(Share(host="2001:db8::9", port=2049),)))
    assert "ip6 daddr 2001:db8::9 tcp dport 2049 jump kernel" in found


def test_name_servers_time_and_proxy_are_taken_from_the_document_METI_42() -> None:
    document = Document(
        network=Network(dns=("192.0.2.53",), proxy=Proxy(address="http://192.0.2.80:8080")),
        time=Time(servers=(TimeSource(host="ntp.example.co.jp"),)),
    )
    found = rules(document, facts(name_servers=("198.51.100.53",)))
    assert "ip daddr 192.0.2.53 meta l4proto { tcp, udp } th dport 53 accept" in found
    assert "meta skuid { 903 } udp dport 123 accept" in found
    assert "ip daddr 192.0.2.80 meta skuid { 0, 901, 902 } tcp dport 8080 accept" in found
    assert not any("198.51.100.53" in one for one in found)


def test_a_proxy_without_a_port_is_reached_at_the_one_of_its_scheme_METI_42() -> None:
    for address, port in (("http://proxy.example", 80), ("https://[2001:db8::1]", 443)):
        document = Document(network=Network(proxy=Proxy(address=address)))
        assert {one.port for one in ways(document, facts()) if one.purpose == "proxy"} == {port}


@pytest.mark.parametrize(
    ("exceptions", "host", "directly"),
    [
        ((), "acme.example.co.jp", False),
        ((".example.co.jp", "10.0.0.0/8"), "acme.example.co.jp", True),
        (("ACME.example.co.jp",), "acme.example.co.jp", True),
        (("10.0.0.0/8",), "10.9.8.7", True),
        (("10.0.0.0/8",), "192.0.2.7", False),
        (("example.co.jp",), "acme.counterexample.co.jp", False),
    ],
)
def test_an_authority_that_is_an_exception_of_the_proxy_is_let_out_to_directly_METI_42(
    exceptions: tuple[str, ...], host: str, directly: bool
) -> None:
    proxy = Proxy(address="http://192.0.2.80:8080", exceptions=exceptions)
    acme = Acme(directory=f"https://{host}:14000/dir")
    document = Document(network=Network(proxy=proxy), certificates=Certificates(acme=acme))
    found = [
        (one.host, one.port) for one in ways(document, facts()) if one.purpose == "certificates"
    ]
    assert found == ([(host, 14000)] if directly else [])


def test_what_two_places_name_is_one_way_and_its_mark_stays_METI_42() -> None:
    written = Destination(purpose=Purpose.MAIL, host=RELAY.host, port=587, protocol=Protocol.TCP)
    document = Document(firewall=Firewall(out=(written,)))
    (both,) = [one for one in ways(document, facts(needed=(RELAY,))) if one.purpose == "mail"]
    (alone,) = [one for one in ways(document, facts()) if one.purpose == "mail"]
    assert (both.origin, alone.origin) == (Origin.settings, Origin.document)
    assert mark(both) == mark(alone) != 0


def test_shares_are_found_in_fstab_and_among_what_is_mounted_METI_42(tmp_path: Path) -> None:
    table, mounted = tmp_path / "fstab", tmp_path / "mounts"
    table.write_text(
        "# nas:/no /mnt nfs4 ro 0 0\n"
        "nas.example:/backup /mnt/nas nfs4 rw,port=20049,vers=4.2 0 0\n"
        "//192.0.2.7/share /mnt/smb cifs credentials=/root/c 0 0\n"
        "/dev/sda1 / ext4 defaults 0 1\n"
        "short line\n"
    )
    mounted.write_text(
        "[2001:db8::7]:/x /mnt/six nfs4 rw,vers=4.2 0 0\n"
        "//192.0.2.7/share /mnt/smb cifs rw 0 0\n"
        "borg@backup.example:/srv /mnt/ssh fuse.sshfs rw 0 0\n"
    )
    assert shares(table, mounted) == (
        Share(host="nas.example", port=20049),
        Share(host="192.0.2.7", port=445),
        Share(host="2001:db8::7", port=2049),
        Share(host="backup.example", port=22),
    )
    assert shares(tmp_path / "none", tmp_path / "none") == ()
