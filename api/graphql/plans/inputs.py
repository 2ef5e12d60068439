"""What comes in: variables and arguments, from JSON to what resolvers take.

Only the way of good values is compiled. For anything else a `Deviation` is raised, and the executor's own code, which
names every mistake, takes over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass
from datetime import date
from enum import Enum
from types import NoneType
from typing import Any
from uuid import UUID

import strawberry
from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLString,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    Undefined,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    is_required_argument,
    is_required_input_field,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource
from graphql.utilities.coerce_input_value import coerce_default_value, coerce_input_literal
from strawberry.relay.types import GlobalID
from strawberry.schema import compat
from strawberry.schema.schema import Schema
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.base import StrawberryList, StrawberryMaybe, StrawberryOptional, get_object_definition
from strawberry.types.enum import StrawberryEnumDefinition, has_enum_definition
from strawberry.types.field import StrawberryField
from strawberry.types.lazy_type import LazyType

from api.graphql.plans.remembering import REMEMBERED, convert_once, read_once

INT_MAX = 2**31 - 1
INT_MIN = -(2**31)

Read = Callable[[Any], Any]
"""From one form of a value to the next; raises `Deviation`."""

_REFERENCE = GraphQLCoreConverter.DEFINITION_BACKREF
_UNSET = strawberry.UNSET
_PLAIN_JSON = frozenset({str, int, float, bool, dict})
# What one coerced literal may be and still serve every request.
_UNCHANGING = (str, int, float, NoneType, Enum, date, UUID)


class Deviation(Exception):
    """This value does not go the compiled way."""


class NotCompiled(Exception):
    """This operation, field or argument is left to the executor."""


def definition_of(described: Any) -> Any:
    """Strawberry's own description of a type or field of its schema, or None."""
    return described.extensions.get(_REFERENCE)


@dataclass(frozen=True, slots=True)
class Variable:
    """A declared variable: how it is read, and what stands for it where it is left out (`Undefined`: nothing)."""

    name: str
    signature: GraphQLVariableSignature
    read: Read
    required: bool
    default: Callable[[], Any]


def compile_variables(schema: GraphQLSchema, operation: OperationDefinitionNode) -> tuple[Variable, ...]:
    """How the operation's variables are read. Raises `NotCompiled`."""
    found = []
    for node in operation.variable_definitions or ():
        signature = get_variable_signature(schema, node)
        if isinstance(signature, GraphQLError):
            raise NotCompiled
        try:
            default = coerce_default_value(signature)
        except TypeError:
            raise NotCompiled from None
        required = isinstance(signature.type, GraphQLNonNull) and default is Undefined
        read = _coercer(signature.type, ())
        found.append(Variable(signature.name, signature, read, required, _default_maker(node, signature, default)))
    return tuple(found)


def _default_maker(
    node: VariableDefinitionNode, signature: GraphQLVariableSignature, default: Any
) -> Callable[[], Any]:
    """What stands for a variable left out: lists and objects anew for each request, as the executor makes them."""
    literal = node.default_value
    if literal is None or default is Undefined or isinstance(default, _UNCHANGING):
        return lambda: default
    return lambda: coerce_input_literal(literal, signature.type)


def read_variables(variables: Sequence[Variable], given: Mapping[str, Any]) -> VariableValues:
    """The variables of one request. Raises `Deviation` where one does not fit."""
    sources: dict[str, VariableValueSource] = {}
    coerced: dict[str, Any] = {}
    for variable in variables:
        name = variable.name
        if name in given:
            value = given[name]
            sources[name] = VariableValueSource(variable.signature, value)
            coerced[name] = variable.read(value)
        elif variable.required:
            raise Deviation
        else:
            sources[name] = VariableValueSource(variable.signature)
            default = variable.default()
            if default is not Undefined:
                coerced[name] = default
    return VariableValues(sources, coerced)


