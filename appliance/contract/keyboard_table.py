"""The action on the keyboard of the machine's own screen."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from appliance.contract.action import Action, Tier
from appliance.contract.actions import Request
from appliance.contract.keyboard import Layout


class SetKeyboard(Request, frozen=True, kw_only=True):
    """Take the keyboard for this one."""

    layout: Annotated[Layout, Meta(description="us, or jp (106 or 109 keys)")]


class Keyboard(msgspec.Struct, frozen=True, kw_only=True):
    """What the keyboard is taken for."""

    layout: Annotated[Layout, Meta(description="us, or jp (106 or 109 keys)")]


ACTIONS: Final = (
    Action(
        name="SetKeyboard",
        request=SetKeyboard,
        result=Keyboard,
        permission="machine.manage",
        tier=Tier.REVERSIBLE,
        timeout=30,
        verb="machine.set_keyboard",
        says="Take the keyboard of the machine's own screen for a US or a Japanese one",
    ),
)
