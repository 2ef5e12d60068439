"""The world of the rules alone: members in memory, without database, actions, requests or events.

What an action orders around the rules (what it checks, pays and counts, and in which order) is done here once more,
without I/O; tests/journeys/test_simulate_rules.py plays the same season in both worlds and compares all of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, MutableSequence, Sequence
from datetime import date, datetime
from operator import attrgetter
from typing import NamedTuple, TypeVar
from uuid import UUID

from api.simulate.bots import PoolShown
from api.simulate.chances import Chances
from api.simulate.crowd import Begun, Bot, Draw, Found, Turn
from api.simulate.rulebook import Rulebook, limited
from api.simulate.seats import Gift, Seat
from api.simulate.wanted import ADULT, FIRST_DAY, ZONE, Kind, Wanted
from game.board.rules import moves
from game.board.rules.moves import Move, MoveKind
from game.checkin.rules import streaks
from game.checkin.rules.calendar import credits_of as credits_of_day
from game.checkin.rules.streaks import Streak
from game.chests.actions import Drop
from game.chests.rules import rolling, timers
from game.chests.rules.content import ChestPrize, gifts_of
from game.chests.rules.content import credits_of as credits_of_chest
from game.chests.rules.timers import Chest
from game.days.rules import ONE_DAY
from game.orders.rules import Replayed, Wall, replay, take_in
from game.quests.rules.content import SUMS, Counted, Quest
from game.quests.rules.content import credits_of as credits_of_quest
from game.quests.rules.periods import Window, zones_of
from game.quests.rules.standing import Standing, find_claim, stand, windows_for
from game.refills.rules import Bought, check_taken, make_offer
from loyalty.grants.rules import GrantKind
from loyalty.ledger import actions as accounts
from loyalty.ledger.rules import NEVER, Currency, LotKey, Provenance
from loyalty.members.rules import DEFAULT_LOCALE, DEFAULT_ZONE, Member, MemberStatus
from loyalty.refusals import Refused
from rewards.fairness.rules import Roll, roll
from rewards.gacha.actions.drawing import check_caps
from rewards.gacha.actions.members import Standings
from rewards.gacha.rules import admission
from rewards.gacha.rules.drawing import Roller, draw_many
from rewards.gacha.rules.pools import Pool, Stock
from rewards.gacha.rules.receipts import place_of
from rewards.prizes.rules import PrizeKind, lot_of

_FREE = LotKey(Provenance.FREE, NEVER)
_GIFTS = {PrizeKind.ENERGY: GrantKind.ENERGY, PrizeKind.GOODS: GrantKind.GOODS}
_kind_of = attrgetter("kind")
_MERGES, _TAPS = SUMS[Counted.MERGES], SUMS[Counted.TAPS]

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Moment(NamedTuple):
    """An instant, its day in the season's zone, and the number of the season's day that figures go by."""

    now: datetime
    today: date
    day: int


class Ruling:
    """Members in memory. `awarded` is how many of each limited prize are gone, shared by all lanes."""

    def __init__(self, wanted: Wanted, book: Rulebook, chances: Chances, awarded: MutableSequence[int]) -> None:
        self._wanted = wanted
        self._book = book
        self._chances = chances
        self._awarded = awarded
        self.pools = book.pools(chances.pool_ids(book.odds))
        self.house = book.house(self.pools)
        self._limited = limited(self.pools)
        self.standings = Standings({}, {})
        self._zone = ZONE
        self._windows: dict[tuple[int, datetime], list[Window]] = {}
        self.seats: list[Seat] = []
        self.awards: Counter[tuple[UUID, int, str]] = Counter()
        self.coupons: Counter[str] = Counter()
        self.found = Found()

    async def admit(self, members: Sequence[tuple[int, Kind]]) -> list[Begun]:
        book, now = self._book, self._wanted.begins
        wall = Wall(now, self._zone)
        for number, kind in members:
            fate = self._chances.fate(number)
            board = moves.start_board(book.content, fate.board_seed, book.tier.energy_cap, now)
            member = Member(
                fate.member_id, None, MemberStatus.ACTIVE, DEFAULT_ZONE, DEFAULT_LOCALE, None, ADULT, now, None
            )  # fmt: skip
            seat = Seat(number, kind, fate, member, board, Streak(zone=DEFAULT_ZONE, updated_at=now))
            seat.put(take_in(seat.table(), book.dials, wall))
            self._zone = member.zone
            self.seats.append(seat)
        return [Begun(each.member.id, each.board, 0, each.orders) for each in self.seats]

    def open_hour(self, day: int, hour: int) -> None:
        self._windows.clear()

    async def open_apps(self, visitors: Sequence[Bot], now: datetime) -> None:
        pass  # a visit changes nothing but the timeline, which is not kept here

    async def check_in(self, asked: Sequence[Bot], today: date, now: datetime) -> list[tuple[int, int] | None]:
        moment = self._moment(now)
        return self._answer(asked, lambda bot: self._check_in(self.seats[bot.seat], today, moment))

    async def open_chests(self, asked: Sequence[tuple[Bot, int]], now: datetime) -> list[Sequence[Drop] | None]:
        moment = self._moment(now)
        return self._answer(asked, lambda each: self._open_chest(self.seats[each[0].seat], each[1], moment))

    async def draw(self, asked: Sequence[Draw], now: datetime) -> list[bool]:
        moment = self._moment(now)
        stock = Stock(
            self.pools,
            {key: (total, self._awarded[at]) for at, (key, total) in enumerate(self._limited.items())},
        )
        answers = self._answer(asked, lambda each: self._draw(stock, self.seats[each[0].seat], *each[1:], moment))
        taken = stock.taken()
        for at, key in enumerate(self._limited):
            self._awarded[at] = taken[key]
        return [answer is not None for answer in answers]

    async def play(self, asked: Sequence[tuple[Bot, tuple[Move, ...]]], now: datetime) -> list[Turn | None]:
        moment, wall = self._moment(now), Wall(now, self._zone)
        return self._answer(asked, lambda each: self._play(self.seats[each[0].seat], each[1], moment, wall))

    async def queue_chests(
        self, asked: Sequence[tuple[Bot, int]], now: datetime
    ) -> list[tuple[datetime, datetime] | None]:
        return self._answer(asked, lambda each: self._queue(self.seats[each[0].seat], each[1], now))

    async def hurry_chests(self, asked: Sequence[tuple[Bot, int, int]], now: datetime) -> list[bool]:
        moment = self._moment(now)
        answers = self._answer(asked, lambda each: self._hurry(self.seats[each[0].seat], *each[1:], moment))
        return [answer is not None for answer in answers]

    async def refill(self, asked: Sequence[tuple[Bot, int]], now: datetime) -> list[bool]:
        moment = self._moment(now)
        answers = self._answer(asked, lambda each: self._refill(self.seats[each[0].seat], each[1], moment))
        return [answer is not None for answer in answers]

    async def find_claims(self, visitors: Sequence[Bot], now: datetime) -> list[tuple[Bot, Quest]]:
        return [(bot, quest) for bot in visitors for quest in self._claimable(self.seats[bot.seat], now)]

    async def claim_quests(self, asked: Sequence[tuple[Bot, Quest]], now: datetime) -> list[bool]:
        moment = self._moment(now)
        answers = self._answer(asked, lambda each: self._claim(self.seats[each[0].seat], each[1], moment))
        return [answer is not None for answer in answers]

    def _answer(self, asked: Sequence[Asked], decide: Callable[[Asked], Answer]) -> list[Answer | None]:
        answers: list[Answer | None] = []
        for each in asked:
            try:
                answers.append(decide(each))
            except Refused as refused:
                self.found.refusals[str(refused.code)] += 1
                answers.append(None)
        self.found.commands += len(asked)
        return answers

    def _moment(self, now: datetime) -> Moment:
        return Moment(now, self._book.season.day(now), (now.astimezone(ZONE).date() - FIRST_DAY).days)

    def _give(self, seat: Seat, kind: GrantKind, amount: int) -> None:
        seat.gifts.append(Gift(kind, amount, self._chances.gift_id(seat.number, seat.gifts_given)))
        seat.gifts_given += 1

    def _check_in(self, seat: Seat, today: date, moment: Moment) -> tuple[int, int]:
        book = self._book
        book.season.refuse_over(None, moment.now)
        before, _ = streaks.settle(seat.streak, moment.now, book.calendar)
        assert before.today(moment.now) == today, "bots come after the day has turned"
        seat.streak = streaks.check_in(before, moment.now, book.calendar)
        reward = book.calendar.of_check_in(today, seat.streak.cycle)
        for currency, lot, amount in credits_of_day(reward, book.calendar, book.season, moment.today):
            seat.credit(currency, lot, amount, accounts.ISSUE_CHECKIN, moment.day)
        if reward.energy:
            self._give(seat, GrantKind.ENERGY, reward.energy)
        seat.count(SUMS[Counted.CHECK_IN], 1, moment.now)
        return reward.diamonds, reward.tickets

    def _open_chest(self, seat: Seat, number: int, moment: Moment) -> Sequence[Drop]:
        chest = timers.check_open(seat.shelf, number, moment.now)
        kind = self._book.chests.kind(chest.kind)
        assert kind is not None, "sheets stay as they are for the whole season"
        place = rolling.place_of(chest.kind, chest.version, seat.member.id, seat.fate.client_seed, chest.number)

        def roller(label: str, limit: int) -> Roll:
            return roll(seat.fate.server_seed, label, limit, place)

        drops = tuple(Drop(content.prize, content.amount) for _, content in rolling.fill(kind, roller))
        sums = Counter[ChestPrize]()
        for drop in drops:
            sums[drop.prize] += drop.amount
        for currency, lot, amount in credits_of_chest(sums, self._book.chests, moment.today):
            seat.credit(currency, lot, amount, accounts.ISSUE_CHEST, moment.day)
        for gift, amount in gifts_of(sums):
            self._give(seat, gift, amount)
        del seat.shelf[number]
        seat.chests_opened += 1
        seat.count(SUMS[Counted.CHEST_OPENED], 1, moment.now)
        return drops

    def _queue(self, seat: Seat, number: int, now: datetime) -> tuple[datetime, datetime]:
        sheet = self._book.chests
        seat.shelf = timers.queue(seat.shelf, number, now, slots=sheet.slots, queued=sheet.queue)
        chest = seat.shelf[number]
        assert chest.starts_at is not None
        assert chest.opens_at is not None
        return chest.starts_at, chest.opens_at

    def _hurry(self, seat: Seat, number: int, most: int, moment: Moment) -> bool:
        sheet = self._book.chests
        cost = timers.price(timers.check_hurried(seat.shelf, number, moment.now), moment.now, sheet.diamond_seconds)
        assert cost <= most, "nothing happens between asking and hurrying"
        after = timers.hurry(seat.shelf, number, moment.now, slots=sheet.slots)
        seat.spend(Currency.DIAMONDS, cost, moment.today, accounts.SINK_CHEST, moment.day)
        seat.shelf = after
        return True

    def _draw(self, stock: Stock, seat: Seat, shown: PoolShown, count: int, moment: Moment) -> bool:
        book, member = self._book, seat.member
        pool = stock.pool(shown.id)
        self._admit(stock, pool, seat, shown, count, moment)
        payment = admission.price(
            pool.odds, count, seat.spendable(Currency.TICKETS, moment.today),
            seat.spendable(Currency.DIAMONDS, moment.today),
        )  # fmt: skip

        def roller(number: int) -> Roller:
            place = place_of(
                pool.id, pool.terms.version, member.id, seat.fate.client_seed, seat.next_nonce + number
            )  # fmt: skip
            return lambda label, limit: roll(seat.fate.server_seed, label, limit, place)

        outcomes = draw_many(pool.odds, roller, self.standings.pity(member.id, pool.id, pool.terms.pity_from), count)
        awarded = stock.award(pool, [outcome.rolled for outcome in outcomes])
        for currency, amount in ((Currency.TICKETS, payment.tickets), (Currency.DIAMONDS, payment.diamonds)):
            if amount:
                seat.spend(currency, amount, moment.today, accounts.SINK_GACHA, moment.day)
        sums: dict[tuple[Currency, LotKey], int] = {}
        for entry in awarded:
            prize = entry.prize
            if prize.currency:
                key = (prize.currency, lot_of(prize, moment.today, book.season))
                sums[key] = sums.get(key, 0) + prize.amount
            elif prize.kind in _GIFTS:
                self._give(seat, _GIFTS[prize.kind], prize.amount)
            elif prize.kind is PrizeKind.COUPON:
                self.coupons[prize.offer] += 1
            self.awards[pool.id, pool.terms.version, entry.code] += 1
        for (currency, lot), amount in sums.items():
            seat.credit(currency, lot, amount, accounts.ISSUE_PRIZE, moment.day)
        seat.next_nonce += count
        self.standings.count(
            member.id, pool.id, pool.terms.version, outcomes[-1].pity_after, count, moment.today
        )  # fmt: skip
        seat.count(SUMS[Counted.DRAWS], count, moment.now)
        return True

    def _admit(
        self, stock: Stock, pool: Pool, seat: Seat, shown: PoolShown, count: int, moment: Moment
    ) -> None:  # fmt: skip
        """Whether the member may draw; what refuses is the same as for the action."""
        book, odds, today = self._book, pool.odds, moment.today
        admission.check_count(count)
        admission.check_window(odds, pool.slug, today, book.season.zone)
        admission.check_prizes((book.offers[slug] for slug in odds.offers), pool.slug, today)
        admission.check_hash(odds, shown.sha256)
        admission.check_gates(odds, book.tier.code if odds.tiers else "", seat.member.birth_year, today)
        check_caps(book.rails, self.standings, pool, seat.member, count, today, book.season)
        stock.refuse_emptied(pool)

    def _play(self, seat: Seat, planned: tuple[Move, ...], moment: Moment, wall: Wall) -> Turn:
        dials, now = self._book.dials, moment.now
        _open(seat, now)
        self._book.season.refuse_over(None, now)
        table = take_in(seat.table(), dials, wall)
        seat.put(table)
        wallet = seat.wallets.get(Currency.DIAMONDS)
        purse = wallet.spendable(moment.today) - wallet.owed if wallet else 0
        done = replay(table, dials, planned, now, wall, purse)
        if done.applied:
            seat.put(done.table)
            self._pay(seat, planned, done, moment)
        return Turn(
            seat.board, 0, seat.orders, seat.spendable(Currency.DIAMONDS, moment.today),
            seat.spendable(Currency.TICKETS, moment.today), done.delivered,
            str(done.refusal.code) if done.refusal else None,
        )  # fmt: skip

    def _pay(self, seat: Seat, planned: tuple[Move, ...], done: Replayed, moment: Moment) -> None:
        sheet = self._book.chests
        if diamonds := sum([order.diamonds for order in done.delivered]):
            seat.credit(Currency.DIAMONDS, _FREE, diamonds, accounts.ISSUE_ORDER, moment.day)
        for order in done.delivered:
            code = sheet.earned(order.turn) if order.turn else None
            kind = sheet.kind(code) if code else None
            if kind is not None:
                seat.shelf[order.number] = Chest(
                    order.number, kind.code, self._book.chests_version, kind.unlock_seconds, moment.now
                )  # fmt: skip
                seat.chests_earned += 1
            seat.units += order.units
        if done.delivered:
            seat.delivered[moment.day] += len(done.delivered)
            seat.count(SUMS[Counted.ORDER_DELIVERED], len(done.delivered), moment.now)
        for level in done.claimed:
            if level.diamonds:
                seat.credit(Currency.DIAMONDS, _FREE, level.diamonds, accounts.ISSUE_LEVEL, moment.day)
            seat.given += level.energy
            seat.levels.append((self._wanted.day(moment.day), level.level))
            seat.count(SUMS[Counted.LEVELS], 1, moment.now)
        for bubble in done.popped:
            seat.spend(Currency.DIAMONDS, bubble.diamonds, moment.today, accounts.SINK_BUBBLE, moment.day)
        made = list(map(_kind_of, planned[: done.applied]))
        if taps := made.count(MoveKind.TAP):
            seat.count(_TAPS, taps, moment.now)
            seat.spent += taps
        if merges := made.count(MoveKind.MERGE):
            seat.count(_MERGES, merges, moment.now)

    def _refill(self, seat: Seat, most: int, moment: Moment) -> bool:
        book = self._book
        book.season.refuse_over(None, moment.now)
        settled, _ = streaks.settle(seat.streak, moment.now, book.calendar)
        today = settled.today(settled.updated_at)
        day = max(today, seat.refilled.day) if seat.refilled else today
        dials = book.content.layout.refill
        offer = make_offer(dials, day, seat.refilled, streaks.day_begins(settled, day + ONE_DAY))
        check_taken(offer, most, dials.most_per_day)
        seat.spend(Currency.DIAMONDS, offer.diamonds, moment.today, accounts.SINK_ENERGY, moment.day)
        seat.refilled = Bought(day, offer.number)
        _open(seat, moment.now)
        moves.give_energy(seat.board, offer.energy, moment.now)
        seat.given += offer.energy
        return True

    def _claimable(self, seat: Seat, now: datetime) -> list[Quest]:
        return [
            each.quest
            for each in self._windows_of(seat, now)
            if (each.quest.code, each.period) not in seat.claims and _progress(seat, each) >= each.quest.target
        ]

    def _windows_of(self, seat: Seat, now: datetime) -> list[Window]:
        """The windows of all quests of a member; those of one level share them."""
        key = (seat.board.level, now)
        if key not in self._windows:
            zones = zones_of(DEFAULT_ZONE, ())
            self._windows[key] = windows_for(
                self._book.quests.quests, zones, self._book.season, seat.board.level, now
            )  # fmt: skip
        return self._windows[key]

    def _claim(self, seat: Seat, asked: Quest, moment: Moment) -> bool:
        book = self._book
        book.season.refuse_over(None, moment.now)
        standing = find_claim(
            book.quests.quests,
            [_stand(seat, each) for each in self._windows_of(seat, moment.now) if each.quest.code == asked.code],
            asked.code,
        )
        quest = standing.window.quest
        for currency, lot, amount in credits_of_quest(quest.reward, book.quests, moment.today):
            seat.credit(currency, lot, amount, accounts.ISSUE_QUEST, moment.day)
        if quest.reward.energy:
            self._give(seat, GrantKind.ENERGY, quest.reward.energy)
        seat.claims[quest.code, standing.window.period] = standing.progress
        return True


def _stand(seat: Seat, window: Window) -> Standing:
    return stand(window, {SUMS[window.quest.counts]: _progress(seat, window)}, seat.claims)


def _progress(seat: Seat, window: Window) -> int:
    return seat.sums[SUMS[window.quest.counts]].between(window.since, window.until)


def _open(seat: Seat, now: datetime) -> None:
    """The board with what waited for it; bubbles whose time is over are gone."""
    moves.burst(seat.board, now)
    for gift in seat.gifts:
        if gift.kind is GrantKind.ENERGY:
            moves.give_energy(seat.board, gift.amount, now)
            seat.given += gift.amount
        else:
            moves.give_goods(seat.board, gift.id, gift.amount)
    seat.gifts.clear()
