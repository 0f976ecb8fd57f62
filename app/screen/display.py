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
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import urwid

from app.core.messages import mark
from app.screen import forms
from app.screen.forms import Choice, Form
from app.screen.machine import addresses, host_name, notes
from app.screen.page import Known, Line, lines, padded, width_of
from app.screen.protocol import (
    AnyChange,
    ChooseKeyboard,
    DeskRefused,
    DeskSilent,
    Done,
    Keep,
    Look,
    Proof,
    Standing,
    TakeBack,
    ask,
    where,
)
from app.screen.words import say
from appliance.contract import watchdog
from appliance.contract.keyboard import Layout

PAUSE: Final = 5.0
"""Seconds between two looks."""
LOOK_SECONDS: Final = 5.0
DO_SECONDS: Final = 150.0
"""A document is put into effect within two minutes, or the agent says why not."""
LEFT_ALONE: Final = 180.0
"""Seconds without a key after which a form is gone, with what was typed in it."""
USUAL_SIZE: Final = (24, 80)
"""Rows and columns of a serial line, which tells no size."""
NO_JAPANESE: Final = ("linux",)
"""Terminals without Japanese letters: the kernel's own console has 256 signs."""
OWN_KEYBOARD: Final = ("linux",)
"""Terminals whose keyboard is at the machine: a serial line's is at its other end."""
KEYBOARDS: Final = {
    Layout.us: mark("US keyboard; 106/109: K"),
    Layout.jp: mark("106/109 keyboard; US: K"),
}
PALETTE: Final[Any] = [
    ("head", "black", "light gray", "standout"),
    ("", "default", "default"),
    ("field", "black", "light gray", "standout"),
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
        self._frame = frame = urwid.Frame(
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
        self._touched = time.monotonic()
        self._result: tuple[list[str], Done | None, Proof] | None = None

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
        if self._result is not None:
            self._show_result(*self._result)
            self._result = None
        self._draw()
        return True

    def _show(self, body: Any) -> None:  # noqa: ANN401 - urwid's
        self._frame.body = body
        self._draw()

    def _go_home(self) -> None:
        self._show(self._body)

    @property
    def _is_home(self) -> bool:
        return self._frame.body is self._body

    def _open_menu(self) -> None:
        language, width = self._shown_language, self._columns
        self._show(forms.menu(language, width, self._open_form, self._go_home))

    def _open_form(self, choice: Choice) -> None:
        form = Form(choice, self._shown_language, self._columns)
        self._show(form.widget(lambda: self._submit(form), self._open_menu))

    def _submit(self, form: Form) -> None:
        if missing := form.missing():
            self._foot.set_text(f" {self._say(mark('Still needed: {what}'), what=missing)}")
        else:
            self._do(form.change())

    def _do(self, change: AnyChange) -> None:
        """Ask the desk to do it, in a thread; what comes of it is shown."""
        self._show(self._outcome([self._say(mark("One moment …"))], []))
        threading.Thread(target=self._ask_to, args=(change,), daemon=True).start()

    def _ask_to(self, change: AnyChange) -> None:
        done = None
        try:
            done = ask(self._desk, change, Done, DO_SECONDS)
            texts = [done.text]
        except DeskRefused as error:
            texts = [error.failure.message, error.failure.hint]
        except DeskSilent as error:
            log.warning("the desk is silent: %s", error)
            texts = [self._say(mark("The appliance does not answer. Look whether it was done."))]
        self._result = ([text for text in texts if text], done, change.proof)
        os.write(self._pipe, b".")

    def _show_result(self, texts: list[str], done: Done | None, proof: Proof) -> None:
        back = (mark("Back"), self._go_home)
        if done is None or not done.waits:
            self._show(self._outcome(texts, [back]))
            return
        language, version = self._shown_language, done.waits
        until = time.strftime("%H:%M:%S", time.localtime(time.time() + done.seconds))
        texts = [*texts, self._say(mark("It is taken back by itself at {at}."), at=until)]
        keep = Keep(proof=proof, language=language, version=version)
        take_back = TakeBack(proof=proof, language=language, version=version)
        buttons = [
            (mark("Keep it"), lambda: self._do(keep)),
            (mark("Take it back now"), lambda: self._do(take_back)),
            back,
        ]
        self._show(self._outcome(texts, buttons))

    def _outcome(self, texts: list[str], buttons: list[tuple[str, Callable[[], None]]]) -> Any:  # noqa: ANN401 - urwid's
        return forms.outcome(self._shown_language, self._columns, texts, buttons)

    def _say(self, text: str, **parameters: object) -> str:
        return say(self._shown_language, text, **parameters)

    @property
    def _columns(self) -> int:
        return int(self._loop.screen.get_cols_rows()[0])

    def _tick(self, *_: object) -> None:
        watchdog.beat()  # it takes keys and draws
        if not self._is_home and time.monotonic() - self._touched > LEFT_ALONE:
            self._go_home()
        self._draw()
        self._loop.set_alarm_in(1, self._tick)

    def _sized(self, keys: list[Any], _: list[int]) -> list[Any]:
        self._touched = time.monotonic()
        if "window resize" in keys:
            self._draw()
        return keys

    def _key(self, key: str | tuple[str, int, int, int]) -> bool:
        if key in ("esc", "f10"):
            self._go_home()
            return True
        if not self._is_home:
            return False
        if key in ("f3", "c", "C"):
            self._open_menu()
            return True
        if key in ("f2", "l", "L"):
            self._language = "en" if self._language == "ja" else "ja"
            self._wake.set()
            self._draw()
            return True
        standing = self._known.standing
        if key in ("f4", "k", "K") and standing and self._terminal in OWN_KEYBOARD:
            other = Layout.us if standing.keyboard is Layout.jp else Layout.jp
            self._do(ChooseKeyboard(layout=other, language=self._shown_language))
            self._wake.set()
            return True
        return False

    @property
    def _shown_language(self) -> str:
        return "en" if self._terminal in NO_JAPANESE else self._language

    def _draw(self) -> None:
        width = self._columns
        language, known = self._shown_language, self._known
        version = known.standing.version if known.standing else ""
        left = f" Tenshu {version}  {known.host}"
        right = time.strftime("%Y-%m-%d %H:%M %Z ", time.localtime())
        self._head.set_text(padded(left, width - width_of(right)) + right)
        other = mark("Japanese: L (not on this display)")
        if self._terminal not in NO_JAPANESE:
            other = "English: L" if language == "ja" else "日本語: L"
        ways = (mark("Change: C"), other) if self._is_home else (mark("Back: Esc"),)
        if self._is_home and known.standing and self._terminal in OWN_KEYBOARD:
            ways = (*ways, KEYBOARDS[known.standing.keyboard])
        self._foot.set_text(" " + "   ".join(say(language, one) for one in ways))
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
    for key, command in (("tab", "cursor down"), ("shift tab", "cursor up")):
        urwid.command_map[key] = command
    language = os.environ.get("TENSHU_SCREEN_LANGUAGE", "en")
    Display(where(), language, os.environ.get("TERM", "")).run()


if __name__ == "__main__":
    main()
