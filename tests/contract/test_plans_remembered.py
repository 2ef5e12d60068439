"""Inputs that are remembered, against the executor, which remembers nothing."""

from __future__ import annotations

import random
from typing import Any, ClassVar

import pytest
import strawberry

from api.graphql.documents import Documents
from api.graphql.schema import make_schema
from tests.plans import answer_by_plan

MOST = 6


@strawberry.input
class Step:
    from_: int = strawberry.field(name="from")
    to: int
    far: bool = False


@strawberry.input
class Stop:
    at: int


@strawberry.input
class Wait:
    seconds: float


@strawberry.input(one_of=True)
class Turn:
    remembered_most: ClassVar[int] = MOST
    step: Step | None = strawberry.UNSET
    stop: Stop | None = strawberry.UNSET
    wait: Wait | None = strawberry.UNSET


made: list[Turn] = []


@strawberry.type
class Query:
    @strawberry.field
    def take(self, turns: list[Turn]) -> list[str]:
        made.extend(turns)
        return [repr((each.step, each.stop, each.wait)) for each in turns]


TEXT = "query($turns: [Turn!]!) { take(turns: $turns) }"
NUMBERS: tuple[Any, ...] = (0, 1, -1, True, False, 1.0, 0.0, 1.5, "1", None, 2**31 - 1, 2**31, 2**70, [1], {})
SENT: list[Any] = [
    *({"stop": {"at": number}} for number in NUMBERS),
    *({"wait": {"seconds": number}} for number in NUMBERS),
    *({"step": {"from": number, "to": 1}} for number in NUMBERS),
    *({"step": {"to": number, "from": 1}} for number in NUMBERS),
    {"step": {"from": 1, "to": 1, "far": True}}, {"step": {"from": 1, "to": 1, "far": 1}}, {"step": {"from": 1}},
    {"stop": {"at": 1, "more": 1}}, {"stop": {}}, {"stop": None}, {"stop": [1]}, {"stop": 1}, {}, None, 1, [],
    {"stop": {"at": 1}, "wait": {"seconds": 1}}, {"other": {"at": 1}}, {"stop": {"at": 1}, "wait": None},
]  # fmt: skip


def fresh() -> tuple[Any, Documents]:
    schema = make_schema(Query)
    return schema, Documents(schema)


async def planned(documents: Documents, turns: list[Any], text: str = TEXT) -> Any:
    return await answer_by_plan(documents, text, {"turns": turns})


async def test_what_is_remembered_is_what_the_executor_reads(seed: int) -> None:
    dice = random.Random(seed)
    schema, documents = fresh()
    refused = 0
    for _ in range(600):
        turns = dice.choices(SENT, k=dice.choice((1, 1, 2)))
        expected = await schema.execute(TEXT, variable_values={"turns": turns})
        found = await planned(documents, turns)
        if expected.errors:
            refused += 1
            assert found is None, turns
        else:
            assert found == expected.data, turns
    assert 0 < refused < 600


async def test_equal_turns_are_one_object_and_all_operations_share_it() -> None:
    schema, documents = fresh()
    made.clear()
    await planned(documents, [{"stop": {"at": 3}}, {"stop": {"at": 3}}])
    await planned(Documents(schema), [{"stop": {"at": 3}}], TEXT + " # another text")
    assert made[0] is made[1] is made[2]


@pytest.mark.parametrize("name", ["stop", "wait"])
async def test_how_many_are_remembered_is_bounded(name: str) -> None:
    schema, documents = fresh()
    field = "at" if name == "stop" else "seconds"
    for number in range(20):
        await planned(documents, [{name: {field: number}}])
    known = schema._schema.get_type("Turn").extensions["remembered_most"]
    assert 0 < len(known) <= MOST
