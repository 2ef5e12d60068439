"""What is to be simulated: how many members of which kinds, how long, under which numbers."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from loyalty.sheets.rules import digest

FIRST_DAY = date(2027, 3, 1)
ZONE = ZoneInfo("Asia/Taipei")
# The year in which every member was born: nobody is kept from drawing.
ADULT = 1990


class Kind(StrEnum):
    """How a bot plays."""

    CASUAL = "casual"
    DAILY = "daily"
    OPTIMISER = "optimiser"
    CHEATER = "cheater"


class Mistake(Exception):
    """An argument that cannot be followed; the text says what to write instead."""


@dataclass(frozen=True, slots=True)
class Change:
    """A sheet that is published over the one that ships. `told` says what was asked for."""

    kind: str
    key: str
    body: Mapping[str, Any]
    told: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """One season. Members are dealt to `lanes`, each of which a process of its own plays."""

    members: int
    days: int
    seed: int
    mix: Mapping[Kind, int]
    lanes: int = 2
    changes: tuple[Change, ...] = ()

    @property
    def begins(self) -> datetime:
        """The first midnight, in the season's zone."""
        return self.at(0, 0)

    @property
    def ends(self) -> datetime:
        """The midnight after the last day."""
        return self.at(self.days, 0)

    def at(self, day: int, hour: int) -> datetime:
        """An hour of a day of the season, in UTC."""
        return datetime.combine(self.day(day), time(hour), ZONE).astimezone(UTC)

    def day(self, number: int) -> date:
        """The date of a day of the season, from 0."""
        return FIRST_DAY + timedelta(days=number)

    def kinds(self) -> list[Kind]:
        """The kind of every member: the shares of the mix, the largest remainders rounded up."""
        whole = sum(self.mix.values())
        counts = {kind: self.members * share // whole for kind, share in self.mix.items()}
        by_rest = sorted(self.mix, key=lambda kind: -(self.members * self.mix[kind] % whole))
        for kind in by_rest[: self.members - sum(counts.values())]:
            counts[kind] += 1
        return [kind for kind in Kind for _ in range(counts.get(kind, 0))]

    def deal(self, lane: int) -> tuple[list[tuple[int, Kind]], list[tuple[int, Kind]]]:
        """The honest members of a lane, and all cheaters: the number in its crowd and the kind of each."""
        kinds = self.kinds()
        honest = [kind for kind in kinds if kind is not Kind.CHEATER][lane :: self.lanes]
        cheaters = [kind for kind in kinds if kind is Kind.CHEATER]
        return list(enumerate(honest)), list(enumerate(cheaters))


def parse_mix(text: str) -> dict[Kind, int]:
    """`casual=60,daily=25`: shares by kind. Raises `Mistake`."""
    found: dict[Kind, int] = {}
    for part in text.split(","):
        name, _, share = part.strip().partition("=")
        if name not in {kind.value for kind in Kind} or not share.isdigit():
            kinds = ", ".join(kind.value for kind in Kind)
            raise Mistake(
                f"--mix: {part.strip()!r} is no KIND=SHARE with a kind of {kinds}. Try --mix casual=60,daily=40"
            )
        found[Kind(name)] = found.get(Kind(name), 0) + int(share)
    if not sum(found.values()):
        raise Mistake("--mix: the shares must not all be 0. Try --mix casual=60,daily=40")
    return found


def changed_by(texts: Mapping[str, str], settings: list[str], files: list[Path]) -> tuple[Change, ...]:
    """The sheets with the numbers and files that were asked for; `texts` are the shipped files. Raises `Mistake`."""
    bodies: dict[str, Any] = {}
    told: dict[str, list[str]] = {}
    for path in files:
        name = path.name.removesuffix(".toml")
        if f"{name}.toml" not in texts:
            raise Mistake(f"--sheet: {path.name} must be named like a shipped sheet, such as orders.current.toml")
        try:
            bodies[name] = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise Mistake(f"--sheet: {path} cannot be read ({error})") from None
        told.setdefault(name, []).append(path.name)
    for setting in settings:
        place, equals, value = setting.partition("=")
        parts = place.split(".")
        name = ".".join(parts[:2])
        if not equals or len(parts) < 3:
            raise Mistake(
                f"--set: {setting!r} is no SHEET.KEY.PATH=VALUE. Try --set orders.current.diamonds_per_mille=1500"
            )
        if f"{name}.toml" not in texts:
            raise Mistake(f"--set: there is no shipped sheet {name}; those are {', '.join(sorted(_names(texts)))}")
        body = bodies.setdefault(name, tomllib.loads(texts[f"{name}.toml"]))
        _put(body, parts[2:], _value(value), setting)
        told.setdefault(name, []).append(setting)
    found = []
    for name, body in sorted(bodies.items()):
        kind, _, key = name.partition(".")
        found.append(Change(kind, key, body, ", ".join(told[name])))
    return tuple(found)


def sheet_hashes(texts: Mapping[str, str], changes: tuple[Change, ...]) -> dict[str, str]:
    """Sheet -> the first 12 digits of the SHA-256 of its body, as it is in force in the simulation."""
    bodies: dict[str, Any] = {name: tomllib.loads(texts[f"{name}.toml"]) for name in _names(texts)}
    bodies |= {f"{change.kind}.{change.key}": change.body for change in changes}
    return {name: digest(body).hex()[:12] for name, body in sorted(bodies.items())}


def _names(texts: Mapping[str, str]) -> list[str]:
    return [name.removesuffix(".toml") for name in texts]


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _put(body: Any, path: list[str], value: Any, setting: str) -> None:
    """Puts a value where the path leads: by key, by index, or by the `code` of a table in a list."""
    for number, step in enumerate(path):
        last = number == len(path) - 1
        key: Any = _index(body, step) if isinstance(body, list) else step
        if (
            key is None
            or (isinstance(body, dict) and key not in body and not last)
            or not isinstance(body, dict | list)
        ):
            raise Mistake(f"--set: {setting!r}: there is no {step!r} there")
        if last:
            if isinstance(body, dict) and key in body and type(body[key]) is not type(value):
                raise Mistake(f"--set: {setting!r}: {step} is {json.dumps(body[key], default=str)}, of another type")
            body[key] = value
        else:
            body = body[key]


def _index(rows: list[Any], step: str) -> int | None:
    if step.isdigit() and int(step) < len(rows):
        return int(step)
    return next((at for at, row in enumerate(rows) if isinstance(row, dict) and row.get("code") == step), None)
