"""Discount rules through the schema: kept, refused, reported, found for pricing, redeemed; coupons in the cart."""

import asyncio
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from auth.permissions import Viewer
from models.customers import CustomerGroup
from resolvers.context import Context, LockedSession
from resolvers.discounts import (
    count_uses,
    give_back_redemptions,
    keep_redemptions,
    rules_for,
    segments_of,
)
from resolvers.house import as_house
from resolvers.runner import Done, Refused, run_act
from rules.discounts_rules import DiscountGroup, DiscountRule, RuleUse
from schema import coupons
from schema.ids import encode_id, split_id
from schema.throttle import Throttle
from tests.safety.test_statements import counted
from tests.schema.discounting import Desk, open_desk
from tests.schema.shop import NOW, Shop

D = Decimal
TODAY = NOW.date()
MADRID = ZoneInfo("Europe/Madrid")


def key_of(global_id: str) -> UUID:
    found = split_id(global_id)
    assert found is not None
    return found[1]


async def found_for(
    shop: Shop, viewer: Viewer, coupons: Sequence[str] = (), today: date = TODAY
) -> tuple[list[DiscountGroup], list[DiscountRule]]:
    """The rules that pricing finds for a buyer."""
    assert viewer.customer_id is not None
    async with shop.engine.database.read(viewer) as session:
        ctx = Context(viewer, NOW, MADRID, open_session=LockedSession(session))
        async with as_house(ctx) as house:
            return await rules_for(
                house,
                seller_id=viewer.seller_id,
                customers=[viewer.customer_id],
                today=today,
                coupons=coupons,
            )


async def segments_for(shop: Shop, viewer: Viewer) -> frozenset[str]:
    assert viewer.customer_id is not None
    async with shop.engine.database.read(viewer) as session:
        ctx = Context(viewer, NOW, MADRID, open_session=LockedSession(session))
        async with as_house(ctx) as house:
            return await segments_of(house, viewer.customer_id, NOW.date())


async def act(shop: Shop, viewer: Viewer, work: Any) -> Any:
    async def done(ctx: Context) -> Done[None]:
        await work(ctx)
        return Done(None)

    return await run_act(
        shop.engine.database, viewer, lambda session: Context(viewer, NOW, MADRID, open_session=session), done
    )


async def redeem(ctx: Context, order_id: UUID, customer_id: UUID, uses: Sequence[RuleUse]) -> None:
    """As placing an order does it."""
    await count_uses(ctx, customer_id, uses)
    await keep_redemptions(ctx, order_id, customer_id, uses)


async def test_a_rule_is_made_switched_on_and_found_for_pricing(shop: Shop) -> None:
    desk = await open_desk(shop)

    spring: dict[str, Any] = {
        "code": "SPRING", "name": "Primavera", "priority": 3, "validFrom": "2026-03-01", "validUntil": "2026-03-31",
        "coupon": "Prima-26", "usesMax": 10, "usesPerCustomerMax": 1,
        "conditions": [
            {"kind": "CUSTOMER", "customerIds": [encode_id("Customer", shop.customer.id)]},
            {"kind": "PRODUCT", "productIds": [encode_id("Product", shop.product.id)]},
            {"kind": "WINDOW", "weekdays": [1, 2], "fromTime": "08:30"},
        ],
        "benefit": {"kind": "TIERED", "measure": "QUANTITY", "tiers": [
            {"least": "5", "below": "10", "benefit": {"kind": "PERCENT", "percent": "2.5"}},
            {"least": "10", "benefit": {"kind": "PERCENT", "percent": "5"}}]},
    }  # fmt: skip

    unseen = await desk.create(**spring)
    async with shop.database.job() as session:
        customer = await session.merge(shop.customer)
        customer.sales_rep_id = desk.manager.user_id
    rule = await desk.running(**spring)

    assert [each["path"] for each in unseen["errors"]] == [["conditions", "0", "customerIds", "0"]], (
        "not theirs"
    )
    assert (rule["isActive"], rule["state"], rule["usesLeft"], rule["version"]) == (True, "RUNNING", 10, 2)
    assert (rule["validFrom"], rule["validUntil"]) == ("2026-03-01", "2026-03-31"), "the last day is meant"
    assert [each["summary"] for each in rule["conditions"]] == [
        "Customers: Bar Núñez SL", f"Products: {shop.product.name}", "Monday, Tuesday from 08:30",
    ]  # fmt: skip
    assert rule["benefit"]["summary"] == "from 5 units: 2.5 % off; from 10 units: 5 % off"
    assert rule["allowedActions"] == ["UPDATE", "DEACTIVATE"]
    groups, rules = await found_for(shop, shop.buyer, ["PRIMA26"])
    assert [(each.code, each.sequence) for each in groups] == [("PROMO", 10)]
    assert [(each.name, each.priority, each.remaining, each.remaining_for_customer) for each in rules] == [
        ("Primavera", 3, 10, 1)
    ]
    assert (rules[0].valid_from, rules[0].valid_until) == (date(2026, 3, 1), date(2026, 4, 1))
    assert (await found_for(shop, shop.buyer))[1] == [], "without its coupon"
    assert (await found_for(shop, shop.stranger, ["PRIMA26"]))[1] == [], "for somebody else"
    assert (await found_for(shop, shop.buyer, ["PRIMA26"], date(2026, 4, 1)))[1] == [], "a day too late"


