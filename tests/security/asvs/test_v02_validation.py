"""V2: validation and business logic, as docs/security/limits.md says."""

import pytest

from app.core.settings import InvalidSetting, load_settings
from app.operations.context import Appliance, Plane
from appliance.contract.configuration.checking import problems
from appliance.contract.configuration.reading import read_document
from tests.faces import PASSWORD, Browser
from tests.security.asvs import written
from tests.security.conftest import Seat, new_account
from tests.security.test_v06_parameter_tampering import IMPORT
from tests.security.walk import make_table

TABLES = [
    ("limits.md", heading)
    for heading in (
        "Limits for everybody together",
        "Fixed at the edge",
        "Limits for each person",
        "Tables",
        "Uploads",
    )
]


@pytest.mark.parametrize(("page", "heading"), TABLES)
def test_the_written_limits_are_those_of_the_code_ASVS_2_1_3(page: str, heading: str) -> None:
    checked = 0
    text = written.section(page, heading)
    for name, value in written.values(text):
        checked += 1
        assert written.value_of(name) in written.means(value), (name, value)
    assert checked == len(written.rows(text)) >= 3


def test_a_wrong_written_limit_is_found_by_this_check() -> None:
    text = "| a | b | c |\n|---|---|---|\n| Headers | 33 KiB | `app.web.gate.HEADER_BYTES` |\n"
    ((name, value),) = written.values(text)
    assert written.value_of(name) not in written.means(value)
    assert written.means("2 minutes") == {2, 120, 120_000}
    assert written.means("1,000,000") == {1_000_000}


def test_each_rule_for_values_that_belong_together_is_written_and_kept_ASVS_2_1_2_ASVS_2_2_3(
    seat: Seat, admin: Browser, appliance: Appliance
) -> None:
    """One try against each row of the table, in its order."""
    rules = [
        row[0] for row in written.rows(written.section("limits.md", "Values that belong together"))
    ]
    staff = seat("staff", Plane.WORKSPACE)
    table = make_table(appliance)

    def twice() -> bool:
        form = {"current": PASSWORD, "new": "takai yama no shiro", "again": "takai yama no shira"}
        return admin.post("/account/password", form).status_code == 422

    def address_and_body() -> bool:
        path = f"/api/v1/accounts/{new_account(appliance, '')}/suspend"
        return admin.post(path, json={"account": "0" * 28, "rev": 0}).status_code == 422

    def revision() -> bool:
        path = f"/api/v1/tables/{table}/records/1"
        return staff.request("PATCH", path, json={"rev": 99, "values": {}}).status_code == 409

    def columns() -> bool:
        sent = staff.post("/uploads", files={"file": ("a.csv", b"a,b\n1,2\n", "text/csv")})
        place = sent.headers["location"]
        wrong = ({"columns": "1"}, {"name-1": "a"})
        return {staff.post(place, IMPORT | each).status_code for each in wrong} <= {409, 422}

    def kinds() -> bool:
        body = {"name": "t", "columns": [{"name": "n", "kind": "integer"}]}
        made = staff.post("/api/v1/tables", json=body).json()
        values = {str(made["fields"][0]["id"]): "not a number"}
        path = f"/api/v1/tables/{made['id']}/records"
        return staff.post(path, json={"values": values}).status_code == 422

    def ports() -> bool:
        with pytest.raises(InvalidSetting):
            load_settings({"TENSHU_CONSOLE_PORT": "9000", "TENSHU_WORKSPACE_PORT": "9000"})
        return True

    def keys() -> bool:
        with pytest.raises(InvalidSetting):
            load_settings({"TENSHU_DATA": "/srv/data", "TENSHU_KEYS": "/srv/data/keys"})
        return True

    def document() -> bool:
        text = 'interfaces = [{name = "a", zones = ["management"], gateways = ["192.0.2.1"]}]'
        return bool(problems(read_document(f"[network]\n{text}")))

    tries = (twice, address_and_body, revision, columns, kinds, ports, keys, document)
    assert len(rules) == len(tries)
    for rule, keeps in zip(rules, tries, strict=True):
        assert keeps(), rule
