"""Generators: what each kind makes of time and of a tap. Counted when somebody looks, as energy is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from game.board.rules.content import GeneratorKind, Supply


@dataclass(slots=True)
class Generator:
    """What a generator remembers: its kind, how often it was tapped, what is left, and when time brings it more.

    `ready_at` of an infinite one is when all its charges come back, and of an automatic one when the next charge does;
    None while there is nothing to wait for.
    """

    kind: int
    taps: int
    charges: int
    ready_at: datetime | None


def refresh(kind: GeneratorKind | None, generator: Generator, now: datetime) -> None:
    """Gives a generator the charges that it has come by until `now`; the part of one that has passed is kept.

    A clock that went back counts as standing still. One that the sheet has lost gets nothing any more.
    """
    if generator.ready_at is None or now < generator.ready_at:
        return
    if kind is not None and kind.supply is Supply.AUTO:
        step = timedelta(seconds=kind.auto_seconds)
        gained = 1 + (now - generator.ready_at) // step
        full = generator.charges + gained >= kind.charges
        generator.charges = max(generator.charges, kind.charges) if full else generator.charges + gained
        generator.ready_at = None if full else generator.ready_at + gained * step
    elif generator.charges == 0:
        generator.charges = kind.charges if kind else 0
        generator.ready_at = None


def use(kind: GeneratorKind, generator: Generator, now: datetime, times: int = 1) -> bool:
    """Takes that many charges, which are there; whether the last was that of a finite generator, which then goes."""
    generator.taps += times
    generator.charges -= times
    if kind.supply is Supply.AUTO:
        if generator.ready_at is None and generator.charges < kind.charges:
            generator.ready_at = now + timedelta(seconds=kind.auto_seconds)
    elif generator.charges == 0:
        if kind.supply is Supply.FINITE:
            return True
        generator.ready_at = now + timedelta(seconds=kind.cooldown_seconds)
    return False
