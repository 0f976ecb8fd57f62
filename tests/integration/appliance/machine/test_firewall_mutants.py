"""The probes of the packet filter are tested too: each rule is left out, turned round or widened.

They must notice every change, but for those that change nothing: they are listed by name.
"""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts import Network
from tests.integration.appliance.machine.crowding import counted, crowd, elements
from tests.integration.appliance.machine.filtering import (
    DOCUMENT,
    OFFICE,
    OFFICE6,
    STRANGER,
    STRANGER6,
    filtered_network,
    load,
    rules,
    seen,
    wanted,
)
from tests.integration.appliance.machine.flows import forget_flows

PARTS = 6
"""Of the changed rules: a part takes a minute."""
CROWD = ("@spared", "spared4: ", "spared6: ", "@banned", "@rate", "@held", "crowded")
"""What is about limits has a document and probes of its own: a ban would hide every other door."""
CROWD_DOCUMENT = (
    DOCUMENT.replace("10.77.2.0/25", "10.77.2.0/24")
    .replace("fd77:2::/80", "fd77:2::/64")
    .replace("new_connections_per_minute = 60", "new_connections_per_minute = 80")
    .replace("[firewall]\n", f'[firewall]\nnever_banned = ["{STRANGER}", "{STRANGER6}"]\n')
)
"""Twenty connections may come at once: more than may be held, so that limit and ban are two."""
EQUIVALENT = {
    "dropped icmpv6 type { mld": "nobody here takes part in what is told of multicast groups",
}
"""Part of a name → why nothing can notice such a change."""
UNCOUNTED = re.compile(r' ?counter name "\w+"')
UNMARKED = re.compile(r" ct mark set 0x[0-9a-f]+")


@pytest.fixture(scope="module")
def net() -> Iterator[Network]:
    with filtered_network() as found:
        yield found


def mutants(text: str) -> Iterator[tuple[str, str]]:
    """Yield name and rules of each change of one line."""
    lines = text.splitlines()
    where = ""
    for number, line in enumerate(lines):
        where = found[1] if (found := re.match(r"\t(?:chain|set) (\w+)", line)) else where
        for name, new in changes_of(line.strip()):
            yield f"{where}: {name}", "\n".join([*lines[:number], new, *lines[number + 1 :], ""])


def changes_of(rule: str) -> Iterator[tuple[str, str]]:
    """Yield what may become of one line, under a name."""
    if rule.startswith("elements ="):
        wide = "::/0" if ":" in rule else "0.0.0.0/0"
        yield f"widened {rule}", f"elements = {{ {wide} }}"
    elif "policy drop" in rule:
        yield "policy accept", rule.replace("policy drop", "policy accept")
    elif rule.endswith(("accept", "drop", "return")) or "jump " in rule or "goto " in rule:
        yield f"without {rule}", ""
        if rule.endswith("accept"):
            yield f"dropped {rule}", rule.removesuffix("accept") + "drop"
        elif rule.endswith("drop"):
            yield f"taken {rule}", rule.removesuffix("drop") + "accept"
    elif "update @" in rule:
        yield f"unseen {rule}", ""
    if "counter name" in rule:
        yield f"uncounted {rule}", UNCOUNTED.sub("", rule)
    if "ct mark set" in rule:
        yield f"unmarked {rule}", UNMARKED.sub("", rule)


def changed(text: str, *, crowds: bool) -> list[tuple[str, str]]:
    """Return the changes that are about limits, or all others; none that changes nothing."""
    return [
        (name, new)
        for name, new in mutants(text)
        if any(one in name for one in CROWD) is crowds
        and not any(one in name for one in EQUIVALENT)
    ]


def crowds(net: Network, text: str, tmp_path: Path) -> dict[str, object]:
    """How one source of many is taken under these rules, and what is said of it."""
    load(net, text, tmp_path)
    return {
        OFFICE: crowd(net, OFFICE, STRANGER, "10.77.2.1"),
        OFFICE6: crowd(net, OFFICE6, STRANGER6, "fd77:2::1"),
        "counted": counted(net) & {"crowded", "banned", "refused_service"},
        "listed": {family for family in "46" if elements(net, f"seen_crowded{family}")},
    }


def wanted_of_crowds() -> dict[str, object]:
    """How it must be."""
    each = {
        "held": 16,
        "spared": (18, True),
        "taken are taken": True,
        "banned": (True, True),
        "counted": (True, True),
    }
    both = {OFFICE: each, OFFICE6: each}
    return {**both, "counted": {"crowded", "banned"}, "listed": {"4", "6"}}


def test_a_crowd_is_limited_banned_and_counted_as_the_document_says_METI_42(
    net: Network, tmp_path: Path
) -> None:
    assert crowds(net, rules(CROWD_DOCUMENT), tmp_path) == wanted_of_crowds()


def test_a_late_packet_of_an_earlier_look_counts_in_no_later_one_V12(
    net: Network, tmp_path: Path
) -> None:
    """Else a changed rule passes now and then for one that marks what goes out."""
    name = "output: unmarked ip6 daddr fd77:2::2 meta l4proto { tcp, udp } th dport 53"
    (unmarked,) = [text for one, text in changed(rules(), crowds=False) if one.startswith(name)]
    found = []
    for forgotten in (False, True):
        load(net, f"flush ruleset\n{rules()}", tmp_path)
        talking = net.appliance.call(lambda: socket.create_connection((OFFICE6, 53), 5))
        with talking:
            net.appliance.run("nft", "flush ruleset")
            if forgotten:
                net.appliance.call(forget_flows)
            load(net, unmarked, tmp_path)
            talking.send(b"late")
            found.append(len(elements(net, "used_sent")))
    assert found == [1, 0]


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_the_probes_notice_every_rule_that_is_changed_V12(
    net: Network, tmp_path: Path, part: int
) -> None:
    every = changed(rules(), crowds=False)
    assert len(every) > 90
    assert seen(net, rules(), tmp_path) == wanted()
    survived = [name for name, text in every[part::PARTS] if seen(net, text, tmp_path) == wanted()]
    assert survived == [], "\n".join(survived)


@pytest.mark.slow
def test_the_probes_notice_every_limit_that_is_changed_METI_42(
    net: Network, tmp_path: Path
) -> None:
    every = changed(rules(CROWD_DOCUMENT), crowds=True)
    assert len(every) > 20
    must = wanted_of_crowds()
    survived = [name for name, text in every if crowds(net, text, tmp_path) == must]
    assert survived == [], "\n".join(survived)
