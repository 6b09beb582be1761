"""Prices read what there may be for the buyer, and nothing else: the number of statements says so."""

from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import text

from models.pricing_reads import PARTY, PartyRow, party_asked, party_of
from models.users import User
from rules.charges import ChargeBasis
from rules.discounts_benefits import Percent
from rules.discounts_stored import benefit_to_json
from rules.free_goods import FreeCalculation, FreeKind, FreeRounding, FreeStockPolicy
from rules.pricing_facts import GroupMembership, TradeRelation
from tests import factories as make
from tests.safety.test_statements import counted
from tests.schema.shop import NOW, Shop

DAY = NOW.date()
_GROUP = """insert into discount_group (id, seller_id, code, name, sequence, stacking, created_at)
    values (gen_random_uuid(), :seller, 'G', 'G', 1, 'CASCADED', now()) returning id"""
_RULE = """insert into discount_rule (id, seller_id, group_id, code, name, phase, conditions, benefit, created_at, updated_at,
    is_active, valid_from, valid_until) values (gen_random_uuid(), :seller, :group, 'R', 'R', 'LINE', '[]',
    cast(:benefit as jsonb), now(), now(), {0})"""
_BENEFIT = orjson.dumps(benefit_to_json(Percent(Decimal(10)))).decode()
_GOODS = """insert into free_goods_rule (id, seller_id, name, name_sort, minimum_quantity, per_quantity, free_quantity, kind,
    calculation, rounding, is_only_once, is_optional, is_chargeable, out_of_stock, created_at, valid_from, valid_until,
    active_until) values (gen_random_uuid(), :seller, 'F', 'f', 0, 5, 1, :kind, :calculation, :rounding, false,
    false, false, :policy, now(), {0})"""
_TRADE = """insert into trade_agreement_row (id, seller_id, journal_id, position, is_posted, relation, item_scope, product_id,
    currency, unit_price, customer_scope, customer_id, customer_group) values (gen_random_uuid(), :seller, :journal, 7,
    {0}, 'PRICE', 'ONE', :product, 'EUR', 9, {1})"""
_COMMITTED = """with agreed as (insert into sales_agreement (id, seller_id, number, customer_id, title, status, pricing,
        currency, valid_from, valid_until, created_at, created_by_id, created_by_name)
        values (gen_random_uuid(), :seller, 'SA-7', {0}, 'T', 'EFFECTIVE', 'FIXED', 'EUR', date '2026-01-01',
        {2}, now(), :author, 'A') returning id, customer_id)
    insert into agreement_line (id, agreement_id, customer_id, number, is_active, type, name, committed, valid_from,
        valid_until, max_enforced, is_price_fixed, stackable_with_promotions, include_in_total_discount,
        exclude_from_rebate) select gen_random_uuid(), id, customer_id, 1, {1}, 'OVERALL_VALUE', 'L', 100,
        date '2026-01-01', {2}, false, false, false, false, false from agreed"""
# What is planted, and which kind is there for the buyer then; none where it reaches somebody else or another day.
PLANTED = [
    (_RULE.replace("{0}", "true, null, null"), "has_discounts"),
    (_RULE.replace("{0}", "true, date '2026-03-02', date '2026-03-03'"), "has_discounts"),
    (_RULE.replace("{0}", "true, date '2026-03-03', null"), ""),
    (_RULE.replace("{0}", "true, null, date '2026-03-02'"), ""),
    (_RULE.replace("{0}", "false, null, null"), ""),
    (_GOODS.replace("{0}", "date '2026-03-02', date '2026-03-03', date '2026-03-03'"), "has_free_goods"),
    (_GOODS.replace("{0}", "date '2026-03-03', null, null"), ""),
    (_GOODS.replace("{0}", "date '2026-01-01', date '2026-03-02', null"), ""),
    (_GOODS.replace("{0}", "date '2026-01-01', null, date '2026-03-02'"), ""),
    (_TRADE.format("true", "'ALL', null, null"), "has_trade_rows"),
    (_TRADE.format("true", "'ONE', :buyer, null"), "has_trade_rows"),
    (_TRADE.format("true", "'ONE', :parent, null"), "has_trade_rows"),
    (_TRADE.format("true", "'GROUP', null, 'BARS'"), "has_trade_rows"),
    (_TRADE.format("true", "'GROUP', null, 'HOTELS'"), ""),
    (_TRADE.format("true", "'ONE', :other, null"), ""),
    (_TRADE.format("false", "'ALL', null, null"), ""),
    (_COMMITTED.format(":buyer", "true", "date '2027-01-01'"), "has_commitments"),
    (_COMMITTED.format(":parent", "true", "date '2026-03-03'"), "has_commitments"),
    (_COMMITTED.format(":parent", "true", "date '2026-03-02'"), ""),
    (_COMMITTED.format(":parent", "false", "date '2027-01-01'"), ""),
    (_COMMITTED.format(":other", "true", "date '2027-01-01'"), ""),
    (
        "insert into segment (id, seller_id, code, name, created_at, updated_at)"
        " values (gen_random_uuid(), :seller, 'S', 'S', now(), now())",
        "has_segments",
    ),
    (
        "insert into charge_rule (id, seller_id, name, name_sort, kind, basis, currency, countries, postal_prefixes,"
        " incoterms, valid_from, created_at) values (gen_random_uuid(), :seller, 'C', 'c', 'FREIGHT', :basis, 'EUR',"
        " '{}', '{}', '{}', date '2026-01-01', now())",
        "has_charges",
    ),
]
KINDS = (
    "has_segments",
    "has_trade_rows",
    "has_commitments",
    "has_discounts",
    "has_free_goods",
    "has_charges",
)


