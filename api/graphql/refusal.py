"""The expected "no" as GraphQL: `Refusal`, its codes from every house, and the wrapper that makes a mutation short."""

import functools
import importlib
import inspect
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import strawberry

from api.graphql.context import Context
from api.graphql.messages import WORDINGS, Wording, say
from api.refusals import BadInput, EdgeCode, EdgeRefused, Forbidden
from loyalty.refusals import LoyaltyCode, LoyaltyRefused, Refused
from loyalty.requests.rules import RequestKey, fingerprint

HOUSES = ("loyalty.refusals", "rewards.refusals", "game.refusals", "api.refusals")


def gather_codes(*houses: str) -> dict[str, str]:
    """Every refusal code of these modules' StrEnums. Asserts that no two houses use one word."""
    owners: dict[str, str] = {}
    for house in houses:
        module = importlib.import_module(house)
        for kind in vars(module).values():
            if isinstance(kind, type) and issubclass(kind, StrEnum) and kind.__module__ == house:
                for code in kind:
                    assert code.value not in owners, f"{code.value} is a code of {owners[code.value]} and of {house}"
                    owners[code.value] = house
    return owners


CODES = sorted(gather_codes(*HOUSES))

if TYPE_CHECKING:

    class RefusalCode(StrEnum):
        """Every code of every house; made at import from the houses' own enums."""

else:
    RefusalCode = strawberry.enum(
        Enum("RefusalCode", {code: code for code in CODES}),
        description="Why something was refused. Open: treat a code you do not know by `retryable`.",
    )


@strawberry.type(description="An expected no. Nothing was changed.")
class Refusal:
    code: RefusalCode
    message: str = strawberry.field(description="For people, in the language of Accept-Language.")
    retryable: bool = strawberry.field(description="Whether the same request may succeed later.")
    retry_at: datetime | None = strawberry.field(description="When it may, if that is known.")


_UNWORDED = Wording("This was refused: {code}.", "請求被拒絕：{code}。", "")


def refusal_from(refused: Refused, locale: str) -> Refusal:
    """A house's refusal in the caller's language."""
    code = str(refused.code)
    facts: Mapping[str, str | int] = {"code": code, **refused.facts}
    return Refusal(
        code=cast("Any", RefusalCode)[code],
        message=say(WORDINGS.get(code, _UNWORDED), locale, facts),
        retryable=refused.retryable,
        retry_at=refused.retry_at,
    )


def refused_from(error: Refused | BadInput | Forbidden) -> Refused:
    """What a mutation answers for each kind of expected no."""
    if isinstance(error, BadInput):
        return LoyaltyRefused(LoyaltyCode.INVALID_INPUT, field=error.field, rule=error.message)
    if isinstance(error, Forbidden):
        return EdgeRefused(EdgeCode.FORBIDDEN)
    return error


def mutation(resolver: Callable[..., Awaitable[Any]], *, deprecated: str | None = None) -> Any:
    """A mutation field: runs the resolver, and answers a `Refusal` for what it refuses.

    The resolver raises `Refused`, `BadInput` (malformed id or value) or `Forbidden`; anything else is a fault, masked
    and logged. Its docstring becomes the field's description. Write it in the body of a `@strawberry.type` class, with
    `self, info` first. `deprecated` says what to use instead.
    """

    @functools.wraps(resolver)
    async def answer(self: Any, info: strawberry.Info[Any, None], **arguments: Any) -> Any:
        context: Context = info.context
        try:
            return await resolver(self, info, **arguments)
        except (Refused, BadInput, Forbidden) as error:
            refused = refused_from(error)
            context.observer.refused(context.kind, str(refused.code))
            return refusal_from(refused, context.locale)

    return strawberry.mutation(answer, description=inspect.getdoc(resolver), deprecation_reason=deprecated)


def request_key(context: Context, mutation_name: str, request_id: str, arguments: Mapping[str, Any]) -> RequestKey:
    """Names this request for the replay of retries.

    `arguments` are the coerced ones without the request id. Raises `BadInput` where the id is no UUID.
    """
    try:
        parsed = UUID(request_id) if len(request_id) <= 36 else None
    except ValueError:
        parsed = None
    if parsed is None or str(parsed) != request_id.lower():
        raise BadInput("requestId", "it must be a UUID in its usual form of 36 characters, made by the client")
    return RequestKey(context.caller.scope, parsed, fingerprint(mutation_name, arguments))
