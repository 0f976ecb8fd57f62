"""How far something is: a moving line on a terminal, a line for each phase elsewhere."""

import sys
from typing import Final, TextIO

WIDTH: Final = 30


class Bar:
    """Progress on stderr."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._phase = ""
        self._moves = self._stream.isatty()
        self._shown = False

    def show(self, phase: str, percent: float) -> None:
        """Show phase and share of the whole, 0 to 100."""
        if self._moves:
            filled = round(WIDTH * percent / 100)
            line = f"\r{'█' * filled}{'░' * (WIDTH - filled)} {percent:5.1f} %  {phase:<12}"
            self._stream.write(line)
            self._shown = True
        elif phase != self._phase:
            self._stream.write(f"· {phase}\n")
        self._phase = phase
        self._stream.flush()

    def close(self) -> None:
        """Leave the line behind."""
        if self._shown:
            self._stream.write("\n")
            self._stream.flush()
