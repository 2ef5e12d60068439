"""Moves on the board, as apps send them and as operators try them."""

from collections.abc import Sequence
from typing import Any, ClassVar

import strawberry

from api.refusals import BadInput
from game.board.rules.moves import Move, MoveKind
from loyalty.requests.rules import written


@strawberry.input(description="Taps the generator in a cell: a charge and 1 energy (an AUTO one: none) for goods.")
class TapInput:
    cell: int


@strawberry.input(description="Merges goods onto equal goods; the result lies in `to`.")
class MergeInput:
    from_: int = strawberry.field(name="from")
    to: int


@strawberry.input(description="Moves what lies in `from`; what lies in `to` takes its place.")
class SlotPairInput:
    from_: int = strawberry.field(name="from")
    to: int


@strawberry.input
class CellInput:
    cell: int


@strawberry.input(description="Takes goods out of storage, or out of the inbox, into an empty cell.")
class RetrieveInput:
    slot: int
    cell: int
    inbox: bool = strawberry.field(default=False, description="Whether `slot` counts the stacks of the inbox.")


@strawberry.input(description="Hands over the goods of an order, from the lowest cells on.")
class DeliverInput:
    order: int = strawberry.field(description="The order's number.")


@strawberry.input(description="Claims the next level, once the experience has reached it.")
class ClaimLevelInput:
    level: int


@strawberry.input(one_of=True, description="One move.")
class MoveInput:
    # Members make the same moves; what is given out of memory is never changed. A kilobyte each.
    remembered_most: ClassVar[int] = 8_000
    known: strawberry.Private[tuple[Move, Any] | None] = None
    tap: TapInput | None = strawberry.UNSET
    merge: MergeInput | None = strawberry.UNSET
    move: SlotPairInput | None = strawberry.UNSET
    store: CellInput | None = strawberry.UNSET
    retrieve: RetrieveInput | None = strawberry.UNSET
    sell: CellInput | None = strawberry.field(
        default=strawberry.UNSET, description="Goods go for nothing; a bubble is let go."
    )
    deliver: DeliverInput | None = strawberry.UNSET
    open: CellInput | None = strawberry.UNSET
    pop: CellInput | None = strawberry.field(
        default=strawberry.UNSET,
        description="Frees the goods of a bubble for `popDiamonds`, which the same list may earn.",
    )
    claim_level: ClaimLevelInput | None = strawberry.UNSET


def read_moves(asked: Sequence[MoveInput]) -> tuple[tuple[Move, ...], list[Any]]:
    """Moves as the rules know them, and as the fingerprint of a request takes them.

    Raises `BadInput` where one is not given (the schema admits one alone).
    """
    known = [each.known or _read(each) for each in asked]
    return tuple([move for move, _ in known]), [text for _, text in known]


def _read(asked: MoveInput) -> tuple[Move, Any]:
    move = _read_move(asked)
    asked.known = move, written(move)
    return asked.known


# The shapes of moves that are one kind each, and where their numbers stand.
_SHAPES = (
    ("tap", MoveKind.TAP, ("cell",)),
    ("merge", MoveKind.MERGE, ("from_", "to")),
    ("move", MoveKind.MOVE, ("from_", "to")),
    ("deliver", MoveKind.DELIVER, ("order",)),
    ("claim_level", MoveKind.CLAIM_LEVEL, ("level",)),
    ("store", MoveKind.STORE, ("cell",)),
    ("sell", MoveKind.SELL, ("cell",)),
    ("open", MoveKind.OPEN, ("cell",)),
    ("pop", MoveKind.POP, ("cell",)),
)


def _read_move(asked: MoveInput) -> Move:
    if asked.retrieve:
        kind = MoveKind.UNPACK if asked.retrieve.inbox else MoveKind.RETRIEVE
        return Move(kind, asked.retrieve.slot, asked.retrieve.cell)
    for name, kind, numbers in _SHAPES:
        if given := getattr(asked, name):
            return Move(kind, *[getattr(given, number) for number in numbers])
    raise BadInput("commands", "each command must be one move")
