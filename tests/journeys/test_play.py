"""A member plays over HTTP: the board opens, goods merge, an order pays, a level opens, home shows it all."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from api.mobile.home import Screens
from api.settings import Settings
from game.home.actions import Home, HomeRead
from game.home.store import Reader
from loyalty.refusals import Refused
from tests.edge import Edge, open_edge

MEI, LI, TILL = "demo:mei", "demo:li", "demo:taipei-1"
FRIDGE = 23
TAP = {"tap": {"cell": FRIDGE}}


@pytest.fixture
async def edge(settings: Settings) -> AsyncIterator[Edge]:
    async with open_edge(settings) as opened:
        yield opened


async def play(edge: Edge, *commands: Any, who: str = MEI) -> Any:
    revision = (await edge.ask("mobile", "Board", who))["revision"]
    played = await edge.ask("mobile", "PlayMoves", who, baseRevision=revision, commands=list(commands))
    assert "applied" in played, played
    return played


async def lay(edge: Edge, words: list[str]) -> list[int]:
    """Puts goods into empty cells; where they lie."""
    [(text, units)] = await edge.rows("SELECT cells::text, units FROM boards")
    stored = json.loads(text)
    free = [cell for cell, word in enumerate(stored) if word == "."][: len(words)]
    for cell, word in zip(free, words, strict=True):
        stored[cell] = word
        units += 2 ** (int(word.rpartition(".")[2]) - 1)
    await edge.execute("UPDATE boards SET cells = $1::jsonb, units = $2", json.dumps(stored), units)
    return free


async def deliver_first(edge: Edge) -> Any:
    """Lays what the first order asks for and delivers it."""
    order = (await edge.ask("mobile", "Board", MEI))["orders"][0]
    await lay(edge, [f"{item['chain']}.{item['level']}" for item in order["items"]])
    return order, await play(edge, {"deliver": {"order": order["number"]}})


async def test_a_member_taps_merges_delivers_and_claims(edge: Edge) -> None:
    board = await edge.ask("mobile", "Board", MEI)
    assert (board["revision"], board["energy"]["now"], board["orders"]) == (0, 100, [])
    assert [board["cells"][FRIDGE]["kind"], board["cells"][0]["kind"], board["cells"][0]["item"]] == [
        "GENERATOR", "BOX", None,
    ]  # fmt: skip
    opened = await play(edge)
    assert len(opened["board"]["orders"]) == 4
    tapped = await play(edge, TAP)
    assert (tapped["applied"], tapped["board"]["energy"]["now"]) == (1, 99)
    lower, upper = await lay(edge, ["produce.3", "produce.3"])
    merged = await play(edge, {"merge": {"from": lower, "to": upper}})
    assert merged["board"]["cells"][upper]["item"] == {"chain": "produce", "level": 4}
    stored = await play(
        edge, {"store": {"cell": upper}}, {"retrieve": {"slot": 0, "cell": lower}}, {"sell": {"cell": lower}}
    )
    assert stored["applied"] == 3
    diamonds = 0
    while diamonds < 20:
        order, paid = await deliver_first(edge)
        assert paid["delivered"] == [{key: order[key] for key in ("number", "diamonds", "experience")}]
        diamonds += order["diamonds"]
        assert paid["wallet"]["diamonds"] == diamonds
    claimed = await play(edge, {"claimLevel": {"level": 2}})
    assert claimed["claimed"] == [{"level": 2, "diamonds": 10, "energy": 20, "cells": [6, 13]}]
    assert claimed["board"]["cells"][6]["generator"]["code"] == "crate"
    kinds = {node["kind"] for node in (await edge.ask("mobile", "Timeline", MEI, first=100))["nodes"]}
    assert kinds >= {"board_opened", "moves_played", "order_delivered", "level_claimed"}
    seen = await edge.ask("admin", "MemberBoard", "demo:ann:support", id=await edge.member_id(MEI))
    assert seen["board"]["level"] == 2
    exported = json.loads(await edge.ask("mobile", "ExportMyData", MEI))
    assert exported["play"]["deliveries"]
    await edge.check_books()


async def test_a_purchase_gives_energy_that_the_next_play_takes(edge: Edge) -> None:
    card = await edge.card(MEI)
    await play(edge)
    await edge.ask("till", "RecordReceipt", TILL, receipt=edge.receipt(card, 100_000))
    waiting = [each for each in (await edge.ask("mobile", "Home", MEI))["notices"] if each["kind"] == "GIFTS_WAIT"]
    assert [each["subject"] for each in waiting] == ["ENERGY"]
    taken = await play(edge)
    assert taken["board"]["energy"]["now"] == 100 + waiting[0]["amount"]
    assert not [each for each in (await edge.ask("mobile", "Home", MEI))["notices"] if each["kind"] == "GIFTS_WAIT"]


async def test_names_come_in_the_callers_language(edge: Edge) -> None:
    chains = {locale: await edge.ask("mobile", "Chains", MEI, locale) for locale in ("en", "zh-TW")}
    assert [chains["en"][0]["levels"][0]["name"], chains["zh-TW"][0]["levels"][0]["name"]] == ["Milk", "鮮奶"]
    assert [len(chain["levels"]) for chain in chains["en"]] == [8] * 6
    assert {chain["code"]: chain["opensAtLevel"] for chain in chains["en"]}["oral-care"] == 5


async def test_home_shows_what_each_section_shows_by_itself(edge: Edge) -> None:
    await play(edge, TAP)
    await edge.give(MEI, 1_000)
    await edge.buy(MEI, "NT$50 off NT$300")
    home = await edge.ask("mobile", "Home", MEI)
    assert all(
        home[name] is not None for name in ("member", "board", "orders", "streak", "pools", "coupons", "notices")
    )
    assert home["board"]["revision"] == 1
    board = await edge.ask("mobile", "Board", MEI)
    assert [cell["kind"] for cell in home["board"]["cells"]] == [cell["kind"] for cell in board["cells"]]
    profile = await edge.ask("mobile", "Profile", MEI)
    assert home["member"]["wallet"]["points"] == profile["wallet"]["points"]
    assert home["member"]["tier"]["code"] == "general"
    assert [coupon["id"] for coupon in home["coupons"]] == [
        node["id"] for node in (await edge.ask("mobile", "Coupons", MEI, first=10, state="ISSUED"))["nodes"]
    ]  # fmt: skip
    assert len(home["pools"]) == 2


def forget_screens(edge: Edge) -> None:
    """The next first screen is read from its rows."""
    for server in edge.servers:
        if (screens := server._shared.get(Screens)) is not None:  # of several servers one may have shown none yet
            screens._shown.clear()


async def member_of(edge: Edge, who: str) -> UUID:
    await edge.card(who)
    [(member,)] = await edge.rows("SELECT member_id FROM identities WHERE subject = $1", who.removeprefix("demo:"))
    return UUID(str(member))  # not the driver's own class


async def read_home(edge: Edge, who: str = MEI, locale: str = "en") -> Any:
    member = await member_of(edge, who)
    home = edge.services.once(Home, Home)
    async with edge.database.read() as connection:
        return await home.read(connection, member, edge.now(), locale)


async def test_home_is_one_statement_for_every_member_once_it_is_known(edge: Edge) -> None:
    for who in (MEI, LI):
        await play(edge, TAP, who=who)
        await edge.give(who, 1_000)
        await edge.buy(who, "NT$50 off NT$300")
        await edge.ask("mobile", "CheckIn", who)
    await read_home(edge)
    await read_home(edge)
    for who in (MEI, LI, MEI):
        assert (await read_home(edge, who)).statements == 1
    await edge.card("demo:new")
    for who in ("demo:new", MEI, "demo:new"):
        await read_home(edge, who)
        assert (await read_home(edge, who)).statements == 1


async def test_screens_read_together_are_what_each_is_read_alone(edge: Edge) -> None:
    asked = []
    for who, locale in ((MEI, "en"), (LI, "zh-TW"), ("demo:new", "en"), ("demo:barred", "en"), (MEI, "zh-TW")):
        asked.append((await member_of(edge, who), locale))
    await play(edge, TAP)
    await play(edge, TAP, TAP, who=LI)
    await edge.give(MEI, 1_000)
    await edge.buy(MEI, "NT$50 off NT$300")
    await edge.ask("mobile", "CheckIn", LI)
    await edge.execute("UPDATE members SET status = 'SUSPENDED' WHERE id = $1", asked[3][0])
    now = edge.now()

    def shown(read: Any) -> Any:
        return read.code if isinstance(read, Refused) else replace(read, statements=0)

    async def alone(connection: Any, member_id: UUID, locale: str) -> Any:
        try:
            return await Home().read(connection, member_id, now, locale)
        except Refused as refused:
            return refused

    async with edge.database.read() as connection:
        apart = [shown(await alone(connection, *each)) for each in asked]
        home = Home()
        for _ in range(3):  # without a plan, with that of some of them, and with all that is to be known
            together = await home.read_many(connection, asked, now)
            for one, other in zip(apart, together, strict=True):
                assert shown(other) == one
        assert isinstance(together[3], Refused)
        assert {each.statements for each in together if isinstance(each, HomeRead)} == {1}
        assert len({each.version for each in together if isinstance(each, HomeRead)}) == 4


async def change_board(edge: Edge) -> None:
    await play(edge, TAP)


async def change_wallet(edge: Edge) -> None:
    await edge.give(MEI, 5)


async def change_coupons(edge: Edge) -> None:
    await edge.give(MEI, 1_000)
    await read_home(edge)
    await edge.buy(MEI, "NT$50 off NT$300")


async def change_streak(edge: Edge) -> None:
    await edge.ask("mobile", "CheckIn", MEI)


async def change_notices(edge: Edge) -> None:
    asked = {"target": "board", "message": "Back at noon.", "reason": "for the test"}
    await edge.ask("admin", "Pause", "demo:olga:owner", **asked)


async def change_pools(edge: Edge) -> None:
    [(slug,)] = await edge.rows("SELECT slug FROM pools ORDER BY id LIMIT 1")
    asked = {"target": f"pool:{slug}", "message": "Back at noon.", "reason": "for the test"}
    await edge.ask("admin", "Pause", "demo:olga:owner", **asked)


async def change_energy_by_time(edge: Edge) -> None:
    edge.ahead += timedelta(seconds=121)


async def change_sheets(edge: Edge) -> None:
    await edge.publish("another-offer")


CHANGES: list[Callable[[Edge], Awaitable[None]]] = [
    change_wallet, change_board, change_streak, change_coupons, change_pools, change_notices, change_sheets,
    change_energy_by_time,
]  # fmt: skip


async def test_the_version_stays_while_nothing_changes_and_differs_when_any_section_does(edge: Edge) -> None:
    await play(edge, TAP)
    seen = []
    for change in CHANGES:
        before = await edge.ask("mobile", "Home", MEI)
        again = await edge.ask("mobile", "Home", MEI, ifVersion=before["version"])
        assert (again["unchanged"], again["version"], again["board"]) == (True, before["version"], None), change
        await change(edge)
        after = await edge.ask("mobile", "Home", MEI, ifVersion=before["version"])
        assert (after["unchanged"], after["version"] == before["version"]) == (False, False), change
        seen.append(after["version"])
    assert len(set(seen)) == len(CHANGES)
    other = await edge.ask("mobile", "Home", MEI, "zh-TW", ifVersion=seen[-1])
    assert other["unchanged"] is False, "another language is another screen"


async def test_equal_versions_show_the_same_whatever_time_has_passed(edge: Edge) -> None:
    await play(edge, *[TAP] * 10)
    shown: dict[str, Any] = {}
    for _ in range(40):
        edge.ahead += timedelta(seconds=17)
        home = await edge.ask("mobile", "Home", MEI)
        assert shown.setdefault(home["version"], home) == home
    contents = [json.dumps({**home, "version": ""}, sort_keys=True) for home in shown.values()]
    assert len(set(contents)) == len(contents), "and another version shows something else"
    assert 5 < len(shown) < 20


@pytest.mark.parametrize(
    ("section", "broken"),
    [("board", "UPDATE boards SET cells = (SELECT jsonb_agg('dairy'::text) FROM generate_series(1, 63))"),
     ("streak", "UPDATE streaks SET zone = 'Nowhere/Lost'")],
)  # fmt: skip
async def test_a_broken_section_leaves_the_others_standing(edge: Edge, section: str, broken: str) -> None:
    await play(edge, TAP)
    await edge.ask("mobile", "CheckIn", MEI)
    await edge.ask("mobile", "Home", MEI)
    await edge.execute(broken)
    home = await edge.ask("mobile", "Home", MEI)
    assert home[section] is None
    assert all(home[name] is not None for name in {"member", "board", "streak", "pools", "coupons"} - {section})


async def test_a_statement_that_fails_breaks_its_section_alone(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    await play(edge, TAP)
    before = await edge.ask("mobile", "Home", MEI)
    asked = Reader.fetch

    async def fetch(self: Reader, statement: str, *arguments: Any) -> list[Any]:
        return await asked(self, statement.replace("FROM streaks", "FROM no_such_table"), *arguments)

    monkeypatch.setattr(Reader, "fetch", fetch)
    forget_screens(edge)
    home = await edge.ask("mobile", "Home", MEI)
    assert home["streak"] is None
    assert home["board"] == before["board"]
    monkeypatch.undo()
    assert (await edge.ask("mobile", "Home", MEI))["streak"] is not None


async def test_a_plan_that_the_database_refuses_is_read_section_by_section(edge: Edge) -> None:
    await edge.ask("mobile", "Home", MEI)
    for server in edge.servers:
        server.once(Home, Home)._plan = (("SELECT 1 AS one WHERE $1::int / 0 = 1", (1,)),)
    forget_screens(edge)
    assert (await edge.ask("mobile", "Home", MEI))["board"] is not None


async def test_a_sheet_that_does_not_fit_the_others_is_not_published(edge: Edge) -> None:
    [(levels,)] = await edge.rows("SELECT body::text FROM sheets WHERE kind = 'levels'")
    wrong = levels.replace('"frozen"', '"fresh-fish"')
    refused = await edge.publish_sheet("levels", "current", wrong, based_on=1)
    assert refused["code"] == "SHEET_INVALID"
    assert "there is no chain 'fresh-fish'" in refused["message"]
    assert await edge.rows("SELECT version FROM sheets WHERE kind = 'levels'") == [(1,)]
    fits = json.loads(levels)
    fits["levels"][0]["experience"] = 25
    published = await edge.publish_sheet("levels", "current", fits, based_on=1)
    assert published["version"] == 2
    assert (await edge.ask("mobile", "Board", MEI))["nextLevelExperience"] == 25


async def test_nothing_that_a_box_hides_is_told(edge: Edge) -> None:
    text = json.dumps(await edge.ask("mobile", "Home", MEI))
    assert "cupboard" not in text
    assert "oral-care" not in text
