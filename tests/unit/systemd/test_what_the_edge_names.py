"""Whatever nginx's configuration names lies where the edge's unit lets it (V11)."""

import re
from pathlib import PurePosixPath

import pytest

from appliance.contract.certificates.folder import Folder
from appliance.contract.configuration.reading import read_document
from appliance.machine.facts import CLIENTS, REVOKED, Certificate, EdgePlace, Facts
from appliance.machine.plan import edge
from appliance.machine.plan.nginx.planes import PROOFS
from appliance.place import Place
from tests.units import SYSTEMD, UNITS, settings

PLACE = Place(
    data=PurePosixPath("/var/lib/tenshu/data"), keys=PurePosixPath("/keys"), database_url=""
)
WHOLE = read_document(
    '[edge]\nnames = ["a.example"]\n[firewall]\nhttp_redirect = true\n'
    '[certificates.acme]\ndirectory = "https://authority.example/directory"\n'
)
"""A document that asks for everything that the edge has."""
NAMED = re.compile(r'^\s*([a-z_]+) (?:[^\n;]*?unix:|")?(/[^\s";:]+)', re.MULTILINE)
READ = {"alias", "ssl_certificate", "ssl_certificate_key", "ssl_client_certificate", "ssl_crl"}
WRITTEN = {"access_log", "error_log", "pid"}
MADE_BY_SYSTEMD = ("/run/nginx.pid", "/dev/log")
"""In a /run and /dev of the unit's own (MountAPIVFS)."""


def configuration() -> str:
    own = Folder(PLACE.data).pair("own", "0" * 16)
    facts = Facts(
        run=str(PLACE.run),
        certificates={"own": Certificate(chain=str(own.chain), key=str(own.key), private=True)},
        authority=str(PLACE.data / "clients" / CLIENTS),
        edge=EdgePlace(revoked=str(PLACE.data / "clients" / REVOKED)),
        generation=1,
    )
    return next(one.content for one in edge.files(WHOLE, facts) if one.path == edge.PATH)


def named() -> list[tuple[str, str]]:
    """Return each path of the machine with the directive that names it."""
    text = configuration()
    sockets = [("socket", path) for path in re.findall(r'unix:(/[^";\s]+)', text)]
    found = [one for one in NAMED.findall(text) if is_of_the_machine(*one)]
    return sorted({*sockets, *found})


def is_of_the_machine(directive: str, path: str) -> bool:
    known = READ | WRITTEN | {"include", "root"}
    return directive in known or directive.endswith("_temp_path") or path.startswith("/var")


def bound(key: str) -> list[PurePosixPath]:
    words = " ".join(settings(UNITS / "tenshu-edge.service").get(key, []))
    return [PurePosixPath(word.removeprefix("-")) for word in words.split()]


def below(path: str, folders: list[PurePosixPath]) -> bool:
    return any(PurePosixPath(path).is_relative_to(folder) for folder in folders)


def test_what_is_looked_for_is_there():
    directives = {one for one, _ in named()}
    assert directives >= READ | WRITTEN | {"socket", "client_body_temp_path"}
    assert f"/{PROOFS}/" in {path for _, path in named()}


@pytest.mark.parametrize(("directive", "path"), named())
def test_each_path_that_the_edge_names_is_within_its_reach_V11(directive, path):
    if path in MADE_BY_SYSTEMD:
        return
    if directive in WRITTEN or directive == "socket" or directive.endswith("_temp_path"):
        assert below(path, bound("BindPaths")), f"{path} cannot be written"
    else:
        assert below(path, [*bound("BindReadOnlyPaths"), *bound("BindPaths")]), f"{path} is hidden"


def test_proofs_have_a_folder_that_the_agent_writes_and_everybody_reads_V11():
    made = (SYSTEMD / "tmpfiles.d/tenshu.conf").read_text()
    assert re.search(rf"^d /{PROOFS} +0755 root +root$", made, re.MULTILINE)
    words = " ".join(settings(UNITS / "tenshu-agent.service")["ReadWritePaths"]).split()
    assert below(f"/{PROOFS}", [PurePosixPath(word.removeprefix("-")) for word in words])
