"""From where and with what somebody may come in (F2, F3)."""

import pytest

from app.identity.access_rules import Kind, bounds_of
from app.identity.bounds import (
    AREAS,
    NOTHING,
    Rule,
    asks_for_certificate,
    compile_bounds,
    why_shut_out,
)
from app.identity.compiling import Given
from app.identity.errors import CertificateNeeded, NotFromHere

OFFICE = Rule(networks=("192.0.2.0/24", "2001:db8::/32"))
DESK = Rule(networks=("192.0.2.8/29",))
WITH_ONE = Rule(certificate=True)


def why(bounds: str, peer: str = "198.51.100.1", *, certificate=False, plane="console", **more):
    return why_shut_out(bounds, plane, peer, certificate=certificate, **more)


def test_whom_no_rule_concerns_comes_from_everywhere_F2() -> None:
    assert compile_bounds([], [Rule(), Rule()]) == NOTHING
    assert why(NOTHING) is None
    assert why(NOTHING, "local") is None
    assert not asks_for_certificate(NOTHING, "console")


@pytest.mark.parametrize(
    ("peer", "may"),
    [
        ("192.0.2.9", True),
        ("192.0.2.77", True),
        ("::ffff:192.0.2.9", True),
        ("2001:db8:ffff::1", True),
        ("192.0.3.1", False),
        ("2001:db9::1", False),
        ("local", False),
        ("", False),
        ("127.0.0.1", True),
        ("::1", True),
        ("127.0.0.2", False),
    ],
)
def test_an_address_lies_in_the_list_or_is_the_machine_itself_F2(peer: str, may: bool) -> None:
    found = why(compile_bounds([], [OFFICE]), peer)
    assert (found is None) == may
    assert isinstance(found, NotFromHere | None)


def test_all_rules_that_concern_somebody_hold_at_once_F2() -> None:
    both = compile_bounds([], [OFFICE, DESK, OFFICE])
    assert why(both, "192.0.2.9") is None
    assert isinstance(why(both, "192.0.2.77"), NotFromHere)
    assert isinstance(why(both, "2001:db8::1"), NotFromHere)


@pytest.mark.parametrize("plane", ["console", "workspace"])
def test_a_rule_about_certificates_holds_on_every_plane_and_for_tokens_F3(plane: str) -> None:
    bounds = compile_bounds([], [WITH_ONE])
    assert isinstance(why(bounds, plane=plane), CertificateNeeded)
    assert why(bounds, plane=plane, certificate=True) is None
    assert isinstance(why(bounds, plane=plane, by_token=True), CertificateNeeded)
    assert asks_for_certificate(bounds, plane)


def test_an_area_asks_everybody_who_enters_it_and_nobody_elsewhere_F3() -> None:
    console, api = compile_bounds(["console"], []), compile_bounds(["api"], [])
    assert isinstance(why(console), CertificateNeeded)
    assert isinstance(why(console, by_token=True), CertificateNeeded)
    assert why(console, plane="workspace") is None
    assert why(api) is None
    assert isinstance(why(api, by_token=True), CertificateNeeded)
    assert asks_for_certificate(console, "console")
    assert not asks_for_certificate(api, "console")
    assert set(AREAS) == {"console", "workspace", "api"}


def test_a_network_is_looked_at_before_a_certificate_F2() -> None:
    bounds = compile_bounds(["console"], [OFFICE])
    assert isinstance(why(bounds), NotFromHere)
    assert isinstance(why(bounds, "192.0.2.9"), CertificateNeeded)


def test_roles_count_while_they_are_held_F2() -> None:
    tell = bounds_of(
        {
            (Kind.ROLE, "owner"): OFFICE,
            (Kind.ACCOUNT, "hanako"): DESK,
            (Kind.AREA, "console"): Rule(),
        }
    )
    owner = Given(id="1", role="owner", until=10)
    assert tell("jiro", [], 5) == NOTHING
    assert tell("jiro", [Given(id="2", permission="jobs.view")], 5) == NOTHING
    assert tell("jiro", [owner], 5) == compile_bounds([], [OFFICE])
    assert tell("jiro", [owner], 10) == NOTHING, "it has ended"
    assert tell("jiro", [Given(id="1", role="owner", taken=True)], 5) == NOTHING
    assert tell("hanako", [owner], 5) == compile_bounds([], [OFFICE, DESK])
    assert bounds_of({})("hanako", [owner], 5) == NOTHING
