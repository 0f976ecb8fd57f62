"""The agent's action on the keyboard, as the desk behind the machine's screen calls it."""

from appliance.contract.actions import Caller
from appliance.contract.calling import Calling
from appliance.contract.keyboard import Layout
from appliance.contract.keyboard_table import Keyboard, SetKeyboard


class KeyboardClient(Calling):
    """A method a line of the table."""

    def set_keyboard(self, caller: Caller, layout: Layout) -> Keyboard:
        """Take the keyboard for this one, now and at each start."""
        return self.call("SetKeyboard", caller, SetKeyboard(layout=layout), Keyboard)
