"""Global ids, `base64url(Type:uuid)`, and the Node interface with its registry of loaders."""

import base64
import binascii
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from resolvers.context import Context
from rules.refusals import ErrorCode, Path, Refusal
from schema.access import access

_DECODED = re.compile(r"([A-Z][A-Za-z0-9]{0,63}):([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_CHARACTERS_MAX = 200

NodeLoader = Callable[[Context, Sequence[UUID]], Awaitable[Sequence[Any]]]
NODE_LOADERS: dict[str, NodeLoader] = {}


def encode_id(type_name: str, key: UUID) -> strawberry.ID:
    """The global id of a row; opaque to clients and stable for ever."""
    return strawberry.ID(base64.urlsafe_b64encode(f"{type_name}:{key}".encode()).rstrip(b"=").decode())


def split_id(text: str) -> tuple[str, UUID] | None:
    """The type and key of a global id; None where it is not exactly one that we would have written."""
    if len(text) > _CHARACTERS_MAX or not text.isascii():
        return None
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode(
            "ascii"
        )
    except (binascii.Error, ValueError):
        return None
    found = _DECODED.fullmatch(decoded)
    if found is None:
        return None
    key = UUID(found[2])
    return (found[1], key) if encode_id(found[1], key) == text else None


def try_decode_id(text: str, *type_names: str) -> UUID | None:
    """The key of an id of one of the types; None for anything else. For lookups, which answer null."""
    split = split_id(text)
    return split[1] if split is not None and split[0] in type_names else None


def decode_id(text: str, *type_names: str, path: Path = ()) -> UUID:
    """
    The key of an id of one of the types, for inputs.

    Raises:
        Refusal(NOT_FOUND): malformed, or of another type; the same words as for a row that cannot be seen.
    """
    key = try_decode_id(text, *type_names)
    if key is None:
        raise not_found(path)
    return key


def not_found(path: Path = ()) -> Refusal:
    """The one answer for unknown, foreign and malformed ids alike."""
    return Refusal(ErrorCode.NOT_FOUND, "Not found.", path)


@strawberry.interface(
    description="Anything that has a global id and can be fetched again by it.",
    directives=[access(P.SIGNED_IN)],
)
class Node:
    id: strawberry.ID = strawberry.field(
        description="Global id: opaque, unique over all types, stable for ever."
    )


def node_loader(type_name: str) -> Callable[[NodeLoader], NodeLoader]:
    """
    Registers how `node(id:)` and `nodes(ids:)` read a type.

    The function takes keys and returns objects of the type in that order, None for what the viewer may not see.
    """

    def register(load: NodeLoader) -> NodeLoader:
        if type_name in NODE_LOADERS:
            raise TypeError(f"{type_name} already has a node loader.")
        NODE_LOADERS[type_name] = load
        return load

    return register


async def load_node(info: strawberry.Info[Context, None], text: str) -> Any:
    """The object behind a global id; None where it is malformed, unknown, or not the viewer's to see."""
    split = split_id(text)
    if split is None or split[0] not in NODE_LOADERS:
        return None
    if info._raw_info.schema.get_type(split[0]) is None:
        return None  # the type is not in the viewer's view of the schema
    return await info.context.load(NODE_LOADERS[split[0]], split[1])
