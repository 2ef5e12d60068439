"""Prizes: value given at once, and things won, picked, claimed, cleared, handed over."""

from rewards.prizes.actions.audit import audit
from rewards.prizes.actions.claiming import ClaimPrize, PrizeClaimed, claim_prizes
from rewards.prizes.actions.exporting import Exported, forget_papers, read_export, take_export
from rewards.prizes.actions.fulfilling import Moved, clear_tax, forfeit, mark_fulfilled, mark_ready
from rewards.prizes.actions.giving import check_room, give
from rewards.prizes.actions.handing import HandedOver, HandOver, find_to_hand_over, hand_over
from rewards.prizes.actions.jobs import expire_prizes, find_owners, forfeit_erased
from rewards.prizes.actions.papers import Papers, PapersVault, read_papers
from rewards.prizes.actions.picking import PickThing, ThingPicked, pick_things
from rewards.prizes.actions.reading import (
    PrizeView,
    ThingView,
    export_prizes,
    find_owner,
    read_catalogue,
    read_prizes,
    read_prizes_by_id,
    read_prizes_in,
)
from rewards.prizes.actions.stock import StockView, read_stock, set_stock
from rewards.prizes.actions.things import list_slugs
from rewards.prizes.actions.winning import Wins, open_wins

__all__ = [
    "ClaimPrize",
    "Exported",
    "HandOver",
    "HandedOver",
    "Moved",
    "Papers",
    "PapersVault",
    "PickThing",
    "PrizeClaimed",
    "PrizeView",
    "StockView",
    "ThingPicked",
    "ThingView",
    "Wins",
    "audit",
    "check_room",
    "claim_prizes",
    "clear_tax",
    "expire_prizes",
    "export_prizes",
    "find_owner",
    "find_owners",
    "find_to_hand_over",
    "forfeit",
    "forfeit_erased",
    "forget_papers",
    "give",
    "hand_over",
    "list_slugs",
    "mark_fulfilled",
    "mark_ready",
    "open_wins",
    "pick_things",
    "read_catalogue",
    "read_export",
    "read_papers",
    "read_prizes",
    "read_prizes_by_id",
    "read_prizes_in",
    "read_stock",
    "set_stock",
    "take_export",
]
