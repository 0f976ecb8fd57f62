"""Load code once, fork the processes from it.

The planes, the sealer and the worker run on the same libraries. Loading them takes some seconds of
a processor and 60 MB a process; forked, a process begins at once and shares that memory
(docs/decisions/0028). What runs is what `python -m MODULE` would run.
"""

import atexit
import gc
import importlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from setproctitle import setproctitle

from app.start.programs import PROGRAMS, Program


class Threaded(RuntimeError):
    """Something that was loaded has started a thread: a fork would lose it, and keep its locks."""


def load() -> None:
    """Load what the programs run on. Raise Threaded where that was more than loading."""
    gc.disable()  # loading makes no garbage
    for program in PROGRAMS:
        for module in program.loads:
            importlib.import_module(module)
    gc.freeze()  # what is loaded stays: looking through it would copy its pages
    gc.enable()
    if len(list(Path("/proc/self/task").iterdir())) > 1:
        raise Threaded


def run(program: Program, environ: Mapping[str, str]) -> NoReturn:
    """Be `program` from now on, in a process just forked, and end with it.

    Nothing of the supervisor is released here: its descriptors are closed already, and their
    numbers belong to others.
    """
    code = 1
    try:
        _forget_the_supervisor(program, environ)
        code = _main(program)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - the last door: it stands in the log of the process
        traceback.print_exc()
    finally:
        _end(code)


def _forget_the_supervisor(program: Program, environ: Mapping[str, str]) -> None:
    for number in (signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP, signal.SIGCHLD, signal.SIGUSR2):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = [program.module, *program.arguments]
    setproctitle(" ".join(["python", "-m", *sys.argv]))
    os.environ.clear()
    os.environ.update(environ)
    os.nice(program.niceness)


def _main(program: Program) -> int:
    loaded = importlib.import_module(program.loads[0])
    return loaded.main(*program.arguments) or 0


def _end(code: int) -> NoReturn:
    """End as an interpreter does, without unwinding what lies below on the stack: supervisord."""
    try:
        threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001 - as multiprocessing does
        atexit._run_exitfuncs()  # noqa: SLF001
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)
