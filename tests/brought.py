"""A certificate that a customer brings: of an authority that the copy's machine trusts.

with start_copy(folder, **trusting(company)) as copy:
    bring(copy, company, "tenshu.example.co.jp")
"""

import json

import httpx

from appliance.contract.certificates.folder import PLANES
from tests.integration.authority import Authority
from tests.running import Copy, parent_of, wait_until

HSTS = "strict-transport-security"


def trusting(company: Authority) -> dict[str, str]:
    """Return what makes the machine of a copy trust this authority, as browsers there would."""
    return {"SSL_CERT_FILE": str(company.path)}


def bring(copy: Copy, company: Authority, *names: str) -> None:
    """Upload a chain, let both planes show it, and wait until browsers are bound by it."""
    pair = company.issue("company", *names, "localhost", "127.0.0.1")
    chain = company.folder / "chain.pem"
    chain.write_text(pair.certificate.read_text() + company.pem)
    kept = copy.tenshu("certificate", "install", str(chain), "--key", str(pair.key), "--json")
    assert kept.returncode == 0, kept.stderr
    before = workers(copy)
    used = copy.tenshu("certificate", "use", json.loads(kept.stdout)["name"])
    assert used.returncode == 0, used.stderr
    both = company.folder / "both.pem"  # the own authority's are shown until the planes follow
    both.write_text(copy.authority.read_text() + company.pem)
    copy.authority = both
    wait_until(lambda: not before & workers(copy), "the workers before have ended", 60)
    for plane in PLANES:
        wait_until(lambda plane=plane: is_bound(copy, plane, names[0]), "HSTS is sent", 60)


def workers(copy: Copy) -> set[int]:
    """Return the processes that answer for the planes."""
    mains = {copy.main_process(f"app.web.serve {plane}") for plane in PLANES}
    return {pid for pid in copy.processes() if parent_of(pid) in mains}


def is_bound(copy: Copy, plane: str, name: str) -> bool:
    """Tell whether a plane binds a browser that calls it by this name."""
    try:
        with copy.client(plane) as client:
            return HSTS in client.get("/sign-in", headers={"host": name}).headers
    except httpx.TransportError:
        return False  # a worker that ends closes what was just opened
