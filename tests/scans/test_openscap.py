"""OpenSCAP with ComplianceAsCode's rules for Debian 13, in the booted appliance (V11).

Rules that ask for the kernel's own settings have the host's answer in a container: they are told
apart. `tests/benchmarks` has the scan, which a guest can run as well.
"""

import pytest

from tests.benchmarks.container import OF_THE_HOST
from tests.benchmarks.figures import Counted, figures
from tests.benchmarks.openscap import ANSSI, CIS, Findings, evaluate
from tests.benchmarks.waivers import waived
from tests.integration.systemd.booted import Booted

pytestmark = [
    pytest.mark.image,
    pytest.mark.together("benchmarks"),
    pytest.mark.timeout(300),
]

SHARE = 0.9
PLANTED = {
    "file_permissions_unauthorized_world_writable": "touch /etc/planted; chmod 0666 /etc/planted",
    "sshd_disable_root_login": "sed -i 's/^PermitRootLogin .*/PermitRootLogin yes/' "
    "/etc/ssh/sshd_config",
    "sysctl_net_ipv4_conf_all_send_redirects": "sysctl net.ipv4.conf.all.send_redirects=1",
    "no_empty_passwords_etc_shadow": "sed -i 's/^root:[^:]*/root:/' /etc/shadow",
}
"""A weakness for each rule, and how it comes to be."""


def of_the_host(rules: frozenset[str]) -> frozenset[str]:
    return frozenset(rule for rule in rules if OF_THE_HOST.fullmatch(rule))


def counted(found: Findings) -> Counted:
    aside = of_the_host(found.failed)
    return Counted(
        passed=len(found.passed),
        failed=len(found.failed - aside),
        of_the_host=len(aside),
        not_applicable=len(found.not_applicable),
    )


def test_every_rule_of_CIS_level_1_holds_or_is_waived_with_a_reason_V11(looked_at: Booted) -> None:
    found = evaluate(looked_at, CIS)
    failed = found.failed - of_the_host(found.failed)
    assert failed - waived() == set(), "neither followed nor waived"
    assert waived() - failed == set(), "waived, and holds: no waiver is needed any more"
    assert counted(found) == figures().cis, "tests/benchmarks/figures.toml is old"


def test_nine_tenths_of_ANSSIs_enhanced_rules_hold_V11(looked_at: Booted) -> None:
    found = evaluate(looked_at, ANSSI)
    seen = counted(found)
    share = seen.passed / (seen.passed + seen.failed)
    assert share >= SHARE, (share, sorted(found.failed - of_the_host(found.failed)))
    assert seen == figures().anssi, "tests/benchmarks/figures.toml is old"


def test_planted_weaknesses_are_found_V11(looked_at: Booted) -> None:
    rules = tuple(PLANTED)
    before = evaluate(looked_at, CIS, rules)
    assert (set(before.passed), set(before.failed)) == (set(rules), set())
    for weakness in PLANTED.values():
        ended = looked_at.run("sh", "-c", weakness)
        assert ended.returncode == 0, ended.stderr
    assert set(evaluate(looked_at, CIS, rules).failed) == set(rules)
