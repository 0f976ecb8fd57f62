"""The company's rules about sign-in, changed on the console."""

import html
import re
import time

from app.identity.operations import policies
from app.operations.context import SYSTEM, Appliance, Context
from app.operations.operation import NoRequest
from tests.faces import Browser, Owner
from tests.integration.app.web.confirming import confirm

RULES = {
    "rev": "0", "idle_minutes": "30", "session_hours": "8", "workspace_second_factor": "required",
    "initial_password_days": "3", "minimum_alone": "16", "minimum_with_factor": "10",
    "minimum_classes": "0", "expiry_days": "0", "workspace_factors": "apps_only",
    "console_idle_minutes": "10",
}  # fmt: skip

NEVER = {"rev": "0", "step": "preview"}
"""Looks at the effect, and changes nothing."""


def in_force(appliance: Appliance) -> policies.PolicyInForce:
    return policies.get_policy(Context(appliance, actor=SYSTEM), NoRequest())


def test_the_rules_hold_after_a_fresh_code_that_names_each_of_them(
    admin: Browser, owner: Owner, appliance: Appliance
) -> None:
    asked = admin.post("/settings/sign-in", RULES)
    told = html.unescape(admin.get(asked.headers["location"]).text)
    assert "無操作でセッションが終わるまでの時間" in told
    assert "全員に必須" in told
    assert "認証アプリだけ" in told
    assert "IdentityPolicy" not in told
    changed = confirm(admin, owner, asked)
    policy = in_force(appliance).policy
    assert (policy.idle_minutes, policy.session_hours) == (30, 8)
    assert policy.workspace_second_factor == "required"
    assert policy.password.minimum_alone == 16
    shown = admin.get(changed.headers["location"]).text
    assert "無操作30分、または最長8時間" in shown
    assert "無操作10分、または最長8時間" in shown, "the console is stricter"


def test_roles_that_need_a_factor_are_ticked_and_can_all_be_taken_out_again_F11(
    admin: Browser, owner: Owner, appliance: Appliance
) -> None:
    ticked = {"rev": "0", "second_factor_roles": ["", "operator", "staff"], "step": "preview"}
    shown = admin.post("/settings/sign-in", ticked).text
    assert shown.count('name="second_factor_roles" value="operator" checked') == 1
    confirm(admin, owner, admin.post("/settings/sign-in", {**ticked, "step": "apply"}))
    assert in_force(appliance).policy.second_factor_roles == ("operator", "staff")
    others = {"rev": "1", "idle_minutes": "20", "second_factor_roles": ""}
    confirm(admin, owner, admin.post("/settings/sign-in", others), step=1)
    assert in_force(appliance).policy.second_factor_roles == ()
    wrong = {"rev": "2", "second_factor_roles": "nobody", "step": "preview"}
    refused = admin.post("/settings/sign-in", wrong)
    assert refused.status_code == 422
    assert 'href="#field-second_factor_roles"' in refused.text


def test_rules_that_were_changed_after_their_effect_was_shown_are_shown_again_F11(
    admin: Browser, appliance: Appliance
) -> None:
    page = admin.post("/settings/sign-in", {**RULES, "step": "preview"}).text
    shown = re.search(r'name="shown" value="([0-9a-f]{64})"', page)
    assert shown
    other = {**RULES, "idle_minutes": "45", "shown": shown[1], "step": "apply"}
    again = admin.post("/settings/sign-in", other)
    assert again.status_code == 200
    assert "影響の確認後に規則が変更されました" in again.text
    assert 'value="45"' in again.text
    assert in_force(appliance).rev == 0
    shown = re.search(r'name="shown" value="([0-9a-f]{64})"', again.text)
    assert shown
    asked = admin.post("/settings/sign-in", {**other, "shown": shown[1]})
    assert "/confirm/" in asked.headers["location"]


def test_passkeys_alone_are_refused_with_the_reason_and_their_effect_is_shown_F11(
    admin: Browser, appliance: Appliance
) -> None:
    for field in ("console_factors", "workspace_factors"):
        answer = admin.post("/settings/sign-in", {**NEVER, field: "passkeys_only"})
        assert answer.status_code == 422
        assert f'href="#field-{field}"' in answer.text
        assert "アプライアンスにホスト名がないため" in answer.text
    shown = admin.post("/settings/sign-in", NEVER)
    assert "コンソールで使える二要素認証がなくなる" in shown.text
    assert in_force(appliance).rev == 0


def test_a_rule_out_of_bounds_is_told_at_its_field_and_what_was_typed_stays(
    admin: Browser, appliance: Appliance
) -> None:
    for field, text in (("idle_minutes", "500"), ("minimum_alone", "3"), ("expiry_days", "x")):
        answer = admin.post("/settings/sign-in", {**RULES, field: text})
        assert answer.status_code == 422
        assert f'href="#field-{field}"' in answer.text
        assert f'value="{text}"' in answer.text
    assert (
        "数が大きすぎます" in admin.post("/settings/sign-in", RULES | {"idle_minutes": "500"}).text
    )
    assert in_force(appliance).rev == 0


def test_rules_that_another_administrator_changed_meanwhile_are_not_overwritten(
    admin: Browser, owner: Owner, appliance: Appliance
) -> None:
    confirm(admin, owner, admin.post("/settings/sign-in", RULES))
    late = {**RULES, "idle_minutes": "45"}
    asked = admin.post("/settings/sign-in", late).headers["location"]
    answer = admin.post(asked, {"code": owner.phone.at(time.time() + 30)})
    assert answer.status_code == 409
    assert in_force(appliance).policy.idle_minutes == 30