BAD: list[tuple[str, dict[str, Any], list[str]]] = [
    ("a percent above 100", {"benefit": {"kind": "PERCENT", "percent": "101"}}, ["benefit", "percent"]),
    ("no percent", {"benefit": {"kind": "PERCENT"}}, ["benefit", "percent"]),
    (
        "an amount with a percent",
        {"benefit": {"kind": "PERCENT", "percent": "5", "amount": "1"}},
        ["benefit", "amount"],
    ),
    ("an amount without currency", {"benefit": {"kind": "AMOUNT_PER_ORDER", "amount": "1"}}, ["currency"]),
    (
        "falling tiers",
        {"benefit": {"kind": "TIERED", "measure": "QUANTITY", "tiers": [
            {"least": "5", "benefit": {"kind": "PERCENT", "percent": "2"}},
            {"least": "4", "benefit": {"kind": "PERCENT", "percent": "3"}}]}},
        ["benefit", "tiers", "1", "least"],
    ),
    (
        "a gap",
        {"benefit": {"kind": "TIERED", "measure": "QUANTITY", "tiers": [
            {"least": "5", "below": "9", "benefit": {"kind": "PERCENT", "percent": "2"}},
            {"least": "10", "benefit": {"kind": "PERCENT", "percent": "3"}}]}},
        ["benefit", "tiers", "0", "below"],
    ),
    ("from after to", {"validFrom": "2026-03-02", "validUntil": "2026-03-01"}, ["validUntil"]),
    (
        "contradictory conditions",
        {"conditions": [{"kind": "BRAND", "codes": ["A"]}, {"kind": "BRAND", "codes": ["B"]}]},
        ["conditions", "1", "codes"],
    ),
    ("an unknown category", {"conditions": [{"kind": "CATEGORY", "codes": ["none"]}]}, ["conditions", "0", "codes", "0"]),
    ("a time of another day", {"conditions": [{"kind": "WINDOW", "fromTime": "25:00"}]}, ["conditions", "0", "fromTime"]),
    ("no name", {"name": " "}, ["name"]),
    ("no uses", {"usesMax": 0}, ["usesMax"]),
    ("an unknown currency", {"currency": "XXX"}, ["currency"]),
    ("a foreign group", {"groupId": encode_id("DiscountGroup", UUID(int=7))}, ["groupId"]),
    (
        "a foreign product",
        {"conditions": [{"kind": "PRODUCT", "productIds": [encode_id("Product", UUID(int=7))]}]},
        ["conditions", "0", "productIds", "0"],
    ),
]  # fmt: skip


async def test_a_refusal_names_the_field_and_stores_nothing(shop: Shop) -> None:
    desk = await open_desk(shop)
    before = await shop.snapshot()

    for label, given, path in BAD:
        payload = await desk.create(**given)

        assert payload["discountRule"] is None, label
        assert [each["path"] for each in payload["errors"]] == [path], label

    assert await shop.snapshot() == before


