"""
Rows for tests: each factory adds one thing to a job session, with defaults for all that a test does not care about.

    async with database.job() as session:
        seller = await make_seller(session)
        customer = await make_customer(session, seller, name="Bar Pepe")
        product = await make_product(session, seller, price="12.50", stock=10)
        buyer = await make_user(session, seller, customer=customer)
    viewer = await viewer_of(database, buyer)

A factory flushes, so its row can be pointed at; the caller's session commits. What a row needs besides (currency,
unit, terms, tax, warehouse …) is made the first time and found again afterwards.
"""

import hashlib
import secrets
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import count
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Database
from auth.client_secrets import hash_of_secret, hint_of, new_client_secret
from auth.passwords import hash_password
from auth.permissions import CUSTOMER_ROLES, Role, Viewer
from auth.scopes import ApiScope
from auth.viewers import load_visit
from models.api_clients import OAuthClient, OAuthClientSecret
from models.base import Base
from models.customers import (
    CreditAccount,
    Customer,
    CustomerAddress,
    CustomerGroup,
    CustomerItemNumber,
    Membership,
)
from models.deliveries import Delivery
from models.orders import SalesOrder, SalesOrderLine
from models.prices import ListPrice
from models.products import Product, ProductCategory, StandardCost, UnitOfMeasure
from models.sellers import (
    Currency,
    DeliveryTerm,
    NumberSeries,
    PaymentTerm,
    PaymentTermInstalment,
    SalesRep,
    SalesRepTerritory,
    SalesTeam,
    Seller,
    TaxCategory,
    TaxRate,
    Territory,
)
from models.stock import Lot, LotBalance, StockBalance, StockMove, Warehouse
from models.trade_agreements import TradeAgreementJournal, TradeAgreementRow
from models.uploads import Upload
from models.users import StaffRole, User, UserCredential, UserSession
from resolvers.context import Context
from resolvers.deliveries_acts import LineWanted, Travel, release_delivery
from resolvers.deliveries_shipping import ship_delivery
from resolvers.runner import Done, Refused, run_act
from rules.pricing_facts import Scope, TradeRelation
from rules.states import (
    CreditPolicy,
    CustomerStatus,
    DocumentKind,
    LotStatus,
    OrderStatus,
    OutOfStockPolicy,
    ProductKind,
    SessionKind,
    StockMoveKind,
    UserKind,
)
from rules.texts import item_key
from rules.trade_rows import TradeJournalStatus
from tests.cluster import WORKER

DAY = date(2026, 1, 1)  # master data is valid from this day on
MOMENT = datetime(2026, 1, 1, 9, tzinfo=UTC)  # and was made at this instant
PASSWORD = "correct horse battery"
Row = TypeVar("Row", bound=Base)
T = TypeVar("T")
# A template is filled by one worker and added to by others, so each counts from a place of its own.
_numbers = count(100_000 * (int(WORKER.removeprefix("gw")) + 1) if WORKER.startswith("gw") else 1)


async def add(session: AsyncSession, row: Row) -> Row:
    """Adds a row and flushes it."""
    session.add(row)
    await session.flush()
    return row


async def found_or(session: AsyncSession, row: Row, *keys: str) -> Row:
    """The row that has the same values in these columns; this one, added, where there is none."""
    kind = type(row)
    same = [getattr(kind, key) == getattr(row, key) for key in keys]
    return await session.scalar(select(kind).where(*same)) or await add(session, row)


# The seller and its master data


async def make_currency(session: AsyncSession, code: str = "EUR", exponent: int = 2) -> Currency:
    return await found_or(session, Currency(code=code, exponent=exponent, name=code), "code")


async def make_unit(session: AsyncSession, code: str = "PCE", decimals: int = 0) -> UnitOfMeasure:
    return await found_or(session, UnitOfMeasure(code=code, name=code.lower(), decimals=decimals), "code")


