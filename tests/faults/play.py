"""Clients that never give up, at play: each checks in, plays the board, draws, and has its seeds revealed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import httpx

from api.day.play import next_moves
from tests.faults.load import Load

LISTS = 6
DRAWS = 3
"""One for each ticket of the welcome; half of them after the first seed was revealed."""
# Shown as they stand now, whatever the answer was about.
_LIVE = {"board", "wallet", "refill"}


@dataclass
class Told:
    """What one member was told for good."""

    draws: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Draw -> epoch and nonce."""
    orders: set[int] = field(default_factory=set)
    moves: int = 0
    lists: int = 0
    chests: set[int] = field(default_factory=set)


@dataclass
class Play(Load):
    """The members' app on one server, from `start` to `stop`; `told` is by the name of the member."""

    told: defaultdict[str, Told] = field(default_factory=lambda: defaultdict(Told))

    async def round(self, client: httpx.AsyncClient, name: str) -> None:
        """One member's day."""
        member, told = f"Bearer demo:{name}", self.told[name]
        await self.ask(client, "mobile", member, "OpenApp", {})
        paid = await self.ask(client, "mobile", member, "CheckIn", {})
        assert paid["streak"]["length"] == 1, paid
        claimed = await self.ask(client, "mobile", member, "ClaimQuest", {"code": "daily-check-in"})
        assert claimed["quest"]["claimed"], claimed
        await self.play(client, member, told)
        await self.buy(client, member, told)
        await self.play(client, member, told)
        await self.open_chests(client, member, told)
        await self.ask(client, "mobile", member, "SetClientSeed", {"clientSeed": "mine"})
        for number in range(DRAWS):
            if number == DRAWS - 1:
                await self.ask(client, "mobile", member, "RevealSeed", {"clientSeed": "next"})
            await self.draw(client, member, told)
        self.finished.append(name)

    async def play(self, client: httpx.AsyncClient, member: str, told: Told) -> None:
        """Some lists of moves, each on the board as it was answered last."""
        for _ in range(LISTS):
            board = await self.ask(client, "mobile", member, "Board", {})
            fridge = next(each["index"] for each in board["cells"] if each["kind"] == "GENERATOR")
            moves = next_moves(board) if board["orders"] else [{"tap": {"cell": fridge}}] * 2
            if not moves:
                return
            done = await self.ask(
                client, "mobile", member, "PlayMoves", {"baseRevision": board["revision"], "commands": moves}
            )
            assert (done["applied"], done["refusal"]) == (len(moves), None), done
            told.moves, told.lists = told.moves + len(moves), told.lists + 1
            told.orders |= {each["number"] for each in done["delivered"]}

    async def buy(self, client: httpx.AsyncClient, member: str, told: Told) -> None:
        """Energy for diamonds that an operator gave, and another order; each is a revision of the board."""
        me = await self.ask(client, "mobile", member, "Me", {})
        gift = {"memberId": me["id"], "currency": "DIAMONDS", "amount": 100, "reason": "for the test"}
        await self.ask(client, "admin", "Bearer demo:ann:support", "AdjustWallet", gift)
        filled = await self.ask(client, "mobile", member, "RefillEnergy", {"mostDiamonds": 20})
        assert (filled["diamonds"], filled["energy"]) == (20, 100), filled
        board = await self.ask(client, "mobile", member, "Board", {})
        order = {"baseRevision": board["revision"], "order": board["orders"][-1]["number"]}
        done = await self.ask(client, "mobile", member, "RerollOrder", {**order, "mostDiamonds": 0})
        assert done["diamonds"] == 0, done
        told.lists += 2

    async def open_chests(self, client: httpx.AsyncClient, member: str, told: Told) -> None:
        """Unlocks, hurries and opens what the orders earned."""
        shelf = await self.ask(client, "mobile", member, "Chests", {})
        for number in [each["number"] for each in shelf["chests"]]:
            await self.ask(client, "mobile", member, "QueueChest", {"number": number})
            await self.ask(client, "mobile", member, "HurryChest", {"number": number, "mostDiamonds": 60})
            opened = await self.ask(client, "mobile", member, "OpenChest", {"number": number})
            assert opened["drops"], opened
            told.chests.add(number)

    async def draw(self, client: httpx.AsyncClient, member: str, told: Told) -> None:
        pools = await self.ask(client, "mobile", member, "Pools", {})
        pool = next(each for each in pools if each["takesTickets"])
        seed = await self.ask(client, "mobile", member, "Seed", {})
        drawn = await self.ask(client, "mobile", member, "Draw", {"poolId": pool["id"], "oddsHash": pool["oddsHash"]})
        [made] = drawn["draws"]
        assert made["nonce"] == seed["nextNonce"], "the nonce is the one that was due, whatever was tried before"
        told.draws[made["id"]] = (seed["epoch"], made["nonce"])

    def same(self, again: dict[str, Any], first: dict[str, Any]) -> bool:
        """What was done is as it was; what stands now has gone on since."""
        return {name: value for name, value in again.items() if name not in _LIVE} == {
            name: value for name, value in first.items() if name not in _LIVE
        }