async def test_saving_reports_conflicts_with_an_example_basket(shop: Shop) -> None:
    desk = await open_desk(shop)
    product = [encode_id("Product", shop.product.id)]
    await desk.running(code="ALL", benefit={"kind": "PERCENT", "percent": "10"})

    payload = await desk.create(
        code="ONE", benefit={"kind": "PERCENT", "percent": "20"},
        conditions=[
            {"kind": "PRODUCT", "productIds": product}, {"kind": "MINIMUM", "measure": "QUANTITY", "least": "3"},
        ],
    )  # fmt: skip

    assert payload["errors"] == []
    assert payload["conflicts"] == [
        {
            "kind": "EQUAL_PRIORITY",
            "other": {"code": "ALL"},
            "example": {
                "at": "2026-03-02 12:00",
                "lines": [{"sku": "ACE-001", "quantity": "3", "unitPrice": {"amount": "10.00"}}],
                "netWithout": {"amount": "30.00", "currency": "EUR"},
                "netWithRule": {"amount": "24.00"},
                "netWithOther": {"amount": "27.00"},
                "netWithBoth": {"amount": "24.00"},
            },
        }
    ]
    lower = await desk.create(code="LOWER", priority=-1)
    assert [(each["kind"], each["other"]["code"]) for each in lower["conflicts"]] == [
        ("NEVER_APPLIES", "ALL")
    ]


async def test_a_rule_is_changed_and_switched_off(shop: Shop) -> None:
    desk = await open_desk(shop)
    rule = await desk.running(code="A")
    changed: dict[str, Any] = {"groupId": desk.group_id, "code": "A", "name": "Otra", "phase": "ORDER",
               "benefit": {"kind": "AMOUNT_PER_ORDER", "amount": "5"}, "currency": "EUR"}  # fmt: skip

    stale = await desk.act(
        "updateDiscountRule", "discountRule { id }", ruleId=rule["id"], expectedVersion=1, **changed
    )
    done = await desk.act(
        "updateDiscountRule", "discountRule { name phase version benefit { summary } }", ruleId=rule["id"],
        expectedVersion=2, **changed,
    )  # fmt: skip
    off = await desk.act(
        "deactivateDiscountRule", "discountRule { state }", ruleId=rule["id"], expectedVersion=3
    )
    again = await desk.act(
        "deactivateDiscountRule", "discountRule { state }", ruleId=rule["id"], expectedVersion=4
    )

    assert [each["code"] for each in stale["errors"]] == ["STALE_VERSION"]
    assert done["discountRule"] == {
        "name": "Otra", "phase": "ORDER", "version": 3, "benefit": {"summary": "5 EUR off the order"},
    }  # fmt: skip
    assert off["discountRule"] == {"state": "INACTIVE"}
    assert [each["code"] for each in again["errors"]] == ["INVALID_TRANSITION"]
    assert (await found_for(shop, shop.buyer))[1] == []
    assert [each["code"] for each in (await desk.create(code="A"))["errors"]] == ["ALREADY_EXISTS"]


async def test_reps_read_and_buyers_know_nothing_of_rules(shop: Shop) -> None:
    desk = await open_desk(shop)
    await desk.running(code="A", name="Uno")
    document = "{ discountGroups { code stacking rules { name state allowedActions } } discountRules { nodes { code } } }"

    seen = await shop.data(shop.rep, document)
    hidden = await shop.ask(shop.buyer, document)
    refused = await shop.ask(
        shop.rep,
        'mutation { activateDiscountRule(input: {ruleId: "x", expectedVersion: 1}) { errors { code } } }',
    )

    assert seen["discountGroups"] == [
        {
            "code": "PROMO",
            "stacking": "EXCLUSIVE",
            "rules": [{"name": "Uno", "state": "RUNNING", "allowedActions": []}],
        }
    ]
    assert seen["discountRules"] == {"nodes": [{"code": "A"}]}
    assert "Cannot query field" in hidden["errors"][0]["message"]
    assert "Cannot query field" in refused["errors"][0]["message"]
    async with shop.engine.database.read(shop.buyer) as session:
        for table in ("discount_rule", "discount_group", "segment"):
            assert await session.scalar(text(f"select count(*) from {table}")) == 0, table


async def test_a_list_of_groups_costs_the_same_for_any_number_of_rules(shop: Shop) -> None:
    desk = await open_desk(shop)
    document = "{ discountGroups { rules { name group { code } conditions { summary } } } }"
    product = {"kind": "PRODUCT", "productIds": [encode_id("Product", shop.product.id)]}
    await desk.create(conditions=[product])
    with counted(shop.database) as one:
        await shop.data(desk.manager, document)
    for _ in range(3):
        await desk.create(conditions=[product])

    with counted(shop.database) as four:
        found = await shop.data(desk.manager, document)

    assert len(found["discountGroups"][0]["rules"]) == 4
    assert len(four) == len(one)


