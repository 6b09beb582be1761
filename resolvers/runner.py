"""The runner: one act is one transaction, with its key, its retries, and its end. The only place that commits."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from random import SystemRandom
from time import monotonic
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession

from auth.permissions import Viewer
from models.base import new_id
from models.idempotency import KEY_CHARACTERS_MAX, IdempotencyRecord
from resolvers.context import Context, Database, LockedSession, LockKind, Warning_
from resolvers.messages import stored_values, values_of
from rules.refusals import ErrorCode, Path, Refusal, Refusals

TRIES_MAX = 5
BUDGET_SECONDS = 2.0
RETRY_AFTER_SECONDS = 1

SERIALIZATION_FAILURE, DEADLOCK_DETECTED, LOCK_NOT_AVAILABLE = "40001", "40P01", "55P03"
# Nothing is wrong with the request: too many connections, a server that starts or stops, a statement cut off.
_BUSY_STATES = ("53", "57", "08")

# Constraints that a client's input can violate -> the refusal it gets. Any other violation is our bug.
CONSTRAINT_REFUSALS: dict[str, tuple[ErrorCode, str, Path]] = {
    "uq_bank_file_seller_id_sha256": (ErrorCode.ALREADY_EXISTS, "This file was read just now.", ("content",)),
    "uq_bank_line_fingerprint": (
        ErrorCode.ALREADY_EXISTS,
        "A movement of this file was read with another one just now; send it again.",
        ("content",),
    ),
    "trade_agreement_row_overlap": (
        ErrorCode.ALREADY_EXISTS,
        "A row for the same customer, item, days and quantities came into force just now.",
        ("journalId",),
    ),
    **dict.fromkeys(
        ("uq_discount_group_seller_id_code", "uq_discount_rule_seller_id_code", "uq_segment_seller_id_code"),
        (ErrorCode.ALREADY_EXISTS, "There is one with this code already.", ("code",)),
    ),
}

T = TypeVar("T")
_random = SystemRandom()


class Unavailable(Exception):
    """Not now: the client may repeat the request after `retry_after` seconds."""

    def __init__(self, cause: str, retry_after: int = RETRY_AFTER_SECONDS) -> None:
        super().__init__(cause)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class ActKey:
    """The client's key for one act, and the hash of what it asked."""

    mutation: str
    key: str
    input_hash: str


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """What an act answers, and the entity by which a retry finds it again."""

    value: T
    entity_id: UUID | None = None
    entity_type: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """What is known of an act that committed before under the same key."""

    entity_id: UUID | None
    warnings: tuple[Warning_, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """The act was refused and nothing happened. The context has no session any more."""

    refusals: tuple[Refusal, ...]
    ctx: Context


NewContext = Callable[[LockedSession], Context]
Work = Callable[[Context], Awaitable[Done[T]]]
Replay = Callable[[Context, Stored], Awaitable[T]]


def check_key(key: str) -> str:
    """A key is 1 to 255 printable characters."""
    if not 1 <= len(key) <= KEY_CHARACTERS_MAX or not key.isprintable():
        text = "An idempotency key has 1 to {limit} printable characters."
        raise Refusal(ErrorCode.INVALID, text, limit=KEY_CHARACTERS_MAX)
    return key


def _canonical(value: Any) -> Any:
    if isinstance(value, Enum):
        return _canonical(value.value)
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, (date, datetime, UUID)):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): _canonical(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_canonical(each) for each in value]
    return value


