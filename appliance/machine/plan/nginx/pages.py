"""What the edge itself answers: a page for people, problem details (RFC 9457) for programs.

Each says what happened and what to do. They are files, and need no plane that runs.
"""

import html
import json
from collections.abc import Iterator
from typing import Final

import msgspec

from appliance.contract.edge import LANGUAGE_COOKIE
from appliance.machine.facts import Facts
from appliance.machine.plan.desired import Concern, File
from appliance.machine.plan.nginx.syntax import block, table

FOLDER: Final = "etc/nginx/pages"
PLACE: Final = "/edge/"
STYLE: Final = "page.css"
LANGUAGES: Final = ("ja", "en")
POLICY: Final = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'"
HEADERS: Final = (
    ("Content-Security-Policy", f'"{POLICY}"'),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
    ("Retry-After", "$retry_after"),
)


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of the edge, in both languages."""

    name: str
    statuses: tuple[int, ...]
    """What nginx calls it; its own numbers beyond 490 never leave it."""
    told: int
    ja: tuple[str, str]
    """What happened; what to do."""
    en: tuple[str, str]


REFUSALS: Final = (
    Refusal(
        name="malformed",
        statuses=(400, 414, 494),
        told=400,
        ja=(
            "リクエストを読み取れませんでした。",
            "アドレスを入力し直してください。続く場合は、このサイトの Cookie を削除してください。",
        ),
        en=(
            "The request could not be read.",
            "Type the address again. If it goes on, delete this site's cookies.",
        ),
    ),
    Refusal(
        name="certificate",
        statuses=(495, 496),
        told=400,
        ja=(
            "クライアント証明書を確認できませんでした。",
            (
                "有効期限内の、このアプライアンスが発行した証明書を選んでください。"
                "失効している場合は、管理者に新しい証明書を依頼してください。"
            ),
        ),
        en=(
            "Your client certificate could not be verified.",
            (
                "Choose one that this appliance has issued and that has not expired. "
                "If it was revoked, ask your administrator for a new one."
            ),
        ),
    ),
    Refusal(
        name="refused",
        statuses=(403,),
        told=403,
        ja=(
            "このネットワークからは利用できません。",
            (
                "社内ネットワークまたは VPN に接続して、もう一度開いてください。"
                "利用できるはずの場合は、時刻と接続元を管理者に伝えてください。"
            ),
        ),
        en=(
            "This cannot be reached from your network.",
            (
                "Connect to your company's network or VPN and open it again. "
                "If it should work from here, tell your administrator the time and where you are."
            ),
        ),
    ),
    Refusal(
        name="large",
        statuses=(413,),
        told=413,
        ja=(
            "送信されたデータが大きすぎます。",
            "ファイルを分割してください。上限を変えられるのは管理者です。",
        ),
        en=(
            "What was sent is too large.",
            "Divide the file. An administrator can change the limit.",
        ),
    ),
    Refusal(
        name="name",
        statuses=(421,),
        told=421,
        ja=(
            "この名前のサイトはここにはありません。",
            (
                "案内された名前でもう一度開いてください。"
                "新しい名前の場合は、管理者が設定に追加する必要があります。"
            ),
        ),
        en=(
            "There is no site of this name here.",
            (
                "Open it by the name that you were given. "
                "A new name must be added to the configuration by an administrator."
            ),
        ),
    ),
    Refusal(
        name="often",
        statuses=(429,),
        told=429,
        ja=(
            "短い時間にリクエストが多すぎました。",
            "数秒待ってから、もう一度お試しください。",
        ),
        en=(
            "Too many requests in a short time.",
            "Wait a few seconds, then try again.",
        ),
    ),
    Refusal(
        name="away",
        statuses=(502, 503, 504),
        told=503,
        ja=(
            "現在、応答できません。",
            (
                "起動中または更新中の可能性があります。1 分ほど待って、もう一度開いてください。"
                "続く場合は、管理者に連絡してください。"
            ),
        ),
        en=(
            "There is no answer at the moment.",
            (
                "It may be starting or being updated. Wait a minute and open it again. "
                "If it goes on, tell your administrator."
            ),
        ),
    ),
)


def page_files() -> Iterator[File]:
    """Yield the pages, and the one style that they share."""
    yield File(path=f"{FOLDER}/{STYLE}", content=_STYLE, concern=Concern.EDGE)
    for one in REFUSALS:
        for language in LANGUAGES:
            path = f"{FOLDER}/{one.name}.{language}"
            yield File(path=f"{path}.html", content=_page(one, language), concern=Concern.EDGE)
            yield File(path=f"{path}.json", content=_problem(one, language), concern=Concern.EDGE)


def error_pages(kind: str = "html") -> Iterator[str]:
    """Yield which page answers what, as a page (`html`) or as problem details (`json`)."""
    for one in REFUSALS:
        statuses = " ".join(map(str, one.statuses))
        yield f"error_page {statuses} ={one.told} {PLACE}{one.name}.$tongue.{kind};"
    # who speaks plain HTTP to a port of HTTPS is shown the way
    yield "error_page 497 =301 https://$http_host$request_uri;"


def tongue() -> Iterator[str]:
    """Yield the language of the edge's pages: the chosen one, else the browser's, else Japanese."""
    cookie = LANGUAGE_COOKIE.replace("-", r"\-")
    yield table(
        "$http_cookie",
        "$chosen_tongue",
        [("default", '""'), (rf'"~(?:^|;[ ]*){cookie}=(ja|en)(?:;|$)"', "$1")],
    )
    yield table(
        '"$chosen_tongue $http_accept_language"',
        "$tongue",
        [("default", "ja"), ('"~^(ja|en) "', "$1"), ('"~*^ (?:(?!ja)[^,]*, *)*?en"', "en")],
    )
    yield table("$status", "$retry_after", [("default", '""'), ("429", "5"), ("503", "60")])


def page_locations(facts: Facts, always: tuple[str, ...]) -> Iterator[str]:
    """Yield where the pages lie; `always` are headers of every answer."""
    folder = f'alias "{facts.edge.root}/{FOLDER}/";'
    types = "types { text/html html; application/problem+json json; text/css css; }"
    charset = "charset_types text/css application/problem+json;"  # beside text/html
    headers = [*(f"add_header {name} {value} always;" for name, value in HEADERS), *always]
    common = [types, "charset utf-8;", charset, *headers]
    yield block(f"location = {PLACE}{STYLE}", [folder[:-2] + f'{STYLE}";', *common])
    yield block(f"location ^~ {PLACE}", ["internal;", folder, *common])


def _page(one: Refusal, language: str) -> str:
    what, remedy = map(html.escape, one.ja if language == "ja" else one.en)
    return f"""\
