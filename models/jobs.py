"""Work done by itself: what is to be done, how far it is, how it ended. The queue beside it only wakes workers."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Code, Id, LongText, Moment, Name, Stored, one_of
from rules.states import JobState

KEY_CHARACTERS_MAX = 200


class Job(Base):
    """
    One piece of work. Its state changes in the transaction of its effect, so the effect happens once.

    `starts` numbers the attempts: a worker that lost its lease finds another number there and undoes what it did.
    `starts_before` are those before somebody had it tried again; `failures` counts those that ended in an error.
    `key` keeps a repeated cause (an event, a tick of the clock) from making a second job. `arguments` hold ids and
    numbers, never personal values.
    """

    __tablename__ = "job"
    __table_args__ = (
        one_of("state", JobState),
        CheckConstraint("progress_done >= 0", name="progress_not_negative"),
        Index(None, "started_by_id", "id"),
        Index("ix_job_failed", "id", postgresql_where=text("state = 'FAILED'")),
        Index("ix_job_unfinished", "created_at", postgresql_where=text("state in ('QUEUED', 'RUNNING')")),
    )
    id: Mapped[Id]
    seller_id: Mapped[UUID | None] = mapped_column(ForeignKey("seller.id"))
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer.id"))
    kind: Mapped[Code]
    area: Mapped[Code] = mapped_column(server_default="")
    key: Mapped[str | None] = mapped_column(String(KEY_CHARACTERS_MAX), unique=True)
    state: Mapped[JobState] = mapped_column(Stored(JobState))
    arguments: Mapped[dict[str, Any]]
    started_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    starts: Mapped[int] = mapped_column(server_default="0")
    starts_before: Mapped[int] = mapped_column(server_default="0")
    failures: Mapped[int] = mapped_column(server_default="0")
    progress_done: Mapped[int] = mapped_column(server_default="0")
    progress_total: Mapped[int | None]
    # A template of the catalogue and its values, translated when it is read.
    reason: Mapped[LongText] = mapped_column(server_default="")
    reason_data: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    detail: Mapped[LongText] = mapped_column(server_default="")
    result_file_id: Mapped[UUID | None] = mapped_column(ForeignKey("file.id"))
    error_row_count: Mapped[int] = mapped_column(server_default="0")
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[Moment]
    begun_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class JobErrorRow(Base):
    """A row of the user's file that was not taken, and why."""

    __tablename__ = "job_error_row"
    job_id: Mapped[UUID] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    row_number: Mapped[int]
    column_name: Mapped[Name] = mapped_column(server_default="")
    code: Mapped[Code]
    message: Mapped[LongText]
    message_data: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
