"""The world of the real actions: commands over a database, many members in one transaction, and forged ones."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from api.runtime.clock import Mint, SeededDice
from api.runtime.database import Database, Plans
from api.simulate import forging
from api.simulate.bots import House
from api.simulate.crowd import Begun, Bot, Draw, Found, Turn, number_of
from api.simulate.forging import Forgery, Scene, new_key
from api.simulate.house import read_house
from api.simulate.wanted import ADULT, Kind, Wanted
from game.board.rules.moves import Move
from game.checkin.actions import CheckIn, check_in
from game.chests.actions import (
    ChestQueued,
    Drop,
    HurryChest,
    OpenChest,
    QueueChest,
    hurry_chests,
    open_chests,
    queue_chests,
)
from game.orders.actions import Played, PlayMoves, play_moves, read_orders
from game.quests.actions import ClaimQuest, claim_quests, read_quests_of
from game.quests.rules.content import Quest
from game.refills.actions import RefillEnergy, refill_energy
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
_BATCHES_BITS = 12

Action = Callable[[Work, Sequence[Any]], Awaitable[list[Any]]]


class TurnDice(SeededDice):
    """Dice that begin anew for each batch, so that what happens in one batch never shifts the chances of another."""

    def start_at(self, *place: int) -> None:
        super().__init__(number_of(*place))


class Acting:
    """Members on one database, played by the actions. `place` tells worlds with chances of their own apart."""

    def __init__(self, wanted: Wanted, url: str, place: tuple[int, int, int]) -> None:
        self._wanted = wanted
        self._dice = TurnDice(0)
        self._ids = TurnDice(0)
        self._keys = SeededDice(number_of(*place, 3))
        self.database = Database(url, pool_size=1, dice=self._dice, mint=Mint(self._ids), plans=Plans.BY_KEYS)
        self._place = place
        self._vault = AesVault(b"simulation %d" % wanted.seed)
        self._batch = 0
        self._house: House | None = None
        self._last: dict[int, tuple[PlayMoves, Played]] = {}
        self.found = Found()

    @property
    def house(self) -> House:
        assert self._house is not None, "the crowd has settled in"
        return self._house

    async def admit(self, members: Sequence[tuple[int, Kind]]) -> list[Begun]:
        now = self._wanted.begins
        async with self.database.read() as connection:
            self._house = await read_house(connection, now)
        begun: list[Begun] = []
        for first in range(0, len(members), _BATCH):
            begun += await self._make([number for number, _ in members[first : first + _BATCH]], first, now)
        return begun

    async def _make(self, numbers: Sequence[int], first: int, now: datetime) -> list[Begun]:
        stem = "-".join(map(str, self._place))
        subjects = [f"simulated-{stem}-{number}" for number in numbers]
        self._begin_chances(0, first)
        async with self.database.work() as work:
            made = await create_members(work, [NewMember(IdentityKind.LEGACY, each, now) for each in subjects])
        ids = [made[subject] for subject in subjects]
        years = [SetBirthYear(self._key(each), each, ADULT, now) for each in ids]
        await self._send(set_birth_years, years, 1)
        commands = [PlayMoves(self._key(each), each, 0, (), now) for each in ids]
        turns = [_turn(played) for played in await self._send(play_moves, commands, 2)]
        return [
            Begun(member_id, turn.board, turn.revision, turn.orders)
            for member_id, turn in zip(ids, turns, strict=True)
        ]  # fmt: skip

    def open_hour(self, day: int, hour: int) -> None:
        self._batch = (day * 24 + hour) << _BATCHES_BITS

    async def open_apps(self, visitors: Sequence[Bot], now: datetime) -> None:
        await self._send(
            open_apps, [OpenApp(self._key(bot.member_id), bot.member_id, None, now) for bot in visitors]
        )  # fmt: skip

    async def check_in(self, asked: Sequence[Bot], today: date, now: datetime) -> list[tuple[int, int] | None]:
        commands = [CheckIn(self._key(bot.member_id), bot.member_id, today, now) for bot in asked]
        return [
            None if isinstance(answer, Refused) else (answer.reward.diamonds, answer.reward.tickets)
            for answer in await self._send(check_in, commands)
        ]

    async def open_chests(self, asked: Sequence[tuple[Bot, int]], now: datetime) -> list[Sequence[Drop] | None]:
        commands = [OpenChest(self._key(bot.member_id), bot.member_id, number, now) for bot, number in asked]
        answers = await self._send(partial(open_chests, vault=self._vault), commands)
        return [None if isinstance(answer, Refused) else answer.drops for answer in answers]

    async def draw(self, asked: Sequence[Draw], now: datetime) -> list[bool]:
        commands = [
            DrawPrizes(self._key(bot.member_id), bot.member_id, pool.id, pool.sha256, count, now)
            for bot, pool, count in asked
        ]
        return _done(await self._send(partial(draw_prizes, vault=self._vault), commands))

    async def play(self, asked: Sequence[tuple[Bot, tuple[Move, ...]]], now: datetime) -> list[Turn | None]:
        commands = [
            PlayMoves(self._key(bot.member_id), bot.member_id, bot.knows.revision, planned, now)
            for bot, planned in asked
        ]
        turns: list[Turn | None] = []
        for (bot, _), command, answer in zip(asked, commands, await self._send(play_moves, commands), strict=True):
            if isinstance(answer, Played):
                if command.moves:
                    self._last[bot.seat] = (command, answer)
                turns.append(_turn(answer))
            else:
                turns.append(None)
        return turns

    async def queue_chests(
        self, asked: Sequence[tuple[Bot, int]], now: datetime
    ) -> list[tuple[datetime, datetime] | None]:
        commands = [QueueChest(self._key(bot.member_id), bot.member_id, number, now) for bot, number in asked]
        return [
            (answer.starts_at, answer.opens_at) if isinstance(answer, ChestQueued) else None
            for answer in await self._send(queue_chests, commands)
        ]

    async def hurry_chests(self, asked: Sequence[tuple[Bot, int, int]], now: datetime) -> list[bool]:
        commands = [
            HurryChest(self._key(bot.member_id), bot.member_id, number, most, now) for bot, number, most in asked
        ]
        return _done(await self._send(hurry_chests, commands))

    async def refill(self, asked: Sequence[tuple[Bot, int]], now: datetime) -> list[bool]:
        commands = [RefillEnergy(self._key(bot.member_id), bot.member_id, most, now) for bot, most in asked]
        return _done(await self._send(refill_energy, commands))

    async def find_claims(self, visitors: Sequence[Bot], now: datetime) -> list[tuple[Bot, Quest]]:
        async with self.database.read() as connection:
            found = await load_members(connection, [bot.member_id for bot in visitors])
            standing = await read_quests_of(connection, [found[bot.member_id] for bot in visitors], now)
        return [
            (bot, each.window.quest)
            for bot in visitors for each in standing[bot.member_id] if each.is_claimable
        ]  # fmt: skip

    async def claim_quests(self, asked: Sequence[tuple[Bot, Quest]], now: datetime) -> list[bool]:
        commands = [ClaimQuest(self._key(bot.member_id), bot.member_id, quest.code, now) for bot, quest in asked]
        return _done(await self._send(claim_quests, commands))

    async def forge(self, cheaters: Sequence[Bot], crowd: Sequence[Bot], today: date, now: datetime) -> None:
        """A night's forgeries of these; chests of the whole crowd are what they reach for."""
        others = sorted({number for bot in crowd for number in bot.knows.shelf})
        forged = []
        for at, bot in enumerate(cheaters):
            dice = SeededDice(number_of(*self._place, self._batch, at))
            scene = Scene(bot.member_id, bot.knows, self.house, today, now, dice, self._last.get(bot.seat), others)
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

    def _key(self, member_id: UUID) -> Any:
        return new_key(member_id, self._keys)

    def _begin_chances(self, *place: int) -> None:
        self._dice.start_at(*self._place, 1, *place)
        self._ids.start_at(*self._place, 2, *place)

    async def _send(
        self, action: Action, commands: Sequence[Any], batch: int | None = None, *, forged: bool = False
    ) -> list[Any]:
        """The answers to commands, in transactions of so many."""
        answers: list[Any] = []
        for first in range(0, len(commands), _BATCH):
            self._batch += 1
            self._begin_chances(self._batch if batch is None else batch, first)
            async with self.database.work() as work:
                answers += await action(work, commands[first : first + _BATCH])
        self.found.commands += len(commands)
        if not forged:
            self.found.refusals.update(str(each.code) for each in answers if isinstance(each, Refused))
        return answers


def _done(answers: Sequence[object]) -> list[bool]:
    return [not isinstance(answer, Refused) for answer in answers]


def _turn(played: Played) -> Turn:
    read = played.board
    board = read.board
    board.seed = b""
    refusal = played.result.refusal
    return Turn(
        board, read.revision, read_orders(board.content, read.orders),
        played.wallets[Currency.DIAMONDS].spendable(played.today),
        played.wallets[Currency.TICKETS].spendable(played.today),
        played.result.delivered, refusal.code if refusal else None,
    )  # fmt: skip
