"""The publisher: what committed is in the log, what did not is not, each document's events in their order (P31)."""

import asyncio
import random
from collections import defaultdict
from uuid import UUID

import pytest
from sqlalchemy import text

from app.database import Database
from jobs.outbox import publish
from tests.jobs.trials import CATALOGUE, NOW, Ground, effects, lay_ground, settled, working, write_events


async def positions(database: Database) -> list[tuple[int, UUID]]:
    async with database.job() as session:
        rows = await session.execute(
            text("select position, event_id from outbox_event where position is not null order by position")
        )
        return [(row.position, row.event_id) for row in rows]


async def publish_all(database: Database) -> int:
    async with database.job() as session:
        return await publish(session, CATALOGUE, NOW)


async def test_committed_events_get_positions_without_gaps_in_their_order(database: Database) -> None:
    ground = await lay_ground(database)
    async with database.job() as session:
        ids = await write_events(session, ground, ["test.a", "test.b", "test.c"])
    async with database.job() as session:
        await write_events(session, ground, ["test.undone"])
        await session.rollback()

    assert await publish_all(database) == 3
    assert await publish_all(database) == 0
    async with database.job() as session:
        ids += await write_events(session, ground, ["test.d"])
    assert await publish_all(database) == 1

    assert await positions(database) == list(enumerate(ids, start=1))


async def test_a_long_transaction_holds_nobody_back_and_is_not_skipped(database: Database) -> None:
    ground = await lay_ground(database)
    async with database.job() as slow:
        [late] = await write_events(slow, ground, ["test.slow"])
        async with database.job() as quick:
            [early] = await write_events(quick, ground, ["test.quick"])

        assert await publish_all(database) == 1
        assert await positions(database) == [(1, early)]
    await publish_all(database)

    assert await positions(database) == [(1, early), (2, late)]


@pytest.mark.alone  # the oldest running transaction is the server's, and the workers share one
async def test_a_document_s_events_keep_their_order_though_its_second_writer_began_first(
    database: Database,
) -> None:
    """The second has the lower transaction id, and a third, still running, one between: `xid < xmin` turns them round."""
    ground = await lay_ground(database)
    document = ground.customer_id
    touch = text("insert into effect (name) values ('x')")  # takes a transaction id
    async with database.job() as second:
        await second.execute(touch)
        async with database.job() as between:
            await between.execute(touch)
            async with database.job() as first:
                [one] = await write_events(first, ground, ["test.one"], document)
            [two] = await write_events(second, ground, ["test.two"], document)
            await second.commit()
            low, high = await _below_xmin(database, [one, two])
            assert (low, high) == (False, True), "the case is the one that it is meant to be"

            await publish_all(database)

    assert [event for _, event in await positions(database)] == [one, two]


async def _below_xmin(database: Database, events: list[UUID]) -> list[bool]:
    async with database.job() as session:
        return [
            bool(await session.scalar(
                text("select transaction_id::xid8 < pg_snapshot_xmin(pg_current_snapshot()) from outbox_event"
                     " where event_id = :id"), {"id": each},
            ))
            for each in events
        ]  # fmt: skip


async def test_positions_and_following_jobs_come_together_or_not_at_all(database: Database) -> None:
    ground = await lay_ground(database)
    async with database.job() as session:
        await write_events(session, ground, ["test.happened"])
    async with database.job() as session:
        assert await publish(session, CATALOGUE, NOW) == 1
        await session.rollback()
    counted = text("select (select count(*) from job), (select count(*) from pgqueuer)")
    async with database.job() as session:
        assert (await session.execute(counted)).one() == (0, 0)
    assert await positions(database) == []

    await publish_all(database)

    async with database.job() as session:
        assert (await session.execute(counted)).one() == (1, 1)
        # The event seen once more, as after a restore: its job is there already.
        await session.execute(text("update outbox_event set position = null"))
    await publish_all(database)
    async with database.job() as session:
        assert (await session.execute(counted)).one() == (1, 1)


async def test_one_publisher_at_a_time(database: Database) -> None:
    ground = await lay_ground(database)
    async with database.job() as session:
        await write_events(session, ground, ["test.a"])
    async with database.job() as one:
        assert await publish(one, CATALOGUE, NOW) == 1
        assert await publish_all(database) == 0


async def _act(
    database: Database, ground: Ground, documents: list[UUID], dice: random.Random, longest: float
) -> list[tuple[UUID, UUID]]:
    """A transaction that locks one document, writes events, waits, and commits four times of five."""
    document = dice.choice(documents)
    async with database.job() as session:
        await session.execute(text("select from customer where id = :id for update"), {"id": document})
        ids = await write_events(session, ground, ["test.a"] * dice.randint(1, 3), document)
        await asyncio.sleep(dice.uniform(0, longest))
        if dice.random() < 0.2:
            await session.rollback()
            return []
        await session.execute(
            text("update customer set internal_note = internal_note || '' where id = :id"), {"id": document}
        )
        return [(document, each) for each in ids]


async def check_random_acts(database: Database, seconds: float, longest: float) -> None:
    """Random transactions under a running worker; then the log is what committed, in each document's order."""
    ground = await lay_ground(database)
    dice = random.Random(31)
    committed: dict[UUID, list[UUID]] = defaultdict(list)
    documents = []
    from models.sellers import Seller
    from tests import factories as make

    async with database.job() as session:
        seller = await session.get(Seller, ground.seller_id)
        assert seller is not None
        documents = [(await make.make_customer(session, seller)).id for _ in range(4)]
    ends = asyncio.get_running_loop().time() + seconds

    async def actor() -> None:
        while asyncio.get_running_loop().time() < ends:
            for document, event in await _act(database, ground, documents, dice, longest):
                committed[document].append(event)

    async with working(database):
        await asyncio.gather(*(actor() for _ in range(4)))
        expected = sum(len(each) for each in committed.values())
        async with asyncio.timeout(30):
            while len(await positions(database)) < expected:
                await asyncio.sleep(0.02)

    log = await positions(database)
    assert [position for position, _ in log] == list(range(1, expected + 1))
    order = {event: position for position, event in log}
    assert set(order) == {event for each in committed.values() for event in each}
    async with database.job() as session:
        written = await session.execute(text("select entity_id, event_id from outbox_event order by id"))
        by_document: dict[UUID, list[UUID]] = defaultdict(list)
        for row in written:
            by_document[row.entity_id].append(row.event_id)
    for document, events in committed.items():
        assert sorted(events, key=order.__getitem__) == [
            each for each in by_document[document] if each in order
        ]


async def test_events_are_the_committed_transactions(database: Database) -> None:
    await check_random_acts(database, seconds=1.5, longest=0.05)


@pytest.mark.long
async def test_events_are_the_committed_transactions_for_a_minute(
    cluster: object, database: Database
) -> None:
    await check_random_acts(database, seconds=60, longest=0.5)


async def test_what_follows_an_event_is_done(database: Database) -> None:
    ground = await lay_ground(database)
    async with database.job() as session:
        await write_events(session, ground, ["test.happened"] * 3 + ["test.other"])
    async with working(database):
        assert await settled(database, 3) == {"SUCCEEDED": 3}

    assert len(set(await effects(database))) == len(await effects(database)) == 3
