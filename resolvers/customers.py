"""Customers: lists, loaders and the addresses a company admin keeps."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import String, or_, select, update

from auth.permissions import Permission, RowScope
from models.base import new_id
from models.customers import Customer, CustomerAddress, CustomerContact, CustomerGroup, Membership
from models.customers_reads import (
    AddressRow,
    ContactRow,
    CustomerRow,
    UserRow,
    customer_matches,
    memberships,
    own_memberships,
    visible_addresses,
    visible_contacts,
    visible_customers,
    visible_users,
)
from models.filters import Where, conditions
from models.rows import by_key, columns_of, grouped
from models.sellers import (
    Currency,
    DeliveryTerm,
    PaymentTerm,
    PaymentTermInstalment,
    SalesRep,
    SalesTeam,
    Seller,
)
from models.users import User
from resolvers.context import Context, LockKind
from resolvers.events import record
from resolvers.paging import Page, PageArgs, SortKey, page
from resolvers.statements import Asked, rows
from rules.documents import DocumentDeliveryTerms, DocumentPaymentTerms, Instalment
from rules.pricing_facts import LineMultilineMode
from rules.refusals import ErrorCode, Refusal
from rules.states import OutOfStockPolicy, SharingPolicy
from rules.trade_settings import DateType


@dataclass(frozen=True, slots=True)
class SellerRow:
    id: UUID
    code: str
    name: str
    tax_id: str
    street: str
    postal_code: str
    city: str
    country: str
    currency: str
    time_zone: str
    locale: str
    email: str
    phone: str
    tax_territory: str
    out_of_stock_policy: OutOfStockPolicy
    credit_policy: str
    low_stock_threshold: Any
    margin_target_percent: Decimal
    margin_floor_percent: Decimal
    bank_account: str
    books_closed_until: date | None
    overdue_days_allowed: int | None
    approval_days: int
    line_multiline_mode: LineMultilineMode
    price_date_type: DateType
    inactive_trade_cells: list[str]
    money_yearly_percent: Decimal
    judged_together_days: int
    pricing_version: int
    sharing_policy: SharingPolicy
    cart_hold_minutes: int
    staff_hold_days: int


async def seller(ctx: Context) -> SellerRow:
    """The viewer's seller; read once per operation."""
    return await ctx.load(sellers_by_id, ctx.user.seller_id)


async def sellers_by_id(ctx: Context, keys: Sequence[UUID]) -> list[SellerRow]:
    found = await rows(ctx, _sellers, keys=list(keys))
    return [row for row in by_key(keys, (SellerRow(*each) for each in found)) if row is not None]


def _sellers(asked: Asked) -> Any:
    return select(*columns_of(Seller, SellerRow)).where(asked.one_of(Seller.id))


CUSTOMER_COLUMNS: dict[str, Any] = {
    "number": Customer.number,
    "name": Customer.name,
    "status": Customer.status,
    "country": Customer.country,
    "sales_rep": Customer.sales_rep_id,
}


async def customers(
    ctx: Context, where: Where | None, search: str | None, sort: Sequence[SortKey], args: PageArgs
) -> Page[CustomerRow]:
    """The customers the viewer may see."""
    columns = CUSTOMER_COLUMNS | {"is_mine": Customer.sales_rep_id == ctx.user.user_id}
    statement = visible_customers(ctx.user).where(conditions(where, columns))
    if search and search.strip():
        statement = statement.where(customer_matches(search))
    return await page(ctx, statement, sort, args, CustomerRow)


async def customers_by_id(ctx: Context, keys: Sequence[UUID]) -> list[CustomerRow | None]:
    found = await rows(ctx, _customers_by_id, keys=list(keys))
    return by_key(keys, (CustomerRow(*each) for each in found))


def _customers_by_id(asked: Asked) -> Any:
    return visible_customers(asked.viewer).where(asked.one_of(Customer.id))