def _coercer(type_: Any, inside: tuple[str, ...]) -> Read:
    """How a JSON value becomes what the executor calls coerced."""
    if isinstance(type_, GraphQLNonNull):
        return _coercer_of_value(type_.of_type, inside)
    read = _coercer_of_value(type_, inside)
    return lambda value: None if value is None else read(value)


def _coercer_of_value(type_: Any, inside: tuple[str, ...]) -> Read:
    if isinstance(type_, GraphQLList):
        return _list_coercer(_coercer(type_.of_type, inside))
    if isinstance(type_, GraphQLInputObjectType):
        if type_.name in inside:
            raise NotCompiled  # a type inside itself: its depth is the executor's to bound
        return _object_coercer(type_, (*inside, type_.name))
    return _leaf_coercer(type_)


def _list_coercer(item: Read) -> Read:
    def read(value: Any) -> Any:
        if type(value) is list:
            return [item(each) for each in value]
        if type(value) in _PLAIN_JSON:
            return [item(value)]
        raise Deviation

    return read


def _object_coercer(type_: GraphQLInputObjectType, inside: tuple[str, ...]) -> Read:
    if type_.is_one_of:
        raise NotCompiled  # Strawberry checks its own in `out_type`; the executor's way is not used here
    finish = None if type_.out_type is GraphQLInputObjectType.out_type else type_.out_type
    fields = [
        (
            name,
            field.out_name or name,
            _coercer(field.type, inside),
            is_required_input_field(field),
            coerce_default_value(field),
        )
        for name, field in type_.fields.items()
    ]
    # Of the many fields of a choice one alone is given.
    is_choice = not any(required or default is not Undefined for *_, required, default in fields)
    lone = {name: (out_name, coerce) for name, out_name, coerce, *_ in fields} if is_choice else {}

    def read(value: Any) -> Any:
        if type(value) is not dict:
            raise Deviation
        found, seen = {}, 0
        if len(value) == 1 and (only := next(iter(value))) in lone:
            out_name, coerce = lone[only]
            found[out_name] = coerce(value[only])
            return found if finish is None else _attempt(finish, found)
        for name, out_name, coerce, required, default in fields:
            if name in value:
                seen += 1
                found[out_name] = coerce(value[name])
            elif required:
                raise Deviation
            elif default is not Undefined:
                found[out_name] = default
        if seen != len(value):
            raise Deviation
        return found if finish is None else _attempt(finish, found)

    most = getattr(definition_of(type_).origin, REMEMBERED, 0)
    return read_once(read, type_.extensions.setdefault(REMEMBERED, {}), most) if most else read


def _attempt(act: Callable[[Any], Any], value: Any) -> Any:
    try:
        return act(value)
    except Exception as error:
        raise Deviation from error


def _leaf_coercer(type_: Any) -> Read:
    if isinstance(type_, GraphQLEnumType):
        members = {name: type_.coerce_input_value(name) for name in type_.values}

        def read_member(value: Any) -> Any:
            if type(value) is not str or value not in members:
                raise Deviation
            return members[value]

        return read_member
    exact = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool}.get(type_)
    coerce = type_.coerce_input_value

    def read_other(value: Any) -> Any:
        if value is None:
            raise Deviation
        found = _attempt(coerce, value)
        if found is Undefined:
            raise Deviation
        return found

    def read_exact(value: Any) -> Any:
        return value if type(value) is exact else read_other(value)

    def read_int(value: Any) -> Any:
        return value if type(value) is int and INT_MIN <= value <= INT_MAX else read_other(value)

    if type_ is GraphQLInt:
        return read_int
    return read_exact if exact and type_ is not GraphQLFloat else read_other


