"""
The worked cases of `tests/rules/price_case.py`, stored: each with a seller of its own, whose rules are no other's.

All of them are stored at once, table by table: a case by the factories takes longer than what is then asked of it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Database
from auth.permissions import Role, Viewer
from models.base import Base, new_id
from models.discounts import StoredDiscountGroup, StoredDiscountRule
from models.free_goods import StoredFreeGoodsRule
from models.products import ProductCategory, ProductUnit
from models.sales_agreements import AgreementLine, AgreementVersion, SalesAgreement
from models.sellers import ExchangeRate
from models.trade_agreements import (
    CustomerPricingGroup,
    ProductPricing,
    TradeAgreementJournal,
    TradeAgreementRow,
)
from rules.discounts_conditions import Condition, MixAndMatch, ProductIs
from rules.discounts_stored import benefit_to_json, conditions_to_json
from rules.pricing_facts import Scope, TradeRow
from rules.sales_agreement_terms import AgreementLineTerms, AgreementTerms, VersionStatus, hash_of_terms
from rules.sales_agreements import AgreementStatus, Commitment
from rules.texts import item_key
from rules.trade_rows import TradeJournalStatus
from tests import factories as make
from tests.rules import price_case
from tests.rules.price_case import DAY, Asked, Case
from tests.schema.shop import ADD, NOW, Counter, engine_over

# What the perturbed cases add a line of; every seller has it.
ANOTHER = price_case.Product("ZZ", "7.77", price_unit="3", brand="A", multiline_group="M")
STOCK = 100_000
# Rows that all sellers share.
_SHARED = ("currency", "unit_of_measure")
# What viewers needed to sign in.
_OF_SESSIONS = ("user_session", "login_throttle", "stream_ticket", "user_credential", "account_link")
_OF_PRODUCTS = ("product", "list_price", "standard_cost", "stock_balance", "stock_move")
# What a stored row has by the same names.
_OF_TRADE_ROWS = (
    "relation", "customer_scope", "item_scope", "currency", "is_generic_currency", "unit_code", "from_quantity",
    "to_quantity", "valid_from", "valid_until", "find_next", "unit_price", "price_unit", "amount", "percent1", "percent2",
    "percent_base",
)  # fmt: skip
_OF_AGREEMENT_LINES = (
    "number", "type", "name", "committed", "unit_price", "price_unit", "discount_percent", "cash_discount_amount",
    "valid_from", "valid_until", "max_enforced", "is_price_fixed", "min_release", "max_release", "penalty_percent",
    "stackable_with_promotions", "include_in_total_discount", "exclude_from_rebate",
)  # fmt: skip


@dataclass
class Place:
    """
    Where a case is stored: who buys and who sells there.

    Args:
        commitments: the ids of agreement lines by the keys of the case's commitments; products by their SKU.
    """

    seller_id: UUID
    customer_id: UUID
    buyer: Viewer
    manager: Viewer
    products: dict[str, UUID] = field(default_factory=dict)
    commitments: dict[str, UUID] = field(default_factory=dict)


@dataclass
class StoredCase(Counter):
    """A case at its place."""

    case: Case
    at: Place

    @property
    def buyer(self) -> Viewer:
        return self.at.buyer

    @property
    def manager(self) -> Viewer:
        return self.at.manager

    @property
    def today(self) -> date:
        return moment_of(self.case).date()

    def line(self, asked: Asked) -> dict[str, Any]:
        """A line as the API takes it; what ships today is asked for no day."""
        day = asked.ships_on.isoformat() if asked.ships_on > self.today else None
        return {"sku": asked.sku, "quantity": asked.quantity, "requestedOn": day}

    async def enter(self, lines: Sequence[Asked]) -> None:
        """Puts lines into the buyer's cart."""
        given = [self.line(each) for each in lines]
        added = (await self.data(self.buyer, ADD, lines=given))["addToCart"]
        assert added["errors"] == [], added["errors"]


def moment_of(case: Case) -> datetime:
    """The day of the cases; an earlier one where a line's prices are of it."""
    first = min(DAY, *(line.ships_on for line in case.lines))
    return NOW - timedelta(days=(DAY - first).days)


def at_place(database: Database, case: Case, place: Place) -> StoredCase:
    return StoredCase(database, engine_over(database, moment_of(case)), case, place)


