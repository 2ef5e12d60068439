"""The page at `/`: what this server offers, for whoever opens it in a browser. English and Traditional Chinese."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from html import escape

from api.graphql.explorer import DEMO_TOKENS

CHINESE = "zh-TW"
ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Words:
    """The page's text in one language."""

    title: str
    lead: str
    play: str
    console: str
    demo: str
    schemas: str
    callers: tuple[tuple[str, str], ...]
    explore: str
    contract: str
    docs: str
    docs_note: str
    pages: Mapping[str, str]
    more: str
    links: tuple[tuple[str, str], ...]
    other: tuple[str, str]


_PATHS = {
    "mobile": "/graphql",
    "till": "/till/graphql",
    "partner": "/partner/graphql",
    "admin": "/admin/graphql",
}

_WORDS = {
    ENGLISH: Words(
        title="mergemart",
        lead="The back end of a supermarket's app, from the receipt to the redeemed coupon: one server, four kinds of "
        "callers, a contract for each.",
        play="Play the game",
        console="Operators' console",
        demo="Demo mode: the data is in a folder of this machine, and a token is whoever it says it is.",
        schemas="Four GraphQL schemas",
        callers=(
            ("Members", "the app in a member's hand"),
            ("Tills", "shop tills and e-commerce back ends"),
            ("Partners", "sponsor brands"),
            ("Operators", "who runs the programme"),
        ),
        explore="Try it",
        contract="Contract (SDL)",
        docs="Documentation",
        docs_note="",
        pages={
            "members-app.md": "for a member's app",
            "tills.md": "for tills and shops",
            "partners.md": "for partners",
            "operators.md": "for operators",
            "refusals.md": "every refusal code",
            "fairness.md": "how draws are fair",
            "play.md": "the game in a browser",
            "operation.md": "for who runs the server",
            "house.md": "how the code is built",
            "figures.md": "measured figures",
            "replay.md": "a season, replayed",
            "simulation.md": "a season, played by bots",
        },
        more="Health",
        links=(
            ("/odds", "odds of every pool"),
            ("/healthz", "alive"),
            ("/readyz", "ready for requests"),
            ("/metrics", "metrics for Prometheus"),
        ),
        other=(CHINESE, "繁體中文"),
    ),
    CHINESE: Words(
        title="mergemart",
        lead="超市會員 App 的後端：從一張發票到兌換優惠券。一個伺服器、四種使用者、四份 API 規格。",
        play="玩合成遊戲",
        console="營運主控台",
        demo="示範模式：資料只存在這台電腦的資料夾；權杖寫誰就是誰，不驗證身分。",
        schemas="四份 GraphQL API",
        callers=(
            ("會員", "會員手上的 App"),
            ("收銀", "門市收銀機與電商後台"),
            ("夥伴", "贊助品牌"),
            ("營運", "管理會員計畫的人員"),
        ),
        explore="試用",
        contract="API 規格（SDL）",
        docs="說明文件",
        docs_note="（英文）",
        pages={
            "members-app.md": "會員 App 開發",
            "tills.md": "收銀機與商店串接",
            "partners.md": "夥伴串接",
            "operators.md": "營運人員",
            "refusals.md": "所有拒絕代碼",
            "fairness.md": "抽獎公平性",
            "play.md": "瀏覽器遊戲",
            "operation.md": "伺服器維運",
            "house.md": "程式架構",
            "figures.md": "實測數據",
            "replay.md": "重播一整季",
            "simulation.md": "讓機器人試玩一整季",
        },
        more="健康狀態",
        links=(
            ("/odds", "各獎池機率"),
            ("/healthz", "存活"),
            ("/readyz", "可接受請求"),
            ("/metrics", "Prometheus 指標"),
        ),
        other=(ENGLISH, "English"),
    ),
}

