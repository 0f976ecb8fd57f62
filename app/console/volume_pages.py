"""Encryption of the disks: who opens the volume at a start, the recovery key, another keeper."""

from typing import Any, Final

from litestar.handlers import HTTPRouteHandler

from app.console.network_words import no_machine
from app.core.errors import InvalidInput, TenshuError
from app.core.messages import explain, mark
from app.machine.errors import MachineError
from app.machine.operations import volume
from app.machine.volume_words import KEEPERS, OBSTACLES, OPENED, TROUBLES
from app.operations.operation import NoRequest
from app.operations.permissions import Permission
from app.web.asking import AnyRequest
from app.web.pages import (
    Answer,
    ask,
    field_errors,
    go,
    need_sign_in,
    page,
    perform,
    result_of,
)
from app.web.routing import get, post
from app.web.shared_pages import Form
from appliance.contract.secret import Secret as MachineSecret
from appliance.contract.volume.errors import NoRecoveryKey, PassphraseUnfit
from appliance.contract.volume.state import Keeper, VolumeKeys
from appliance.contract.volume.typed import PASSPHRASE, is_fit

PLACE: Final = "/storage/encryption"
LINE: Final = 2
"""Groups of the recovery key a line."""
HELP: Final = {
    Keeper.tpm: mark("The machine starts by itself; its disks alone open nothing."),
    Keeper.server: mark(
        "The machine starts by itself where it reaches the server; its disks alone, and a machine "
        "that was carried away, open nothing."
    ),
    Keeper.passphrase: mark(
        "Somebody types it at the machine's screen at every start: after a power cut too, nobody "
        "can work until then. Restarts that nobody attends are impossible."
    ),
    Keeper.nobody: mark("The machine starts by itself; whoever has a disk can read it."),
}


@get(PLACE)
def show_volume(request: AnyRequest) -> Answer:
    """Show who opens the volume."""
    return _volume_page(request)


@post(f"{PLACE}/recovery-key")
def make_recovery_key(request: AnyRequest) -> Answer:
    """Make a recovery key, after a fresh second factor."""
    need_sign_in(request).require(Permission.MACHINE_MANAGE)
    try:
        return perform(request, volume.make_recovery_key, NoRequest())
    except TenshuError as error:
        return _refused(request, error)


@result_of(volume.make_recovery_key)
def made(request: AnyRequest, result: volume.MadeRecoveryKey) -> Answer:
    """Show it: this once."""
    groups = result.text.reveal().split("-")
    lines = ["-".join(groups[at : at + LINE]) for at in range(0, len(groups), LINE)]
    return page(
        request,
        "console/recovery_key.html",
        text=result.text.reveal(),
        lines=lines,
        found=result.keys,
    )


@post(f"{PLACE}/keeper")
def choose_keeper(request: AnyRequest, data: Form) -> Answer:
    """Let another one open the volume, after a fresh second factor."""
    context = need_sign_in(request)
    context.require(Permission.MACHINE_MANAGE)
    typed, again = str(data.get("passphrase", "")), str(data.get("again", ""))
    try:
        wanted = ask(volume.WantedKeeper, keeper=str(data.get("keeper", "")), passphrase=typed)
        if wanted.keeper is Keeper.passphrase:
            if errors := _typed_wrong(context.language, typed, again):
                return _volume_page(request, errors=errors, status=422)
            if not volume.show_volume(context, NoRequest()).recovery:
                raise MachineError(NoRecoveryKey())
        elif wanted.keeper is Keeper.server:
            return _choose_server(request, data)
        else:
            wanted = ask(volume.WantedKeeper, keeper=wanted.keeper.value)
        return perform(request, volume.choose_keeper, wanted)
    except TenshuError as error:
        return _refused(request, error)


def _choose_server(request: AnyRequest, data: Form) -> Answer:
    """Show what a key server says of itself; let it open the volume once somebody compared that."""
    context = need_sign_in(request)
    server = str(data.get("server", "")).strip()
    thumbprint = str(data.get("thumbprint", ""))
    try:
        if not volume.show_volume(context, NoRequest()).recovery:
            raise MachineError(NoRecoveryKey())
        if thumbprint:
            return perform(
                request,
                volume.choose_keeper,
                ask(
                    volume.WantedKeeper,
                    keeper=Keeper.server.value,
                    server=server,
                    thumbprint=thumbprint,
                ),
            )
        seen = volume.look_at_server(context, ask(volume.NamedServer, server=server))
    except InvalidInput as error:
        errors = field_errors(context.language, error)
        return _volume_page(request, errors=errors, status=error.status, server=server)
    except TenshuError as error:
        problem = explain(context.language, error)
        return _volume_page(request, problem=problem, status=error.status, server=server)
    return page(request, "console/key_server.html", seen=seen)


def _typed_wrong(language: str, typed: str, again: str) -> dict[str, str]:
    """Return what is wrong with what was typed, before a second factor is asked for."""
    if not is_fit(MachineSecret(typed)):
        unfit = MachineError(PassphraseUnfit(least=PASSPHRASE[0], most=PASSPHRASE[-1]))
        message, hint = explain(language, unfit)
        return {"passphrase": f"{message} {hint}"}
    if typed != again:
        return {"again": explain(language, _Differs())[0]}
    return {}


class _Differs(TenshuError):
    """Both were not typed alike."""

    code = "volume.differs"
    status = 422
    message = "The two are not alike."
    hint = "Type the passphrase twice."


@result_of(volume.choose_keeper)
def chosen(_request: AnyRequest, _result: VolumeKeys) -> Answer:
    """Show who opens it now."""
    return go(f"{PLACE}?notice=chosen")


def _refused(request: AnyRequest, error: TenshuError) -> Answer:
    message, hint = explain(need_sign_in(request).language, error)
    return _volume_page(request, problem=(message, hint), status=error.status)


def _volume_page(
    request: AnyRequest,
    problem: tuple[str, str] = ("", ""),
    errors: dict[str, str] | None = None,
    status: int = 200,
    server: str = "",
) -> Answer:
    context = need_sign_in(request)
    try:
        found = volume.show_volume(context, NoRequest())
    except MachineError as error:
        return no_machine(request, context, error)
    words: dict[str, Any] = {"keepers": KEEPERS, "opened": OPENED, "obstacles": OBSTACLES}
    return page(
        request,
        "console/encryption.html",
        status=status,
        found=found,
        problem=problem,
        errors=errors or {},
        helps=HELP,
        server=server,
        trouble=TROUBLES[found.server_trouble],
        notice=request.query_params.get("notice", ""),
        may_manage=context.actor.rights.allows(Permission.MACHINE_MANAGE),
        **words,
    )


def volume_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_volume, make_recovery_key, choose_keeper]
