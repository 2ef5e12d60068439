"""Asking the compiled plan of a document, for tests that compare it with the executor."""

from __future__ import annotations

from typing import Any

from api.graphql.documents import Documents, Prepared


async def answer_by_plan(documents: Documents, text: str, variables: dict[str, Any], context: Any = None) -> Any:
    """The data that the plan of a document's one operation gives; None where it leaves the request to the executor."""
    prepared = documents.prepare(text)
    assert isinstance(prepared, Prepared), prepared
    [operation] = prepared.operations.values()
    assert operation.plan is not None
    run = operation.plan.start(variables, context)
    if run is None:
        return None
    done = await run.outcome()
    assert done.errors is None
    assert done.data is not None
    return done.data