_STYLE = """
:root{color-scheme:light dark;--ink:#1d2a22;--soft:#5a6b60;--paper:#fbfaf5;--card:#fff;--line:#e3e0d3;--leaf:#1f7a4d;
--tint:#e8f4ec}
@media(prefers-color-scheme:dark){:root{--ink:#eef3ee;--soft:#a6b5aa;--paper:#141a16;--card:#1c241f;--line:#2f3a33;
--leaf:#6fd39d;--tint:#20332a}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:17px/1.55 system-ui,"Noto Sans TC","Noto Sans CJK TC","PingFang TC",sans-serif}
main{max-width:62rem;margin:0 auto;padding:clamp(1.25rem,4vw,3.5rem)}
header{display:flex;justify-content:space-between;gap:1rem;align-items:baseline}
h1{font-size:clamp(2rem,6vw,3.25rem);margin:0;letter-spacing:-.02em;color:var(--leaf)}
h2{font-size:1.15rem;margin:2.5rem 0 1rem}
p{max-width:44rem;margin:.75rem 0}
.play{display:inline-block;background:var(--leaf);color:var(--paper);border-radius:.7rem;padding:.6rem 1.2rem;
font-weight:600;text-decoration:none}
.other{display:inline-block;border:1px solid var(--leaf);border-radius:.7rem;padding:.55rem 1.1rem;
margin-left:.5rem;text-decoration:none}
.demo{background:var(--tint);border-radius:.6rem;padding:.7rem 1rem}
.callers{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));gap:1rem;padding:0;margin:0}
.callers li{list-style:none;background:var(--card);border:1px solid var(--line);border-radius:.9rem;padding:1.2rem}
.callers h3{margin:0;font-size:1.2rem}
.callers p{color:var(--soft);margin:.15rem 0 .8rem}
h2 small{color:var(--soft);font-weight:400}
code{font:.88rem/1.4 ui-monospace,SFMono-Regular,Menlo,monospace;overflow-wrap:anywhere}
.callers code{display:block}
a{color:var(--leaf)}
.callers nav,.links{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem}
.callers nav a,.links a{padding:.55rem 0;display:inline-block}
a:focus-visible{outline:3px solid var(--leaf);outline-offset:3px;border-radius:.2rem}
"""


def landing_page(language: str, *, demo: bool, docs: Collection[str], console: bool = False) -> str:
    """The whole page; `language` is `en` or `zh-TW`, `docs` are the pages of documentation that are there.

    The demo's tokens and explorers are shown in demo mode only.
    """
    words = _WORDS[language]
    cards = "".join(
        _card(words, kind, path, caller, demo=demo)
        for (kind, path), caller in zip(_PATHS.items(), words.callers, strict=True)
    )
    code, name = words.other
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,">'
        f"<title>{words.title}</title><style>{_STYLE}</style></head><body><main>"
        f'<header><h1>{words.title}</h1><a href="/?lang={code}" lang="{code}" hreflang="{code}">{name}</a></header>'
        f'<p>{escape(words.lead)}</p><p><a class="play" href="/play">{escape(words.play)}</a>'
        f"{_console(words) if console else ''}</p>"
        f"{_demo(words) if demo else ''}"
        f'<h2>{escape(words.schemas)}</h2><ul class="callers">{cards}</ul>{_docs(words, docs)}'
        f"<h2>{escape(words.more)}</h2>{_links(words.more, words.links)}"
        "</main></body></html>"
    )


def language_of(chosen: str | None, accepted: str) -> str:
    """The page's language: what `?lang=` says, else the first of ours that Accept-Language names, else English."""
    if chosen in _WORDS:
        return str(chosen)
    for part in accepted.split(","):
        tag = part.split(";")[0].strip().lower()
        if tag.startswith("zh"):
            return CHINESE
        if tag.startswith("en"):
            return ENGLISH
    return ENGLISH


def _console(words: Words) -> str:
    return f' <a class="other" href="/console">{escape(words.console)}</a>'


def _demo(words: Words) -> str:
    return f'<p class="demo">{escape(words.demo)}</p>'


def _docs(words: Words, docs: Collection[str]) -> str:
    known = [name for name in words.pages if name in docs]
    others = [name for name in docs if name not in words.pages]
    links = [(f"/docs/{name}", words.pages.get(name, name)) for name in known + others]
    if not links:
        return ""
    note = f"<small>{escape(words.docs_note)}</small>" if words.docs_note else ""
    return f"<h2>{escape(words.docs)}{note}</h2>{_links(words.docs, links)}"


def _links(label: str, links: Iterable[tuple[str, str]]) -> str:
    listed = "".join(f'<a href="{path}">{escape(text)}</a>' for path, text in links)
    return f'<nav class="links" aria-label="{escape(label)}">{listed}</nav>'


def _card(words: Words, kind: str, path: str, caller: tuple[str, str], *, demo: bool) -> str:
    name, who = caller
    token = f"Authorization: Bearer {DEMO_TOKENS[kind]}"
    shown = f"<code>{path}</code>" + (f"<code>{escape(token)}</code>" if demo else "")
    explore = f'<a href="{path}">{escape(words.explore)}</a>' if demo else ""
    contract = f'<a href="{path}/schema.graphql">{escape(words.contract)}</a>'
    return f"<li><h3>{escape(name)}</h3><p>{escape(who)}</p>{shown}<nav>{explore}{contract}</nav></li>"
