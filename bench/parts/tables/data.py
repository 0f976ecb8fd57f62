"""What the tables of the bench hold: real towns, and orders that look like an office's."""

import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

TOWNS: Final = Path(__file__).parents[4] / "shared" / "data" / "japanese-addresses.csv.xz"
PREFECTURES: Final = ("東京都", "大阪府", "北海道", "愛知県", "福岡県", "神奈川県", "京都府")
GOODS: Final = (
    "檜の箱",
    "漆の椀",
    "ステンレス鋼板",
    "ボールねじ",
    "和紙",
    "カッター",
    "防水シート",
)
STATES: Final = ("受付", "手配中", "出荷済み", "請求済み", "完了")


class Column(NamedTuple):
    """A column of orders."""

    name: str
    kind: str
    scale: int = 0


ORDERS: Final = (
    Column("品名", "text"),
    Column("顧客", "text"),
    Column("都道府県", "text"),
    Column("状態", "text"),
    Column("数量", "integer"),
    Column("単価", "decimal", 2),
    Column("金額", "decimal", 2),
    Column("納期", "date"),
    Column("受注日", "date"),
    Column("出荷済み", "checkbox"),
    Column("担当", "text"),
    Column("電話", "text"),
    Column("備考", "text"),
    Column("重さ", "decimal", 3),
    Column("箱数", "integer"),
)
"""Fifteen columns; a table of thirty has them twice."""


def columns(count: int) -> list[Column]:
    """Return that many columns, each with a name of its own."""
    rounds = (ORDERS[place % len(ORDERS)] for place in range(count))
    return [
        one._replace(name=f"{one.name}{place // len(ORDERS) + 1}")
        for place, one in enumerate(rounds)
    ]


def row(number: int) -> list[str]:
    """Return the fifteen cells of one order, the same at each run."""
    mixed = number * 2654435761 % 2**32  # Knuth's multiplicative hash: neighbours differ
    return [
        f"{GOODS[mixed % 7]} {mixed % 9973}号",
        f"東京海運 {mixed % 5003} 株式会社",
        PREFECTURES[mixed // 7 % 7],
        STATES[mixed // 49 % 5],
        str(mixed % 97),
        f"{mixed % 100_000}.{mixed % 90 + 10}",
        f"{mixed % 9_000_000}.50",
        f"20{mixed % 20 + 10}-{mixed % 12 + 1:02}-{mixed % 28 + 1:02}",
        f"20{mixed % 16 + 10}-{mixed // 3 % 12 + 1:02}-{mixed // 5 % 28 + 1:02}",
        "true" if mixed & 8 else "false",
        f"山田 {mixed % 211}",
        f"03-{mixed % 9000 + 1000}-{mixed // 11 % 9000 + 1000}",
        f"至急、{number} 番の注文。{GOODS[mixed // 3 % 7]}と同梱",
        f"{mixed % 500}.{mixed % 900 + 100}",
        str(mixed % 31),
    ]


def lines(rows: int, width: int) -> Iterator[str]:
    """Yield the lines of a CSV file: the names, then rows."""
    yield ",".join(one.name for one in columns(width)) + "\r\n"
    for number in range(rows):
        cells = row(number)
        while len(cells) < width:
            cells += row(number + len(cells) * rows)
        yield ",".join(cells[:width]) + "\r\n"


def write_orders(path: Path, rows: int, width: int) -> Path:
    """Write a file of orders, UTF-8 with a byte order mark as Excel writes it."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        file.writelines(lines(rows, width))
    return path


def write_towns(path: Path) -> Path:
    """Unpack the real towns, 277,676 of them. Raise FileNotFoundError where they are not beside."""
    path.write_bytes(lzma.decompress(TOWNS.read_bytes()))
    return path
