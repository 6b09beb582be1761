"""The data measured on: generated products or imported ones, and around them stock, orders, people and carts."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Database, ensure_database, migrate, run_outside_transaction
from app.embedded import EmbeddedServer
from app.imports import import_online_retail
from auth.permissions import Role
from models.customers import Customer, Membership
from models.sellers import Seller
from models.users import User
from rules.states import SessionKind
from tests import factories as make

PREFIX = "ventas_"
BUYERS = 400  # each with a company of their own, so that placements wait for nobody
REPS = 20
ORDERS_EACH = 50
LINES = 5

_PRODUCTS = """
    insert into product (id, seller_id, kind, sku, sku_key, name, name_sort, category_id, tax_category_id, unit_code,
                         pack_size, is_lot_tracked, created_at)
    select gen_random_uuid(), :seller, 'GOODS', 'SKU-' || i, 'SKU' || i, n || ' article ' || i, n || ' article ' || i,
           :category, :tax, :unit, 1, false, now()
      from generate_series(1, :count) i cross join lateral (select substr(md5(i::text), 1, 8) as n) named
"""
_PRICES = """
    insert into list_price (id, product_id, currency, unit_code, from_quantity, unit_price, price_unit, valid_from)
    select gen_random_uuid(), id, 'EUR', unit_code, tier, round((5 + ascii(name) % 90) * factor, 2), 1,
           date '2026-01-01'
      from product cross join (values (0, 1.0), (100, 0.9)) tiers(tier, factor)
"""
_STOCK = """
    insert into stock_balance (product_id, warehouse_id, on_hand, reserved)
    select p.id, w.id, 1000000, 0 from product p join warehouse w on w.seller_id = p.seller_id
    on conflict (product_id, warehouse_id) do update set on_hand = 1000000
"""
_ORDERS = """
    insert into sales_order (id, seller_id, number, customer_id, status, is_on_hold, locale, placed_at, placed_by_id,
        placed_by_name, purchase_order_number, priced_on, currency, currency_exponent, exchange_rate, exchange_rate_on,
        seller_name, seller_tax_id, customer_number, customer_name, delivery_address, billing_address, payment_terms,
        delivery_terms, net_amount, tax_amount, gross_amount)
    select gen_random_uuid(), c.seller_id, 'OLD-' || c.number || '-' || n, c.id, 'CLOSED', false, 'es',
           now() - make_interval(days => n), m.user_id, 'bench', '', current_date, c.currency, 2, 1, current_date,
           'bench', 'bench', c.number, c.name, '{}', '{}', '{}', '{}', 100, 21, 121
      from customer c join membership m on m.customer_id = c.id cross join generate_series(1, :each) n
"""
_LINES = """
    with numbered as (select id, sku, name, row_number() over (order by id) - 1 as place from product),
    headed as (select id, customer_id, row_number() over (order by id) as place from sales_order)
    insert into sales_order_line (id, order_id, customer_id, position, kind, product_id, sku, description, unit_code,
        quantity_ordered, quantity_shipped, list_unit_price, price_unit, break_from_quantity, discount_percent,
        unit_price, price_trace, currency_exponent, tax_category, tax_percent, net_amount, tax_amount, gross_amount)
    select gen_random_uuid(), o.id, o.customer_id, n, 'GOODS', p.id, p.sku, p.name, 'PCE', 2, 2, 10, 1, 0, 0, 10, '[]',
           2, 'S', 21, 20, 4.20, 24.20
      from headed o cross join generate_series(1, :lines) n
      join numbered p on p.place = (o.place * 7919 + n * 104729) % (select count(*) from product)
"""
_PICKS = """
    create table bench_pick as
    select m.user_id, m.customer_id, p.id as product_id, p.position
      from (select user_id, customer_id, row_number() over (order by user_id) - 1 as place from membership) m
      join (select id, (row_number() over (order by id) - 1) / :lines as place,
                   (row_number() over (order by id) - 1) % :lines + 1 as position
              from product where exists (select from list_price where product_id = product.id)) p on p.place = m.place
"""
_FILL = """
    insert into cart_line (id, cart_id, customer_id, product_id, position, quantity)
    select gen_random_uuid(), c.id, c.customer_id, k.product_id, k.position, 3
      from bench_pick k join cart c on c.user_id = k.user_id and c.customer_id = k.customer_id
    on conflict (cart_id, product_id) do nothing
"""


@dataclass(frozen=True, slots=True)
class Source:
    """Where products come from: so many generated ones, or a file of Online Retail."""

    name: str
    generated: int = 0
    file: Path | None = None
    buyers: int = BUYERS

    @property
    def database(self) -> str:
        return "bench_" + self.name.replace("-", "_").replace(" ", "_")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a session; `customer_id` None for the seller's people."""

    user_id: UUID
    seller_id: UUID
    token: str
    customer_id: UUID | None = None

    @property
    def cart_id(self) -> UUID:
        assert self.customer_id is not None
        return uuid5(self.customer_id, str(self.user_id))


