"""Which column of a list holds what: known by its heading in Japanese or English. Pure."""

import enum
import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from app.core.messages import mark


class Column(enum.StrEnum):
    """What a column of the list may hold."""

    EMPLOYEE_NUMBER = "employee_number"
    LOGIN_ID = "login_id"
    NAME = "name"
    DEPARTMENT = "department"
    HEAD = "head"
    MAIL = "mail"
    LEAVES_ON = "leaves_on"
    LANGUAGE = "language"
    ROLE = "role"
    STATE = "state"


KEYS: Final = (Column.EMPLOYEE_NUMBER, Column.LOGIN_ID)

LABELS: Final = {
    Column.EMPLOYEE_NUMBER: mark("Employee number"),
    Column.LOGIN_ID: mark("Login ID"),
    Column.NAME: mark("Name"),
    Column.DEPARTMENT: mark("Department"),
    Column.HEAD: mark("Head of department"),
    Column.MAIL: mark("E-mail"),
    Column.LEAVES_ON: mark("Leaving date"),
    Column.LANGUAGE: mark("Language"),
    Column.ROLE: mark("Role"),
    Column.STATE: mark("State"),
}
"""Heading of each column where the list is handed out; an import knows it again."""

HEADINGS: Final = {
    Column.EMPLOYEE_NUMBER: "社員番号 社員no 社員コード 社員id 従業員番号 従業員コード 職員番号 "
    "employeenumber employeeno employeeid staffnumber staffid",
    Column.LOGIN_ID: "ログインid ログイン名 ユーザーid ユーザid ユーザー名 アカウント loginid "
    "login userid username account",
    Column.NAME: "氏名 名前 社員名 表示名 name fullname displayname",
    Column.DEPARTMENT: "部署 所属 部門 所属部署 部署名 所属部門 組織 department division section",
    Column.HEAD: "部署長 部門長 所属長 上長 headofdepartment head manager",
    Column.MAIL: "メール メールアドレス eメール 電子メール email mail emailaddress mailaddress",
    Column.LEAVES_ON: "退職日 退職年月日 退職予定日 退社日 離職日 leavingdate leaveson lastday "
    "leavedate terminationdate",
    Column.LANGUAGE: "言語 使用言語 language locale",
    Column.ROLE: "役割 権限 ロール role roles",
    Column.STATE: "状態 在籍状況 在籍区分 状況 state status",
}

_BY_HEADING: Final = {
    heading: column for column, headings in HEADINGS.items() for heading in headings.split()
}
_SIGNS: Final = re.compile(r"[\s_\-.:・()/]+")
SEARCHED: Final = 20
"""First rows among which the headings are looked for: lists have titles above them."""


def recognise(heading: str) -> Column | None:
    """Return what a heading names, whatever its width, case and signs."""
    plain = _SIGNS.sub("", unicodedata.normalize("NFKC", heading).casefold())
    return _BY_HEADING.get(plain)


def guess(headings: Sequence[str]) -> list[Column | None]:
    """Return what each column holds; where two headings name the same, the first counts."""
    found: list[Column | None] = []
    for heading in headings:
        column = recognise(heading)
        found.append(None if column in found else column)
    return found


def find_headings(rows: Sequence[Sequence[str]]) -> int:
    """Return which of the first rows names the columns: the one with most known headings."""
    counts = [sum(column is not None for column in guess(row)) for row in rows[:SEARCHED]]
    return counts.index(max(counts)) if counts else 0
