"""How each of the four schemas is made, and printed."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.name_converter import NameConverter
from strawberry.types import ExecutionContext
from strawberry.types.scalar import ScalarDefinition

from api.graphql.documents import UsePrepared
from api.graphql.scalars import DATE, DATE_TIME


class Names(NameConverter):
    """Strawberry's names, each made once: it asks for them again for every field of every input."""

    @lru_cache(maxsize=4096)  # noqa: B019 - one converter for each schema of the process
    def apply_naming_config(self, name: str) -> str:
        return super().apply_naming_config(name)


class EdgeSchema(strawberry.Schema):
    """A schema whose errors are logged once, by the app that serves it, and never by Strawberry."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Nothing: see `api/graphql/errors.py`."""


def make_schema(
    query: type, mutation: type | None = None, subscription: type | None = None, *, types: Iterable[type] = ()
) -> EdgeSchema:
    """The schema of one caller, with the house's scalars."""
    scalars: dict[object, ScalarDefinition] = {datetime: DATE_TIME, date: DATE}
    config = StrawberryConfig(scalar_map=scalars, disable_field_suggestions=False, name_converter=Names())
    return EdgeSchema(
        query=query, mutation=mutation, subscription=subscription, types=list(types), config=config,
        extensions=[UsePrepared],
    )  # fmt: skip


def sdl(schema: strawberry.Schema) -> str:
    """The schema's text, as it is committed and served."""
    return schema.as_str().rstrip() + "\n"


def write_sdl(schemas: Sequence[tuple[str, strawberry.Schema]], root: Path) -> list[Path]:
    """Writes `<caller>/schema.graphql` under `root`; returns the files that changed."""
    changed = []
    for caller, schema in schemas:
        path = root / caller / "schema.graphql"
        text = sdl(schema)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


Info = strawberry.Info[Any, None]
