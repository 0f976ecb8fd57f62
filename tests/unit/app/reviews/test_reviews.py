"""Access reviews: who decides, what is carried out, what is kept as evidence (METI-46)."""

import json
from dataclasses import replace

import pytest

from app.core.clock import DAY
from app.core.errors import InvalidInput, NotFound
from app.identity.models import Group
from app.identity.operations import accounts, grants, group_members, groups, owners
from app.identity.operations.grants import GrantRef, NewGrant
from app.identity.operations.group_members import Member
from app.identity.operations.groups import NewGroup
from app.operations.context import Actor, Plane
from app.operations.operation import NoRequest
from app.reviews.errors import NothingToReview, NotYourLine, ReviewClosed
from app.reviews.operations import campaigns, closing, deciding, report
from app.reviews.operations.campaigns import CampaignRef
from app.reviews.result import digest_of
from app.reviews.reviewers import Chart, Department, Reviewer


def seat(house, person):
    """The person at the workspace."""
    return replace(house.local, actor=Actor(account=person.id), plane=Plane.WORKSPACE)


def put(house, group, **values):
    with house.appliance.database.write() as session:
        found = session.get(Group, group.id)
        for name, value in values.items():
            setattr(found, name, value)


@pytest.fixture
def firm(house):
    """An owner; a department below another, each with a head, and one member."""
    house.boss = house.person("boss", "owner")
    house.upper, house.head = house.person("upper"), house.person("head")
    house.member = house.person("member")
    house.above = groups.create_group(house.local, NewGroup("本部"))
    house.below = groups.create_group(house.local, NewGroup("経理"))
    put(house, house.above, head=house.upper.id)
    put(house, house.below, head=house.head.id, parent=house.above.id)
    for person in (house.head, house.member):
        group_members.add_member(house.local, Member(house.below.id, person.id))
    grants.give(house.local, NewGrant(holder=house.below.id, role="staff"))
    house.given = grants.give(house.local, NewGrant(holder=house.member.id, role="viewer"))
    return house


def begin(firm, **values):
    new = campaigns.NewCampaign(name="2026", due_at=firm.time.now + DAY, owner=firm.boss.id)
    return campaigns.create_campaign(firm.local, replace_struct(new, values))


def replace_struct(struct, values):
    return type(struct)(**{n: getattr(struct, n) for n in struct.__struct_fields__} | values)


def mine(firm, person):
    found = deciding.own_reviews(seat(firm, person), NoRequest()).items
    return [line for one in found for line in one.lines]


def decide(firm, person, lines, decision="confirm", reason=""):
    wanted = deciding.Decision(lines=[line.id for line in lines], decision=decision, reason=reason)
    return deciding.decide(seat(firm, person), wanted)


def close(firm, campaign):
    closing.close_campaign(firm.local, CampaignRef(campaign.id))
    found = campaigns.get_campaign(firm.local, CampaignRef(campaign.id))
    return {(line.login_id, line.kind): line.outcome for line in found.lines}, found


def test_each_head_sees_the_lines_of_their_people_and_not_their_own_METI_46(firm):
    begin(firm)
    seen = {(line.login_id, line.kind) for line in mine(firm, firm.head)}
    assert seen == {("member", "grant"), ("member", "membership")}
    (own,) = mine(firm, firm.upper)
    assert (own.login_id, own.passed_on, own.group_name) == ("head", True, "経理")
    assert own.group_path == "本部/経理"
    assert [line.login_id for line in mine(firm, firm.boss)] == ["boss"]
    assert deciding.waiting(seat(firm, firm.head), NoRequest()).lines == 2


def test_what_is_withdrawn_goes_at_the_end_and_the_rest_is_kept_METI_46(firm):
    campaign = begin(firm)
    lines = {line.kind: line for line in mine(firm, firm.head)}
    decide(firm, firm.head, [lines["membership"]])
    decide(firm, firm.head, [lines["grant"]], "withdraw", "部署を移った")
    held = accounts.get_account(firm.local, accounts.AccountRef(firm.member.id))
    assert [one.role for one in held.grants] == ["viewer"]
    outcome, found = close(firm, campaign)
    held = accounts.get_account(firm.local, accounts.AccountRef(firm.member.id))
    assert held.grants == []
    assert outcome[("member", "grant")] == "withdrawn"
    assert outcome[("member", "membership")] == "kept"
    assert outcome[("boss", "grant")] == "undecided"
    assert found.campaign.state == "closed"


def test_a_withdrawn_membership_ends_and_one_that_is_gone_stops_nothing_METI_46(firm):
    campaign = begin(firm)
    decide(firm, firm.head, mine(firm, firm.head), "withdraw", "x")
    grants.take(firm.local, GrantRef(firm.given.id))
    outcome, _ = close(firm, campaign)
    assert outcome[("member", "grant")] == "gone"
    assert outcome[("member", "membership")] == "withdrawn"
    held = accounts.get_account(firm.local, accounts.AccountRef(firm.member.id))
    assert held.groups == []


def test_a_membership_of_a_group_that_is_gone_is_gone(firm):
    campaign = begin(firm)
    decide(firm, firm.head, mine(firm, firm.head), "withdraw", "x")
    group_members.remove_member(firm.local, Member(firm.below.id, firm.member.id))
    outcome, _ = close(firm, campaign)
    assert outcome[("member", "membership")] == "gone"


