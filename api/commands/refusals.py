"""`main.py refusals` writes the page of every refusal code, out of the words that callers are answered with."""

from __future__ import annotations

import argparse
import ast
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

from api.commands.exits import ExitCode
from api.commands.setting import Subcommands, add_command
from api.graphql.messages import WORDINGS, Wording
from api.graphql.refusal import CODES, HOUSES, gather_codes

if TYPE_CHECKING:
    from api.settings import Settings

RETRYABLE: Mapping[str, str] = {
    "COUPON_NOT_YET": "yes, from `retryAt` on",
    "COUPON_RESERVED": "yes, from `retryAt` on, or once the other till lets go",
    "COUPON_TOKEN_MISSING": "yes, with a token",
    "COUPON_TOKEN_OLD": "yes, with a fresh token",
    "DAY_LIMIT": "yes, from `retryAt` on",
    "OFFER_NOT_OPEN": "before it opens: yes, from `retryAt` on; after it closed: no",
    "OVERLOADED": "yes, in a second or two",
    "PAUSED": "yes, once an operator lets it go on",
    "POOL_NOT_OPEN": "before it opens: yes, from `retryAt` on; after it closed: no",
    "RATE_LIMITED": "yes, from `retryAt` on",
    "UNAVAILABLE": "yes, in a few seconds",
}
"""When a retry may succeed, for codes of which there is more to say than that it may."""
_ROOT = Path(__file__).resolve().parents[2]
_SOURCES = ("loyalty", "rewards", "game", "api")
_TITLES = {
    "loyalty.refusals": "Loyalty",
    "rewards.refusals": "Rewards",
    "game.refusals": "Play",
    "api.refusals": "The edge",
}
_NO_WORDS = Wording("(no sentence yet)", "（尚無說明）", "Treat it by `retryable`.")
_HEAD = """\
# Every refusal code

<!-- Written by `python main.py refusals`; edit api/graphql/messages/ and run it again. -->

A mutation answers `union <Mutation>Result = <success> | Refusal`. A refusal is an expected no: HTTP 200, nothing was
changed, and `Refusal` says `code`, `message` (for people, in English or Traditional Chinese by `Accept-Language`),
`retryable` and, where it is known, `retryAt`. The list is open: treat a code that you do not know by `retryable`.

`retryable: true` means that the same request, with the same `requestId`, may succeed later. A refusal is never stored,
so the same `requestId` may be used again after it. Words in braces are filled in by the server.

The same codes stand in `extensions.code` where a query is refused, and `RATE_LIMITED`, `UNAVAILABLE` and `FORBIDDEN`
are HTTP 429, 503 and 403 where the request did not get as far as a mutation.
"""


def add(commands: Subcommands[Any]) -> None:
    """Adds the command."""
    parser = add_command(
        commands,
        "refusals",
        "print the page of every refusal code: what it means, whether to retry, what a client should do",
        "python main.py refusals > docs/refusals.md",
    )
    parser.set_defaults(act=act)


def act(settings: Settings, arguments: argparse.Namespace) -> int:
    """Prints the page."""
    del settings, arguments
    print(page(), end="")
    return ExitCode.OK


def page() -> str:
    """The page in Markdown, a section for each house and a short part for each code."""
    houses = gather_codes(*HOUSES)
    retryable = retryable_codes()
    parts = [_HEAD]
    for house in HOUSES:
        parts.append(f"\n## {_TITLES[house]}\n")
        parts += [_part(code, code in retryable) for code in CODES if houses[code] == house]
    return "".join(parts)


@cache
def retryable_codes() -> frozenset[str]:
    """The codes that some line of the houses refuses with `retryable=True`, read from the source."""
    found = {"RATE_LIMITED"}  # the edge answers it itself, always with retryAt
    for path in (path for house in _SOURCES for path in (_ROOT / house).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and any(_says_retryable(each) for each in node.keywords):
                found |= {each.attr for each in node.args if isinstance(each, ast.Attribute)}
    return frozenset(found)


def _says_retryable(keyword: ast.keyword) -> bool:
    return keyword.arg == "retryable" and isinstance(keyword.value, ast.Constant) and keyword.value.value is True


def _part(code: str, retryable: bool) -> str:
    words = WORDINGS.get(code, _NO_WORDS)
    items = (
        f"Says: {words.en}",
        f"訊息: {words.zh_tw}",
        f"Retryable: {RETRYABLE.get(code, 'yes; from `retryAt` on where it is given') if retryable else 'no'}.",
        f"What to do: {words.what_to_do}",
    )
    return f"\n### {code}\n\n" + "".join(f"{fill('- ' + item, 118, subsequent_indent='  ')}\n" for item in items)
