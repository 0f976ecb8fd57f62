"""What is asked on a cable, and what is heard there: strangers send it."""

import random

import pytest

from appliance.faults.arp import Said, probe, said

CARD = bytes.fromhex("525400123456")
ANSWER = probe(CARD, "192.0.2.10")[:28] + bytes([192, 0, 2, 7]) + bytes(10)


def test_a_question_tells_nobody_an_address_RFC_5227():
    frame = probe(CARD, "192.0.2.10")
    assert len(frame) == 42
    assert frame[:6] == b"\xff" * 6
    assert frame[28:32] == bytes(4), "the sender's address is none"
    assert frame[38:42] == bytes([192, 0, 2, 10])
    assert said(frame) is None


def test_who_names_an_address_is_heard():
    assert said(ANSWER) == Said("52:54:00:12:34:56", "192.0.2.7")
    assert said(ANSWER + bytes(18)) == said(ANSWER), "as long as Ethernet's shortest frame"


@pytest.mark.parametrize("at", [12, 14, 16, 18, 19])
def test_what_is_no_arp_for_ipv4_over_ethernet_is_not_heard(at):
    frame = bytearray(ANSWER)
    frame[at] ^= 0x40
    assert said(bytes(frame)) is None


def test_nothing_that_is_sent_breaks_it():
    chance = random.Random(227)
    for _ in range(2000):
        frame = bytearray(ANSWER[: chance.randrange(len(ANSWER) + 1)])
        for _ in range(chance.randrange(4)):
            if frame:
                frame[chance.randrange(len(frame))] = chance.randrange(256)
        said(bytes(frame))
