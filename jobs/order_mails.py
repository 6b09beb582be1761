"""What people are told of orders: the buyer that theirs arrived, was confirmed or refused; finance that one waits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import quote
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import and_, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from auth.permissions import Role
from jobs.mails import N_, Letter, Mailer
from jobs.runs import Run
from models.approvals import ApprovalRequest, SpendLimit
from models.approvals_reads import APPROVING_ROLES
from models.customers import Membership
from models.orders import SalesOrder, SalesOrderLine
from models.sellers import Seller
from models.users import StaffRole, User
from rules.states import ApprovalStatus, OrderStatus


@dataclass(frozen=True, slots=True)
class _Line:
    sku: str
    description: str
    quantity: Decimal
    unit: str
    net: Decimal


@dataclass(frozen=True, slots=True)
class _Day:
    """What is still to come of a line on a day; None: nobody knows when."""

    sku: str
    description: str
    quantity: Decimal
    unit: str
    on: date | None


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

    async def promised(self, run: Run) -> None:
        """To the buyer, when what is still to come of their order is received; the newest days, once a change."""
        async with run.database.job() as session:
            order = await _order(session, run)
            values = await self._values(session, order, "/orders/")
            rows = await session.execute(text(_DAYS), {"order": order.id})
            days = [_Day(*row) for row in rows]
        if not days or order.status not in (OrderStatus.PLACED, OrderStatus.CONFIRMED):
            return
        subject, cause = N_("New delivery days for your order %(number)s"), f"{order.id}:{order.version}"
        letter = Letter("order_promised", subject, order.placed_by_id, values | {"days": days}, cause)
        await self.mailer.deliver(run, [letter])

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

    async def approval_requested(self, run: Run) -> None:
        """To everybody of the company who may decide, as long as the order waits; a reminder says the same again."""
        async with run.database.job() as session:
            order = await _order(session, run)
            if order.status != OrderStatus.PENDING_APPROVAL:
                return
            values = await self._values(session, order, "/orders/") | {"by": order.placed_by_name}
            people = await _approvers(session, order)
        subject = N_("Order %(number)s of %(by)s waits for your approval")
        await self.mailer.deliver(
            run, [Letter("approval_requested", subject, each, values) for each in people]
        )

    async def approval_decided(self, run: Run) -> None:
        """To whoever ordered: what became of their order's wait."""
        async with run.database.job() as session:
            order = await _order(session, run)
            request = await _newest_request(session, order)
            if request is None or request.status not in _SUBJECTS:
                return
            values = await self._values(session, order, "/orders/")
            values |= {
                "by": request.decided_by_name,
                "reason": request.decision_reason,
                "outcome": request.status.value,
            }
        subject = _SUBJECTS[request.status]
        await self.mailer.deliver(run, [Letter("approval_decided", subject, order.placed_by_id, values)])

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


_SUBJECTS = {
    ApprovalStatus.APPROVED: N_("Your order %(number)s is approved"),
    ApprovalStatus.REFUSED: N_("Your order %(number)s is not approved"),
    ApprovalStatus.LAPSED: N_("Nobody approved your order %(number)s in time"),
}


_DAYS = """
    select line.sku, line.description, sum(open.quantity), line.unit_code, open.confirmed_on
    from sales_order_line line
    join lateral (
        select schedule.confirmed_on, schedule.quantity - coalesce((
            select sum(delivery_line.quantity) from delivery_line
            join delivery on delivery.id = delivery_line.delivery_id and delivery.status = 'SHIPPED'
            where delivery_line.schedule_line_id = schedule.id
        ), 0) as quantity
        from sales_order_schedule_line schedule where schedule.order_line_id = line.id
    ) open on open.quantity > 0
    where line.order_id = :order and line.kind = 'GOODS'
    group by line.id, open.confirmed_on
    order by line.position, open.confirmed_on nulls last
"""


async def _newest_request(session: AsyncSession, order: SalesOrder) -> ApprovalRequest | None:
    found = await session.scalars(
        select(ApprovalRequest)
        .where(ApprovalRequest.order_id == order.id)
        .order_by(ApprovalRequest.requested_at.desc(), ApprovalRequest.id.desc())
        .limit(1)
    )
    return found.first()


async def _approvers(session: AsyncSession, order: SalesOrder) -> Sequence[UUID]:
    """Those of the customer who may decide: not whoever ordered, nor who may not spend as much themselves."""
    own_limit = and_(SpendLimit.user_id == User.id, SpendLimit.customer_id == order.customer_id)
    found = await session.scalars(
        select(User.id)
        .join(Membership, Membership.user_id == User.id)
        .outerjoin(SpendLimit, own_limit)
        .where(
            Membership.customer_id == order.customer_id,
            Membership.role.in_(APPROVING_ROLES),
            User.is_active,
            User.id.notin_([each for each in (order.placed_by_id, order.on_behalf_of_id) if each]),
            or_(SpendLimit.per_order.is_(None), SpendLimit.per_order >= order.gross_amount),
        )
        .distinct()
        .order_by(User.id)
    )
    return found.all()


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
