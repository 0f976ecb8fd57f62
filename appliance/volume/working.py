"""The volume's keys put right: the machine's own, the TPM's, a person's; then the open one taken.

Each step may be cut by a power cut: what it left in a slot without a token is removed next time.
"""

import base64
import logging
import secrets
from pathlib import Path
from typing import Final

import msgspec

from appliance.contract.configuration.errors import ProgramRefused
from appliance.contract.errors import ApplianceError
from appliance.contract.volume.errors import KeeperFailed, NoMachineKey
from appliance.contract.volume.state import Keeper, Obstacle
from appliance.durable import write_whole
from appliance.records import now
from appliance.volume import facts, judging, serving
from appliance.volume import head as heads
from appliance.volume.head import Head, free_slot, token
from appliance.volume.keeping import KeptKeys, KeyAnswer, KeyStand, KeyWish, this_boot
from appliance.volume.programs import Volume

LOG: Final = logging.getLogger("appliance.volume")
RANDOM_BYTES: Final = 48


class Working:
    """One look at the volume; `own` is the file of the machine's own key, in the volume itself."""

    def __init__(self, kept: KeptKeys, volume: Volume, own: Path) -> None:
        self._kept, self._volume, self._own = kept, volume, own
        self._opened, self._tpm, self._boot = facts.opened(), facts.tpm(), this_boot()
        self._report = facts.report()
        self._said = ""

    def run(self) -> None:
        """Put everything right, and answer what was wished. Raise KeeperFailed."""
        wish = self._kept.wish()
        try:
            key = self._machine_key()
            if wish is not None:
                self._fulfil(wish, key)
            self._bind(key)
            self._close(key)
            self._said = self._said or self._keep_network()
        except ProgramRefused as error:
            said = str(error.parameters["said"])
            self._answer(wish, KeeperFailed(said=said), said)
        except ApplianceError as error:
            self._answer(wish, error, str(error.parameters.get("said", "")))
        else:
            self._answer(wish, None, "")
        finally:
            self._note()

    def _answer(self, wish: KeyWish | None, error: ApplianceError | None, said: str) -> None:
        if error is not None:
            LOG.warning("the keys of the volume are not as they should be: %s", error)
            self._said = self._said or str(error)
        if wish is not None:
            code = error.code if error else ""
            self._kept.answer(KeyAnswer(number=wish.number, error=code, said=said))

    def _machine_key(self) -> bytes:
        """Return the key that lies in the volume; make it where it is not there or opens nothing.

        Raise NoMachineKey where nothing is known that would admit it.
        """
        key = self._own.read_bytes() if self._own.exists() else b""
        if key and self._volume.opens(key):
            facts.forget_typed()
            return key
        head = facts.head()
        known = next((one for one in (head.clear.encode(), facts.typed())
                      if one and self._volume.opens(one)), b"")  # fmt: skip
        if not known:
            raise NoMachineKey
        key = base64.b64encode(secrets.token_bytes(RANDOM_BYTES))
        write_whole(self._own, key)
        self._put(known, key, heads.MACHINE)
        facts.forget_typed()
        return key

    def _fulfil(self, wish: KeyWish, key: bytes) -> None:
        chosen = self._kept.chosen()
        if wish.recovery:
            self._put(key, wish.recovery.encode(), heads.RECOVERY)
            chosen = msgspec.structs.replace(chosen, recovery_at=now())
        if wish.typed:
            self._put(key, wish.typed.encode(), heads.PASSPHRASE, stretched=True)
        if wish.server:
            serving.bind(self._volume, key, wish.server)
            chosen = msgspec.structs.replace(chosen, server=wish.server.address)
        if wish.keeper is not None:
            chosen = msgspec.structs.replace(chosen, keeper=wish.keeper)
        self._kept.choose(chosen)

    def _put(self, by: bytes, key: bytes, kind: str, *, stretched: bool = False) -> None:
        """Put a key into a slot of its kind; what was there before goes when the new one opens."""
        head = facts.head()
        before, slot = head.named(kind), free_slot(head)
        self._volume.add(by, key, slot, stretched=stretched)
        if not self._volume.opens(key):
            raise KeeperFailed(said=f"what was put into the slot {slot} does not open it")
        self._volume.write_token(token(kind, slot))
        self._remove(head, kind, before, key if kind == heads.MACHINE else by)

    def _remove(self, head: Head, kind: str, numbers: tuple[int, ...], by: bytes) -> None:
        for slot in head.of(kind):
            self._volume.kill(by, slot)
        for number in numbers:
            self._volume.remove_token(number)

    def _bind(self, key: bytes) -> None:
        chosen = self._kept.chosen()
        bound = chosen.bound_in == self._boot
        if not judging.must_bind(
            facts.head(), chosen.keeper, self._tpm, self._opened, bound_now=bound
        ):
            return
        head = facts.head()
        try:
            # systemd-cryptenroll leaves a token as it is that names the same policy, whichever TPM
            # it is for; this one opened nothing
            self._remove(head, heads.TPM, head.named(heads.TPM), key)
            self._volume.bind(key, judging.registers(self._tpm))
        except ProgramRefused as error:
            LOG.warning("the TPM does not take the key: %s", error)
            self._said = str(error.parameters["said"])
            return
        LOG.info("the TPM keeps the key of the volume")
        self._kept.choose(msgspec.structs.replace(chosen, bound_in=self._boot))

    def _close(self, key: bytes) -> None:
        """Take away what opens the volume and shall not; lay the key open where that is said."""
        chosen = self._kept.chosen().keeper
        head = facts.head()
        if chosen is Keeper.nobody and not head.clear:
            self._lay_open(key)
        # a TPM or a server that has not opened a start yet is not relied on
        proven = judging.is_proven(head, chosen, self._opened, self._report)
        if judging.may_close(head, chosen) and proven and head.clear:
            self._volume.write_token(token(heads.MARK), heads.WHOLE)
            LOG.info("the key does not lie on the disks any more")
        head = facts.head()
        for kind in judging.superfluous(head, chosen) if proven else ():
            self._remove(head, kind, head.named(kind), key)
        serving.remove_outlived(self._volume, key, self._report)
        for slot in facts.head().strays:
            self._volume.kill(key, slot)

    def _keep_network(self) -> str:
        return serving.keep_network(self._volume, self._kept.place, self._kept.chosen().keeper)

    def _lay_open(self, key: bytes) -> None:
        laid = base64.b64encode(secrets.token_bytes(RANDOM_BYTES))
        slot = free_slot(facts.head())
        self._volume.add(key, laid, slot)
        self._volume.write_token(token(heads.MARK, slot, key=laid.decode()), heads.WHOLE)

    def _note(self) -> None:
        chosen = self._kept.chosen()
        why = judging.obstacle(self._tpm)
        head = facts.head()
        if why is Obstacle.none and self._said and not head.of(heads.TPM):
            why = Obstacle.failed
        keys = judging.told(head, chosen.keeper, self._opened, why, self._report)
        keys = msgspec.structs.replace(keys, recovery_at=chosen.recovery_at, said=self._said)
        self._kept.note(KeyStand(boot=self._boot, keys=keys))
