"""A crowd of bots: what they do in each hour of the season, in whichever world they live."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple, Protocol
from uuid import UUID

from api.runtime.clock import SeededDice
from api.simulate import bots
from api.simulate.bots import MANNERS, QUEST_HOURS, House, Knows, PoolShown
from api.simulate.planning import is_dead, plan
from api.simulate.wanted import Kind, Wanted
from game.board.rules import moves
from game.board.rules.moves import Board, Move
from game.chests.actions import Drop
from game.chests.rules import timers
from game.chests.rules.content import ChestPrize
from game.orders.rules import Delivered, Order, can_be_filled
from game.quests.rules.content import Quest

_ROUND_SECONDS = 75
_PART_BITS = 32
_HABITS = 7

Take = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Found:
    """What answers alone tell: refusals by code, boards on which nothing can be done, orders nobody can fill."""

    members: list[tuple[UUID, Kind]] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)
    forged: Counter[str] = field(default_factory=Counter)
    forged_refusals: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    dead: int = 0
    impossible: int = 0
    commands: int = 0
    cpu_seconds: float = 0.0
    thinking_seconds: float = 0.0

    def add(self, other: Found) -> None:
        """Takes in what another lane found."""
        self.members += other.members
        for mine, theirs in (
            (self.refusals, other.refusals), (self.forged, other.forged), (self.accepted, other.accepted),
            (self.forged_refusals, other.forged_refusals),
        ):  # fmt: skip
            mine.update(theirs)
        self.dead += other.dead
        self.impossible += other.impossible
        self.commands += other.commands
        self.cpu_seconds += other.cpu_seconds
        self.thinking_seconds += other.thinking_seconds


@dataclass(slots=True)
class Bot:
    """One member and the way it plays. `dice` are its own: for what it likes, not for what happens to it.

    `seat` is its place in its world.
    """

    seat: int
    member_id: UUID
    kind: Kind
    dice: SeededDice
    knows: Knows


Draw = tuple[Bot, PoolShown, int]
"""Who draws, from which pool, how often."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A member as it begins: the board that everybody starts with, and its orders."""

    member_id: UUID
    board: Board
    revision: int
    orders: tuple[Order, ...]


class Turn(NamedTuple):
    """What a list of moves came to, as the app shows it. The board tells its bot no seed."""

    board: Board
    revision: int
    orders: tuple[Order, ...]
    diamonds: int
    tickets: int
    delivered: tuple[Delivered, ...]
    refusal: str | None


class World(Protocol):
    """Where a crowd plays: what each does is answered in the order asked, None (or False) where it was refused.

    Worlds count refusals in `found`. Members are known by `Bot.seat`.
    """

    found: Found

    @property
    def house(self) -> House:
        """What everybody can read."""

    async def admit(self, members: Sequence[tuple[int, Kind]]) -> list[Begun]:
        """Makes members by their numbers in the crowd, seat by seat, of age and each with a board."""

    def open_hour(self, day: int, hour: int) -> None:
        """Says that an hour of the season begins."""

    async def open_apps(self, visitors: Sequence[Bot], now: datetime) -> None: ...

    async def check_in(
        self, asked: Sequence[Bot], today: date, now: datetime
    ) -> list[tuple[int, int] | None]:  # fmt: skip
        """Diamonds and tickets that the day paid."""

    async def open_chests(self, asked: Sequence[tuple[Bot, int]], now: datetime) -> list[Sequence[Drop] | None]: ...

    async def draw(self, asked: Sequence[Draw], now: datetime) -> list[bool]: ...

    async def play(
        self, asked: Sequence[tuple[Bot, tuple[Move, ...]]], now: datetime
    ) -> list[Turn | None]:  # fmt: skip
        """Each list of moves, made on the board that the bot knows."""

    async def queue_chests(
        self, asked: Sequence[tuple[Bot, int]], now: datetime
    ) -> list[tuple[datetime, datetime] | None]:
        """From when until when each timer runs."""

    async def hurry_chests(self, asked: Sequence[tuple[Bot, int, int]], now: datetime) -> list[bool]:
        """Chest number and the most diamonds each."""

    async def refill(self, asked: Sequence[tuple[Bot, int]], now: datetime) -> list[bool]:
        """Energy for the most diamonds that each would pay; the board is one revision on."""

    async def find_claims(self, visitors: Sequence[Bot], now: datetime) -> list[tuple[Bot, Quest]]:
        """The quests that are done and wait to be claimed, one for each period."""

    async def claim_quests(self, asked: Sequence[tuple[Bot, Quest]], now: datetime) -> list[bool]: ...