async def make_seller(session: AsyncSession, **given: Any) -> Seller:
    """A seller in Madrid with its number series; children are invisible to parents unless asked otherwise."""
    await make_currency(session)
    number = next(_numbers)
    values: dict[str, Any] = {
        "code": f"S{number}", "name": "Suministros de Prueba SL", "tax_id": "B12345674", "street": "Calle Mayor 1",
        "postal_code": "28013", "city": "Madrid", "country": "ES", "email": "ventas@example.com",
        "phone": "+34 910 000 000", "tax_territory": "ES", "currency": "EUR", "time_zone": "Europe/Madrid",
        "locale": "es", "out_of_stock_policy": OutOfStockPolicy.REFUSE, "credit_policy": CreditPolicy.HOLD,
        "parents_see_descendants": False, "low_stock_threshold": Decimal(5),
    }  # fmt: skip
    seller = await add(session, Seller(**(values | given)))
    for kind, prefix, sequence in (
        (DocumentKind.ORDER, "SO", "sales_order_number_seq"),
        (DocumentKind.DELIVERY, "DN", "delivery_number_seq"),
    ):
        await add(
            session,
            NumberSeries(seller_id=seller.id, kind=kind, prefix=prefix, digits=6, sequence_name=sequence),
        )
    return seller


async def make_payment_term(
    session: AsyncSession, seller: Seller, code: str = "30D", days: int = 30
) -> PaymentTerm:
    term = await found_or(
        session, PaymentTerm(seller_id=seller.id, code=code, name=f"{days} días"), "seller_id", "code"
    )
    instalment = PaymentTermInstalment(
        payment_term_id=term.id, position=1, share_percent=Decimal(100), due_days=days, end_of_month=False
    )
    await found_or(session, instalment, "payment_term_id", "position")
    return term


async def make_delivery_term(session: AsyncSession, seller: Seller, code: str = "DAP") -> DeliveryTerm:
    term = DeliveryTerm(seller_id=seller.id, code=code, name="Entregado", incoterm=code, place="Madrid")
    return await found_or(session, term, "seller_id", "code")


async def make_tax_category(
    session: AsyncSession, seller: Seller, code: str = "STANDARD", percent: Decimal | str = "21"
) -> TaxCategory:
    """A tax category with one rate in the seller's territory, from 2020 on and without end."""
    category = await found_or(
        session, TaxCategory(seller_id=seller.id, code=code, name=f"IVA {percent} %"), "seller_id", "code"
    )
    rate = TaxRate(
        tax_category_id=category.id, territory=seller.tax_territory, percent=Decimal(percent),
        valid_from=date(2020, 1, 1),
    )  # fmt: skip
    await found_or(session, rate, "tax_category_id", "territory", "valid_from")
    return category


async def make_territory(session: AsyncSession, seller: Seller, code: str = "CENTRO") -> Territory:
    return await found_or(
        session, Territory(seller_id=seller.id, code=code, name=code.title()), "seller_id", "code"
    )


async def make_team(
    session: AsyncSession, seller: Seller, manager: User | None = None, **given: Any
) -> SalesTeam:
    number = next(_numbers)
    values: dict[str, Any] = {
        "code": f"TEAM-{number}", "name": f"Equipo {number}", "manager_id": manager.id if manager else None,
    }  # fmt: skip
    return await add(session, SalesTeam(seller_id=seller.id, **(values | given)))


# People


@cache
def password_hash(password: str = PASSWORD) -> str:
    """Hashing takes some 30 ms, and most tests use one password."""
    return hash_password(password)


async def make_user(
    session: AsyncSession,
    seller: Seller,
    customer: Customer | None = None,
    role: Role = Role.BUYER,
    roles: Iterable[Role] = (),
    password: str | None = PASSWORD,
    **given: Any,
) -> User:
    """
    A person with a password.

    Args:
        customer: makes them a member of it, as `role`.
        roles: roles at the seller.
    """
    number = next(_numbers)
    values: dict[str, Any] = {
        "email": f"user{number}@example.com", "name": f"Persona {number}", "locale": "es", "is_active": True,
        "created_at": MOMENT,
    }  # fmt: skip
    user = await add(session, User(seller_id=seller.id, **(values | given)))
    if password is not None:
        session.add(UserCredential(user_id=user.id, password_hash=password_hash(password), changed_at=MOMENT))
    session.add_all(StaffRole(user_id=user.id, role=each.value) for each in roles)
    if customer is not None:
        await make_member(session, user, customer, role)
    await session.flush()
    return user


