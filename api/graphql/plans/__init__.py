"""Operations compiled to plans: what an operation asks is worked out once, not for every request.

The oracle is `schema.execute`: a plan gives the same data and the same errors. What it does not know (subscriptions,
introspection, other directives than `@skip` and `@include`, input types inside themselves) has no plan; variables that
do not fit, and shapes beyond the room of a document, are left to `schema.execute` at the start of a run, before
anything was called.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLIncludeDirective,
    GraphQLSkipDirective,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
)
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.values import VariableValues
from strawberry.schema.schema import Schema, StrawberryGraphQLCoreExecutionContext

from api.graphql.plans.inputs import Deviation, NotCompiled, Variable, compile_variables, read_variables
from api.graphql.plans.outputs import KNOWN
from api.graphql.plans.running import Run, Shape

__all__ = ["KNOWN", "Plan", "compile_plan"]

_CONDITIONS = frozenset({GraphQLSkipDirective.name, GraphQLIncludeDirective.name})
_INTROSPECTION = frozenset({"__schema", "__type"})
_ROOM_LEAST = 200
_ROOM_PER_TOKEN = 2
_SHAPES_MAX = 16


class Plan:
    """One operation of one document, compiled. Bounded: it keeps at most 16 shapes and fields in proportion to the
    document's tokens, so that strangers' documents cannot fill memory."""

    def __init__(
        self, schema: Schema, operation: OperationDefinitionNode, fragments: dict[str, FragmentDetails],
        variables: tuple[Variable, ...], conditions: tuple[str, ...], room: int,
    ) -> None:  # fmt: skip
        self._schema = schema
        self._operation = operation
        self._fragments = fragments
        self._variables = variables
        self._conditions = conditions
        self._room = room
        self._shapes: dict[tuple[Any, ...], Shape] = {}

    def start(self, given: Mapping[str, Any], context: Any) -> Run | None:
        """A run with these variables; None where `schema.execute` has to do it. Nothing has been called yet."""
        try:
            values = read_variables(self._variables, given)
        except Deviation:
            return None
        key = tuple([values.coerced.get(name) for name in self._conditions])
        shape = self._shapes.get(key) or self._shape(key, values)
        return Run(shape, values, context) if shape else None

    def _shape(self, key: tuple[Any, ...], values: VariableValues) -> Shape | None:
        if len(self._shapes) >= _SHAPES_MAX or not all(isinstance(each, bool) for each in key):
            return None
        # A shape outlives its first request, so it keeps nothing of what that request sent but its conditions.
        kept = VariableValues(
            {name: values.sources[name] for name in self._conditions}, dict(zip(self._conditions, key, strict=True))
        )
        room = self._room // (len(self._shapes) + 1)
        self._shapes[key] = Shape(self._schema, self._operation, self._fragments, kept, room)
        return self._shapes[key]


def compile_plan(
    schema: Schema, document: DocumentNode, operation: OperationDefinitionNode, *, tokens: int
) -> Plan | None:
    """The plan of a validated document's operation; None where it is left to `schema.execute`."""
    if operation.operation is OperationType.SUBSCRIPTION or operation.directives or not _is_plain(schema):
        return None
    definitions = [each for each in document.definitions if isinstance(each, FragmentDefinitionNode)]
    conditions: dict[str, None] = {}
    for node in _selected(operation.selection_set, *(each.selection_set for each in definitions)):
        if isinstance(node, FieldNode) and node.name.value in _INTROSPECTION:
            return None
        for directive in node.directives or ():
            if directive.name.value not in _CONDITIONS:
                return None
            for argument in directive.arguments or ():
                if isinstance(argument.value, VariableNode):
                    conditions[argument.value.name.value] = None
    try:
        variables = compile_variables(schema._schema, operation)
    except NotCompiled:
        return None
    declared = {each.name for each in variables}
    fragments = {each.name.value: FragmentDetails(each) for each in definitions}
    room = _ROOM_LEAST + _ROOM_PER_TOKEN * tokens
    return Plan(schema, operation, fragments, variables, tuple(declared.intersection(conditions)), room)


def _is_plain(schema: Schema) -> bool:
    """Whether Strawberry does nothing around an execution that a plan would leave out."""
    return (
        schema.execution_context_class is StrawberryGraphQLCoreExecutionContext
        and not schema.schema_converter.exception_handlers
        and not schema.config.enable_experimental_incremental_execution
        and not schema.directives
    )


def _selected(*sets: SelectionSetNode | None) -> Iterator[SelectionNode]:
    for each in sets:
        for node in each.selections if each else ():
            yield node
            yield from _selected(getattr(node, "selection_set", None))
