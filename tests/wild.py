"""A schema with every feature that plans know, over values that are seldom as the schema says.

Every value comes from a seed and its place, so that two runs meet the same ones.
"""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, date, datetime
from enum import Enum
from typing import Annotated, Any

import strawberry
from graphql import GraphQLError

from api.graphql.schema import EdgeSchema, Info, make_schema
from api.refusals import EdgeCode, EdgeRefused


@strawberry.enum
class Mood(Enum):
    CALM = "calm"
    CROSS = 7


@strawberry.input
class SpotInput:
    x: int
    y: int = 5
    note: str | None = strawberry.UNSET
    mood: Mood | None = None


@strawberry.input
class RouteInput:
    spots: list[SpotInput]
    ids: list[strawberry.ID] | None = strawberry.field(default_factory=lambda: ["a", "b"])
    day: date | None = None
    best: SpotInput | None = strawberry.UNSET
    grid: list[list[int]] | None = None


@strawberry.input(one_of=True)
class ChoiceInput:
    number: int | None = strawberry.UNSET
    spot: SpotInput | None = strawberry.UNSET
    moods: list[Mood] | None = strawberry.UNSET


@strawberry.interface
class Animal:
    name: str
    age: int | None

    @strawberry.field
    async def mother(self, info: Info) -> Animal | None:
        return info.context.any_animal(f"{self.name}/mother")


@strawberry.type
class Cat(Animal):
    mood: Mood
    lives: list[int]


@strawberry.type
class Dog(Animal):
    trained: bool | None
    friend: Annotated[Cat | Dog | Stone, strawberry.union("Pet")] | None


@strawberry.type
class Stone:
    weight: int
    title: str | None


Pet = Annotated[Cat | Dog | Stone, strawberry.union("Pet")]


@strawberry.type
class Thing:
    """Its values are read from a `Wild`."""

    id: strawberry.ID
    text: str
    maybe_text: str | None
    count: int | None
    sure_count: int
    flag: bool
    ratio: float | None
    mood: Mood | None
    sure_mood: Mood
    at: datetime | None
    day: date
    numbers: list[int]
    maybe_numbers: list[int | None] | None
    grid: list[list[int]] | None
    part: Part | None
    sure_part: Part
    parts: list[Part]
    maybe_parts: list[Part | None] | None
    animal: Animal | None
    animals: list[Animal] | None
    pet: Pet | None
    pets: list[Pet | None]

    @strawberry.field
    def told(self: Any, info: Info, words: list[str] | None = None, times: int = 2) -> str | None:
        return f"{info.field_name} {words!r} {times!r} {sorted(info.variable_values.items())!r}"

    @strawberry.field
    async def later(self: Any, info: Info, spot: SpotInput | None = strawberry.UNSET) -> Thing | None:
        return info.context.wild(f"{self.place}/later/{spot!r}")

    @strawberry.field
    async def sure_later(self: Any, info: Info) -> Thing:
        found: Any = info.context.wild(f"{self.place}/sureLater", failing=0.2)
        if found is None:
            raise EdgeRefused(EdgeCode.UNAVAILABLE, retryable=True)
        return found  # type: ignore[no-any-return]


@strawberry.type
class Part:
    size: int
    label: str | None
    whole: Thing | None


class Wild:
    """Stands for a `Thing` or a `Part`: each attribute is made of the seed and its place, and kept."""

    def __init__(self, world: World, place: str, kind: type) -> None:
        self.world, self.place, self.kind = world, place, kind

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        field = next(each for each in self.kind.__strawberry_definition__.fields if each.python_name == name)
        value = self.world.value(field.type, f"{self.place}/{name}")
        if value is World.RAISES:
            raise ValueError(f"no {name}")
        self.__dict__[name] = value
        return value


