"""Random documents for the wild schema, valid but for their variables."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
)

from tests.wild import SCHEMA

MOST_ALIASES = 12


class Writer:
    """Writes random documents, with variables good and bad."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.declared: list[str] = []
        self.variables: dict[str, Any] = {}
        self.fragments: list[str] = []
        self.aliases = 0

    def write(self) -> tuple[str, dict[str, Any]]:
        """A document and its variables."""
        mutation = self.dice.random() < 0.15
        root = SCHEMA._schema.mutation_type if mutation else SCHEMA._schema.query_type
        body = " ".join([self.selection(root, 1 if mutation else 4), *self.fragments])
        used = [each for each in self.declared if re.search(re.escape(each.partition(":")[0]) + r"\b", body)]
        declared = f"({', '.join(used)})" if used else ""
        return f"{'mutation' if mutation else 'query'} Random{declared} {body}", self.variables

    def selection(self, type_: Any, depth: int) -> str:
        parts = [self.spread(type_, depth) for _ in range(self.dice.randrange(2))]
        if isinstance(type_, GraphQLUnionType):
            possible = self.dice.sample(list(type_.types), self.dice.randrange(1, 3))
            parts += [f"... on {each.name} {self.selection(each, depth - 1)}" for each in possible]
        else:
            names = list(type_.fields)
            parts += [self.field(type_, self.dice.choice(names), depth) for _ in range(self.dice.randrange(1, 5))]
        if isinstance(type_, GraphQLInterfaceType):
            for each in SCHEMA._schema.get_possible_types(type_):
                if self.dice.random() < 0.5:
                    parts.append(f"... on {each.name} {self.selection(each, depth - 1)}")
        parts = [each for each in parts if each] or ["__typename"]
        if self.dice.random() < 0.3:
            parts.insert(self.dice.randrange(len(parts) + 1), "__typename")
        return f"{{ {' '.join(parts)} }}"

    def spread(self, type_: Any, depth: int) -> str:
        if depth < 1 or not isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            return ""
        body = self.selection(type_, depth - 1)
        if self.dice.random() < 0.5:
            return f"... {self.condition()} {body}"
        name = f"F{len(self.fragments)}"
        self.fragments.append(f"fragment {name} on {type_.name} {body}")
        return f"...{name} {self.condition()}"

    def field(self, parent: Any, name: str, depth: int) -> str:
        field = parent.fields[name]
        inner = field.type
        while hasattr(inner, "of_type"):
            inner = inner.of_type
        nested = isinstance(inner, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType)
        if nested and depth < 1:
            return ""
        arguments = [
            f"{key}: {self.argument(argument)}"
            for key, argument in field.args.items()
            if (isinstance(argument.type, GraphQLNonNull) and argument.default is None) or self.dice.random() < 0.6
        ]
        alias = ""
        if (arguments or self.dice.random() < 0.2) and self.aliases < MOST_ALIASES:
            self.aliases += 1
            alias = f"a{self.aliases}: "
        elif field.args:
            return ""
        given = f"({', '.join(arguments)})" if arguments else ""
        body = self.selection(inner, depth - 1) if nested else ""
        return f"{alias}{name}{given} {self.condition()} {body}"

    def condition(self) -> str:
        if self.dice.random() > 0.2:
            return ""
        name = self.dice.choice(["skip", "include"])
        if self.dice.random() < 0.5:
            return f"@{name}(if: {self.dice.choice(['true', 'false'])})"
        return f"@{name}(if: ${self.declare('Boolean!', self.dice.random() < 0.5)})"

    def declare(self, type_: str, value: Any, default: str = "") -> str:
        name = f"v{len(self.declared)}"
        self.declared.append(f"${name}: {type_}{default}")
        if self.dice.random() < 0.985:
            self.variables[name] = value
        return name

    def argument(self, argument: Any) -> str:
        if self.dice.random() < 0.5:
            kind = str(argument.type)
            default = ""
            if self.dice.random() < 0.2:
                default = f" = {self.literal(argument.type, constant=True)}"
                # A variable with a default may be null where its argument may not.
                kind = kind.removesuffix("!") if self.dice.random() < 0.5 else kind
                if self.dice.random() < 0.1:
                    return f"${self.declare(kind, None, default)}"
            elif not kind.endswith("!") and self.dice.random() < 0.3:
                kind += "!"
            return f"${self.declare(kind, self.json(argument.type), default)}"
        return self.literal(argument.type)

    def json(self, type_: Any) -> Any:  # noqa: PLR0911 - one line per kind reads best
        """A JSON value for a type; sometimes a wrong one."""
        if self.dice.random() < 0.012:
            return self.dice.choice([None, 1.5, "x", {}, [], True, 2**40, {"x": 1}, [None]])
        if isinstance(type_, GraphQLNonNull):
            return self.json(type_.of_type)
        if self.dice.random() < 0.1:
            return None
        if isinstance(type_, GraphQLList):
            if self.dice.random() < 0.1:
                return self.json(type_.of_type)
            return [self.json(type_.of_type) for _ in range(self.dice.randrange(3))]
        if isinstance(type_, GraphQLInputObjectType):
            more = {"unknown": 1} if self.dice.random() < 0.02 else {}
            return {key: self.json(type_.fields[key].type) for key in self.keys(type_)} | more
        if isinstance(type_, GraphQLEnumType):
            return self.dice.choice(list(type_.values))
        return self.dice.choice(_JSON[type_.name])

    def keys(self, type_: GraphQLInputObjectType) -> list[str]:
        if type_.name == "ChoiceInput" and self.dice.random() < 0.9:
            return [self.dice.choice(list(type_.fields))]
        return [
            key for key, field in type_.fields.items()
            if (isinstance(field.type, GraphQLNonNull) and field.default is None) or self.dice.random() < 0.5
        ]  # fmt: skip

    def literal(self, type_: Any, *, constant: bool = False) -> str:
        if isinstance(type_, GraphQLNonNull):
            return self.literal(type_.of_type, constant=constant)
        if not constant and self.dice.random() < 0.15 and not isinstance(type_, GraphQLInputObjectType):
            return f"${self.declare(f'{type_}!', self.json(type_))}"
        if isinstance(type_, GraphQLList):
            return (
                f"[{', '.join(self.literal(type_.of_type, constant=constant) for _ in range(self.dice.randrange(3)))}]"
            )
        if isinstance(type_, GraphQLInputObjectType):
            pairs = (f"{key}: {self.literal(type_.fields[key].type, constant=constant)}" for key in self.keys(type_))
            return f"{{{', '.join(pairs)}}}"
        if isinstance(type_, GraphQLEnumType):
            return self.dice.choice(list(type_.values))
        return self.dice.choice(_LITERALS[type_.name])


_JSON: dict[str, list[Any]] = {
    "Int": [1, 2, -7, 3.0], "Float": [1, 2.5], "String": ["a", "", "ä"], "ID": ["i", 4], "Boolean": [True, False],
    "DateTime": ["2026-01-31T12:00:00+08:00", "2026-01-31T12:00:00Z"], "Date": ["2026-01-31"],
}  # fmt: skip
_LITERALS: dict[str, list[str]] = {
    "Int": ["1", "-7"], "Float": ["1", "2.5"], "String": ['"a"', '""', '"""b"""'], "ID": ['"i"', "4"],
    "Boolean": ["true", "false"], "DateTime": ['"2026-01-31T12:00:00+08:00"'], "Date": ['"2026-01-31"'],
}  # fmt: skip


def random_documents(seed: int, count: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """So many random documents with their variables."""
    for number in range(count):
        yield Writer(random.Random(f"{seed}/{number}")).write()
