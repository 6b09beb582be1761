"""A small schema of its own over one table, so that the core is proved apart from the subjects."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Self
from uuid import UUID, uuid4

import pytest
import strawberry
from sqlalchemy import (
    Column,
    Date,
    Integer,
    MetaData,
    Numeric,
    Table,
    Text,
    Uuid,
    event,
    func,
    insert,
    select,
    text,
)

from app.database import Database
from auth.permissions import Permission as P
from auth.permissions import RowClass, RowScope, Viewer
from models.filters import Where, conditions
from resolvers.context import Context, LockKind, locked
from resolvers.paging import PageArgs, SortKey, page
from resolvers.runner import CONSTRAINT_REFUSALS
from rules.refusals import (
    CreditExceeded,
    ErrorCode,
    OutOfStock,
    PriceChanged,
    Refusal,
    Refusals,
    StaleVersion,
)
from schema.access import access, key_required, list_size
from schema.building import NodeQueries, build_api
from schema.connections import After, Before, Connection, First, Last, connection
from schema.engine import Engine
from schema.filters import DateFilter, DecimalFilter, IDFilter, StringFilter, where_of
from schema.ids import NODE_LOADERS, Node, encode_id, node_loader
from schema.payloads import Payload
from schema.scalars import CurrencyCode, Money
from schema.throttle import Throttle

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
Info = strawberry.Info[Context, None]

things = Table(
    "thing",
    MetaData(),
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("price", Numeric(18, 6), nullable=False),
    Column("made_on", Date, nullable=False),
    Column("version", Integer, nullable=False),
)
T = things.c
COLUMNS: dict[str, Any] = {"name": T.name, "price": T.price, "made_on": T.made_on, "id": T.id}


async def by_id(ctx: Context, keys: Sequence[UUID]) -> list[Any]:
    found = {row.id: row for row in await ctx.session.execute(select(things).where(T.id.in_(keys)))}
    return [found.get(key) for key in keys]


async def siblings(ctx: Context, keys: Sequence[UUID]) -> list[int]:
    total = await ctx.session.scalar(select(func.count()).select_from(things))
    return [total - 1 for _ in keys]


@strawberry.type(description="What a thing costs us.", directives=[access(P.COSTS_READ)])
class ThingCost:
    amount: Decimal = strawberry.field(description="The cost.")


@strawberry.type(description="A thing.", directives=[access(P.CATALOG_READ)])
class Thing(Node):
    name: str = strawberry.field(description="Its name.")
    size: int = strawberry.field(description="Its size.")
    price: Decimal = strawberry.field(description="Its price.")
    made_on: date = strawberry.field(description="The day.")
    key: strawberry.Private[UUID]

    @classmethod
    def of(cls, row: Any) -> "Thing":
        given = {name: getattr(row, name) for name in ("name", "size", "price", "made_on")}
        return cls(id=encode_id("Thing", row.id), key=row.id, **given)

    @strawberry.field(description="How many others there are.")
    async def siblings(self, info: Info) -> int:
        return await info.context.load(siblings, self.key)

    @strawberry.field(description="Only for some.")
    def cost(self) -> ThingCost:
        return ThingCost(amount=Decimal(1))

    @strawberry.field(description="Staff.", directives=[access(P.NOTES_INTERNAL, P.ADMIN)])
    def notes(self) -> str:
        return "secret"

    @strawberry.field(description="Itself, many times.", directives=[list_size(50)])
    def selves(self) -> list["Thing"]:
        return [self]

    @strawberry.field(description="Breaks.")
    async def broken(self) -> str:
        raise ValueError("postgresql://user:password@host")

    @strawberry.field(description="Takes its time in the database.")
    async def slow(self, info: Info) -> str:
        async with info.context.session.alone() as session:
            info.context.kept["slow"] = True
            return str(await session.scalar(text("select pg_sleep(0.05)")))

    @strawberry.field(description="Breaks while a statement of a sibling is under way.")
    async def late(self, info: Info) -> str:
        rounds = 0  # of the loop: a few after the statement began, so that it is on its way
        while rounds < 9:
            await asyncio.sleep(0)
            rounds += "slow" in info.context.kept
        raise ValueError("late")

    @strawberry.field(description="A refusal below a payload.")
    async def refusing(self) -> str | None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("where",))

    @strawberry.field(description="As money.")
    def money(self) -> Money:
        return Money(amount=self.price, currency=CurrencyCode("EUR"))


@strawberry.input(description="Conditions.", directives=[access(P.CATALOG_READ)])
class ThingWhere:
    name: StringFilter | None = strawberry.field(default=None, description="Name.")
    price: DecimalFilter | None = strawberry.field(default=None, description="Price.")
    made_on: DateFilter | None = strawberry.field(default=None, description="Day.")
    id: IDFilter | None = strawberry.field(default=None, description="Id.")
    cost: "CostWhere | None" = strawberry.field(default=None, description="For some.")
    and_: list["ThingWhere"] | None = strawberry.field(name="and", default=None, description="All.")
    or_: list["ThingWhere"] | None = strawberry.field(name="or", default=None, description="One.")
    not_: "ThingWhere | None" = strawberry.field(name="not", default=None, description="None.")


@strawberry.input(description="Hidden conditions.", directives=[access(P.COSTS_READ)])
class CostWhere:
    amount: DecimalFilter | None = strawberry.field(default=None, description="Cost.")


@strawberry.type
class Query(NodeQueries):
    @strawberry.field(description="Things.", directives=[access(P.CATALOG_READ)])
    async def things(
        self,
        info: Info,
        where: Annotated[ThingWhere | None, strawberry.argument(description="Which.")] = None,
        by_price: Annotated[bool, strawberry.argument(description="Dearest first, then by name.")] = False,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Thing]:
        narrowed: Where | None = where_of(where, {"id": ("Thing",)})
        sort = (
            [SortKey("price", T.price, True), SortKey("name", T.name)]
            if by_price
            else [SortKey("name", T.name)]
        )
        statement = select(T.id, T.name, T.size, T.price, T.made_on).where(conditions(narrowed, COLUMNS))
        rows = await page(
            info.context, statement, [*sort, SortKey("id", T.id)], PageArgs(first, after, last, before), Row
        )
        return connection(rows, Thing.of)

    @strawberry.field(
        description="The first thing; null where it fails.", directives=[access(P.CATALOG_READ)]
    )
    async def maybe(self, info: Info) -> Thing | None:
        row = (await info.context.session.execute(select(things).order_by(T.name).limit(1))).one()
        return Thing.of(row)

    @strawberry.field(description="How many there are.", directives=[access(P.CATALOG_READ)])
    async def count(self, info: Info) -> int:
        return int(await info.context.session.scalar(select(func.count()).select_from(things)))

    @strawberry.field(description="Sleeps in the database.", directives=[access(P.CATALOG_READ)])
    async def slow(self, info: Info) -> int:
        await info.context.session.execute(text("set local statement_timeout = 10"))
        await info.context.session.execute(text("select pg_sleep(1)"))
        return 1

    @strawberry.field(description="A decimal and back.", directives=[access(P.CATALOG_READ)])
    def echo(
        self,
        value: Annotated[Decimal | None, strawberry.argument(description="A decimal.")] = None,
        day: Annotated[date | None, strawberry.argument(description="A day.")] = None,
        at: Annotated[datetime | None, strawberry.argument(description="An instant.")] = None,
    ) -> str:
        return f"{value} {day} {at}"


class Row:
    def __init__(self, id: UUID, name: str, size: int, price: Decimal, made_on: date) -> None:
        self.id, self.name, self.size, self.price, self.made_on = id, name, size, price, made_on


@strawberry.type(description="Answer.", directives=[access(P.ORDERS_PLACE)])
class ThingPayload(Payload):
    entity_type = "Thing"
    thing: Thing | None = strawberry.field(default=None, description="The thing.")

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(by_id, entity_id)
        return cls(thing=None if row is None else Thing.of(row))


@strawberry.input(description="A new thing.", directives=[access(P.ORDERS_PLACE)])
class MakeThingInput:
    name: str = strawberry.field(description="Its name; some names are refused.")
    price: Decimal = strawberry.field(default=Decimal("1.50"), description="Its price.")


async def make(ctx: Context, name: str, price: Decimal) -> UUID:
    ctx.locking(LockKind.DOCUMENT)
    key = uuid4()
    values = {"id": key, "name": name, "size": 1, "price": price, "made_on": ctx.today, "version": 1}
    await ctx.session.execute(insert(things).values(**values))
    refusals: dict[str, Exception] = {
        "refused": Refusal(ErrorCode.INVALID, "Not found.", ("name",)),
        "stock": OutOfStock("A1", Decimal(5), Decimal(2), None, ("lines", 0)),
        "stale": StaleVersion(3),
        "credit": CreditExceeded(Decimal(100), Decimal(90), "EUR"),
        "price": PriceChanged(Decimal(1), Decimal(2), "EUR", lines=[("L", "A1", None, Decimal("2.5"))]),
        "several": Refusals([StaleVersion(3), Refusal(ErrorCode.INVALID, "Not found.", ("name",))]),
    }
    if name in refusals:
        raise refusals[name]
    if name == "warned":
        ctx.warn(ErrorCode.BACKORDERED, "At most {limit} at a time.", ("name",), limit=Decimal("1234.5"))
    return key


@strawberry.type
class Mutation:
    @strawberry.mutation(description="Makes.", directives=[access(P.ORDERS_PLACE)])
    async def make_thing(
        self, info: Info, input: Annotated[MakeThingInput, strawberry.argument(description="It.")]
    ) -> ThingPayload:
        return await ThingPayload.of(info.context, await make(info.context, input.name, input.price))

    @strawberry.mutation(description="Buys.", directives=[access(P.ORDERS_PLACE), key_required()])
    async def buy_thing(
        self, info: Info, input: Annotated[MakeThingInput, strawberry.argument(description="It.")]
    ) -> ThingPayload:
        return await ThingPayload.of(info.context, await make(info.context, input.name, input.price))

    @strawberry.mutation(description="Grows one, waiting for its lock.", directives=[access(P.ORDERS_PLACE)])
    async def grow_thing(
        self,
        info: Info,
        name: Annotated[str, strawberry.argument(description="Which.")],
        patience: Annotated[int, strawberry.argument(description="For how long, in milliseconds.")] = 100,
    ) -> ThingPayload:
        ctx = info.context
        await ctx.session.execute(text(f"set local lock_timeout = {patience}"))
        row = (await ctx.session.execute(locked(select(things).where(T.name == name)))).first()
        if row is None:
            raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("name",))
        await ctx.session.execute(things.update().where(T.id == row.id).values(size=row.size + 1))
        return await ThingPayload.of(ctx, row.id)

    @strawberry.mutation(description="Only staff.", directives=[access(P.STAFF)])
    async def hidden(self, info: Info) -> ThingPayload:
        return await ThingPayload.of(info.context, None)


@pytest.fixture(scope="session")
def core_api() -> strawberry.Schema:
    if "Thing" not in NODE_LOADERS:

        @node_loader("Thing")
        async def load(ctx: Context, keys: Sequence[UUID]) -> list[Thing | None]:
            return [None if row is None else Thing.of(row) for row in await by_id(ctx, keys)]

    CONSTRAINT_REFUSALS["thing_name_key"] = (ErrorCode.ALREADY_EXISTS, "Not found.", ("name",))
    return build_api(Query, Mutation)


def a_viewer(*permissions: P, row_class: RowClass = RowClass.CUSTOMER, **given: Any) -> Viewer:
    held = permissions or (P.SIGNED_IN, P.CATALOG_READ, P.ORDERS_PLACE)
    values: dict[str, Any] = {
        "user_id": uuid4(), "name": "Ana", "email": "ana@example.com", "seller_id": uuid4(), "row_class": row_class,
        "roles": frozenset(), "grants": dict.fromkeys(held, RowScope.COMPANY), "locale": "en", "customer_id": uuid4(),
    }  # fmt: skip
    return Viewer(**(values | given))


@pytest.fixture
def viewer() -> Viewer:
    return a_viewer()


@pytest.fixture
async def shop(database: Database) -> Database:
    """The test's database with the table of things, which every role may read and the writers change."""
    async with database.owner() as connection:
        await connection.exec_driver_sql(
            "create table thing (id uuid primary key, name text not null constraint thing_name_key unique,"
            " size int not null constraint thing_size check (size < 5), price numeric(18,6) not null,"
            " made_on date not null, version int not null)"
        )
        await connection.exec_driver_sql("grant select on thing to ventas_customer, ventas_staff")
        await connection.exec_driver_sql(
            "grant select, insert, update on thing to ventas_customer_write, ventas_staff_write"
        )
    return database


