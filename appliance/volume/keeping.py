"""What is kept about the volume's keys: what is wished, and what came of it.

/run/tenshu-keys/wish.json       what somebody wants, with keys: in memory, until it is done
<data>/agent/volume/answer.json  what came of the last wish
<data>/agent/volume/chosen.json  who shall open the volume
<data>/agent/volume/looked.json  the key server that was looked at last: it may be reached
<data>/agent/volume/stands.json  who opens it, as the last look found
"""

import contextlib
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from appliance.contract.volume.state import Keeper, Obstacle, VolumeKeys
from appliance.durable import write_whole
from appliance.place import Place

Kind = TypeVar("Kind")
WISHES: Final = Path("/run/tenshu-keys")
BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


class ServerWish(msgspec.Struct, frozen=True, kw_only=True):
    """A key server, as a person confirmed it."""

    address: str
    thumbprint: str
    advertised: str
    """What it says of its keys, signed."""


class KeyWish(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants."""

    number: str
    recovery: str = ""
    """A new recovery key."""
    keeper: Keeper | None = None
    typed: str = ""
    """A passphrase."""
    server: ServerWish | None = None


class KeyAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a wish."""

    number: str
    error: str = ""
    """Code; empty where it is done."""
    said: str = ""


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """Who shall open the volume, and what of that is known."""

    keeper: Keeper = Keeper.tpm
    bound_in: str = ""
    """In which run of the kernel the TPM was bound last."""
    recovery_at: int = 0
    server: str = ""
    """Address of the key server that was bound last."""


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """A key server that somebody looks at."""

    server: str


class KeyStand(msgspec.Struct, frozen=True, kw_only=True):
    """Who opens it, and in which run of the kernel that was seen."""

    boot: str
    keys: VolumeKeys
    obstacle: Obstacle = Obstacle.none


def this_boot() -> str:
    """Return which run of the kernel this is."""
    return BOOT.read_text("ascii").strip()


class KeptKeys:
    """The folder of one place."""

    def __init__(self, place: Place, wishes: Path | None = None) -> None:
        self.place = place
        self.folder, self._wishes = place.own / "volume", wishes or WISHES

    def wish(self) -> KeyWish | None:
        """Return what is wanted."""
        return self._read("wish", KeyWish, self._wishes)

    def make_wish(self, wish: KeyWish) -> None:
        """Say what is wanted, in memory alone."""
        content = msgspec.json.encode(wish)
        self._wishes.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(self._wishes / "wish.json", content, durable=False)

    def answer(self, answer: KeyAnswer) -> None:
        """Keep what came of a wish, and forget that."""
        self._write("answer", answer)
        self.forget_wish()

    def forget_wish(self) -> None:
        """Forget what was wanted."""
        with contextlib.suppress(FileNotFoundError):
            (self._wishes / "wish.json").unlink()

    def answered(self) -> KeyAnswer | None:
        """Return what came of the last wish."""
        return self._read("answer", KeyAnswer)

    def chosen(self) -> Chosen:
        """Return who shall open the volume."""
        return self._read("chosen", Chosen) or Chosen()

    def choose(self, chosen: Chosen) -> None:
        """Keep who shall."""
        self._write("chosen", chosen)

    def look_at(self, server: str) -> None:
        """Keep which key server is looked at."""
        self._write("looked", Looked(server=server))

    def servers(self) -> tuple[str, ...]:
        """Return the addresses of key servers that may be reached."""
        looked, chosen = self._read("looked", Looked), self.chosen()
        kept = (chosen.server,) if chosen.keeper is Keeper.server and chosen.server else ()
        return tuple(dict.fromkeys((*kept, *((looked.server,) if looked else ()))))

    def stand(self) -> KeyStand | None:
        """Return who opens it, as the last look found."""
        return self._read("stands", KeyStand)

    def note(self, stand: KeyStand) -> None:
        """Keep what a look has found."""
        self._write("stands", stand)

    def _read(self, name: str, kind: type[Kind], folder: Path | None = None) -> Kind | None:
        path = (folder or self.folder) / f"{name}.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=kind)
        except (OSError, msgspec.MsgspecError):
            return None

    def _write(self, name: str, content: object) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(self.folder / f"{name}.json", msgspec.json.encode(content))
