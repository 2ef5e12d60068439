"""One lane: some of the members, played tick by tick in batches of many members a transaction."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from api.runtime.clock import Mint, SeededDice
from api.runtime.database import Database
from api.simulate import bots, forging
from api.simulate.bots import HOURS, MANNERS, QUEST_HOURS, House, Knows
from api.simulate.forging import Forgery, Scene, new_key
from api.simulate.house import read_house
from api.simulate.planning import is_dead, plan
from api.simulate.wanted import Kind, Wanted
from game.board.rules import moves
from game.checkin.actions import CheckIn, check_in
from game.chests.actions import (
    ChestQueued,
    HurryChest,
    OpenChest,
    QueueChest,
    hurry_chests,
    open_chests,
    queue_chests,
)
from game.chests.rules import timers
from game.orders.actions import Played, PlayMoves, play_moves, read_orders
from game.orders.rules import can_be_filled
from game.quests.actions import ClaimQuest, claim_quests, read_quests_of
from loyalty.ledger.rules import Currency
from loyalty.members.actions import (
    NewMember,
    OpenApp,
    SetBirthYear,
    create_members,
    load_members,
    open_apps,
    set_birth_years,
)  # fmt: skip
from loyalty.members.rules import IdentityKind
from loyalty.refusals import Refused
from loyalty.work import Work
from rewards.fairness.actions import AesVault
from rewards.gacha.actions import DrawPrizes, draw_prizes

_BATCH = 400
_ROUND_SECONDS = 75
_ADULT = 1990
_PART_BITS = 32
_BATCHES_BITS = 12

Command = TypeVar("Command")
Action = Callable[[Work, Sequence[Any]], Awaitable[list[Any]]]
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


class TurnDice(SeededDice):
    """Dice that begin anew for each batch, so that what happens in one batch never shifts the chances of another."""

    def start_at(self, *place: int) -> None:
        super().__init__(_number(*place))


@dataclass(slots=True)
class Bot:
    """One member and the way it plays. `dice` are its own: for what it likes, not for what happens to it."""

    member_id: UUID
    kind: Kind
    dice: SeededDice
    knows: Knows
    last: tuple[PlayMoves, Played] | None = None


class Crowd:
    """Members who are played together on one database. `number` tells crowds with chances of their own apart."""

    def __init__(self, wanted: Wanted, url: str, lane: int, number: int, *, forges: bool) -> None:
        self._wanted = wanted
        self._dice = TurnDice(0)
        self._ids = TurnDice(0)
        self.database = Database(url, pool_size=1, dice=self._dice, mint=Mint(self._ids))
        self._place = (wanted.seed, lane, number)
        self._forges = forges
        self._vault = AesVault(b"simulation %d" % wanted.seed)
        self._batch = 0
        self._house: House | None = None
        self.bots: list[Bot] = []
        self.found = Found()

    @property
    def house(self) -> House:
        assert self._house is not None, "the crowd has settled in"
        return self._house

    async def settle_in(self, kinds: Sequence[Kind]) -> None:
        """Makes the members, their years of birth and their boards."""
        now = self._wanted.begins
        async with self.database.read() as connection:
            self._house = await read_house(connection, now)
        for first in range(0, len(kinds), _BATCH):
            await self._make(kinds[first : first + _BATCH], first, now)

    async def _make(self, kinds: Sequence[Kind], first: int, now: datetime) -> None:
        stem = "-".join(map(str, self._place))
        subjects = [f"simulated-{stem}-{first + at}" for at in range(len(kinds))]
        self._begin(0, first)
        async with self.database.work() as work:
            made = await create_members(work, [NewMember(IdentityKind.LEGACY, each, now) for each in subjects])
        keys = SeededDice(first)
        ids = [made[subject] for subject in subjects]
        await self._send(set_birth_years, [SetBirthYear(new_key(each, keys), each, _ADULT, now) for each in ids], 1)
        commands = [PlayMoves(new_key(each, keys), each, 0, (), now) for each in ids]
        for at, (kind, played) in enumerate(zip(kinds, await self._send(play_moves, commands, 2), strict=True)):
            read = played.board
            read.board.seed = b""
            own = SeededDice(_number(*self._place, 7, first + at))
            knows = Knows(read.board, read.revision, read_orders(read.board.content, read.orders))
            self.bots.append(Bot(ids[at], kind, own, knows))
            self.found.members.append((ids[at], kind))

    async def tick(self, day: int, hour: int, visitors: Sequence[Bot], take_turn: Take) -> None:
        """One hour of one day: everybody who comes opens the app, checks in, opens chests, draws, plays and forges.

        Draws wait for `take_turn`: pools with stock are shared by all lanes, which draw in a fixed order.
        """
        now, today = self._wanted.at(day, hour), self._wanted.day(day)
        self._batch = (day * 24 + hour) << _BATCHES_BITS
        await self._send(open_apps, [OpenApp(self._key(bot), bot.member_id, None, now) for bot in visitors])
        await self._check_in(visitors, today, now)
        await self._open_chests(visitors, now)
        await take_turn()
        await self._draw(visitors, today, now)

    async def play(self, day: int, hour: int, visitors: Sequence[Bot]) -> None:
        """The board, then the chests that it earned, then what a cheater forges."""
        now = self._wanted.at(day, hour)
        rounds = max((MANNERS[bot.kind].rounds for bot in visitors), default=0)
        playing = list(visitors)
        for number in range(rounds):
            now += timedelta(seconds=_ROUND_SECONDS)
            playing = await self._round([bot for bot in playing if MANNERS[bot.kind].rounds > number], now)
        await self._tend_chests(visitors, now)
        if hour in QUEST_HOURS:
            await self._claim_quests(visitors, now)
        if hour == HOURS[-1] and self._forges:
            await self._forge([bot for bot in visitors if bot.kind is Kind.CHEATER], self._wanted.day(day), now)

    async def _check_in(self, visitors: Sequence[Bot], today: date, now: datetime) -> None:
        chosen = [bot for bot in visitors if bots.checks_in(bot.kind, bot.knows, today, bot.dice)]
        commands = [CheckIn(self._key(bot), bot.member_id, today, now) for bot in chosen]
        for bot, answer in zip(chosen, await self._send(check_in, commands), strict=True):
            if not isinstance(answer, Refused):
                bot.knows.checked_in = today
                bot.knows.diamonds += answer.reward.diamonds
                bot.knows.tickets += answer.reward.tickets

    async def _open_chests(self, visitors: Sequence[Bot], now: datetime) -> None:
        asked = [(bot, number) for bot in visitors for number in bots.chests_to_open(bot.knows, now)]
        commands = [OpenChest(self._key(bot), bot.member_id, number, now) for bot, number in asked]
        answers = await self._send(partial(open_chests, vault=self._vault), commands)
        for (bot, number), answer in zip(asked, answers, strict=True):
            if not isinstance(answer, Refused):
                del bot.knows.shelf[number]
                bot.knows.opened.append(number)
                for drop in answer.drops:
                    bot.knows.tickets += drop.amount if drop.prize.value == Currency.TICKETS.value else 0
                    bot.knows.diamonds += drop.amount if drop.prize.value == Currency.DIAMONDS.value else 0

    async def _draw(self, visitors: Sequence[Bot], today: date, now: datetime) -> None:
        asked = [
            (bot, pool, count)
            for bot in visitors for pool, count in bots.draws(bot.kind, bot.knows, self.house, today, bot.dice)
        ]  # fmt: skip
        commands = [
            DrawPrizes(self._key(bot), bot.member_id, pool.id, pool.sha256, count, now) for bot, pool, count in asked
        ]
        answers = await self._send(partial(draw_prizes, vault=self._vault), commands)
        for (bot, _, count), answer in zip(asked, answers, strict=True):
            if not isinstance(answer, Refused):
                bot.knows.drew = count + (bot.knows.drew if bot.knows.drew_on == today else 0)
                bot.knows.drew_on = today

    async def _round(self, playing: Sequence[Bot], now: datetime) -> list[Bot]:
        """A list of moves of everybody who has any; those who may have more."""
        asked = []
        began = time.process_time()
        for bot in playing:
            planned = plan(bot.knows.board, bot.knows.orders, now, MANNERS[bot.kind].style)
            if planned:
                asked.append((bot, PlayMoves(self._key(bot), bot.member_id, bot.knows.revision, planned, now)))
        self.found.thinking_seconds += time.process_time() - began
        answers = await self._send(play_moves, [command for _, command in asked])
        for (bot, command), answer in zip(asked, answers, strict=True):
            if isinstance(answer, Played):
                self._learn(bot, answer, now)
                bot.last = (command, answer)
        return [bot for bot, _ in asked]

    def _learn(self, bot: Bot, answer: Played, now: datetime) -> None:
        knows, read = bot.knows, answer.board
        board = read.board
        board.seed = b""
        orders = read_orders(board.content, read.orders)
        known = {order.number for order in knows.orders}
        self.found.dead += is_dead(board)
        if any(order.number not in known for order in orders):
            owned = moves.owned_chains(board)
            self.found.impossible += sum(
                not can_be_filled(board, order, owned) for order in orders if order.number not in known
            )
        knows.board, knows.revision, knows.orders = board, read.revision, orders
        knows.diamonds = answer.wallets[Currency.DIAMONDS].spendable(answer.today)
        knows.tickets = answer.wallets[Currency.TICKETS].spendable(answer.today)
        if answer.result.delivered:
            knows.delivered = answer.result.delivered[-1].number
            bots.earn_chests(knows, self.house, answer.result.delivered, now)
        if answer.result.refusal is not None:
            self.found.refusals[answer.result.refusal.code] += 1

    async def _tend_chests(self, visitors: Sequence[Bot], now: datetime) -> None:
        asked = [(bot, number) for bot in visitors for number in bots.chests_to_queue(bot.knows, self.house, now)]
        commands = [QueueChest(self._key(bot), bot.member_id, number, now) for bot, number in asked]
        for (bot, number), answer in zip(asked, await self._send(queue_chests, commands), strict=True):
            if isinstance(answer, ChestQueued):
                chest = bot.knows.shelf[number]
                bot.knows.shelf[number] = timers.Chest(
                    number, chest.kind, chest.version, chest.unlock_seconds, chest.earned_at, answer.starts_at,
                    answer.opens_at,
                )  # fmt: skip
        hurried = [
            (bot, found) for bot in visitors if (found := bots.chest_to_hurry(bot.kind, bot.knows, self.house, now))
        ]
        orders = [HurryChest(self._key(bot), bot.member_id, number, cost, now) for bot, (number, cost) in hurried]
        for (bot, (number, cost)), done in zip(hurried, await self._send(hurry_chests, orders), strict=True):
            if not isinstance(done, Refused):
                bot.knows.diamonds -= cost
                bot.knows.shelf = timers.hurry(bot.knows.shelf, number, now, slots=self.house.chests.slots)

    async def _claim_quests(self, visitors: Sequence[Bot], now: datetime) -> None:
        async with self.database.read() as connection:
            found = await load_members(connection, [bot.member_id for bot in visitors])
            standing = await read_quests_of(connection, [found[bot.member_id] for bot in visitors], now)
        asked = [
            (bot, each.window.quest)
            for bot in visitors for each in standing[bot.member_id] if each.is_claimable
        ]  # fmt: skip
        commands = [ClaimQuest(self._key(bot), bot.member_id, quest.code, now) for bot, quest in asked]
        for (bot, quest), answer in zip(asked, await self._send(claim_quests, commands), strict=True):
            if not isinstance(answer, Refused):
                bot.knows.diamonds += quest.reward.diamonds
                bot.knows.tickets += quest.reward.tickets

    async def _forge(self, cheaters: Sequence[Bot], today: date, now: datetime) -> None:
        others = sorted({number for bot in self.bots for number in bot.knows.shelf})
        forged = []
        for at, bot in enumerate(cheaters):
            dice = SeededDice(_number(*self._place, self._batch, at))
            scene = Scene(bot.member_id, bot.knows, self.house, today, now, dice, bot.last, others)
            forged += forging.forge(scene)
        by_action: dict[type, Action] = {
            PlayMoves: play_moves, CheckIn: check_in, QueueChest: queue_chests, HurryChest: hurry_chests,
            OpenChest: partial(open_chests, vault=self._vault), DrawPrizes: partial(draw_prizes, vault=self._vault),
        }  # fmt: skip
        for kind, action in by_action.items():
            chosen = [each for each in forged if type(each.command) is kind]
            answers = await self._send(action, [each.command for each in chosen], forged=True)
            for each, answer in zip(chosen, answers, strict=True):
                self._judge(each, answer)

    def _judge(self, forgery: Forgery, answer: object) -> None:
        self.found.forged[forgery.name] += 1
        if forging.is_accepted(forgery, answer):
            self.found.accepted[forgery.name] += 1
        elif isinstance(answer, Refused):
            self.found.forged_refusals[str(answer.code)] += 1
        elif isinstance(answer, Played) and answer.result.refusal is not None:
            self.found.forged_refusals[answer.result.refusal.code] += 1

    def _key(self, bot: Bot) -> Any:
        return new_key(bot.member_id, bot.dice)

    def _begin(self, *place: int) -> None:
        self._dice.start_at(*self._place, 1, *place)
        self._ids.start_at(*self._place, 2, *place)

    async def _send(
        self, action: Action, commands: Sequence[Any], batch: int | None = None, *, forged: bool = False
    ) -> list[Any]:
        """The answers to commands, in transactions of so many."""
        answers: list[Any] = []
        for first in range(0, len(commands), _BATCH):
            self._batch += 1
            self._begin(self._batch if batch is None else batch, first)
            async with self.database.work() as work:
                answers += await action(work, commands[first : first + _BATCH])
        self.found.commands += len(commands)
        if not forged:
            self.found.refusals.update(str(each.code) for each in answers if isinstance(each, Refused))
        return answers


def _number(*parts: int) -> int:
    found = 0
    for part in parts:
        found = found << _PART_BITS | part
    return found


async def run_lane(
    wanted: Wanted, lane: int, url: str, twin_url: str, take_turn: Take, pass_turn: Callable[[], None],
    tell: Callable[[int], None],
) -> tuple[Found, Found]:  # fmt: skip
    """Plays the lane's members through the season: what was found, and of twins where it plays those.

    A cheater's twin is the same member with the same chances on another database, who forges nothing.
    """
    kinds = wanted.kinds()
    honest = [kind for kind in kinds if kind is not Kind.CHEATER][lane :: wanted.lanes]
    # The first lane has the cheaters and the last one their twins: few members each, so one batch rather than several.
    cheaters = [kind for kind in kinds if kind is Kind.CHEATER]
    crowd = Crowd(wanted, url, lane, 0, forges=False)
    forgers = Crowd(wanted, url, 0, 1, forges=True)
    twins = Crowd(wanted, twin_url, 0, 1, forges=False)
    twinned = cheaters if lane == wanted.lanes - 1 else []
    crowds = ((crowd, honest), (forgers, cheaters if lane == 0 else []), (twins, twinned))
    try:
        for each, members in crowds:
            await each.settle_in(members)
        for day in range(wanted.days):
            calendars = [[bots.hours_of_day(bot.kind, bot.dice) for bot in each.bots] for each, _ in crowds]
            for hour in HOURS:
                coming = [
                    [bot for bot, hours in zip(each.bots, calendar, strict=True) if hour in hours]
                    for (each, _), calendar in zip(crowds, calendars, strict=True)
                ]
                for (each, _), visitors in zip(crowds, coming, strict=True):
                    await each.tick(day, hour, visitors, take_turn)
                pass_turn()
                for (each, _), visitors in zip(crowds, coming, strict=True):
                    await each.play(day, hour, visitors)
            tell(len(crowd.bots) + len(forgers.bots))
            await asyncio.sleep(0)
    finally:
        for each, _ in crowds:
            await each.database.close()
    crowd.found.add(forgers.found)
    crowd.found.thinking_seconds += twins.found.thinking_seconds
    crowd.found.cpu_seconds = time.process_time()
    return crowd.found, twins.found
