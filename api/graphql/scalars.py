"""Scalars and value types that every schema shares."""

import re
from datetime import UTC, date, datetime

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _write_time(value: datetime) -> str:
    assert value.tzinfo is not None, "times inside the house are aware"
    return value.astimezone(UTC).isoformat()


def _read_time(value: object) -> datetime:
    try:
        parsed = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        parsed = None
    if parsed is None or parsed.tzinfo is None:
        raise GraphQLError("A DateTime is an ISO 8601 time with its offset, such as 2026-01-31T12:00:00+08:00.")
    try:
        return parsed.astimezone(UTC)
    except OverflowError:
        raise GraphQLError("A DateTime lies between the years 1 and 9999 in UTC.") from None


def _write_date(value: date) -> str:
    return value.isoformat()


def _read_date(value: object) -> date:
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise GraphQLError("A Date is a day such as 2026-01-31.")


DATE_TIME: ScalarDefinition = strawberry.scalar(
    name="DateTime",
    description="An instant: ISO 8601 with its offset. Answers are in UTC (+00:00).",
    serialize=_write_time,
    parse_value=_read_time,
)
DATE: ScalarDefinition = strawberry.scalar(
    name="Date",
    description="A day: YYYY-MM-DD.",
    serialize=_write_date,
    parse_value=_read_date,
)


@strawberry.type(description="An amount of money in minor units (cents) of its ISO 4217 currency.")
class Money:
    amount_minor: int
    currency: str
