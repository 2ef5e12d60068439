"""What a cheater sends beside honest play: commands that must change nothing, one small function each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from api.simulate.bots import House, Knows
from game.board.rules.cells import BOX, CELLS, EMPTY, GENERATOR, is_item
from game.board.rules.moves import Move, MoveKind
from game.checkin.actions import CheckIn
from game.chests.actions import HurryChest, OpenChest, QueueChest
from game.orders.actions import Played, PlayMoves
from loyalty.refusals import Refused
from loyalty.requests.rules import RequestKey
from loyalty.work import Dice
from rewards.gacha.actions import DrawPrizes

RETRIES = 20
_RETRY_ONE_IN = 5
_A_DAY = 8

Command = PlayMoves | CheckIn | QueueChest | HurryChest | OpenChest | DrawPrizes


@dataclass(frozen=True, slots=True)
class Forgery:
    """A command that must be refused, or, where it repeats an honest one, be answered as at first.

    `revision` is that of the board before it.
    """

    name: str
    command: Command
    revision: int
    repeats: Played | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """What a cheater has at hand: its own knowledge, an honest command that went through, and other members' chests."""

    member_id: UUID
    knows: Knows
    house: House
    today: date
    now: datetime
    dice: Dice
    last: tuple[PlayMoves, Played] | None
    others: Sequence[int]

    def key(self) -> RequestKey:
        """A request id of its own."""
        return new_key(self.member_id, self.dice)

    def play(self, *moves: Move, behind: int = 0, season: str | None = None) -> PlayMoves:
        return PlayMoves(self.key(), self.member_id, self.knows.revision - behind, moves, self.now, season)

    def cells(self, fits: Callable[[int], bool]) -> list[int]:
        return [cell for cell, held in enumerate(self.knows.board.cells) if fits(held)]


def new_key(scope: UUID, dice: Dice) -> RequestKey:
    """A fresh request id; its hash stands for what is asked, which no other request of this id has."""
    made = UUID(bytes=dice.bytes(16), version=4)
    return RequestKey(scope, made, made.bytes * 2)


def forge(scene: Scene) -> list[Forgery]:
    """A day's forgeries: some of every kind in turn, and now and then twenty identical retries."""
    chosen, revision = list(_FORGERS), scene.knows.revision
    while len(chosen) > _A_DAY:
        del chosen[scene.dice.below(len(chosen))]
    found = [Forgery(name, command, revision) for name in chosen if (command := _FORGERS[name](scene)) is not None]
    if scene.last is not None and scene.dice.below(_RETRY_ONE_IN) == 0:
        command, first = scene.last
        found += [Forgery("identical retry", command, revision, first) for _ in range(RETRIES)]
    return found


def is_accepted(forgery: Forgery, answer: object) -> bool:
    """Whether the server did what was forged."""
    if isinstance(answer, Refused):
        return False
    if isinstance(answer, Played):
        if forgery.repeats is None:
            return answer.result.applied > 0
        # A retry shows the first result, and the board as it stands, on which nothing may have come of it.
        return answer.result != forgery.repeats.result or answer.board.revision != forgery.revision
    return True


def _outside(scene: Scene) -> PlayMoves:
    return scene.play(Move(MoveKind.TAP, CELLS + scene.dice.below(1000)))


def _negative(scene: Scene) -> PlayMoves:
    return scene.play(Move(MoveKind.SELL, -1 - scene.dice.below(1000)))


def _unlike(scene: Scene) -> PlayMoves | None:
    found = scene.cells(is_item)
    held = scene.knows.board.cells
    pair = next(((one, other) for one in found for other in found if held[one] != held[other]), None)
    return scene.play(Move(MoveKind.MERGE, *pair)) if pair else None


def _itself(scene: Scene) -> PlayMoves | None:
    found = scene.cells(is_item)
    return scene.play(Move(MoveKind.MERGE, found[0], found[0])) if found else None


def _out_of_a_box(scene: Scene) -> PlayMoves | None:
    found = scene.cells(lambda held: bool(held & BOX))
    return scene.play(Move(MoveKind.SELL, found[scene.dice.below(len(found))])) if found else None


def _from_nothing(scene: Scene) -> PlayMoves | None:
    found = scene.cells(lambda held: held == EMPTY)
    return scene.play(Move(MoveKind.STORE, found[0])) if found else None


def _sold_generator(scene: Scene) -> PlayMoves | None:
    found = scene.cells(lambda held: bool(held & GENERATOR) and not held & BOX)
    return scene.play(Move(MoveKind.SELL, found[0])) if found else None


def _empty_slot(scene: Scene) -> PlayMoves:
    return scene.play(Move(MoveKind.UNPACK, len(scene.knows.board.inbox), 0))


def _without_goods(scene: Scene) -> PlayMoves | None:
    there = Counter(scene.knows.board.cells)
    lacking = [each for each in scene.knows.orders if Counter(each.items) - there]
    return scene.play(Move(MoveKind.DELIVER, lacking[0].number)) if lacking else None


