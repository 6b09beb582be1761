"""What people are told of orders: the buyer that theirs arrived, was confirmed or refused; finance that one waits."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auth.permissions import Role
from jobs.mails import N_, Letter, Mailer
from jobs.runs import Run
from models.orders import SalesOrder, SalesOrderLine
from models.sellers import Seller
from models.users import StaffRole, User


@dataclass(frozen=True, slots=True)
class _Line:
    sku: str
    description: str
    quantity: Decimal
    unit: str
    net: Decimal


@dataclass(frozen=True, slots=True)
class OrderMails:
    """The handlers, with what they write and send with."""

    mailer: Mailer

    async def placed(self, run: Run) -> None:
        await self._tell_buyer(run, "order_placed", N_("We have received your order %(number)s"))

    async def confirmed(self, run: Run) -> None:
        await self._tell_buyer(run, "order_confirmed", N_("Your order %(number)s is confirmed"))

    async def refused(self, run: Run) -> None:
        await self._tell_buyer(run, "order_refused", N_("We cannot accept your order %(number)s"))

    async def held(self, run: Run) -> None:
        """To finance, where the order still waits."""
        async with run.database.job() as session:
            order = await _order(session, run)
            if not order.is_on_hold:
                return
            values = await self._values(session, order, "/staff/orders/")
            people = await _holders(session, order.seller_id, Role.FINANCE)
        subject = N_("Order %(number)s of %(customer)s waits for you")
        # Placed and then held within a moment is one thing to be told.
        cause = f"{order.id}:{order.version}"
        await self.mailer.deliver(
            run, [Letter("order_held", subject, each, values, cause) for each in people]
        )

    async def _tell_buyer(self, run: Run, template: str, subject: str) -> None:
        async with run.database.job() as session:
            order = await _order(session, run)
            values = await self._values(session, order, "/orders/")
        await self.mailer.deliver(run, [Letter(template, subject, order.placed_by_id, values)])

    async def _values(self, session: AsyncSession, order: SalesOrder, path: str) -> dict[str, Any]:
        """What the templates show: what the order copied when it was placed, and where to look at it."""
        seller = (
            await session.execute(select(Seller.name, Seller.time_zone).where(Seller.id == order.seller_id))
        ).one()
        lines = await session.execute(
            select(
                SalesOrderLine.sku, SalesOrderLine.description, SalesOrderLine.quantity_ordered,
                SalesOrderLine.unit_code, SalesOrderLine.net_amount,
            )
            .where(SalesOrderLine.order_id == order.id)
            .order_by(SalesOrderLine.position)
        )  # fmt: skip
        return {
            "number": order.number, "customer": order.customer_name, "reason": order.status_reason,
            "placed_on": order.placed_at.astimezone(ZoneInfo(seller.time_zone)).date(), "seller": seller.name,
            "purchase_order_number": order.purchase_order_number, "currency": order.currency,
            "net": order.net_amount, "tax": order.tax_amount, "gross": order.gross_amount,
            "holds": list(order.hold_reasons), "is_on_hold": order.is_on_hold,
            "lines": [_Line(*each) for each in lines],
            "address": f"{self.mailer.base_url}{path}{quote(order.number, safe='')}",
        }  # fmt: skip


async def _order(session: AsyncSession, run: Run) -> SalesOrder:
    return (await session.scalars(select(SalesOrder).where(SalesOrder.id == UUID(run.arguments["id"])))).one()


async def _holders(session: AsyncSession, seller_id: UUID, role: Role) -> Sequence[UUID]:
    """The seller's people who hold the role."""
    found = await session.scalars(
        select(User.id)
        .join(StaffRole, StaffRole.user_id == User.id)
        .where(User.seller_id == seller_id, StaffRole.role == role, User.is_active)
        .order_by(User.id)
    )
    return found.all()
