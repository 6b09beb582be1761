"""What a kind of job is, and how one comes about: by an act, after an event, or at a time."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from jobs.runs import Run
from models.base import new_id
from models.jobs import Job
from rules.states import JobState

TRIES_MAX = 5
SECONDS_MAX = 300

Handle = Callable[[Run], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class JobKind:
    """
    A kind of job: `handle` does it, any number of times with the effect of once.

    What it changes in our database it changes within `run.final()`. What lies outside (mail) it does in steps that
    know whether they were done. Work that computes goes to a thread, or the others wait for it.

    Args:
        tries: failures after which it is dead.
        seconds: time for one attempt.
        at_once: how many of the kind run at once over all workers; 0 for any number.
    """

    name: str
    handle: Handle
    tries: int = TRIES_MAX
    seconds: float = SECONDS_MAX
    at_once: int = 0


@dataclass(frozen=True, slots=True)
class Schedule:
    """A kind of job and when it starts: a cron expression in UTC."""

    kind: str
    cron: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All that workers know: kinds by name, the kinds that follow an event by its type, and the schedules."""

    kinds: Mapping[str, JobKind]
    reactions: Mapping[str, Sequence[str]]
    schedules: Sequence[Schedule] = ()

    def __post_init__(self) -> None:
        named = {kind for kinds in self.reactions.values() for kind in kinds} | {
            each.kind for each in self.schedules
        }
        if named - set(self.kinds):
            raise TypeError(f"No such kinds of jobs: {sorted(named - set(self.kinds))}.")


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job without a person who started it; `key` makes it one however often its cause is seen."""

    kind: str
    key: str
    arguments: Mapping[str, Any]
    seller_id: UUID | None = None


async def add_jobs(session: AsyncSession, jobs: Sequence[NewJob], now: Any) -> list[tuple[UUID, str]]:
    """(id, kind) of those that were not there before."""
    if not jobs:
        return []
    rows = [
        {
            "id": new_id(), "kind": each.kind, "key": each.key, "arguments": dict(each.arguments),
            "seller_id": each.seller_id, "state": JobState.QUEUED, "created_at": now,
        }
        for each in jobs
    ]  # fmt: skip
    added = await session.execute(
        insert(Job).values(rows).on_conflict_do_nothing(index_elements=[Job.key]).returning(Job.id, Job.kind)
    )
    return [(row.id, row.kind) for row in added]