async def make_member(
    session: AsyncSession, user: User, customer: Customer, role: Role = Role.BUYER
) -> Membership:
    assert role in CUSTOMER_ROLES
    membership = Membership(user_id=user.id, customer_id=customer.id, role=role.value, created_at=MOMENT)
    return await add(session, membership)


async def make_rep(
    session: AsyncSession,
    seller: Seller,
    team: SalesTeam | None = None,
    role: Role = Role.SALES_REP,
    territories: Iterable[Territory] = (),
    **given: Any,
) -> User:
    """A user with a rep's card, in a team of their own unless one is given; `given` goes to the user."""
    user = await make_user(session, seller, roles=[role], **given)
    team = team or await make_team(session, seller)
    rep = SalesRep(
        user_id=user.id, seller_id=seller.id, sales_team_id=team.id, code=f"REP-{next(_numbers)}", name=user.name,
        email=user.email, phone="+34 600 000 000",
    )  # fmt: skip
    await add(session, rep)
    session.add_all(SalesRepTerritory(sales_rep_id=user.id, territory_id=each.id) for each in territories)
    await session.flush()
    return user


async def make_session(
    session: AsyncSession,
    user: User,
    customer: Customer | None = None,
    kind: SessionKind = SessionKind.COOKIE,
    now: datetime | None = None,
    days: int = 14,
    **given: Any,
) -> str:
    """
    A signed-in session, made on a session of `Database.auth()`; returns the token that cookie or header carry.

    Args:
        now: when it was made; by default at this very moment, as the running application's clock has it.
    """
    now = now or datetime.now(UTC)
    token = secrets.token_urlsafe(32)
    row = UserSession(
        kind=kind, token_hash=hashlib.sha256(token.encode()).digest(), csrf_token=secrets.token_urlsafe(32),
        user_id=user.id, customer_id=customer.id if customer else None, created_at=now, last_seen_at=now,
        expires_at=now + timedelta(days=days), **given,
    )  # fmt: skip
    await add(session, row)
    return token


async def make_api_client(
    session: AsyncSession,
    owner: Seller | Customer,
    scopes: Iterable[ApiScope] = (ApiScope.CATALOG_READ,),
    secret_days: int = 90,
    made_by: User | None = None,
    **given: Any,
) -> tuple[OAuthClient, str]:
    """An OAuth client of the seller or of a customer, with its machine and one secret; returns both."""
    number = next(_numbers)
    of_customer = isinstance(owner, Customer)
    seller_id = owner.seller_id if isinstance(owner, Customer) else owner.id
    machine = User(
        seller_id=seller_id, email=f"machine{number}@clients.invalid", name=f"Programa {number}", locale="en",
        kind=UserKind.MACHINE, is_active=True, created_at=MOMENT,
    )  # fmt: skip
    await add(session, machine)
    values: dict[str, Any] = {
        "name": machine.name, "scopes": [each.value for each in scopes], "addresses": [], "created_at": MOMENT,
        "created_by_id": (made_by or machine).id,
    }  # fmt: skip
    client = OAuthClient(
        seller_id=seller_id,
        customer_id=owner.id if of_customer else None,
        user_id=machine.id,
        **(values | given),
    )
    await add(session, client)
    secret = new_client_secret()
    await add(session, OAuthClientSecret(
        client_id=client.id, slot=1, secret_hash=hash_of_secret(secret), hint=hint_of(secret), created_at=MOMENT,
        expires_at=MOMENT + timedelta(days=secret_days),
    ))  # fmt: skip
    return client, secret