async def customer_by_number(ctx: Context, number: str) -> CustomerRow | None:
    rows = await ctx.session.execute(visible_customers(ctx.user).where(Customer.number == number))
    found = rows.first()
    return None if found is None else CustomerRow(*found)


async def acting_customer(ctx: Context) -> CustomerRow:
    """The customer the viewer buys for; refuses where there is none, as for staff."""
    key = ctx.user.customer_id
    row = None if key is None else await ctx.load(customers_by_id, key)
    if row is None:
        raise Refusal(ErrorCode.NOT_PERMITTED, "Choose the company you act for first.")
    return row


async def addresses_by_customer(ctx: Context, keys: Sequence[UUID]) -> list[list[AddressRow]]:
    found = await rows(ctx, _addresses_by_customer, keys=list(keys))
    return grouped(keys, (AddressRow(*each) for each in found), "customer_id")


def _addresses_by_customer(asked: Asked) -> Any:
    return visible_addresses(asked.viewer, asked.today).where(asked.one_of(CustomerAddress.customer_id))


async def addresses_by_id(ctx: Context, keys: Sequence[UUID]) -> list[AddressRow | None]:
    rows = await ctx.session.execute(
        visible_addresses(ctx.user, ctx.today).where(CustomerAddress.id.in_(keys))
    )
    return by_key(keys, (AddressRow(*each) for each in rows))


async def contacts_by_customer(ctx: Context, keys: Sequence[UUID]) -> list[list[ContactRow]]:
    rows = await ctx.session.execute(visible_contacts(ctx.user).where(CustomerContact.customer_id.in_(keys)))
    return grouped(keys, (ContactRow(*each) for each in rows), "customer_id")


def _sees_colleagues(ctx: Context) -> bool:
    return ctx.user.scope(Permission.USERS_READ) is not RowScope.SELF


