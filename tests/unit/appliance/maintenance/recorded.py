"""A book with windows whose sessions were recorded, without a machine."""

from pathlib import Path
from typing import Any

from appliance.contract.maintenance.state import Ending, Session
from appliance.maintenance.recording import Recording
from appliance.maintenance.windows import Clocks, WindowBook
from tests.unit.appliance.maintenance.test_listing import window


def session_id(number: int) -> str:
    return f"{number:016x}"


def keep(
    book: WindowBook, number: int, *, ended_at: int, is_open: bool = False, **more: Any
) -> Session:
    """Write a window and its one session down, which has ended."""
    told = {
        "opened_at": ended_at - 100,
        "until": ended_at + 100,
        "ended": Ending.none if is_open else Ending.clock,
    }
    kept = window(number, **(told | more))
    book.keep(kept, Clocks(until=kept.until, boot="some run", deadline=1.0))
    recording = Recording(book.recording(number, session_id(number)), "window", 80, 24)
    recording.shown(f"window {number}\r\n".encode())
    digest = recording.end()
    session = Session(
        id=session_id(number), window=number, level=kept.level, began_at=ended_at - 50,
        ended=Ending.gone, ended_at=ended_at, digest=digest, bytes=recording.bytes,
    )  # fmt: skip
    book.keep_session(session)
    return session


def book_in(folder: Path) -> WindowBook:
    return WindowBook(folder / "machine/maintenance")
