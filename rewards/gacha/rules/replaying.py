"""What draws that were made would have paid under other odds: the same seeds and nonces, asked by another table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from rewards.fairness.rules import roll
from rewards.gacha.rules.drawing import Roller, draw_many
from rewards.gacha.rules.odds import Odds
from rewards.gacha.rules.receipts import DrawRecord

Seed = Callable[[UUID, int], bytes]


@dataclass(slots=True)
class Replay:
    """How often each prize was paid, as it was and as it would have been. `draws` is how many were made again."""

    draws: int = 0
    tops: int = 0
    would_be_tops: int = 0
    paid: Counter[str] = field(default_factory=Counter)
    would_be: Counter[str] = field(default_factory=Counter)


def replay(
    records: Sequence[DrawRecord], odds: Odds, seed_of: Seed, stock: Mapping[str, int], *, carries: bool
) -> Replay:
    """Makes draws of one pool again under `odds`, in the order of time.

    `stock` is what there was of each limited prize before the first of them. A member's pity begins where it stood at
    the first of these draws if it `carries` over to these odds, else at 0, and goes on by what is rolled here.
    """
    found = Replay()
    left = {entry.code: stock.get(entry.code, entry.stock) for entry in odds.stocked}
    pity: dict[UUID, int] = {}
    for first in sorted((each for each in records if each.position == 1), key=lambda each: (each.at, each.id)):
        seed = seed_of(first.member_id, first.epoch)
        start = pity.get(first.member_id, first.pity_start if carries else 0)
        outcomes = draw_many(odds, _roller(seed, first), start, first.count)
        pity[first.member_id] = outcomes[-1].pity_after
        for outcome in outcomes:
            entry = odds.entries[outcome.rolled]
            if entry.stock and not left[entry.code]:
                entry = odds.entries[odds.stand_in(outcome.rolled)]
            elif entry.stock:
                left[entry.code] -= 1
            found.would_be[entry.code] += 1
            found.would_be_tops += outcome.pity_after == 0
        found.draws += first.count
    for record in records:
        found.paid[record.awarded] += 1
        found.tops += record.pity_after == 0
    return found


def _roller(seed: bytes, first: DrawRecord) -> Callable[[int], Roller]:
    def roller(number: int) -> Roller:
        place = first.place(first.nonce + number)
        return lambda label, limit: roll(seed, label, limit, place)

    return roller