async def users_by_id(ctx: Context, keys: Sequence[UUID]) -> list[UserRow | None]:
    rows = await ctx.session.execute(visible_users(ctx.user, _sees_colleagues(ctx)).where(User.id.in_(keys)))
    return by_key(keys, (UserRow(*each) for each in rows))


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A user with the roles they hold in one customer."""

    customer_id: UUID
    user: UserRow
    roles: tuple[str, ...]


async def members_by_customer(ctx: Context, keys: Sequence[UUID]) -> list[list[MemberRow]]:
    held: dict[tuple[UUID, UUID], list[str]] = {}
    for customer_id, user_id, role in await ctx.session.execute(
        memberships(ctx.user).where(Membership.customer_id.in_(keys)).order_by(Membership.role)
    ):
        held.setdefault((customer_id, user_id), []).append(role)
    people = await ctx.loader(users_by_id).load_many([user_id for _, user_id in held])
    rows = [
        MemberRow(customer_id, user, tuple(roles))
        for ((customer_id, _), roles), user in zip(held.items(), people, strict=True)
        if user is not None
    ]
    return grouped(keys, sorted(rows, key=lambda row: (row.user.name, row.user.id)), "customer_id")


@dataclass(frozen=True, slots=True)
class ChoiceRow:
    """A customer the viewer may act for."""

    customer_id: UUID
    number: str
    name: str
    roles: tuple[str, ...]


async def company_choices(ctx: Context) -> list[ChoiceRow]:
    """The companies of the viewer, by name. Their names come with the membership, not with row scope."""
    held: dict[UUID, list[str]] = {}
    for customer_id, role in await ctx.session.execute(own_memberships(ctx.user)):
        held.setdefault(customer_id, []).append(role)
    rows = await ctx.session.execute(
        select(Customer.id, Customer.number, Customer.name)
        .where(Customer.id.in_(held))
        .order_by(Customer.name_sort)
    )
    return [ChoiceRow(key, number, name, tuple(sorted(held[key]))) for key, number, name in rows]


@dataclass(frozen=True, slots=True)
class GroupRow:
    id: UUID
    code: str
    name: str


async def groups_by_id(ctx: Context, keys: Sequence[UUID]) -> list[GroupRow | None]:
    rows = await ctx.session.execute(
        select(*columns_of(CustomerGroup, GroupRow)).where(CustomerGroup.id.in_(keys))
    )
    return by_key(keys, (GroupRow(*each) for each in rows))


@dataclass(frozen=True, slots=True)
class SalesRepRow:
    user_id: UUID
    code: str
    name: str
    email: str
    phone: str
    sales_team_id: UUID


async def sales_reps_by_id(ctx: Context, keys: Sequence[UUID]) -> list[SalesRepRow | None]:
    rows = await ctx.session.execute(
        select(*columns_of(SalesRep, SalesRepRow)).where(SalesRep.user_id.in_(keys))
    )
    return by_key(keys, (SalesRepRow(*each) for each in rows), "user_id")


async def sales_reps(ctx: Context) -> list[SalesRepRow]:
    statement = select(*columns_of(SalesRep, SalesRepRow)).where(SalesRep.seller_id == ctx.user.seller_id)
    return [SalesRepRow(*each) for each in await ctx.session.execute(statement.order_by(SalesRep.code))]


async def sales_teams_by_id(ctx: Context, keys: Sequence[UUID]) -> list[GroupRow | None]:
    rows = await ctx.session.execute(select(*columns_of(SalesTeam, GroupRow)).where(SalesTeam.id.in_(keys)))
    return by_key(keys, (GroupRow(*each) for each in rows))


async def payment_terms_by_id(ctx: Context, keys: Sequence[UUID]) -> list[DocumentPaymentTerms | None]:
    """Terms with their instalments, in the shape that documents copy."""
    shares: dict[UUID, list[Instalment]] = {}
    part = PaymentTermInstalment
    for key, *instalment in await ctx.session.execute(
        select(part.payment_term_id, part.share_percent, part.due_days, part.end_of_month, part.payment_day)
        .where(part.payment_term_id.in_(keys))
        .order_by(part.payment_term_id, part.position)
    ):
        shares.setdefault(key, []).append(Instalment(*instalment))
    rows = await ctx.session.execute(
        select(PaymentTerm.id, PaymentTerm.code, PaymentTerm.name).where(PaymentTerm.id.in_(keys))
    )
    found = {key: DocumentPaymentTerms(code, name, tuple(shares.get(key, ()))) for key, code, name in rows}
    return [found.get(key) for key in keys]


async def payment_terms(ctx: Context) -> list[tuple[str, str]]:
    """Codes and names of the seller's terms."""
    term = PaymentTerm
    found = await ctx.session.execute(
        select(term.code, term.name).where(term.seller_id == ctx.user.seller_id).order_by(term.code)
    )
    return [(code, name) for code, name in found]


async def payment_terms_by_code(ctx: Context, keys: Sequence[str]) -> list[DocumentPaymentTerms | None]:
    """The seller's terms behind codes."""
    term = PaymentTerm
    found = await ctx.session.execute(
        select(term.code, term.id).where(term.seller_id == ctx.user.seller_id, term.code.in_(keys))
    )
    ids: dict[str, UUID] = {code: key for code, key in found.all()}  # noqa: C416
    terms = await ctx.loader(payment_terms_by_id).load_many(list(ids.values()))
    by_code = dict(zip(ids, terms, strict=True))
    return [by_code.get(key) for key in keys]


async def delivery_terms_by_id(ctx: Context, keys: Sequence[UUID]) -> list[DocumentDeliveryTerms | None]:
    term = DeliveryTerm
    rows = await ctx.session.execute(
        select(term.id, term.code, term.name, term.incoterm, term.place).where(term.id.in_(keys))
    )
    found = {key: DocumentDeliveryTerms(*rest) for key, *rest in rows}
    return [found.get(key) for key in keys]


