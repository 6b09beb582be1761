"""Invoices of the demo company: what its warehouses sent is invoiced, but for a draft and what still waits."""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import text

from app.demo.company import SELLER
from app.demo.deliveries import act
from app.demo.seeds import MADRID
from auth.permissions import Role, RowClass, Viewer, combine_grants
from resolvers.invoices import invoices_of_run
from resolvers.invoices_drafts import create_invoices
from resolvers.invoices_issue import issue_invoices

if TYPE_CHECKING:
    from app.database import Database

WAITING, DRAFTS = 1, 1
_FINANCE = """
    select app_user.id, name, email from app_user join staff_role on user_id = app_user.id
    where role = 'FINANCE' order by email limit 1
"""
_SHIPPED = """
    select delivery.id from delivery where status = 'SHIPPED' and exists (
        select from delivery_line line
        where line.delivery_id = delivery.id and line.quantity_invoiced < line.quantity
    ) order by number
"""


async def finance_of(database: "Database") -> Viewer:
    """Who invoices and collects."""
    async with database.job() as session:
        person = (await session.execute(text(_FINANCE))).one()
    return Viewer(
        person.id, person.name, person.email, SELLER, RowClass.STAFF, frozenset({Role.FINANCE}),
        combine_grants([Role.FINANCE]),
    )  # fmt: skip


async def invoice_early(database: "Database", now: datetime) -> None:
    """What has left so far, all of it: of what is due at once something is late by today."""
    viewer = await finance_of(database)
    async with database.job() as session:
        shipped = list(await session.scalars(text(_SHIPPED)))
    if shipped:
        await _invoice(database, viewer, shipped, 0, now)


async def invoice_some(database: "Database", now: datetime) -> None:
    """By the ordinary use cases, so that numbers, chain and journal are as they would be."""
    viewer = await finance_of(database)
    async with database.job() as session:
        shipped = list(await session.scalars(text(_SHIPPED)))
    chosen = shipped[: len(shipped) - WAITING]
    if chosen:
        await _invoice(database, viewer, chosen, DRAFTS, now)


async def _invoice(
    database: "Database", viewer: Viewer, chosen: list[UUID], drafts_left: int, now: datetime
) -> None:
    run = await act(database, viewer, lambda ctx: create_invoices(ctx, chosen), now)
    assert run is not None, "everything chosen can be invoiced"
    drafts = await act(database, viewer, lambda ctx: invoices_of_run(ctx, run), now) or []
    ready = [each.id for each in drafts[: len(drafts) - drafts_left]]
    if ready:
        day = now.astimezone(MADRID).date()
        await act(database, viewer, lambda ctx: issue_invoices(ctx, ready, day), now)
