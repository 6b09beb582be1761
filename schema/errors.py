"""Errors as clients see them: expected ones with a code, bugs masked behind the request's id and logged once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from graphql import GraphQLError, GraphQLSyntaxError

from resolvers.context import Context
from resolvers.messages import translate
from resolvers.paging import BadPage
from resolvers.runner import Unavailable, unavailable
from rules.refusals import Refusal, Refusals

log = structlog.stdlib.get_logger("ventas.graphql")

BUSY = "Too busy at the moment. Try again shortly."
_SAFE_BEGINNINGS = ("Argument ", "Variable ")


@dataclass(frozen=True, slots=True)
class Presented:
    """Errors ready to be sent; `retry_after` is set where the whole request should be repeated later."""

    errors: list[dict[str, Any]]
    retry_after: int | None = None


def coded(message: str, code: str, **extensions: Any) -> dict[str, Any]:
    """An error that belongs to no place in a document."""
    return {"message": message, "extensions": {"code": code, **extensions}}


def present_document(errors: Sequence[GraphQLError]) -> list[dict[str, Any]]:
    """Errors of a document that was not run: their text names nothing that is not in the viewer's own view."""
    presented = []
    for error in errors:
        formatted: dict[str, Any] = dict(error.formatted)
        code = (
            "GRAPHQL_PARSE_FAILED" if isinstance(error, GraphQLSyntaxError) else "GRAPHQL_VALIDATION_FAILED"
        )
        extensions = {"code": code} | dict(error.extensions or {})
        if code == "GRAPHQL_PARSE_FAILED" and "tokens" in error.message:
            extensions = {"code": "LIMIT", "limit": "tokens"}
        presented.append({**formatted, "extensions": extensions})
    return presented


def present_execution(errors: Sequence[GraphQLError], ctx: Context) -> Presented:
    """Errors of a document that was run."""
    presented = []
    for error in errors:
        original = error.original_error
        if isinstance(original, GraphQLError):
            original = original.original_error  # a scalar's own words about a value, located by the executor
        passing = original if isinstance(original, Unavailable) else None
        if passing is None and original is not None:
            passing = unavailable(original)
        if passing is not None:
            # One state of the database or none: half an answer would hide what is missing.
            log.warning("unavailable", cause=str(passing), request_id=ctx.request_id)
            return Presented([coded(BUSY, "UNAVAILABLE")], passing.retry_after)
        presented += _presented(error, original, ctx)
    return Presented(presented)


def _place(error: GraphQLError) -> dict[str, Any]:
    formatted = dict(error.formatted)
    return {name: formatted[name] for name in ("locations", "path") if formatted.get(name)}


def _presented(error: GraphQLError, original: BaseException | None, ctx: Context) -> list[dict[str, Any]]:
    place = _place(error)
    if isinstance(original, (Refusal, Refusals)):
        refusals = original.refusals if isinstance(original, Refusals) else (original,)
        return [
            {
                "message": translate(each.text, each.data, ctx.locale),
                **place,
                "extensions": {"code": each.code.value, "input": list(each.path)},
            }
            for each in refusals
        ]
    if isinstance(original, BadPage):
        return [
            {
                "message": str(original),
                **place,
                "extensions": {"code": original.code, "argument": original.argument},
            }
        ]
    if original is None and (
        error.extensions or error.path is None or error.message.startswith(_SAFE_BEGINNINGS)
    ):
        return [
            {
                "message": error.message,
                **place,
                "extensions": {"code": "BAD_USER_INPUT"} | dict(error.extensions or {}),
            }
        ]
    return [{**masked(original or error, ctx.request_id), **place}]


def masked(fault: BaseException, request_id: str) -> dict[str, Any]:
    """A bug: the trace goes to the log, the client gets the id under which it stands there."""
    log.error("bug", request_id=request_id, exc_info=(type(fault), fault, fault.__traceback__))
    return coded(
        f"Something went wrong on our side (request {request_id}).", "INTERNAL", requestId=request_id
    )
