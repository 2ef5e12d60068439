"""What the sheets beside that of quests let happen at most."""

from __future__ import annotations

from collections.abc import Sequence

from game.board.rules.content import Layout, Level
from game.chests.rules.content import ChestSheet
from game.orders.rules import OrderDials, most_units
from game.quests.rules.content import Limits
from loyalty.sheets.rules import Season
from rewards.gacha.rules.rails import Rails

_NO_CAP = 10**6


def limits_of(
    rails: Rails, layout: Layout, levels: Sequence[Level], dials: OrderDials, chests: ChestSheet, season: Season
) -> Limits:
    """The most that a member can do in a day or a season, by these sheets."""
    top_level = 1 + len(levels)
    return Limits(
        draws_day=rails.minor_day,
        draws_month=rails.month,
        energy_day=86_400 // layout.energy_seconds,
        order_units=max(most_units(dials, level, _NO_CAP) for level in range(1, top_level + 1)),
        order_every=chests.order_every,
        chest_seconds=max(each.unlock_seconds for each in chests.kinds),
        chest_slots=chests.slots,
        levels=top_level - 1,
        season_days=(season.ends - season.starts).days if season.ends and season.starts else None,
    )
