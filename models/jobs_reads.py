"""Reading jobs: who may see which, and their rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select

from auth.permissions import Permission, Role, RowScope, Viewer
from models.jobs import Job, JobErrorRow
from models.rows import columns_of
from rules.states import JobState

FINANCE_AREA = "finance"


@dataclass(frozen=True, slots=True)
class JobRow:
    id: UUID
    seller_id: UUID | None
    customer_id: UUID | None
    kind: str
    state: JobState
    started_by_id: UUID | None
    starts: int
    failures: int
    progress_done: int
    progress_total: int | None
    reason: str
    reason_data: dict[str, Any]
    detail: str
    result_file_id: UUID | None
    error_row_count: int
    version: int
    created_at: datetime
    begun_at: datetime | None
    ended_at: datetime | None


def job_in_scope(viewer: Viewer) -> ColumnElement[bool]:
    """One's own; a manager's team's too; an administrator's seller's, with what nobody started."""
    own = Job.started_by_id == viewer.user_id
    scope = viewer.scope(Permission.JOBS_READ)
    if scope is RowScope.ALL:
        return or_(Job.seller_id == viewer.seller_id, Job.seller_id.is_(None))
    if scope is RowScope.TEAM:
        own = or_(own, Job.started_by_id.in_(viewer.sales_rep_ids))
    if Role.FINANCE in viewer.roles:
        own = or_(own, Job.area == FINANCE_AREA)
    mine = own & (Job.seller_id == viewer.seller_id)
    return mine if viewer.is_staff else mine & Job.customer_id.in_(viewer.customer_ids)


def visible_jobs(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The jobs the viewer may see, as columns of JobRow."""
    return select(*columns_of(Job, JobRow)).where(job_in_scope(viewer))


JOB_COLUMNS: dict[str, Any] = {
    "kind": Job.kind,
    "state": Job.state,
    "created_at": Job.created_at,
    "started_by": Job.started_by_id,
}


@dataclass(frozen=True, slots=True)
class JobErrorRowRow:
    job_id: UUID
    position: int
    row_number: int
    column_name: str
    code: str
    message: str
    message_data: dict[str, Any]


def visible_error_rows(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The error rows of visible jobs, as columns of JobErrorRowRow, in the file's order."""
    return (
        select(*columns_of(JobErrorRow, JobErrorRowRow))
        .where(JobErrorRow.job_id.in_(select(Job.id).where(job_in_scope(viewer))))
        .order_by(JobErrorRow.job_id, JobErrorRow.position)
    )
