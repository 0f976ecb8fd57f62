"""A real volume in a file, as the first start leaves it, and a machine around it."""

import contextlib
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.agent import volume
from appliance.agent.dispatch import Dispatch
from appliance.agent.handlers import Handlers
from appliance.agent.peer import doorman
from appliance.agent.server import Server
from appliance.contract.volume.state import Opened, VolumeKeys
from appliance.place import Place
from appliance.volume import facts, keeping, programs
from appliance.volume import head as heads
from appliance.volume.head import Head, token
from appliance.volume.judging import Tpm
from appliance.volume.keeping import KeptKeys, KeyWish
from appliance.volume.programs import Volume
from appliance.volume.working import Working
from tests.running import wait_until

LAID = "the-key-that-the-initrd-lays-open"


class Machine:
    """A volume as the first start leaves it, and a machine around it."""

    def __init__(self, folder: Path, place: Place | None = None) -> None:
        self.device, self.own, self.told = folder / "volume", folder / "own", folder / "told"
        for name in ("scratch", "told"):
            (folder / name).mkdir()
        self.volume = Volume(self.device, folder / "scratch")
        place = place or Place(data=folder / "data", keys=folder / "keys", database_url="")
        self.kept = KeptKeys(place)
        with self.device.open("wb") as file:
            file.truncate(40 << 20)
        key = folder / "first"
        key.write_text(LAID)
        run("luksFormat", "--batch-mode", "--type=luks2", "--pbkdf=pbkdf2",
            "--pbkdf-force-iterations=1000", f"--key-file={key}", str(self.device))  # fmt: skip
        self.volume.write_token(token(heads.MARK, 0, key=LAID))
        self.start(Opened.made)

    def start(self, opened: Opened, typed: str = "") -> None:
        """Let it have started so."""
        (self.told / "opened").write_text(f"{opened}\n")
        (self.told / "typed").unlink(missing_ok=True)
        if typed:
            (self.told / "typed").write_text(typed)

    def work(self) -> VolumeKeys:
        """Put everything right, and return what is told."""
        Working(self.kept, self.volume, self.own).run()
        stand = self.kept.stand()
        assert stand
        return stand.keys

    def wish(self, **what: object) -> str:
        """Wish for something; return how it failed."""
        self.kept.make_wish(KeyWish(number="7", **what))  # type: ignore[arg-type]
        self.work()
        answer = self.kept.answered()
        assert answer
        assert self.kept.wish() is None
        return answer.error

    def head(self) -> Head:
        return facts.head()

    def opens(self, key: str) -> bool:
        return self.volume.opens(key.encode())


def run(*words: str) -> None:
    subprocess.run(["cryptsetup", *words], check=True, capture_output=True, timeout=60)


def lay(monkeypatch: pytest.MonkeyPatch, folder: Path, place: Place | None = None) -> Machine:
    """Return one; what looks at the machine finds it."""
    monkeypatch.setattr(facts, "TOLD", folder / "told")
    monkeypatch.setattr(facts, "DEVICE", folder / "volume")
    monkeypatch.setattr(keeping, "WISHES", folder / "wishes")
    # quick, and without a quarter of a gigabyte in every test
    monkeypatch.setattr(programs, "STRETCHED", programs.RANDOM)
    return Machine(folder, place)


def with_tpm(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give it a TPM that takes a key: what a slot and a token of it come to. It is real in guests.

    Return the registers that it was bound to, each time.
    """
    asked: list[str] = []
    monkeypatch.setattr(heads, "TPM", "tenshu-test-tpm")  # systemd's is checked by cryptsetup

    def bind(volume: Volume, by: bytes, registers: str) -> None:
        asked.append(registers)
        head = facts.head()
        assert not head.of(heads.TPM), "systemd-cryptenroll would leave it as it is"
        slot = heads.free_slot(head)
        volume.add(by, b"in-the-tpm", slot)
        volume.write_token(token(heads.TPM, slot))

    monkeypatch.setattr(Volume, "bind", bind)
    monkeypatch.setattr(facts, "tpm", lambda: Tpm(present=True, measured=True, policy=True))
    return asked


@contextlib.contextmanager
def served(monkeypatch: pytest.MonkeyPatch, folder: Path, place: Place) -> Iterator[Machine]:
    """Give one with a TPM, whose keys an agent at that place looks after; it is its own unit."""
    folder.mkdir()
    found, stop = lay(monkeypatch, folder, place), threading.Event()
    found.start(Opened.tpm)
    with_tpm(monkeypatch)
    monkeypatch.setattr(volume, "start_unit", found.work)
    dispatch = Dispatch(Handlers(place), stop)
    server = Server(place.socket, dispatch, doorman(frozenset({0}), {}), stop)
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        wait_until(place.socket.exists, "the agent listens", 10)
        yield found
    finally:
        stop.set()
        thread.join(20)