def _delivered_again(scene: Scene) -> PlayMoves | None:
    return scene.play(Move(MoveKind.DELIVER, scene.knows.delivered)) if scene.knows.delivered else None


def _future_order(scene: Scene) -> PlayMoves:
    return scene.play(Move(MoveKind.DELIVER, 1_000_000 + scene.dice.below(1000)))


def _unreached_level(scene: Scene) -> PlayMoves | None:
    board = scene.knows.board
    above = board.content.level(board.level + 1)
    if above is None or board.experience < above.experience:
        return scene.play(Move(MoveKind.CLAIM_LEVEL, board.level + 1))
    return scene.play(Move(MoveKind.CLAIM_LEVEL, board.level + 2))


def _claimed_level(scene: Scene) -> PlayMoves:
    return scene.play(Move(MoveKind.CLAIM_LEVEL, scene.knows.board.level))


def _stale(scene: Scene) -> PlayMoves | None:
    found = scene.cells(is_item)
    return scene.play(Move(MoveKind.SELL, found[0]), behind=1 + scene.dice.below(3)) if found else None


def _other_season(scene: Scene) -> PlayMoves | None:
    found = scene.cells(is_item)
    return scene.play(Move(MoveKind.SELL, found[0]), season="2020-never") if found else None


def _id_of_another(scene: Scene) -> PlayMoves | None:
    found = scene.cells(is_item)
    if scene.last is None or not found:
        return None
    key = replace(scene.last[0].request, hash=scene.dice.bytes(32))
    return replace(scene.play(Move(MoveKind.SELL, found[0])), request=key)


def _second_check_in(scene: Scene) -> CheckIn | None:
    if scene.knows.checked_in != scene.today:
        return None
    return CheckIn(scene.key(), scene.member_id, scene.today, scene.now)


def _clock_ahead(scene: Scene) -> CheckIn:
    return CheckIn(scene.key(), scene.member_id, scene.today + timedelta(days=1), scene.now)


def _early_chest(scene: Scene) -> OpenChest | None:
    shut = [each.number for each in scene.knows.shelf.values() if each.opens_at is None or each.opens_at > scene.now]
    return OpenChest(scene.key(), scene.member_id, shut[0], scene.now) if shut else None


def _opened_chest(scene: Scene) -> OpenChest | None:
    opened = scene.knows.opened
    return OpenChest(scene.key(), scene.member_id, opened[-1], scene.now) if opened else None


def _foreign_chest(scene: Scene) -> OpenChest | None:
    own = {*scene.knows.shelf, *scene.knows.opened}
    foreign = [number for number in scene.others if number not in own]
    return OpenChest(scene.key(), scene.member_id, foreign[0], scene.now) if foreign else None


def _unearned_chest(scene: Scene) -> QueueChest:
    return QueueChest(scene.key(), scene.member_id, 1_000_000 + scene.dice.below(1000), scene.now)


def _free_hurry(scene: Scene) -> HurryChest | None:
    timed = [each.number for each in scene.knows.shelf.values() if each.opens_at and each.opens_at > scene.now]
    return HurryChest(scene.key(), scene.member_id, timed[0], 0, scene.now) if timed else None


def _false_odds(scene: Scene) -> DrawPrizes | None:
    if not scene.house.pools:
        return None
    return DrawPrizes(scene.key(), scene.member_id, scene.house.pools[0].id, "0" * 64, 1, scene.now)


def _false_count(scene: Scene) -> DrawPrizes | None:
    if not scene.house.pools:
        return None
    pool = scene.house.pools[0]
    return DrawPrizes(scene.key(), scene.member_id, pool.id, pool.sha256, 2 + scene.dice.below(7), scene.now)


_FORGERS: dict[str, Callable[[Scene], Command | None]] = {
    "a cell outside the board": _outside,
    "a negative cell": _negative,
    "merging unlike goods": _unlike,
    "merging goods with themselves": _itself,
    "selling out of a box": _out_of_a_box,
    "storing out of an empty cell": _from_nothing,
    "selling a generator": _sold_generator,
    "unpacking a stack that is not there": _empty_slot,
    "delivering without goods": _without_goods,
    "delivering twice": _delivered_again,
    "delivering an order to come": _future_order,
    "claiming a level unreached": _unreached_level,
    "claiming a level again": _claimed_level,
    "a stale revision": _stale,
    "another season": _other_season,
    "a request id with other content": _id_of_another,
    "checking in twice": _second_check_in,
    "a clock ahead": _clock_ahead,
    "a chest before its time": _early_chest,
    "a chest again": _opened_chest,
    "a chest of somebody else": _foreign_chest,
    "a chest never earned": _unearned_chest,
    "a hurry for nothing": _free_hurry,
    "odds that were never published": _false_odds,
    "a count that is not sold": _false_count,
}
NAMES = (*_FORGERS, "identical retry")
