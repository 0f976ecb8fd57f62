"""The machine's own screen: `python -m app.screen.display`, on a console, a serial line or a pty.

It reads a terminal and speaks with the desk; it runs no program, and there is no shell behind it.
"""

import logging
import os
import signal
import sys
import termios
import threading
import time
from pathlib import Path
from typing import Any, Final

import urwid

from app.core.messages import mark
from app.screen.machine import addresses, host_name, notes
from app.screen.page import Known, Line, lines, padded, width_of
from app.screen.protocol import DeskRefused, DeskSilent, Look, Standing, ask, where
from app.screen.words import say

PAUSE: Final = 5.0
"""Seconds between two looks."""
LOOK_SECONDS: Final = 5.0
USUAL_SIZE: Final = (24, 80)
"""Rows and columns of a serial line, which tells no size."""
NO_JAPANESE: Final = ("linux",)
"""Terminals without Japanese letters: the kernel's own console has 256 signs."""
PALETTE: Final[Any] = [
    ("head", "black", "light gray", "standout"),
    ("", "default", "default"),
    ("strong", "white,bold", "default", "bold"),
    ("warning", "yellow,bold", "default", "bold"),
    ("danger", "light red,bold", "default", "standout"),
]

log = logging.getLogger("tenshu.screen")


class Display:
    """One display."""

    def __init__(self, desk: Path, language: str, terminal: str) -> None:
        self._desk, self._language, self._terminal = desk, language, terminal
        self._known = Known(now=time.time(), host=host_name(), addresses=addresses())
        self._head, self._foot = urwid.Text("", wrap="clip"), urwid.Text("", wrap="clip")
        self._walker: Any = urwid.SimpleFocusListWalker([])
        self._body = urwid.ListBox(self._walker)
        frame = urwid.Frame(
            self._body,
            header=urwid.AttrMap(self._head, "head"),
            footer=urwid.AttrMap(self._foot, "head"),
        )
        self._loop = urwid.MainLoop(
            frame, PALETTE, handle_mouse=False, unhandled_input=self._key, input_filter=self._sized
        )
        self._width = 0
        self._wake = threading.Event()
        self._pipe = self._loop.watch_pipe(self._told)

    def run(self) -> None:
        """Show until the process is ended."""
        threading.Thread(target=self._ask_on, daemon=True).start()
        self._loop.set_alarm_in(0, self._tick)
        self._loop.run()

    def _ask_on(self) -> None:
        """Ask the desk again and again, in a thread: the screen never waits for it."""
        while True:
            self._known = self._looked()
            os.write(self._pipe, b".")
            self._wake.wait(PAUSE)
            self._wake.clear()

    def _looked(self) -> Known:
        before, now = self._known, time.time()
        standing, silent = before.standing, before.silent_since
        try:
            question = Look(language=self._shown_language)
            standing, silent = ask(self._desk, question, Standing, LOOK_SECONDS), 0.0
        except DeskRefused as error:
            log.warning("the desk refuses: %s", error)
            silent = silent or (standing.at / 1000 if standing else now)
        except DeskSilent as error:
            log.info("the desk is silent: %s", error)
            silent = silent or (standing.at / 1000 if standing else now)
        return Known(
            now=now,
            host=host_name(),
            addresses=addresses(),
            notes=notes(),
            standing=standing,
            silent_since=silent,
        )

    def _told(self, _: bytes) -> bool:
        self._draw()
        return True

    def _tick(self, *_: object) -> None:
        self._draw()
        self._loop.set_alarm_in(1, self._tick)

    def _sized(self, keys: list[Any], _: list[int]) -> list[Any]:
        if "window resize" in keys:
            self._draw()
        return keys

    def _key(self, key: str | tuple[str, int, int, int]) -> bool:
        if key in ("f2", "l", "L"):
            self._language = "en" if self._language == "ja" else "ja"
            self._wake.set()
            self._draw()
            return True
        return False

    @property
    def _shown_language(self) -> str:
        return "en" if self._terminal in NO_JAPANESE else self._language

    def _draw(self) -> None:
        width, _ = self._loop.screen.get_cols_rows()
        language, known = self._shown_language, self._known
        version = known.standing.version if known.standing else ""
        left = f" Tenshu {version}  {known.host}"
        right = time.strftime("%Y-%m-%d %H:%M %Z ", time.localtime())
        self._head.set_text(padded(left, width - width_of(right)) + right)
        other = mark("Japanese: L (not on this display)")
        if self._terminal not in NO_JAPANESE:
            other = "English: L" if language == "ja" else "日本語: L"
        self._foot.set_text(f" {say(language, other)}")
        shown = lines(known, language, width)
        if self._terminal in NO_JAPANESE and self._language == "ja":
            text = mark("This display has no Japanese letters. A serial line has: ttyS0, 115200.")
            shown.insert(0, Line(f" {text}", "warning"))
        focus = self._walker.focus if len(self._walker) else 0
        self._walker[:] = [
            urwid.AttrMap(urwid.Text(one.text, wrap="clip"), one.style) for one in shown
        ]
        self._walker.set_focus(min(focus, len(shown) - 1))


def give_size() -> None:
    """Say how large the terminal is where it does not say so itself."""
    output = sys.stdout.fileno()
    if os.isatty(output) and 0 in termios.tcgetwinsize(output):
        termios.tcsetwinsize(output, USUAL_SIZE)


def main() -> None:
    """Show until the process is ended; no key of the terminal ends it."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP):
        signal.signal(number, signal.SIG_IGN)
    give_size()
    urwid.set_encoding("utf-8")
    language = os.environ.get("TENSHU_SCREEN_LANGUAGE", "en")
    Display(where(), language, os.environ.get("TERM", "")).run()


if __name__ == "__main__":
    main()
