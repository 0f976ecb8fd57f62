"""`tenshu keys`: an authority whose key is damaged, and another one on purpose (F3, V11)."""

import json
from pathlib import Path

import pytest
from sqlmodel import select

from app.audit.models import OutboxEvent
from app.core.database import Database
from app.core.settings import load_settings
from tests.running import Copy, NotStarted, environment_for, launch


@pytest.mark.parametrize(
    ("kept_as", "which", "certificate"),
    [
        ("client-authority", "devices", "clients/clients.pem"),
        ("certificate-authority", "planes", "tls/authority.pem"),
    ],
)
@pytest.mark.once
def test_a_damaged_authority_stops_the_start_until_another_is_made_on_purpose_F3_V11(
    tmp_path: Path, kept_as: str, which: str, certificate: str
) -> None:
    copy = launch(tmp_path, environment_for(tmp_path, TENSHU_RESERVE="1"))
    copy.end()
    ring, made = load_settings(copy.environ).keys / "ring.json", copy.data / certificate
    content, before = json.loads(ring.read_text()), made.read_bytes()
    content["secrets"][kept_as] = content["secrets"][kept_as].replace("A", "B")
    ring.write_text(json.dumps(content))
    with pytest.raises(NotStarted, match=kept_as) as refused:
        launch(tmp_path, copy.environ)
    assert "tenshu keys new-authority" in str(refused.value)
    assert made.read_bytes() == before, "nothing was made in silence"
    done = copy.tenshu("keys", "new-authority", which)
    assert done.returncode == 0, done.stderr
    assert made.read_bytes() != before
    assert f'"target":"{which}"' in told_of(copy)
    again = launch(tmp_path, copy.environ)
    try:
        with again.client() as client:
            assert client.get("/health").status_code == 200
    finally:
        again.end()


def told_of(copy: Copy) -> str:
    """Return what the history is to hold of it."""
    database = Database(load_settings(copy.environ).database_url)
    try:
        with database.read() as session:
            contents = session.exec(select(OutboxEvent.content)).all()
    finally:
        database.close()
    return next(one for one in contents if '"verb":"keys.new_authority"' in one)
