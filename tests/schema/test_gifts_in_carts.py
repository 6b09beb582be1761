"""Goods offered in carts: accepted, declined, ordered; and substitutes of gifts that are out of stock."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import text

from auth.permissions import Viewer
from models.base import new_id
from models.free_goods import StoredFreeGoodsRule
from models.products import Product, ProductRelation
from rules.free_goods import FreeCalculation, FreeKind, FreeRounding, FreeStockPolicy
from rules.states import RelationKind
from schema.ids import encode_id
from tests import factories as make
from tests.safety.test_statements import counted
from tests.schema.shop import Shop

GIFTS = """id version totals { gross { amount } } lines { id quantity product { sku } netAmount { amount } freeGoods {
    product { id sku } quantity value { amount } isProposed isChargeable answer substitute { sku } } }"""
CART = f"{{ cart {{ {GIFTS} }} }}"
ANSWER = f"""mutation Answer($input: AnswerFreeGoodsInput!) {{ answerFreeGoods(input: $input) {{
    cart {{ {GIFTS} }} errors {{ code message path }} }} }}"""
ORDER = """query Order($id: ID!) { order(by: {id: $id}) { lines {
    sku isFree quantityOrdered quantityReserved netAmount { amount } } } }"""


async def offer(shop: Shop, **given: Any) -> StoredFreeGoodsRule:
    """A rule of one free for ten of the shop's product, as given."""
    values: dict[str, Any] = {
        "product_id": shop.product.id, "minimum_quantity": 0, "per_quantity": 10, "free_quantity": 1, "priority": 0,
        "kind": FreeKind.EXCLUSIVE, "calculation": FreeCalculation.UNIT_REFERENCE, "rounding": FreeRounding.DOWN,
        "is_only_once": False, "is_optional": False, "is_chargeable": False, "out_of_stock": FreeStockPolicy.DROP,
    }  # fmt: skip
    async with shop.database.job() as session:
        rule = StoredFreeGoodsRule(
            id=new_id(), seller_id=shop.seller.id, name="Diez y una", name_sort="diez y una", valid_from=make.DAY,
            created_at=make.MOMENT, **(values | given),
        )  # fmt: skip
        return await make.add(session, rule)


async def gift(shop: Shop, **given: Any) -> Product:
    async with shop.database.job() as session:
        return await make.make_product(session, shop.seller, **({"sku": "GIFT-1", "price": "4.00"} | given))


async def cart_of(shop: Shop, viewer: Viewer) -> dict[str, Any]:
    found: dict[str, Any] = (await shop.data(viewer, CART))["cart"]
    return found


def goods(cart: Mapping[str, Any], line: int = 0) -> list[tuple[Any, ...]]:
    return [
        (each["product"]["sku"], each["quantity"], each["isProposed"], each["answer"])
        for each in cart["lines"][line]["freeGoods"]
    ]


async def answer(
    shop: Shop, cart: Mapping[str, Any], product: Product, taken: bool, **more: Any
) -> dict[str, Any]:
    given = {
        "lineId": cart["lines"][0]["id"],
        "productId": str(encode_id("Product", product.id)),
        "isAccepted": taken,
    }
    payload: dict[str, Any] = (await shop.data(shop.buyer, ANSWER, input=given | more))["answerFreeGoods"]
    return payload


async def ordered(shop: Shop) -> list[tuple[Any, ...]]:
    """The cart as an order's lines: SKU, whether free, quantity, reserved, net."""
    placed = await shop.place(shop.buyer, await shop.cart(shop.buyer))
    assert placed["errors"] == []
    lines = (await shop.data(shop.buyer, ORDER, id=placed["order"]["id"]))["order"]["lines"]
    return [
        (
            each["sku"],
            each["isFree"],
            each["quantityOrdered"],
            each["quantityReserved"],
            each["netAmount"]["amount"],
        )
        for each in lines
    ]


