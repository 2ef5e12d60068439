"""What operators tune: chains of goods, the starting layout with its generators, and levels. Three sheets, one content.

Each parser reports every mistake of its own sheet at once; `fitting.check_content` those between the sheets.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate, pairwise
from typing import Any

from game.board.rules import cells
from game.board.rules.cells import BOX, BUBBLE, CELLS, EMPTY, EMPTY_WORD, GENERATOR, WEB
from game.board.rules.dials import LONGEST_CHAIN, BubbleDials, RefillDials, read_bubbles, read_refill
from loyalty.sheets.rules import Reader

SHORTEST_CHAIN = 5
MOST_EXPERIENCE = 2**31 - 1
_CODE = re.compile(r"[a-z][a-z0-9-]{0,39}")
WORD = re.compile(r"(\??)(#?)([a-z][a-z0-9-]{0,39})\.([0-9]{1,2})")
GENERATOR_WORD = re.compile(r"(\??)@([a-z][a-z0-9-]{0,39})")


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


class Supply(StrEnum):
    """How a generator comes by its charges: again and again, once, or by itself."""

    INFINITE = "INFINITE"
    FINITE = "FINITE"
    AUTO = "AUTO"


@dataclass(frozen=True, slots=True)
class GeneratorKind:
    """A kind of generator. It stands in for the kinds in `takes`, which are gone.

    INFINITE: so many charges, then a pause of `cooldown_seconds` that refills all of them. FINITE: its charges once,
    then it is gone. AUTO: a charge every `auto_seconds` until it holds them all, and tapping it takes no energy.
    """

    code: str
    names: Mapping[str, str]
    emoji: str
    supply: Supply
    charges: int
    cooldown_seconds: int
    auto_seconds: int
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
    bubbles: BubbleDials
    refill: RefillDials


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
        generator = GENERATOR_WORD.fullmatch(word)
        if generator and generator.group(2) not in known:
            reader.fault(f"cells[{index}]", f"there is no generator {generator.group(2)!r}")
        if not generator and word != EMPTY_WORD and not WORD.fullmatch(word):
            reader.fault(
                f"cells[{index}]", f"must be `.`, `dairy.3`, `#dairy.3`, `?dairy.3` or `@fridge`, not {word!r}"
            )
    lasting = {f"@{kind.code}" for kind in kinds if kind.supply is Supply.INFINITE}
    if not lasting & set(words):
        rule = "must have an infinite generator that is not in a box, else a time comes when nothing can be done"
        reader.fault("cells", rule)
    layout = Layout(
        cells=words,
        generators=kinds,
        storage=reader.integer("storage", low=0, high=60),
        energy_start=reader.integer("energy_start", low=0, high=10_000),
        energy_seconds=reader.integer("energy_seconds", low=1, high=86_400),
        gift_level=reader.integer("gift_level", low=1, high=SHORTEST_CHAIN),
        bubbles=read_bubbles(reader),
        refill=read_refill(reader),
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
    _dropped: dict[tuple[int, int], frozenset[int]] = field(default_factory=dict)
    _lasting: dict[tuple[frozenset[int], int], tuple[int, ...]] = field(default_factory=dict)
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

    def dropped_chains(self, kind: int, level: int) -> frozenset[int]:
        """The chains of what a kind drops at a level of the member."""
        found = self._dropped.get((kind, level))
        if found is None:
            items = self.drops(kind, level)[2]
            found = self._dropped[kind, level] = frozenset(cells.chain_of(item) for item in items)
        return found

    def lasting_chains(self, kinds: frozenset[int], level: int) -> list[int]:
        """The chains that infinite generators of these kinds drop at a level of the member, in their order."""
        found = self._lasting.get((kinds, level))
        if found is None:
            infinite = [
                number for number in kinds if (kind := self.kind(number)) is not None and kind.supply is Supply.INFINITE
            ]
            chains = frozenset[int]().union(*(self.dropped_chains(number, level) for number in infinite))
            found = self._lasting[kinds, level] = tuple(sorted(chains))
        return list(found)

    def opens_at(self, chain: str) -> int:
        """From which level on a chain is dropped."""
        return self._opens_at.get(chain, 1)

    def is_open(self, chain: str, level: int) -> bool:
        return self.opens_at(chain) <= level

    def read_word(self, word: str, home: int = 0) -> int:
        """The number that a word of a sheet or a row stands for; a sheet's generator is at home in cell `home`."""
        if word[0] == "*":
            return BUBBLE | self.read_word(word[1:])
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
        held = "#" if cell & WEB else "*" if cell & BUBBLE else ""
        return f"{box}{held}{self.chain_codes[cells.chain_of(cell)]}.{cells.level_of(cell)}"

    def _read_goods(self, word: str) -> int:
        if word == EMPTY_WORD:
            return EMPTY
        match = WORD.fullmatch(word)
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
    words = [each.value.lower() for each in Supply]
    supply = reader.choice("kind", lambda word: Supply(word.upper()), words, Supply.INFINITE.value.lower())
    kind = GeneratorKind(
        code=_read_code(reader),
        names=reader.names("name"),
        emoji=reader.text("emoji", most=16),
        supply=supply,
        charges=reader.integer("charges", low=1, high=1000),
        cooldown_seconds=_read_seconds(reader, "cooldown_seconds", supply, Supply.INFINITE, low=0),
        auto_seconds=_read_seconds(reader, "auto_seconds", supply, Supply.AUTO, low=1),
        drops=tuple(drops),
        takes=reader.texts("takes"),
    )
    reader.close()
    return kind


def _read_seconds(reader: Reader, key: str, supply: Supply, needs: Supply, *, low: int) -> int:
    """A time that generators of one kind must have, and no others."""
    if supply is needs:
        return reader.integer(key, low=low, high=604_800)
    if reader.has(key):
        reader.integer(key, low=low, high=604_800)
        kinds = f'kind = "{supply.value.lower()}"', f'kind = "{needs.value.lower()}"'
        reader.fault(key, f"says nothing of a generator of {kinds[0]}: take it out, or make it {kinds[1]}")
    return 0


def _each_once(reader: Reader, key: str, what: str, values: Any) -> None:
    for value, times in Counter(values).items():
        if times > 1 and value != "":
            reader.fault(key, f"{what} {value} stands {times} times; it must tell one from the others")