async def test_segments_are_asked_while_pricing(shop: Shop) -> None:
    desk = await open_desk(shop)
    async with shop.database.job() as session:
        customer = await session.merge(shop.customer)
        group = CustomerGroup(seller_id=shop.seller.id, code="HORECA", name="Horeca")
        session.add(group)
        await session.flush()
        customer.customer_group_id = group.id
    product = encode_id("Product", shop.product.id)

    async def save(code: str, **given: Any) -> dict[str, Any]:
        return await desk.act("saveSegment", "segment { id code version }", code=code, name=code, **given)

    for code, given in (
        ("HORECA", {"customerGroups": ["HORECA"]}),
        ("SPAIN", {"countries": ["ES", "PT"]}),
        ("FRANCE", {"countries": ["FR"]}),
        ("BIG", {"revenueLeast": "29.99", "revenueCurrency": "EUR", "months": 3}),
        ("BIGGER", {"revenueLeast": "30.01", "revenueCurrency": "EUR"}),
        ("DOLLARS", {"revenueLeast": "1", "revenueCurrency": "EUR", "countries": ["US"]}),
        ("BOUGHT", {"productIds": [product]}),
        ("BOTH", {"customerGroups": ["HORECA"], "productIds": [product]}),
    ):
        assert (await save(code, **given))["errors"] == [], code

    assert await segments_for(shop, shop.buyer) == {"HORECA", "SPAIN"}
    placed = await shop.place(shop.buyer, await shop.fill(shop.buyer, (shop.product, 3)))
    assert placed["errors"] == []
    assert await segments_for(shop, shop.buyer) == {"HORECA", "SPAIN", "BIG", "BOUGHT", "BOTH"}
    assert await segments_for(shop, shop.stranger) == {"SPAIN"}
    for given, path in (
        ({}, ["code"]),
        ({"customerGroups": ["NONE"]}, ["customerGroups", "0"]),
        ({"revenueLeast": "5"}, ["revenueCurrency"]),
        ({"countries": ["ES"], "months": 0}, ["months"]),
    ):
        refused = await save("BAD", **given)
        assert ([each["path"] for each in refused["errors"]], refused["segment"]) == ([path], None)


async def orders(shop: Shop, count: int) -> list[UUID]:
    """Placed orders of the shop's buyer."""
    made = []
    for _ in range(count):
        placed = await shop.place(shop.buyer, await shop.fill(shop.buyer, (shop.product, 1)))
        assert placed["errors"] == []
        made.append(key_of(placed["order"]["id"]))
    return made


async def test_what_is_redeemed_is_counted_and_given_back(shop: Shop) -> None:
    desk = await open_desk(shop)
    rule = await desk.running(coupon="UNO", usesMax=1)
    first, second = await orders(shop, 2)
    free = await desk.running()  # only now: an order that is placed uses what applies to it
    uses = [RuleUse(str(key_of(each["id"])), D("1.00"), D(1)) for each in (rule, free)]
    customer = shop.customer.id

    assert not isinstance(
        await act(shop, shop.buyer, lambda ctx: redeem(ctx, first, customer, uses)), Refused
    )
    before = await shop.snapshot()
    refused = await act(shop, shop.buyer, lambda ctx: redeem(ctx, second, customer, uses))

    assert isinstance(refused, Refused)
    assert [(each.code, each.data) for each in refused.refusals] == [("COUPON_USED_UP", {"coupon": "UNO"})]
    assert await shop.snapshot() == before
    assert [each.remaining for each in (await found_for(shop, shop.buyer, ["UNO"]))[1]] == [0, None]
    await act(shop, shop.buyer, lambda ctx: give_back_redemptions(ctx, first))
    assert [each.remaining for each in (await found_for(shop, shop.buyer, ["UNO"]))[1]] == [1, None]
    assert not isinstance(
        await act(shop, shop.buyer, lambda ctx: redeem(ctx, second, customer, uses)), Refused
    )
    assert "a limited discount's uses are its redemptions" not in await shop.broken()


async def race(shop: Shop, desk: Desk, limit: int, buyers: int) -> int:
    rule = await desk.running(coupon=f"R{limit}", usesMax=limit)
    uses = [RuleUse(str(key_of(rule["id"])), D("1.00"), D(1))]
    made = await orders(shop, buyers)

    async def attempt(order: UUID) -> bool:
        outcome = await act(shop, shop.buyer, lambda ctx: redeem(ctx, order, shop.customer.id, uses))
        return not isinstance(outcome, Refused)

    return sum(await asyncio.gather(*map(attempt, made)))


