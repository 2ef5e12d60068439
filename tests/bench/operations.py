"""What is measured: each mutation as the app or the till sends it, and what its answer must hold."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from api.graphql.nodes import write_id
from tests.bench import boards, shop
from tests.bench.shop import Shop

ROOT = Path(__file__).resolve().parents[2]
# Members who do over HTTP what may be repeated; a server knows who signed in within five minutes, and so do they here.
REGULARS = 1_000
Request = tuple[str, str, str]


class Who(Enum):
    """Whom an operation takes: regulars again and again, any shopper's card, a fresh member, or the next coupon."""

    REGULAR = "REGULAR"
    CARD = "CARD"
    FRESH = "FRESH"
    COUPON = "COUPON"


@dataclass(frozen=True, slots=True)
class Operation:
    """One measured mutation. `expect` stands in each answer that did what was asked."""

    name: str
    what: str
    who: Who
    document: str
    expect: str


OPERATIONS = (
    Operation("openApp", "a visit", Who.REGULAR, "mobile/OpenApp", '"visitId":'),
    Operation("checkIn", "the day after another", Who.FRESH, "mobile/CheckIn", '"checkedInToday":true'),
    Operation("playMoves", "20 moves", Who.FRESH, "mobile/PlayMoves", f'"applied":{boards.MOVES},"refusedIndex":null'),
    Operation("draw", "x1, a pool without stock", Who.REGULAR, "mobile/Draw", '"nonce":'),
    Operation("drawStock", "x1, a pool with stock, rarely taken", Who.REGULAR, "mobile/Draw", '"nonce":'),
    Operation("drawHot", "x1, each takes from one stock row", Who.REGULAR, "mobile/Draw", '"nonce":'),
    Operation("draw10", "x10, a pool without stock", Who.REGULAR, "mobile/Draw", '"nonce":'),
    Operation("buyCoupon", "for points", Who.REGULAR, "mobile/BuyCoupon", '"state":"ISSUED"'),
    Operation("recordReceipt", "three lines", Who.CARD, "till/RecordReceipt", '"receipt":{"id":"'),
    Operation("hold", "a coupon and points", Who.COUPON, "till/HoldBasket", '"notApplied":[]'),
    Operation("settle", "what hold held", Who.COUPON, "till/SettleBasket", '"settleBasket":{"holdId":"hld_'),
)
BY_NAME = {each.name: each for each in OPERATIONS}


@dataclass(frozen=True, slots=True)
class Run:
    """One run's particulars: its number, the first fresh member and coupon, the holds made just before."""

    number: int
    first_fresh: int
    first_coupon: int
    holds: Sequence[str] = ()


def requests(place: Shop, operation: Operation, count: int, run: Run) -> list[Request]:
    """So many requests, each with an id of its own."""
    path = "/till/graphql" if operation.document.startswith("till/") else "/graphql"
    made = []
    for n in range(count):
        who = _number(operation.who, n, run)
        token = shop.STORE.code if path == "/till/graphql" else f"bench-{who}"
        variables = {"requestId": str(uuid4()), **_variables(place, operation.name, n, who, run)}
        body = json.dumps({"query": text_of(operation.document), "variables": variables})
        made.append((path, f"Bearer demo:{token}", body))
    return made


def sign_ins(first: int, count: int) -> list[Request]:
    """The least that makes a server know these members."""
    body = json.dumps({"query": "{ __typename }"})
    return [("/graphql", f"Bearer demo:bench-{number}", body) for number in range(first, first + count)]


def homes(count: int, versions: Sequence[str] = (), *, members: int = REGULARS, first: int = 0) -> list[Request]:
    """First screens of regulars in turn; with `versions` (one for each, in order), what an app sends that has one."""
    text = text_of("mobile/Home")
    made = []
    for n in range(count):
        variables = {"ifVersion": versions[n % len(versions)]} if versions else {}
        number = first + n % (len(versions) or members)
        body = json.dumps({"query": text, "variables": variables})
        made.append(("/graphql", f"Bearer demo:bench-{number}", body))
    return made


@cache
def text_of(document: str) -> str:
    """A committed operation, such as `mobile/Draw`."""
    kind, name = document.split("/")
    return (ROOT / "api" / kind / "operations" / f"{name}.graphql").read_text(encoding="utf-8")


def _number(who: Who, n: int, run: Run) -> int:
    if who is Who.FRESH:
        return run.first_fresh + n
    if who is Who.COUPON:
        return run.first_coupon + n
    return n * 7919 % (REGULARS if who is Who.REGULAR else shop.SHOPPERS)


def _variables(  # noqa: PLR0911 - one line per operation reads best
    place: Shop, name: str, n: int, who: int, run: Run
) -> dict[str, Any]:
    if name in ("checkIn", "openApp"):
        return {"device": {"system": "IOS"}} if name == "openApp" else {}
    if name == "playMoves":
        return {"baseRevision": 1, "commands": [boards.write_move(move) for move in boards.twenty()]}
    if name.startswith("draw"):
        pool_id, odds_hash = place.pools.get(name) or place.pools["draw"]
        return {"poolId": write_id("pol", pool_id), "oddsHash": odds_hash, "count": 10 if name == "draw10" else 1}
    if name == "buyCoupon":
        return {"offerId": write_id("off", place.offer_id)}
    if name == "recordReceipt":
        return {"receipt": {
            "cardNo": shop.card_no(who), "receiptNo": f"H-{run.number}-{n}", "boughtAt": datetime.now(UTC).isoformat(),
            "currency": "TWD", "lines": [_line(each) for each in shop.LINES],
        }}  # fmt: skip
    if name == "hold":
        basket = {"currency": "TWD", "lines": [_line(shop.LINES[0])]}
        card = shop.card_no(who % shop.SHOPPERS)
        return {"cardNo": card, "codes": [shop.code(who)], "payPoints": 100, "basket": basket}
    return {"holdId": run.holds[n], "receiptNo": f"S-{run.number}-{n}"}


def _line(line: Any) -> dict[str, Any]:
    return {
        "lineNo": line.line_no, "sku": line.sku, "name": line.name, "brand": line.brand, "category": line.category,
        "quantity": line.quantity, "amountMinor": line.amount_minor,
    }  # fmt: skip
