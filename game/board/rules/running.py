"""What boards that are being played need of new sheets: nothing that lies on one may lose its name or its level."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from game.board.rules.content import Chain, Layout, Level, Supply
from loyalty.sheets.rules import Fault


@dataclass(frozen=True, slots=True)
class InPlay:
    """What sheets that are or were in force may have put on boards.

    `chains`: each code with the most levels that it ever had. `kinds`: generators by code. `free`: those INFINITE ones
    that stood free from the start of some layout, so that a board may have no other.
    """

    chains: Mapping[str, int]
    kinds: frozenset[str]
    free: frozenset[str]


def in_play(chains: Iterable[Sequence[Chain]], layouts: Iterable[Layout]) -> InPlay:
    """What versions of the two sheets may have put on boards, with what those versions took from earlier ones."""
    lengths: dict[str, int] = {}
    for version in chains:
        for chain in version:
            for code in (chain.code, *chain.takes):
                lengths[code] = max(lengths.get(code, 0), len(chain.levels) if code == chain.code else 0)
    kinds: set[str] = set()
    free: set[str] = set()
    for layout in layouts:
        standing = {word[1:] for word in layout.cells if word.startswith("@")}
        for kind in layout.generators:
            kinds.update((kind.code, *kind.takes))
            if kind.code in standing and kind.supply is Supply.INFINITE:
                free.add(kind.code)
    return InPlay(lengths, frozenset(kinds), frozenset(free))


def check_in_play(found: InPlay, chains: Sequence[Chain], layout: Layout, levels: Sequence[Level]) -> list[Fault]:
    """What of `found` the sheets would leave without a rule; none where every board can go on."""
    faults: list[Fault] = []
    takers = {code: chain for chain in chains for code in (chain.code, *chain.takes)}
    for code, length in sorted(found.chains.items()):
        taker = takers.get(code)
        if taker is None:
            rule = f"boards hold goods of {code}: keep it, or name it in the `takes` of the chain that its goods become"
            faults.append(Fault("chains.current", "chains", rule))
        elif len(taker.levels) < length:
            rule = f"{taker.code} has {len(taker.levels)} levels, and boards hold goods of {code} up to level {length}"
            faults.append(Fault("chains.current", "chains", rule))
    heirs = {code: kind for kind in layout.generators for code in (kind.code, *kind.takes)}
    later = {chain for level in levels for chain in level.chains}
    for code in sorted(found.kinds):
        heir = heirs.get(code)
        if heir is None:
            rule = f"boards have the generator {code}: keep it, or name it in the `takes` of the one that it becomes"
            faults.append(Fault("board.current", "generators", rule))
        elif code in found.free and (
            heir.supply is not Supply.INFINITE or all(drop.chain in later for drop in heir.drops)
        ):
            rule = f"some boards began with {code} alone: {heir.code} must be infinite and drop goods open from level 1"
            faults.append(Fault("board.current", "generators", rule))
    return faults