def hash_input(arguments: Mapping[str, Any]) -> str:
    """Equal for equal coerced arguments, whatever their spelling or order in the document."""
    text = json.dumps(_canonical(arguments), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _write_warning(warning: Warning_) -> dict[str, Any]:
    data = stored_values(warning.data)
    return {"code": warning.code.value, "text": warning.text, "path": list(warning.path), "data": data}


def _read_warning(stored: Mapping[str, Any]) -> Warning_:
    data = values_of(stored["data"])
    return Warning_(ErrorCode(stored["code"]), stored["text"], tuple(stored["path"]), data)


def sql_state(fault: BaseException) -> str | None:
    """The five characters by which PostgreSQL says what went wrong; None if it was not PostgreSQL."""
    if not isinstance(fault, DBAPIError):
        return None
    state = getattr(fault.orig, "sqlstate", None) or getattr(fault.orig, "pgcode", None)
    return None if state is None else str(state)


def constraint_refusal(fault: BaseException) -> Refusal | None:
    """The refusal of a constraint that a client's input can violate; None for any other fault."""
    if not isinstance(fault, IntegrityError):
        return None
    driver = getattr(fault.orig, "__cause__", None) or fault.orig
    known = CONSTRAINT_REFUSALS.get(getattr(driver, "constraint_name", None) or "")
    return None if known is None else Refusal(known[0], known[1], known[2])


def unavailable(fault: BaseException) -> Unavailable | None:
    """
    The fault as something that passes by itself; None when it is a bug.

    An OSError is the way to the database, for an act goes nowhere else: refused, no socket there, an unknown host.
    """
    if isinstance(fault, (PoolTimeout, OSError)):
        return Unavailable(type(fault).__name__)
    state = sql_state(fault)
    if isinstance(fault, DBAPIError) and (
        fault.connection_invalidated or (state or "").startswith(_BUSY_STATES)
    ):
        return Unavailable(state or "connection")
    if state in (SERIALIZATION_FAILURE, DEADLOCK_DETECTED, LOCK_NOT_AVAILABLE):
        return Unavailable(state)
    return None


async def _claim(ctx: Context, key: ActKey) -> UUID | Stored:
    """
    Takes the key for this transaction, or says what was stored under it.

    A request that holds the key at this moment is waited for: its commit makes this one a replay, its rollback
    leaves the key to this one.
    """
    viewer = ctx.user
    owner = viewer.customer_id or viewer.seller_id
    table = IdempotencyRecord
    ctx.locking(LockKind.KEY)
    claimed = await ctx.session.scalar(
        insert(table)
        .values(
            id=new_id(), owner_id=owner, principal_id=viewer.user_id, mutation=key.mutation, key=key.key,
            input_hash=key.input_hash, created_at=ctx.now,
        )
        .on_conflict_do_nothing(constraint="uq_idempotency_record_key")
        .returning(table.id)
    )  # fmt: skip
    if claimed is not None:
        return cast(UUID, claimed)
    found = (
        await ctx.session.execute(
            select(table.input_hash, table.entity_id, table.warnings).where(
                table.owner_id == owner,
                table.principal_id == viewer.user_id,
                table.mutation == key.mutation,
                table.key == key.key,
            )
        )
    ).one()
    if found.input_hash != key.input_hash:
        text = "This idempotency key was used before with another input."
        raise Refusal(ErrorCode.IDEMPOTENCY_CONFLICT, text)
    return Stored(found.entity_id, tuple(_read_warning(each) for each in found.warnings))


async def _attempt(
    ctx: Context, session: AsyncSession, work: Work[T], replay: Replay[T] | None, key: ActKey | None
) -> T:
    """One try of an act; it ends the transaction, one way or the other."""
    claimed = None if key is None or ctx.dry_run else await _claim(ctx, key)
    if isinstance(claimed, Stored):
        if replay is None:
            raise TypeError("An act with a key needs its replay.")
        answer = await replay(ctx, claimed)
        await session.rollback()
        return answer
    done = await work(ctx)
    await ctx.session.flush()
    if ctx.dry_run:
        await session.rollback()
        return done.value
    if claimed is not None:
        warnings = [_write_warning(each) for each in ctx.warnings]
        await ctx.session.execute(
            update(IdempotencyRecord)
            .where(IdempotencyRecord.id == claimed)
            .values(entity_type=done.entity_type, entity_id=done.entity_id, warnings=warnings)
        )
    await session.commit()
    return done.value


async def run_act(
    database: Database,
    viewer: Viewer,
    new_context: NewContext,
    work: Work[T],
    *,
    replay: Replay[T] | None = None,
    key: ActKey | None = None,
) -> T | Refused:
    """
    Runs an act in one transaction as the viewer, and commits it.

    Args:
        new_context: makes a fresh context around a session; each try has its own, so nothing is carried over.
        work: the use case with all that its answer needs; after it nothing is read.
        replay: answers for an act that committed before under the same key.
        key: not stored in a dry run, nor for a refusal.
    Returns:
        The work's value, or Refused; the transaction has ended in both cases.
    Raises:
        Unavailable: locks or conflicts did not clear within the budget.
    """
    deadline = monotonic() + BUDGET_SECONDS
    lock_timeouts = 0
    for tries in range(1, TRIES_MAX + 1):
        ctx: Context | None = None
        try:
            async with database.write(viewer) as session:
                held = LockedSession(session)
                try:
                    ctx = new_context(held)
                    return await _attempt(ctx, session, work, replay, key)
                finally:
                    await held.end()
        except Refusal as refusal:
            return Refused((refusal,), cast(Context, ctx))
        except Refusals as several:
            return Refused(several.refusals, cast(Context, ctx))
        except Exception as fault:
            refusal_of = constraint_refusal(fault)
            if refusal_of is not None:
                return Refused((refusal_of,), cast(Context, ctx))
            state = sql_state(fault)
            lock_timeouts += state == LOCK_NOT_AVAILABLE
            pause = _random.uniform(0, 0.01 * 2**tries)
            conflict = state in (SERIALIZATION_FAILURE, DEADLOCK_DETECTED) and monotonic() + pause < deadline
            if tries < TRIES_MAX and (conflict or (state == LOCK_NOT_AVAILABLE and lock_timeouts == 1)):
                await asyncio.sleep(pause)
                continue
            passing = unavailable(fault)
            if passing is None:
                raise
            raise passing from fault
    raise AssertionError("the last try returns or raises")


def fresh_context(base: Context, session: LockedSession, dry_run: bool) -> Context:
    """A context for one try of one act: the operation's viewer, clock and language, nothing else of it."""
    return replace(base, open_session=session, dry_run=dry_run, warnings=[], kept={}, locks=[], _loaders={})
