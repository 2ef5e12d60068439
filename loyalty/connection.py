"""A transaction's connection, on which writes go together: a round trip costs a small batch more than its work."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncpg

_PLACE = re.compile(r"\$(\d+)")
_TARGET = re.compile(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+(\w+)")


class Connection:
    """The driver's connection for the length of one transaction.

    Writes wait, and go as one statement before whatever is asked next, or at the end. Whoever reads finds what was
    written, as if each had gone by itself.
    """

    __slots__ = ("_together", "_waiting", "driver")

    def __init__(self, driver: asyncpg.Connection, *, together: bool = True) -> None:
        """`together` False: each write goes when it is made."""
        self.driver = driver
        self._together = together
        # By the table that each changes.
        self._waiting: dict[str, tuple[str, tuple[Any, ...]]] = {}

    async def write(self, statement: str, *arguments: Any) -> None:
        """A write whose result nobody needs: one that reads nothing but its arguments and the rows that it changes.

        What the database refuses (such as a key that stands already) is raised when it is sent.
        """
        target = target_of(statement)
        if target in self._waiting:  # one statement changes a table once
            await self.flush()
        self._waiting[target] = (statement, arguments)
        if not self._together:
            await self.flush()

    async def flush(self) -> None:
        """Sends the writes that wait."""
        if not self._waiting:
            return
        waiting = list(self._waiting.values())
        self._waiting.clear()
        joined = join_writes(tuple([statement for statement, _ in waiting]))
        await self.driver.execute(joined, *[argument for _, arguments in waiting for argument in arguments])

    async def fetch(self, statement: str, *arguments: Any) -> list[Any]:
        """All rows."""
        await self.flush()
        rows: list[Any] = await self.driver.fetch(statement, *arguments)
        return rows

    async def fetchrow(self, statement: str, *arguments: Any) -> Any:
        """The first row; None where there is none."""
        await self.flush()
        return await self.driver.fetchrow(statement, *arguments)

    async def fetchval(self, statement: str, *arguments: Any) -> Any:
        """The first column of the first row; None where there is none."""
        await self.flush()
        return await self.driver.fetchval(statement, *arguments)

    async def execute(self, statement: str, *arguments: Any) -> str:
        """The command's tag, such as `UPDATE 1`: for whoever needs to know what came of it, or what is read besides."""
        await self.flush()
        tag: str = await self.driver.execute(statement, *arguments)
        return tag


@lru_cache(maxsize=1024)
def join_writes(statements: tuple[str, ...]) -> str:
    """One statement that does all of them, each on a table of its own; their arguments follow each other.

    All see the rows as they were before it. They are done in their order, so that locks are taken as they would be one
    by one: PostgreSQL does the main statement first, and then those of WITH from the last to the first.
    """
    first, *others = shift_arguments(statements)
    named = ", ".join([f"w{number} AS ({each})" for number, each in enumerate(reversed(others))])
    return f"WITH {named} {first}" if named else first


def shift_arguments(statements: Sequence[str]) -> list[str]:
    """The statements with numbers of arguments that follow each other: each names all of its own."""
    shifted, before = [], 0
    for statement in statements:
        shifted.append(_PLACE.sub(partial(_shift, before), statement.strip()))
        before += max([int(number) for number in _PLACE.findall(statement)], default=0)
    return shifted


def _shift(by: int, place: re.Match[str]) -> str:
    return f"${int(place[1]) + by}"


@lru_cache(maxsize=1024)
def target_of(statement: str) -> str:
    """The table that a write changes."""
    found = _TARGET.match(statement)
    assert found is not None, "a write begins with the table that it changes"
    return found[1]
