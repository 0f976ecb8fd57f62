"""The policy by which a TPM knows our kernel images: which key, and what ukify is told."""

from pathlib import Path

import pytest

from image.policy import KEY, policy_folder, policy_name, policy_words
from image.running import Failed

PEM = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n"


def test_without_a_key_there_is_no_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY, raising=False)
    assert (policy_name(), policy_folder(), policy_words()) == ("", {}, [])


def test_another_key_makes_another_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = tmp_path / "pcr.pem"
    key.write_text(PEM)
    monkeypatch.setenv(KEY, str(key))
    first = policy_name()
    assert policy_folder() == {"policy": tmp_path}
    assert "--pcr-private-key=/mnt/policy/pcr.pem" in policy_words()
    key.write_text(PEM.replace("MIIE", "MIIF"))
    assert policy_name() != first


def test_a_key_that_is_none_is_refused_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, str(tmp_path / "gone.pem"))
    with pytest.raises(Failed, match=r"no file .*gone\.pem"):
        policy_words()
    public = tmp_path / "public.pem"
    public.write_text(PEM.replace("PRIVATE", "PUBLIC"))
    monkeypatch.setenv(KEY, str(public))
    with pytest.raises(Failed, match="openssl genrsa"):
        policy_words()
