"""What goes over from the packet filter's rules to those that replace them."""

import pytest

from appliance.contract.configuration.document import Document
from appliance.contract.configuration.firewall import Firewall
from appliance.machine.carrying import carried
from appliance.machine.facts import Facts
from appliance.machine.kernel_sets import Counter, Element
from appliance.machine.plan.firewall import ruleset

BANNED = {"banned4": (Element(key=("192.0.2.7",), packets=3, bytes=120, left=400),)}


def rules(minutes: int) -> str:
    document = Document(firewall=Firewall(ban_minutes=minutes))
    return ruleset(document, Facts(run="/run", certificates={}))


def test_counts_go_over_to_the_counters_that_there_are_METI_42() -> None:
    counted = [Counter(name=name, packets=5, bytes=300) for name in ("refused", "gone")]
    text = carried(rules(10), counted, lambda _: ())
    assert "counter refused { packets 5 bytes 300 }" in text
    assert "counter banned { }" in text
    assert "gone" not in text


@pytest.mark.parametrize(("minutes", "left"), [(10, 400), (1, 60)])
def test_a_ban_goes_over_and_never_lasts_longer_than_bans_last_now_METI_42(
    minutes: int, left: int
) -> None:
    text = carried(rules(minutes), (), lambda name: BANNED.get(name, ()))
    assert text.splitlines()[-1] == (
        "add element inet tenshu banned4 { 192.0.2.7 counter packets 3 bytes 120 "
        f"timeout {minutes * 60}s expires {left}s }}"
    )


def test_where_nobody_is_banned_any_more_no_ban_goes_over_METI_42() -> None:
    assert "192.0.2.7" not in carried(rules(0), (), lambda name: BANNED.get(name, ()))
