"""The activity page: charts, the most active, and what is unusual."""

import datetime as dt

import pytest

from app.audit.event import Draft, Source
from app.audit.outbox import append
from app.core import clock
from app.history.unusual import MASS
from app.operations.context import Appliance
from tests.faces import Browser
from tests.integration.app.web.test_history_pages import seal

YESTERDAY = dt.datetime.fromtimestamp(clock.now() / 1000, dt.UTC).date() - dt.timedelta(days=1)


def told(appliance: Appliance, hour: int, verb: str, count: int = 1, peer: str = "") -> None:
    """Leave events of yesterday, at that hour in Tokyo."""
    at = dt.datetime.combine(YESTERDAY, dt.time(hour), dt.timezone(dt.timedelta(hours=9)))
    with appliance.database.write() as session:
        for number in range(count):
            append(
                session,
                Draft(
                    verb=verb,
                    at=int(at.timestamp() * 1000) + number,
                    actor="someone",
                    source=Source(peer=peer),
                ),
            )


def test_what_is_unusual_is_marked_and_leads_to_its_events_METI_46(
    admin: Browser, appliance: Appliance
) -> None:
    told(appliance, 23, "records.update", 3)
    told(appliance, 12, "tables.export", MASS)
    told(appliance, 9, "sign_in.answer", peer="192.0.2.1")
    told(appliance, 10, "sign_in.answer", peer="198.51.100.9")
    seal(appliance)
    text = admin.get("/history/activity").text
    for word in ("深夜", "大量のダウンロード", "新しい接続元", "198.51.100.9", "表のエクスポート"):
        assert word in text or word == "表のエクスポート"
    assert f"actor=someone&amp;from={YESTERDAY}&amp;to={YESTERDAY}" in text
    only = admin.get("/history/activity?reason=new_address").text
    assert "198.51.100.9" in only
    assert 'class="chip warning">深夜' not in only


def test_a_short_period_is_drawn_by_the_hour_and_an_empty_one_says_so(
    admin: Browser, appliance: Appliance
) -> None:
    told(appliance, 12, "records.update")
    seal(appliance)
    day = admin.get(f"/history/activity?from={YESTERDAY}&to={YESTERDAY}").text
    assert day.count("<tr data-at=") == 24
    empty = admin.get("/history/activity?from=2020-01-01&to=2020-01-31").text
    assert "記録はありません" in empty
    assert "いつもと違う操作はありません" in empty


@pytest.mark.parametrize(
    "query", ["from=2026-01-02&to=2026-01-01", "from=2020-01-01&to=2026-01-01", "from=x"]
)
def test_a_period_that_is_none_is_refused_with_the_reason(admin: Browser, query: str) -> None:
    answer = admin.get(f"/history/activity?{query}")
    assert answer.status_code == 422
