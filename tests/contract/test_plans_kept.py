"""What a plan need not ask again: a value that its node holds, and what was sent of a node that never changes."""

from __future__ import annotations

from dataclasses import field
from typing import Any

import orjson
import pytest
import strawberry
from strawberry.schema.config import StrawberryConfig

from api.graphql.documents import Documents
from api.graphql.plans import KNOWN
from tests.plans import answer_by_plan

asked: list[str] = []


@strawberry.type
class Purse:
    coins: int


@strawberry.type
class Owner:
    name: str
    held: strawberry.Private[Purse | None] = None

    @strawberry.field(metadata={KNOWN: "held"})
    async def purse(self) -> Purse:
        asked.append(self.name)
        return self.held or Purse(coins=0)

    @strawberry.field(metadata={KNOWN: "held"})
    async def gift(self) -> Purse | None:
        return self.held or Purse(coins=1)


@strawberry.type
class Screen:
    owner: Owner
    lines: list[str]
    kept: strawberry.Private[dict[object, object]] = field(default_factory=dict)


SCREENS = {"rich": Screen(owner=Owner(name="rich", held=Purse(coins=9)), lines=["a"]),
           "poor": Screen(owner=Owner(name="poor"), lines=[])}  # fmt: skip


@strawberry.type
class Query:
    @strawberry.field
    def screen(self, of: str) -> Screen:
        return SCREENS[of]


SCHEMA = strawberry.Schema(Query, config=StrawberryConfig(auto_camel_case=True))
DOCUMENTS = Documents(SCHEMA)


async def ask(selection: str, of: str) -> Any:
    text = f"query($of: String!) {{ screen(of: $of) {{ {selection} }} }}"
    data = await answer_by_plan(DOCUMENTS, text, {"of": of})
    assert data is not None
    return orjson.loads(orjson.dumps(data))["screen"]


@pytest.fixture(autouse=True)
def fresh() -> None:
    asked.clear()
    for each in SCREENS.values():
        each.kept.clear()


async def test_a_value_that_the_node_holds_is_shown_without_asking() -> None:
    whole = {"owner": {"name": "rich", "purse": {"coins": 9}}, "lines": ["a"]}
    assert await ask("owner { name purse { coins } } lines", "rich") == whole
    assert asked == []


async def test_a_value_that_the_node_does_not_hold_is_asked_for_each_time_and_never_kept() -> None:
    for times in (1, 2):
        assert await ask("owner { purse { coins } }", "poor") == {"owner": {"purse": {"coins": 0}}}
        assert asked == ["poor"] * times
    assert SCREENS["poor"].kept == {}


async def test_none_is_no_value_that_a_node_holds_even_where_null_may_be_shown() -> None:
    assert await ask("owner { gift { coins } }", "poor") == {"owner": {"gift": {"coins": 1}}}
    assert await ask("owner { gift { coins } }", "rich") == {"owner": {"gift": {"coins": 9}}}


async def test_what_was_sent_is_sent_again_for_the_same_selection_alone() -> None:
    screen = SCREENS["rich"]
    assert await ask("lines", "rich") == {"lines": ["a"]}
    screen.lines = ["changed, which a node that is kept never is"]
    try:
        assert await ask("lines", "rich") == {"lines": ["a"]}
        assert await ask("lines owner { name }", "rich") == {"lines": screen.lines, "owner": {"name": "rich"}}
        assert len(screen.kept) == 2
    finally:
        screen.lines = ["a"]


async def test_who_makes_up_selections_fills_no_memory() -> None:
    for number in range(20):
        assert await ask(f"lines alias{number}: lines", "rich") == {"lines": ["a"], f"alias{number}": ["a"]}
        assert len(SCREENS["rich"].kept) <= 4
