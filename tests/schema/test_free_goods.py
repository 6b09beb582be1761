"""Rules of free goods: kept by sales managers, read by reps, unknown to customers, and what pricing reads of them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from auth.permissions import Role, Viewer
from models.free_goods import free_goods_rules_for
from models.sellers import SalesRep, SalesTeam
from rules.free_goods import FreeGoodsRule, FreeKind
from schema.ids import encode_id
from tests import factories as make
from tests.schema.shop import Shop

FIELDS = """id name priority segment minimumQuantity perQuantity freeQuantity kind calculation rounding isOnlyOnce
    isOptional isChargeable maxPerOrder outOfStock validFrom validUntil isEnded version allowedActions
    customer { number } customerGroup { code } product { sku } category { code } freeProduct { sku }"""
LIST = f"query List($search: String, $ended: Boolean! = false) {{ freeGoodsRules(search: $search, includeEnded: $ended) {{ nodes {{ {FIELDS} }} totalCount }} }}"


def writes(act: str) -> str:
    name = act[0].upper() + act[1:] + "FreeGoodsRule"
    return f"""mutation Act($input: {name}Input!) {{ done: {act}FreeGoodsRule(input: $input) {{
        rule {{ {FIELDS} }} errors {{ code message path ... on StaleVersion {{ currentVersion }} }}
        warnings {{ code message path }} }} }}"""


CREATE, UPDATE, DEACTIVATE = writes("create"), writes("update"), writes("deactivate")
GIVEN: Mapping[str, Any] = {
    "name": "Diez y una", "perQuantity": "10", "freeQuantity": "1", "validFrom": "2026-01-01",
}  # fmt: skip


@pytest.fixture
async def manager(shop: Shop) -> Viewer:
    """The sales manager of the rep's team."""
    async with shop.database.job() as session:
        rep = await session.get_one(SalesRep, shop.rep.user_id)
        team = await session.get_one(SalesTeam, rep.sales_team_id)
        user = await make.make_rep(session, shop.seller, team=team, role=Role.SALES_MANAGER)
        team.manager_id = user.id
    return await make.viewer_of(shop.database, user)


async def test_a_manager_keeps_a_rule_and_a_rep_reads_it(shop: Shop, manager: Viewer) -> None:
    async with shop.database.job() as session:
        group = await make.make_group(session, shop.seller)
        gift = await make.make_product(session, shop.seller, sku="GIFT-1")
    product = str(encode_id("Product", shop.product.id))
    free = str(encode_id("Product", gift.id))
    whole = {**GIVEN, "productId": product, "freeProductId": free, "customerGroup": group.code, "priority": 5,
             "minimumQuantity": "20", "maxPerOrder": "4", "isOptional": True, "outOfStock": "BACKORDER",
             "validUntil": "2026-03-31"}  # fmt: skip

    made = (await shop.data(manager, CREATE, input=whole))["done"]
    rival = (await shop.data(manager, CREATE, input={**whole, "name": "Otra"}))["done"]
    changed = (
        await shop.data(
            manager,
            UPDATE,
            input={**GIVEN, "perQuantity": "5", "ruleId": made["rule"]["id"], "expectedVersion": 1},
        )
    )["done"]
    ended = (
        await shop.data(manager, DEACTIVATE, input={"ruleId": rival["rule"]["id"], "expectedVersion": 1})
    )["done"]
    read = (await shop.data(shop.rep, LIST, search="diez"))["freeGoodsRules"]
    everything = (await shop.data(shop.rep, LIST, ended=True))["freeGoodsRules"]

    assert (made["errors"], made["warnings"]) == ([], [])
    assert made["rule"] == {
        "id": made["rule"]["id"], "name": "Diez y una", "priority": 5, "segment": None, "minimumQuantity": "20",
        "perQuantity": "10", "freeQuantity": "1", "kind": "EXCLUSIVE", "calculation": "UNIT_REFERENCE",
        "rounding": "DOWN", "isOnlyOnce": False, "isOptional": True, "isChargeable": False, "maxPerOrder": "4",
        "outOfStock": "BACKORDER", "validFrom": "2026-01-01", "validUntil": "2026-03-31", "isEnded": False,
        "version": 1, "allowedActions": ["UPDATE", "DEACTIVATE"], "customer": None,
        "customerGroup": {"code": group.code}, "product": {"sku": "ACE-001"}, "category": None,
        "freeProduct": {"sku": "GIFT-1"},
    }  # fmt: skip
    assert [(each["code"], each["path"]) for each in rival["warnings"]] == [("ALREADY_EXISTS", ["priority"])]
    assert "“Diez y una”" in rival["warnings"][0]["message"]
    assert (changed["rule"]["version"], changed["rule"]["perQuantity"], changed["rule"]["product"]) == (
        2,
        "5",
        None,
    )
    assert (ended["rule"]["isEnded"], ended["rule"]["allowedActions"]) == (True, [])
    assert [(each["name"], each["allowedActions"]) for each in read["nodes"]] == [("Diez y una", [])]
    assert [each["name"] for each in everything["nodes"]] == ["Diez y una", "Otra"]
    async with shop.database.job() as session:
        trail = await session.execute(text("select action, entity_version from audit_event order by id"))
        assert list(trail) == [
            ("freeGoodsRule.created", 1),
            ("freeGoodsRule.created", 1),
            ("freeGoodsRule.updated", 2),
            ("freeGoodsRule.deactivated", 2),
        ]


