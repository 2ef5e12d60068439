"""The rules of draws alone: `python -m tests.bench.draw_rules`, draws a second of processor time on shipped odds."""

from __future__ import annotations

import statistics
import time
import tomllib
from pathlib import Path
from uuid import UUID

from rewards.fairness.rules import Place, Roll, roll
from rewards.gacha.rules.drawing import Roller, draw_many
from rewards.gacha.rules.odds import Odds, parse_odds
from rewards.gacha.rules.receipts import place_of

SHEETS = Path(__file__).resolve().parents[2] / "rewards" / "gacha" / "sheets"
SEED = bytes(range(32))
MEMBER, POOL = UUID(int=1), UUID(int=2)
SETS = 2_000
ROUNDS = 7


def _roller(place: Place) -> Roller:
    def rolled(label: str, limit: int) -> Roll:
        return roll(SEED, label, limit, place)

    return rolled


def _draw(odds: Odds, count: int) -> int:
    """Sets of `count` draws under one seed, the pity going on from one to the next; how many draws that were."""
    pity = nonce = 0
    for _ in range(SETS // count):
        first = nonce
        made = draw_many(odds, lambda n: _roller(place_of(POOL, 1, MEMBER, "bench", first + n)), pity, count)  # noqa: B023
        pity, nonce = made[-1].pity_after, nonce + count
    return nonce


def measure() -> dict[int, float]:
    """Draws a second, drawn one by one and ten by ten: medians of some rounds."""
    name = "odds.daily"
    odds = parse_odds(name, tomllib.loads((SHEETS / f"{name}.toml").read_text(encoding="utf-8")))
    speeds: dict[int, list[float]] = {1: [], 10: []}
    for _ in range(ROUNDS):
        for count, found in speeds.items():
            began = time.process_time()
            drawn = _draw(odds, count)
            found.append(drawn / (time.process_time() - began))
    return {count: statistics.median(found) for count, found in speeds.items()}


if __name__ == "__main__":
    for count, speed in measure().items():
        print(f"draws x{count}: {speed:,.0f} draws/s of processor time")