async def test_what_there_is_for_a_buyer_is_told_by_kind(shop: Shop) -> None:
    """Every kind on its first and last day, for the buyer, the company above it and its group, and for others."""
    async with shop.database.job() as session:
        author = await session.get_one(User, shop.rep.user_id)
        child = await make.make_customer(session, shop.seller, parent=shop.customer)
        for code, level in (("BARS", shop.customer.id), ("OWN", child.id)):
            relation = "PRICE" if code == "BARS" else "LINE_DISCOUNT"
            values = {"customer": level, "relation": relation, "code": code}
            await session.execute(
                text("insert into customer_pricing_group values (:customer, :relation, :code, 3)"), values
            )
        (row,) = await make.make_trade_rows(
            session, shop.seller, author, {"product": shop.product, "unit_price": 8}, is_posted=False
        )
        given = {
            "seller": shop.seller.id, "buyer": child.id, "parent": shop.customer.id, "other": shop.other.id,
            "product": shop.product.id, "author": author.id, "journal": row.journal_id,
            "basis": next(iter(ChargeBasis)),
            "benefit": _BENEFIT, "kind": FreeKind.EXCLUSIVE, "calculation": next(iter(FreeCalculation)), "rounding": next(iter(FreeRounding)),
            "policy": next(iter(FreeStockPolicy)),
        }  # fmt: skip
        given["group"] = await session.scalar(text(_GROUP), given)

        async def told(customer: Any = child.id) -> PartyRow:
            found = await session.execute(PARTY, party_asked(customer, shop.seller.id, DAY, DAY))
            return party_of(found.one())

        nothing = await told()
        nobody = await told(None)
        found = []
        for statement, _ in PLANTED:
            async with session.begin_nested() as planted:
                await session.execute(text(statement), given)
                party = await told()
                found.append([kind for kind in KINDS if getattr(party, kind)])
                await planted.rollback()

    assert nothing == PartyRow(
        (child.id, shop.customer.id),
        {
            TradeRelation.LINE_DISCOUNT: (GroupMembership("OWN", 3),),
            TradeRelation.PRICE: (GroupMembership("BARS", 3),),
        },
        is_first_order=True,
    )
    assert nobody == PartyRow()
    assert found == [[kind] if kind else [] for _, kind in PLANTED]


PAGE = "{ products(first: 50) { nodes { sku price { unitPrice { amount } } } } }"
# What pricing a page costs when nothing but list prices is there: who buys and what there may be, as the house, which
# is two statements to become and to be no more; the seller, the company, its currency's decimals; prices and taxes.
LEAST = 8


async def test_a_kind_of_rules_that_is_not_there_is_not_read(shop: Shop) -> None:
    """However many lines there are; of each kind that is there, its own statements and no more."""

    async def priced(*, amount: str, more: int) -> int:
        with counted(shop.database) as seen:
            answer = await shop.data(shop.buyer, PAGE)
        prices = [each["price"]["unitPrice"]["amount"] for each in answer["products"]["nodes"]]
        assert prices == [amount] * (1 + more)
        return len(seen) - 1  # the page itself

    await shop.data(shop.buyer, PAGE)  # the seller's time zone is read once by a process
    assert await priced(amount="10.00", more=0) == LEAST
    async with shop.database.job() as session:
        for number in range(5):
            await make.make_product(session, shop.seller, price="10", sku=f"N-{number}")
    assert await priced(amount="10.00", more=5) == LEAST

    async with shop.database.job() as session:
        author = await session.get_one(User, shop.rep.user_id)
        row = {"relation": TradeRelation.LINE_DISCOUNT, "percent1": Decimal(10)}
        await make.make_trade_rows(session, shop.seller, author, row)
    assert await priced(amount="9.00", more=5) == LEAST + 2  # the products' groups, and the rows

    async with shop.database.job() as session:
        given = {"seller": shop.seller.id, "benefit": _BENEFIT}
        given["group"] = await session.scalar(text(_GROUP), given)
        await session.execute(text(_RULE.replace("{0}", "true, null, null")), given)
    assert (
        await priced(amount="8.10", more=5) == LEAST + 4
    )  # the rules, and the categories that one may ask for
