"""The same season through the actions over a database and by the rules in memory: every member ends alike."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from api.commands.simulate import JSON, run_by_rules
from api.content import seed_files
from api.runtime.database import Database
from api.simulate import databases
from api.simulate.chances import Fate
from api.simulate.crowd import Crowd, Found
from api.simulate.quick import play_lane, simulate_by_rules
from api.simulate.rulebook import Rulebook, read_rulebook
from api.simulate.ruling import Ruling
from api.simulate.season import Simulated, simulate
from api.simulate.seats import Seat
from api.simulate.tally import Tally, figures_of
from api.simulate.wanted import Kind, Wanted, changed_by, parse_mix
from game.board.actions.book import parse_row
from game.board.actions.rows import read_board_row
from game.board.rules.content import Content
from game.board.rules.moves import Board
from game.checkin.actions.book import streak_of
from game.chests.actions.book import read_chest
from game.orders.actions import read_orders
from game.orders.rules import Order
from rewards.fairness.actions import AesVault
from rewards.fairness.actions.book import read_epoch, unseal
from tests.conftest import Servers

MIX = parse_mix("casual=2,daily=4,optimiser=2,cheater=1")
# Stock ends within the season, draws are cheap, appointments wait all day, and bubbles come often.
LIVELY = [
    "odds.treasure.prizes.enamel-mug.stock=2",
    "odds.treasure.price_diamonds=8",
    "board.current.bubble_ppm=300000",
    "board.current.bubble_level=2",
    "board.current.bubble_diamonds=2",
    "board.current.refill.diamonds=1",
    'orders.current.appointments.after-work.from="09:00"',
    "orders.current.appointments.after-work.level=1",
]


class Alone:
    """The turns of a season that one lane plays. They come late: some play before anybody draws, and some after."""

    def __init__(self) -> None:
        self._looks = 0

    def come(self) -> bool:
        self._looks += 1
        return self._looks % 3 == 0

    async def take(self) -> None: ...

    def pass_on(self) -> None: ...


@dataclass
class Recorded:
    """The ids and seeds that a season through the actions had, read from its rows."""

    pools: dict[str, UUID]
    fates: dict[tuple[int, ...], list[Fate]]
    gifts: dict[UUID, list[bytes]] = field(default_factory=lambda: defaultdict(list))

    def at(self, place: tuple[int, ...]) -> RecordedChances:
        return RecordedChances(self, self.fates[place])


@dataclass
class RecordedChances:
    """Those of one crowd. A gift more than there was has an id of its own: how many there were is compared."""

    recorded: Recorded
    fates: list[Fate]

    def pool_ids(self, slugs: Iterable[str]) -> Mapping[str, UUID]:
        return {slug: self.recorded.pools[slug] for slug in slugs}

    def fate(self, number: int) -> Fate:
        return self.fates[number]

    def gift_id(self, number: int, gift: int) -> bytes:
        known = self.recorded.gifts[self.fates[number].member_id]
        return known[gift] if gift < len(known) else gift.to_bytes(16)


async def read_recorded(connection: Any, wanted: Wanted, members: list[tuple[UUID, Kind]]) -> Recorded:
    vault = AesVault(b"simulation %d" % wanted.seed)
    boards = {row["member_id"]: row["seed"] for row in await connection.fetch("SELECT member_id, seed FROM boards")}
    epochs = {
        row["member_id"]: read_epoch(row) for row in await connection.fetch("SELECT * FROM seeds WHERE epoch = 1")
    }

    def fate(member_id: UUID) -> Fate:
        epoch = epochs.get(member_id)
        # Who neither drew nor opened a chest has no seeds yet, and needs none.
        seeds = (unseal(vault, epoch), epoch.client_seed or "") if epoch else (b"", "")
        return Fate(member_id, boards[member_id], *seeds)

    honest = [fate(member_id) for member_id, kind in members if kind is not Kind.CHEATER]
    cheaters = [fate(member_id) for member_id, kind in members if kind is Kind.CHEATER]
    pools = {row["slug"]: row["id"] for row in await connection.fetch("SELECT slug, id FROM pools")}
    found = Recorded(pools, {(wanted.seed, 0, 0): honest, (wanted.seed, 0, 1): cheaters})
    for row in await connection.fetch("SELECT member_id, id FROM grants ORDER BY id"):
        found.gifts[row["member_id"]].append(row["id"].bytes)
    return found


def told_board(board: Board, orders: tuple[Order, ...], next_order: int) -> dict[str, Any]:
    return {
        "cells": board.cells, "generators": board.generators, "storage": board.storage, "inbox": board.inbox,
        "level": board.level, "experience": board.experience, "energy": board.energy, "units": board.units,
        "merges": board.merges, "bubbles": board.bubbles, "orders": orders, "next_order": next_order,
    }  # fmt: skip


async def told_by_rows(connection: Any, content: Content, cap: int) -> dict[UUID, dict[str, Any]]:
    """All that rows hold of each member."""
    told: dict[UUID, dict[str, Any]] = {}
    for raw in await connection.fetch("SELECT * FROM boards"):
        row = parse_row(dict(raw))
        board = read_board_row(content, row, row["seed"], cap)
        told[row["member_id"]] = {
            **told_board(board, read_orders(content, row["orders"]), row["next_order"]), "lots": {}, "shelf": {},
            "chests": [0, 0], "claims": {}, "delivered": {}, "streak": None, "nonce": 0,
            "refills": None, "waiting": {}, "pity": {}, "gifts": 0,
        }  # fmt: skip
    for row in await connection.fetch("SELECT * FROM lots WHERE remaining > 0"):
        told[row["member_id"]]["lots"][row["currency"], row["provenance"], row["expires_on"]] = row["remaining"]
    for row in await connection.fetch("SELECT * FROM chests"):
        mine = told[row["member_id"]]
        mine["chests"][0] += 1
        mine["chests"][1] += row["opened_at"] is not None
        if row["opened_at"] is None:
            mine["shelf"][row["number"]] = read_chest(row)
    for row in await connection.fetch("SELECT * FROM quest_claims"):
        told[row["member_id"]]["claims"][row["code"], row["period"]] = row["progress"]
    days = "SELECT member_id, (at AT TIME ZONE 'Asia/Taipei')::date - DATE '2027-03-01' AS day, count(*) AS n"
    for row in await connection.fetch(f"{days} FROM deliveries GROUP BY 1, 2"):
        told[row["member_id"]]["delivered"][row["day"]] = row["n"]
    for row in await connection.fetch("SELECT member_id, day, max(number) AS n FROM refills GROUP BY 1, 2 ORDER BY 2"):
        told[row["member_id"]]["refills"] = (row["day"], row["n"])
    for row in await connection.fetch("SELECT * FROM streaks"):
        told[row["member_id"]]["streak"] = streak_of(row)
    for row in await connection.fetch("SELECT member_id, next_nonce FROM seeds WHERE epoch = 1"):
        told[row["member_id"]]["nonce"] = row["next_nonce"]
    for row in await connection.fetch("SELECT member_id, count(*) AS n FROM grants GROUP BY 1"):
        told[row["member_id"]]["gifts"] = row["n"]
    waiting = "SELECT member_id, kind, sum(amount)::int AS n FROM grants WHERE consumed_at IS NULL GROUP BY 1, 2"
    for row in await connection.fetch(waiting):
        told[row["member_id"]]["waiting"][row["kind"]] = row["n"]
    for row in await connection.fetch("SELECT member_id, pool_id, pity FROM pity"):
        told[row["member_id"]]["pity"][row["pool_id"]] = row["pity"]
    return told


def told_by_seat(seat: Seat, world: Ruling) -> dict[str, Any]:
    """The same of a member in memory."""
    waiting: dict[str, int] = {}
    for gift in seat.gifts:
        waiting[gift.kind.value] = waiting.get(gift.kind.value, 0) + gift.amount
    pity = {pool_id: world.standings.pity(seat.member.id, pool_id, 0) for pool_id in world.pools}
    drawn = {pool_id for pool_id in world.pools if world.standings.has_drawn(seat.member.id, pool_id)}
    return {
        **told_board(seat.board, seat.orders, seat.next_order),
        "refills": (seat.refilled.day, seat.refilled.number) if seat.refilled else None,
        "lots": {
            (currency.value, lot.provenance.value, lot.expires_on): units
            for currency, wallet in seat.wallets.items() for lot, units in wallet.lots.items() if units
        },
        "shelf": seat.shelf, "chests": [seat.chests_earned, seat.chests_opened], "claims": seat.claims,
        "delivered": dict(seat.delivered), "streak": seat.streak if seat.streak.last_day else None,
        "nonce": seat.next_nonce, "gifts": seat.gifts_given, "waiting": waiting,
        "pity": {each: pity[each] for each in drawn},
    }  # fmt: skip


@dataclass
class Both:
    """One season, played twice."""

    acted: Simulated
    rows: dict[UUID, dict[str, Any]]
    crowds: list[tuple[Crowd, Ruling]]
    book: Rulebook

    def differences(self) -> list[tuple[UUID, Kind, str, Any, Any]]:
        return [
            (seat.member.id, seat.kind, name, self.rows[seat.member.id][name], value)
            for _, world in self.crowds for seat in world.seats
            for name, value in told_by_seat(seat, world).items() if self.rows[seat.member.id][name] != value
        ]  # fmt: skip


async def play_both(servers: Servers, wanted: Wanted, by_rules: Wanted | None = None) -> Both:
    """The season through the actions; and by the rules with the ids and seeds that it had, under the same sheets.

    `by_rules` may name other sheets for the second.
    """
    acted = await asyncio.to_thread(simulate, servers.embedded, wanted, lambda done: None, keep=True)
    database = Database(databases.url_of(servers.embedded.database_url, acted.database), pool_size=1)
    book = read_rulebook((by_rules or wanted).changes)
    try:
        async with database.snapshot() as connection:
            recorded = await read_recorded(connection, wanted, acted.found.members)
            rows = await told_by_rows(connection, book.content, book.tier.energy_cap)
    finally:
        await database.close()
        await databases.drop(servers.embedded, acted.database)
    turns: Any = Alone()
    crowds = await play_lane(by_rules or wanted, 0, book, recorded.at, [0] * 9, turns, lambda done: None)
    return Both(acted, rows, crowds, book)


def season(seed: int, settings: list[str], days: int = 9) -> Wanted:
    return Wanted(9, days, seed % 2**31, MIX, 1, changed_by(seed_files(), settings, []))


@pytest.mark.parametrize("settings", [[], LIVELY], ids=["as it ships", "lively"])
async def test_a_season_by_the_rules_ends_as_the_one_through_the_actions(
    embedded_servers: Servers, seed: int, settings: list[str]
) -> None:
    wanted = season(seed, settings)
    both = await play_both(embedded_servers, wanted)
    assert both.acted.ok
    assert both.differences() == []
    found, tally = Found(), Tally()
    for _, world in both.crowds:
        found.add(world.found)
        tally.take(world, wanted)
    assert found.refusals == both.acted.found.refusals
    assert (found.dead, found.impossible) == (both.acted.found.dead, both.acted.found.impossible)
    assert figures_of(tally, wanted, both.book) == both.acted.figures
    # What was compared is worth comparing.
    rows = both.rows.values()
    for name in ("lots", "claims", "delivered", "streak", "nonce"):
        assert any(row[name] for row in rows), name
    assert both.acted.figures.draws > 10


@pytest.mark.parametrize(
    ("setting", "differs"),
    [("calendar.current.plain.diamonds=6", "lots"), ("orders.current.experience_per_mille=1001", "experience")],
)  # fmt: skip
async def test_one_number_more_in_one_of_the_two_is_seen(
    embedded_servers: Servers, seed: int, setting: str, differs: str
) -> None:
    wanted = season(seed, [], days=3)
    other = replace(wanted, changes=changed_by(seed_files(), [setting], []))
    both = await play_both(embedded_servers, wanted, other)
    assert differs in {name for _, _, name, _, _ in both.differences()}


def test_two_lanes_are_the_same_season_again_and_a_changed_number_shows(
    seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = replace(season(seed, ["orders.current.diamonds_per_mille=2000"], days=3), lanes=2)
    first, again = (simulate_by_rules(wanted, lambda done: None) for _ in range(2))
    assert first.figures == again.figures
    assert run_by_rules(wanted, None, tmp_path / "out", tmp_path / "kept", both=True) == 0
    document = json.loads((tmp_path / "out" / JSON).read_bytes())
    assert document["by"] == "rules"
    printed = capsys.readouterr().out
    assert "Before and after" in printed
    assert "by the rules alone" in printed
