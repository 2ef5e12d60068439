"""An operator's mutation: rare, one transaction, one result for each request id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from api.graphql.context import Context
from api.refusals import BadInput
from api.runtime.batcher import run_action
from loyalty.refusals import Refused
from loyalty.requests.actions import open_requests
from loyalty.requests.rules import RequestKey
from loyalty.work import Work

Result = TypeVar("Result")


async def in_one_work(context: Context, act: Callable[[Work], Awaitable[Result]]) -> Result:
    """Runs an action that keeps its own request in one transaction; again where the same request came in between."""

    async def action(work: Work, commands: Sequence[None]) -> list[Result | Refused]:
        del commands
        return [await act(work)]

    [answer] = await run_action(context.database, action, [None])
    assert not isinstance(answer, Refused), "a refusal is raised, and rolls back"
    return answer


async def once(
    context: Context,
    key: RequestKey,
    mutation: str,
    kind: type[Result],
    act: Callable[[Work], Awaitable[Result]],
) -> Result:
    """Runs `act` in one transaction and keeps its result; the same request again gets that result.

    Two at once: the unique key decides, the loser runs again and reads the winner's. What `act` refuses rolls
    everything back. Refuses REQUEST_ID_REUSED.
    """

    async def action(work: Work, keys: Sequence[RequestKey]) -> list[Result | Refused]:
        requests = await open_requests(work, keys)
        found = requests.replay(key, kind)
        if found is None:
            found = await act(work)
            requests.keep(key, None, mutation, found, context.now)
            await requests.save(work)
        return [found]

    try:
        [answer] = await run_action(context.database, action, [key])
    except (Refused, BadInput):
        # A copy of this request may have come first, and be the very thing that stands in the way.
        async with context.database.work() as work:
            found = (await open_requests(work, [key])).replay(key, kind)
        if found is None:
            raise
        return found
    assert not isinstance(answer, Refused), "a refusal is raised, and rolls back"
    return answer