class World:
    """The context of one run."""

    RAISES = object()

    def __init__(self, seed: int, wildness: float) -> None:
        self.seed, self.wildness = seed, wildness
        self.log: list[str] = []

    def dice(self, place: str) -> random.Random:
        return random.Random(f"{self.seed}/{place}")

    def wild(self, place: str, failing: float = 0.0) -> Any:
        dice = self.dice(place)
        return None if dice.random() < failing else Wild(self, place, Thing)

    def any_animal(self, place: str) -> Any:
        dice = self.dice(place)
        picked = dice.random()
        name: Any = None if dice.random() < self.wildness / 4 else place[-9:]
        if picked < 0.45:
            return Cat(name=name, age=dice.choice([3, None, 2**31]), mood=dice.choice(list(Mood)), lives=[9, 8])
        if picked < 0.9:
            friend = self.any_animal(f"{place}/friend") if len(place) < 120 and dice.random() < 0.5 else None
            return Dog(name=name, age=4, trained=dice.choice([True, None]), friend=friend)
        return Stone(weight=2, title=None)

    def value(self, type_: Any, place: str) -> Any:
        """A value of a type, or something else in its place."""
        dice = self.dice(place)
        if dice.random() < self.wildness:
            return self.odd(type_, place, dice)
        return self.good(type_, place, dice)

    def odd(self, type_: Any, place: str, dice: random.Random) -> Any:  # noqa: PLR0911 - one line per kind reads best
        picked = dice.randrange(9)
        if picked == 0:
            return self.RAISES
        if picked == 1:
            return GraphQLError("said by a value", extensions={"code": "ODD"})
        if picked == 2:
            return RuntimeError("an error as a value")
        if picked == 3:
            return self.later(self.good(type_, place, dice))
        if picked == 4:
            return self.fail_later()
        if picked == 5:
            good = self.good(type_, place, dice)
            return iter(good) if isinstance(good, list) else good
        return [None, "7", 2.5][picked - 6]

    async def later(self, value: Any) -> Any:
        return value

    async def fail_later(self) -> Any:
        raise EdgeRefused(EdgeCode.UNAVAILABLE, retryable=True, after=3)

    def good(self, type_: Any, place: str, dice: random.Random) -> Any:
        inner = getattr(type_, "of_type", None)
        if type(type_).__name__ == "StrawberryOptional":
            return None if dice.random() < 0.2 else self.good(inner, place, dice)
        if inner is not None:
            items = [self.value(inner, f"{place}/{each}") for each in range(dice.randrange(4))]
            kept = [each for each in items if each is not self.RAISES]
            return tuple(kept) if dice.random() < 0.2 else kept
        if type_ in (Thing, Part):
            return Wild(self, place, type_)
        if type_ is Animal or type(type_).__name__ == "StrawberryUnion":
            return self.any_animal(place)
        named = {
            str: "text", int: dice.choice([0, -5, 2**31 - 1]), bool: dice.random() < 0.5, float: 1.5,
            strawberry.ID: dice.choice(["id", 12]), datetime: datetime(2026, 1, 2, 3, tzinfo=UTC),
            date: date(2026, 1, 2),
        }  # fmt: skip
        return named[type_] if type_ in named else dice.choice(list(Mood))


def _tell(value: Any) -> str:
    return f"{type(value).__name__}:{value!r}"


@strawberry.type
class Query:
    @strawberry.field
    async def thing(self, info: Info, place: str = "root") -> Thing:
        found: Thing = info.context.wild(place)
        return found

    @strawberry.field
    async def maybe_thing(self, info: Info, place: strawberry.ID | None = None) -> Thing | None:
        found: Thing | None = info.context.wild(f"maybe {place}", failing=0.2)
        return found

    @strawberry.field
    def things(self, info: Info, first: int) -> list[Thing | None]:
        return [info.context.wild(f"things/{each}", failing=0.2) for each in range(max(0, min(first, 3)))]

    @strawberry.field
    def route(self, route: RouteInput, at: datetime | None = strawberry.UNSET, moods: list[Mood] | None = None) -> str:
        return f"{_tell(route)} {_tell(at)} {_tell(moods)}"

    @strawberry.field
    def choice(self, choice: ChoiceInput | None = strawberry.UNSET, flag: bool = True, ratio: float = 0.5) -> str:
        return f"{_tell(choice)} {_tell(flag)} {_tell(ratio)}"

    @strawberry.field
    async def animal(self, info: Info, mood: Mood = Mood.CALM) -> Animal:
        return info.context.any_animal(f"animal {mood}")  # type: ignore[no-any-return]

    @strawberry.field
    def pets(self, info: Info) -> list[Pet]:
        return [info.context.any_animal(f"pets/{each}") for each in range(3)]


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def change(self, info: Info, place: str) -> Thing | None:
        info.context.log.append(f"begin {place}")
        await asyncio.sleep(0)
        found: Thing | None = info.context.wild(place, failing=0.2)
        info.context.log.append(f"end {place}")
        return found

    @strawberry.mutation
    def refuse(self, info: Info, sure: bool = False) -> int | None:
        info.context.log.append("refuse")
        raise EdgeRefused(EdgeCode.FORBIDDEN)


SCHEMA: EdgeSchema = make_schema(Query, Mutation, types=[Cat, Dog])
