"""Sales agreements, as the tests write, propose, accept and consume them."""

from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import text

from auth.permissions import Permission, Role, Viewer
from resolvers.sales_agreements_booking import lock_commitments, rebook_consumption
from schema.ids import decode_id
from tests import factories as make
from tests.schema.shop import NOW, Shop

_keys = count(1)
LINES = """lines { id number type name unit committed released delivered invoiced returned remaining overfulfilled
    unitPrice { amount } validFrom validTo }"""
AGREEMENT = f"""id number status version title validFrom validTo allowedActions {LINES}
    notices {{ message line }}
    versions {{ number status contentHash confirmedByName acceptedByName answerReason
        terms {{ title validTo lines {{ number sku committed unit unitPrice {{ amount }} }} }} }}"""
READ = f"query($n: String!) {{ salesAgreement(by: {{number: $n}}) {{ {AGREEMENT} }} }}"


def terms(*lines: dict[str, Any], **given: Any) -> dict[str, Any]:
    """Of the year of the shop, in euros; 100 of its product at 9.00 where no lines are given."""
    line = {
        "type": "PRODUCT_QUANTITY",
        "sku": "ACE-001",
        "committed": "100",
        "unitPrice": "9.00",
        "maxEnforced": True,
    }
    values = {"title": "Aceite 2026", "currency": "EUR", "validFrom": "2026-01-01", "validTo": "2026-12-31"}
    return {**values, "lines": list(lines) or [line], **given}


async def act(
    shop: Shop, viewer: Viewer, verb: str, directives: str = "", key: str = "", **given: Any
) -> dict[str, Any]:
    """An act on an agreement ("propose" is proposeSalesAgreement); the payload."""
    mutation = "saveSalesAgreementDraft" if verb == "save" else f"{verb}SalesAgreement"
    name = mutation[0].upper() + mutation[1:] + "Input"
    document = f"""mutation Act($input: {name}!) {{ {mutation}(input: $input) {directives} {{
        salesAgreement {{ {AGREEMENT} }} errors {{ code message path }} warnings {{ code message }} replayed }} }}"""
    answer = await shop.data(viewer, document, key or f"agreement-{next(_keys)}", input=given)
    payload: dict[str, Any] = answer[mutation]
    return payload


async def done(
    shop: Shop, viewer: Viewer, verb: str, agreement: dict[str, Any], **given: Any
) -> dict[str, Any]:
    """An act that goes through; the agreement after it."""
    values = {"agreementId": agreement["id"], "expectedVersion": agreement["version"]}
    payload = await act(shop, viewer, verb, **(values | given))
    assert payload["errors"] == [], payload["errors"]
    after: dict[str, Any] = payload["salesAgreement"]
    return after


async def manager_of(shop: Shop) -> Viewer:
    """Who leads the rep's team."""
    async with shop.database.job() as session:
        team = await session.scalar(
            text("select sales_team_id from sales_rep where user_id = :u"), {"u": shop.rep.user_id}
        )
        user = await make.make_rep(session, shop.seller, role=Role.SALES_MANAGER, name="Marta Jefa")
        values = {"m": user.id, "t": team}
        await session.execute(text("update sales_team set manager_id = :m where id = :t"), values)
    return await make.viewer_of(shop.database, user)


async def member_of(shop: Shop, role: Role, name: str = "Ana Directora") -> Viewer:
    """Somebody of the shop's customer."""
    async with shop.database.job() as session:
        user = await make.make_user(session, shop.seller, customer=shop.customer, role=role, name=name)
    return await make.viewer_of(shop.database, user)


async def drafted(shop: Shop, *lines: dict[str, Any], **given: Any) -> dict[str, Any]:
    from schema.ids import encode_id

    customer = encode_id("Customer", shop.customer.id)
    payload = await act(shop, shop.rep, "create", customerId=customer, terms=terms(*lines, **given))
    assert payload["errors"] == [], payload["errors"]
    made: dict[str, Any] = payload["salesAgreement"]
    return made


async def in_force(shop: Shop, *lines: dict[str, Any], **given: Any) -> dict[str, Any]:
    """An agreement that both sides confirmed."""
    agreement = await drafted(shop, *lines, **given)
    proposed = await done(shop, await manager_of(shop), "propose", agreement)
    return await done(shop, await member_of(shop, Role.COMPANY_ADMIN), "accept", proposed)


async def read(shop: Shop, viewer: Viewer, agreement: dict[str, Any]) -> Any:
    """The agreement as the viewer sees it: who accepted it is for those who may, and for our people."""
    knows = viewer.is_staff or viewer.may(Permission.AGREEMENTS_ACCEPT)
    document = READ if knows else READ.replace(" acceptedByName", "")
    return (await shop.data(viewer, document, n=agreement["number"]))["salesAgreement"]


async def link(
    shop: Shop, order: dict[str, Any], agreement: dict[str, Any], quantity: str, line: int = 0
) -> None:
    """The order's first line consumes a line of the agreement, as placing makes it."""
    order_id = decode_id(order["id"], "Order")
    commitment = decode_id(agreement["lines"][line]["id"], "AgreementLine")
    async with shop.database.job() as session:
        await session.execute(
            text(
                "update sales_order_line set commitment_id = :c, commitment_quantity = :q"
                " where order_id = :o and position = 1"
            ),
            {"c": commitment, "q": Decimal(quantity), "o": order_id},
        )

    async def book(ctx: Any) -> UUID:
        await lock_commitments(ctx, [commitment])
        await rebook_consumption(ctx, [order_id], "order.placed")
        return order_id

    await make.do(shop.database, shop.buyer, book, NOW)


def columns(agreement: dict[str, Any], line: int = 0) -> tuple[str, ...]:
    """Released, delivered, invoiced, returned, remaining."""
    found = agreement["lines"][line]
    return tuple(found[each] for each in ("released", "delivered", "invoiced", "returned", "remaining"))