ReadArgument = Callable[[VariableValues], Any]
"""An argument's coerced value; `Undefined` where it is left out. Raises `Deviation`."""


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of one field of one document: how its value is found, and made what the resolver takes."""

    python_name: str
    read: ReadArgument
    convert: Read | None


def compile_arguments(
    schema: Schema, definition: GraphQLField, field: StrawberryField, nodes: Mapping[str, ValueNode]
) -> tuple[Argument, ...]:
    """How the arguments of one field are read. Raises `NotCompiled`."""
    found = []
    for argument in field.arguments:
        name = schema.config.name_converter.from_argument(argument)
        declared = definition.args[name]
        if declared.out_name not in {None, name}:
            raise NotCompiled
        assert argument.python_name
        read = _argument_reader(declared, nodes.get(name))
        found.append(Argument(argument.python_name, read, compile_conversion(schema, argument)))
    return tuple(found)


def _argument_reader(declared: GraphQLArgument, node: ValueNode | None) -> ReadArgument:
    required = is_required_argument(declared)
    try:
        default = coerce_default_value(declared)
    except TypeError:
        raise NotCompiled from None
    if node is None:
        if required:
            raise NotCompiled
        return lambda _: default
    if isinstance(node, VariableNode):
        return _variable_reader(node.name.value, isinstance(declared.type, GraphQLNonNull), required, default)
    if not isinstance(node, ListValueNode | ObjectValueNode):
        constant = coerce_input_literal(node, declared.type)
        if isinstance(constant, _UNCHANGING):
            return lambda _: constant

    def read_literal(values: VariableValues) -> Any:
        found = coerce_input_literal(node, declared.type, values)
        if found is Undefined:
            raise Deviation
        return found

    return read_literal


def _variable_reader(name: str, non_null: bool, required: bool, default: Any) -> ReadArgument:
    def read(values: VariableValues) -> Any:
        if name not in values.coerced:
            if required:
                raise Deviation
            return default
        found = values.coerced[name]
        if found is None and non_null:
            raise Deviation
        return found

    return read


def compile_conversion(schema: Schema, argument: StrawberryArgument) -> Read | None:
    """How Strawberry turns a coerced argument into what a resolver takes; None where it stays as it is."""
    return _converter(schema, argument.type, ())


def _converter(schema: Schema, type_: Any, inside: tuple[type, ...]) -> Read | None:
    registry = schema.schema_converter.scalar_registry
    if isinstance(type_, StrawberryMaybe) or type_ is GlobalID:
        raise NotCompiled
    if isinstance(type_, StrawberryOptional):
        return _converter(schema, type_.of_type, inside)
    if isinstance(type_, LazyType):
        return _converter(schema, type_.resolve_type(), inside)
    if isinstance(type_, StrawberryList):
        return _convert_list(_converter(schema, type_.of_type, inside))
    if isinstance(type_, StrawberryEnumDefinition) or has_enum_definition(type_) or compat.is_scalar(type_, registry):
        return None
    definition = get_object_definition(type_)
    if definition is None or not definition.is_input or definition.from_input is not None or type_ in inside:
        raise NotCompiled
    fields = {}
    for field in definition.fields:
        convert = _converter(schema, field.resolve_type(type_definition=definition), (*inside, type_))
        fields[schema.config.name_converter.from_field(field)] = field.python_name, convert
    absent = {
        field.python_name: None
        for field in definition.fields
        if field.default_value is MISSING and field.default_factory is MISSING
    }
    return _convert_object(type_, fields, absent)


def _convert_list(item: Read | None) -> Read:
    def convert(value: Any) -> Any:
        if value is None or value is _UNSET:
            return value
        return list(value) if item is None else [item(each) for each in value]

    return convert


def _convert_object(type_: type, fields: dict[str, tuple[str, Read | None]], absent: dict[str, None]) -> Read:
    def make(value: Any) -> Any:
        if value is None or value is _UNSET:
            return value
        found: dict[str, Any] = absent.copy()
        for name, given in value.items():
            if name in fields:
                python_name, convert = fields[name]
                found[python_name] = given if convert is None else convert(given)
        return type_(**found)

    return convert_once(make) if hasattr(type_, REMEMBERED) else make
