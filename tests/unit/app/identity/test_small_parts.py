import pytest

from app.core.errors import InvalidInput
from app.identity import secrets_at_rest
from app.identity.roles import DESCRIPTIONS, NAMES, PERMISSIONS, Role, is_administrative
from app.identity.time_zones import check_time_zone
from app.identity.tried import Tried
from app.operations.permissions import UNGRANTED, Permission

CHANGING = ("manage", "create", "edit", "delete", "run", "approve", "import", "design", "erase")


def test_an_attempt_without_result_and_error_is_a_fault_of_the_program():
    with pytest.raises(RuntimeError, match="without result"):
        Tried().unwrap()


def test_a_token_has_256_bits_and_only_its_hash_is_kept():
    token = secrets_at_rest.new_token("p_")
    assert token.reveal().startswith("p_")
    assert len(token) == 2 + 43
    assert secrets_at_rest.hash_token(token.reveal()) != token.reveal()
    assert secrets_at_rest.hash_token("\ud800")


def test_only_real_time_zones_pass():
    assert check_time_zone("Asia/Tokyo") == "Asia/Tokyo"
    with pytest.raises(InvalidInput):
        check_time_zone("Asia/Edo")


def test_the_owner_holds_everything_that_can_be_granted_F4():
    assert PERMISSIONS[Role.OWNER] == frozenset(Permission) - UNGRANTED


def test_the_auditor_reads_and_exports_but_changes_nothing_F4():
    held = {permission.value.split(".")[1] for permission in PERMISSIONS[Role.AUDITOR]}
    assert held == {"view", "export"}
    assert Permission.AUDIT_EXPORT in PERMISSIONS[Role.AUDITOR]


def test_the_viewer_neither_changes_nor_sees_people_F4():
    held = PERMISSIONS[Role.VIEWER]
    assert not any(permission.value.endswith(CHANGING) for permission in held)
    assert Permission.ACCOUNTS_VIEW not in held


def test_every_role_has_a_name_and_a_description():
    assert set(NAMES) == set(DESCRIPTIONS) == set(PERMISSIONS) == set(Role)


def test_staff_governs_nothing_METI_45():
    assert not any(is_administrative(permission) for permission in PERMISSIONS[Role.STAFF])