async def test_an_order_gets_exactly_what_was_accepted(shop: Shop) -> None:
    first, second = await gift(shop), await gift(shop, sku="GIFT-2")
    await offer(shop, free_product_id=first.id, is_optional=True)
    await offer(shop, free_product_id=second.id, is_optional=True)
    await shop.fill(shop.buyer, (shop.product, 20))
    proposed = await cart_of(shop, shop.buyer)

    taken = await answer(shop, proposed, first, True, expectedVersion=proposed["version"])
    refused = await answer(shop, proposed, second, False)

    assert goods(proposed) == [("GIFT-1", "2", True, "OPEN"), ("GIFT-2", "2", True, "OPEN")]
    assert goods(taken["cart"]) == [("GIFT-1", "2", False, "ACCEPTED"), ("GIFT-2", "2", True, "OPEN")]
    assert goods(refused["cart"]) == [("GIFT-1", "2", False, "ACCEPTED"), ("GIFT-2", "2", True, "DECLINED")]
    assert (taken["cart"]["version"], taken["cart"]["totals"]) == (
        proposed["version"] + 1,
        proposed["totals"],
    )
    assert await ordered(shop) == [
        ("ACE-001", False, "20", "20", "200.00"),
        ("GIFT-1", True, "2", "2", "0.00"),
    ]
    await shop.fill(shop.buyer, (shop.product, 20))
    assert goods(await cart_of(shop, shop.buyer))[0] == ("GIFT-1", "2", True, "OPEN")  # asked anew
    assert await shop.broken() == []


async def test_an_answer_survives_pricing_anew_and_is_forgotten_with_what_earned_it(shop: Shop) -> None:
    first = await gift(shop)
    await offer(shop, free_product_id=first.id, is_optional=True)
    await shop.fill(shop.buyer, (shop.product, 10))
    cart = await cart_of(shop, shop.buyer)
    update = "mutation U($input: UpdateCartLineInput!) { updateCartLine(input: $input) { errors { code } } }"
    remove = "mutation R($input: RemoveCartLineInput!) { removeCartLine(input: $input) { errors { code } } }"
    await answer(shop, cart, first, True)
    line = cart["lines"][0]["id"]

    await shop.data(shop.buyer, update, input={"lineId": line, "quantity": "35"})
    more = goods(await cart_of(shop, shop.buyer))
    await shop.data(shop.buyer, update, input={"lineId": line, "quantity": "9"})
    fewer = goods(await cart_of(shop, shop.buyer))
    await shop.data(shop.buyer, update, input={"lineId": line, "quantity": "10"})
    again = await cart_of(shop, shop.buyer)
    await answer(shop, again, first, True)
    await shop.data(shop.buyer, remove, input={"lineId": line})
    await shop.fill(shop.buyer, (shop.product, 10))
    anew = goods(await cart_of(shop, shop.buyer))

    assert more == [("GIFT-1", "3", False, "ACCEPTED")]
    assert (fewer, goods(again), anew) == (
        [],
        [("GIFT-1", "1", True, "OPEN")],
        [("GIFT-1", "1", True, "OPEN")],
    )


async def test_placing_checks_anew_what_was_accepted(shop: Shop) -> None:
    first = await gift(shop)
    rule = await offer(shop, free_product_id=first.id, is_optional=True)
    await shop.fill(shop.buyer, (shop.product, 10))
    await answer(shop, await cart_of(shop, shop.buyer), first, True)
    async with shop.database.job() as session:
        ended = text("update free_goods_rule set active_until = :day where id = :id")
        await session.execute(ended, {"day": make.DAY, "id": rule.id})

    placed = await shop.place(shop.buyer, await shop.cart(shop.buyer))

    assert [each["code"] for each in placed["warnings"]] == ["NOT_FOUND"]
    lines = (await shop.data(shop.buyer, ORDER, id=placed["order"]["id"]))["order"]["lines"]
    assert [each["sku"] for each in lines] == ["ACE-001"]


