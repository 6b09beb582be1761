"""Groups of discount rules and segments of customers, changed."""

from typing import Any

import pytest

from tests.schema.discounting import open_desk
from tests.schema.shop import Shop

GROUP = "discountGroup { code name sequence stacking suppresses competesWith version } warnings { code message path }"


async def test_a_group_is_changed_and_prices_and_conflicts_follow(shop: Shop) -> None:
    desk = await open_desk(shop, "SUMMED")
    await desk.running(name="Uno")
    await desk.running(name="Dos", benefit={"kind": "PERCENT", "percent": "20"})
    other = await desk.act(
        "createDiscountGroup", "discountGroup { id }", code="OTHER", name="Otro", sequence=20, stacking="BEST"
    )
    assert other["errors"] == []
    priced = "query($sku: String!) { product(by: {sku: $sku}) { price { netAmount { amount } } } }"
    assert (await shop.data(shop.buyer, priced, sku=shop.product.sku))["product"]["price"]["netAmount"] == {
        "amount": "7.00"
    }

    done = await desk.act(
        "updateDiscountGroup", GROUP, groupId=desk.group_id, expectedVersion=1, name=" Ofertas ", sequence=30,
        stacking="EXCLUSIVE", suppresses=["OTHER"],
    )  # fmt: skip

    assert done["errors"] == []
    assert done["discountGroup"] == {
        "code": "PROMO", "name": "Ofertas", "sequence": 30, "stacking": "EXCLUSIVE", "suppresses": ["OTHER"],
        "competesWith": "", "version": 2,
    }  # fmt: skip
    assert done["warnings"] == [
        {
            "code": "INVALID", "path": ["stacking"],
            "message": "“Uno” and “Dos” are in each other's way now: see the report of either.",
        }
    ]  # fmt: skip
    assert (await shop.data(shop.buyer, priced, sku=shop.product.sku))["product"]["price"]["netAmount"] == {
        "amount": "8.00"
    }
    # Without another way to combine nothing new gets in the way.
    again = await desk.act(
        "updateDiscountGroup", GROUP, groupId=desk.group_id, expectedVersion=2, name="Ofertas", sequence=5,
        stacking="EXCLUSIVE",
    )  # fmt: skip
    assert (again["warnings"], again["discountGroup"]["suppresses"]) == ([], [])


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"name": " "}, "INVALID", ["name"]),
        ({"sequence": 1_000_001}, "INVALID", ["sequence"]),
        ({"suppresses": ["NONE"]}, "INVALID", ["suppresses"]),
        ({"suppresses": ["PROMO"]}, "INVALID", ["suppresses"]),
        ({"competesWith": "NONE"}, "INVALID", ["competesWith"]),
        ({"expectedVersion": 2}, "STALE_VERSION", ["expectedVersion"]),
        ({"groupId": "U2VnbWVudDow"}, "NOT_FOUND", ["groupId"]),
    ],
)
async def test_what_a_group_cannot_be_is_refused(
    shop: Shop, given: dict[str, Any], code: str, path: list[str]
) -> None:
    desk = await open_desk(shop)
    before = await shop.snapshot()
    told: dict[str, Any] = {
        "groupId": desk.group_id, "expectedVersion": 1, "name": "Otro", "sequence": 1, "stacking": "BEST",
    }  # fmt: skip

    refused = await desk.act("updateDiscountGroup", GROUP, **told | given)

    assert [(each["code"], each["path"]) for each in refused["errors"]] == [(code, path)]
    assert refused["discountGroup"] is None
    assert await shop.snapshot() == before


async def test_a_dry_run_counts_who_would_be_in_a_segment(shop: Shop) -> None:
    desk = await open_desk(shop)
    before = await shop.snapshot()
    document = """mutation Try($input: SaveSegmentInput!) { saveSegment(input: $input) @dryRun {
        segment { customerCount } errors { path } } }"""

    async def count(**given: Any) -> int:
        answer = await shop.data(
            desk.manager, document, input={"code": "TRY", "name": "Try", "countries": ["ES"]} | given
        )
        assert answer["saveSegment"]["errors"] == []
        found: int = answer["saveSegment"]["segment"]["customerCount"]
        return found

    reached = (await shop.data(desk.manager, "{ customers(first: 100) { totalCount } }"))["customers"][
        "totalCount"
    ]
    assert await count() == reached
    assert await count(countries=["FR"]) == 0
    assert await count(revenueLeast="0.01", revenueCurrency="EUR") == 0
    assert await shop.snapshot() == before
