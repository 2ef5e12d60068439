"""Whether the three sheets of the board fit each other: every mistake between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from game.board.rules.cells import EMPTY_WORD
from game.board.rules.content import GENERATOR_WORD, WORD, Chain, GeneratorKind, Layout, Level, Supply
from loyalty.sheets.rules import Fault

# Cells that can be worked in from the start, beyond what the longest chain needs while it is built: for what an order
# asks for beside it, and for what a generator drops in between.
SPARE_CELLS = 4


def check_content(chains: Sequence[Chain], layout: Layout, levels: Sequence[Level]) -> list[Fault]:
    """What is wrong between the three sheets; none where they fit."""
    faults: list[Fault] = []
    known = {chain.code: chain for chain in chains}
    opens_at = {chain: level.number for level in levels for chain in level.chains}
    sealed = {cell: level.number for level in levels for cell in level.cells}
    faults += [
        Fault("levels.current", f"levels[{number - 2}].chains", f"there is no chain {chain!r}")
        for chain, number in opens_at.items()
        if chain not in known
    ]
    faults += [
        Fault("levels.current", f"levels[{number - 2}].cells", f"cell {cell} of the layout is no box to be opened")
        for cell, number in sealed.items()
        if not layout.cells[cell].startswith("?")
    ]
    lasting = _lasting_chains(layout)
    for index, kind in enumerate(layout.generators):
        faults += _check_drops(f"generators[{index}]", kind, known)
        faults += _check_lasting(f"generators[{index}]", kind, lasting)
    for index, word in enumerate(layout.cells):
        faults += _check_word(f"cells[{index}]", word, known)
        generator = GENERATOR_WORD.fullmatch(word)
        if generator:
            kind = next(kind for kind in layout.generators if kind.code == generator.group(2))
            there = 1 if not generator.group(1) else sealed.get(index, 1)
            if not any(opens_at.get(drop.chain, 1) <= there for drop in kind.drops):
                rule = f"at level {there} nothing that {kind.code} drops is open yet"
                faults.append(Fault("board.current", f"cells[{index}]", rule))
    longest = max(len(chain.levels) for chain in chains)
    workable = sum(word == EMPTY_WORD or word[0].isalpha() for word in layout.cells)
    if workable < longest + SPARE_CELLS:
        rule = f"{workable} cells are free or hold goods that can be moved; {longest + SPARE_CELLS} are needed to play"
        faults.append(Fault("board.current", "cells", rule))
    if layout.bubbles.chance_ppm and layout.bubbles.level > longest:
        faults.append(Fault("board.current", "bubble_level", f"no chain has such a level: the longest has {longest}"))
    if layout.gift_level > min(len(chain.levels) for chain in chains):
        faults.append(Fault("board.current", "gift_level", "the shortest chain has no such level"))
    return faults


def _lasting_chains(layout: Layout) -> set[str]:
    """What the infinite generators of the layout drop: orders ask for nothing else."""
    placed = {found.group(2) for found in map(GENERATOR_WORD.fullmatch, layout.cells) if found}
    infinite = [kind for kind in layout.generators if kind.supply is Supply.INFINITE and kind.code in placed]
    return {drop.chain for kind in infinite for drop in kind.drops}


def _check_lasting(place: str, kind: GeneratorKind, lasting: set[str]) -> list[Fault]:
    if kind.supply is Supply.INFINITE:
        return []
    return [
        Fault(
            "board.current", f"{place}.drops[{index}].chain",
            f"no infinite generator of the layout drops {drop.chain}, so no order would ever ask for it: "
            "drop another chain here, or let an infinite one drop this",
        )
        for index, drop in enumerate(kind.drops)
        if drop.chain not in lasting
    ]  # fmt: skip


def _check_drops(place: str, kind: GeneratorKind, known: Mapping[str, Chain]) -> list[Fault]:
    faults = []
    for index, drop in enumerate(kind.drops):
        key = f"{place}.drops[{index}]"
        if drop.chain not in known:
            faults.append(Fault("board.current", f"{key}.chain", f"there is no chain {drop.chain!r}"))
        elif drop.level >= len(known[drop.chain].levels):
            rule = f"{drop.chain} has {len(known[drop.chain].levels)} levels, and the top one is to be merged for"
            faults.append(Fault("board.current", f"{key}.level", rule))
    if kind.supply is not Supply.INFINITE:
        return faults
    dropped_at_one = {drop.chain for drop in kind.drops if drop.level == 1}
    faults += [
        Fault(
            "board.current", f"{place}.drops", f"{chain} must be dropped at level 1 too, else some goods cannot be made"
        )
        for chain in sorted({drop.chain for drop in kind.drops} - dropped_at_one)
    ]
    return faults


def _check_word(key: str, word: str, known: Mapping[str, Chain]) -> list[Fault]:
    match = WORD.fullmatch(word)
    if not match:
        return []
    _, web, code, level = match.groups()
    if code not in known:
        return [Fault("board.current", key, f"there is no chain {code!r}")]
    top = len(known[code].levels)
    if not 1 <= int(level) <= top:
        return [Fault("board.current", key, f"{code} has the levels 1 to {top}, not {level}")]
    if web and int(level) == top:
        return [Fault("board.current", key, "goods of the top level can never be freed from a web")]
    return []
