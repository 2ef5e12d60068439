"""Inputs that many send alike, such as the moves of a game: read and converted once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

REMEMBERED = "remembered_most"
"""In an input's class: how many of its values, of one field that holds an object of whole numbers, are remembered."""


class Remembered(dict[str, Any]):
    """A coerced input that stands for all that were sent alike. Nobody changes it, nor what it was converted to."""

    __slots__ = ("converted",)
    converted: Any


def read_once(
    read: Callable[[Any], Any], known: dict[tuple[Any, ...], Remembered], most: int
) -> Callable[[Any], Any]:  # fmt: skip
    """Reads what was not sent before; `known` is one memory for all operations of a schema."""

    def read_unknown(value: Any) -> Any:
        if type(value) is not dict or len(value) != 1:
            return read(value)
        [(name, held)] = value.items()
        if type(held) is not dict:
            return read(value)
        for number in held.values():
            if type(number) is not int:  # True and 1.0 are equal to 1, and not the same
                return read(value)
        key = (name, *held.items())
        found = known.get(key)
        if found is None:
            found = Remembered(read(value))
            found.converted = None
            if len(known) >= most:
                known.clear()
            known[key] = found
        return found

    return read_unknown


def convert_once(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Converts what was not converted before."""

    def make_unknown(value: Any) -> Any:
        if type(value) is not Remembered:
            return make(value)
        if value.converted is None:
            value.converted = make(value)
        return value.converted

    return make_unknown
