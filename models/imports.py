"""Imports: the file that somebody sent, how far it has come, and what its rows came to."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Select, select
from sqlalchemy.orm import Mapped, mapped_column

from auth.permissions import Viewer
from models.base import Base, Id, Locale, Moment, Name, Stored, one_of
from models.jobs import Job
from models.jobs_reads import job_in_scope
from models.rows import columns_of
from rules.states import ImportKind

_PARTS = ("rows_created", "rows_changed", "rows_unchanged", "rows_refused")


class DataImport(Base):
    """
    The file of an import job and the account of its rows.

    The counts are written in the transaction of the rows they count, so an attempt goes on where the last one
    committed. The content goes when the job has succeeded; of a dead job it stays for a while, to be tried again.
    """

    __tablename__ = "data_import"
    __table_args__ = (
        one_of("kind", ImportKind),
        CheckConstraint(f"rows_done = {' + '.join(_PARTS)}", name="rows_accounted_for"),
        CheckConstraint("rows_done <= rows_total", name="rows_within_total"),
        CheckConstraint("octet_length(content) between 1 and 10485760", name="size_range"),
        Index("uq_data_import_job", "job_id", unique=True),
    )
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    job_id: Mapped[UUID] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"))
    kind: Mapped[ImportKind] = mapped_column(Stored(ImportKind))
    is_verify_only: Mapped[bool]
    # In which the file of refused rows says why.
    locale: Mapped[Locale]
    file_name: Mapped[Name]
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    rows_total: Mapped[int]
    rows_done: Mapped[int] = mapped_column(server_default="0", default=0)
    rows_created: Mapped[int] = mapped_column(server_default="0", default=0)
    rows_changed: Mapped[int] = mapped_column(server_default="0", default=0)
    rows_unchanged: Mapped[int] = mapped_column(server_default="0", default=0)
    rows_refused: Mapped[int] = mapped_column(server_default="0", default=0)
    created_at: Mapped[Moment]


@dataclass(frozen=True, slots=True)
class DataImportRow:
    job_id: UUID
    kind: ImportKind
    is_verify_only: bool
    file_name: str
    rows_total: int
    rows_done: int
    rows_created: int
    rows_changed: int
    rows_unchanged: int
    rows_refused: int


def visible_imports(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The imports of the jobs that the viewer may see, as columns of DataImportRow."""
    return select(*columns_of(DataImport, DataImportRow)).where(
        DataImport.job_id.in_(select(Job.id).where(job_in_scope(viewer)))
    )
