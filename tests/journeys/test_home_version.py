"""The first screen's version: an answer `unchanged` is given exactly where the whole screen would be the same."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType

from api.mobile.home import Screens
from api.mobile.schema import SCHEMA
from api.settings import Settings
from game.home import rules, store
from game.home.actions import Home
from tests.edge import Edge, open_edge

MEI, BO, OLGA = "demo:mei", "demo:bo", "demo:olga:owner"
STEPS = 70
_READS = re.compile(r"\b(?:FROM|JOIN)\s+([a-z_]+)\b", re.IGNORECASE)


@pytest.fixture
async def edges(settings: Settings) -> AsyncIterator[tuple[Edge, Edge]]:
    """Two servers on one database, whose clocks the test moves together."""
    async with open_edge(settings) as one, open_edge(settings) as other:
        one.lift_limits()
        other.lift_limits()
        yield one, other


def everything(type_: Any, depth: int = 6) -> str:
    """A selection of every field of a type that takes no arguments."""
    parts = []
    for name, field in type_.fields.items():
        inner = field.type
        while hasattr(inner, "of_type"):
            inner = inner.of_type
        if field.args:
            continue
        if isinstance(inner, GraphQLObjectType | GraphQLInterfaceType):
            parts.append(f"{name} {everything(inner, depth - 1)}" if depth else "")
        else:
            parts.append(name)
    return f"{{ {' '.join(parts)} }}"


SCREEN = everything(SCHEMA._schema.type_map["Home"])
HOME = f"query Everything($ifVersion: String) {{ home(ifVersion: $ifVersion) {SCREEN} }}"


async def look(
    edge: Edge, version: str | None = None, locale: str = "en", *, remembered: bool = False
) -> tuple[dict[str, Any], bytes]:
    """The whole first screen, and its content without the version; from its rows, or as a server may remember it."""
    for server in edge.servers:
        if Screens in server._shared and not remembered:
            server._shared[Screens]._shown.clear()
    said = (await edge.send("mobile", MEI, HOME, locale, ifVersion=version)).json()
    assert "errors" not in said, said["errors"]
    home: dict[str, Any] = said["data"]["home"]
    return home, orjson.dumps({**home, "version": ""})


async def tap(edge: Edge, dice: random.Random) -> None:
    board = await edge.ask("mobile", "Board", MEI)
    generator = next(each["index"] for each in board["cells"] if each["kind"] == "GENERATOR")
    commands = [{"tap": {"cell": generator}}] * dice.choice([0, 1, 9])
    await edge.ask("mobile", "PlayMoves", MEI, baseRevision=board["revision"], commands=commands)


async def draw(edge: Edge, dice: random.Random) -> None:
    pool = dice.choice(await edge.ask("mobile", "Pools", MEI))
    await edge.ask("mobile", "Draw", dice.choice([MEI, BO]), poolId=pool["id"], oddsHash=pool["oddsHash"])


async def act(edge: Edge, dice: random.Random, step: int) -> str:
    """Something happens: to this member, to others, to everybody, or only time passes."""
    what = dice.choice(
        ["seconds", "minutes", "hours", "days", "give", "receipt", "tap", "draw", "checkIn", "buy", "pause", "resume",
         "publish", "zone", "exclude", "nothing", "nothing"]
    )  # fmt: skip
    match what:
        case "seconds" | "minutes" | "hours" | "days":
            edge.ahead += timedelta(**{what: dice.randrange(1, 40 if what != "days" else 4)})
        case "give":
            await edge.give(
                dice.choice([MEI, MEI, BO]), dice.randrange(1, 900), dice.choice(["POINTS", "DIAMONDS", "TICKETS"])
            )
        case "receipt":
            await edge.ask("till", "RecordReceipt", "demo:taipei-1", receipt=edge.receipt(await edge.card(MEI), 98_765))
        case "tap":
            await tap(edge, dice)
        case "draw":
            await draw(edge, dice)
        case "checkIn":
            await edge.ask("mobile", "CheckIn", MEI)
        case "buy":
            await edge.ask("mobile", "BuyCoupon", MEI, offerId=(await edge.offer(MEI, "NT$50 off NT$300"))["id"])
        case "pause":
            asked = {"target": dice.choice(["board", "offers"]), "message": "Soon.", "reason": "for the test"}
            await edge.ask("admin", "Pause", OLGA, **asked)
        case "resume":
            await edge.ask("admin", "Resume", OLGA, target=dice.choice(["board", "offers"]))
        case "publish":
            await edge.publish(f"offer-{step}")
        case "zone":
            await edge.ask("mobile", "SetTimezone", MEI, timezone=dice.choice(["Asia/Tokyo", "Asia/Taipei", "UTC"]))
        case "exclude":
            await edge.ask("mobile", "SetSelfExclusion", MEI, period="HOURS_24")
    return what


async def test_unchanged_is_said_only_of_the_same_screen_on_any_server(edges: tuple[Edge, Edge], seed: int) -> None:
    dice = random.Random(seed)
    shown: dict[str, bytes] = {}
    kept = 0
    for name in (MEI, BO):
        await edges[0].ask("mobile", "SetBirthYear", name, birthYear=1990)
    await edges[0].give(BO, 5_000, "DIAMONDS")
    for step in range(STEPS):
        here, there = dice.sample(edges, 2)
        what = await act(here, dice, step)
        there.ahead = here.ahead
        home, content = await look(there)
        assert shown.setdefault(home["version"], content) == content, what
        again, same = await look(here, remembered=True)
        assert (again["version"], same) == (home["version"], content), "whatever a server remembers"
        for version in list(shown)[-4:]:
            again, _ = await look(here, version)
            if again["unchanged"]:
                kept += 1
                assert shown[version] == content, f"after {what} another screen would be shown"
                assert again["version"] == version
                assert again["board"] is again["member"] is again["pools"] is None
            elif what == "nothing":
                assert version != home["version"], "nothing happened"
    assert kept > STEPS // 4, "unchanged screens are met"
    assert len(set(shown.values())) > STEPS // 4, "and changed ones"


async def test_a_version_holds_for_its_member_language_and_time_alone(edges: tuple[Edge, Edge]) -> None:
    edge, _ = edges
    home, _ = await look(edge)
    assert (await look(edge, home["version"]))[0]["unchanged"]
    assert not (await look(edge, home["version"], "zh-TW"))[0]["unchanged"]
    said = (await edge.send("mobile", BO, HOME, ifVersion=home["version"])).json()
    assert not said["data"]["home"]["unchanged"]
    until = rules.valid_until(home["version"])
    assert until is not None
    edge.ahead += until - edge.now()
    assert not (await look(edge, home["version"]))[0]["unchanged"]


async def test_a_day_that_turns_ends_what_holds_though_the_board_stands_still(edges: tuple[Edge, Edge]) -> None:
    edge, _ = edges
    midnight = edge.now().astimezone(ZoneInfo("Asia/Taipei")).replace(hour=0, minute=30) + timedelta(days=1)
    edge.ahead += midnight - edge.now()
    await edge.ask("mobile", "CheckIn", MEI)
    home, _ = await look(edge)
    assert home["streak"]["checkedInToday"]
    edge.ahead += timedelta(hours=3)
    assert (await look(edge, home["version"]))[0]["unchanged"]
    edge.ahead += timedelta(hours=1)
    again, _ = await look(edge, home["version"])
    assert (again["unchanged"], again["streak"]["checkedInToday"]) == (False, False)


ROWS = [
    "UPDATE members SET display_name = 'Mei'", "UPDATE standings SET notice_at = since",
    "UPDATE tier_credits SET credits = credits + 1", "UPDATE wallets SET owed = owed + 1",
    "UPDATE lots SET remaining = remaining + 1 WHERE remaining > 0", "UPDATE boards SET experience = experience + 1",
    "UPDATE streaks SET longest = longest + 1", "UPDATE pity SET pity = pity + 1",
    "UPDATE draw_rails SET day_draws = day_draws + 1", "UPDATE pool_stock SET awarded = awarded + 1",
    "UPDATE coupons SET expires_at = expires_at - interval '1 hour'",
]  # fmt: skip


async def test_a_change_of_any_row_that_is_shown_ends_what_holds(edges: tuple[Edge, Edge], seed: int) -> None:
    edge, _ = edges
    dice = random.Random(seed)
    await edge.ask("mobile", "SetBirthYear", MEI, birthYear=1990)
    await edge.give(MEI, 5_000, "DIAMONDS")
    await edge.give(MEI, 5_000)
    await edge.ask("till", "RecordReceipt", "demo:taipei-1", receipt=edge.receipt(await edge.card(MEI), 98_765))
    await edge.ask("mobile", "BuyCoupon", MEI, offerId=(await edge.offer(MEI, "NT$50 off NT$300"))["id"])
    await edge.ask("mobile", "CheckIn", MEI)
    await tap(edge, dice)
    pool = (await edge.ask("mobile", "Pools", MEI))[0]
    await edge.ask("mobile", "Draw", MEI, poolId=pool["id"], oddsHash=pool["oddsHash"])
    for change in ROWS:
        home, _ = await look(edge)
        assert (await look(edge, remembered=True))[0] == home
        assert (await look(edge, home["version"]))[0]["unchanged"], change
        changed = await edge.rows(f"SELECT count(*) FROM {change.split()[1]}")
        assert changed[0][0] > 0, change
        await edge.execute(change)
        assert (await look(edge, remembered=True))[0]["version"] != home["version"], change
        assert not (await look(edge, home["version"]))[0]["unchanged"], change


@pytest.mark.parametrize("version", ["", "x", "0-" + "0" * 22, "f" * 14 + "-" + "0" * 22, "9" * 400, "\x00", "1-é"])
async def test_what_is_no_version_gets_the_whole_screen(edges: tuple[Edge, Edge], version: str) -> None:
    home, _ = await look(edges[0], version)
    assert home["unchanged"] is False
    assert home["board"] is not None


async def test_screens_asked_for_together_are_each_judged_by_their_own_rows(edges: tuple[Edge, Edge]) -> None:
    edge, _ = edges
    people = [f"demo:p{number}" for number in range(12)]
    shown = [await edge.ask("mobile", "Home", each) for each in people]

    async def unchanged(number: int, of: int) -> bool:
        home: dict[str, Any] = await edge.ask("mobile", "Home", people[number], ifVersion=shown[of]["version"])
        return bool(home["unchanged"])

    count = len(people)
    assert await asyncio.gather(*(unchanged(n, n) for n in range(count))) == [True] * count
    assert await asyncio.gather(*(unchanged(n, (n + 1) % count) for n in range(count))) == [False] * count
    await edge.ask("mobile", "CheckIn", people[5])
    assert await asyncio.gather(*(unchanged(n, n) for n in range(count))) == [n != 5 for n in range(count)]


async def test_a_screen_with_a_broken_section_is_never_called_unchanged(edges: tuple[Edge, Edge]) -> None:
    edge, _ = edges
    await edge.ask("mobile", "CheckIn", MEI)
    await edge.execute("UPDATE streaks SET zone = 'Nowhere/Lost'")
    home, _ = await look(edge)
    assert home["streak"] is None
    assert not (await look(edge, home["version"]))[0]["unchanged"]


async def test_every_table_that_the_first_screen_reads_is_watched(edges: tuple[Edge, Edge], seed: int) -> None:
    edge, _ = edges
    dice = random.Random(seed)
    for step in range(12):
        await act(edge, dice, step)
    await edge.ask("mobile", "CheckIn", MEI)
    await look(edge)
    asked = [statement for server in edge.servers for statement, _ in server.once(Home, Home)._plan]
    read = {table for statement in asked for table in _READS.findall(statement)} - {"unnest"}
    assert read > {"members", "boards", "coupons", "pools", "sheets"}
    # What is read once and then remembered never changes: the terms of offers and pools, and bodies of sheets. Who
    # delivers an order changes the board as well.
    assert read - set(_READS.findall(store.MARKS)) <= {"offer_terms", "pool_odds", "deliveries"}
