"""The keyboard at the machine's own screen: chosen there."""

from app.machine.calling import caller_of, keyboard_for
from app.operations.context import Context
from app.operations.operation import operation
from app.operations.permissions import Permission
from appliance.contract.keyboard_table import Keyboard, SetKeyboard


def _set(context: Context, request: SetKeyboard) -> Keyboard:
    with keyboard_for(context) as machine:
        return machine.set_keyboard(caller_of(context), request.layout)


@operation(
    "machine.set_keyboard",
    permission=Permission.MACHINE_MANAGE,
    planes=(),
    ahead=_set,
)
def set_keyboard(context: Context, request: SetKeyboard) -> Keyboard:
    """Take the keyboard of the machine's own screen for a US or a Japanese one."""
    context.event.change("layout", None, request.layout.value)
    keyboard: Keyboard = context.ahead
    return keyboard
