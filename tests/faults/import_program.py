"""A process that imports an invented year into DATABASE_URL, to be killed: `python -m tests.faults.import_program`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from argparse import Namespace

from api.importing import receipts
from api.importing.sample import Sample
from api.runtime.database import Database
from api.settings import Settings
from tests.invented_sample import InventedSample

BASKETS = 900


async def _import() -> int:
    database = Database(os.environ["DATABASE_URL"], pool_size=2)
    try:
        return await receipts.import_receipts(database, Settings(), Namespace(limit=None, again=False))
    finally:
        await database.close()


if __name__ == "__main__":
    # A shell that runs the tests in the background has it ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    Sample.open = lambda: InventedSample(BASKETS)  # type: ignore[method-assign,assignment,return-value]
    receipts.BATCH = 30
    sys.exit(asyncio.run(_import()))