async def viewer_of(
    database: Database,
    user: User,
    customer: Customer | None = None,
    now: datetime = MOMENT,
    **given: Any,
) -> Viewer:
    """Who the user is to the house, by the ordinary way: a session, and what sign-in makes of it."""
    async with database.auth() as session:
        token = await make_session(session, user, customer, now=now, **given)
        visit = await load_visit(session, token, SessionKind.COOKIE, now)
    viewer = visit.viewer if visit else None
    assert viewer is not None, "this user has no role, or several customers"
    return viewer


# Customers


async def make_group(session: AsyncSession, seller: Seller, **given: Any) -> CustomerGroup:
    number = next(_numbers)
    values = {"code": f"G{number}", "name": f"Grupo {number}"}
    return await add(session, CustomerGroup(seller_id=seller.id, **(values | given)))


async def make_customer(
    session: AsyncSession,
    seller: Seller,
    parent: Customer | None = None,
    rep: User | None = None,
    territory: Territory | None = None,
    credit_limit: Decimal | str | None = "100000",
    **given: Any,
) -> Customer:
    """An active customer with one address for everything and credit enough; `credit_limit` None gives no account."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "number": f"C-{number:06}", "name": f"Cliente {number} SL", "country": "ES", "status": CustomerStatus.ACTIVE,
        "parent_id": parent.id if parent else None, "sales_rep_id": rep.id if rep else None,
        "territory_id": territory.id if territory else None, "currency": "EUR", "locale": "es",
        "payment_term_id": (await make_payment_term(session, seller)).id,
        "delivery_term_id": (await make_delivery_term(session, seller)).id,
        "buyers_see_company_orders": False, "created_at": MOMENT,
    }  # fmt: skip
    customer = await add(session, Customer(seller_id=seller.id, **(values | given)))
    await make_address(session, customer, is_default_delivery=True, is_default_billing=True)
    if credit_limit is not None:
        session.add(
            CreditAccount(
                customer_id=customer.id, credit_limit=Decimal(credit_limit), currency=customer.currency
            )
        )
        await session.flush()
    return customer


async def make_address(session: AsyncSession, customer: Customer, **given: Any) -> CustomerAddress:
    values: dict[str, Any] = {
        "label": "Almacén", "name": customer.name, "street": f"Calle de la Prueba {next(_numbers)}",
        "postal_code": "28001", "city": "Madrid", "country": "ES", "is_default_delivery": False,
        "is_default_billing": False,
    }  # fmt: skip
    return await add(session, CustomerAddress(customer_id=customer.id, **(values | given)))


async def make_item_number(
    session: AsyncSession, customer: Customer, product: Product, item_number: str
) -> CustomerItemNumber:
    """What the customer calls the product."""
    row = CustomerItemNumber(
        customer_id=customer.id,
        product_id=product.id,
        item_number=item_number,
        item_key=item_key(item_number),
    )
    return await add(session, row)


# Products, prices, stock


async def make_category(
    session: AsyncSession, seller: Seller, code: str = "general", parent: ProductCategory | None = None
) -> ProductCategory:
    category = ProductCategory(
        seller_id=seller.id, parent_id=parent.id if parent else None, code=code, name=code.title(),
        path=f"{parent.path if parent else '/'}{code}/",
    )  # fmt: skip
    return await found_or(session, category, "seller_id", "code")


async def make_product(
    session: AsyncSession,
    seller: Seller,
    price: Decimal | str | None = "10",
    stock: Decimal | int | None = 100,
    cost: Decimal | str | None = None,
    unit: UnitOfMeasure | None = None,
    category: ProductCategory | None = None,
    tax: TaxCategory | None = None,
    **given: Any,
) -> Product:
    """A product by the piece with a list price in euros and free stock; None for price or stock gives none."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "kind": ProductKind.GOODS, "sku": f"SKU-{number:04}", "name": f"Producto {number}",
        "category_id": (category or await make_category(session, seller)).id,
        "tax_category_id": (tax or await make_tax_category(session, seller)).id,
        "unit_code": (unit or await make_unit(session)).code, "pack_size": Decimal(1), "is_lot_tracked": False,
        "created_at": MOMENT,
    }  # fmt: skip
    values |= given
    product = await add(
        session, Product(seller_id=seller.id, **({"sku_key": item_key(values["sku"])} | values))
    )
    if price is not None:
        await make_price(session, product, price)
    if stock is not None:
        await make_stock(session, product, stock)
    if cost is not None:
        await make_cost(session, product, cost)
    return product


