"""What can be done through a window: a closed table, typed by name, without arguments.

Looking shows how the machine fares and what its services logged: no data, no files, no secrets, and
of processes their names alone. Repairing starts services anew, and opens a shell that has no rights
over the machine; what needs more is done by the customer, or by an update.
"""

from typing import Final

import msgspec

from appliance.contract.maintenance.state import Level

SHELL: Final = "shell"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table."""

    name: str
    words: tuple[str, ...]
    """Program and arguments, fixed."""
    says: str
    ja: str
    level: Level = Level.look
    rooted: bool = False
    """Whether it runs as root; else as the session's own user, who may read the journal."""
    seconds: int | None = 60
    """None for what lasts as long as the person likes."""


def _look(name: str, words: str, says: str, ja: str) -> Step:
    return Step(name=name, words=tuple(words.split()), says=says, ja=ja)


def _restart(name: str, unit: str, says: str, ja: str) -> Step:
    words = ("systemctl", "restart", f"{unit}.service")
    name = f"restart-{name}"
    return Step(name=name, words=words, says=says, ja=ja, level=Level.repair, rooted=True)


ENTRIES: Final = (
    _look("load", "uptime", "How long it runs, and the load", "稼働時間と負荷"),
    _look("memory", "free -h", "Memory", "メモリー"),
    _look("disk", "df -h -x tmpfs -x devtmpfs", "Space on the disks", "ディスクの空き"),
    _look("addresses", "ip -brief address", "Network interfaces", "ネットワークの接続口"),
    _look("routes", "ip route", "Routes", "経路"),
    _look("ports", "ss -tuln", "Ports that are listened on", "待ち受けているポート"),
    _look("processes", "ps -eo pid,user:20,etime,pcpu,pmem,comm --sort=-pcpu", "Processes",
          "プロセス"),
    _look("services", "systemctl --no-pager --all list-units tenshu*", "The appliance's services",
          "サービスの状態"),
    _look("failed", "systemctl --no-pager --failed", "Services that failed", "失敗したサービス"),
    _look("log", "journalctl --no-pager -o short-iso -n 500 -u tenshu*", "Last lines of the log",
          "ログの最後の行"),
    _look("time", "chronyc -n tracking", "How the clock is set", "時刻合わせの状態"),
    _restart("console", "tenshu-console", "Start the console anew", "管理画面の再起動"),
    _restart("workspace", "tenshu-workspace", "Start the workspace anew", "業務画面の再起動"),
    _restart("worker", "tenshu-worker", "Start the jobs anew", "ジョブの再起動"),
    _restart("edge", "tenshu-edge", "Start the edge anew", "エッジの再起動"),
    _restart("time", "chrony", "Start the clock's service anew", "時刻サービスの再起動"),
    Step(name=SHELL, words=("/bin/bash", "--noprofile", "--norc", "-i"), level=Level.repair,
         says="A shell without rights over the machine", ja="権限のないシェル", seconds=None),
)  # fmt: skip
STEPS: Final = {one.name: one for one in ENTRIES}


def offered(level: Level) -> tuple[Step, ...]:
    """Return what a window of this level offers."""
    return tuple(one for one in ENTRIES if level is Level.repair or one.level is Level.look)