async def test_what_is_refused_names_the_field_and_changes_nothing(shop: Shop, manager: Viewer) -> None:
    product = str(encode_id("Product", shop.product.id))
    stranger = str(encode_id("Customer", shop.other.id))
    async with shop.database.job() as session:
        gift = await make.make_product(session, shop.seller, sku="GIFT-1")
    made = (await shop.data(manager, CREATE, input=GIVEN))["done"]["rule"]
    known = {"ruleId": made["id"], "expectedVersion": 1}
    ended = (await shop.data(manager, CREATE, input=GIVEN))["done"]["rule"]
    await shop.data(manager, DEACTIVATE, input={"ruleId": ended["id"], "expectedVersion": 1})
    before = await shop.snapshot()
    cases: list[tuple[str, dict[str, Any], str, list[list[str]]]] = [
        (CREATE, {**GIVEN, "perQuantity": "0"}, "INVALID", [["perQuantity"]]),
        (CREATE, {**GIVEN, "name": " ", "freeQuantity": "-1"}, "INVALID", [["name"], ["freeQuantity"]]),
        (CREATE, {**GIVEN, "name": "x" * 201}, "INVALID", [["name"]]),
        (CREATE, {**GIVEN, "priority": 1001}, "INVALID", [["priority"]]),
        (CREATE, {**GIVEN, "perQuantity": "1000001"}, "INVALID", [["perQuantity"]]),
        (CREATE, {**GIVEN, "validUntil": "2025-12-31"}, "INVALID", [["validUntil"]]),
        (CREATE, {**GIVEN, "maxPerOrder": "0.5"}, "INVALID", [["maxPerOrder"]]),
        (CREATE, {**GIVEN, "customerId": stranger}, "NOT_FOUND", [["customerId"]]),  # another rep's
        (CREATE, {**GIVEN, "customerGroup": "NONE"}, "NOT_FOUND", [["customerGroup"]]),
        (CREATE, {**GIVEN, "productId": stranger}, "NOT_FOUND", [["productId"]]),
        (
            CREATE,
            {**GIVEN, "kind": "INCLUSIVE", "productId": product, "freeProductId": str(encode_id("Product", gift.id))},
            "INVALID",
            [["freeProductId"]],
        ),
        (UPDATE, {**GIVEN, **known, "rounding": "UP"}, "INVALID", [["rounding"]]),
        (UPDATE, {**GIVEN, **known, "expectedVersion": 9}, "STALE_VERSION", [["expectedVersion"]]),
        (UPDATE, {**GIVEN, "ruleId": ended["id"], "expectedVersion": 2}, "INVALID_TRANSITION", [["ruleId"]]),
        (DEACTIVATE, {"ruleId": product, "expectedVersion": 1}, "NOT_FOUND", [["ruleId"]]),
    ]  # fmt: skip

    for document, given, code, paths in cases:
        done = (await shop.data(manager, document, input=given))["done"]
        assert done["rule"] is None, given
        assert [each["path"] for each in done["errors"]] == paths, given
        assert {each["code"] for each in done["errors"]} == {code}, given
    for viewer in (shop.rep, shop.buyer, shop.finance, shop.logistics):
        answer = await shop.ask(viewer, CREATE, input=GIVEN)
        assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    for viewer in (shop.buyer, shop.finance):
        assert "errors" in await shop.ask(viewer, LIST)

    assert await shop.snapshot() == before


