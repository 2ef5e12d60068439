"""Pages: `first`, keyset cursors, and the connection that holds them."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar
from uuid import UUID

import strawberry

from api.graphql.limits import FIRST_MAX
from api.refusals import BadInput

_VERSION = 1
_CURSOR_LENGTH_MAX = 512

Item = TypeVar("Item")
Row = TypeVar("Row")
Key = str | int


@strawberry.type(description="Where a page ends, and whether more follows.")
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class Edge(Generic[Item]):
    cursor: str
    node: Item


@strawberry.type
class Connection(Generic[Item]):
    edges: list[Edge[Item]]
    nodes: list[Item]
    page_info: PageInfo


def check_first(first: int) -> int:
    """`first`, which is 1 to 100. Raises `BadInput`."""
    if not 1 <= first <= FIRST_MAX:
        raise BadInput("first", f"it must be 1 to {FIRST_MAX}")
    return first


def write_cursor(kind: str, *keys: Key) -> str:
    """An opaque cursor: the sort keys of a row, for one kind of list. It holds nothing that the row does not show."""
    text = json.dumps([_VERSION, kind, *keys], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def read_cursor(kind: str, cursor: str | None, *shape: type[Key]) -> tuple[Key, ...] | None:
    """The sort keys that a cursor of this kind holds, or None for no cursor (null, or an argument left out).

    `shape` names each key's type. Raises `BadInput` for anything that this list did not write.
    """
    if not isinstance(cursor, str):
        return None
    try:
        padded = cursor[:_CURSOR_LENGTH_MAX].encode("ascii") + b"=" * (-len(cursor) % 4)
        parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        parts = None
    if isinstance(parts, list) and parts[:2] == [_VERSION, kind]:
        keys = tuple(parts[2:])
        if len(keys) == len(shape) and all(type(key) is kind_ for key, kind_ in zip(keys, shape, strict=True)):
            return keys
    raise BadInput("after", "it must be a cursor that this list gave out; start again without it")


def read_id_cursor(kind: str, cursor: str | None) -> UUID | None:
    """The id in a cursor of a list that is sorted by id alone. Raises `BadInput`."""
    keys = read_cursor(kind, cursor, str)
    try:
        return UUID(str(keys[0])) if keys else None
    except ValueError:
        raise BadInput("after", "it must be a cursor that this list gave out; start again without it") from None


def connection(
    rows: Sequence[Row], first: int, show: Callable[[Row], Item], cursor: Callable[[Row], str]
) -> Connection[Item]:
    """A page of at most `first` rows; the caller loads `first + 1`, so that the last tells whether more follow."""
    edges = [Edge(cursor=cursor(row), node=show(row)) for row in rows[:first]]
    return Connection(
        edges=edges,
        nodes=[edge.node for edge in edges],
        page_info=PageInfo(has_next_page=len(rows) > first, end_cursor=edges[-1].cursor if edges else None),
    )
