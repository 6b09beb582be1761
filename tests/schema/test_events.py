"""The pull log: in order, without gaps for those who see all, and nothing of other customers."""

from typing import Any

from sqlalchemy import text

from auth.permissions import CUSTOMER_ROLES, Role, Viewer
from jobs.kinds import Catalogue
from jobs.outbox import publish
from schema.ids import encode_id
from tests import factories as make
from tests.schema.shop import NOW, Shop

LOG = """query($after: Position, $first: Int) { events(after: $after, first: $first) {
    nodes { position type version entityType entityId occurredAt actorId subject { id }
            entity { id ... on Order { number } } } lastPosition hasNextPage } }"""


async def published(shop: Shop) -> None:
    async with shop.database.job() as session:
        await publish(session, Catalogue({}, {}), NOW)


async def of_role(shop: Shop, role: Role) -> Viewer:
    async with shop.database.job() as session:
        held: dict[str, Any] = {"roles": [role]}
        if role in CUSTOMER_ROLES:
            held = {"customer": shop.customer, "role": role}
        user = await make.make_user(session, shop.seller, **held)
    return await make.viewer_of(shop.database, user)


async def log(shop: Shop, viewer: Viewer, **asked: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await shop.data(viewer, LOG, **asked))["events"]
    return found


async def test_the_log_is_read_in_stretches_without_gap_or_repetition(shop: Shop) -> None:
    integrator = await of_role(shop, Role.INTEGRATOR)
    assert await log(shop, integrator, after=0) == {"nodes": [], "lastPosition": 0, "hasNextPage": False}
    orders = [
        (await shop.place(shop.buyer, await shop.fill(shop.buyer, (shop.product, 1))))["order"]
        for _ in range(3)
    ]
    assert (await log(shop, integrator))["nodes"] == []  # not before the publisher has seen them
    await published(shop)

    one = await log(shop, integrator, first=2)
    two = await log(shop, integrator, after=one["lastPosition"], first=2)
    assert [each["position"] for each in one["nodes"] + two["nodes"]] == [1, 2, 3]
    assert (one["hasNextPage"], two["hasNextPage"]) == (True, False)
    assert one["nodes"][0] == {
        "position": 1, "type": "order.placed", "version": 1, "entityType": "Order", "entityId": orders[0]["id"],
        "occurredAt": "2026-03-02T10:00:00Z", "actorId": encode_id("User", shop.buyer.user_id), "subject": None,
        "entity": {"id": orders[0]["id"], "number": orders[0]["number"]},
    }  # fmt: skip
    assert await log(shop, integrator, after=3) == {"nodes": [], "lastPosition": 3, "hasNextPage": False}


async def test_a_customer_s_integrator_reads_its_customer_s_own(shop: Shop) -> None:
    mine = await of_role(shop, Role.CUSTOMER_INTEGRATOR)
    for viewer in (shop.buyer, shop.stranger, shop.buyer):
        await shop.place(viewer, await shop.fill(viewer, (shop.product, 1)))
    await published(shop)

    assert [each["position"] for each in (await log(shop, mine))["nodes"]] == [1, 3]
    assert [each["position"] for each in (await log(shop, shop.finance))["nodes"]] == [1, 2, 3]
    for viewer in (shop.buyer, shop.rep):  # for them there is no log
        answer = await shop.ask(viewer, "{ events { lastPosition } }")
        assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_actor_and_subject_are_told_to_those_who_may_see_them(shop: Shop) -> None:
    await shop.place(shop.buyer, await shop.fill(shop.buyer, (shop.product, 1)))
    async with shop.database.job() as session:
        await session.execute(text("update outbox_event set subject_id = :c"), {"c": shop.customer.id})
    await published(shop)

    asked = "{ events { nodes { actor { name } subject { id } } } }"
    [event] = (await shop.data(shop.finance, asked))["events"]["nodes"]
    assert event["actor"] == {"name": shop.buyer.name}
    assert event["subject"] == {"id": encode_id("Customer", shop.customer.id)}


async def test_positions_and_sizes_are_bounded(shop: Shop) -> None:
    for asked, code in (
        ({"after": -1}, "BAD_USER_INPUT"), ({"after": 2**53}, "BAD_USER_INPUT"), ({"after": "x"}, "BAD_USER_INPUT"),
        ({"first": 0}, "LIMIT"), ({"first": 101}, "LIMIT"),
    ):  # fmt: skip
        answer = await shop.ask(shop.finance, LOG, **asked)
        assert answer["errors"][0]["extensions"]["code"] == code, asked
    assert (await log(shop, shop.finance, after=2**53 - 1))["lastPosition"] == 2**53 - 1
