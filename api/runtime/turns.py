"""What waits for a batch: a bounded queue in which submitters take turns, so that one's flood starves nobody."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Collection, Hashable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Turns(Generic[Item]):
    """Items of many submitters, `limit` at most. Each submitter's own items leave in the order in which they came.

    One submitter may hold no more than what is still free (a dynamic threshold, as switches share a buffer): a flood
    fills half of it, two floods a third each, and whoever has nothing waiting always finds a place while there is one.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._count = 0
        # In the order in which they have their turn.
        self._queues: OrderedDict[Hashable, deque[tuple[Hashable, Item]]] = OrderedDict()

    def __len__(self) -> int:
        return self._count

    def add(self, submitter: Hashable, key: Hashable, item: Item) -> bool:
        """Takes an item in; False where there is no room for this submitter."""
        own = self._queues.get(submitter)
        if (len(own) if own else 0) >= self._limit - self._count:
            return False
        if own is None:
            own = self._queues[submitter] = deque()
        own.append((key, item))
        self._count += 1
        return True

    def take(self, most: int, busy: Collection[Hashable] = ()) -> list[tuple[Hashable, Item]]:
        """At most `most` items with their keys: one of each submitter in turn, and again while there is room.

        Items whose key is `busy` keep their place. Who got the last turn is last in the next batch.
        """
        taken: list[tuple[Hashable, Item]] = []
        passed = 0  # submitters in a row who had nothing to give
        while self._queues and len(taken) < most and passed < len(self._queues):
            submitter, own = next(iter(self._queues.items()))
            found = _first_free(own, busy)
            if found is None:
                passed += 1
                self._queues.move_to_end(submitter)
                continue
            passed = 0
            taken.append(found)
            if own:
                self._queues.move_to_end(submitter)
            else:
                del self._queues[submitter]
        self._count -= len(taken)
        return taken


def _first_free(own: deque[tuple[Hashable, Item]], busy: Collection[Hashable]) -> tuple[Hashable, Item] | None:
    """Takes out the first item whose key is not busy."""
    if not busy or own[0][0] not in busy:
        return own.popleft()
    for at, found in enumerate(own):
        if found[0] not in busy:
            del own[at]
            return found
    return None
