"""The rules of chests: what the sheet says, timers, rolls, receipts."""
