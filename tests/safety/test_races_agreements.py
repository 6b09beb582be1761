"""Many at once on one commitment: never more is consumed than is agreed, and what comes back is there again (P10)."""

import asyncio
from collections import Counter
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text

from auth.permissions import Role, Viewer
from models.base import new_id
from models.orders import SalesOrder
from models.sales_agreements import AgreementLine, SalesAgreement
from resolvers.context import Context
from resolvers.orders_acts import cancel_order
from resolvers.runner import Done, Refused, run_act
from resolvers.sales_agreements_booking import lock_commitments, rebook_consumption
from rules.sales_agreements import AgreementPricing, AgreementStatus, CommitmentType
from schema.ids import decode_id
from tests import factories as make
from tests.safety.test_races import Crowd, crowd
from tests.safety.test_races import outcome as place_outcome
from tests.safety.world import NOW
from tests.schema.shop import PLACE

__all__ = ["crowd"]  # the fixture
ZONE = ZoneInfo("Europe/Madrid")


async def agree(crowd: Crowd, viewer: Viewer, product_id: UUID, committed: int) -> UUID:
    """A commitment in force whose maximum is enforced."""
    assert viewer.customer_id is not None
    agreement = SalesAgreement(
        id=new_id(), seller_id=crowd.seller.id, number="SA-1", customer_id=viewer.customer_id,
        status=AgreementStatus.EFFECTIVE, title="Marco", currency="EUR", pricing=AgreementPricing.FIXED,
        valid_from=NOW.date(), valid_until=NOW.date().replace(year=2027), created_at=NOW,
        created_by_id=viewer.user_id, created_by_name=viewer.name, proposed_at=NOW,
    )  # fmt: skip
    line = AgreementLine(
        id=new_id(), agreement_id=agreement.id, customer_id=viewer.customer_id, number=1, name="A",
        type=CommitmentType.PRODUCT_QUANTITY, product_id=product_id, unit_code="PCE", committed=Decimal(committed),
        valid_from=agreement.valid_from, valid_until=agreement.valid_until, max_enforced=True, is_price_fixed=False,
        stackable_with_promotions=False, include_in_total_discount=True, exclude_from_rebate=False,
    )  # fmt: skip
    async with crowd.database.job() as session:
        session.add(agreement)
        await session.flush()
        session.add(line)
    return line.id


async def release(crowd: Crowd, viewer: Viewer, order_id: UUID, commitment: UUID) -> str:
    """The order consumes the commitment, as placing books it."""

    async def book(ctx: Context) -> Done[UUID]:
        order = await ctx.session.scalar(
            select(SalesOrder).where(SalesOrder.id == order_id).with_for_update()
        )
        await ctx.session.execute(
            text(
                "update sales_order_line set commitment_id = :c, commitment_quantity = quantity_ordered"
                " where order_id = :o"
            ),
            {"c": commitment, "o": order.id},
        )
        await lock_commitments(ctx, [commitment])
        await rebook_consumption(ctx, [order.id], "order.placed")
        return Done(order.id)

    return await outcome(crowd, viewer, book)


async def outcome(crowd: Crowd, viewer: Viewer, work: object) -> str:
    made = await run_act(
        crowd.database, viewer, lambda session: Context(viewer, NOW, ZONE, open_session=session), work  # type: ignore[arg-type]
    )  # fmt: skip
    return ",".join(each.code for each in made.refusals) if isinstance(made, Refused) else "accepted"


