"""Logs and metrics: useful to whoever operates, and silent about members."""

from __future__ import annotations

import logging
import sys

import orjson

from api.pages.landing import language_of
from api.runtime import metrics
from api.runtime.database import Database
from api.runtime.logs import JsonFormatter, trace_id


def formatted(message: str, **more: object) -> dict[str, object]:
    record = logging.makeLogRecord({"msg": message, "levelname": "ERROR", "name": "test", **more})
    found: dict[str, object] = orjson.loads(JsonFormatter().format(record))
    return found


def test_a_log_entry_carries_the_trace_id_and_its_facts() -> None:
    token = trace_id.set("4bf92f3577b34da6a3ce929d0e0e4736")
    try:
        entry = formatted("refused", facts={"code": "SOLD_OUT", "count": 2})
    finally:
        trace_id.reset(token)
    assert entry["traceId"] == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert entry["facts"] == {"code": "SOLD_OUT", "count": 2}
    assert "traceId" not in formatted("outside a request")


def test_an_exception_is_logged_without_its_text_which_may_quote_a_row() -> None:
    try:
        try:
            raise KeyError("Mei Lin, 0912-345-678")
        except KeyError as error:
            raise ValueError("Key (phone)=(0912-345-678) already exists") from error
    except ValueError:
        entry = formatted("it failed", exc_info=sys.exc_info())
    shown = orjson.dumps(entry).decode()
    assert "0912" not in shown
    assert '"builtins.ValueError"' in shown
    assert '"builtins.KeyError"' in shown
    assert "test_logs_and_metrics.py" in shown


async def test_requests_refusals_batches_and_the_pool_are_counted(database: Database) -> None:
    counted = metrics.Metrics()
    counted.served("test", "BuyCoupon", 200, 0.01)
    counted.refused("test", "SOLD_OUT")
    metrics.observe_batch("buy_coupons", 16)
    async with database.read(), database.read():
        metrics.sample({"members": database})
    text = metrics.render().decode()
    assert 'mergemart_requests_total{caller="test",operation="BuyCoupon",status="200"} 1.0' in text
    assert 'mergemart_refusals_total{caller="test",code="SOLD_OUT"} 1.0' in text
    assert 'mergemart_batch_commands_sum{action="buy_coupons"} 16.0' in text
    assert 'mergemart_pool_in_use{pool="members"} 2.0' in text
    assert 'mergemart_pool_size{pool="members"} 6.0' in text


def test_operation_names_of_clients_cannot_fill_the_memory() -> None:
    counted = metrics.Metrics()
    for number in range(500):
        counted.served("flood", f"Operation{number}", 200, 0.01)
    text = metrics.render().decode()
    assert text.count('mergemart_requests_total{caller="flood"') <= 201
    assert 'mergemart_requests_total{caller="flood",operation="other"' in text


def test_the_language_of_the_page_is_the_one_asked_for() -> None:
    assert language_of(None, "zh-Hant-TW,zh;q=0.9,en;q=0.8") == "zh-TW"
    assert language_of(None, "fr,en;q=0.5") == "en"
    assert language_of("en", "zh-TW") == "en"
    assert language_of("<script>", "zh-TW") == "zh-TW"
    assert language_of(None, "") == "en"
