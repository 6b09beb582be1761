"""What came in at the demo company: one invoice is paid, one in part, some are late, and one line of the bank waits."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import text

from app.demo.deliveries import act
from app.demo.invoices import finance_of
from app.demo.seeds import MADRID
from resolvers.bank import import_bank_file
from resolvers.payments_acts import MatchWanted, Receipt, record_payment
from rules.money import round_money
from rules.states import PaymentMethod

if TYPE_CHECKING:
    from app.database import Database

# What is open and not late, the first due first: it is paid as the list goes.
_OPEN = """
    select invoice.number, part.id, part.customer_id, part.amount, customer.name
    from invoice_instalment part
    join invoice on invoice.id = part.invoice_id and invoice.status = 'ISSUED' and invoice.kind = 'INVOICE'
    join customer on customer.id = part.customer_id
    where part.amount > part.amount_matched and part.due_on >= :today
    order by part.due_on, invoice.number, part.position
"""


async def collect_some(database: "Database", now: datetime) -> None:
    """By the ordinary use cases: a transfer for half of an invoice by hand, the others from a file of the bank."""
    viewer = await finance_of(database)
    today = now.astimezone(MADRID).date()
    async with database.job() as session:
        waiting = (await session.execute(text(_OPEN), {"today": today})).all()
    if len(waiting) < 2:
        return
    first, second = waiting[0], waiting[1]
    half = round_money(second.amount / 2)
    receipt = Receipt(
        second.customer_id, PaymentMethod.TRANSFER, today, half, reference=f"A cuenta de {second.number}",
        matches=(MatchWanted(second.id),),
    )  # fmt: skip
    await act(database, viewer, lambda ctx: record_payment(ctx, receipt), now)
    day = f"{today:%d/%m/%Y}"
    lines = [
        "fecha;importe;concepto;ordenante",
        f"{day};{_euros(first.amount)};Factura {first.number};{first.name}",
        f"{day};250,00;Transferencia a su favor;{second.name}",
        f"{day};86,40;Ingreso en efectivo;",
    ]
    content = "\n".join(lines).encode()
    await act(database, viewer, lambda ctx: import_bank_file(ctx, f"extracto-{today}.csv", content), now)


def _euros(amount: object) -> str:
    return f"{amount:.2f}".replace(".", ",")
