"""The actions on the volume's keys: who opens it, a new recovery key, another keeper."""

import logging
import secrets
import subprocess
import threading
from collections.abc import Callable
from typing import Any, Final

import msgspec

from appliance.contract.actions import Caller, Nothing
from appliance.contract.configuration.errors import ProgramRefused
from appliance.contract.errors import BY_CODE
from appliance.contract.secret import Secret
from appliance.contract.volume.errors import (
    KeeperFailed,
    NoOwnVolume,
    NoRecoveryKey,
    PassphraseUnfit,
    ServerKeyDiffers,
    ServerUnnamed,
    ServerUnreachable,
    TpmUnfit,
    VolumeUnknown,
)
from appliance.contract.volume.state import (
    ChooseKeeper,
    Keeper,
    LookAtServer,
    Obstacle,
    RecoveryKey,
    SeenServer,
    VolumeKeys,
)
from appliance.contract.volume.table import CHANGE_SECONDS
from appliance.contract.volume.typed import PASSPHRASE, is_fit
from appliance.machine.applying import applying_at
from appliance.machine.plan.desired import Concern
from appliance.machine.programs import PATH, find
from appliance.place import Place
from appliance.volume import tang
from appliance.volume.facts import is_own
from appliance.volume.keeping import KeptKeys, KeyWish, ServerWish, this_boot
from appliance.volume.recovery import new_recovery_key

LOG: Final = logging.getLogger("appliance.volume")
UNIT: Final = "tenshu-keeper.service"
TRIES: Final = 3
"""A start of the unit that has begun already may not see the wish."""
_ONE_AT_A_TIME: Final = threading.Lock()


def start_unit(*words: str) -> None:
    """Let the unit look at what is wished, to its end. Raise ProgramRefused."""
    found = find("systemctl") or "/usr/bin/systemctl"
    try:
        subprocess.run(  # noqa: S603 - a fixed program and fixed words
            [found, "start", *words, UNIT],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=CHANGE_SECONDS - 10,
            check=True,
            env={"PATH": PATH, "LC_ALL": "C.UTF-8"},
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ProgramRefused(program=UNIT, said=str(error)) from error


def follow_network(place: Place) -> None:
    """Let the head of the volume follow the network, where a key server is reached by it.

    Not waited for: a start that still has the way of before asks at the screen.
    """
    if is_own() and KeptKeys(place).chosen().keeper is Keeper.server:
        try:
            start_unit("--no-block")
        except ProgramRefused as error:
            LOG.warning("the volume's head does not follow the network yet: %s", error)


class VolumeActions:
    """A method a line of `appliance.contract.volume.table`."""

    def __init__(self, place: Place) -> None:
        self._kept, self._place = KeptKeys(place), place
        self.by_name: Final[dict[str, Callable[[Caller, Any], msgspec.Struct]]] = {
            "ShowVolumeKeys": self._show,
            "MakeRecoveryKey": self._make_recovery_key,
            "LookAtServer": self._look_at_server,
            "ChooseKeeper": self._choose,
        }

    def _keys(self) -> VolumeKeys:
        if not is_own():
            raise NoOwnVolume
        stand = self._kept.stand()
        if stand is None or stand.boot != this_boot():
            raise VolumeUnknown
        return stand.keys

    def _show(self, _caller: Caller, _request: Nothing) -> VolumeKeys:
        return self._keys()

    def _make_recovery_key(self, _caller: Caller, _request: Nothing) -> RecoveryKey:
        self._keys()
        text = new_recovery_key()
        self._ask(KeyWish(number=secrets.token_hex(8), recovery=text))
        return RecoveryKey(text=Secret(text), keys=self._keys())

    def _look_at_server(self, _caller: Caller, request: LookAtServer) -> SeenServer:
        keys = self._keys()
        found = self._advertised(request.server)
        current = keys.server_key in found.exchange
        return SeenServer(
            server=request.server.rstrip("/"),
            thumbprint=found.signing[0],
            others=found.signing[1:],
            current=current,
        )

    def _advertised(self, server: str) -> tang.Advertised:
        """Ask a server for its keys; the packet filter lets that out first. Raise what fails."""
        if not server:
            raise ServerUnnamed
        self._kept.look_at(server)
        applying = applying_at(self._place)
        try:
            if applying is not None:
                applying.renew(Concern.FIREWALL)
            return tang.fetch(server.rstrip("/"))
        except ProgramRefused as error:
            raise ServerUnreachable(server=server, said=str(error.parameters["said"])) from error

    def _wished_server(self, request: ChooseKeeper) -> ServerWish:
        if not request.thumbprint:
            raise ServerUnnamed
        found = self._advertised(request.server)
        if request.thumbprint not in found.signing:
            raise ServerKeyDiffers(server=request.server, thumbprint=request.thumbprint)
        address = request.server.rstrip("/")
        return ServerWish(address=address, thumbprint=request.thumbprint, advertised=found.text)

    def _choose(self, _caller: Caller, request: ChooseKeeper) -> VolumeKeys:
        keys = self._keys()
        typed = request.passphrase.reveal() if request.keeper is Keeper.passphrase else ""
        if request.keeper is not Keeper.nobody and not keys.recovery:
            raise NoRecoveryKey
        if request.keeper is Keeper.tpm and keys.obstacle not in (Obstacle.none, Obstacle.failed):
            raise TpmUnfit
        if request.keeper is Keeper.passphrase and not is_fit(request.passphrase):
            raise PassphraseUnfit(least=PASSPHRASE[0], most=PASSPHRASE[-1])
        server = self._wished_server(request) if request.keeper is Keeper.server else None
        number = secrets.token_hex(8)
        self._ask(KeyWish(number=number, keeper=request.keeper, typed=typed, server=server))
        return self._keys()

    def _ask(self, wish: KeyWish) -> None:
        """Have a wish fulfilled. Raise what came in its way."""
        with _ONE_AT_A_TIME:
            self._kept.make_wish(wish)
            try:
                for _ in range(TRIES):
                    start_unit()
                    answer = self._kept.answered()
                    if answer is not None and answer.number == wish.number:
                        break
                else:
                    raise KeeperFailed(said=f"{UNIT} did not answer")
            except ProgramRefused as error:
                raise KeeperFailed(said=str(error.parameters["said"])) from error
            finally:
                self._kept.forget_wish()
        if answer.error:
            kind = BY_CODE[answer.error]
            raise kind(said=answer.said) if kind is KeeperFailed else kind()
