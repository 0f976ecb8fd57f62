"""The proxy's sign-in from the operation to the agent: told to nobody, and in no file but one."""

import pytest
from sqlmodel import select

from app.audit.models import OutboxEvent
from app.core.secret import Secret
from app.machine.operations.sign_in import (
    NewProxySignIn,
    get_proxy_sign_in,
    set_proxy_sign_in,
)
from app.operations.context import SYSTEM, Appliance, Context, Plane
from app.operations.operation import NoRequest
from tests.integration.appliance.machine.conftest import Machine

PASSWORD = "Kiyomizu-7-steps"


@pytest.mark.sql
def test_the_password_at_the_proxy_is_kept_by_the_agent_and_told_to_nobody_METI_42(
    beside: Machine, appliance: Appliance
) -> None:
    beside.place.keys.mkdir(mode=0o700, exist_ok=True)
    system = Context(appliance, actor=SYSTEM, plane=Plane.LOCAL)
    assert get_proxy_sign_in(system, NoRequest()).user == ""
    set_proxy_sign_in(system, NewProxySignIn(user="tenshu", password=Secret(PASSWORD)))
    assert get_proxy_sign_in(system, NoRequest()).user == "tenshu"
    kept = [
        path
        for path in beside.folder.rglob("*")
        if path.is_file() and PASSWORD.encode() in path.read_bytes()
    ]
    assert kept == [beside.place.keys / "proxy.json"], "not in versions, files or log"
    with appliance.database.read() as session:
        events = session.exec(select(OutboxEvent)).all()
    (event,) = [one for one in events if "machine.set_proxy_sign_in" in one.content]
    assert PASSWORD not in event.content + event.parts
    assert "tenshu" in event.content + event.parts
    set_proxy_sign_in(system, NewProxySignIn(password=Secret("")))
    assert get_proxy_sign_in(system, NoRequest()).user == ""
    assert not (beside.place.keys / "proxy.json").exists()