def number_of(*parts: int) -> int:
    """One number for a place in a season: seeds of dice."""
    found = 0
    for part in parts:
        found = found << _PART_BITS | part
    return found


def rounds_of(visitors: Sequence[Bot]) -> int:
    """How many rounds the board is played in where these come together."""
    return max((MANNERS[bot.kind].rounds for bot in visitors), default=0)


class Crowd:
    """Members who are played together in one world. `place` tells crowds with chances of their own apart."""

    def __init__(self, wanted: Wanted, world: World, place: tuple[int, ...]) -> None:
        self._wanted = wanted
        self._place = place
        self.world = world
        self.bots: list[Bot] = []

    @property
    def found(self) -> Found:
        return self.world.found

    async def settle_in(self, members: Sequence[tuple[int, Kind]]) -> None:
        """Makes the members, of those numbers in the crowd."""
        for (number, kind), begun in zip(members, await self.world.admit(members), strict=True):
            own = SeededDice(number_of(*self._place, _HABITS, number))
            knows = Knows(begun.board, begun.revision, begun.orders)
            self.bots.append(Bot(len(self.bots), begun.member_id, kind, own, knows))
            self.found.members.append((begun.member_id, kind))

    def choose_hours(self) -> list[frozenset[int]]:
        """The ticks of one day at which each comes."""
        return [bots.hours_of_day(bot.kind, bot.dice) for bot in self.bots]

    async def tick(self, day: int, hour: int, visitors: Sequence[Bot], take_turn: Take) -> None:
        """One hour of one day: everybody who comes opens the app, checks in, opens chests and draws.

        Draws wait for `take_turn`: pools with stock are shared by all lanes, which draw in a fixed order.
        """
        asked = await self.arrive(day, hour, visitors)
        await take_turn()
        await self.draw(day, hour, asked)

    async def arrive(self, day: int, hour: int, visitors: Sequence[Bot]) -> list[Draw]:
        """Everybody who comes opens the app, checks in and opens chests; the draws that they want."""
        now, today = self._wanted.at(day, hour), self._wanted.day(day)
        self.world.open_hour(day, hour)
        await self.world.open_apps(visitors, now)
        await self._check_in(visitors, today, now)
        await self._open_chests(visitors, now)
        house = self.world.house
        return [
            (bot, pool, count)
            for bot in visitors for pool, count in bots.draws(bot.kind, bot.knows, house, today, bot.dice)
        ]  # fmt: skip

    async def draw(self, day: int, hour: int, asked: Sequence[Draw]) -> None:
        """Makes these draws, in their order."""
        now, today = self._wanted.at(day, hour), self._wanted.day(day)
        for (bot, pool, count), done in zip(asked, await self.world.draw(asked, now), strict=True):
            if done:
                free = min(count, bot.knows.tickets) if pool.takes_tickets else 0
                bot.knows.tickets -= free
                bot.knows.diamonds -= (count - free) * pool.price_diamonds
                bot.knows.drew = count + (bot.knows.drew if bot.knows.drew_on == today else 0)
                bot.knows.drew_on = today

    async def play(self, day: int, hour: int, visitors: Sequence[Bot], rounds: int) -> datetime:
        """The board in so many rounds, then the chests that it earned, then quests; when all that is over."""
        now = self._wanted.at(day, hour)
        playing = list(visitors)
        for number in range(rounds):
            now += timedelta(seconds=_ROUND_SECONDS)
            playing = [bot for bot in playing if MANNERS[bot.kind].rounds > number]
            if number:
                await self._refill(playing, self._wanted.day(day), now)
            playing = await self._round(playing, now)
        await self._tend_chests(visitors, now)
        if hour in QUEST_HOURS:
            await self._claim_quests(visitors, now)
        return now

    async def _check_in(self, visitors: Sequence[Bot], today: date, now: datetime) -> None:
        chosen = [bot for bot in visitors if bots.checks_in(bot.kind, bot.knows, today, bot.dice)]
        for bot, paid in zip(chosen, await self.world.check_in(chosen, today, now), strict=True):
            if paid is not None:
                bot.knows.checked_in = today
                bot.knows.diamonds += paid[0]
                bot.knows.tickets += paid[1]

    async def _open_chests(self, visitors: Sequence[Bot], now: datetime) -> None:
        asked = [(bot, number) for bot in visitors for number in bots.chests_to_open(bot.knows, now)]
        for (bot, number), drops in zip(asked, await self.world.open_chests(asked, now), strict=True):
            if drops is not None:
                del bot.knows.shelf[number]
                bot.knows.opened.append(number)
                for drop in drops:
                    bot.knows.tickets += drop.amount if drop.prize is ChestPrize.TICKETS else 0
                    bot.knows.diamonds += drop.amount if drop.prize is ChestPrize.DIAMONDS else 0

    async def _round(self, playing: Sequence[Bot], now: datetime) -> list[Bot]:
        """A list of moves of everybody who has any; those who may have more."""
        asked = []
        began = time.perf_counter()
        for bot in playing:
            knows = bot.knows
            planned = plan(knows.board, knows.orders, now, MANNERS[bot.kind].style, knows.diamonds)
            if planned:
                asked.append((bot, planned))
        self.found.thinking_seconds += time.perf_counter() - began
        for (bot, _), turn in zip(asked, await self.world.play(asked, now), strict=True):
            if turn is not None:
                self._learn(bot, turn, now)
        return [bot for bot, _ in asked]

    async def _refill(self, playing: Sequence[Bot], today: date, now: datetime) -> None:
        """Energy for those who want it, who look at their boards again: gifts have been taken on the way."""
        asked = [
            (bot, price)
            for bot in playing if (price := bots.refill_price(bot.kind, bot.knows, self.world.house, today, now))
        ]  # fmt: skip
        refilled = []
        for (bot, price), done in zip(asked, await self.world.refill(asked, now), strict=True):
            if done:
                knows = bot.knows
                knows.refills = 1 + (knows.refills if knows.refilled_on == today else 0)
                knows.refilled_on = today
                knows.revision += 1
                knows.diamonds -= price
                refilled.append((bot, ()))
        for (bot, _), turn in zip(refilled, await self.world.play(refilled, now), strict=True):
            if turn is not None:
                self._learn(bot, turn, now)

    def _learn(self, bot: Bot, turn: Turn, now: datetime) -> None:
        knows, board = bot.knows, turn.board
        self.found.dead += is_dead(board)
        if turn.orders is not knows.orders:
            known = {order.number for order in knows.orders}
            new = [order for order in turn.orders if order.number not in known]
            if new:
                owned = moves.owned_chains(board)
                self.found.impossible += sum(not can_be_filled(board, order, owned) for order in new)
        knows.board, knows.revision, knows.orders = board, turn.revision, turn.orders
        knows.diamonds, knows.tickets = turn.diamonds, turn.tickets
        if turn.delivered:
            knows.delivered = turn.delivered[-1].number
            bots.earn_chests(knows, self.world.house, turn.delivered, now)
        if turn.refusal is not None:
            self.found.refusals[turn.refusal] += 1

    async def _tend_chests(self, visitors: Sequence[Bot], now: datetime) -> None:
        house = self.world.house
        asked = [(bot, number) for bot in visitors for number in bots.chests_to_queue(bot.knows, house, now)]
        for (bot, number), timed in zip(asked, await self.world.queue_chests(asked, now), strict=True):
            if timed is not None:
                chest = bot.knows.shelf[number]
                bot.knows.shelf[number] = timers.Chest(
                    number, chest.kind, chest.version, chest.unlock_seconds, chest.earned_at, *timed
                )
        hurried = [(bot, *found) for bot in visitors if (found := bots.chest_to_hurry(bot.kind, bot.knows, house, now))]
        for (bot, number, cost), done in zip(hurried, await self.world.hurry_chests(hurried, now), strict=True):
            if done:
                bot.knows.diamonds -= cost
                bot.knows.shelf = timers.hurry(bot.knows.shelf, number, now, slots=house.chests.slots)

    async def _claim_quests(self, visitors: Sequence[Bot], now: datetime) -> None:
        asked = await self.world.find_claims(visitors, now)
        for (bot, quest), done in zip(asked, await self.world.claim_quests(asked, now), strict=True):
            if done:
                bot.knows.diamonds += quest.reward.diamonds
                bot.knows.tickets += quest.reward.tickets
