"""The committed contract: SDL files are what the code prints, operations fit them, and no schema has a Float."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
import strawberry
from graphql import (
    GraphQLSchema,
    build_schema,
    get_named_type,
    is_input_object_type,
    is_interface_type,
    is_object_type,
    parse,
    validate,
)

import api
from api.graphql.documents import Documents, Prepared
from api.graphql.schema import sdl

ROOT = Path(api.__file__).parent
CALLERS = [kind for kind in ("mobile", "till", "partner", "admin") if find_spec(f"api.{kind}.schema")]
OPERATIONS = sorted(path for kind in CALLERS for path in (ROOT / kind / "operations").glob("*.graphql"))


def schema_of(kind: str) -> strawberry.Schema:
    found: strawberry.Schema = import_module(f"api.{kind}.schema").SCHEMA
    return found


@cache
def built(kind: str) -> GraphQLSchema:
    """What a client makes of the printed schema."""
    return build_schema(sdl(schema_of(kind)))


@pytest.mark.parametrize("kind", CALLERS)
def test_the_committed_sdl_is_what_the_code_prints(kind: str) -> None:
    path = ROOT / kind / "schema.graphql"
    committed = path.read_text(encoding="utf-8") if path.exists() else ""
    assert committed == sdl(schema_of(kind)), (
        f"{path.name} of {kind} is old: run `python main.py sdl` and read the diff"
    )


@pytest.mark.parametrize("kind", CALLERS)
def test_no_schema_knows_a_float(kind: str) -> None:
    schema = built(kind)
    for name, found in schema.type_map.items():
        if name.startswith("__"):
            continue
        if is_object_type(found) or is_interface_type(found):
            for field_name, field in found.fields.items():
                kinds = [field.type, *(argument.type for argument in field.args.values())]
                assert "Float" not in {get_named_type(each).name for each in kinds}, f"{name}.{field_name}"
        if is_input_object_type(found):
            for field_name, field in found.fields.items():
                assert get_named_type(field.type).name != "Float", f"{name}.{field_name}"


@pytest.mark.parametrize("kind", CALLERS)
def test_every_mutation_takes_a_request_id_and_answers_a_union_with_refusal(kind: str) -> None:
    mutation = built(kind).mutation_type
    for name, field in (mutation.fields if mutation else {}).items():
        assert str(field.args["requestId"].type) == "ID!", name
        answer = get_named_type(field.type)
        assert answer.name == f"{name[0].upper()}{name[1:]}Result", name
        assert "Refusal" in {each.name for each in answer.types}, name


@pytest.mark.parametrize("path", OPERATIONS, ids=lambda path: f"{path.parts[-3]}/{path.name}")
def test_every_committed_operation_is_valid_and_within_the_limits(path: Path) -> None:
    schema = schema_of(path.parts[-3])
    text = path.read_text(encoding="utf-8")
    assert validate(built(path.parts[-3]), parse(text)) == []
    prepared = Documents(schema).prepare(text)
    assert isinstance(prepared, Prepared), prepared
    (operation,) = prepared.operations.values()
    assert operation.name == path.stem, "a file holds one operation, named like the file"
