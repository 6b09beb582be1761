"""What suppliers are told: the orders that are sent to them, in their language."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select

from jobs.mails import N_, Letter, Mailer, Person
from jobs.runs import Run
from models.purchasing import PurchaseOrder, PurchaseOrderLine, PurchaseScheduleLine
from models.sellers import Seller
from rules.documents import DocumentAddress


@dataclass(frozen=True, slots=True)
class _Line:
    sku: str
    supplier_sku: str
    description: str
    quantity: Decimal
    unit: str
    price: Decimal | None
    requested_on: date


@dataclass(frozen=True, slots=True)
class PurchasingMails:
    """The handler, with what it writes and sends with."""

    mailer: Mailer

    async def sent(self, run: Run) -> None:
        """To the supplier; nothing where it has no address, for then somebody sends the order by hand."""
        async with run.database.job() as session:
            order = await session.get_one(PurchaseOrder, UUID(run.arguments["id"]))
            seller = (
                await session.execute(select(Seller.name, Seller.email).where(Seller.id == order.seller_id))
            ).one()
            rows = await session.execute(
                select(
                    PurchaseOrderLine.sku, PurchaseOrderLine.supplier_sku, PurchaseOrderLine.description,
                    PurchaseOrderLine.quantity_ordered, PurchaseOrderLine.unit_code, PurchaseOrderLine.unit_price,
                    func.min(PurchaseScheduleLine.requested_on),
                )
                .join(PurchaseScheduleLine, PurchaseScheduleLine.purchase_order_line_id == PurchaseOrderLine.id)
                .where(PurchaseOrderLine.purchase_order_id == order.id)
                .group_by(PurchaseOrderLine.id)
                .order_by(PurchaseOrderLine.position)
            )  # fmt: skip
            lines = [_Line(*row) for row in rows]
        if not order.supplier_email:
            return
        values = {
            "number": order.number, "seller": seller.name, "note": order.note, "currency": order.currency,
            "lines": lines, "to": DocumentAddress.from_json(order.delivery_address),
            "address": f"mailto:{seller.email}",
        }  # fmt: skip
        person = Person(None, order.seller_id, order.supplier_email, order.supplier_name, order.locale)
        subject = N_("Purchase order %(number)s of %(seller)s")
        await self.mailer.deliver(run, [Letter("purchase_order", subject, person, values, str(order.id))])
