"""Who looked at whose data: a line of the audit trail, which keeps who and what, and nothing that was seen."""

from datetime import timedelta

from api.graphql.context import Context
from loyalty.sheets import actions as sheets
from loyalty.sheets.rules import Act

AGAIN = timedelta(hours=1)
"""Within it the same operator's next look at the same is not written down once more."""


async def note_look(context: Context, subject: str, what: str) -> None:
    """Writes down that the operator looks at `what` of the subject, before it is shown."""
    operator = str(context.operator.operator_id)
    async with context.database.read() as reader:
        if await sheets.has_looked(reader, subject, what, operator, since=context.now - AGAIN):
            return
    async with context.database.work() as work:
        await sheets.record(work, subject, Act.LOOKED, operator, context.now, reason=what)
