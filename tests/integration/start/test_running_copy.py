"""What `make run` starts: both planes over TLS, a claim code, one copy a data folder."""

import hashlib
import json
import re
import ssl
import subprocess
import sys
from urllib.parse import urlsplit

import httpx
import pytest

from appliance.contract.certificates.folder import Folder
from tests.running import Copy, environment_for, launch, run_tenshu, start_copy

PROCESSES = ("app.web.serve console", "app.web.serve workspace", "app.jobs", "app.audit")


def test_both_planes_answer_over_tls_that_the_own_authority_vouches_for_F6(copy: Copy):
    for plane in ("console", "workspace"):
        with copy.client(plane) as client:
            answer = client.get("/health")
        assert answer.status_code == 200
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"{copy.console}/health", trust_env=False)


def test_the_announced_fingerprint_is_the_one_that_a_browser_shows(copy: Copy):
    for base in (copy.console, copy.workspace):
        place = urlsplit(base)
        pem = ssl.get_server_certificate((place.hostname, place.port))
        digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest().upper()
        assert copy.fingerprint.replace(":", "") == digest


def test_tls_older_than_1_2_is_refused_F6(copy: Copy):
    place = urlsplit(copy.console)
    finished = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{place.port}", "-tls1_1"],
        input=b"",
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert finished.returncode != 0
    newer = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{place.port}", "-tls1_2"],
        input=b"",
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert newer.returncode == 0, newer.stderr


def test_a_new_appliance_announces_a_claim_code_and_keeps_only_its_hash(copy: Copy):
    assert copy.claim_code
    code = copy.claim_code.replace("-", "").replace(" ", "").encode()
    assert len(code) >= 8
    for folder in (copy.data, copy.data.with_name("data.keys")):
        for path in folder.rglob("*"):
            if path.is_file():
                body = path.read_bytes()
                assert code not in body, path
                assert copy.claim_code.encode() not in body, path


def test_every_process_of_the_architecture_runs_under_the_supervisor(copy: Copy):
    lines = list(copy.processes().values())
    for words in (*PROCESSES, "appliance.agent", "app.start.supervise"):
        assert any(words in line for line in lines), (words, lines)


def test_a_second_copy_on_the_same_data_folder_is_refused_with_the_remedy(copy: Copy):
    elsewhere = environment_for(copy.folder)
    finished = run_tenshu("start", environ=elsewhere)
    assert finished.returncode == 1
    assert str(copy.process.pid) in finished.stderr
    assert "TENSHU_DATA" in finished.stderr
    assert copy.is_healthy("console")


def test_two_copies_run_side_by_side_and_have_nothing_in_common(copy: Copy, tmp_path):
    with start_copy(tmp_path) as other:
        assert other.fingerprint != copy.fingerprint
        assert other.claim_code != copy.claim_code
        for each in (copy, other):
            for plane in ("console", "workspace"):
                assert each.is_healthy(plane)
        with copy.client() as client, pytest.raises(httpx.ConnectError):
            client.get(f"{other.console}/health")


def test_a_deep_data_folder_with_blanks_and_signs_works_like_any_other(tmp_path):
    folder = tmp_path / ("very deep " * 9) / "100 % #1 ; 天守"
    with start_copy(folder) as deep:
        told = deep.tenshu("status", "--json")
        assert told.returncode == 0, told.stdout
        assert deep.is_healthy("workspace")


def test_a_taken_port_is_refused_with_the_variable_that_moves_it(copy: Copy, tmp_path):
    environ = environment_for(tmp_path)
    environ["TENSHU_CONSOLE_PORT"] = copy.environ["TENSHU_CONSOLE_PORT"]
    finished = run_tenshu("start", "--json", environ=environ)
    assert finished.returncode == 1
    error = json.loads(finished.stderr[finished.stderr.index("{") :])["error"]
    assert error["code"] == "start.port_taken"
    assert "TENSHU_CONSOLE_PORT" in error["hint"]


def test_nobody_else_reaches_into_the_folders_and_secrets_are_their_owners_alone(copy: Copy):
    keys = copy.data.with_name("data.keys")
    for folder in (copy.data, keys):
        assert folder.stat().st_mode & 0o077 == 0
    for path in (*keys.iterdir(), Folder(copy.data).own.key, copy.data / "tenshu.sqlite"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_status_finds_the_planes_of_a_start_with_other_ports(copy: Copy):
    environ = {name: text for name, text in copy.environ.items() if not name.endswith("_PORT")}
    finished = run_tenshu("status", "--json", environ=environ)
    assert finished.returncode == 0, finished.stdout
    addresses = [plane["address"] for plane in json.loads(finished.stdout)["planes"]]
    assert addresses == [copy.console, copy.workspace]


def test_status_names_every_process_and_says_that_all_is_well(copy: Copy):
    finished = copy.tenshu("status", "--json")
    assert finished.returncode == 0, finished.stdout
    answer = json.loads(finished.stdout)
    assert answer["well"] is True
    assert {one["name"] for one in answer["processes"]} == {
        "console",
        "workspace",
        "worker",
        "sealer",
        "agent",
    }
    assert {plane["address"] for plane in answer["planes"]} == {copy.console, copy.workspace}


@pytest.mark.parametrize(
    ("language", "running"),
    [
        ("ja_JP.UTF-8", "Tenshu が動いています。"),
        pytest.param("C.UTF-8", "Tenshu is running.", marks=pytest.mark.slow),
    ],
)
def test_a_person_is_told_calmly_in_either_language(tmp_path, language, running):
    environ = {**environment_for(tmp_path), "LANG": language}
    out = tmp_path / "out"
    with out.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "cli", "start"],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_for(out, "Ctrl-C")
    finally:
        process.terminate()
        assert process.wait(30) == 0
    text = out.read_text()
    assert running in text
    assert re.search(r"https://127\.0\.0\.1:\d+", text)
    assert "Traceback" not in text


def _wait_for(path, words: str) -> None:
    from tests.running import wait_until

    wait_until(lambda: words in path.read_text(), words)


def test_a_new_start_voids_the_old_claim_code_and_keeps_the_certificate(tmp_path):
    first = launch(tmp_path)
    assert first.stop() == 0
    again = launch(tmp_path, first.environ)
    try:
        assert again.claim_code
        assert again.claim_code != first.claim_code
        assert again.fingerprint == first.fingerprint
    finally:
        again.end()
