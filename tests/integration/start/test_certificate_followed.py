"""A running copy without an edge shows another certificate without a restart (V11, METI-42)."""

import datetime as dt
import os
import shutil
import signal
import socket
import ssl
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.core.signing import load_key
from app.start.certificates import load_certificate
from appliance.certificates.keeping import Keeping
from appliance.certificates.own import again
from appliance.contract.certificates.chain import Chain
from appliance.contract.certificates.folder import Folder, Origin, Record, Shown
from appliance.contract.certificates.own import AUTHORITY, keep_own, laid_out_key
from appliance.contract.configuration.services import OWN
from tests.integration.authority import HOUR, Authority, Pair
from tests.running import Copy, start_copy, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.once]  # a copy of its own, and workers that change


def shown_by(copy: Copy, plane: str = "console") -> int:
    """The serial number of what a client is shown."""
    place = urlsplit(copy.console if plane == "console" else copy.workspace)
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection((place.hostname, place.port), 5) as plain,
        trust.wrap_socket(plain) as client,
    ):
        return x509.load_der_x509_certificate(client.getpeercert(binary_form=True)).serial_number


def serial(path: Path) -> int:
    return x509.load_pem_x509_certificate(path.read_bytes()).serial_number


def wait_for(copy: Copy, wanted: int) -> None:
    wait_until(lambda: shown_by(copy) == wanted, f"{wanted:x} is shown", 60)


def key_of(pair: Pair):
    return serialization.load_pem_private_key(pair.key.read_bytes(), None)


def test_chosen_ended_mended_and_renewed_certificates_are_shown_without_a_restart_V11_METI_42(
    tmp_path: Path,
) -> None:
    with start_copy(tmp_path) as copy:
        folder, keeping = Folder(copy.data), Keeping(copy.data)
        main = copy.main_process("app.web.serve console")
        first = serial(folder.own.chain)
        assert shown_by(copy) == first
        company = Authority(tmp_path / "company")
        pair = company.issue("company", "localhost", "127.0.0.1")
        ended = company.issue("ended", "localhost", begins=-2 * HOUR, ends=-HOUR)
        leaf = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
        record = Record(origin=Origin.uploaded, made_at=1, account="")
        keeping.keep("company", record, Chain((leaf,), trusted=False), key_of(pair))
        # chosen: the next connection is shown it, and meanwhile each is answered
        keeping.show(Shown(console="company", workspace=OWN))
        deadline = time.monotonic() + 30
        while shown_by(copy) != leaf.serial_number:
            assert httpx.get(f"{copy.console}/health", verify=False).status_code == 200
            assert time.monotonic() < deadline
        assert shown_by(copy, "workspace") == first

        # it ends: the own one stands in; mended, it comes back
        files = folder.pair("company", keeping.folder.record("company").pair)
        replace(files.chain, ended.certificate)
        replace(files.key, ended.key)
        wait_for(copy, first)
        replace(files.chain, pair.certificate)
        replace(files.key, ended.key)
        replace(files.key, pair.key)
        wait_for(copy, leaf.serial_number)

        # the own one is due: the agent renews it, and both planes follow
        keeping.show(Shown())
        wait_for(copy, first)
        due = own_that_is_due(copy)
        wait_for(copy, due)
        os.kill(copy.main_process("appliance.agent"), signal.SIGTERM)  # it looks at its start
        wait_until(lambda: serial(folder.own.chain) != due, "it is renewed", 60)
        wait_for(copy, serial(folder.own.chain))
        with copy.client("console") as browser:
            assert browser.get("/health").status_code == 200, "by the authority that is trusted"
        assert copy.main_process("app.web.serve console") == main


def replace(path: Path, by: Path) -> None:
    beside = path.with_suffix(".beside")
    shutil.copy(by, beside)
    beside.replace(path)


def own_that_is_due(copy: Copy) -> int:
    """Put an own certificate in use that is as old as after nine months; return its number."""
    folder, past = Folder(copy.data), dt.datetime.now(dt.UTC) - dt.timedelta(days=270)
    signer = load_key(laid_out_key(copy.data.with_name("data.keys")).read_bytes())
    authority = load_certificate(folder.tls / AUTHORITY)
    key = ec.generate_private_key(ec.SECP256R1())
    old = again(load_certificate(folder.own.chain), key.public_key(), signer, past)
    keep_own(folder, old, authority, key, past)
    return old.serial_number
