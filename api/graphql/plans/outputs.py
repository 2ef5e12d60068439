"""What goes out: from what resolvers return to what is sent, for selections of plain attributes alone.

A completer goes straight through values that are as they should be, and keeps no path. At anything else (a null where
none may be, an error, something to be awaited, an iterator) it raises, having changed nothing, and the executor's own
code completes the same value again, exactly. So attributes may be read twice.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from math import isfinite
from types import NoneType, SimpleNamespace
from typing import Any

import orjson
from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLString,
    GraphQLUnionType,
    Undefined,
)
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from strawberry.execution.is_awaitable import optimized_is_awaitable
from strawberry.schema.schema import Schema
from strawberry.types.base import StrawberryObjectDefinition, get_object_definition
from strawberry.types.cast import TYPE_CAST_ATTRIBUTE
from strawberry.types.field import StrawberryField

from api.graphql.plans.inputs import INT_MAX, INT_MIN, Deviation, definition_of

Complete = Callable[[Any], Any]
"""From a resolver's value to what is sent; raises for anything out of the ordinary."""
Collect = Callable[[GraphQLObjectType, FieldDetailsList], GroupedFieldSet]

TYPENAME = "__typename"
KNOWN = "known"
"""In a resolver's metadata: the attribute that it shows wherever that is not None, asking nothing further."""
KEPT = "kept"
"""An attribute, a dict, of nodes that never change once they were shown: what was sent of one, by selection.

None instead says that this one node is not worth keeping."""

# Selections of one node; an app has one or two, and who makes up more has them made anew.
_KEPT_MOST = 4


def attribute_of(field: GraphQLField) -> str | None:
    """The attribute that a field without a resolver shows; None where something has to be called."""
    described = definition_of(field)
    if not isinstance(described, StrawberryField) or not described.is_basic_field:
        return None
    if type(described).get_result is not StrawberryField.get_result or described.default_resolver is not getattr:
        return None
    return described.python_name


def known_of(field: GraphQLField) -> str | None:
    """The attribute that a field's resolver shows by itself where it is not None."""
    described = definition_of(field)
    if not isinstance(described, StrawberryField) or described.extensions or described.arguments:
        return None
    if type(described).get_result is not StrawberryField.get_result:
        return None
    return described.metadata.get(KNOWN)


class Completers:
    """Compiles selections of one schema. `collect` gives the fields of a selection for a type."""

    def __init__(self, schema: Schema, collect: Collect) -> None:
        self._schema = schema
        self._graphql = schema._schema
        self._collect = collect

    def compile(self, type_: Any, selected: FieldDetailsList) -> Complete | None:
        """The completer of a field's type under its selection; None where a resolver lies below."""
        if isinstance(type_, GraphQLNonNull):
            return self._bare(type_.of_type, selected, nullable=False)
        return self._bare(type_, selected, nullable=True)

    def _bare(self, type_: Any, selected: FieldDetailsList, *, nullable: bool) -> Complete | None:
        if isinstance(type_, GraphQLScalarType | GraphQLEnumType):
            return _leaf(type_, nullable=nullable)
        complete: Complete | None
        if isinstance(type_, GraphQLList):
            item = self.compile(type_.of_type, selected)
            complete = _list(item) if item else None
        elif isinstance(type_, GraphQLObjectType):
            complete = self._object(type_, selected)
        else:
            complete = self._abstract(type_, selected)
        return _optional(complete) if complete and nullable else complete

    def _object(self, type_: GraphQLObjectType, selected: FieldDetailsList) -> Complete | None:
        if getattr(definition_of(type_), "is_type_of", None) is not None:
            return None
        fields: list[tuple[str, str, Complete]] = []
        for name, details in self._collect(type_, selected).items():
            asked = details[0].node.name.value
            if asked == TYPENAME:
                fields.append((name, "__class__", always(type_.name)))
                continue
            field = type_.fields.get(asked)
            attribute = attribute_of(field) if field else None
            known = known_of(field) if field and not attribute else None
            complete = self.compile(field.type, details) if field and (attribute or known) else None
            if complete is None:
                return None
            if attribute:
                fields.append((name, attribute, complete))
            elif known:
                fields.append((name, known, _known(complete)))
        found = _object(type_, fields)
        origin = getattr(definition_of(type_), "origin", None)
        return _kept(found) if KEPT in getattr(origin, "__dataclass_fields__", ()) else found

    def _abstract(self, type_: GraphQLInterfaceType | GraphQLUnionType, selected: FieldDetailsList) -> Complete | None:
        if getattr(definition_of(type_), "resolve_type", None) is not None:
            return None
        completers: dict[str, Complete] = {}
        for possible in self._graphql.get_possible_types(type_):
            complete = self._object(possible, selected)
            if complete is None:
                return None
            completers[possible.name] = complete
        return _abstract(type_, completers, SimpleNamespace(schema=self._graphql, field_name=""))


