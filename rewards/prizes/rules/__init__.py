"""Prizes: what can be won, the things of this world among them, and how those reach who won them."""

from rewards.prizes.rules.kinds import CURRENCIES, Prize, PrizeKind, lot_of, read_prize

__all__ = ["CURRENCIES", "Prize", "PrizeKind", "lot_of", "read_prize"]
