"""References under which outside systems report; told twice, a report is done once."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from resolvers.context import Context
from resolvers.external_reports import Reference, reported
from schema.access import access

_APART = ("expected_version", "external_reference")


@strawberry.input(
    description="An outside system's own name for what it reports. The same report twice is done once and answered"
    " with `replayed`, however late; another report under it is refused (IDEMPOTENCY_CONFLICT). It is kept for ever.",
    directives=[access(P.DELIVERIES_MANAGE, P.PURCHASING_MANAGE, P.WAREHOUSE_REPORT)],
)
class ExternalReferenceInput:
    namespace: str = strawberry.field(description="The system, such as its name and site; 64 characters.")
    value: str = strawberry.field(
        description="What it calls the report; unique in its namespace, 200 characters."
    )


def reference_field() -> Any:
    """The field of an input by which an outside system names its report."""
    return strawberry.field(
        default=None, description="An outside system's own reference of this report; null for none."
    )


async def report(ctx: Context, act: str, given: Any, work: Callable[[], Awaitable[UUID]]) -> UUID:
    """Does what an input tells, once under its reference; the version that was seen is no part of what is told."""
    named: ExternalReferenceInput | None = given.external_reference
    reference = None if named is None else Reference(named.namespace, named.value)
    told = {name: value for name, value in asdict(given).items() if name not in _APART}
    return await reported(ctx, reference, act, told, work)
