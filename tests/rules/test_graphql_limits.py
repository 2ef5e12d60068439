"""What one document may ask for: tokens, nesting, depth, aliases, mutation fields, cost."""

import time
from typing import Any

import pytest
import strawberry
from graphql import GraphQLError, get_introspection_query

from api.graphql.documents import Documents, Prepared
from api.graphql.limits import COST_MAX
from api.graphql.schema import make_schema


@strawberry.type
class Thing:
    name: str

    @strawberry.field
    def inner(self) -> "Thing":
        return self

    @strawberry.field
    def many(self, first: int) -> list["Thing"]:
        return [self] * first


@strawberry.type
class Query:
    @strawberry.field
    def thing(self) -> Thing:
        return Thing(name="x")


@strawberry.type
class Mutation:
    @strawberry.mutation
    def touch(self) -> bool:
        return True


SCHEMA = make_schema(Query, Mutation)


def prepare(text: str) -> Prepared | list[GraphQLError]:
    return Documents(SCHEMA).prepare(text)


def nested(levels: int) -> str:
    return "{ thing " + "{ inner " * levels + "{ name }" + " }" * levels + " }"


def refusal(text: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
    found = prepare(text)
    if isinstance(found, Prepared):
        error = found.select(None).measured.check(variables or {})  # type: ignore[union-attr]
        assert error is not None, "nothing was refused"
        found = [error]
    assert len(found) == 1
    assert found[0].extensions is not None
    return {**found[0].extensions, "message": found[0].message}


def is_fine(text: str, variables: dict[str, Any] | None = None) -> bool:
    found = prepare(text)
    return isinstance(found, Prepared) and found.select(None).measured.check(variables or {}) is None  # type: ignore[union-attr]


def test_depth_ten_is_fine_and_eleven_is_not() -> None:
    assert is_fine(nested(8))
    assert refusal(nested(9)) | {"message": ""} == {"code": "TOO_DEEP", "limit": 10, "actual": 11, "message": ""}


@pytest.mark.parametrize("levels", [2_000, 20_000])
@pytest.mark.parametrize("closed", [True, False])
def test_thousands_of_levels_get_a_clean_error_at_once(levels: int, closed: bool) -> None:
    started = time.perf_counter()
    for opening, closing in (("{a", "}"), ("{a(b:[", "])}"), ("{a(b:{c:", "})}"), ("query($a:[", "]){b}")):
        assert refusal(opening * levels + closing * levels * closed)["code"] in {"TOO_DEEP", "TOO_MANY_TOKENS"}
    assert refusal("query($a:" + "[" * levels)["code"] == "TOO_DEEP"
    assert time.perf_counter() - started < 5


def test_a_thousand_tokens_are_fine_and_one_more_is_not() -> None:
    operations = [f"query Q{n} {{ thing {{ name }} }}" for n in range(125)]
    assert isinstance(prepare(" ".join(operations)), Prepared)
    assert refusal(" ".join([*operations, "{"]))["limit"] == 1_000


def test_a_field_repeated_a_thousand_times_is_refused_in_a_callers_words() -> None:
    answer = refusal("{ thing {" + " name" * 990 + " } }")
    assert answer["code"] == "TOO_REPETITIVE"
    assert "Ask for each field once" in answer["message"]


def test_fragments_count_wherever_they_are_spread() -> None:
    deep = "fragment F on Thing { inner { inner { inner { inner { name } } } } }"
    assert is_fine("{ thing { inner { inner { ...F } } } } " + deep)
    assert refusal("{ thing { inner { inner { inner { inner { inner { ...F } } } } } } } " + deep)["code"] == "TOO_DEEP"
    eight = "fragment F on Thing { " + " ".join(f"a{n}: name" for n in range(8)) + " }"
    assert refusal("{ thing { ...F inner { ...F } } } " + eight)["actual"] == 16


def test_fragments_that_double_at_every_step_cost_no_time() -> None:
    steps = 80
    text = "{ thing { ...F0 } } " + " ".join(
        f"fragment F{n} on Thing {{ ...F{n + 1} ...F{n + 1} }}" for n in range(steps)
    )
    started = time.perf_counter()
    assert refusal(text + f" fragment F{steps} on Thing {{ name }}")["code"] == "TOO_COSTLY"
    assert time.perf_counter() - started < 2


def test_a_fragment_in_a_circle_is_named() -> None:
    found = prepare("{ thing { ...A } } fragment A on Thing { ...B } fragment B on Thing { ...A }")
    assert isinstance(found, list)
    assert "Cannot spread fragment 'A' within itself" in found[0].message


def test_fifteen_aliases_are_fine_and_sixteen_are_not() -> None:
    assert is_fine("{ thing {" + " ".join(f"a{n}: name" for n in range(15)) + " } }")
    assert refusal("{ thing {" + " ".join(f"a{n}: name" for n in range(16)) + " } }") == {
        "code": "TOO_MANY_ALIASES",
        "limit": 15,
        "actual": 16,
        "message": "The operation has 16 aliases; at most 15 are allowed. Split the operation, or take lists.",
    }


def test_four_mutation_fields_are_fine_and_five_are_not() -> None:
    assert is_fine("mutation {" + " ".join(f"a{n}: touch" for n in range(4)) + " }")
    assert refusal("mutation {" + " ".join(f"a{n}: touch" for n in range(5)) + " }")["code"] == "TOO_MANY_MUTATIONS"
    hidden = "mutation { ...M ...M } fragment M on Mutation { a: touch b: touch c: touch }"
    assert refusal(hidden)["code"] == "TOO_MANY_MUTATIONS"


def test_rows_asked_for_multiply_the_cost() -> None:
    page = "{ thing { many(first: 100) { many(first: 10) { name } } } }"
    assert is_fine(page)  # 2 + 100 + 1,000
    assert refusal("{ thing { many(first: 100) { many(first: 100) { name } } } }")["limit"] == COST_MAX


@pytest.mark.parametrize(
    ("variables", "fine"),
    [({"n": 10}, True), ({"n": 100}, False), ({}, True), ({"n": "100"}, False), ({"n": None}, False)],
)
def test_the_cost_reads_variables_and_their_defaults(variables: dict[str, Any], fine: bool) -> None:
    text = "query($n: Int! = 5) { thing { many(first: 100) { many(first: $n) { name } } } }"
    assert is_fine(text, variables) is fine


def test_the_standard_introspection_query_passes() -> None:
    assert is_fine(get_introspection_query(input_value_deprecation=True))


def test_circular_introspection_is_refused() -> None:
    circle = "{ __schema { types { " + "fields { type { " * 8 + "name" + " } }" * 8 + " } } }"
    assert isinstance(prepare(circle), list)


def test_good_documents_are_prepared_once_and_bad_ones_are_not_kept() -> None:
    documents = Documents(SCHEMA)
    assert documents.prepare("{ thing { name } }") is documents.prepare("{ thing { name } }")
    assert documents.prepare("{ nothing }") is not documents.prepare("{ nothing }")


def test_strangers_documents_cannot_fill_the_memory() -> None:
    documents = Documents(SCHEMA)
    for n in range(60):
        text = " ".join(f"query Q{k} {{ thing {{ name }} }}" for k in range(125)) + f" # {n}"
        assert isinstance(documents.prepare(text), Prepared)
    assert documents._tokens == 50_000
    assert len(documents._kept) == 50