async def test_what_is_charged_becomes_a_line_of_the_cart(shop: Shop) -> None:
    filters = await gift(shop, sku="FILTER")
    await offer(shop, free_product_id=filters.id, is_optional=True, is_chargeable=True)
    await shop.fill(shop.buyer, (shop.product, 20))
    proposed = await cart_of(shop, shop.buyer)

    declined = (await answer(shop, proposed, filters, False))["cart"]
    taken = (await answer(shop, proposed, filters, True))["cart"]
    twice = (await answer(shop, proposed, filters, True))["cart"]

    assert (
        proposed["lines"][0]["freeGoods"][0]["isChargeable"],
        proposed["lines"][0]["freeGoods"][0]["value"],
    ) == (
        True,
        {"amount": "8.00"},
    )
    assert (goods(proposed)[0][3], goods(declined)[0][3], goods(taken)[0][3]) == (
        "OPEN",
        "DECLINED",
        "ACCEPTED",
    )
    for cart in (taken, twice):
        assert [(each["product"]["sku"], each["quantity"]) for each in cart["lines"]] == [
            ("ACE-001", "20"),
            ("FILTER", "2"),
        ]
    assert await ordered(shop) == [
        ("ACE-001", False, "20", "20", "200.00"),
        ("FILTER", False, "2", "2", "8.00"),
    ]


@pytest.mark.parametrize(
    ("label", "code", "path"),
    [
        ("an old version", "STALE_VERSION", ["expectedVersion"]),
        ("a line of nobody", "NOT_FOUND", ["lineId"]),
        ("what nobody offers", "NOT_FOUND", ["productId"]),
        ("what is given anyway", "NOT_FOUND", ["productId"]),
        ("another's line", "NOT_FOUND", ["lineId"]),
    ],
)
async def test_what_cannot_be_answered_is_refused_and_nothing_changes(
    shop: Shop, label: str, code: str, path: list[str]
) -> None:
    first, given = await gift(shop), await gift(shop, sku="GIVEN")
    await offer(shop, free_product_id=first.id, is_optional=True)
    await offer(shop, free_product_id=given.id)
    await shop.fill(shop.buyer, (shop.product, 10))
    await shop.fill(shop.stranger, (shop.product, 10))
    theirs = await cart_of(shop, shop.stranger)
    cart, product = await cart_of(shop, shop.buyer), first
    more: dict[str, Any] = {}
    if label == "an old version":
        more = {"expectedVersion": 99}
    elif label == "a line of nobody":
        more = {"lineId": str(encode_id("CartLine", new_id()))}
    elif label == "another's line":
        more = {"lineId": theirs["lines"][0]["id"]}
    else:
        product = shop.product if label == "what nobody offers" else given
    before = await shop.snapshot()

    refused = await answer(shop, cart, product, True, **more)

    assert refused["cart"] is None
    assert [(each["code"], each["path"]) for each in refused["errors"]] == [(code, path)]
    assert await shop.snapshot() == before


async def related(shop: Shop, product: Product, *others: Product) -> None:
    async with shop.database.job() as session:
        session.add_all(
            ProductRelation(
                product_id=product.id,
                related_product_id=other.id,
                kind=RelationKind.SUBSTITUTE,
                position=place,
            )
            for place, other in enumerate(others, start=1)
        )