async def test_buyers_who_race_for_a_coupon_get_as_many_as_there_are(shop: Shop) -> None:
    desk = await open_desk(shop)

    assert await race(shop, desk, 2, 6) == 2
    assert "a limited discount's uses are its redemptions" not in await shop.broken()


@pytest.mark.long
async def test_eighty_buyers_and_a_coupon_for_ten_give_ten(shop: Shop) -> None:
    assert await race(shop, await open_desk(shop), 10, 80) == 10


async def test_once_for_each_customer(shop: Shop) -> None:
    desk = await open_desk(shop)
    rule = await desk.running(usesPerCustomerMax=1)
    uses = [RuleUse(str(key_of(rule["id"])), D("1.00"), D(1))]
    first, second = await orders(shop, 2)

    await act(shop, shop.buyer, lambda ctx: redeem(ctx, first, shop.customer.id, uses))
    refused = await act(shop, shop.buyer, lambda ctx: redeem(ctx, second, shop.customer.id, uses))

    assert isinstance(refused, Refused)
    assert [each.remaining_for_customer for each in (await found_for(shop, shop.buyer))[1]] == [0]
    assert [each.remaining_for_customer for each in (await found_for(shop, shop.stranger))[1]] == [1]


COUPON = "cart { version coupons { code name state } }"


async def test_coupons_of_a_cart(shop: Shop) -> None:
    desk = await open_desk(shop)
    await desk.running(coupon="Verano 26", name="Verano")
    await desk.create(coupon="OFF")
    await desk.running(coupon="OLD", validUntil="2026-03-01")

    async def add(code: str) -> dict[str, Any]:
        return await desk.act("addCoupon", COUPON, viewer=shop.buyer, code=code)

    added = await add("verano-26")
    assert added["cart"] == {
        "version": 2,
        "coupons": [{"code": "Verano 26", "name": "Verano", "state": "VALID"}],
    }
    assert (await add("VERANO26"))["cart"]["version"] == 2, "once is enough"
    before = await shop.snapshot()
    wrong = [await add(code) for code in ("NONE", "OFF", "OLD", "", "x" * 65)]
    assert len({str(each["errors"]) for each in wrong}) == 1, "one answer for all of them"
    assert wrong[0]["errors"] == [
        {"code": "INVALID", "message": "This coupon is not valid.", "path": ["code"]}
    ]
    assert await shop.snapshot() == before
    removed = await desk.act("removeCoupon", COUPON, viewer=shop.buyer, code="Verano 26")
    assert removed["cart"] == {"version": 3, "coupons": []}
    gone = await desk.act("removeCoupon", COUPON, viewer=shop.buyer, code="Verano 26")
    assert [each["code"] for each in gone["errors"]] == ["NOT_FOUND"]


async def test_a_coupon_that_is_used_up_or_ends_says_so(shop: Shop) -> None:
    desk = await open_desk(shop)
    rule = await desk.running(coupon="UNO", usesMax=1)
    (order,) = await orders(shop, 1)
    await desk.act("addCoupon", COUPON, viewer=shop.buyer, code="UNO")

    uses = [RuleUse(str(key_of(rule["id"])), D("1.00"), D(1))]
    await act(shop, shop.buyer, lambda ctx: redeem(ctx, order, shop.customer.id, uses))

    state = "{ cart { coupons { state } } }"
    assert (await shop.data(shop.buyer, state))["cart"]["coupons"] == [{"state": "USED_UP"}]
    refused = await desk.act("addCoupon", COUPON, viewer=shop.stranger, code="UNO")
    assert [(each["code"], each["message"]) for each in refused["errors"]] == [
        ("COUPON_USED_UP", "The coupon UNO is used up.")
    ]
    off = await desk.act(
        "deactivateDiscountRule", "discountRule { id }", ruleId=rule["id"], expectedVersion=2
    )
    assert off["errors"] == []
    assert (await shop.data(shop.buyer, state))["cart"]["coupons"] == [{"state": "ENDED"}]


async def test_codes_cannot_be_tried_for_ever(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coupons, "_tries", Throttle(2 * 60, 1, clock=lambda: 0.0))
    desk = await open_desk(shop)

    tried = [await desk.act("addCoupon", COUPON, viewer=shop.buyer, code="GUESS") for _ in range(3)]

    assert [each["errors"][0]["code"] for each in tried] == ["INVALID", "INVALID", "LIMIT_EXCEEDED"]
    assert tried[2]["errors"][0]["message"] == "That were many codes. Try again in 60 seconds."
