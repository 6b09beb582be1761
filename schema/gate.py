"""The gate: what a request body must be before anything else looks at it."""

import re
from dataclasses import dataclass, field
from typing import Any

import orjson

BODY_BYTES_MAX = 1_048_576
JSON_DEPTH_MAX = 64
NUMBER_CHARACTERS_MAX = 25
KEYS = frozenset({"query", "variables", "operationName", "extensions"})
_CONTENT_TYPE = re.compile(r'application/json(?:\s*;\s*charset\s*=\s*"?utf-8"?)?\s*', re.IGNORECASE)
_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[{]|[\]}]|[-0-9][-+.0-9eE]*+', re.DOTALL)
_INTEGER_MAX = 2**63


class BadRequest(Exception):
    """The request is refused before GraphQL sees it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """One document with its variables."""

    query: str
    variables: dict[str, Any] = field(default_factory=dict)
    operation_name: str | None = None


def _bad(message: str) -> BadRequest:
    return BadRequest(400, "BAD_REQUEST", message)


def check_content_type(value: str | None) -> None:
    if value is None or not _CONTENT_TYPE.fullmatch(value.strip()):
        raise BadRequest(415, "UNSUPPORTED_MEDIA_TYPE", "Send the request as application/json.")


def _check_shape(body: bytes) -> None:
    """Depth and length of numbers, without recursion and before anything is built."""
    depth = 0
    for found in _TOKENS.finditer(body):
        first = body[found.start()]
        if first == 0x22:  # a string
            continue
        if first in b"[{":
            depth += 1
            if depth > JSON_DEPTH_MAX:
                raise _bad(f"The JSON is nested deeper than {JSON_DEPTH_MAX} levels.")
        elif first in b"]}":
            depth -= 1
        elif found.end() - found.start() > NUMBER_CHARACTERS_MAX:
            raise _bad(f"A number in the JSON is longer than {NUMBER_CHARACTERS_MAX} characters.")


def check_values(value: Any) -> None:
    """Refuses what the database or the executor could not digest, in variables from wherever they come."""
    waiting: list[tuple[Any, int]] = [(value, 1)]
    while waiting:
        each, depth = waiting.pop()
        if isinstance(each, str):
            _check_string(each)
        elif isinstance(each, float):
            if each != each or each in (float("inf"), float("-inf")):
                raise _bad("A number is not finite.")
        elif isinstance(each, int):
            if abs(each) >= _INTEGER_MAX:
                raise _bad("A number is too large.")
        elif isinstance(each, (dict, list, tuple)):
            if depth > JSON_DEPTH_MAX:
                raise _bad(f"The variables are nested deeper than {JSON_DEPTH_MAX} levels.")
            inner = each if not isinstance(each, dict) else [part for pair in each.items() for part in pair]
            waiting += [(part, depth + 1) for part in inner]


def _check_string(text: str) -> None:
    if "\x00" in text:
        raise _bad("A text cannot contain the character NUL.")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise _bad("A text contains half a surrogate pair.") from None


def read_json(body: bytes) -> Any:
    """JSON from outside, wherever it stands: in a body, an address, or a message of a socket."""
    if len(body) > BODY_BYTES_MAX:
        raise too_large()
    _check_shape(body)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _bad("The body is not valid JSON in UTF-8.") from None


def read_request(body: bytes) -> GraphQLRequest:
    """
    The request of a body.

    Raises:
        BadRequest: it is too large, not exactly the JSON we ask for, or holds what cannot be stored.
    """
    parsed = read_json(body)
    if isinstance(parsed, list):
        raise BadRequest(400, "BATCH_REFUSED", "Send one document at a time; batches are not supported.")
    if not isinstance(parsed, dict) or not set(parsed) <= KEYS:
        raise _bad(
            'The body is an object with "query", and optionally "variables", "operationName", "extensions".'
        )
    return make_request(parsed.get("query"), parsed.get("variables"), parsed.get("operationName"))


def make_request(query: Any, variables: Any = None, operation_name: Any = None) -> GraphQLRequest:
    """A checked request, whether its parts came over the wire or from a page of ours."""
    if not isinstance(query, str) or not query.strip():
        raise _bad('"query" must be a GraphQL document.')
    if variables is not None and not isinstance(variables, dict):
        raise _bad('"variables" must be an object.')
    if operation_name is not None and not isinstance(operation_name, str):
        raise _bad('"operationName" must be a string.')
    _check_string(query)
    check_values(variables or {})
    check_values(operation_name or "")
    return GraphQLRequest(query, variables or {}, operation_name or None)


def too_large() -> BadRequest:
    return BadRequest(413, "BODY_TOO_LARGE", f"The body is larger than {BODY_BYTES_MAX:,} bytes.")
