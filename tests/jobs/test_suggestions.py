"""The jobs of suggestions: what is bought together is counted, and an order is held against what was accepted."""

from typing import Any

from sqlalchemy import select, text

from app.database import Database
from app.settings import Settings
from jobs.catalogue import make_catalogue
from jobs.kinds import NewJob, add_jobs
from models.jobs import Job
from rules.states import JobState
from schema.ids import encode_id, split_id
from tests import factories as make
from tests.jobs.trials import NOW, worker_of
from tests.schema.shop import Shop, open_shop

TAKEN = (
    """mutation($input: RecordSuggestionsInput!) { recordSuggestions(input: $input) { errors { code } } }"""
)


async def run(shop: Shop, settings: Settings, kind: str, key: str, arguments: dict[str, Any]) -> JobState:
    worker = worker_of(shop.database, catalogue=make_catalogue(settings))
    async with shop.database.job() as session:
        [(job_id, name)] = await add_jobs(session, [NewJob(kind, key, arguments)], NOW)
    await worker.attempt(worker.catalogue.kinds[name], job_id)
    async with shop.database.job() as session:
        return (await session.execute(select(Job.state).where(Job.id == job_id))).scalar_one()


async def test_orders_teach_what_goes_together_and_are_held_against_what_was_accepted(
    database: Database, settings: Settings
) -> None:
    shop = await open_shop(database)
    async with database.job() as session:
        other, third = [await make.make_product(session, shop.seller) for _ in range(2)]
    orders = []
    for products in [(shop.product, other)] * 5 + [(third,)] * 5:
        cart = await shop.fill(shop.buyer, *((each, 1) for each in products))
        orders.append((await shop.place(shop.buyer, cart))["order"]["id"])
    told = [{"productId": str(encode_id("Product", third.id)), "reason": "RELATED"}]
    await shop.data(shop.buyer, TAKEN, input={"stage": "ACCEPTED", "place": "CART", "suggestions": told})
    last = split_id(orders[-1])
    assert last is not None

    states = [
        await run(shop, settings, "suggestions.refresh", "a", {}),
        await run(shop, settings, "suggestions.refresh", "b", {"months": 1}),
        await run(shop, settings, "suggestions.ordered", "c", {"event": "order.placed", "id": str(last[1])}),
    ]

    assert states == [JobState.SUCCEEDED] * 3
    async with database.job() as session:
        learnt = list(
            await session.execute(text("select product_id, other_id, support, lift from product_affinity"))
        )
        stages = list(await session.scalars(text("select stage from suggestion_event order by id")))
    assert sorted(learnt) == sorted([(shop.product.id, other.id, 5, 2), (other.id, shop.product.id, 5, 2)])
    assert stages == ["ACCEPTED", "ORDERED"]
