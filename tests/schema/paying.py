"""What tests of payments and credit share."""

from decimal import Decimal
from itertools import count
from typing import Any

from sqlalchemy import text

from schema.ids import encode_id
from tests.schema.shop import Shop

_keys = count(1)
PAYMENT = """id number version method receivedOn amount { amount currency } amountMatched { amount }
  onAccount { amount } reference reversedAt reversalReason allowedActions
  matches { id amount { amount } invoiceNumber instalmentId } """
MATCH = "id amount { amount } undoneAt invoiceNumber payment { number } credit { number }"


async def pay(
    shop: Shop, mutation: str, directives: str = "", viewer: Any = None, **given: Any
) -> dict[str, Any]:
    """An act on payments; the payload."""
    name = mutation[0].upper() + mutation[1:] + "Input"
    field = (
        f"match {{ {MATCH} }}"
        if mutation in ("matchCredit", "unmatchPayment")
        else f"payment {{ {PAYMENT} }}"
    )
    document = f"""mutation Act($input: {name}!) {{ {mutation}(input: $input) {directives} {{ {field}
        errors {{ code message path }} warnings {{ code message path }} replayed }} }}"""
    answer = await shop.data(viewer or shop.finance, document, f"paying-{next(_keys)}", input=given)
    payload: dict[str, Any] = answer[mutation]
    return payload


def customer_id(shop: Shop) -> str:
    return encode_id("Customer", shop.customer.id)


async def received(shop: Shop, amount: str, *matches: dict[str, Any], **given: Any) -> dict[str, Any]:
    payload = await pay(
        shop, "recordPayment", customerId=customer_id(shop), amount=amount, matches=list(matches), **given
    )
    assert payload["errors"] == [], payload["errors"]
    payment: dict[str, Any] = payload["payment"]
    return payment


async def ledger(shop: Shop) -> dict[str, Decimal]:
    """Account -> balance, of all that is posted but the cost of what left."""
    async with shop.database.job() as session:
        rows = await session.execute(
            text(
                "select account, sum(amount) from journal_line where account not in ('300', '600') group by 1"
            )
        )
        return {account: amount for account, amount in rows if amount}