async def make_price(
    session: AsyncSession,
    product: Product,
    unit_price: Decimal | str,
    from_quantity: Decimal | int = 0,
    **given: Any,
) -> ListPrice:
    """A list price in euros for the product's own unit, from DAY on and without end."""
    values: dict[str, Any] = {
        "currency": "EUR", "unit_code": product.unit_code, "from_quantity": Decimal(from_quantity),
        "unit_price": Decimal(unit_price), "price_unit": Decimal(1), "valid_from": DAY,
    }  # fmt: skip
    return await add(session, ListPrice(product_id=product.id, **(values | given)))


async def make_cost(
    session: AsyncSession, product: Product, unit_cost: Decimal | str, **given: Any
) -> StandardCost:
    values: dict[str, Any] = {"unit_cost": Decimal(unit_cost), "currency": "EUR", "valid_from": DAY}
    return await add(session, StandardCost(product_id=product.id, **(values | given)))


async def make_warehouse(
    session: AsyncSession, seller: Seller | UUID, code: str = "MAD", **given: Any
) -> Warehouse:
    seller_id = seller if isinstance(seller, UUID) else seller.id
    values: dict[str, Any] = {"name": code, "city": "Madrid", "time_zone": "Europe/Madrid", "priority": 1}
    return await found_or(
        session, Warehouse(seller_id=seller_id, code=code, **(values | given)), "seller_id", "code"
    )


async def make_stock(
    session: AsyncSession,
    product: Product,
    quantity: Decimal | int,
    warehouse: Warehouse | None = None,
    reserved: Decimal | int = 0,
    lot: str | None = None,
    expires_on: date | None = None,
) -> StockBalance:
    """Opening stock with its move; a lot too for a product that is tracked by lots. Adds to what is there."""
    warehouse = warehouse or await make_warehouse(session, product.seller_id)
    quantity = Decimal(quantity)
    lot_id = None
    if lot or product.is_lot_tracked:
        row = Lot(product_id=product.id, number=lot or f"L{next(_numbers)}", received_on=DAY, expires_on=expires_on,
                  status=LotStatus.AVAILABLE)  # fmt: skip
        lot_id = (await add(session, row)).id
        session.add(
            LotBalance(lot_id=lot_id, warehouse_id=warehouse.id, on_hand=quantity, allocated=Decimal(0))
        )
    if quantity:
        session.add(
            StockMove(month=DAY.replace(day=1), product_id=product.id, warehouse_id=warehouse.id, lot_id=lot_id,
                      kind=StockMoveKind.OPENING, quantity=quantity, occurred_at=MOMENT)
        )  # fmt: skip
    balance = await found_or(
        session,
        StockBalance(product_id=product.id, warehouse_id=warehouse.id, on_hand=Decimal(0), reserved=Decimal(0)),
        "product_id", "warehouse_id",
    )  # fmt: skip
    balance.on_hand += quantity
    balance.reserved += Decimal(reserved)
    await session.flush()
    return balance


async def make_upload(
    session: AsyncSession,
    viewer: Viewer,
    now: datetime,
    content: bytes = b"SKU;Quantity\nACE-0;1\n",
    **given: Any,
) -> Upload:
    """A file that the viewer has sent and no input has taken."""
    values = {
        "seller_id": viewer.seller_id,
        "customer_id": viewer.customer_id,
        "user_id": viewer.user_id,
        "name": "lines.csv",
        "media_type": "text/csv",
        "content": content,
        "created_at": now,
        "expires_at": now + timedelta(minutes=15),
    }
    upload = Upload(**values | given)
    session.add(upload)
    await session.flush()
    return upload


