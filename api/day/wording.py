"""How the day counts things."""

from __future__ import annotations


def counted(number: int, thing: str) -> str:
    """`1 ticket`, `2 tickets`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def rewarded(name: str, amount: int) -> str:
    """A field of a reward: `1 ticket` of `tickets`, `30 energy` of `energy`."""
    return counted(amount, name.removesuffix("s")) if name.endswith("s") else f"{amount} {name}"
