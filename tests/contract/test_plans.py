"""Plans against their oracle, `schema.execute`: the same data and the same errors, whatever is asked and met."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import orjson
import pytest
from graphql import GraphQLError

from api.graphql.asgi import GraphQLApp
from api.graphql.documents import Documents, Prepared
from api.settings import Settings
from tests import wild
from tests.contract import test_hostile_values as hostile_values
from tests.contract import test_operations as operations
from tests.edge import Edge, open_edge

DOCUMENTS = 400


@pytest.fixture
async def edge(settings: Settings) -> AsyncIterator[Edge]:
    async with open_edge(settings) as opened:
        opened.lift_limits()
        yield opened


def told(error: GraphQLError) -> tuple[Any, ...]:
    cause = error.original_error
    return error.message, error.path, error.locations, error.extensions, type(cause), str(cause)


def answer(result: Any) -> tuple[bytes, list[tuple[Any, ...]]]:
    """What a caller can see of a result, and what the log is told."""
    return orjson.dumps(result.data), [told(error) for error in result.errors or ()]


async def both_ways(
    text: str, variables: dict[str, Any], seed: int, wildness: float, documents: Documents
) -> tuple[Any, Any, Any]:
    """What a plan and the executor answer, each in a world of its own; None in place of the first: left to it."""
    prepared = documents.prepare(text)
    assert isinstance(prepared, Prepared), (text, prepared)
    [operation] = prepared.operations.values()
    assert operation.plan is not None, text
    ours, theirs = wild.World(seed, wildness), wild.World(seed, wildness)
    theirs.prepared = prepared  # type: ignore[attr-defined]
    run = operation.plan.start(variables, ours)
    found = await run.outcome() if run else None
    expected = await wild.SCHEMA.execute(text, variable_values=variables, context_value=theirs)
    assert run is None or ours.log == theirs.log
    return found, expected, run


@pytest.mark.parametrize("wildness", [0.0, 0.03, 0.2])
async def test_random_documents_are_answered_alike(seed: int, wildness: float) -> None:
    documents = Documents(wild.SCHEMA)
    ran = left = failed = 0
    for number, (text, variables) in enumerate(wild.documents(seed, DOCUMENTS)):
        if isinstance(documents.prepare(text), list):
            continue
        for round_ in range(2):
            found, expected, run = await both_ways(text, variables, seed + number + round_, wildness, documents)
            if run is None:
                left += 1
                assert expected.data is None, (text, variables)
                assert all(error.path is None for error in expected.errors), (text, variables)
            else:
                ran += 1
                failed += bool(expected.errors)
                assert answer(found) == answer(expected), (text, variables)
    assert ran > DOCUMENTS // 2, "most documents run as plans"
    assert left > DOCUMENTS // 40, "variables that do not fit are met"
    assert failed > DOCUMENTS // 20 or not wildness, "errors of every kind are met"
