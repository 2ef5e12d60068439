"""What operators tune: chains of goods, the starting layout with its generators, and levels. Three sheets, one content.

Each parser reports every mistake of its own sheet at once, and `check_content` those between the sheets.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import Any

from game.board.rules import cells
from game.board.rules.cells import BOX, CELLS, EMPTY, EMPTY_WORD, GENERATOR, WEB
from loyalty.sheets.rules import Fault, Reader

SHORTEST_CHAIN = 5
LONGEST_CHAIN = 12
MOST_EXPERIENCE = 2**31 - 1
# Cells that can be worked in from the start, beyond what the longest chain needs while it is built: for what an order
# asks for beside it, and for what a generator drops in between.
SPARE_CELLS = 4
_CODE = re.compile(r"[a-z][a-z0-9-]{0,39}")
_WORD = re.compile(r"(\??)(#?)([a-z][a-z0-9-]{0,39})\.([0-9]{1,2})")
_GENERATOR_WORD = re.compile(r"(\??)@([a-z][a-z0-9-]{0,39})")


@dataclass(frozen=True, slots=True)
class Goods:
    """One level of a chain; `sponsor` is the brand whose goods it shows, or empty."""

    names: Mapping[str, str]
    emoji: str
    sponsor: str


@dataclass(frozen=True, slots=True)
class Chain:
    """Goods that merge into one another, from level 1. Goods of the chains in `takes`, which are gone, are its own."""

    code: str
    names: Mapping[str, str]
    levels: tuple[Goods, ...]
    takes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drop:
    """What a generator may drop, and how often against the others."""

    chain: str
    level: int
    weight: int


@dataclass(frozen=True, slots=True)
class GeneratorKind:
    """A kind of generator: so many charges, then a pause that refills them. It stands in for the kinds in `takes`."""

    code: str
    names: Mapping[str, str]
    emoji: str
    charges: int
    cooldown_seconds: int
    drops: tuple[Drop, ...]
    takes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """The board that everybody starts with, cell by cell, and the dials of the board."""

    cells: tuple[str, ...]
    generators: tuple[GeneratorKind, ...]
    storage: int
    energy_start: int
    energy_seconds: int
    gift_level: int


@dataclass(frozen=True, slots=True)
class Level:
    """A level above the first: the experience that reaches it, what claiming it opens, and what it pays.

    `cells` are boxes that stay shut until then, `storage` is how many more slots there are.
    """

    number: int
    experience: int
    cells: tuple[int, ...]
    chains: tuple[str, ...]
    storage: int
    diamonds: int
    energy: int


def parse_chains(name: str, body: Mapping[str, Any]) -> tuple[Chain, ...]:
    """The sheet of kind `chains`. Refuses SHEET_INVALID with every mistake at once."""
    reader = Reader(name, body)
    chains = []
    for each in reader.tables("chains", least=1, most=60):
        goods = []
        for level in each.tables("levels", least=SHORTEST_CHAIN, most=LONGEST_CHAIN):
            goods.append(Goods(level.names("name"), level.text("emoji", most=16), level.text("sponsor", default="")))
            level.close()
        chains.append(Chain(_read_code(each), each.names("name"), tuple(goods), each.texts("takes")))
        each.close()
    _each_once(reader, "chains", "the code", (code for chain in chains for code in (chain.code, *chain.takes)))
    levels = [goods for chain in chains for goods in chain.levels]
    _each_once(reader, "chains", "the emoji", (goods.emoji for goods in levels))
    for language in ("en", "zh-TW"):
        _each_once(reader, "chains", f"the name ({language})", (goods.names[language] for goods in levels))
    reader.finish()
    return tuple(chains)


def parse_layout(name: str, body: Mapping[str, Any]) -> Layout:
    """The sheet of kind `board`. Refuses SHEET_INVALID with every mistake at once."""
    reader = Reader(name, body)
    words = reader.texts("cells", most=CELLS * 2)
    if len(words) != CELLS:
        reader.fault("cells", f"must have {CELLS} cells, {cells.ROWS} rows of {cells.COLUMNS}, not {len(words)}")
    kinds = tuple(_read_kind(each) for each in reader.tables("generators", least=1, most=40))
    _each_once(reader, "generators", "the code", (code for kind in kinds for code in (kind.code, *kind.takes)))
    known = {kind.code for kind in kinds}
    for index, word in enumerate(words):
        generator = _GENERATOR_WORD.fullmatch(word)
        if generator and generator.group(2) not in known:
            reader.fault(f"cells[{index}]", f"there is no generator {generator.group(2)!r}")
        if not generator and word != EMPTY_WORD and not _WORD.fullmatch(word):
            reader.fault(
                f"cells[{index}]", f"must be `.`, `dairy.3`, `#dairy.3`, `?dairy.3` or `@fridge`, not {word!r}"
            )
    if not any(word.startswith("@") for word in words):
        reader.fault("cells", "must have a generator that is not in a box, else nothing can ever be done")
    layout = Layout(
        cells=words,
        generators=kinds,
        storage=reader.integer("storage", low=0, high=60),
        energy_start=reader.integer("energy_start", low=0, high=10_000),
        energy_seconds=reader.integer("energy_seconds", low=1, high=86_400),
        gift_level=reader.integer("gift_level", low=1, high=SHORTEST_CHAIN),
    )
    reader.finish()
    return layout


def parse_levels(name: str, body: Mapping[str, Any]) -> tuple[Level, ...]:
    """The sheet of kind `levels`. Refuses SHEET_INVALID with every mistake at once."""
    reader = Reader(name, body)
    levels = []
    for number, each in enumerate(reader.tables("levels", least=1, most=200), 2):
        levels.append(
            Level(
                number=number,
                experience=each.integer("experience", low=1, high=MOST_EXPERIENCE),
                cells=each.integers("cells", low=0, high=CELLS - 1, most=CELLS),
                chains=each.texts("chains"),
                storage=each.integer("storage", low=0, high=20, default=0),
                diamonds=each.integer("diamonds", low=0, high=1_000_000, default=0),
                energy=each.integer("energy", low=0, high=10_000, default=0),
            )
        )
        each.close()
    for lower, higher in pairwise(levels):
        if higher.experience <= lower.experience:
            reader.fault(
                f"levels[{higher.number - 2}].experience",
                f"level {higher.number} must need more than level {lower.number}, else it is never reached by itself",
            )
    _each_once(reader, "levels", "the cell", (cell for level in levels for cell in level.cells))
    _each_once(reader, "levels", "the chain", (chain for level in levels for chain in level.chains))
    reader.finish()
    return tuple(levels)


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
    for index, kind in enumerate(layout.generators):
        faults += _check_drops(f"generators[{index}]", kind, known)
    for index, word in enumerate(layout.cells):
        faults += _check_word(f"cells[{index}]", word, known)
        generator = _GENERATOR_WORD.fullmatch(word)
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
    if layout.gift_level > min(len(chain.levels) for chain in chains):
        faults.append(Fault("board.current", "gift_level", "the shortest chain has no such level"))
    return faults


@dataclass(slots=True)
class Content:
    """The three sheets made fast: numbers for words.

    A word of a chain or kind that another one takes is read as the other's, so a board that is read is exchanged. What
    the sheets have lost all the same keeps a number: it can be moved, stored and sold, and is never dropped, merged or
    asked for.
    """

    chains: tuple[Chain, ...]
    layout: Layout
    levels: tuple[Level, ...]
    chain_codes: list[str] = field(default_factory=list)
    chain_lengths: list[int] = field(default_factory=list)
    kind_codes: list[str] = field(default_factory=list)
    sealed: dict[int, int] = field(default_factory=dict)
    _opens_at: dict[str, int] = field(default_factory=dict)
    _drops: dict[tuple[int, int], tuple[int, tuple[int, ...], tuple[int, ...]]] = field(default_factory=dict)
    _words: dict[str, int] = field(default_factory=dict)
    _chain_numbers: dict[str, int] = field(default_factory=dict)
    _kinds_taken: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for chain in self.chains:
            number = self._number(chain.code, len(chain.levels))
            self._chain_numbers.update(dict.fromkeys(chain.takes, number))
        self.kind_codes.extend(kind.code for kind in self.layout.generators)
        self._kinds_taken = {code: kind.code for kind in self.layout.generators for code in kind.takes}
        self.sealed = {cell: level.number for level in self.levels for cell in level.cells}
        self._opens_at = {chain: level.number for level in self.levels for chain in level.chains}

    def top_level(self) -> int:
        return len(self.levels) + 1

    def level(self, number: int) -> Level | None:
        """A level above the first, or None where there is none of that number."""
        return self.levels[number - 2] if 2 <= number <= len(self.levels) + 1 else None

    def storage_at(self, level: int) -> int:
        """How many slots of storage there are at a level."""
        return self.layout.storage + sum(each.storage for each in self.levels if each.number <= level)

    def kind(self, number: int) -> GeneratorKind | None:
        """The kind of a generator; None for one that the sheet has lost."""
        return self.layout.generators[number] if number < len(self.layout.generators) else None

    def kind_number(self, code: str) -> int:
        """The number of a kind of generator, known to the sheet or not; of one that another has taken, that one's."""
        code = self._kinds_taken.get(code, code)
        if code not in self.kind_codes:
            self.kind_codes.append(code)
        return self.kind_codes.index(code)

    def goods(self, item: int) -> Goods | None:
        """What an item shows; None for one that the sheet has lost."""
        chain, level = cells.chain_of(item), cells.level_of(item)
        if chain >= len(self.chains) or level > len(self.chains[chain].levels):
            return None
        return self.chains[chain].levels[level - 1]

    def drops(self, kind: int, level: int) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
        """The sum of weights, the cumulative weights and the items that a kind drops at a level of the member."""
        found = self._drops.get((kind, level))
        if found is None:
            generator = self.kind(kind)
            opened = [drop for drop in generator.drops if self.is_open(drop.chain, level)] if generator else []
            weights = tuple(accumulate(drop.weight for drop in opened))
            items = tuple(cells.make_item(self._chain_numbers[drop.chain], drop.level) for drop in opened)
            found = self._drops[kind, level] = (weights[-1] if weights else 0, weights, items)
        return found

    def opens_at(self, chain: str) -> int:
        """From which level on a chain is dropped."""
        return self._opens_at.get(chain, 1)

    def is_open(self, chain: str, level: int) -> bool:
        return self.opens_at(chain) <= level

    def read_word(self, word: str, home: int = 0) -> int:
        """The number that a word of a sheet or a row stands for; a sheet's generator is at home in cell `home`."""
        if word[0] == "@" or word[:2] == "?@":
            boxed, _, rest = word.rpartition("@")
            _, _, at = rest.partition(".")
            return (BOX if boxed else 0) | GENERATOR | (int(at) if at else home)
        found = self._words.get(word)
        if found is None:
            found = self._words[word] = self._read_goods(word)
        return found

    def write_word(self, cell: int, kind: int = 0) -> str:
        """The word for a number; `kind` is the generator's, where it is one."""
        if cell == EMPTY:
            return EMPTY_WORD
        box = "?" if cell & BOX else ""
        if cell & GENERATOR:
            return f"{box}@{self.kind_codes[kind]}.{cells.home_of(cell)}"
        web = "#" if cell & WEB else ""
        return f"{box}{web}{self.chain_codes[cells.chain_of(cell)]}.{cells.level_of(cell)}"

    def _read_goods(self, word: str) -> int:
        if word == EMPTY_WORD:
            return EMPTY
        match = _WORD.fullmatch(word)
        assert match, f"a board holds {word!r}"
        box, web, code, level = match.groups()
        item = cells.make_item(self._number(code, 0), int(level))
        return (BOX if box else 0) | (WEB if web else 0) | item

    def _number(self, code: str, length: int) -> int:
        if code not in self._chain_numbers:
            self._chain_numbers[code] = len(self.chain_codes)
            self.chain_codes.append(code)
            self.chain_lengths.append(length)
        return self._chain_numbers[code]


