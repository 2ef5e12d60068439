"""The public page at `/odds`: every pool's odds, current and past, with their hashes and dates. No sign-in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from html import escape
from zoneinfo import ZoneInfo

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from api.pages.landing import CHINESE, ENGLISH, language_of
from api.runtime.clock import utc_now
from api.runtime.services import Services
from rewards.gacha.actions.publications import Publication, find_published, list_published
from rewards.gacha.rules import chances
from rewards.gacha.rules.odds import WhenGone

_NO_STORE = {"Vary": "Accept-Language", "Cache-Control": "no-cache"}


@dataclass(frozen=True, slots=True)
class _Words:
    title: str
    lead: str
    notice: str
    columns: tuple[str, ...]
    current: str
    past: str
    coming: str
    successor: str
    since: str
    until: str
    draws: str
    document: str
    none: str
    limited: str
    gone: dict[WhenGone, str]
    other: tuple[str, str]


_WORDS = {
    ENGLISH: _Words(
        title="Odds of every pool",
        lead="What each draw can give, by the table that the server draws by. A draw's receipt names the hash of its "
        "table; the document below is what that hash is of.",
        notice="Prizes are won by chance: buying or taking part does not mean that you will receive a particular item.",
        columns=("Prize", "Chance of one draw", "Over many draws", "How many"),
        current="in force",
        past="past",
        coming="takes over when a stock ends",
        successor="successor of version {version}",
        since="from {at}",
        until="until {at}",
        draws="A top prize takes {mean} draws on average.",
        document="Document",
        none="There is no pool yet.",
        limited="{stock}, then {what}",
        gone={
            WhenGone.FALLBACK: "{fallback} instead",
            WhenGone.CLOSE_POOL: "the pool closes",
            WhenGone.RENORMALISE: "the next odds begin",
        },
        other=(CHINESE, "繁體中文"),
    ),
    CHINESE: _Words(
        title="各獎池機率",
        lead="每次抽獎可能獲得的內容，與伺服器實際使用的機率表相同。抽獎憑證載明其機率表的雜湊值，即為下列文件的雜湊值。",
        notice="此為機會中獎商品,消費者購買或參與活動不代表即可獲得特定商品",
        columns=("獎項", "單次機率", "長期機率", "數量"),
        current="目前適用",
        past="過往",
        coming="獎品用罄後適用",
        successor="第 {version} 版的後續機率",
        since="自 {at} 起",
        until="至 {at} 止",
        draws="平均每 {mean} 次抽出一次頭獎。",
        document="文件",
        none="目前沒有獎池。",
        limited="{stock}，之後{what}",
        gone={
            WhenGone.FALLBACK: "改給 {fallback}",
            WhenGone.CLOSE_POOL: "關閉獎池",
            WhenGone.RENORMALISE: "改用後續機率",
        },
        other=(ENGLISH, "English"),
    ),
}
_STYLE = """
:root{color-scheme:light dark;--ink:#1d2a22;--soft:#5a6b60;--paper:#fbfaf5;--card:#fff;--line:#e3e0d3;--leaf:#1f7a4d}
@media(prefers-color-scheme:dark){:root{--ink:#eef3ee;--soft:#a6b5aa;--paper:#141a16;--card:#1c241f;--line:#2f3a33;
--leaf:#6fd39d}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:17px/1.55 system-ui,"Noto Sans TC","Noto Sans CJK TC","PingFang TC",sans-serif}
main{max-width:62rem;margin:0 auto;padding:clamp(1rem,4vw,3rem)}
header{display:flex;justify-content:space-between;gap:1rem;align-items:baseline}
h1{color:var(--leaf);margin:0}
h2{margin:2rem 0 .5rem}
section section{background:var(--card);border:1px solid var(--line);border-radius:.9rem;padding:1rem;margin:1rem 0}
h3{margin:0 0 .3rem;font-size:1.05rem}
p{margin:.3rem 0}
small,.soft{color:var(--soft)}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.35rem .6rem .35rem 0;border-top:1px solid var(--line)}
thead th{border:0;color:var(--soft);font-weight:500}
code{font:.8rem/1.4 ui-monospace,SFMono-Regular,Menlo,monospace;overflow-wrap:anywhere}
a{color:var(--leaf)}
"""


def odds_routes(services: Callable[[], Services]) -> APIRouter:
    """`/odds` and `/odds/<hash>.json`, for everybody."""
    routes = APIRouter()

    @routes.get("/odds", include_in_schema=False)
    async def odds(request: Request, lang: str | None = None) -> HTMLResponse:
        language = language_of(lang, request.headers.get("accept-language", ""))
        async with services().database.read() as connection:
            zone, found = await list_published(connection, utc_now())
        return HTMLResponse(odds_page(language, found, zone), headers={**_NO_STORE, "Content-Language": language})

    @routes.get("/odds/{name}", include_in_schema=False)
    async def document(name: str) -> Response:
        async with services().database.read() as connection:
            found = await find_published(connection, name.removesuffix(".json"), utc_now())
        if found is None:
            raise HTTPException(404)
        return Response(found, media_type="application/json")

    return routes


def odds_page(language: str, found: Sequence[Publication], zone: ZoneInfo) -> str:
    """The whole page; `found` are the versions of each pool in a row, the newest first."""
    words = _WORDS[language]
    code, name = words.other
    pools: dict[str, list[Publication]] = {}
    for each in found:
        pools.setdefault(each.slug, []).append(each)
    body = "".join(_pool(words, language, each, zone) for each in pools.values()) or f"<p>{escape(words.none)}</p>"
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,">'
        f"<title>{escape(words.title)}</title><style>{_STYLE}</style></head><body><main>"
        f"<header><h1>{escape(words.title)}</h1>"
        f'<a href="/odds?lang={code}" lang="{code}" hreflang="{code}">{name}</a></header>'
        f"<p>{escape(words.lead)}</p><p><strong>{escape(words.notice)}</strong></p>{body}</main></body></html>"
    )


def _pool(words: _Words, language: str, versions: Sequence[Publication], zone: ZoneInfo) -> str:
    title = next((each for each in versions if each.in_force), versions[0]).odds.name(language)
    cards = "".join(_card(words, language, each, zone) for each in versions)
    return f"<section><h2>{escape(title)}</h2>{cards}</section>"


def _card(words: _Words, language: str, each: Publication, zone: ZoneInfo) -> str:
    state = words.current if each.in_force else words.coming if each.waits else words.past
    when = [words.successor.format(version=each.follows)] if each.follows else []
    if each.since:
        when.append(words.since.format(at=f"{each.since.astimezone(zone):%Y-%m-%d %H:%M}"))
    if each.until:
        when.append(words.until.format(at=f"{each.until.astimezone(zone):%Y-%m-%d %H:%M}"))
    shares = zip(each.odds.entries, chances.stated(each.odds), chances.consolidated(each.odds), strict=True)
    rows = "".join(
        f'<tr><th scope="row">{escape(entry.prize.name(language))}</th><td>{chances.percent(stated)}%</td>'
        f"<td>{chances.percent(lasting)}%</td><td>{escape(_stock(words, language, each, index))}</td></tr>"
        for index, (entry, stated, lasting) in enumerate(shares)
    )
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in words.columns)
    expected = chances.expected_draws(each.odds.hazard)
    mean = "" if expected is None else f"<p>{escape(words.draws.format(mean=f'{_two(expected)}'))}</p>"
    sha256 = each.odds.sha256
    return (
        f"<section><h3>v{each.version} <small>{escape(state)}</small></h3>"
        f'<p class="soft">{escape(", ".join(when))}</p>'
        f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>{mean}'
        f'<p><code>{sha256}</code> <a href="/odds/{sha256}.json">{escape(words.document)}</a></p></section>'
    )


def _stock(words: _Words, language: str, each: Publication, index: int) -> str:
    entry = each.odds.entries[index]
    if not entry.stock:
        return ""
    stand_in = each.odds.entries[each.odds.stand_in(index)].prize.name(language)
    return words.limited.format(stock=entry.stock, what=words.gone[entry.when_gone].format(fallback=stand_in))


def _two(value: Fraction) -> str:
    units = round(value * 100)
    return f"{units // 100}.{units % 100:02d}"
