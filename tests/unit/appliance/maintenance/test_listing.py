"""Which windows a list shows, and in what order (S11)."""

from typing import Any

import pytest

from appliance.contract.maintenance.state import Ending, Level, ListWindows, Window, WindowOrder
from appliance.maintenance.listing import choose


def window(number: int, **more: Any) -> Window:
    wanted: dict[str, Any] = {
        "who": "山田 太郎 (Example Systems)",
        "why": "ディスクの警告",
        "level": Level.look,
        "networks": ("10.77.1.2/32",),
        "opened_at": number * 1000,
        "until": number * 1000 + 500,
        "account": "a" * 28,
        "user": "tenshu-look",
        "ended": Ending.clock,
    }
    return Window(number=number, **(wanted | more))


ALL = (
    window(1),
    window(2, who="Beck", why="Clock is late", ended=Ending.click, ended_at=2100),
    window(3, who="adler", level=Level.repair, networks=("192.0.2.0/24",), ended=Ending.failed),
    window(4, ended=Ending.none, until=99_000),
)


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ({}, [4, 3, 2, 1]),
        ({"state": Ending.none}, [4]),
        ({"state": Ending.clock}, [1]),
        ({"state": Ending.failed}, [3]),
        ({"level": Level.repair}, [3]),
        ({"level": Level.look, "state": Ending.click}, [2]),
        ({"text": "山田"}, [4, 1]),
        ({"text": "CLOCK beck"}, [2]),
        ({"text": "192.0.2."}, [3]),
        ({"text": "nobody"}, []),
        ({"order": WindowOrder.oldest}, [1, 2, 3, 4]),
        ({"order": WindowOrder.who}, [3, 2, 4, 1]),
        ({"order": WindowOrder.who_down}, [4, 1, 2, 3]),
        ({"order": WindowOrder.level_down}, [3, 4, 2, 1]),
        ({"order": WindowOrder.until}, [1, 2, 3, 4]),
    ],
)
def test_windows_are_found_by_words_state_and_level_in_every_order_S11(
    wanted: dict[str, Any], numbers: list[int]
) -> None:
    assert [one.number for one in choose(ALL, ListWindows(**wanted))] == numbers