@pytest.fixture
def engine(core_api: strawberry.Schema, shop: Database) -> Engine:
    return Engine(core_api, shop, Throttle(), clock=lambda: NOW)


class Untouched:
    """In place of a database where nothing may reach one: whoever tries fails the test."""

    def read(self, viewer: Viewer) -> Any:
        raise AssertionError("the database was asked")

    write = read


@pytest.fixture
def door(core_api: strawberry.Schema) -> Engine:
    """An engine without a database, for what must be answered before one is needed."""
    return Engine(core_api, Untouched(), Throttle(), clock=lambda: NOW)


async def fill(
    database: Database, viewer: Viewer, names: Sequence[str], price: Decimal = Decimal("2.50")
) -> None:
    """Things of these names, made on consecutive days, of sizes 1 and 2 in turn."""
    async with database.write(viewer) as session:
        for index, name in enumerate(names):
            await session.execute(
                insert(things).values(
                    id=uuid4(), name=name, size=1 + index % 2, price=price + index % 3,
                    made_on=date(2026, 1, 1 + index % 28), version=1,
                )
            )  # fmt: skip


async def names_in(database: Database, viewer: Viewer) -> list[str]:
    async with database.read(viewer) as session:
        return list(await session.scalars(select(T.name).order_by(T.name)))


class Statements:
    """Counts what an engine is told, transaction and role set-up not counted."""

    def __init__(self, database: Database) -> None:
        self.seen: list[str] = []
        event.listen(database.engine.sync_engine, "before_cursor_execute", self._note)

    def _note(self, _c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "set_config" not in statement:
            self.seen.append(statement)