async def store_cases(database: Database, cases: Sequence[Case]) -> dict[str, Place]:
    """
    Stores cases, their rules through their models; what was consumed before is ordered before.

    Returns:
        By the case's id, where it is.
    """
    assert len({case.id for case in cases}) == len(cases)
    async with database.job() as session:
        for currency in {"EUR", *(each for case in cases for each in (case.currency, *case.rates))}:
            await make.make_currency(session, currency)
        unit = await make.make_unit(session, "EA", decimals=3)
        await make.make_unit(session, "BOX")
        seller = await make.make_seller(session)
        rep = await make.make_rep(session, seller, role=Role.SALES_MANAGER, password=None)
        customer = await make.make_customer(session, seller, rep=rep)
        user = await make.make_user(session, seller, customer=customer, password=None)
        await make.make_product(session, seller, cost="1", stock=STOCK, unit=unit, pack_size=Decimal("0.5"))
    manager, buyer = await make.viewer_of(database, rep), await make.viewer_of(database, user)
    async with database.job() as session:
        pattern = await _Pattern.read(session, Place(seller.id, customer.id, buyer, manager))
        rows = _Rows()
        places = {case.id: _store(rows, pattern, number, case) for number, case in enumerate(cases)}
        await rows.write(session)
    for case in cases:
        await _consume_before(at_place(database, case, places[case.id]))
    return places


async def _consume_before(stored: StoredCase) -> None:
    for each in stored.case.commitments:
        if each.released:
            await stored.enter([Asked(each.product, str(each.released))])
            placed = await stored.place(stored.buyer, await stored.cart(stored.buyer))
            assert placed["errors"] == []


class _Rows:
    """Rows to be written, each table's at once and after those that they point to."""

    def __init__(self) -> None:
        self._plain: dict[str, list[dict[str, Any]]] = {}
        self._rows: dict[str, list[Base]] = {}

    def add(self, *rows: Base) -> None:
        for row in rows:
            self._rows.setdefault(row.__tablename__, []).append(row)

    def add_plain(self, table: str, values: dict[str, Any]) -> None:
        self._plain.setdefault(table, []).append(values)

    async def write(self, session: AsyncSession) -> None:
        for table in Base.metadata.sorted_tables:
            if plain := self._plain.get(table.name):
                await session.execute(insert(table), plain)
            session.add_all(self._rows.get(table.name, ()))
            await session.flush()


@dataclass
class _Pattern:
    """A seller made by the factories, with all its rows by table: the others are copies of it."""

    place: Place
    rows: dict[str, list[dict[str, Any]]]

    @classmethod
    async def read(cls, session: AsyncSession, place: Place) -> "_Pattern":
        rows = {}
        for table in Base.metadata.sorted_tables:
            columns = [each for each in table.c if each.computed is None and each.identity is None]
            if table.name not in (*_SHARED, *_OF_SESSIONS):
                found = await session.execute(select(*columns))
                rows[table.name] = [dict(row) for row in found.mappings()]
        return cls(place, rows)

    def copy(
        self,
        rows: _Rows,
        tables: Collection[str],
        ids: dict[UUID, UUID],
        changes: Mapping[str, Mapping[str, Any]],
    ) -> None:
        """Adds a copy of what is in the tables; `ids` says what became of an id, and learns the new ones; a function changes a value."""
        given = [(table, row) for table in tables for row in self.rows[table]]
        ids |= {row["id"]: new_id() for _, row in given if "id" in row}
        for table, row in given:
            copied = {
                name: ids.get(value, value) if isinstance(value, UUID) else value
                for name, value in row.items()
            }
            for name, change in changes.get(table, {}).items():
                copied[name] = change(row[name]) if callable(change) else change
            rows.add_plain(table, copied)

    def viewer(self, viewer: Viewer, ids: Mapping[UUID, UUID]) -> Viewer:
        """Who is to a copy what the viewer is to the pattern."""
        return replace(
            viewer,
            user_id=ids[viewer.user_id],
            seller_id=ids[viewer.seller_id],
            customer_id=None if viewer.customer_id is None else ids[viewer.customer_id],
            customer_ids=tuple(ids[each] for each in viewer.customer_ids),
            sales_rep_ids=tuple(ids[each] for each in viewer.sales_rep_ids),
        )


def _store(rows: _Rows, pattern: _Pattern, number: int, case: Case) -> Place:
    ids: dict[UUID, UUID] = {}
    currency = {"currency": case.currency}
    pattern.copy(
        rows,
        [table for table in pattern.rows if table not in _OF_PRODUCTS],
        ids,
        {
            "seller": {"code": f"CASE-{number}", "line_multiline_mode": case.mode} | currency,
            "app_user": {"email": lambda email: f"{number}-{email}"},
            "customer": currency,
            "credit_account": currency,
            "tax_rate": {"percent": Decimal(case.tax_percent)},
        },
    )
    place = Place(
        ids[pattern.place.seller_id],
        ids[pattern.place.customer_id],
        pattern.viewer(pattern.place.buyer, ids),
        pattern.viewer(pattern.place.manager, ids),
    )
    rows.add(*(
        ExchangeRate(seller_id=place.seller_id, currency=code, valid_from=make.DAY, rate=Decimal(rate))
        for code, rate in case.rates.items()
    ))  # fmt: skip
    rows.add(*(
        CustomerPricingGroup(
            customer_id=place.customer_id, relation=relation, group_code=code, priority=priority
        )
        for relation, groups in case.trade_groups.items()
        for code, priority in groups.items()
    ))  # fmt: skip
    store = _Store(rows, place)
    store.products(pattern, ids, case)
    store.trade_rows(case.rows)
    store.agreements(case.commitments)
    store.discounts(case)
    store.free_goods(case)
    return place


