"""Ordering on behalf of a customer: both names on every record, the customer's own things untouched, credit as ever."""

from typing import Any

import pytest
from sqlalchemy import text

from auth.permissions import Role, Viewer
from models.users import User
from tests import factories as make
from tests.schema.shop import Shop

WHY = "Pedido por teléfono"
ORDER = """query T($id: ID!) { order(by: {id: $id}) { placedByName isOnBehalf onBehalfOfName allowedActions %s
  timeline { action reason %s } } }"""


async def behalf(shop: Shop, person: bool = True) -> Viewer:
    async with shop.database.job() as session:
        rep = await session.get_one(User, shop.rep.user_id)
    return await make.viewer_of(
        shop.database,
        rep,
        shop.customer,
        on_behalf_reason=WHY,
        on_behalf_of_id=shop.buyer.user_id if person else None,
    )


async def rows(shop: Shop, query: str, **values: Any) -> list[Any]:
    async with shop.database.job() as session:
        return [tuple(each) for each in await session.execute(text(query), values)]


async def ordered(shop: Shop, viewer: Viewer, quantity: int = 5) -> dict[str, Any]:
    placed = await shop.place(viewer, await shop.fill(viewer, (shop.product, quantity)))
    assert placed["errors"] == []
    order: dict[str, Any] = placed["order"]
    return order


async def test_an_order_names_both_and_says_why_to_the_seller_only(shop: Shop) -> None:
    viewer = await behalf(shop)
    order = await ordered(shop, viewer)

    ours = (await shop.data(shop.rep, ORDER % ("onBehalfReason", "actorName subjectName"), id=order["id"]))[
        "order"
    ]
    theirs = (await shop.data(shop.buyer, ORDER % ("", ""), id=order["id"]))["order"]

    assert (ours["placedByName"], ours["isOnBehalf"], ours["onBehalfOfName"]) == (
        shop.rep.name,
        True,
        "Berta Compra",
    )
    assert ours["onBehalfReason"] == WHY
    assert ours["timeline"] == [
        {"action": "order.placed", "reason": WHY, "actorName": shop.rep.name, "subjectName": "Berta Compra"}
    ]
    assert (theirs["placedByName"], theirs["isOnBehalf"], theirs["onBehalfOfName"]) == (
        shop.rep.name,
        True,
        "Berta Compra",
    )
    assert theirs["timeline"] == [{"action": "order.placed", "reason": ""}]
    assert "CANCEL" in theirs["allowedActions"]  # it is the buyer's as if placed by them


async def test_every_record_carries_actor_and_subject(shop: Shop) -> None:
    for person, subject in ((True, shop.buyer.user_id), (False, shop.customer.id)):
        viewer = await behalf(shop, person)
        await ordered(shop, viewer)

        for table in ("audit_event", "outbox_event"):
            seen = await rows(
                shop, f"select distinct actor_id, subject_id from {table} where subject_id = :s", s=subject
            )
            assert seen == [(shop.rep.user_id, subject)], table
    assert await rows(shop, "select 1 from audit_event where subject_id is null or reason <> :r", r=WHY) == []


async def test_ones_own_acts_have_no_subject(shop: Shop) -> None:
    await ordered(shop, shop.buyer)

    assert await rows(
        shop, "select distinct subject_id from audit_event union select subject_id from outbox_event"
    ) == [(None,)]


