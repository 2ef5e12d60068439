"""Plans against their oracle, `schema.execute`: the same data and the same errors, whatever is asked and met."""

from __future__ import annotations

import gc
import random
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest
from graphql import GraphQLError

from api.graphql.asgi import GraphQLApp
from api.graphql.documents import Documents, Prepared
from api.graphql.plans import Plan
from api.graphql.plans.running import Run
from api.settings import Settings
from tests import wild
from tests.contract import test_hostile_values as hostile_values
from tests.contract import test_operations as operations
from tests.edge import Edge, open_edge
from tests.wild_documents import random_documents

DOCUMENTS = 400


@pytest.fixture
async def edge(settings: Settings) -> AsyncIterator[Edge]:
    async with open_edge(replace(settings, plans=True)) as opened:
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


# Where a null bubbles past fields that were not begun yet, the executor too drops what their resolvers made.
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("wildness", [0.0, 0.03, 0.2])
async def test_random_documents_are_answered_alike(seed: int, wildness: float) -> None:
    documents = Documents(wild.SCHEMA)
    ran = left = failed = 0
    for number, (text, variables) in enumerate(random_documents(seed, DOCUMENTS)):
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
    gc.collect()  # what was dropped is warned of here, where it is expected


SEEN = """query($first: Int!) {
  thing { told(words: ["a"]) later { told } sureLater { told } } things(first: $first) { told } animal { name }
}"""


def seen() -> Plan:
    prepared = Documents(wild.SCHEMA).prepare(SEEN)
    assert isinstance(prepared, Prepared), prepared
    [operation] = prepared.operations.values()
    assert operation.plan is not None
    return operation.plan


def start(plan: Plan, first: int) -> Run:
    run = plan.start({"first": first}, wild.World(1, 0.0))
    assert run is not None
    return run


async def test_a_run_without_errors_leaves_nothing_for_the_collector() -> None:
    run = start(seen(), 3)
    gc.disable()
    try:
        assert not (await run.outcome()).errors
        known = weakref.ref(run)
        del run
        assert known() is None, "something that it holds holds it"
    finally:
        gc.enable()


def test_what_an_executor_makes_anew_is_a_runs_own() -> None:
    plan = seen()
    run, other = start(plan, 1), start(plan, 2)
    one, another = [vars(run._shape.executor(run.variable_values)) for _ in range(2)]
    assert {*one} - {"async_helpers"} == {*vars(run)} - {"_shape"}
    for name, value in run._shape.shared.items():
        assert one[name] is another[name] is value, f"{name} is made for each executor"
    kept = {name for name in vars(run) if vars(run)[name] is vars(other)[name]} - {*run._shape.shared}
    assert kept == {"_shape"}, "two runs share what changes"
    assert run.async_helpers.track == run.track_async_work


def compare_every_answer(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """From here on the server runs everything as a plan, then again through the executor, and compares.

    A mutation's second run is a retry of its request, which is told the first outcome. How often each way was taken.
    """
    execute = GraphQLApp._execute
    taken = {"plan": 0, "executor": 0}

    async def twice(self: GraphQLApp, prepared: Any, operation: Any, asked: Any, context: Any) -> Any:
        assert operation.plan is not None, operation.name
        planned = operation.plan.start(asked.variables, context) is not None
        taken["plan" if planned else "executor"] += 1
        found = await execute(self, prepared, operation, asked, context)
        expected = await self.schema.execute(
            prepared.text,
            variable_values=asked.variables,
            context_value=context,
            operation_name=operation.name,
        )
        if not planned:
            assert expected.data is None, operation.name
        if operation.name not in TOLD_ONCE or found.errors or expected.errors:
            assert answer(found) == answer(expected), (operation.name, asked.variables)
        return found

    monkeypatch.setattr(GraphQLApp, "_execute", twice)
    return taken


# A key is shown once: a retry is answered without it.
TOLD_ONCE = {"MakeKey", "RotateKey", "RotateMyKey"}


@pytest.mark.parametrize(
    "day",
    [
        operations.test_every_operation_of_a_member_runs,
        operations.test_every_operation_of_a_till_runs,
        operations.test_every_operation_of_a_partner_runs,
        operations.test_every_operation_of_an_operator_runs,
    ],
)
async def test_every_committed_operation_is_answered_alike(
    edge: Edge, monkeypatch: pytest.MonkeyPatch, day: Callable[[Edge], Awaitable[None]]
) -> None:
    taken = compare_every_answer(monkeypatch)
    await day(edge)
    assert taken["plan"] > 3
    assert taken["executor"] == 0, "no committed operation with good variables is left to the executor"


async def test_hostile_values_are_answered_alike(edge: Edge, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    dice = random.Random(seed)
    asked = [
        (kind, name, who, changed)
        for kind, name, who, variables in await hostile_values.good_requests(edge)
        for changed in hostile_values.hostile(variables)
    ]
    taken = compare_every_answer(monkeypatch)
    for kind, name, who, variables in dice.sample(asked, 400):
        text = edge.operation(kind, name)
        more = {"requestId": hostile_values.uuid4()} if text.startswith("mutation") else {}
        await edge.send(kind, who, text, **{key: str(value) for key, value in more.items()} | variables)
    assert min(taken.values()) > 50, taken