def always(value: str) -> Complete:
    """The completer of a constant."""
    return lambda _: value


def _known(complete: Complete) -> Complete:
    def complete_known(value: Any) -> Any:
        if value is None:
            raise Deviation
        return complete(value)

    return complete_known


def _kept(complete: Complete) -> Complete:
    """Sends again what was sent of the same node under the same selection."""

    def complete_kept(value: Any) -> Any:
        kept = getattr(value, KEPT)
        if kept is None:
            return complete(value)
        found = kept.get(complete_kept)
        if found is None:
            if len(kept) >= _KEPT_MOST:
                kept.clear()
            found = kept[complete_kept] = orjson.Fragment(orjson.dumps(complete(value)))
        return found

    return complete_kept


def _optional(complete: Complete) -> Complete:
    return lambda value: None if value is None else complete(value)


def _list(item: Complete) -> Complete:
    def complete(value: Any) -> Any:
        if type(value) is list or type(value) is tuple:
            return [item(each) for each in value]
        raise Deviation

    return complete


def _leaf(type_: GraphQLScalarType | GraphQLEnumType, *, nullable: bool) -> Complete:
    kinds = {NoneType} if nullable else set()
    exact = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool}.get(type_)  # type: ignore[arg-type]
    if exact:
        kinds.add(exact)
    coerce = type_.coerce_output_value

    def complete(value: Any) -> Any:
        if type(value) in kinds:
            return value
        if value is None or isinstance(value, Exception) or optimized_is_awaitable(value):
            raise Deviation
        shown = coerce(value)
        if shown is None or shown is Undefined:
            raise Deviation
        return shown

    def complete_int(value: Any) -> Any:
        return value if type(value) is int and INT_MIN <= value <= INT_MAX else complete(value)

    def complete_float(value: Any) -> Any:
        return value if type(value) is float and isfinite(value) else complete(value)

    if type_ is GraphQLInt:
        return complete_int
    if type_ is GraphQLFloat:
        return complete_float
    return _enum(type_, complete) if isinstance(type_, GraphQLEnumType) else complete


def _enum(type_: GraphQLEnumType, otherwise: Complete) -> Complete:
    kind = definition_of(type_).wrapped_cls
    names = {member: type_.coerce_output_value(member) for member in kind if isinstance(member, Enum)}

    def complete(value: Any) -> Any:
        return names[value] if type(value) is kind else otherwise(value)

    return complete


def _is_plain(kind: type) -> bool:
    """Whether values of a class are shown as they are: nothing to be awaited or raised."""
    return not issubclass(kind, Exception | NoneType) and kind is not type(Undefined) and not hasattr(kind, "__await__")


def _object(type_: GraphQLObjectType, fields: list[tuple[str, str, Complete]]) -> Complete:
    belongs = type_.is_type_of
    accepted: set[type] = set()

    def accept(value: Any) -> None:
        kind = type(value)
        if not _is_plain(kind) or optimized_is_awaitable(value):
            raise Deviation
        if belongs is not None and (
            get_object_definition(kind) is None or not belongs(value, None)  # type: ignore[arg-type]
        ):
            raise Deviation
        accepted.add(kind)

    def complete(value: Any) -> Any:
        if type(value) not in accepted:
            accept(value)
        return {name: complete(getattr(value, attribute)) for name, attribute, complete in fields}

    def complete_uncast(value: Any) -> Any:
        if getattr(value, TYPE_CAST_ATTRIBUTE, None) is not None:
            raise Deviation
        return complete(value)

    return complete if belongs is None else complete_uncast


def _abstract(type_: Any, completers: dict[str, Complete], info: Any) -> Complete:
    found: dict[type, Complete] = {}

    def find(value: Any) -> Complete:
        kind = type(value)
        definition = get_object_definition(kind)
        if not isinstance(definition, StrawberryObjectDefinition) or definition.is_graphql_generic:
            raise Deviation
        if not _is_plain(kind):
            raise Deviation
        found[kind] = completers[type_.resolve_type(value, info, type_)]
        return found[kind]

    def complete(value: Any) -> Any:
        if getattr(value, TYPE_CAST_ATTRIBUTE, None) is not None:
            raise Deviation
        return (found.get(type(value)) or find(value))(value)

    return complete
