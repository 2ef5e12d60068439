"""The member's part on the board: a small greedy player, who sees what the app sees and knows nothing more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from api.day import documents
from api.day.client import Caller, Refused

CALLS = 40  # of playMoves, at most
COMMANDS = 50  # a call, at most
_TAPS_AT_ONCE = 3

Item = tuple[str, int]
Move = dict[str, dict[str, int]]


@dataclass(slots=True)
class Played:
    """What came of it all."""

    moves: Counter[str] = field(default_factory=Counter)
    diamonds: int = 0
    levels: list[int] = field(default_factory=list)
    energy: int = 0

    def __str__(self) -> str:
        done = ", ".join(f"{count} {name}" for name, count in sorted(self.moves.items())) or "nothing to do"
        return f"plays: {done}; energy left {self.energy}"


def play(member: Caller) -> Played:
    """Taps, merges and delivers until nothing is left to do without waiting. Raises `Refused`. Blocks."""
    board = member.ask(documents.BOARD)["board"]
    played = Played()
    moves: list[Move] = []  # no moves open the board and take the gifts that wait
    for _ in range(CALLS):
        done = member.tell("playMoves", documents.PLAY, baseRevision=board["revision"], commands=moves)
        if done["refusal"]:
            raise Refused(f"playMoves: move {done['refusedIndex']}: {done['refusal']['message']}")
        played.moves.update(name for move in moves for name in move)
        board = done["board"]
        played.energy = board["energy"]["now"]
        played.diamonds += sum(each["diamonds"] for each in (*done["delivered"], *done["claimed"]))
        played.levels += [each["level"] for each in done["claimed"]]
        moves = next_moves(board)
        if not moves:
            break
    return played


def next_moves(board: dict[str, Any]) -> list[Move]:
    """What to do now: hand over, claim, merge or tap, in this order; nothing where only time helps."""
    for order in board["orders"]:
        if order["ready"]:
            return [{"deliver": {"order": order["number"]}}]
    if board["nextLevelExperience"] is not None and board["experience"] >= board["nextLevelExperience"]:
        return [{"claimLevel": {"level": board["level"] + 1}}]
    return merges(board)[:COMMANDS] or taps(board)[:COMMANDS]


def merges(board: dict[str, Any]) -> list[Move]:
    """Pairs of equal goods, each cell in one pair at most; what the smallest order needs stays as it is."""
    kept = Counter(smallest_order(board))
    most = {chain: max(level for name, level in kept if name == chain) for chain, _ in kept}
    free: dict[Item, int] = {}
    found: list[Move] = []
    for cell in sorted(board["cells"], key=lambda each: str(each["kind"])):  # ITEM before WEBBED
        if cell["kind"] not in ("ITEM", "WEBBED") or cell["item"] is None or cell["item"]["top"]:
            continue
        item = (cell["item"]["chain"], cell["item"]["level"])
        if cell["kind"] == "ITEM" and kept[item]:
            kept[item] -= 1
        elif item[1] >= most.get(item[0], item[1] + 1):
            continue  # larger goods of that chain are of no use to the order
        elif item in free:
            found.append({"merge": {"from": free.pop(item), "to": cell["index"]}})
        elif cell["kind"] == "ITEM":
            free[item] = cell["index"]
    return found


def taps(board: dict[str, Any]) -> list[Move]:
    """A few taps of each generator that has a charge, within the energy and the empty cells there are."""
    room = min(board["energy"]["now"], sum(cell["kind"] == "EMPTY" for cell in board["cells"]))
    ready = [cell for cell in board["cells"] if cell["kind"] == "GENERATOR" and cell["generator"]["charges"]]
    found = [
        {"tap": {"cell": cell["index"]}}
        for cell in ready
        for _ in range(min(_TAPS_AT_ONCE, cell["generator"]["charges"]))
    ]
    return found[:room]


def smallest_order(board: dict[str, Any]) -> Sequence[Item]:
    """The goods of the order that takes the fewest units."""
    orders: list[list[Item]] = [
        [(each["chain"], each["level"]) for each in order["items"]] for order in board["orders"]
    ]  # fmt: skip
    return min(orders, key=lambda items: sum(2 ** (level - 1) for _, level in items), default=[])
