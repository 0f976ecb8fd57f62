"""V12: TLS on the wire, and to a database on another machine."""

import ssl
from urllib.parse import urlsplit

import pytest

from app.core.settings import InvalidSetting, load_settings
from tests.running import Copy
from tests.security.wire import connection

FAR = "postgresql+psycopg://tenshu:S3CRET@db.example:5432/tenshu"


def test_the_newest_tls_is_what_is_agreed_on_ASVS_12_1_1(copy: Copy) -> None:
    for base in (copy.console, copy.workspace):
        with connection(base, copy.authority) as stream:
            assert isinstance(stream, ssl.SSLSocket)
            assert stream.version() == "TLSv1.3"
        place = urlsplit(base)
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            trust = ssl.create_default_context(cafile=copy.authority)
            trust.minimum_version = trust.maximum_version = version
            with (
                __import__("socket").create_connection((place.hostname, place.port), 20) as plain,
                trust.wrap_socket(plain, server_hostname=place.hostname) as stream,
            ):
                assert stream.version() == version.name.replace("_", ".")


@pytest.mark.parametrize(
    "url",
    [
        FAR,
        f"{FAR}?sslmode=prefer",
        f"{FAR}?sslmode=require",
        f"{FAR}?sslmode=verify-ca",
        "postgresql+psycopg:///tenshu?host=db.example",
        "postgresql+psycopg:///tenshu?hostaddr=192.0.2.1",
        "postgresql+psycopg://localhost/tenshu?host=db.example",
        "postgresql+psycopg:///tenshu?host=localhost&host=db.example",
    ],
)
def test_a_database_on_another_machine_is_reached_over_verified_tls_only_ASVS_12_3_2(
    url: str,
) -> None:
    with pytest.raises(InvalidSetting, match="verify-full") as refused:
        load_settings({"TENSHU_DATABASE_URL": url})
    assert "S3CRET" not in str(refused.value), "the password is not repeated"
    sure = f"{url.partition('?')[0]}?{url.partition('?')[2]}"
    sure = "&".join(part for part in sure.split("&") if not part.startswith("sslmode"))
    sure = sure.partition("?sslmode")[0] if "?sslmode" in sure else sure
    sure += ("&" if "=" in sure.partition("?")[2] else "") if "?" in sure else "?"
    assert load_settings({"TENSHU_DATABASE_URL": f"{sure}sslmode=verify-full"})


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg:///tenshu",
        "postgresql+psycopg:///tenshu?host=/var/run/postgresql",
        "postgresql+psycopg://localhost/tenshu",
        "postgresql+psycopg://127.0.0.1:5432/tenshu",
        "no address at all",
    ],
)
def test_a_database_on_this_machine_needs_no_tls(url: str) -> None:
    assert load_settings({"TENSHU_DATABASE_URL": url}).database_url == url
