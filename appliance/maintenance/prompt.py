"""What the person meets: `python -m appliance.maintenance.prompt WINDOW SESSION [COMMAND]`.

Runs as root in the terminal that is recorded, and runs nothing but lines of the closed table, each
as the session's own user unless the table says otherwise. The name of each goes into the journal
before it runs: what cannot be written down is not done.
"""

import contextlib
import os
import readline
import shutil
import subprocess
import sys
from typing import Final

from appliance.contract.maintenance.state import Happening, Level, What, Window
from appliance.machine.programs import PATH
from appliance.maintenance.people import Person, groups_of, person_of
from appliance.maintenance.rooms import Rooms
from appliance.maintenance.steps import STEPS, Step, offered
from appliance.place import load_place
from appliance.records import now

UNKNOWN: Final = 127
LATE: Final = 124
UNRECORDED: Final = 74
GREETING: Final = """\
Maintenance window {number}, {level}. Everything that you type and see is recorded.
保守の時間枠 {number}（{ja}）。入力と表示はすべて記録されます。
Type `help` for what can be done here, `exit` to leave.
できることの一覧は help、終了は exit と入力してください。
"""
LEVELS: Final = {Level.look: ("look only", "閲覧のみ"), Level.repair: ("repair", "修復")}


class Prompt:
    """One session's prompt."""

    def __init__(self, rooms: Rooms, window: Window, session: str) -> None:
        self._rooms, self._window, self._session = rooms, window, session
        self._steps = {one.name: one for one in offered(window.level)}

    def serve(self) -> int:
        """Ask until the person leaves."""
        readline.set_auto_history(True)
        english, japanese = LEVELS[self._window.level]
        print(GREETING.format(number=self._window.number, level=english, ja=japanese))  # noqa: T201
        while True:
            try:
                typed = input("tenshu> ").strip()
            except EOFError:
                return 0
            except KeyboardInterrupt:
                print()  # noqa: T201
                continue
            if typed in {"exit", "quit"}:
                return 0
            if typed:
                self.run(typed)

    def run(self, typed: str) -> int:
        """Run one line of the table; return what it ends with."""
        if typed in {"help", "?"}:
            for one in self._steps.values():
                print(f"  {one.name:18} {one.says} / {one.ja}")  # noqa: T201
            return 0
        step = self._steps.get(typed)
        if step is None:
            known = " (repair only / 修復のみ)" if typed in STEPS else ""
            print(f"Not in the list{known}: help / 一覧にありません")  # noqa: T201
            return UNKNOWN
        self._tell(step, began=True)
        code = self._act(step)
        self._tell(step, code)
        return code

    def _tell(self, step: Step, code: int = 0, *, began: bool = False) -> None:
        lasting = step.seconds is None
        if began != lasting:
            return  # what lasts is told when it begins, everything else with its end
        self._rooms.journal.append(
            Happening(
                at=now(),
                what=What.command,
                window=self._window.number,
                who=self._window.who,
                session=self._session,
                command=step.name,
                exit_code=code,
            )
        )

    def _act(self, step: Step) -> int:
        program = shutil.which(step.words[0], path=PATH)
        if program is None:
            print(f"{step.words[0]}: not installed here / ここにはありません")  # noqa: T201
            return UNKNOWN
        words = [program, *step.words[1:]]
        if not step.rooted:
            words = _without_rights(person_of(self._window.user), words)
        with contextlib.suppress(KeyboardInterrupt):
            try:
                return subprocess.run(  # noqa: S603 - a line of the closed table
                    words,
                    stdin=None if step.seconds is None else subprocess.DEVNULL,
                    timeout=step.seconds,
                    check=False,
                    cwd="/",
                    env={
                        "PATH": PATH,
                        "LC_ALL": "C.UTF-8",
                        "TERM": os.environ.get("TERM", "dumb"),
                        "HOME": "/",
                        "SYSTEMD_PAGER": "",
                        "SYSTEMD_COLORS": "0",
                    },
                ).returncode
            except subprocess.TimeoutExpired:
                return LATE
        return 130


def _without_rights(person: Person, words: list[str]) -> list[str]:
    """Return what runs a program as the session's user, who gains nothing by any program."""
    setpriv = shutil.which("setpriv", path=PATH) or "setpriv"
    groups = ",".join(map(str, groups_of(person)))
    return [
        setpriv, f"--reuid={person.uid}", f"--regid={person.gid}", f"--groups={groups}",
        "--no-new-privs", "--inh-caps=-all", "--", *words,
    ]  # fmt: skip


def main(number: int, session: str, command: str) -> int:
    """Serve one session; `command` runs alone where one was given at once."""
    rooms = Rooms(load_place())
    prompt = Prompt(rooms, rooms.book.read(number), session)
    try:
        return prompt.run(command) if command else prompt.serve()
    except OSError as error:
        print(f"It cannot be recorded / 記録できません: {error.strerror}")  # noqa: T201
        return UNRECORDED


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
