"""The bench compares like with like: its pgbench scripts hold the statements that the actions send today."""

from __future__ import annotations

from tests.bench.scripts import FOLDER, capture
from tests.bench.shop import bench_database


async def test_the_pgbench_scripts_are_what_the_actions_send(database_url: str) -> None:
    database = bench_database(database_url)
    try:
        scripts = await capture(database)
    finally:
        await database.close()
    assert {path.name for path in FOLDER.glob("*.sql")} == set(scripts)
    for name, text in scripts.items():
        committed = (FOLDER / name).read_text(encoding="utf-8")
        assert committed == text, f"{name} is out of date; cure: `python -m tests.bench.scripts`"