@pytest.mark.parametrize(
    ("label", "stocks", "given"),
    [
        ("the gift is there", (2, 9, 9), "GIFT-1"),
        ("the first substitute is", (1, 2, 9), "INSTEAD-1"),
        ("the next one is", (0, 1, 2), "INSTEAD-2"),
        ("none is wholly there", (1, 1, 1), None),
    ],
)
async def test_a_substitute_is_given_for_a_gift_that_is_out_of_stock(
    shop: Shop, label: str, stocks: tuple[int, int, int], given: str | None
) -> None:
    first, second, third = [
        await gift(shop, sku=sku, stock=stock)
        for sku, stock in zip(("GIFT-1", "INSTEAD-1", "INSTEAD-2"), stocks, strict=True)
    ]
    await related(shop, first, second, third)
    await offer(shop, free_product_id=first.id, out_of_stock=FreeStockPolicy.SUBSTITUTE)
    await shop.fill(shop.buyer, (shop.product, 20))

    seen = (await cart_of(shop, shop.buyer))["lines"][0]["freeGoods"][0]

    instead = None if given in (None, "GIFT-1") else {"sku": given}
    assert (seen["product"]["sku"], seen["substitute"]) == ("GIFT-1", instead)
    gifts = [] if given is None else [(given, True, "2", "2", "0.00")]
    assert await ordered(shop) == [("ACE-001", False, "20", "20", "200.00"), *gifts]
    assert await shop.broken() == []


async def test_what_is_paid_leaves_a_substitute_no_stock(shop: Shop) -> None:
    first, second = await gift(shop, stock=0), await gift(shop, sku="INSTEAD-1", stock=3)
    await related(shop, first, second)
    await offer(shop, free_product_id=first.id, out_of_stock=FreeStockPolicy.SUBSTITUTE)
    await shop.fill(shop.buyer, (shop.product, 20), (second, 2))

    cart = await cart_of(shop, shop.buyer)

    assert cart["lines"][0]["freeGoods"][0]["substitute"] is None
    assert [each[0] for each in await ordered(shop)] == ["ACE-001", "INSTEAD-1"]


async def test_a_substitute_follows_its_line_when_that_is_called_off(shop: Shop) -> None:
    first, second = await gift(shop, stock=0), await gift(shop, sku="INSTEAD-1")
    await related(shop, first, second)
    await offer(shop, free_product_id=first.id, out_of_stock=FreeStockPolicy.SUBSTITUTE)
    await shop.fill(shop.buyer, (shop.product, 20))
    placed = await shop.place(shop.buyer, await shop.cart(shop.buyer))
    seen = await shop.data(shop.buyer, "query O($id: ID!) { order(by: {id: $id}) { version lines { id } } }",
                           id=placed["order"]["id"])  # fmt: skip

    fewer = await shop.act(
        shop.buyer, "cancelOrderLine", orderLineId=seen["order"]["lines"][0]["id"], quantity="10",
        expectedVersion=seen["order"]["version"], reason="sobra",
    )  # fmt: skip

    assert fewer["errors"] == []
    assert [(each["sku"], each["quantityCancelled"]) for each in fewer["order"]["lines"]] == [
        ("ACE-001", "10"),
        ("INSTEAD-1", "1"),
    ]
    assert await shop.broken() == []


async def test_carts_and_orders_with_substitutes_take_the_same_statements_however_many_there_are(
    shop: Shop,
) -> None:
    taken = []
    for count in (1, 4):
        bought = [await gift(shop, sku=f"B-{count}-{each}") for each in range(count)]
        for each, product in enumerate(bought):
            empty = await gift(shop, sku=f"G-{count}-{each}", stock=0)
            await related(shop, empty, await gift(shop, sku=f"S-{count}-{each}"))
            await offer(
                shop, product_id=product.id, free_product_id=empty.id, out_of_stock=FreeStockPolicy.SUBSTITUTE
            )
        await shop.fill(shop.buyer, *((product, 10) for product in bought))
        with counted(shop.database) as reading:
            cart = await cart_of(shop, shop.buyer)
        seen = await shop.cart(shop.buyer)
        with counted(shop.database) as placing:
            placed = await shop.place(shop.buyer, seen)
        assert placed["errors"] == []
        assert [line["freeGoods"][0]["substitute"] for line in cart["lines"]] == [
            {"sku": f"S-{count}-{each}"} for each in range(count)
        ]
        taken.append((len(reading), len(placing)))

    assert taken[0] == taken[1]
