"""A Debian 13 on the disk, made once: systemd 257, and what of Debian the appliance stands on.

It is made by mmdebstrap from the mirrors that this machine's own apt uses.
"""

import contextlib
import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SUITE = "trixie"
PACKAGES = (
    "borgbackup",
    "chrony",
    "dbus",
    "iproute2",
    "libpam-systemd",
    "logrotate",
    "nftables",
    "nginx-light",
    "openssh-server",
    "postfix",
    "python3",
    "python3-venv",
    "rsyslog",
    "systemd-resolved",
    "systemd-sysv",
    "testssl.sh",
)
MAKE_SECONDS = 280


def needed() -> None:
    """Skip the test where no Debian 13 can be made; in CI that is a failure."""
    missing = [name for name in ("mmdebstrap", "chroot") if not shutil.which(name)]
    if os.geteuid() != 0 or missing:
        reason = f"needs root, and {missing or 'nothing else'}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


def debian_13() -> Path:
    """Return the root of a Debian 13; make it where it is not there. Nobody changes it."""
    needed()
    made = _place()
    made.parent.mkdir(exist_ok=True)
    with _alone(made.parent / "debian-13.lock"):
        if not made.exists():
            beside = made.with_suffix(".new")
            shutil.rmtree(beside, ignore_errors=True)
            _make(beside)
            beside.rename(made)
    return made


def _place() -> Path:
    fingerprint = hashlib.sha256(" ".join((SUITE, *PACKAGES)).encode()).hexdigest()[:12]
    return (ROOT / ".make").resolve() / f"debian-13-{fingerprint}"


def debian_13_with_parts() -> Path:
    """Return such a root with the Python packages of the lock, as the image has them."""
    lock = ROOT / "requirements/runtime.txt"
    base = _place()
    made = base.with_name(f"{base.name}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}")
    if "TENSHU_TEST_SHARD" in os.environ and not made.exists():
        pytest.skip("this takes minutes to make: the whole long form does, no shard of it")
    debian_13()
    with _alone(base.parent / "debian-13.lock"):
        if not made.exists():
            beside = made.with_suffix(".new")
            shutil.rmtree(beside, ignore_errors=True)
            copied = _run(["cp", "--archive", "--reflink=auto", str(base), str(beside)], 120)
            assert copied.returncode == 0, copied.stderr
            _install_parts(beside, lock)
            beside.rename(made)
    return made


def _install_parts(root: Path, lock: Path) -> None:
    (python,) = (root / "usr/lib").glob("python3.1?")
    version = python.name.removeprefix("python")
    tenshu = root / "usr/lib/tenshu"
    (tenshu / "bin").mkdir(parents=True)
    (tenshu / "bin/python").symlink_to(f"/usr/bin/python{version}")
    (tenshu / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\n")
    target = tenshu / "lib" / python.name / "site-packages"
    kinds = ("2_28", "2_27", "2_24", "2_17", "2_12", "2_5")
    platforms = [f"--platform=manylinux_{kind}_{platform.machine()}" for kind in kinds]
    command = [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--require-hashes", "--only-binary=:all:", f"--target={target}"),
        *(f"--python-version={version}", "--implementation=cp", *platforms),
        *("--requirement", str(lock)),
    ]
    made = _run(command, MAKE_SECONDS)
    assert made.returncode == 0, made.stderr[-2000:]
    inside(root, f"python{version}", "-m", "compileall", "-q", "/usr/lib/tenshu/lib")


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(root: Path) -> None:
    command = [
        *("mmdebstrap", "--mode=root", "--variant=minbase", "--quiet"),
        '--aptopt=Apt::Install-Recommends "false"',
        f"--include={','.join(PACKAGES)}",
        *(SUITE, str(root), f"deb {_mirror()} {SUITE} main"),
    ]
    made = subprocess.run(
        command, capture_output=True, check=False, text=True, timeout=MAKE_SECONDS
    )
    assert made.returncode == 0, made.stderr[-2000:]


def _mirror() -> str:
    asked = ["apt-get", "indextargets", "--format", "$(ORIGIN) $(LABEL) $(REPO_URI)"]
    told = subprocess.run(
        [*asked, "Created-By: Packages"], capture_output=True, check=False, text=True
    )
    for line in told.stdout.splitlines():
        origin, label, address = line.rsplit(maxsplit=2)
        if (origin, label) == ("Debian", "Debian"):
            return address
    pytest.fail("this machine's apt knows no mirror of Debian")


def inside(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a program in the root, to its end."""
    return _run(["chroot", str(root), *words], 120)


def _run(command: list[str], seconds: float = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)


@contextlib.contextmanager
def layered(base: Path, upper: Path) -> Iterator[Path]:
    """Give the root with a layer over it (overlay), in which a test may write."""
    merged = upper / "merged"
    for folder in ("upper", "work", "merged"):
        (upper / folder).mkdir(parents=True)
    options = f"lowerdir={base},upperdir={upper}/upper,workdir={upper}/work"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, str(merged)], check=True)
    try:
        yield merged
    finally:
        subprocess.run(["umount", "--recursive", str(merged)], check=True)
