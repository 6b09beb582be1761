"""How a seller makes prices: set by managers, refused by field, followed by prices."""

from typing import Any

import pytest
from sqlalchemy import text

from auth.permissions import Viewer
from tests.schema.shop import Shop
from tests.schema.trading import manager_of, posted

READ = """{ pricingSettings { lineMultilineMode priceDateType marginTargetPercent marginFloorPercent version
  tradeCells { relation customerScope itemScope isSearched } } }"""
SET = """mutation Set($input: SetPricingSettingsInput!) { setPricingSettings(input: $input) {
  pricingSettings { lineMultilineMode priceDateType marginTargetPercent marginFloorPercent version
    tradeCells { relation customerScope itemScope isSearched } }
  errors { code path ... on StaleVersion { currentVersion } } warnings { message } } }"""
PRICE_OF_ALL = {"relation": "PRICE", "customerScope": "ALL", "itemScope": "ONE"}
PRICED = "query($sku: String!) { product(by: {sku: $sku}) { price { unitPrice { amount } } } }"


async def settings(shop: Shop, viewer: Viewer, **given: Any) -> dict[str, Any]:
    answer = await shop.data(viewer, SET, input={"expectedVersion": 1} | given)
    payload: dict[str, Any] = answer["setPricingSettings"]
    return payload


async def test_a_manager_sets_them_and_prices_follow(shop: Shop) -> None:
    manager = await manager_of(shop)
    await posted(
        shop, manager, {"relation": "PRICE", "sku": shop.product.sku, "unitPrice": "7", "validFrom": "2026-01-01"}
    )  # fmt: skip
    assert (await shop.data(shop.buyer, PRICED, sku=shop.product.sku))["product"]["price"] == {
        "unitPrice": {"amount": "7.00"}
    }

    payload = await settings(
        shop, manager, lineMultilineMode="MAX", priceDateType="ORDER", inactiveCells=[PRICE_OF_ALL],
        marginTargetPercent="30.5", marginFloorPercent="0",
    )  # fmt: skip

    assert payload["errors"] == []
    assert [each["message"] for each in payload["warnings"]] == [
        "Rows in force that do not count any more (PRICE:ALL:ONE): 1."
    ]
    stored = payload["pricingSettings"]
    cells = stored.pop("tradeCells")
    assert stored == {
        "lineMultilineMode": "MAX", "priceDateType": "ORDER", "marginTargetPercent": "30.5",
        "marginFloorPercent": "0", "version": 2,
    }  # fmt: skip
    assert len(cells) == 21
    assert [each for each in cells if not each["isSearched"]] == [PRICE_OF_ALL | {"isSearched": False}]
    assert (await shop.data(manager, READ))["pricingSettings"] == stored | {"tradeCells": cells}
    assert (await shop.data(shop.buyer, PRICED, sku=shop.product.sku))["product"]["price"] == {
        "unitPrice": {"amount": "10.00"}
    }
    async with shop.database.job() as session:
        found = await session.execute(
            text(
                "select changes from audit_event where action = 'seller.pricingSet' and entity_id = :seller"
            ),
            {"seller": shop.seller.id},
        )
        assert found.scalars().all() == [
            {
                "line_multiline_mode": "MAX", "price_date_type": "ORDER", "margin_target_percent": "30.5",
                "margin_floor_percent": "0", "inactive_trade_cells": ["PRICE:ALL:ONE"],
            }
        ]  # fmt: skip

    # What is not told stays.
    again = await settings(shop, manager, expectedVersion=2, lineMultilineMode="PRODUCT")
    assert again["pricingSettings"] == stored | {
        "lineMultilineMode": "PRODUCT", "version": 3, "tradeCells": cells
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"marginTargetPercent": "100"}, "INVALID", ["marginTargetPercent"]),
        ({"marginTargetPercent": "-1"}, "INVALID", ["marginTargetPercent"]),
        ({"marginFloorPercent": "-0.1"}, "INVALID", ["marginFloorPercent"]),
        ({"marginFloorPercent": "25.000001"}, "INVALID", ["marginFloorPercent"]),
        ({"marginTargetPercent": "9"}, "INVALID", ["marginFloorPercent"]),
        (
            {"inactiveCells": [PRICE_OF_ALL, PRICE_OF_ALL | {"itemScope": "GROUP"}]},
            "INVALID",
            ["inactiveCells", "1"],
        ),
        ({"inactiveCells": [PRICE_OF_ALL, PRICE_OF_ALL]}, "INVALID", ["inactiveCells", "1"]),
        ({"expectedVersion": 2, "priceDateType": "ORDER"}, "STALE_VERSION", ["expectedVersion"]),
    ],
)
async def test_what_cannot_be_is_refused_by_its_field(
    shop: Shop, given: dict[str, Any], code: str, path: list[str]
) -> None:
    manager = await manager_of(shop)
    before = await shop.snapshot()

    payload = await settings(shop, manager, **given)

    assert payload["pricingSettings"] is None
    assert [(each["code"], each["path"]) for each in payload["errors"]] == [(code, path)]
    assert await shop.snapshot() == before


async def test_reps_read_them_without_the_bands(shop: Shop) -> None:
    seen = (await shop.data(shop.rep, "{ pricingSettings { lineMultilineMode priceDateType version } }"))[
        "pricingSettings"
    ]

    assert seen == {"lineMultilineMode": "SUM", "priceDateType": "REQUESTED_SHIP", "version": 1}
