"""The container image, as podman of a Debian 13 loads and runs it."""

import contextlib
import json
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import pytest

from image.commit import commit
from image.container import USER, VOLUME, Built, build, version
from image.debian import debian
from image.kept import alone
from image.play import play
from image.plays import packages
from image.tools import tools
from tests.debian import appliance, layered
from tests.integration.start.test_on_postgresql import PASSWORD, Person, claim
from tests.podman import Podman, podman_at
from tests.ports import free_ports
from tests.running import wait_until

pytestmark = [pytest.mark.image, pytest.mark.together("image-container"), pytest.mark.timeout(600)]

UNAVAILABLE = "設定を受け持っていません"
CLOSED = ("--read-only", "--cap-drop=all", "--security-opt=no-new-privileges", "--network=host",
          "--cgroups=disabled")  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    target = tmp_path_factory.mktemp("built") / "tenshu.oci.tar"
    return build(appliance("container"), target, commit())


@pytest.fixture(scope="module")
def podman(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Podman]:
    with podman_at(tmp_path_factory.mktemp("podman"), built.archive.parent) as found:
        found("load", "--input", f"/mnt/{built.archive.name}")
        yield found


@dataclass
class Container:
    """The appliance in a container, as the README's line runs it."""

    podman: Podman
    console: int
    workspace: int
    claim_code: str | None = None
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.podman.command(
                *("podman", "run", "--rm", "--name=tenshu", *CLOSED, f"--volume=tenshu:{VOLUME}"),
                *(f"--env=TENSHU_CONSOLE_PORT={self.console}", "--env=TENSHU_ADDRESS=127.0.0.1"),
                *(f"--env=TENSHU_WORKSPACE_PORT={self.workspace}", f"localhost/tenshu:{version()}"),
                *("start", "--json"),
            ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout
        told = self.process.stdout.readline()
        assert told, f"it ended with {self.process.wait(30)}"
        self.claim_code = json.loads(told)["claim_code"]

    def kill(self) -> None:
        """SIGKILL to its first process, and so to all of them."""
        assert self.process
        self.podman("kill", "--signal=KILL", "tenshu")
        self.process.wait(30)
        if self.process.stdout:
            self.process.stdout.close()

    def end(self) -> None:
        with contextlib.suppress(AssertionError):
            self.podman("rm", "--force", "--time=0", "tenshu")
        if self.process and self.process.stdout:
            self.process.wait(30)
            self.process.stdout.close()

    def inside(self, *words: str) -> str:
        return self.podman("exec", "tenshu", *words)

    @contextlib.contextmanager
    def client(self) -> Iterator[httpx.Client]:
        trust = ssl.create_default_context(
            cadata=self.inside("cat", f"{VOLUME}/data/tls/authority.pem")
        )
        base = f"https://127.0.0.1:{self.console}"
        with httpx.Client(base_url=base, verify=trust, timeout=30, trust_env=False) as found:
            yield found


@pytest.fixture
def container(podman: Podman) -> Iterator[Container]:
    found = Container(podman, *free_ports(2))
    try:
        found.start()
        yield found
    finally:
        found.end()


def test_the_same_packages_and_commit_give_the_same_image_from_a_run_of_its_own(
    built: Built, tmp_path: Path
) -> None:
    with alone():
        base = debian("container", packages(tools(), "container"))
    with layered(base, tmp_path / "again") as root:
        assert play(tools(), "container", root)["failed"] == 0
        assert play(tools(), "container", root)["changed"] == 0, "a second run changes nothing"
        again = build(root, tmp_path / "again.oci.tar", commit())
    assert again.digest == built.digest
    assert again.archive.read_bytes() == built.archive.read_bytes()


def test_it_runs_unprivileged_on_a_read_only_root_and_is_claimed_and_survives_a_kill_V11(
    container: Container,
) -> None:
    first = container.inside("cat", "/proc/1/status").splitlines()
    facts = dict(line.split(":\t", 1) for line in first if ":\t" in line)
    assert "app.start.supervise" in container.inside("cat", "/proc/1/cmdline")
    assert facts["Uid"].split() == [str(USER)] * 4
    assert (int(facts["CapEff"], 16), int(facts["CapBnd"], 16), facts["NoNewPrivs"]) == (0, 0, "1")
    with pytest.raises(AssertionError, match="Read-only file system"):
        container.inside("touch", "/usr/lib/tenshu/new")
    assert container.claim_code
    with container.client() as client:
        owner = claim(container, Person(client))  # type: ignore[arg-type]
        assert UNAVAILABLE in client.get("/network").text
    container.kill()
    container.start()
    assert container.claim_code is None, "it is somebody's already"
    with container.client() as client:
        wait_until(partial(is_healthy, client), "it answers with the certificate it had")
        again = Person(client, owner.phone, owner.used)
        again.post("/sign-in", data={"login_id": "hanako", "password": PASSWORD})
        again.post("/sign-in/step", data={"step": "totp", "answer": again.code()})
        assert "山田 花子" in client.get("/accounts").text


def is_healthy(client: httpx.Client) -> bool:
    return client.get("/health").status_code == 200
