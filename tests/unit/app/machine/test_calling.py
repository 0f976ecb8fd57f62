"""Who asks, as the agent is told."""

import pytest

from app.machine.calling import caller_of
from app.operations.context import Context, Plane
from appliance.machine.applying import MACHINE


@pytest.mark.parametrize(("plane", "told"), [(Plane.LOCAL, MACHINE), (Plane.CONSOLE, "console")])
def test_who_stands_at_the_machine_itself_confirms_without_a_new_connection_F6(plane, told):
    assert caller_of(Context(None, plane=plane)).plane == told
