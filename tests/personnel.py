"""A personnel department's list, made up: as many people as wanted, the same ones each time."""

import csv
import io
import itertools
import random
from collections.abc import Iterator, Sequence

import xlsxwriter


def _words(text: str) -> list[str]:
    return text.split()


HEADINGS = ("社員番号", "ログインID", "氏名", "部署", "部署長", "メール", "退職日", "言語", "役割")
SURNAMES = _words(
    "佐藤 鈴木 高橋 田中 伊藤 渡辺 山本 中村 小林 加藤 吉田 山田 佐々木 山口 "
    "松本 井上 木村 林 斎藤 清水 山崎 森 池田 橋本 阿部 石川 山下 中島 石井 "
    "小川 前田 岡田 長谷川 藤田 後藤 近藤 村上 遠藤 青木 坂本 斉藤 福田 太田 "
    "西村 藤井 岡本 三浦 金子 藤原 中野"
)
GIVEN = _words(
    "大翔 蓮 悠真 陽翔 湊 樹 悠斗 朝陽 蒼 律 健太 翔太 拓也 直樹 浩二 和也 誠 "
    "隆 修 豊 陽菜 葵 結衣 さくら 凛 美咲 七海 彩花 真由美 恵子 幸子 久美子 "
    "由美 智子 明美 直美 洋子 裕子 涼子 花子"
)
OFFICES = ("営業本部", "開発本部", "管理本部", "大阪支社", "福岡支社")
SECTIONS = ("総務課", "一課", "二課", "三課")


def rows(count: int, seed: int = 3) -> Iterator[list[str]]:
    """Return the rows of `count` people: twenty departments, each led by its first person."""
    made = random.Random(seed)
    departments = [
        f"{office}/{section}" for office, section in itertools.product(OFFICES, SECTIONS)
    ]
    heads: dict[str, str] = {}
    for number in range(1, count + 1):
        employee = f"E{number:05}"
        department = departments[number % len(departments)]
        yield [
            employee,
            f"user{number:05}",
            f"{made.choice(SURNAMES)} {made.choice(GIVEN)}",
            department,
            heads.setdefault(department, employee),
            f"user{number:05}@example.jp",
            "2031-03-31" if number % 50 == 0 else "",
            "ja",
            "staff",
        ]


def as_csv(table: Sequence[Sequence[str]], encoding: str = "utf-8") -> bytes:
    """Return the rows as a CSV file, headings above."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows([HEADINGS, *table])
    return buffer.getvalue().encode(encoding)


def as_workbook(table: Sequence[Sequence[str]], title: str = "") -> bytes:
    """Return the rows as an Excel workbook, below a title if there is one."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet("名簿")
        above = [[title], []] if title else []
        for number, row in enumerate([*above, HEADINGS, *table]):
            sheet.write_row(number, 0, row)
    return buffer.getvalue()
