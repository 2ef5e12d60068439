"""An operator's mutation: rare, one transaction, one result for each request id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from api.graphql.context import Context
from api.runtime.batcher import run_action
from loyalty.refusals import Refused
from loyalty.requests.actions import open_requests
from loyalty.requests.rules import RequestKey
from loyalty.work import Work

Result = TypeVar("Result")


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

    [answer] = await run_action(context.database, action, [key])
    if isinstance(answer, Refused):
        raise answer
    return answer
