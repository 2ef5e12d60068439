"""What one document may ask for. Every figure stands here, every message names rule, figure and cure.

The checks walk a parsed document once, when it is first seen; only the cost waits for the variables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    IntValueNode,
    Lexer,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    Source,
    TokenKind,
    VariableNode,
)

BODY_BYTES_MAX = 64 * 1024
TOKENS_MAX = 1_000
NESTING_MAX = 40
"""Brackets inside brackets before parsing: far above what depth 10 needs, far below what a parser's stack bears."""
DEPTH_MAX = 10
INTROSPECTION_DEPTH_MAX = 20
ALIASES_MAX = 15
MUTATION_FIELDS_MAX = 4
COST_MAX = 5_000
FIRST_MAX = 100

_OPENING = {TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L}
_CLOSING = {TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R}


def limit_error(code: str, message: str, *, limit: int, actual: int) -> GraphQLError:
    """An error of a limit; figures go beside the sentence so that programs can read them."""
    return GraphQLError(message, extensions={"code": code, "limit": limit, "actual": actual})


def scan(text: str) -> int:
    """Counts the tokens of a document before it is parsed; raises a `GraphQLError` past 1,000 or nested too deep.

    The parser recurses, so nesting is bounded here: a document of 2,000 levels never reaches it.
    """
    lexer = Lexer(Source(text))
    tokens = nesting = 0
    while True:
        kind = lexer.advance().kind
        if kind is TokenKind.EOF:
            return tokens
        tokens += 1
        if kind in _OPENING:
            nesting += 1
            if nesting > NESTING_MAX:
                raise limit_error(
                    "TOO_DEEP",
                    f"The document nests brackets more than {NESTING_MAX} deep; operations go {DEPTH_MAX} fields deep "
                    "at most. Ask for less at once.",
                    limit=NESTING_MAX,
                    actual=nesting,
                )
        elif kind in _CLOSING:
            nesting -= 1
        if tokens > TOKENS_MAX:
            raise limit_error(
                "TOO_MANY_TOKENS",
                f"The document has more than {TOKENS_MAX} tokens. Split it, or move values into variables.",
                limit=TOKENS_MAX,
                actual=tokens,
            )


@dataclass(slots=True)
class _Selection:
    """What one selection set amounts to, fragments followed."""

    depth: int = 0
    introspection_depth: int = 0
    aliases: int = 0
    fields: int = 0
    plan: list[Priced] = field(default_factory=list)


@dataclass(slots=True)
class Priced:
    """A field, with its `first` as a literal or a variable's name; or (`own` 0) a fragment, shared by its spreads."""

    rows: int | str | None
    inner: list[Priced]
    own: int = 1


@dataclass(frozen=True, slots=True)
class Measured:
    """One operation's cost plan; the variables' default values are already in `defaults`.

    `fixed` is the cost where no variable has a say in it.
    """

    plan: list[Priced]
    defaults: Mapping[str, int]
    fixed: int | None = None

    def cost(self, variables: Mapping[str, Any]) -> int:
        """One for each field, times the rows asked for (`first`) around it. Bounded: stops counting past the limit."""
        if self.fixed is not None:
            return self.fixed
        return _price(self.plan, {**self.defaults, **variables}, 1, [0])

    def check(self, variables: Mapping[str, Any]) -> GraphQLError | None:
        """The error of an operation that asks for too much."""
        cost = self.cost(variables)
        if cost <= COST_MAX:
            return None
        return limit_error(
            "TOO_COSTLY",
            f"The operation costs more than {COST_MAX} (one for each field, times `first` of every page around it). "
            "Ask for fewer rows with `first`, or for fewer fields of each row.",
            limit=COST_MAX,
            actual=cost,
        )


class _Asked(dict[str, Any]):
    """No variables, and whether one was asked for."""

    asked = False

    def get(self, key: str, default: Any = None) -> Any:
        self.asked = True
        return default


def _measured(plan: list[Priced], defaults: Mapping[str, int]) -> Measured:
    values = _Asked()
    cost = _price(plan, values, 1, [0])
    return Measured(plan, defaults, None if values.asked else cost)


