"""The fairness monitor, as operators read it."""

import math
from datetime import datetime

import strawberry

from api.graphql.context import Context
from api.graphql.pages import check_first
from api.graphql.schema import Info
from rewards.gacha.actions.monitoring import Reading, list_readings, read_monitor
from rewards.gacha.rules.monitoring import ALARM

DIGITS = 3


@strawberry.type(
    description="The latest look of the monitor at all draws. Evidence is a power of ten, as a decimal string: "
    "fair dice ever reach `alarmAt` with a chance of 10^-`alarmAt` at most."
)
class FairnessMonitor:
    at: datetime
    draws: int = strawberry.field(description="Draws that were weighed.")
    evidence: str
    bins_evidence: str = strawberry.field(description="Of the twenty equal bins of rolls alone.")
    alarm_at: str
    replayed: int = strawberry.field(description="Revealed draws that were made again from their seeds.")
    broken: int = strawberry.field(description="How many of them do not follow.")
    alarm_since: datetime | None


@strawberry.type(description="One look of the monitor, of those that were kept.")
class FairnessReading:
    at: datetime
    draws: int
    evidence: str
    bins_evidence: str
    replayed: int
    broken: int
    alarm: bool


@strawberry.type
class MonitorQuery:
    @strawberry.field(description="What the fairness monitor found last; null before its first look.")
    async def fairness_monitor(self, info: Info) -> FairnessMonitor | None:
        context: Context = info.context
        async with context.database.read() as connection:
            found = await read_monitor(connection)
        if found is None:
            return None
        return FairnessMonitor(
            at=found.at, draws=found.draws, evidence=power_of_ten(found.together),
            bins_evidence=power_of_ten(found.bins), alarm_at=power_of_ten(-math.log(ALARM)), replayed=found.replayed,
            broken=found.broken, alarm_since=found.alarm_since,
        )  # fmt: skip

    @strawberry.field(description="The latest looks of the monitor, newest first: one in five minutes at most.")
    async def fairness_readings(self, info: Info, first: int) -> list[FairnessReading]:
        context: Context = info.context
        async with context.database.read() as connection:
            found = await list_readings(connection, check_first(first))
        return [show_reading(each) for each in found]


def show_reading(reading: Reading) -> FairnessReading:
    return FairnessReading(
        at=reading.at, draws=reading.draws, evidence=power_of_ten(reading.together),
        bins_evidence=power_of_ten(reading.bins), replayed=reading.replayed, broken=reading.broken,
        alarm=reading.alarm,
    )  # fmt: skip


def power_of_ten(log_e: float) -> str:
    """A natural logarithm as a power of ten: the evidence is a statistic, no odds and no money."""
    return f"{log_e / math.log(10):.{DIGITS}f}"
