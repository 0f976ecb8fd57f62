"""V8: the rules of docs/security/authorisation.md are those of the code."""

import inspect
import re

import msgspec
import msgspec.inspect

from app.operations.context import Appliance, Plane
from app.operations.operation import Effect
from app.operations.permissions import Permission
from app.operations.registry import all_operations
from tests.faces import Browser, Owner
from tests.security.asvs import written
from tests.security.conftest import Seat
from tests.security.walk import make_table
from tests.unit.test_operations_declared import structs

PAGE = "authorisation.md"
NEVER_ASKED = {"rights", "state", "is_owner", "hash", "token_hash", "may_enrol", "stands_alone"}
NEVER_TOLD = {"hash", "password_hash", "token_hash", "ticket_hash", "claim_hash", "sealed"}


def fields_of(kind: object) -> set[str]:
    """Return the names of all fields that a type is made of."""
    found = structs(msgspec.inspect.type_info(kind))
    return {name for each in found for name in inspect.get_annotations(each)}


def test_the_page_of_authorisation_holds_the_rules_of_the_code_ASVS_8_1_1_ASVS_8_1_2() -> None:
    text = written.read(PAGE)
    named = set(re.findall(r"`([a-z]+\.[a-z]+)`", text))
    assert named <= {str(each) for each in Permission}
    assert {"records.view", "records.export", "accounts.manage", "audit.erase"} <= named
    rules = {row[0]: row[1:] for row in written.rows(written.section(PAGE, "Fields"))}
    assert len(rules) == 9
    operations = {each.name: each for each in all_operations()}
    for name, permission in (
        ("accounts.create", Permission.ACCOUNTS_MANAGE),
        ("accounts.update", Permission.ACCOUNTS_MANAGE),
        ("accounts.suspend", Permission.ACCOUNTS_MANAGE),
        ("accounts.get", Permission.ACCOUNTS_VIEW),
        ("accounts.list", Permission.ACCOUNTS_VIEW),
        ("records.list", Permission.RECORDS_VIEW),
        ("records.update", Permission.RECORDS_EDIT),
        ("tables.export", Permission.RECORDS_EXPORT),
    ):
        assert operations[name].permission == permission, name
        assert f"`{permission}`" in text
    changing = {
        name
        for name, each in operations.items()
        if {"login_id", "name"} <= fields_of(each.request_type)
        and each.planes - {Plane.LOCAL}
        and not name.startswith("setup.")
    }
    assert changing
    assert {operations[name].permission for name in changing} == {Permission.ACCOUNTS_MANAGE}


def test_fields_that_nobody_may_set_or_see_are_neither_set_nor_seen_ASVS_8_2_3(
    seat: Seat, admin: Browser, owner: Owner, appliance: Appliance
) -> None:
    offered = [each for each in all_operations() if each.planes - {Plane.LOCAL}]
    assert len(offered) > 60
    for operation in offered:
        asked = {field.name for field in msgspec.structs.fields(operation.request_type)}
        allowed = {"rights"} if operation.permission == Permission.SIGNED_IN else set()
        if operation.effect is Effect.CHANGE:
            assert not asked & NEVER_ASKED - allowed, operation.name
        assert not fields_of(operation.result_type) & NEVER_TOLD, operation.name
    shown = admin.get(f"/api/v1/accounts/{owner.account}").text
    assert "argon2" not in shown
    table = make_table(appliance)
    staff = seat("staff", Plane.WORKSPACE)
    path = f"/api/v1/tables/{table}/records"
    for field in ("id", "rev", "created_at", "created_by", "changed_at"):
        assert staff.post(path, json={"values": {field: "1"}}).status_code == 422
        assert staff.post(path, json={"values": {}, field: 1}).status_code == 422
    for number in ("0", "-1", "999999"):
        assert staff.post(path, json={"values": {number: "x"}}).status_code in (404, 422)
    viewer = seat("operator")
    assert viewer.get(f"/api/v1/accounts/{owner.account}").status_code == 403
