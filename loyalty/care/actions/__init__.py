"""What operators do for one member: corrections of wallets, by one or by two, and notes."""

from loyalty.care.actions.adjusting import (
    AdjustWallet,
    WalletAdjusted,
    adjust_wallets,
    approve_adjustment,
    load_adjustments,
    propose_adjustment,
    read_limits,
    withdraw_adjustment,
)
from loyalty.care.actions.audit import audit
from loyalty.care.actions.noting import add_note, export_notes, load_notes

__all__ = [
    "AdjustWallet", "WalletAdjusted", "add_note", "adjust_wallets", "approve_adjustment", "audit", "export_notes",
    "load_adjustments", "load_notes", "propose_adjustment", "read_limits", "withdraw_adjustment",
]  # fmt: skip