async def race(crowd: Crowd, buyers: int, units: int, committed: int) -> None:
    viewers = await crowd.gather(buyers)
    (product,) = await crowd.products(1, 10 * buyers * units)
    commitment = await agree(crowd, viewers[0], product.id, committed)
    placed = [
        await crowd.ask(viewer, PLACE, f"{viewer.user_id}", input=await crowd.fill(viewer, (product, units)))
        for viewer in viewers
    ]
    orders = [decode_id(each["order"]["id"], "Order") for each in placed]
    fit = committed // units

    async def consumed() -> Decimal:
        found: Decimal = await crowd.value("select released from agreement_line")
        assert await crowd.value("select coalesce(sum(released), 0) from agreement_consumption") == found
        return found

    first = await asyncio.gather(
        *(release(crowd, *each, commitment) for each in zip(viewers, orders, strict=True))
    )

    assert Counter(first) == {"accepted": fit, "COMMITMENT_EXCEEDED": buyers - fit}
    assert await consumed() == fit * units

    # Half of those come back while everybody who was refused asks again: just so many more go through.
    accepted = [at for at, said in enumerate(first) if said == "accepted"][: fit // 2]
    refused = [at for at, said in enumerate(first) if said != "accepted"]

    async def cancel(at: int) -> str:
        async def work(ctx: Context) -> Done[UUID]:
            return Done(await cancel_order(ctx, orders[at], 1, "no"))

        return await outcome(crowd, viewers[at], work)

    await asyncio.gather(
        *(cancel(at) for at in accepted),
        *(release(crowd, viewers[at], orders[at], commitment) for at in refused),
    )
    again = [await release(crowd, viewers[at], orders[at], commitment) for at in refused]

    assert again.count("accepted") == fit // 2
    assert await consumed() == fit * units
    assert await crowd.deadlocks() == 0


async def test_10_buyers_race_for_a_commitment_of_20(crowd: Crowd) -> None:
    await race(crowd, buyers=10, units=5, committed=20)


@pytest.mark.long
async def test_50_buyers_race_for_a_commitment_of_100(crowd: Crowd) -> None:
    await race(crowd, buyers=50, units=5, committed=100)


# --- Through placeOrder itself: what a client sends is all there is ---------------------------------------------------

GROUP = """mutation($input: CreateDiscountGroupInput!) { createDiscountGroup(input: $input) {
    discountGroup { id } errors { code } } }"""
RULE = """mutation($input: CreateDiscountRuleInput!) { createDiscountRule(input: $input) {
    discountRule { id version } errors { code } } }"""
ACTIVATE = """mutation($input: ActivateDiscountRuleInput!) { activateDiscountRule(input: $input) {
    discountRule { id } errors { code } } }"""
COUPON = """mutation($code: String!) { addCoupon(input: {code: $code}) {
    cart { id version totals { gross { amount } } } errors { code } } }"""


async def place_all(
    crowd: Crowd, viewers: list[Viewer], inputs: list[dict[str, object]]
) -> list[dict[str, object]]:
    asked = zip(viewers, inputs, strict=True)
    placed: list[dict[str, object]] = await asyncio.gather(
        *(crowd.ask(viewer, PLACE, f"{viewer.user_id}", input=given) for viewer, given in asked)
    )
    return placed


async def order_under(crowd: Crowd, buyers: int, units: int, committed: int) -> None:
    """Buyers of one company, all of whom saw the agreement's price in their carts."""
    viewers = await crowd.gather(buyers, one_company=True)
    (product,) = await crowd.products(1, 10 * buyers * units)
    commitment = await agree(crowd, viewers[0], product.id, committed)
    agreed = "update agreement_line set unit_price = 9 where id = :key returning unit_price"
    assert await crowd.value(agreed, key=commitment) == 9
    inputs = await asyncio.gather(*(crowd.fill(viewer, (product, units)) for viewer in viewers))
    fit = committed // units

    placed = await place_all(crowd, viewers, inputs)

    # Whoever comes too late is told so, or that the price is another now: never silently ordered at another price.
    said = Counter(place_outcome(each) for each in placed)
    assert said["placed"] == fit
    assert said["COMMITMENT_EXCEEDED"] + said["PRICE_CHANGED"] == buyers - fit, said
    assert await crowd.value("select released from agreement_line") == committed
    assert await crowd.value("select sum(released) from agreement_consumption") == committed
    orders = "select count(*) from sales_order_line where commitment_id = :key and unit_price = 9"
    assert await crowd.value(orders, key=commitment) == fit
    assert await crowd.value("select count(*) from sales_order") == fit
    assert await crowd.deadlocks() == 0


async def test_8_buyers_order_under_a_commitment_of_20(crowd: Crowd) -> None:
    await order_under(crowd, buyers=8, units=5, committed=20)


@pytest.mark.long
async def test_50_buyers_order_under_a_commitment_of_100(crowd: Crowd) -> None:
    await order_under(crowd, buyers=50, units=5, committed=100)


async def order_with_a_coupon(crowd: Crowd, buyers: int, uses: int) -> None:
    """Buyers of companies that do not know each other, all of whom entered the coupon while it held."""
    async with crowd.database.job() as session:
        person = await make.make_rep(session, crowd.seller, role=Role.SALES_MANAGER)
    manager = await make.viewer_of(crowd.database, person)
    group = await crowd.ask(
        manager, GROUP, input={"code": "PROMO", "name": "P", "sequence": 10, "stacking": "EXCLUSIVE"}
    )
    rule = await crowd.ask(manager, RULE, input={
        "groupId": group["discountGroup"]["id"], "code": "R1", "name": "R1", "phase": "LINE", "coupon": "PRIMA",
        "usesMax": uses, "benefit": {"kind": "PERCENT", "percent": "10"},
    })  # fmt: skip
    made = rule["discountRule"]
    done = await crowd.ask(
        manager, ACTIVATE, input={"ruleId": made["id"], "expectedVersion": made["version"]}
    )
    assert done["errors"] == []
    viewers = await crowd.gather(buyers)
    (product,) = await crowd.products(1, 10 * buyers)

    async def fill(viewer: Viewer) -> dict[str, object]:
        await crowd.fill(viewer, (product, 1))
        payload = await crowd.ask(viewer, COUPON, code="PRIMA")
        assert payload["errors"] == []
        cart = payload["cart"]
        total = cart["totals"]["gross"]["amount"]
        return {"cartId": cart["id"], "expectedVersion": cart["version"], "expectedTotal": total}

    inputs = await asyncio.gather(*map(fill, viewers))

    placed = await place_all(crowd, viewers, inputs)

    assert Counter(map(place_outcome, placed)) == {"placed": uses, "COUPON_USED_UP": buyers - uses}
    assert await crowd.value("select uses from discount_rule") == uses
    assert await crowd.value("select count(*) from discount_redemption") == uses
    assert await crowd.value("select count(*) from sales_order_line where net_amount = 9") == uses
    assert await crowd.value("select count(*) from sales_order") == uses
    assert await crowd.deadlocks() == 0


async def test_8_buyers_order_with_a_coupon_for_3(crowd: Crowd) -> None:
    await order_with_a_coupon(crowd, buyers=8, uses=3)


@pytest.mark.long
async def test_80_buyers_order_with_a_coupon_for_10(crowd: Crowd) -> None:
    await order_with_a_coupon(crowd, buyers=80, uses=10)