async def test_pricing_reads_the_rules_that_may_reach_a_buyer_in_one_statement(
    shop: Shop, manager: Viewer
) -> None:
    async with shop.database.job() as session:
        group = await make.make_group(session, shop.seller)
        category = await make.make_category(session, shop.seller)
    mine = str(encode_id("Customer", shop.customer.id))
    given: list[dict[str, Any]] = [
        {"name": "all"},
        {"name": "mine", "customerId": mine},
        {"name": "group", "customerGroup": group.code, "categoryId": str(encode_id("ProductCategory", category.id))},
        {"name": "segment", "segment": "CAFES", "kind": "INCLUSIVE"},
        {"name": "over", "validUntil": "2026-02-28"},
        {"name": "to come", "validFrom": "2026-05-01"},
        {"name": "ended"},
    ]  # fmt: skip
    for each in given:
        made = (await shop.data(manager, CREATE, input={**GIVEN, **each}))["done"]
        assert made["errors"] == []
        if each["name"] == "ended":
            await shop.data(manager, DEACTIVATE, input={"ruleId": made["rule"]["id"], "expectedVersion": 1})

    async def rules_for(**asked: Any) -> list[FreeGoodsRule]:
        default: dict[str, Any] = {"seller_id": shop.seller.id, "customers": [shop.customer.id], "groups": [group.code],
                   "first": date(2026, 3, 2), "last": date(2026, 3, 9)}  # fmt: skip
        async with shop.database.job() as session:
            return await free_goods_rules_for(session, **(default | asked))

    found = await rules_for()
    assert [each.name for each in found] == ["all", "mine", "group", "segment"]
    assert found[1].customer == str(shop.customer.id)
    assert (found[2].customer_group, found[2].category_path) == (group.code, category.path)
    assert (found[3].segment, found[3].kind) == ("CAFES", FreeKind.INCLUSIVE)
    assert found[0] == replace(found[0], per_quantity=Decimal(10), free_quantity=Decimal(1), offer_of="")
    stranger = await rules_for(customers=[shop.other.id], groups=[])
    assert [each.name for each in stranger] == ["all", "segment"]
    earlier = await rules_for(first=date(2026, 2, 28))
    assert [each.name for each in earlier] == ["all", "mine", "group", "segment", "over", "ended"]
    assert earlier[-1].valid_until == date(2026, 3, 2)  # ended today, so no day from today on is priced by it
    later = await rules_for(last=date(2026, 5, 1))
    assert [each.name for each in later] == ["all", "mine", "group", "segment", "to come"]


async def test_the_database_hides_the_rules_from_customers_and_foreign_ones_from_reps(
    shop: Shop, manager: Viewer
) -> None:
    async with shop.database.job() as session:
        await session.execute(
            text(
                "insert into free_goods_rule (id, seller_id, name, name_sort, customer_id, minimum_quantity,"
                " per_quantity, free_quantity, kind, calculation, rounding, is_only_once, is_optional, is_chargeable,"
                " out_of_stock, valid_from, created_at) values (gen_random_uuid(), :seller, 'x', 'x', :customer, 0, 5,"
                " 1, 'EXCLUSIVE', 'UNIT_REFERENCE', 'DOWN', false, false, false, 'DROP', '2026-01-01', now())"
            ),
            {"seller": shop.seller.id, "customer": shop.other.id},
        )
    await shop.data(manager, CREATE, input=GIVEN)
    counted = text("select count(*) from free_goods_rule")

    seen = {}
    for name, viewer in {"buyer": shop.buyer, "rep": shop.rep, "finance": shop.finance}.items():
        async with shop.database.read(viewer) as session:
            seen[name] = await session.scalar(counted)

    assert seen == {"buyer": 0, "rep": 1, "finance": 2}