async def test_the_customers_cart_and_private_lists_are_neither_seen_nor_touched(shop: Shop) -> None:
    mine = await shop.fill(shop.buyer, (shop.product, 7))
    lists = "mutation($input: CreateWishlistInput!) { createWishlist(input: $input) { errors { code } } }"
    for name, visibility in (("Secreta", "PRIVATE"), ("De todos", "COMPANY")):
        await shop.data(
            shop.buyer, lists, "k" + name, input={"name": name, "visibility": visibility, "items": []}
        )
    kept = "select t::text from cart t where user_id = :u union all select l::text from cart_line l join cart on cart.id = cart_id where user_id = :u union all select w::text from wishlist w order by 1"
    before = await rows(shop, kept, u=shop.buyer.user_id)
    viewer = await behalf(shop)

    own = await shop.cart(viewer)
    seen = await shop.data(viewer, "{ wishlists { nodes { name } } }")
    order = await ordered(shop, viewer)

    assert own["id"] != mine["id"] and own["totals"]["gross"]["amount"] == "0.00"
    assert [each["name"] for each in seen["wishlists"]["nodes"]] == ["De todos"]
    assert [line["quantityOrdered"] for line in order["lines"]] == ["5"]
    assert await rows(shop, kept, u=shop.buyer.user_id) == before


async def test_the_cart_of_another_cannot_be_placed(shop: Shop) -> None:
    theirs = await shop.fill(shop.buyer, (shop.product, 7))
    viewer = await behalf(shop)
    await shop.fill(viewer, (shop.product, 1))
    before = await shop.snapshot()

    refused = await shop.place(viewer, theirs)

    assert [each["code"] for each in refused["errors"]] in (["NOT_FOUND"], ["STALE_VERSION"])
    assert await shop.snapshot() == before


async def test_other_customers_are_out_of_reach_meanwhile(shop: Shop) -> None:
    placed = await ordered(shop, shop.stranger)
    viewer = await behalf(shop)

    found = await shop.data(
        viewer, "query($id: ID!) { order(by: {id: $id}) { id } customers { nodes { name } } orders { totalCount } viewer { isStaff isOnBehalf } }",
        id=placed["id"],
    )  # fmt: skip

    assert found["order"] is None and found["orders"]["totalCount"] == 0
    assert [each["name"] for each in found["customers"]["nodes"]] == ["Bar Núñez SL"]
    assert found["viewer"] == {"isStaff": False, "isOnBehalf": True}


@pytest.mark.parametrize(
    "act", ["cancelOrder", "confirmOrder", "discountOrderLine", "setOrderLinePrice", "holdOrder"]
)
async def test_no_acts_on_placed_orders_meanwhile(shop: Shop, act: str) -> None:
    await ordered(shop, shop.buyer)
    viewer = await behalf(shop)

    answer = await shop.ask(viewer, f"mutation {{ {act}(input: {{}}) {{ replayed }} }}", "k")

    assert answer.get("data") is None and "Cannot query field" in answer["errors"][0]["message"]


async def test_credit_is_tested_as_ever(shop: Shop) -> None:
    async with shop.database.job() as session:
        await session.execute(text("update credit_account set credit_limit = 50"))
    order = await ordered(shop, await behalf(shop))

    assert order["isOnHold"] is True


async def test_colleagues_orders_stay_hidden_from_a_buyer_who_sees_only_their_own(shop: Shop) -> None:
    order = await ordered(shop, await behalf(shop, person=False))

    found = await shop.data(shop.buyer, "query($id: ID!) { order(by: {id: $id}) { id } }", id=order["id"])

    assert found["order"] is None


async def test_the_persons_spend_limit_is_not_asked_where_staff_order_for_them(shop: Shop) -> None:
    """By intent: a limit says what they may order alone, and here one of the seller's people answers for it."""
    values = {"u": shop.buyer.user_id, "c": shop.customer.id}
    async with shop.database.job() as session:
        await session.execute(
            text(
                "insert into spend_limit (user_id, customer_id, per_order, period, currency, updated_at)"
                " values (:u, :c, 1, 'MONTH', 'EUR', now())"
            ),
            values,
        )
        await make.make_user(session, shop.seller, customer=shop.customer, role=Role.APPROVER)
    alone = await shop.place(shop.buyer, await shop.fill(shop.buyer, (shop.product, 5)))

    by_staff = await ordered(shop, await behalf(shop))

    assert alone["order"]["status"] == "PENDING_APPROVAL"
    assert by_staff["status"] == "PLACED"