@dataclass(frozen=True, slots=True)
class Ground:
    """A database that is ready to be measured on."""

    source: Source
    url: str
    owner_url: str
    currency: str
    reps: list[Person]
    buyers: list[Person]


async def prepare(server: EmbeddedServer, source: Source) -> Ground:
    """The database of a source, made and filled where it is not there yet, with a fresh session for everyone."""
    url = server.url(user=f"{PREFIX}login", database=source.database)
    owner_url = server.url(database=source.database)
    await ensure_database(owner_url)
    await migrate(url, owner_url, PREFIX)
    database = Database(url, PREFIX, 2, owner_url)
    try:
        async with database.owner() as connection:
            is_filled = await connection.scalar(text("select to_regclass('bench_pick') is not null"))
        if not is_filled:
            await _fill(database, source)
            await run_outside_transaction(owner_url, "vacuum analyze")
        return await _open(database, source)
    finally:
        await database.close()


async def _fill(database: Database, source: Source) -> None:
    if source.file is not None:
        await import_online_retail(database, source.file, datetime.now(UTC))
    async with database.job() as session:
        if source.file is None:
            seller = await make.make_seller(session)
            await _generate(session, seller, source.generated)
        else:
            seller = (await session.scalars(select(Seller))).one()
            # The file's prices are in pounds: its seller counts in them, so that staff see prices too.
            seller.currency = "GBP"
            await session.flush()
        await _people(session, seller, source.buyers)
        for priority, code in enumerate(("MAD", "BCN", "VLC"), 1):
            await make.make_warehouse(session, seller, code, priority=priority)
        await session.execute(text(_STOCK))
        await session.execute(text(_ORDERS), {"each": ORDERS_EACH})
        await session.execute(text(_LINES), {"lines": LINES})
    async with database.owner() as connection:
        await connection.execute(text(_PICKS), {"lines": LINES})
        await connection.execute(text("grant select on bench_pick to ventas_job"))


async def _generate(session: AsyncSession, seller: Seller, count: int) -> None:
    given = {
        "seller": seller.id, "count": count, "unit": (await make.make_unit(session)).code,
        "category": (await make.make_category(session, seller)).id,
        "tax": (await make.make_tax_category(session, seller)).id,
    }  # fmt: skip
    await session.execute(text(_PRODUCTS), given)
    await session.execute(text(_PRICES))


async def _people(session: AsyncSession, seller: Seller, buyers: int) -> None:
    for _ in range(REPS):
        await make.make_rep(session, seller, password=None)
    for _ in range(buyers):
        customer = await make.make_customer(
            session, seller, credit_limit="100000000000", currency=seller.currency
        )
        await make.make_user(session, seller, customer, Role.COMPANY_ADMIN, password=None)


async def _open(database: Database, source: Source) -> Ground:
    async with database.job() as session:
        currency = await session.scalar(select(Seller.currency))
        members = select(User, Customer).join(Membership, Membership.user_id == User.id).join(Customer)
        pairs = (await session.execute(members)).all()
        staff = (await session.scalars(select(User).where(User.id.not_in(select(Membership.user_id))))).all()
    async with database.auth() as session:
        buyers = [
            Person(user.id, user.seller_id, await _token(session, user), customer.id)
            for user, customer in pairs
        ]
        reps = [Person(user.id, user.seller_id, await _token(session, user)) for user in staff]
    return Ground(source, database.url, database.owner_url, str(currency), reps, buyers)


async def _token(session: AsyncSession, user: User) -> str:
    return await make.make_session(session, user, kind=SessionKind.BEARER)


async def fill_carts(ground: Ground) -> dict[UUID, int]:
    """Puts the five lines into every buyer's cart; the versions of the carts."""
    database = Database(ground.url, PREFIX, 1, ground.owner_url)
    carts: list[dict[str, Any]] = [
        {"id": each.cart_id, "seller": each.seller_id, "customer": each.customer_id, "user": each.user_id}
        for each in ground.buyers
    ]
    put = text(
        "insert into cart (id, seller_id, customer_id, user_id, updated_at)"
        " values (:id, :seller, :customer, :user, now()) on conflict do nothing"
    )
    try:
        async with database.job() as session:
            await session.execute(put, carts)
            await session.execute(text(_FILL))
            found = await session.execute(text("select id, version from cart"))
            return dict(tuple(each) for each in found)
    finally:
        await database.close()


def find_sources(shared: Path, sizes: list[int]) -> tuple[list[Source], list[str]]:
    """The sources that are there, and for each that is not, why."""
    file = shared / "online_retail" / "lines.csv.gz"
    sources = [Source(f"{size:,} generated".replace(",", " "), generated=size) for size in sizes]
    if file.is_file():
        return [*sources, Source("online retail", file=file)], []
    return sources, [f"online retail: skipped, there is no {file}"]
