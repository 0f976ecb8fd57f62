"""The sign-in as a state machine: no database, no clock."""

from hypothesis import given
from hypothesis import strategies as st

from app.identity import plane_policies
from app.identity.plane_policies import CONSOLE, WORKSPACE
from app.identity.sign_in import (
    NOT_ADMITTED,
    Ask,
    Complete,
    Facts,
    Policy,
    Refuse,
    Requirement,
    next_move,
)
from app.identity.sign_in_steps import usable_steps
from app.operations.permissions import Rights

USABLE = usable_steps()
OWNER = Rights([("accounts.manage", "")])
STAFF = Rights([("records.view", "")])
KINDS = st.sampled_from(["staff", "partner", "device", "service"])
FACTS = st.builds(
    Facts,
    kind=KINDS,
    factors=st.frozensets(st.sampled_from(["totp", "recovery_code"])),
    may_enrol=st.booleans(),
    must_change_password=st.booleans(),
    factor_demanded=st.booleans(),
    rights=st.sampled_from([Rights(), OWNER, STAFF]),
)
FACTORS = {"totp", "recovery_code", "enrol"}


def walk(policy, facts, choose):
    """Take steps until the machine stops. Return the steps and the last move."""
    passed = ["password"]
    for _ in range(10):
        move = next_move(policy, facts, frozenset(passed), USABLE)
        if not isinstance(move, Ask):
            return passed, move
        passed.append(choose(move.steps))
        if passed[-1] == "new_password":
            facts = Facts(
                kind=facts.kind,
                factors=facts.factors,
                may_enrol=facts.may_enrol,
                factor_demanded=facts.factor_demanded,
                rights=facts.rights,
            )
    raise AssertionError("the machine does not stop")


def test_first_the_person_is_identified():
    for policy in (CONSOLE, WORKSPACE):
        assert next_move(policy, None, frozenset(), USABLE) == Ask(("password",))


@given(FACTS, st.randoms())
def test_nobody_completes_the_console_without_a_second_factor_METI_50(facts, random):
    passed, move = walk(CONSOLE, facts, random.choice)
    if isinstance(move, Complete):
        assert FACTORS & set(passed)
        assert facts.kind == "staff"
        assert facts.rights is OWNER
    else:
        assert move in (NOT_ADMITTED, Refuse("second factor"))


@given(FACTS, st.randoms())
def test_the_workspace_asks_for_the_factor_that_there_is_F11(facts, random):
    passed, move = walk(WORKSPACE, facts, random.choice)
    if facts.kind != "staff":
        assert move == NOT_ADMITTED
        return
    assert isinstance(move, Complete)
    wanted = bool(facts.factors) or facts.factor_demanded
    assert bool(FACTORS & set(passed)) == wanted
    assert ("new_password" in passed) == facts.must_change_password


@given(FACTS)
def test_who_has_a_factor_can_never_enrol_another_at_the_door_V19(facts):
    for policy in (CONSOLE, WORKSPACE):
        move = next_move(policy, facts, frozenset({"password"}), USABLE)
        if isinstance(move, Ask) and facts.factors:
            assert "enrol" not in move.steps
        if isinstance(move, Ask) and "enrol" in move.steps and policy is CONSOLE:
            assert facts.may_enrol


@given(FACTS, st.frozensets(st.sampled_from(["totp", "enrol", "new_password", "recovery_code"])))
def test_no_order_of_answers_skips_the_password_V19(facts, passed):
    for policy in (CONSOLE, WORKSPACE):
        move = next_move(policy, facts, passed, USABLE)
        assert move in (NOT_ADMITTED, Ask(("password",)))


def test_a_plane_with_an_external_step_is_only_another_policy():
    portal = Policy(
        "portal",
        (Requirement("identity", ("external", "password")), plane_policies.NEW_PASSWORD),
        kinds=frozenset({"partner"}),
    )
    assert next_move(portal, None, frozenset(), {}) == Ask(("external", "password"))
    partner = Facts(kind="partner")
    assert next_move(portal, partner, frozenset({"external"}), {}) == Complete()
    assert next_move(portal, Facts(), frozenset({"external"}), {}) == NOT_ADMITTED
