"""Documents parsed, validated and measured once, then remembered by their text."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace

import strawberry
from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, OperationType, parse, specified_rules
from graphql.validation.validate import ValidationAbortedError
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import validate_document

from api.graphql.limits import Measured, measure, scan
from api.graphql.plans import Plan, compile_plan

_REMEMBERED_TOKENS_MAX = 50_000
_ERRORS_SHOWN_MAX = 10


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document, ready to run."""

    name: str | None
    type: OperationType
    measured: Measured
    errors: list[GraphQLError]
    plan: Plan | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document without syntax or validation errors."""

    text: str
    document: DocumentNode
    operations: dict[str | None, Operation]
    tokens: int

    def select(self, name: str | None) -> Operation | GraphQLError:
        """The operation of that name; without a name, the only one."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        if name is None:
            return GraphQLError("Name one of the document's operations in `operationName`.", extensions=_UNKNOWN)
        return self.operations.get(name) or GraphQLError(
            "The document has no operation of the name given in `operationName`.", extensions=_UNKNOWN
        )


_UNKNOWN = {"code": "OPERATION_RESOLUTION_FAILURE"}


class Documents:
    """Remembers good documents, bounded by their tokens all together, so that strangers' texts cannot fill memory.

    Bad documents are never remembered. With `plans` the operations of good ones are compiled.
    """

    def __init__(self, schema: strawberry.Schema, *, plans: bool = True) -> None:
        self._schema = schema
        self._plans = plans and all(extension is UsePrepared for extension in schema.extensions)
        self._kept: OrderedDict[str, Prepared] = OrderedDict()
        self._tokens = 0

    def prepare(self, text: str) -> Prepared | list[GraphQLError]:
        """The document, or everything that is wrong with it (ten errors at most)."""
        known = self._kept.get(text)
        if known is not None:
            self._kept.move_to_end(text)
            return known
        try:
            tokens = scan(text)
            document = parse(text)
        except GraphQLError as error:
            return [error]
        operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        found = []
        for node in operations:
            errors, measured = measure(document, node)
            found.append(Operation(node.name.value if node.name else None, node.operation, measured, errors))
        # Limits first: what is too large is not worth a full validation.
        if wrong := [error for operation in found for error in operation.errors]:
            return wrong[:_ERRORS_SHOWN_MAX]
        if wrong := validate_document(self._schema._schema, document, specified_rules):
            return [_named(error) for error in wrong[:_ERRORS_SHOWN_MAX]]
        if not found:
            return [GraphQLError("The document holds no operation.", extensions=_UNKNOWN)]
        if self._plans:
            found = [
                replace(operation, plan=compile_plan(self._schema, document, node, tokens=tokens))
                for operation, node in zip(found, operations, strict=True)
            ]
        prepared = Prepared(text, document, {operation.name: operation for operation in found}, tokens)
        self._keep(prepared)
        return prepared

    def _keep(self, prepared: Prepared) -> None:
        self._kept[prepared.text] = prepared
        self._tokens += prepared.tokens
        while self._tokens > _REMEMBERED_TOKENS_MAX:
            _, gone = self._kept.popitem(last=False)
            self._tokens -= gone.tokens


def _named(error: GraphQLError) -> GraphQLError:
    """The validator gives up on documents that repeat fields thousands of times over; says so in a caller's words."""
    if isinstance(error, ValidationAbortedError):
        return GraphQLError(
            "The document repeats the same fields too often to be checked. Ask for each field once.",
            extensions={"code": "TOO_REPETITIVE"},
        )
    return error


class UsePrepared(SchemaExtension):
    """Hands the execution the document that `Documents` prepared, so that nothing is parsed or validated again."""

    def on_operation(self) -> Iterator[None]:
        context = self.execution_context
        prepared = getattr(context.context, "prepared", None)
        if prepared is not None:
            context.graphql_document = prepared.document
            context.validation_rules = ()
        yield
