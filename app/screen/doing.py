"""What is done at the machine's own screen: proven first, then by the operations of everybody.

A change of the machine's document goes the way of all of them: planned, applied, and taken back
by itself unless it is confirmed in time. Whoever stands at the machine is locked out by nothing.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from app.core import clock
from app.core.errors import NotFound
from app.core.messages import mark, translate
from app.identity import account_rows, login_ids
from app.identity.operations.accounts import AccountRef
from app.identity.operations.credentials import reset_factor
from app.machine.operations.applying import (
    NewDocument,
    apply_configuration,
    confirm_configuration,
    revert_configuration,
)
from app.machine.operations.keyboard import set_keyboard
from app.machine.operations.power import power_off_machine, restart_machine
from app.machine.operations.reading import WhichVersion, read_configuration
from app.operations.context import Appliance, Context
from app.operations.operation import NoRequest
from app.screen import protocol
from app.screen.documents import opened_console, with_address
from app.screen.operations import Prove, context_at_screen, prove
from app.screen.protocol import AnyChange, Done
from app.screen.resetting import require_name, reset
from appliance.contract.configuration.state import Outcome
from appliance.contract.keyboard import Layout
from appliance.contract.keyboard_table import SetKeyboard

SECONDS: Final = 120
"""In which a change of the document has to be confirmed: somebody walks to another desk to try."""
WHY: Final = "at the machine's own screen"


def do(appliance: Appliance, change: AnyChange, language: str) -> Done:
    """Check the proof and do it. Raise what the proof and the operation raise."""
    if isinstance(change, protocol.ChooseKeyboard):
        return _choose_keyboard(context_at_screen(appliance, language), change)
    if isinstance(change, protocol.FactoryReset):
        require_name(change.machine)  # whoever mistypes it alarms nobody
    what, about, action = _ACTIONS[type(change)]
    proof = Prove(
        what=what,
        about=about(change),
        login_id=change.proof.login_id,
        password=change.proof.password,
        kit=change.proof.kit,
    )
    proven = prove(context_at_screen(appliance, language), proof)
    return action(context_at_screen(appliance, language, proven), change)


def _restart(context: Context, _: protocol.Restart) -> Done:
    restart_machine(context, NoRequest())
    return _done(context, mark("The machine restarts in a moment."))


def _power_off(context: Context, _: protocol.PowerOff) -> Done:
    power_off_machine(context, NoRequest())
    return _done(context, mark("The machine switches itself off in a moment."))


def _choose_keyboard(context: Context, change: protocol.ChooseKeyboard) -> Done:
    set_keyboard(context, SetKeyboard(layout=change.layout))
    if change.layout is Layout.jp:
        return _done(context, mark("The keyboard is taken for a Japanese one (106/109)."))
    return _done(context, mark("The keyboard is taken for a US one."))


def _factory_reset(context: Context, _: protocol.FactoryReset) -> Done:
    left = reset(context, clock.now() - clock.MINUTE)
    if left:
        text = mark(
            "The machine is made anew and restarts in a moment. Mails to owners that did not "
            "leave before: {count}."
        )
        return _done(context, text, count=left)
    return _done(context, mark("The machine is made anew and restarts in a moment."))


def _reset_factor(context: Context, change: protocol.ResetFactor) -> Done:
    with context.appliance.database.read() as session:
        found = account_rows.by_login_id(session, login_ids.fold(change.whose))
        identifier = found.id if found else ""
    if not identifier:
        raise NotFound(kind=mark("account"), name=change.whose)
    count = reset_factor(context, AccountRef(identifier)).count
    text = mark("Second factors removed: {count}. The next sign-in sets up a new one.")
    return _done(context, text, count=count)


def _open_console(context: Context, change: protocol.OpenConsole) -> Done:
    return _apply(context, lambda text: opened_console(text, change.network))


def _set_address(context: Context, change: protocol.SetAddress) -> Done:
    return _apply(context, lambda text: with_address(text, change))


def _apply(context: Context, changed: Callable[[str], str]) -> Done:
    holds = read_configuration(context, NoRequest())
    wanted = NewDocument(
        document=changed(holds.document),
        based_on=holds.version,
        why=WHY,
        seconds=SECONDS,
        despite_warnings=True,  # who stands at the machine itself is not locked out of it
    )
    version = apply_configuration(context, wanted).version
    if version.outcome is Outcome.waiting:
        done = _done(context, mark("It holds now, and is taken back unless you keep it."))
        return msgspec.structs.replace(done, waits=version.number, seconds=SECONDS)
    return _done(context, mark("It holds."))


def _keep(context: Context, change: protocol.Keep) -> Done:
    confirm_configuration(context, WhichVersion(version=change.version))
    return _done(context, mark("It is kept."))


def _take_back(context: Context, change: protocol.TakeBack) -> Done:
    revert_configuration(context, WhichVersion(version=change.version))
    return _done(context, mark("It is taken back."))


def _done(context: Context, text: str, **parameters: object) -> Done:
    return Done(text=translate(context.language, text, **parameters))


def _nothing(_: Any) -> str:  # noqa: ANN401 - any change
    return ""


_ACTIONS: Final[dict[Any, tuple[str, Callable[[Any], str], Callable[[Context, Any], Done]]]] = {
    protocol.Restart: (mark("Restart the machine"), _nothing, _restart),
    protocol.PowerOff: (mark("Switch the machine off"), _nothing, _power_off),
    protocol.FactoryReset: (
        mark("Reset the machine to its first start"),
        lambda change: change.machine,
        _factory_reset,
    ),
    protocol.ResetFactor: (
        mark("Remove the second factors of an account"),
        lambda change: change.whose,
        _reset_factor,
    ),
    protocol.OpenConsole: (
        mark("Let an address reach the console"),
        lambda change: change.network,
        _open_console,
    ),
    protocol.SetAddress: (
        mark("Set the address of an interface"),
        lambda change: f"{change.interface} {change.address or 'DHCP'}",
        _set_address,
    ),
    protocol.Keep: (
        mark("Keep a version of the machine's document"),
        lambda change: str(change.version),
        _keep,
    ),
    protocol.TakeBack: (
        mark("Take back a version of the machine's document"),
        lambda change: str(change.version),
        _take_back,
    ),
}
"""Kind of change → what it is called, what it is about, how it is done."""
