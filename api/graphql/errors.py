"""What leaves the house when something went wrong: contract errors as they are, everything else masked and logged."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLError

from api.graphql.messages import WORDINGS, Wording, say
from api.refusals import BadInput, Forbidden
from loyalty.refusals import Refused

_LOG = logging.getLogger("mergemart.graphql")
_FRAMES_LOGGED = 12


@dataclass(slots=True)
class HttpError(Exception):
    """An answer that is no GraphQL result: a status, a code, a sentence."""

    status: int
    code: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)
    extensions: Mapping[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        return {"errors": [{"message": self.message, "extensions": {"code": self.code, **self.extensions}}]}


def present(errors: Sequence[GraphQLError], *, locale: str, trace_id: str, operation: str) -> list[dict[str, Any]]:
    """The errors of a result as the caller may see them; logs what it masks."""
    return [_present(error, locale, trace_id, operation) for error in errors]


def _present(error: GraphQLError, locale: str, trace_id: str, operation: str) -> dict[str, Any]:
    shown: dict[str, Any] = {"message": error.message}
    cause = _cause(error)
    extensions: dict[str, Any]
    if isinstance(cause, Refused):
        code = str(cause.code)
        shown["message"] = say(WORDINGS.get(code, Wording(code, code, "")), locale, cause.facts)
        extensions = {"code": code, "retryable": cause.retryable}
    elif isinstance(cause, BadInput):
        shown["message"] = f"{cause.field}: {cause.message}."
        extensions = {"code": "BAD_USER_INPUT", "field": cause.field}
    elif isinstance(cause, Forbidden):
        shown["message"] = cause.message
        extensions = {"code": "FORBIDDEN"}
    elif _is_contract(error, cause):
        extensions = {"code": "BAD_USER_INPUT" if error.path or _is_coercion(error) else "GRAPHQL_VALIDATION_FAILED"}
        extensions |= error.extensions or {}
    else:
        log_fault(cause or error, trace_id=trace_id, operation=operation)
        shown["message"] = "internal error"
        extensions = {"code": "INTERNAL", "traceId": trace_id}
    if error.locations:
        shown["locations"] = [{"line": spot.line, "column": spot.column} for spot in error.locations]
    if error.path:
        shown["path"] = error.path
    shown["extensions"] = extensions
    return shown


def _cause(error: GraphQLError) -> Exception | None:
    """The exception at the root, through the layers that the executor wraps around it."""
    cause: Exception | None = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _is_coercion(error: GraphQLError) -> bool:
    return error.message.startswith("Variable '$")


def _is_contract(error: GraphQLError, cause: Exception | None) -> bool:
    """Whether the caller caused this and may read it.

    Errors without a path come before execution: our own limits, validation, and variables that do not fit. With a path
    only an argument's coercion is the caller's doing; a value that cannot be written out is our fault, and may tell.
    """
    if error.path is None:
        return cause is None or _is_coercion(error)
    message = cause.message if isinstance(cause, GraphQLError) else error.message
    return (cause is None or isinstance(cause, GraphQLError)) and message.startswith("Argument '")


def log_fault(fault: BaseException, *, trace_id: str, operation: str) -> None:
    """Logs a fault without its message, which may hold personal data: its type, where it came from, and SQL's code."""
    frames = traceback.extract_tb(fault.__traceback__)[-_FRAMES_LOGGED:]
    _LOG.error(
        "internal error",
        extra={
            "facts": {
                "traceId": trace_id,
                "operation": operation,
                "error": type(fault).__name__,
                "sqlstate": getattr(fault, "sqlstate", None),
                "constraint": getattr(fault, "constraint_name", None),
                "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
            }
        },
    )
