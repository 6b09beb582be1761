"""Trade agreements as they are stored, kept and read."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError

from models.trade_agreements import CustomerPricingGroup, ProductPricing, TradeAgreementRow
from models.users import User
from resolvers.trade_agreements import pricing_groups_for, trade_rows_for
from rules.pricing_facts import GroupMembership, TradeRelation
from tests import factories as make
from tests.schema.shop import Shop

DAY = date(2026, 3, 2)
PRICE, LINE = TradeRelation.PRICE, TradeRelation.LINE_DISCOUNT


async def test_what_may_hold_is_found_in_one_statement_and_nothing_else(shop: Shop) -> None:
    async with shop.database.job() as session:
        author = await session.get_one(User, shop.rep.user_id)
        item = {"product": shop.product, "unit_price": Decimal(9)}
        discount = {"relation": LINE, "percent1": Decimal(5)}
        await make.make_trade_rows(
            session, shop.seller, author,
            item | {"customer": shop.customer}, item | {"customer_group": "BARS"}, item,
            discount | {"item_group": "OIL"}, discount,
            item | {"customer": shop.other}, item | {"customer_group": "HOTELS"}, discount | {"item_group": "WINE"},
            item | {"customer": shop.customer, "valid_until": DAY, "currency": "EUR", "unit_code": "PCE"},
            item | {"customer": shop.customer, "valid_from": date(2026, 3, 4), "unit_code": "PCE"},
        )  # fmt: skip
        await make.make_trade_rows(
            session, shop.seller, author, item | {"customer": shop.customer}, is_posted=False
        )

        found = await trade_rows_for(
            session, seller_id=shop.seller.id, customers=[shop.customer.id], group_codes=["BARS"],
            products=[shop.product.id], item_groups=["OIL"], first=DAY, last=date(2026, 3, 3),
        )  # fmt: skip

    assert sorted((each.customer_scope.value, each.item_scope.value, each.label.split("/")[1]) for each in found) == [
        ("ALL", "ALL", "5"), ("ALL", "GROUP", "4"), ("ALL", "ONE", "3"), ("GROUP", "ONE", "2"), ("ONE", "ONE", "1"),
    ]  # fmt: skip
    own = next(each for each in found if each.label.endswith("/1"))
    assert (own.customer, own.item, own.unit_price) == (
        str(shop.customer.id),
        str(shop.product.id),
        Decimal(9),
    )


async def test_a_customer_without_a_group_for_a_relation_has_its_nearest_ancestor_s(shop: Shop) -> None:
    async with shop.database.job() as session:
        root = await make.make_customer(session, shop.seller)
        middle = await make.make_customer(session, shop.seller, parent=root)
        child = await make.make_customer(session, shop.seller, parent=middle)
        for customer, relation, code, priority in (
            (root, PRICE, "ROOT", 0), (middle, PRICE, "A", 1), (middle, PRICE, "B", 5), (root, LINE, "ROOT", 0),
            (child, LINE, "OWN", 2),
        ):  # fmt: skip
            session.add(
                CustomerPricingGroup(
                    customer_id=customer.id, relation=relation, group_code=code, priority=priority
                )
            )
        session.add(ProductPricing(product_id=shop.product.id, line_discount_group="OIL"))
        await session.flush()

        found = await pricing_groups_for(session, [child.id, shop.other.id], [shop.product.id])

    assert found.chains == {child.id: (child.id, middle.id, root.id), shop.other.id: (shop.other.id,)}
    assert found.groups[child.id] == {
        PRICE: (GroupMembership("B", 5), GroupMembership("A", 1)),
        LINE: (GroupMembership("OWN", 2),),
    }
    assert found.groups[shop.other.id] == {}
    assert found.group_codes(child.id) == ("A", "B", "OWN")
    assert found.item_groups == ("OIL",)
    assert found.products[shop.product.id].is_in_total_discount


@pytest.mark.parametrize(
    "change",
    [
        "set unit_price = 8",
        "set customer_id = null, customer_scope = 'ALL'",
        "set is_posted = false",
        "set valid_until = null",
        "set valid_until = date '2026-12-31'",
    ],
)
async def test_a_posted_row_only_ends_sooner(shop: Shop, change: str) -> None:
    """Whoever asks, the house too."""
    async with shop.database.job() as session:
        author = await session.get_one(User, shop.rep.user_id)
        row = {"customer": shop.customer, "product": shop.product, "unit_price": Decimal(9)}
        (posted,) = await make.make_trade_rows(
            session, shop.seller, author, row | {"valid_until": date(2026, 6, 1)}
        )
    with pytest.raises(DBAPIError, match="trade_agreement_row is posted"):
        async with shop.database.job() as session:
            await session.execute(text(f"update trade_agreement_row {change}"))
    with pytest.raises(DBAPIError, match="trade_agreement_row is posted"):
        async with shop.database.job() as session:
            await session.execute(text("delete from trade_agreement_row"))

    async with shop.database.job() as session:
        await session.execute(
            update(TradeAgreementRow).where(TradeAgreementRow.id == posted.id).values(valid_until=DAY)
        )
        stored = await session.scalar(text("select valid_until from trade_agreement_row"))
    assert stored == DAY