# Deliveries


async def do(database: Database, viewer: Viewer, work: Callable[[Context], Awaitable[T]], now: datetime) -> T:
    """A use case through the runner, as the viewer, at that moment; a refusal is an error of the test."""

    async def done(ctx: Context) -> Done[T]:
        return Done(await work(ctx))

    zone = ZoneInfo("Europe/Madrid")
    outcome = await run_act(
        database, viewer, lambda session: Context(viewer, now, zone, open_session=session), done
    )
    assert not isinstance(outcome, Refused), outcome
    return outcome


async def make_delivery(
    database: Database,
    logistics: Viewer,
    order_id: UUID,
    *quantities: Decimal | int,
    now: datetime,
    warehouse: str = "MAD",
) -> UUID:
    """
    Releases goods of a placed or confirmed order, by the ordinary use case: everything, or so much of its lines in order.

    Args:
        quantities: one for each line from the first on; 0 leaves a line out.
    """
    async with database.job() as session:
        order = await session.get_one(SalesOrder, order_id)
        if order.status == OrderStatus.PLACED:
            order.status, order.confirmed_at = OrderStatus.CONFIRMED, now
        version = order.version
        place = await session.scalar(select(Warehouse).where(Warehouse.code == warehouse))
        lines = await session.scalars(
            select(SalesOrderLine.id)
            .where(SalesOrderLine.order_id == order_id)
            .order_by(SalesOrderLine.position)
        )
        wanted = [
            LineWanted(key, Decimal(quantity))
            for key, quantity in zip(lines, quantities, strict=False)
            if quantity
        ]
    assert place is not None
    done = await do(
        database,
        logistics,
        lambda ctx: release_delivery(ctx, order_id, place.id, wanted or None, None, version),
        now,
    )
    assert done is not None, "the credit is exceeded"
    return done


async def ship(database: Database, logistics: Viewer, delivery_id: UUID, now: datetime) -> UUID:
    """The delivery leaves, by the ordinary use case."""
    async with database.job() as session:
        version = (await session.get_one(Delivery, delivery_id)).version
    return await do(
        database,
        logistics,
        lambda ctx: ship_delivery(ctx, delivery_id, version, Travel("Transportes Sol", "TS-1")),
        now,
    )


# Trade agreements


async def make_trade_rows(
    session: AsyncSession, seller: Seller, author: User, *rows: dict[str, Any], is_posted: bool = True
) -> list[TradeAgreementRow]:
    """
    The rows of one journal, posted unless asked otherwise: `relation` is PRICE when nothing is said.

    `customer`, `customer_group`, `product` and `item_group` say whom and what each is for; all when nothing is said.
    """
    number = next(_numbers)
    posted: dict[str, Any] = {"posted_at": MOMENT, "posted_by_id": author.id} if is_posted else {}
    status = TradeJournalStatus.POSTED if is_posted else TradeJournalStatus.DRAFT
    journal = TradeAgreementJournal(
        seller_id=seller.id, number=f"TA-{number}", description="", status=status, row_count=len(rows),
        created_at=MOMENT, created_by_id=author.id, **posted,
    )  # fmt: skip
    await add(session, journal)
    made = []
    for position, given in enumerate(rows, start=1):
        values: dict[str, Any] = {
            "relation": TradeRelation.PRICE,
            "currency": "EUR",
            "is_posted": is_posted,
        } | given
        customer, product = values.pop("customer", None), values.pop("product", None)
        if customer is not None:
            values["customer_id"] = customer.id
        if product is not None:
            values["product_id"] = product.id
        by_group = Scope.GROUP if values.get("customer_group") else Scope.ALL
        of_group = Scope.GROUP if values.get("item_group") else Scope.ALL
        row = TradeAgreementRow(
            seller_id=seller.id, journal_id=journal.id, position=position,
            customer_scope=Scope.ONE if customer is not None else by_group,
            item_scope=Scope.ONE if product is not None else of_group, **values,
        )  # fmt: skip
        made.append(await add(session, row))
    return made
