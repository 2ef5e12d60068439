"""Things over HTTP for tests: a pool whose every draw gives a pot, stock in stores, and members who win."""

from __future__ import annotations

from typing import Any

from tests.edge import Edge, dumps
from tests.gacha_sheets import odds_body
from tests.races.things_shop import pool_of, thing_body

OWNER, SUPPORT, TAX = "demo:olga:owner", "demo:ann:support", "demo:tina:tax_officer"
ADDRESS = {"recipient": "王小美", "phone": "0912-345-678", "postcode": "106", "lines": "臺北市大安區信義路四段 1 號"}
IDENTITY = {"name": "王小美", "number": "A223456781", "resident": True, "address": "臺北市大安區信義路四段 1 號"}


async def open_pot(edge: Edge, slug: str = "pot", *, value_minor: int = 68_000, **changes: Any) -> None:
    """Publishes a thing and a pool of its name."""
    named = {"en": slug, "zh-TW": slug}
    bodies = {"thing": thing_body(**changes), "odds": odds_body(name=named, **pool_of(slug, value_minor=value_minor))}
    for kind, body in bodies.items():
        done = await edge.ask(
            "admin", "PublishSheet", OWNER, kind=kind, key=slug, body=dumps(body), basedOn=0, reason="for the test"
        )
        assert done.get("version") == 1, done


async def store_id(edge: Edge, code: str = "taipei-1") -> str:
    return str((await edge.ask("admin", "Store", OWNER, code=code))["id"])


async def stock(edge: Edge, on_hand: int, slug: str = "pot", code: str = "taipei-1") -> dict[str, Any]:
    """What an operator counted there."""
    asked = {"thing": slug, "storeId": await store_id(edge, code), "onHand": on_hand, "reason": "count"}
    done: dict[str, Any] = await edge.ask("admin", "SetStoreStock", SUPPORT, **asked)
    assert "stock" in done, done
    return done


async def win(edge: Edge, who: str, slug: str = "pot") -> str:
    """The id of a prize that was won just now."""
    await edge.ask("mobile", "SetBirthYear", who, birthYear=1990)
    await edge.give(who, 100, "DIAMONDS")
    pool = next(each for each in await edge.ask("mobile", "Pools", who) if each["name"] == slug)
    drawn = await edge.ask("mobile", "Draw", who, poolId=pool["id"], oddsHash=pool["oddsHash"], count=1)
    assert "draws" in drawn, drawn
    return str(drawn["draws"][0]["prizeId"])


async def ready(edge: Edge, who: str, slug: str = "pot") -> str:
    """The code of a prize that waits at taipei-1."""
    prize_id = await win(edge, who, slug)
    await edge.ask("mobile", "ClaimPrize", who, prizeId=prize_id, storeId=await store_id(edge))
    await edge.ask("admin", "MarkPrizeReady", SUPPORT, prizeId=prize_id)
    page = await edge.ask("mobile", "Prizes", who, first=100)
    return next(str(each["code"]) for each in page["nodes"] if each["id"] == prize_id)
