"""What runs, in which order, and how the supervisor is told.

Rendered for supervisord, which runs the same processes on a laptop and in a container that systemd
runs in the virtual machine. No value of a person enters the text as it is: the supervisor stands
in the data folder, and paths begin there (`/proc/self/cwd`). So a folder may be called anything,
and be as deep as it likes, although a socket's whole path may have 107 bytes (unix(7)).
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

CONFIGURATION: Final = "supervisor.conf"
SOCKET: Final = "supervisor.sock"
LOG_BYTES: Final = 10 * 1024 * 1024
LOGS_KEPT: Final = 5
BACKGROUND: Final = 10


class Group(enum.Enum):
    """What starts and stops together; the value is the place in the order of starting."""

    MACHINE = 10
    """What others lean on starts first and stops last: the sealer takes what is still written."""
    FACES = 20


@dataclass(frozen=True, slots=True)
class Program:
    """One process of the appliance."""

    name: str
    module: str
    """Run by the function `main` of what it loads."""
    role: str
    """Whose connection to PostgreSQL it gets (`app.core.postgresql_roles`)."""
    argument: str = ""
    group: Group = Group.FACES
    niceness: int = 0
    """Work in the background waits while a person does (nice(1)), at a start too."""
    stop_seconds: int = 10
    """From SIGTERM to SIGKILL."""
    loads: tuple[str, ...] = ()
    """Modules to be loaded once for all (`app.start.forked`), first the one that has `main`.

    Empty where it loads by itself. The agent does: it shares no memory with the faces.
    """

    @property
    def command(self) -> str:
        """The command line. `-P`: nothing that lies in the working folder is ever imported."""
        nice = f"nice -n {self.niceness} " if self.niceness else ""
        words = " ".join((self.module, *self.arguments))
        return f'{nice}"%(ENV_TENSHU_PYTHON)s" -P -m {words}'

    @property
    def arguments(self) -> tuple[str, ...]:
        """What `main` is called with."""
        return (self.argument,) if self.argument else ()


SERVED: Final = ("app.web.serve", "granian.asgi", "uvloop")
CONSOLE: Final = (*SERVED, "app.console.app")
WORKSPACE: Final = (*SERVED, "app.workspace.app")
PROGRAMS: Final = (
    Program("agent", "appliance.agent", "backup", group=Group.MACHINE, niceness=BACKGROUND),
    Program("sealer", "app.audit", "audit", group=Group.MACHINE, loads=("app.audit.__main__",)),
    Program("console", "app.web.serve", "console", "console", loads=CONSOLE),
    Program("workspace", "app.web.serve", "workspace", "workspace", loads=WORKSPACE),
    Program(
        "worker",
        "app.jobs",
        "workspace",
        niceness=BACKGROUND,
        stop_seconds=20,
        loads=("app.jobs.__main__",),
    ),
)


def named(name: str) -> Program:
    """Return a program by its name."""
    return next(one for one in PROGRAMS if one.name == name)


def render(addresses: Mapping[str, str], programs: tuple[Program, ...] = PROGRAMS) -> str:
    """Return supervisord's configuration, to be written into the folder `run`.

    `addresses` are those of PostgreSQL by role, without a secret; none on SQLite.
    """
    groups = [_render_group(group, programs) for group in Group]
    processes = [_render_program(one, addresses.get(one.role)) for one in programs]
    return "\n".join([_SUPERVISOR, *groups, *processes])


_SUPERVISOR: Final = f"""\
[supervisord]
nodaemon = true
silent = true
pidfile = /proc/self/cwd/run/supervisor.pid
childlogdir = /proc/self/cwd/run
logfile = /proc/self/cwd/logs/supervisor.log
logfile_maxbytes = {LOG_BYTES}
logfile_backups = {LOGS_KEPT}
umask = 077

[unix_http_server]
file = /proc/self/cwd/run/{SOCKET}
chmod = 0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""


def _render_group(group: Group, programs: tuple[Program, ...]) -> str:
    names = ",".join(one.name for one in programs if one.group is group)
    return f"""\
[group:{group.name.lower()}]
programs = {names}
priority = {group.value}
"""


def _render_program(program: Program, address: str | None) -> str:
    # startretries: a process that cannot start is tried for ever, with growing pauses; the page of
    # a full disk or a database that comes back late must not need a person at the machine.
    # in an address every sign is percent-encoded that could mean something here
    told = f'"{address}"'.replace("%", "%%")
    environment = f"environment = TENSHU_DATABASE_URL={told}\n" if address else ""
    return f"""\
[program:{program.name}]
command = {program.command}
{environment}\
autostart = true
autorestart = true
startsecs = 1
startretries = 1000000
stopsignal = TERM
stopwaitsecs = {program.stop_seconds}
stopasgroup = false
killasgroup = true
redirect_stderr = true
stdout_logfile = /proc/self/cwd/logs/{program.name}.log
stdout_logfile_maxbytes = {LOG_BYTES}
stdout_logfile_backups = {LOGS_KEPT}
"""