def test_the_last_owner_keeps_the_role_and_the_result_says_why_F4(firm):
    campaign = begin(firm)
    decide(firm, firm.boss, mine(firm, firm.boss), "withdraw", "x")
    decide(firm, firm.head, mine(firm, firm.head), "withdraw", "x")
    outcome, _ = close(firm, campaign)
    assert outcome[("boss", "grant")] == "accounts.last_owner"
    assert outcome[("member", "grant")] == "withdrawn"
    assert owners.count_owners(firm.local, NoRequest()).ready == 1


def test_a_head_who_was_suspended_holds_nothing_up_METI_46(firm):
    begin(firm)
    accounts.suspend_account(firm.local, accounts.SuspendAccount(firm.head.id, 1))
    assert mine(firm, firm.head) == []
    passed = [line for line in mine(firm, firm.upper) if line.login_id == "member"]
    assert {line.passed_on for line in passed} == {True}
    accounts.suspend_account(firm.local, accounts.SuspendAccount(firm.upper.id, 1))
    assert {"member", "head"} <= {line.login_id for line in mine(firm, firm.boss)}


def test_of_two_heads_who_race_the_one_who_answers_no_longer_is_refused_METI_46(firm):
    begin(firm)
    lines = mine(firm, firm.head)
    put(firm, firm.below, head=firm.upper.id)
    with pytest.raises(NotYourLine):
        decide(firm, firm.head, lines)
    assert decide(firm, firm.upper, lines).count == 2
    unknown = deciding.Decision(lines=["x"], decision="confirm")
    with pytest.raises(NotYourLine):
        deciding.decide(seat(firm, firm.upper), unknown)


def test_a_review_that_was_closed_meanwhile_takes_no_decision_and_no_second_end(firm):
    campaign = begin(firm)
    lines = mine(firm, firm.head)
    close(firm, campaign)
    with pytest.raises(ReviewClosed):
        decide(firm, firm.head, lines)
    with pytest.raises(ReviewClosed):
        closing.close_campaign(firm.local, CampaignRef(campaign.id))
    assert deciding.waiting(seat(firm, firm.head), NoRequest()).lines == 0


def test_a_decision_is_changed_until_the_end_and_a_withdrawal_needs_a_reason(firm):
    begin(firm)
    lines = mine(firm, firm.head)
    with pytest.raises(InvalidInput):
        decide(firm, firm.head, lines, "withdraw", "  ")
    decide(firm, firm.head, lines, "withdraw", "x")
    decide(firm, firm.head, lines)
    assert {(line.decision, line.reason) for line in mine(firm, firm.head)} == {("confirm", "")}


def test_the_result_is_kept_byte_for_byte_as_its_digest_says_METI_46(firm):
    campaign = begin(firm)
    with pytest.raises(NotFound):
        closing.download_result(firm.local, CampaignRef(campaign.id))
    _, found = close(firm, campaign)
    text = b"".join(closing.download_result(firm.local, CampaignRef(campaign.id)).chunks)
    assert digest_of(text.decode()) == found.digest
    told = json.loads(text)
    assert told["format"] == "tenshu access review 1"
    assert len(told["lines"]) == found.campaign.lines
    assert (
        json.dumps(told, ensure_ascii=False, separators=(",", ":"), sort_keys=True) == text.decode()
    )


def test_only_chosen_groups_are_reviewed_and_what_cannot_be_is_refused(firm):
    begin(firm, groups=[firm.below.id])
    assert mine(firm, firm.boss) == []
    for wrong, error in (
        ({"due_at": firm.time.now}, InvalidInput),
        ({"groups": ["x"]}, NotFound),
        ({"groups": [firm.above.id]}, NothingToReview),
        ({"owner": "x"}, NotFound),
    ):
        with pytest.raises(error):
            begin(firm, **wrong)
    accounts.suspend_account(firm.local, accounts.SuspendAccount(firm.member.id, 1))
    with pytest.raises(InvalidInput):
        begin(firm, owner=firm.member.id)
    assert len(campaigns.list_campaigns(firm.local, NoRequest()).items) == 1


def test_a_review_whose_day_is_over_is_counted_as_such(firm):
    begin(firm)
    firm.time.advance(2 * DAY)
    waiting = deciding.waiting(seat(firm, firm.head), NoRequest())
    assert (waiting.lines, waiting.overdue) == (2, 2)


def test_the_report_tells_last_use_second_factor_and_who_is_idle_METI_46(firm):
    firm.sign_in(firm.boss)
    found = {one.login_id: one for one in report.report(firm.local, report.ReportAsked()).items}
    assert found["boss"].last_sign_in > 0
    assert found["boss"].second_factor
    assert found["member"].grants == ["role:staff", "role:viewer"]
    assert not found["member"].unused
    firm.time.advance(91 * DAY)
    asked = report.ReportAsked(only_unused=True)
    assert {one.login_id for one in report.report(firm.local, asked).items} >= {"member", "boss"}
    text = b"".join(report.export_report(firm.local, asked).chunks).decode("utf-8-sig")
    assert "member" in text


def test_the_way_up_ends_also_where_departments_went_round_in_a_circle():
    circle = {"a": Department("a", "b", ""), "b": Department("b", "a", "gone")}
    chart = Chart(circle, frozenset({"owner"}))
    assert chart.reviewer("a", "x", "owner") == Reviewer("owner", passed_on=True)
    assert chart.reviewer("", "x", "owner") == Reviewer("owner", passed_on=False)
