"""Many discounts at once on one budget: never more is given alone than it has, and the rest waits for consent."""

import asyncio
from collections import Counter
from decimal import Decimal

from sqlalchemy import text

from tests import factories as make
from tests.safety.test_races import Crowd, crowd
from tests.schema.shop import PLACE

__all__ = ["crowd"]  # the fixture
DISCOUNT = """mutation($input: DiscountOrderLineInput!) { discountOrderLine(input: $input) {
    order { version } errors { code } warnings { code } } }"""


async def test_8_discounts_race_for_a_budget_of_3(crowd: Crowd) -> None:
    viewers = await crowd.gather(8)
    (product,) = await crowd.products(1, 80)
    inputs = [await crowd.fill(viewer, (product, 10)) for viewer in viewers]
    orders = [
        (await crowd.ask(viewer, PLACE, f"place-{index}", input=given))["order"]
        for index, (viewer, given) in enumerate(zip(viewers, inputs, strict=True))
    ]
    async with crowd.database.job() as session:
        person = await make.make_rep(session, crowd.seller)
        await session.execute(text("update customer set sales_rep_id = :rep"), {"rep": person.id})
        await session.execute(
            text(
                "insert into concession_limit (id, seller_id, role, budget, period, updated_at)"
                " values (gen_random_uuid(), :seller, 'SALES_REP', 35, 'MONTH', now())"
            ),
            {"seller": crowd.seller.id},
        )
    rep = await make.viewer_of(crowd.database, person)

    answers = await asyncio.gather(
        *(
            crowd.ask(
                rep, DISCOUNT, f"give-{index}",
                input={"orderLineId": order["lines"][0]["id"], "percent": "10", "expectedVersion": 1, "reason": "r"},
            )
            for index, order in enumerate(orders)
        )
    )  # fmt: skip

    assert all(each["errors"] == [] for each in answers)
    assert Counter(tuple(one["code"] for one in each["warnings"]) for each in answers) == {
        (): 3, ("APPROVAL_REQUIRED",): 5,
    }  # fmt: skip
    assert await crowd.value("select sum(amount) from order_line_concession") == Decimal(30)
    assert await crowd.value("select count(*) from approval_request where status = 'PENDING'") == 5
    assert await crowd.deadlocks() == 0
