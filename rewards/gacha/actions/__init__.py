"""Pools and draws: publishing odds, drawing, reading, a member's own stop."""

from rewards.gacha.actions.audit import audit
from rewards.gacha.actions.drawing import (
    RAILS,
    DrawMade,
    DrawPrizes,
    DrawsShown,
    PrizesDrawn,
    draw_and_show,
    draw_prizes,
)
from rewards.gacha.actions.excluding import SelfExclusionSet, SetSelfExclusion, set_self_exclusions
from rewards.gacha.actions.pools import find_pools, known_terms, load_terms, publish_odds, put_in_force
from rewards.gacha.actions.reading import (
    CheckedDraw,
    DrawView,
    OddsLine,
    PoolsOpen,
    PoolView,
    RailsView,
    check_draws,
    export_draws,
    open_pools_on_view,
    read_draws,
    read_draws_by_id,
    read_rails,
    read_receipt,
    view_pools,
    view_pools_for,
)
from rewards.gacha.rules.pools import Pool, Terms

__all__ = [
    "RAILS",
    "CheckedDraw",
    "DrawMade",
    "DrawPrizes",
    "DrawView",
    "DrawsShown",
    "OddsLine",
    "Pool",
    "PoolView",
    "PoolsOpen",
    "PrizesDrawn",
    "RailsView",
    "SelfExclusionSet",
    "SetSelfExclusion",
    "Terms",
    "audit",
    "check_draws",
    "draw_and_show",
    "draw_prizes",
    "export_draws",
    "find_pools",
    "known_terms",
    "load_terms",
    "open_pools_on_view",
    "publish_odds",
    "put_in_force",
    "read_draws",
    "read_draws_by_id",
    "read_rails",
    "read_receipt",
    "set_self_exclusions",
    "view_pools",
    "view_pools_for",
]