@dataclass
class _Store:
    """Where the rules of a case go; keys of products become their ids."""

    rows: _Rows
    place: Place
    categories: dict[str, UUID] = field(default_factory=dict)

    def product_id(self, key: str) -> UUID | None:
        return self.place.products[key] if key else None

    def category_id(self, path: str) -> UUID | None:
        """Of the category at "/food/oil/"; made, with those above it, when it is first asked for."""
        if path == "/":
            return None
        if path not in self.categories:
            above, _, code = path.strip("/").rpartition("/")
            row = ProductCategory(
                id=new_id(), seller_id=self.place.seller_id, code=code, name=code, path=path,
                parent_id=self.category_id(f"/{above}/") if above else None,
            )  # fmt: skip
            self.rows.add(row)
            self.categories[path] = row.id
        return self.categories[path]

    def products(self, pattern: _Pattern, ids: Mapping[UUID, UUID], case: Case) -> None:
        for each in [*case.products, ANOTHER]:
            own = dict(ids)
            category = self.category_id(each.category_path)
            tables = [
                table
                for table in _OF_PRODUCTS
                if not (table == "list_price" and each.price is None)
                and not (table == "standard_cost" and each.unit_cost is None)
            ]
            product = {"sku": each.sku, "sku_key": item_key(each.sku), "name": each.sku, "brand": each.brand}
            price = {"unit_price": Decimal(each.price or 0), "price_unit": Decimal(each.price_unit)}
            pattern.copy(rows := self.rows, tables, own, {
                "product": product if category is None else product | {"category_id": category},
                "list_price": price | {"currency": case.currency},
                "standard_cost": {"unit_cost": Decimal(each.unit_cost or 0)},
            })  # fmt: skip
            key = self.place.products[each.sku] = own[pattern.rows["product"][0]["id"]]
            if each.line_group or each.multiline_group:
                rows.add(ProductPricing(
                    product_id=key, line_discount_group=each.line_group,
                    multiline_discount_group=each.multiline_group,
                ))  # fmt: skip
            if each.boxes is not None:
                rows.add(ProductUnit(product_id=key, unit_code="BOX", factor=Decimal(each.boxes)))

    def trade_rows(self, given: Sequence[TradeRow]) -> None:
        """One journal, posted."""
        if not given:
            return
        author = self.place.manager.user_id
        journal = TradeAgreementJournal(
            id=new_id(), seller_id=self.place.seller_id, number="TA-1", description="", status=TradeJournalStatus.POSTED,
            row_count=len(given), created_at=make.MOMENT, created_by_id=author, posted_at=make.MOMENT,
            posted_by_id=author,
        )  # fmt: skip
        self.rows.add(journal)
        for position, row in enumerate(given, start=1):
            assert row.customer_scope is not Scope.ONE or row.customer == price_case.CUSTOMER
            self.rows.add(TradeAgreementRow(
                seller_id=self.place.seller_id, journal_id=journal.id, position=position, is_posted=True,
                customer_id=self.place.customer_id if row.customer_scope is Scope.ONE else None,
                customer_group=row.customer if row.customer_scope is Scope.GROUP else None,
                product_id=self.product_id(row.item) if row.item_scope is Scope.ONE else None,
                item_group=row.item if row.item_scope is Scope.GROUP else None,
                **{name: getattr(row, name) for name in _OF_TRADE_ROWS},
            ))  # fmt: skip

    def agreements(self, commitments: Sequence[Commitment]) -> None:
        """One agreement of all commitments, in force, as both sides confirmed it."""
        if not commitments:
            return
        first, lines = commitments[0], [self._terms_of(*each) for each in enumerate(commitments, start=1)]
        days = min(each.valid_from for each in commitments), max(each.valid_until for each in commitments)
        content = AgreementTerms(
            "Acuerdo", first.currency, first.pricing, *days, lines=tuple(lines)
        ).to_json()
        author, now = self.place.manager, make.MOMENT
        key, customer_id = new_id(), self.place.customer_id
        written = {"created_at": now, "created_by_id": author.user_id, "created_by_name": author.name}
        self.rows.add(
            SalesAgreement(
                id=key, seller_id=self.place.seller_id, number=first.number, customer_id=customer_id,
                status=AgreementStatus.EFFECTIVE, title="Acuerdo", currency=first.currency, pricing=first.pricing,
                valid_from=days[0], valid_until=days[1], proposed_at=now, **written,
            ),
            AgreementVersion(
                agreement_id=key, customer_id=customer_id, number=1, status=VersionStatus.IN_FORCE, content=content,
                content_hash=hash_of_terms(content), confirmed_at=now, confirmed_by_id=author.user_id,
                confirmed_by_name=author.name, accepted_at=now, accepted_by_id=self.place.buyer.user_id,
                accepted_by_name=self.place.buyer.name, **written,
            ),
        )  # fmt: skip
        for each, line in zip(commitments, lines, strict=True):
            row = AgreementLine(
                id=new_id(), agreement_id=key, customer_id=customer_id, product_id=self.product_id(each.product),
                category_id=UUID(line.category) if line.category else None, unit_code=line.unit_code or None,
                **{name: getattr(line, name) for name in _OF_AGREEMENT_LINES},
            )  # fmt: skip
            self.rows.add(row)
            self.place.commitments[each.id] = row.id

    def _terms_of(self, number: int, each: Commitment) -> AgreementLineTerms:
        category = self.category_id(each.category_path) if each.category_path else None
        return AgreementLineTerms(
            number, each.type, each.committed, str(self.product_id(each.product) or ""), each.product,
            str(category or ""), each.category_path, each.label, each.unit_code, each.unit_price, each.price_unit,
            each.discount_percent, each.cash_discount_amount, each.valid_from, each.valid_until, each.max_enforced,
            each.is_price_fixed, each.min_release, each.max_release,
            stackable_with_promotions=each.stackable_with_promotions,
            include_in_total_discount=each.include_in_total_discount, exclude_from_rebate=each.exclude_from_rebate,
        )  # fmt: skip

    def discounts(self, case: Case) -> None:
        groups = {}
        for each in case.groups:
            groups[each.code] = StoredDiscountGroup(
                id=new_id(), seller_id=self.place.seller_id, code=each.code, name=each.code, sequence=each.sequence,
                stacking=each.stacking, suppresses=sorted(each.suppresses), competes_with=each.competes_with,
                created_at=make.MOMENT,
            )  # fmt: skip
        self.rows.add(*groups.values())
        for number, rule in enumerate(case.rules):
            assert rule.remaining is None and rule.remaining_for_customer is None
            made = make.MOMENT + timedelta(seconds=number)
            self.rows.add(StoredDiscountRule(
                seller_id=self.place.seller_id, group_id=groups[rule.group].id, code=rule.id, name=rule.name, phase=rule.phase,
                priority=rule.priority, concurrency=rule.concurrency, is_active=True, valid_from=rule.valid_from,
                valid_until=rule.valid_until, currency=rule.currency or None,
                conditions=conditions_to_json([self._with_ids(each) for each in rule.conditions]),
                benefit=benefit_to_json(rule.benefit), coupon=rule.coupon, coupon_key=rule.coupon,
                stops_further=rule.stops_further, amount_max=rule.most_amount, quantity_max=rule.most_quantity,
                created_at=made, updated_at=made,
            ))  # fmt: skip

    def _with_ids(self, condition: Condition) -> Condition:
        """The condition over ids of products in the place of their keys."""
        if isinstance(condition, ProductIs):
            return replace(
                condition, values=frozenset(str(self.product_id(each)) for each in condition.values)
            )
        if isinstance(condition, MixAndMatch):
            pairs = tuple((str(self.product_id(each)), least) for each, least in condition.mandatory)
            return replace(condition, mandatory=pairs)
        return condition

    def free_goods(self, case: Case) -> None:
        for each in case.free_goods:
            assert not (
                each.customer or each.customer_group or each.segment or each.category_path or each.offer_of
            )
            self.rows.add(StoredFreeGoodsRule(
                seller_id=self.place.seller_id, name=each.name, name_sort=each.name, priority=each.priority,
                product_id=self.product_id(each.product), minimum_quantity=each.minimum_quantity,
                per_quantity=each.per_quantity, free_quantity=each.free_quantity, kind=each.kind,
                calculation=each.calculation, rounding=each.rounding, free_product_id=self.product_id(each.free_product),
                is_only_once=each.only_once, is_optional=each.is_optional, is_chargeable=each.is_chargeable,
                max_per_order=each.max_per_order, out_of_stock=each.out_of_stock,
                valid_from=each.valid_from or make.DAY, valid_until=each.valid_until, created_at=make.MOMENT,
            ))  # fmt: skip
