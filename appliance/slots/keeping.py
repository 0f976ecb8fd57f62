"""What is kept about starts and slots, beside what is kept about disks.

<data>/agent/disks/slots.json    how the last look after the slots went
<data>/agent/disks/reading.json  how the last look at every block of them went
<data>/agent/disks/told          which run of the kernel the history has heard of
"""

import contextlib
from collections.abc import Iterator
from typing import Final

import msgspec

from appliance.contract.disks.errors import NoCopy
from appliance.contract.disks.state import Befell
from appliance.contract.disks.system import CopyState, Reading
from appliance.contract.errors import ApplianceError
from appliance.durable import write_whole
from appliance.holding import in_turn
from appliance.records import now
from appliance.storage.keeping import Kept

SLOTS: Final = "slots"
READING: Final = "reading"


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """How the last look after the slots went, or goes."""

    boot: str = ""
    failed: int = 0
    """Starts that failed before this one."""
    state: CopyState = CopyState.none
    since: int = 0
    error_code: str = ""
    error_parameters: dict[str, str] = {}
    kernel: str = ""
    """Digest of the kernel image, when each disk had it."""
    loader: str = ""
    """Likewise of the loader."""


class KeptSlots(Kept):
    """The folder of one place."""

    def looked(self) -> Looked:
        """Return how the last look went."""
        return self._read(SLOTS, Looked) or Looked()

    def started(self, boot: str, failed: int) -> None:
        """Keep how many starts failed before this one, as the first look in it has seen."""
        before = self.looked()
        if before.boot != boot:
            self._write(SLOTS, msgspec.structs.replace(before, boot=boot, failed=failed))

    def making(self) -> None:
        """Say that the copy is being made; why it could not be before is known until it is."""
        self._write(SLOTS, msgspec.structs.replace(self.looked(), state=CopyState.making))

    def whole(self, kernel: str = "") -> None:
        """Say that there is a copy; since when it is, if it was there before, stays."""
        if self.looked().state is not CopyState.whole:
            self._stand(CopyState.whole)
        if self.looked().kernel != kernel:
            self._write(SLOTS, msgspec.structs.replace(self.looked(), kernel=kernel))

    def same_loader(self, loader: str) -> None:
        """Keep which loader each disk has."""
        if self.looked().loader != loader:
            self._write(SLOTS, msgspec.structs.replace(self.looked(), loader=loader))

    def fail_copy(self, error: Exception) -> None:
        """Say why there is none, and let the history know once."""
        known = error if isinstance(error, ApplianceError) else NoCopy(said=str(error))
        parameters = {name: str(value) for name, value in known.parameters.items()}
        before = self.looked()
        self._stand(CopyState.failed, known.code, parameters)
        if (before.error_code, before.error_parameters) != (known.code, parameters):
            self.happened(Befell.no_copy, parameters.get("disk", ""), known.code)

    def reading(self) -> Reading | None:
        """Return how the last look at every block went."""
        return self._read(READING, Reading)

    def read_through(self, reading: Reading) -> None:
        """Keep how it went, and let the history know of what was wrong."""
        self._write(READING, reading)
        for one in reading.damages:
            if one in reading.left:
                self.happened(Befell.damaged, one.disk, "disks.damaged")
            else:
                self.happened(Befell.mended, one.disk)
        if reading.error_code:
            self.happened(Befell.damaged, "", reading.error_code)

    @contextlib.contextmanager
    def slots_in_turn(self) -> Iterator[None]:
        """Hold the slots: they are read through, or written, by one at a time."""
        with in_turn(self.folder / "slots.lock"):
            yield

    def is_told(self, boot: str) -> bool:
        """Tell whether the history has heard of this run of the kernel."""
        try:
            return (self.folder / "told").read_text("ascii") == boot
        except OSError:
            return False

    def tell_boot(self, boot: str) -> None:
        """Keep that it has."""
        self._folder()
        write_whole(self.folder / "told", boot.encode("ascii"))

    def _stand(
        self, state: CopyState, code: str = "", parameters: dict[str, str] | None = None
    ) -> None:
        after = msgspec.structs.replace(
            self.looked(),
            state=state,
            since=now(),
            error_code=code,
            error_parameters=parameters or {},
        )
        self._write(SLOTS, after)
