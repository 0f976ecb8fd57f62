"""What the screen reads of the machine by itself."""

from app.screen.machine import addresses, host_name, notes

FIB = """\
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 192.0.2.0/24 2 0 2
        |-- 192.0.2.0
           /24 link UNICAST
        |-- 192.0.2.10
           /32 host LOCAL
        |-- 127.0.0.1
           /32 host LOCAL
Local:
        |-- 192.0.2.10
           /32 host LOCAL
"""
IF_INET6 = """\
20010db8000000000000000000000010 02 40 00 80     eth0
fe80000000000000505400fffe000001 02 40 20 80     eth0
00000000000000000000000000000001 01 80 10 80       lo
"""


def test_addresses_are_those_by_which_others_reach_the_machine(tmp_path):
    (tmp_path / "4").write_text(FIB)
    (tmp_path / "6").write_text(IF_INET6)
    assert addresses(tmp_path / "4", tmp_path / "6") == ("192.0.2.10", "2001:db8::10")


def test_a_machine_without_network_has_none(tmp_path):
    assert addresses(tmp_path / "none", tmp_path / "none") == ()
    assert host_name()


def test_what_a_start_has_left_to_be_read_is_read(tmp_path):
    (tmp_path / "b.issue").write_text("second\n")
    (tmp_path / "a.issue").write_text("The seed on C:\\\\ was not used.\n  Line 3: no\n\n")
    (tmp_path / "other").write_text("no")
    assert notes(tmp_path) == ("The seed on C:\\ was not used.", "Line 3: no", "second")
    assert notes(tmp_path / "none") == ()