async def exponents_by_currency(ctx: Context, keys: Sequence[str]) -> list[int]:
    """The decimals of each currency's minor unit."""
    found = {row[0]: row[1] for row in await rows(ctx, _exponents, keys=list(keys))}
    return [found[key] for key in keys]


def _exponents(asked: Asked) -> Any:
    return select(Currency.code, Currency.exponent).where(asked.one_of(Currency.code, kind=String))


@dataclass(frozen=True, slots=True)
class AddressDraft:
    """An address as somebody typed it."""

    label: str
    name: str
    street: str
    postal_code: str
    city: str
    country: str
    region: str = ""
    phone: str = ""
    is_default_delivery: bool = False
    is_default_billing: bool = False


def _checked(draft: AddressDraft) -> AddressDraft:
    """The draft without outer blanks; names every compulsory field that is empty or too long."""
    for each in fields(draft):
        value = getattr(draft, each.name)
        path = (
            "".join(part if n == 0 else part.capitalize() for n, part in enumerate(each.name.split("_"))),
        )
        if not isinstance(value, str):
            continue
        if not value.strip() and each.name not in ("region", "phone"):
            raise Refusal(ErrorCode.INVALID, "This must not be empty.", path)
        if len(value) > (60 if each.name in ("postal_code", "phone") else 200):
            raise Refusal(ErrorCode.INVALID, "This text is too long.", path)
    country = draft.country.strip().upper()
    if len(country) != 2 or not country.isalpha() or not country.isascii():
        raise Refusal(
            ErrorCode.INVALID, "A country is written with its two-letter code, such as ES.", ("country",)
        )
    cleaned = {each.name: getattr(draft, each.name) for each in fields(draft)}
    cleaned = {name: value.strip() if isinstance(value, str) else value for name, value in cleaned.items()}
    return AddressDraft(**(cleaned | {"country": country}))


async def _take_defaults(ctx: Context, customer_id: UUID, draft: AddressDraft) -> None:
    """There is one default each: the address that becomes it takes it from the one that was."""
    for flag in ("is_default_delivery", "is_default_billing"):
        if getattr(draft, flag):
            column = getattr(CustomerAddress, flag)
            await ctx.session.execute(
                update(CustomerAddress)
                .where(CustomerAddress.customer_id == customer_id, column)
                .values({flag: False})
                .execution_options(synchronize_session=False)
            )


async def create_address(ctx: Context, draft: AddressDraft) -> UUID:
    """An address of the customer the viewer acts for."""
    customer = await acting_customer(ctx)
    draft = _checked(draft)
    others = select(CustomerAddress.id).where(CustomerAddress.customer_id == customer.id)
    await ctx.session.execute(ctx.locked(LockKind.DOCUMENT, others))
    await _take_defaults(ctx, customer.id, draft)
    values = {each.name: getattr(draft, each.name) for each in fields(draft)}
    address = CustomerAddress(id=new_id(), customer_id=customer.id, **values)
    ctx.session.add(address)
    record(ctx, "address.created", "Address", address.id, version=1, customer_id=customer.id, published=False)
    await ctx.session.flush()
    return address.id


async def update_address(ctx: Context, address_id: UUID, draft: AddressDraft) -> UUID:
    """The address as given; orders that copied it stay as they are."""
    customer = await acting_customer(ctx)
    draft = _checked(draft)
    usable = or_(CustomerAddress.active_until.is_(None), CustomerAddress.active_until > ctx.today)
    statement = select(CustomerAddress).where(
        CustomerAddress.id == address_id, CustomerAddress.customer_id == customer.id, usable
    )
    address: CustomerAddress | None = await ctx.session.scalar(ctx.locked(LockKind.DOCUMENT, statement))
    if address is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("addressId",))
    await _take_defaults(ctx, customer.id, draft)
    for each in fields(draft):
        setattr(address, each.name, getattr(draft, each.name))
    record(ctx, "address.updated", "Address", address.id, version=1, customer_id=customer.id, published=False)
    await ctx.session.flush()
    return address.id