def _price(plan: list[Priced], values: Mapping[str, Any], rows: int, spent: list[int]) -> int:
    for priced in plan:
        spent[0] += rows * priced.own
        if spent[0] > COST_MAX:
            break
        asked = priced.rows
        if isinstance(asked, str):
            given = values.get(asked)
            asked = given if isinstance(given, int) else FIRST_MAX
        _price(priced.inner, values, rows * (1 if asked is None else min(max(asked, 1), FIRST_MAX)), spent)
    return spent[0]


class _Walk:
    """Measures operations; each fragment is measured once, so that fragments of fragments cannot explode."""

    def __init__(self, document: DocumentNode) -> None:
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._measured: dict[str, _Selection] = {}

    def selection(self, node: SelectionSetNode | None, *, introspecting: bool = False) -> _Selection:
        total = _Selection()
        for selected in node.selections if node else ():
            if isinstance(selected, FieldNode):
                part = self._field(selected, introspecting=introspecting)
            elif isinstance(selected, FragmentSpreadNode):
                part = self._fragment(selected.name.value, introspecting=introspecting)
            else:
                part = self.selection(getattr(selected, "selection_set", None), introspecting=introspecting)
            total.depth = max(total.depth, part.depth)
            total.introspection_depth = max(total.introspection_depth, part.introspection_depth)
            total.aliases += part.aliases
            total.fields += part.fields
            total.plan.extend(part.plan)
        return total

    def _field(self, node: FieldNode, *, introspecting: bool) -> _Selection:
        introspecting = introspecting or node.name.value in {"__schema", "__type"}
        inner = self.selection(node.selection_set, introspecting=introspecting)
        return _Selection(
            depth=0 if introspecting else inner.depth + 1,
            introspection_depth=inner.introspection_depth + 1 if introspecting else inner.introspection_depth,
            aliases=inner.aliases + (node.alias is not None),
            fields=1,
            plan=[Priced(_rows(node), inner.plan)],
        )

    def _fragment(self, name: str, *, introspecting: bool) -> _Selection:
        key = f"{name}/{introspecting}"
        if key not in self._measured:
            self._measured[key] = _Selection()  # a cycle counts as nothing here; validation refuses it by name
            fragment = self._fragments.get(name)
            inner = self.selection(fragment.selection_set if fragment else None, introspecting=introspecting)
            # Shared, not copied: fragments that spread fragments twice would double the plan at every step.
            self._measured[key] = replace(inner, plan=[Priced(None, inner.plan, own=0)])
        return self._measured[key]


def measure(document: DocumentNode, operation: OperationDefinitionNode) -> tuple[list[GraphQLError], Measured]:
    """The errors of depth, aliases and mutation fields, and the plan for the cost."""
    total = _Walk(document).selection(operation.selection_set)
    errors = []
    for code, actual, limit, sentence in (
        ("TOO_DEEP", total.depth, DEPTH_MAX, "fields deep. Ask for less at once."),
        ("TOO_DEEP", total.introspection_depth, INTROSPECTION_DEPTH_MAX, "introspection fields deep. Read the SDL."),
        ("TOO_MANY_ALIASES", total.aliases, ALIASES_MAX, "aliases. Split the operation, or take lists."),
        (
            "TOO_MANY_MUTATIONS",
            total.fields if operation.operation is OperationType.MUTATION else 0,
            MUTATION_FIELDS_MAX,
            "mutation fields. Send the rest in another request.",
        ),
    ):
        if actual > limit:
            message = f"The operation has {actual} {sentence}".replace(". ", f"; at most {limit} are allowed. ", 1)
            errors.append(limit_error(code, message, limit=limit, actual=actual))
    return errors, _measured(total.plan, _defaults(operation))


def _rows(node: FieldNode) -> int | str | None:
    for argument in node.arguments or ():
        if argument.name.value == "first":
            value = argument.value
            if isinstance(value, IntValueNode):
                return int(value.value[:10])
            if isinstance(value, VariableNode):
                return value.name.value
    return None


def _defaults(operation: OperationDefinitionNode) -> dict[str, int]:
    found = {}
    for definition in operation.variable_definitions or ():
        if isinstance(definition.default_value, IntValueNode):
            found[definition.variable.name.value] = int(definition.default_value.value[:10])
    return found
