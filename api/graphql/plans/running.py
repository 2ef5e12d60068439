"""One run of a plan: the executor of graphql-core, with compiled ways in place of its own wherever there is one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from graphql import (
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
    OperationType,
    TypeNameMetaFieldDef,
    Undefined,
    get_argument_values,
)
from graphql.execution.collect_fields import (
    CollectedFields,
    FieldDetailsList,
    FragmentDetails,
    collect_fields,
    collect_subfields,
)
from graphql.execution.executor import CollectedErrors, default_field_resolver, default_type_resolver
from graphql.execution.values import VariableValues
from graphql.language import OperationDefinitionNode
from graphql.pyutils import Path, RefMap
from graphql.type.definition import GraphQLResolveInfoHelpers
from strawberry.execution.is_awaitable import optimized_is_awaitable
from strawberry.schema.schema import Schema, StrawberryGraphQLCoreExecutionContext
from strawberry.types.field import StrawberryField

from api.graphql.plans.inputs import Argument, Deviation, NotCompiled, compile_arguments, definition_of
from api.graphql.plans.outputs import TYPENAME, Complete, Completers, always, attribute_of

_DEVIATED = object()
# What each run has of its own; everything else of an executor is the same for all runs of a shape.
_OF_ITS_OWN = frozenset({
    "variable_values", "context_value", "collected_errors", "async_helpers", "pending_incremental_futures",
    "background_futures", "groups", "tasks", "streams", "_relevant_sub_fields", "_stream_usages",
    "_initial_execution_plans", "_deferred_execution_plans",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """One selected field: the attribute it shows or the resolver it calls, and how the value is completed."""

    definition: GraphQLField
    nodes: list[FieldNode]
    attribute: str
    call: Call | None
    complete: Complete | None


Call = Callable[["Run", Any, GraphQLResolveInfo[Any]], Any]
"""Calls a field's resolver: for a run, with the source and the executor's info."""


class Shape:
    """What one operation selects under given values of its `@skip` and `@include`; compiled as it is first met.

    `room` is how many selected fields may be kept; those beyond are left to the executor.
    """

    def __init__(
        self, schema: Schema, operation: OperationDefinitionNode, fragments: dict[str, FragmentDetails],
        values: VariableValues, room: int,
    ) -> None:  # fmt: skip
        self.schema = schema
        self.operation = operation
        self.fragments = fragments
        self.definitions = {name: details.definition for name, details in fragments.items()}
        root_type = schema._schema.get_root_type(operation.operation)
        assert root_type is not None
        self.root_type = root_type
        self.serially = operation.operation is OperationType.MUTATION
        self.room = room
        # Keys are identities of lists that the values keep alive.
        self._selections: dict[tuple[GraphQLObjectType, int], tuple[FieldDetailsList, CollectedFields]] = {}
        self._fields: dict[int, tuple[FieldDetailsList, Field | None]] = {}
        self._values = values
        self._completers = Completers(schema, lambda type_, details: self.collect(type_, details).grouped_field_set)
        self.root = collect_fields(schema._schema, fragments, values, root_type, operation).grouped_field_set
        made = vars(self.executor(values))
        self.shared = {name: value for name, value in made.items() if name not in _OF_ITS_OWN}

    def executor(self, values: VariableValues) -> StrawberryGraphQLCoreExecutionContext:
        """An executor as graphql-core makes it."""
        return StrawberryGraphQLCoreExecutionContext(
            self.schema._schema,
            self.definitions,
            self.fragments,
            None,
            None,
            self.operation,
            values,
            default_field_resolver,
            default_type_resolver,
            default_field_resolver,
            is_awaitable=optimized_is_awaitable,
        )

    def collect(self, type_: GraphQLObjectType, details: FieldDetailsList) -> CollectedFields:
        """The selected fields of a type. Raises `NotCompiled` where there is no room for more."""
        known = self._selections.get((type_, id(details)))
        if known is not None:
            return known[1]
        if self.room <= 0:
            raise NotCompiled
        found = collect_subfields(self.schema._schema, self.fragments, self._values, self.operation, type_, details)
        self.room -= 1 + len(found.grouped_field_set)
        self._selections[type_, id(details)] = details, found
        return found

    def field(self, parent: GraphQLObjectType, details: FieldDetailsList) -> Field | None:
        """A selected field, compiled; None where it is left to the executor."""
        known = self._fields.get(id(details))
        if known is not None:
            return known[1]
        if self.room <= 0:
            return None
        try:
            compiled = self._compile(parent, details)
        except NotCompiled:
            compiled = None
        self.room -= 1
        self._fields[id(details)] = details, compiled
        return compiled

    def _compile(self, parent: GraphQLObjectType, details: FieldDetailsList) -> Field | None:
        node = details[0].node
        nodes = [each.node for each in details]
        if node.name.value == TYPENAME:
            return Field(TypeNameMetaFieldDef, nodes, "__class__", None, always(parent.name))
        definition = parent.fields[node.name.value]
        attribute = attribute_of(definition)
        call = None if attribute else self._compile_call(definition, node)
        return Field(definition, nodes, attribute or "", call, self._completers.compile(definition.type, details))

    def _compile_call(self, definition: GraphQLField, node: FieldNode) -> Call:
        field = definition_of(definition)
        resolver = field.base_resolver if isinstance(field, StrawberryField) else None
        if resolver is None or field.extensions or type(field).get_result is not StrawberryField.get_result:
            raise NotCompiled
        arguments = compile_arguments(
            self.schema, definition, field, {each.name.value: each.value for each in node.arguments or ()}
        )
        return _caller(self.schema, definition, field, node, arguments)


def _caller(
    schema: Schema, definition: GraphQLField, field: StrawberryField, node: FieldNode, arguments: tuple[Argument, ...]
) -> Call:
    """Calls a field's resolver as Strawberry does; arguments that deviate go Strawberry's own way."""
    resolver = field.base_resolver
    assert resolver is not None
    takes_self = resolver.self_parameter is not None
    sources = [each.name for each in (resolver.parent_parameter, resolver.root_parameter) if each]
    info_name = resolver.info_parameter.name if resolver.info_parameter else None
    make_info = schema.config.info_class
    plain = definition.resolve
    assert plain is not None

    def call(run: Run, source: Any, raw: GraphQLResolveInfo[Any]) -> Any:
        try:
            values = [argument.read(run.variable_values) for argument in arguments]
        except Deviation:
            return plain(source, raw, **get_argument_values(definition, node, run.variable_values))
        found: dict[str, Any] = {}
        for argument, value in zip(arguments, values, strict=True):
            if value is not Undefined:
                found[argument.python_name] = argument.convert(value) if argument.convert else value
        for name in sources:
            found[name] = source
        if info_name:
            found[info_name] = make_info(_raw_info=raw, _field=field)
        return resolver(source, **found) if takes_self else resolver(**found)

    return call


class Run(StrawberryGraphQLCoreExecutionContext):
    """One execution of an operation.

    The executor's own constructor works out anew for each what is the same for all, and ties the executor to itself
    (its helpers know it), so that every request left garbage for the collector; now those with errors alone do, whose
    tracebacks hold them. A run takes what is the same from its shape, and has the rest of its own: by copying, as
    graphql-core makes its sub-executors.
    """

    def __init__(self, shape: Shape, values: VariableValues, context: Any) -> None:
        self.__dict__.update(shape.shared)
        self._shape = shape
        self.variable_values = values
        self.context_value = context
        self.collected_errors = CollectedErrors()
        self.pending_incremental_futures = set()
        self.background_futures = set()
        self._relevant_sub_fields = {}
        self._stream_usages = RefMap()
        self._initial_execution_plans = RefMap()
        self._deferred_execution_plans = RefMap()
        self.groups, self.tasks, self.streams = [], [], []

    @cached_property
    def async_helpers(self) -> GraphQLResolveInfoHelpers:  # type: ignore[override]  # only its __init__ writes it
        """Made when asked for, and kept until the run is over: they and the run hold each other.

        A plain attribute of the executor, for which a property is no good unless nobody writes it: a run does not call
        that constructor.
        """
        return GraphQLResolveInfoHelpers(self.gather_async_work, self.track_async_work)

    async def outcome(self) -> ExecutionResult:
        """The result: query fields side by side, mutation fields one after the other."""
        shape = self._shape
        data: dict[str, Any] | None
        try:
            if shape.serially:
                data = await self._in_turn()
            else:
                found = self.execute_fields(shape.root_type, None, None, shape.root, None)
                data = await found if self.is_awaitable(found) else cast("dict[str, Any]", found)
        except GraphQLError as error:
            self.collected_errors.add(error, None)
            data = None
        finally:
            vars(self).pop("async_helpers", None)
        return ExecutionResult(data, self.collected_errors.errors or None)

    async def _in_turn(self) -> dict[str, Any]:
        """What `execute_fields_serially` gives, without coroutines around those of the fields."""
        root_type, data = self._shape.root_type, {}
        for name, details in self._shape.root.items():
            found = self.execute_field(root_type, None, details, Path(None, name, root_type.name), None)
            if self.is_awaitable(found):
                found = await found
            if found is not Undefined:
                data[name] = found
        return data

    def collect_subfields(
        self, return_type: GraphQLObjectType, field_details_list: FieldDetailsList
    ) -> CollectedFields:
        """The fields that the shape knows, or else those of this run alone."""
        try:
            return self._shape.collect(return_type, field_details_list)
        except NotCompiled:
            return super().collect_subfields(return_type, field_details_list)

    def execute_field(
        self,
        parent_type: GraphQLObjectType,
        source: Any,
        field_details_list: FieldDetailsList,
        path: Path,
        position_context: Any,
    ) -> Any:
        """A field's value, or an awaitable of it."""
        field = self._shape.field(parent_type, field_details_list)
        if field is None:
            return super().execute_field(parent_type, source, field_details_list, path, position_context)
        info: GraphQLResolveInfo[Any] | None = None
        try:
            if field.call is None:
                result = getattr(source, field.attribute)
            else:
                info = self.build_resolve_info(field.definition, field.nodes, parent_type, path)
                result = field.call(self, source, info)
                if self.is_awaitable(result):
                    return self._settle(field, field_details_list, info, path, result)
            done = _straight(field.complete, result)
            if done is not _DEVIATED:
                return done
            info = info or self.build_resolve_info(field.definition, field.nodes, parent_type, path)
            return self._exactly(field, field_details_list, info, path, result)
        except Exception as error:  # noqa: BLE001 - every fault of a resolver is an error of its field
            self.handle_field_error(error, field.definition.type, field_details_list, path)
            return None

    async def _settle(
        self, field: Field, details: FieldDetailsList, info: GraphQLResolveInfo[Any], path: Path, result: Awaitable[Any]
    ) -> Any:
        """What an asynchronous resolver gives, completed."""
        try:
            resolved = await result
            done = _straight(field.complete, resolved)
            if done is not _DEVIATED:
                return done
            completed = self.complete_value(field.definition.type, details, info, path, resolved, None)
            return await completed if self.is_awaitable(completed) else completed
        except Exception as error:  # noqa: BLE001 - every fault of a resolver is an error of its field
            self.handle_field_error(error, field.definition.type, details, path)
            return None

    def _exactly(
        self, field: Field, details: FieldDetailsList, info: GraphQLResolveInfo[Any], path: Path, result: Any
    ) -> Any:
        """A value at hand, completed by the executor's own code."""
        if self.is_awaitable(result):
            return self.complete_awaitable_value(field.definition.type, details, info, path, result, None)
        completed = self.complete_value(field.definition.type, details, info, path, result, None)
        if self.is_awaitable(completed):
            return self._settle_completed(field, details, path, completed)
        return completed

    async def _settle_completed(
        self, field: Field, details: FieldDetailsList, path: Path, completed: Awaitable[Any]
    ) -> Any:
        try:
            return await completed
        except Exception as error:  # noqa: BLE001 - every fault of a resolver is an error of its field
            self.handle_field_error(error, field.definition.type, details, path)
            return None


def _straight(complete: Complete | None, value: Any) -> Any:
    """The value as it is sent, or `_DEVIATED`."""
    if complete is None:
        return _DEVIATED
    try:
        return complete(value)
    except Exception:  # noqa: BLE001 - whatever it is, the executor's own code finds it again and tells it
        return _DEVIATED
