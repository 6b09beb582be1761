"""Reports of outside systems under references of their own: told twice, they are done once, however late the second."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from models.warehouse import ExternalReport
from resolvers.context import Context, LockKind
from resolvers.runner import hash_input
from rules.refusals import ErrorCode, Path, Refusal

NAMESPACE_MAX, VALUE_MAX = 64, 200
REPLAYED = "reported before"  # under which an act keeps, for its payload, that it did nothing this time
_AT = ("externalReference",)


@dataclass(frozen=True, slots=True)
class Reference:
    """An outside system's name for what it tells; unique within its namespace, whatever the act."""

    namespace: str
    value: str


async def reported(
    ctx: Context,
    reference: Reference | None,
    act: str,
    told: Mapping[str, Any],
    work: Callable[[], Awaitable[UUID]],
) -> UUID:
    """
    Does what was reported, unless it was done before under this reference: then the first answer is given again.

    The reference is taken in the act's own transaction, before any other lock: a second message waits for the first,
    and a refusal leaves the reference free. Idempotency keys end; references stay as long as the document.

    Args:
        told: the act's input without the version that was seen, which a later try may know better.
    Raises:
        Refusal(IDEMPOTENCY_CONFLICT): something else was told under this reference before.
    """
    if reference is None:
        return await work()
    key = _checked(reference)
    same = (
        ExternalReport.seller_id == ctx.user.seller_id,
        ExternalReport.namespace == key.namespace,
        ExternalReport.value == key.value,
    )
    told_hash = hash_input(told)
    ctx.locking(LockKind.KEY)
    taken = await ctx.session.scalar(
        insert(ExternalReport)
        .values(
            seller_id=ctx.user.seller_id, namespace=key.namespace, value=key.value, act=act, input_hash=told_hash,
            reported_by_id=ctx.user.user_id, reported_at=ctx.now,
        )
        .on_conflict_do_nothing(index_elements=["seller_id", "namespace", "value"])
        .returning(ExternalReport.value)
    )  # fmt: skip
    if taken is None:
        columns = select(ExternalReport.act, ExternalReport.input_hash, ExternalReport.entity_id)
        found = (await ctx.session.execute(columns.where(*same))).one()
        if (found.act, found.input_hash) != (act, told_hash):
            text = "Something else was reported before under this reference."
            raise Refusal(ErrorCode.IDEMPOTENCY_CONFLICT, text, _AT)
        ctx.kept[REPLAYED] = True
        return cast(UUID, found.entity_id)
    entity_id = await work()
    await ctx.session.execute(update(ExternalReport).where(*same).values(entity_id=entity_id))
    return entity_id


def _checked(reference: Reference) -> Reference:
    for text, most, name in (
        (reference.namespace, NAMESPACE_MAX, "namespace"), (reference.value, VALUE_MAX, "value"),
    ):  # fmt: skip
        if not 1 <= len(text) <= most or not text.isprintable() or text != text.strip():
            path: Path = (*_AT, name)
            said = "A reference has a namespace and a value, printable, {limit} characters at most here."
            raise Refusal(ErrorCode.INVALID, said, path, limit=most)
    return reference
