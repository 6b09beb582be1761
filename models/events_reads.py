"""Reading the log of events: who may see which, and their rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from auth.permissions import RowClass, Viewer
from models.customers_reads import customer_in_scope
from models.events import OutboxEvent
from models.rows import columns_of


@dataclass(frozen=True, slots=True)
class EventRow:
    """What happened to what; `position` is None for what is told at once and kept nowhere (a job's progress)."""

    position: int | None
    event_id: UUID
    type: str
    entity_type: str
    entity_id: UUID
    entity_version: int
    occurred_at: datetime
    seller_id: UUID
    customer_id: UUID | None
    actor_id: UUID
    subject_id: UUID | None


def published_events() -> Select[*tuple[Any, ...]]:
    """The whole log in order, as columns of EventRow; for the house itself, not for a viewer."""
    return (
        select(*columns_of(OutboxEvent, EventRow))
        .where(OutboxEvent.position.is_not(None))
        .order_by(OutboxEvent.position)
    )


def visible_events(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The published events of the seller that the viewer may see: a customer's integrator its customer's own."""
    statement = published_events().where(OutboxEvent.seller_id == viewer.seller_id)
    if viewer.row_class is RowClass.STAFF:
        return statement
    return statement.where(customer_in_scope(viewer, OutboxEvent.customer_id))