def _read_code(reader: Reader) -> str:
    code = reader.text("code", most=40)
    if code and not _CODE.fullmatch(code):
        reader.fault("code", "must be small letters, digits and hyphens, a letter first")
    return code


def _read_kind(reader: Reader) -> GeneratorKind:
    drops = []
    for each in reader.tables("drops", least=1, most=60):
        drop = Drop(
            each.text("chain", most=40),
            each.integer("level", low=1, high=LONGEST_CHAIN),
            each.integer("weight", low=1, high=1_000_000),
        )
        drops.append(drop)
        each.close()
    kind = GeneratorKind(
        code=_read_code(reader),
        names=reader.names("name"),
        emoji=reader.text("emoji", most=16),
        charges=reader.integer("charges", low=1, high=1000),
        cooldown_seconds=reader.integer("cooldown_seconds", low=0, high=604_800),
        drops=tuple(drops),
        takes=reader.texts("takes"),
    )
    reader.close()
    return kind


def _each_once(reader: Reader, key: str, what: str, values: Any) -> None:
    for value, times in Counter(values).items():
        if times > 1 and value != "":
            reader.fault(key, f"{what} {value} stands {times} times; it must tell one from the others")


def _check_drops(place: str, kind: GeneratorKind, known: Mapping[str, Chain]) -> list[Fault]:
    faults = []
    for index, drop in enumerate(kind.drops):
        key = f"{place}.drops[{index}]"
        if drop.chain not in known:
            faults.append(Fault("board.current", f"{key}.chain", f"there is no chain {drop.chain!r}"))
        elif drop.level >= len(known[drop.chain].levels):
            rule = f"{drop.chain} has {len(known[drop.chain].levels)} levels, and the top one is to be merged for"
            faults.append(Fault("board.current", f"{key}.level", rule))
    dropped_at_one = {drop.chain for drop in kind.drops if drop.level == 1}
    faults += [
        Fault(
            "board.current", f"{place}.drops", f"{chain} must be dropped at level 1 too, else some goods cannot be made"
        )
        for chain in sorted({drop.chain for drop in kind.drops} - dropped_at_one)
    ]
    return faults


def _check_word(key: str, word: str, known: Mapping[str, Chain]) -> list[Fault]:
    match = _WORD.fullmatch(word)
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