<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{what}</title>
<link rel="stylesheet" href="{PLACE}{STYLE}">
</head>
<body>
<main>
<p class="code">{one.told}</p>
<h1>{what}</h1>
<p>{remedy}</p>
</main>
</body>
</html>
"""


def _problem(one: Refusal, language: str) -> str:
    what, remedy = one.ja if language == "ja" else one.en
    code = f"edge.{one.name}"
    found = {
        "type": f"urn:tenshu:problem:{code}",
        "title": what,
        "status": one.told,
        "detail": remedy,
        "code": code,
    }
    return json.dumps(found, ensure_ascii=False) + "\n"


_STYLE: Final = """\
:root { color-scheme: light dark; }
body {
  margin: 0;
  font: 1rem/1.75 system-ui, "Noto Sans CJK JP", "Hiragino Sans", "Yu Gothic", sans-serif;
  background: light-dark(#f6f6f4, #17181a);
  color: light-dark(#1d1f22, #ececea);
}
main {
  max-width: 34rem;
  margin: 12vh auto 0;
  padding: 2rem;
  border-top: 0.25rem solid light-dark(#2f5d50, #8fc7b5);
  background: light-dark(#fff, #212326);
}
h1 { margin: 0 0 1rem; font-size: 1.375rem; line-height: 1.5; }
p { margin: 0; }
.code { color: light-dark(#5c6066, #a5a9af); font-variant-numeric: tabular-nums; }
@media (max-width: 40rem) { main { margin-top: 0; } }
"""
