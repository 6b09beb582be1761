"""The worked cases of `tests/rules/price_case.py`, stored: each with a seller of its own, whose rules are no other's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Database
from auth.permissions import Role, Viewer
from models.base import new_id
from models.customers import Customer
from models.discounts import StoredDiscountGroup, StoredDiscountRule
from models.free_goods import StoredFreeGoodsRule
from models.products import Product, ProductUnit
from models.sales_agreements import AgreementLine, AgreementVersion, SalesAgreement
from models.sellers import ExchangeRate, Seller
from models.trade_agreements import CustomerPricingGroup, ProductPricing
from models.users import User
from rules.discounts_conditions import Condition, MixAndMatch, ProductIs
from rules.discounts_stored import benefit_to_json, conditions_to_json
from rules.pricing_facts import Scope, TradeRow
from rules.sales_agreement_terms import AgreementLineTerms, AgreementTerms, VersionStatus, hash_of_terms
from rules.sales_agreements import AgreementStatus, Commitment
from tests import factories as make
from tests.rules import price_case
from tests.rules.price_case import DAY, Asked, Case
from tests.schema.shop import ADD, NOW, Counter, engine_over

# What the perturbed cases add a line of; every seller has it.
ANOTHER = price_case.Product("ZZ", "7.77", price_unit="3", brand="A", multiline_group="M")
STOCK = 100_000


@dataclass
class StoredCase(Counter):
    """
    A case, and who buys and sells there.

    Args:
        commitments: the ids of agreement lines by the keys of the case's commitments.
    """

    case: Case
    customer: Customer
    buyer: Viewer
    manager: Viewer
    commitments: Mapping[str, UUID]

    @property
    def today(self) -> date:
        return _moment_of(self.case).date()

    def line(self, asked: Asked) -> dict[str, Any]:
        """A line as the API takes it; what ships today is asked for no day."""
        day = asked.ships_on.isoformat() if asked.ships_on > self.today else None
        return {"sku": asked.sku, "quantity": asked.quantity, "requestedOn": day}

    async def enter(self, lines: Sequence[Asked]) -> None:
        """Puts lines into the buyer's cart."""
        given = [self.line(each) for each in lines]
        added = (await self.data(self.buyer, ADD, lines=given))["addToCart"]
        assert added["errors"] == [], added["errors"]


def _moment_of(case: Case) -> datetime:
    """The day of the cases; an earlier one where a line's prices are of it."""
    first = min(DAY, *(line.ships_on for line in case.lines))
    return NOW - timedelta(days=(DAY - first).days)


async def store_case(database: Database, case: Case, **of_seller: Any) -> StoredCase:
    """
    Stores a case, its rules through their models; what was consumed before is ordered before.

    Args:
        of_seller: settings of the seller besides those that the case tells.
    """
    async with database.job() as session:
        for currency in {case.currency, "EUR", *case.rates}:
            await make.make_currency(session, currency)
        seller = await make.make_seller(
            session, currency=case.currency, line_multiline_mode=case.mode, **of_seller
        )
        session.add_all(
            ExchangeRate(seller_id=seller.id, currency=currency, valid_from=make.DAY, rate=Decimal(rate))
            for currency, rate in case.rates.items()
        )
        manager = await make.make_rep(session, seller, role=Role.SALES_MANAGER)
        customer = await make.make_customer(session, seller, rep=manager, currency=case.currency)
        buyer = await make.make_user(session, seller, customer=customer)
        session.add_all(
            CustomerPricingGroup(
                customer_id=customer.id, relation=relation, group_code=code, priority=priority
            )
            for relation, groups in case.trade_groups.items()
            for code, priority in groups.items()
        )
        products = await _products(session, seller, case)
        store = _Store(session, seller, manager, customer, products)
        if case.rows:
            rows = [store.trade_row(row) for row in case.rows]
            await make.make_trade_rows(session, seller, manager, *rows)
        commitments = await store.agreements(case.commitments)
        await store.discounts(case)
        store.free_goods(case)
    stored = StoredCase(
        database,
        engine_over(database, _moment_of(case)),
        case,
        customer,
        await make.viewer_of(database, buyer),
        await make.viewer_of(database, manager),
        commitments,
    )
    for each in case.commitments:
        if each.released:
            await stored.enter([Asked(each.product, str(each.released))])
            placed = await stored.place(stored.buyer, await stored.cart(stored.buyer))
            assert placed["errors"] == []
    return stored


async def _products(session: AsyncSession, seller: Seller, case: Case) -> dict[str, Product]:
    unit = await make.make_unit(session, "EA", decimals=3)
    await make.make_unit(session, "BOX")
    made = {}
    for each in [*case.products, ANOTHER]:
        category = None
        for code in each.category_path.strip("/").split("/"):
            if code:
                category = await make.make_category(session, seller, code, category)
        product = await make.make_product(
            session, seller, price=None, stock=STOCK, cost=each.unit_cost, unit=unit, category=category,
            tax=await make.make_tax_category(session, seller, percent=case.tax_percent), sku=each.sku, name=each.sku,
            brand=each.brand, pack_size=Decimal("0.5"),
        )  # fmt: skip
        if each.price is not None:
            await make.make_price(
                session, product, each.price, currency=case.currency, price_unit=Decimal(each.price_unit)
            )
        if each.line_group or each.multiline_group:
            session.add(ProductPricing(
                product_id=product.id, line_discount_group=each.line_group,
                multiline_discount_group=each.multiline_group,
            ))  # fmt: skip
        if each.boxes is not None:
            session.add(ProductUnit(product_id=product.id, unit_code="BOX", factor=Decimal(each.boxes)))
        made[each.sku] = product
    return made


@dataclass
class _Store:
    """Where the rules of a case go; keys of products become their ids."""

    session: AsyncSession
    seller: Seller
    author: User
    customer: Customer
    products: Mapping[str, Product]

    def product_id(self, key: str) -> UUID | None:
        return self.products[key].id if key else None

    def trade_row(self, row: TradeRow) -> dict[str, Any]:
        """As `make_trade_rows` takes it."""
        names = (
            "relation", "currency", "unit_code", "from_quantity", "to_quantity", "valid_from", "valid_until",
            "find_next", "unit_price", "price_unit", "amount", "percent1", "percent2", "percent_base",
            "is_generic_currency",
        )  # fmt: skip
        values: dict[str, Any] = {name: getattr(row, name) for name in names}
        if row.customer_scope is Scope.ONE:
            assert row.customer == price_case.CUSTOMER
            values["customer"] = self.customer
        elif row.customer_scope is Scope.GROUP:
            values["customer_group"] = row.customer
        if row.item_scope is Scope.ONE:
            values["product"] = self.products[row.item]
        elif row.item_scope is Scope.GROUP:
            values["item_group"] = row.item
        return values

    async def agreements(self, commitments: Sequence[Commitment]) -> dict[str, UUID]:
        """One agreement of all commitments, in force, as both sides confirmed it."""
        if not commitments:
            return {}
        first = commitments[0]
        terms = AgreementTerms(
            "Acuerdo", first.currency, first.pricing, min(each.valid_from for each in commitments),
            max(each.valid_until for each in commitments),
            lines=tuple([await self._terms_of(number, each) for number, each in enumerate(commitments, start=1)]),
        )  # fmt: skip
        agreement = SalesAgreement(
            seller_id=self.seller.id, number=first.number, customer_id=self.customer.id,
            status=AgreementStatus.EFFECTIVE, title=terms.title, currency=terms.currency, pricing=terms.pricing,
            valid_from=terms.valid_from, valid_until=terms.valid_until, created_at=make.MOMENT,
            created_by_id=self.author.id, created_by_name=self.author.name, proposed_at=make.MOMENT,
        )  # fmt: skip
        await make.add(self.session, agreement)
        content = terms.to_json()
        version = AgreementVersion(
            agreement_id=agreement.id, customer_id=self.customer.id, number=1, status=VersionStatus.IN_FORCE,
            content=content, content_hash=hash_of_terms(content), created_at=make.MOMENT,
            created_by_id=self.author.id, created_by_name=self.author.name, confirmed_at=make.MOMENT,
            confirmed_by_id=self.author.id, confirmed_by_name=self.author.name, accepted_at=make.MOMENT,
            accepted_by_id=self.author.id, accepted_by_name=self.author.name,
        )  # fmt: skip
        self.session.add(version)
        found = {}
        for each, line in zip(commitments, terms.lines, strict=True):
            found[each.id] = new_id()
            self.session.add(AgreementLine(
                id=found[each.id], agreement_id=agreement.id, customer_id=self.customer.id, number=line.number,
                type=line.type, product_id=self.product_id(each.product),
                category_id=UUID(line.category) if line.category else None, name=line.name,
                unit_code=line.unit_code or None, committed=line.committed, unit_price=line.unit_price,
                price_unit=line.price_unit, discount_percent=line.discount_percent,
                cash_discount_amount=line.cash_discount_amount, valid_from=each.valid_from,
                valid_until=each.valid_until, max_enforced=line.max_enforced, is_price_fixed=line.is_price_fixed,
                min_release=line.min_release, max_release=line.max_release,
                stackable_with_promotions=line.stackable_with_promotions,
                include_in_total_discount=line.include_in_total_discount,
                exclude_from_rebate=line.exclude_from_rebate,
            ))  # fmt: skip
        return found

    async def _terms_of(self, number: int, each: Commitment) -> AgreementLineTerms:
        category = ""
        if each.category_path:
            code = each.category_path.strip("/").rpartition("/")[2]
            category = str((await make.make_category(self.session, self.seller, code)).id)
        return AgreementLineTerms(
            number, each.type, each.committed, str(self.product_id(each.product) or ""), each.product, category,
            each.category_path, each.label, each.unit_code, each.unit_price, each.price_unit, each.discount_percent,
            each.cash_discount_amount, each.valid_from, each.valid_until, each.max_enforced, each.is_price_fixed,
            each.min_release, each.max_release, stackable_with_promotions=each.stackable_with_promotions,
            include_in_total_discount=each.include_in_total_discount, exclude_from_rebate=each.exclude_from_rebate,
        )  # fmt: skip

    async def discounts(self, case: Case) -> None:
        groups = {}
        for each in case.groups:
            groups[each.code] = StoredDiscountGroup(
                seller_id=self.seller.id, code=each.code, name=each.code, sequence=each.sequence,
                stacking=each.stacking, suppresses=sorted(each.suppresses), competes_with=each.competes_with,
                created_at=make.MOMENT,
            )  # fmt: skip
        self.session.add_all(groups.values())
        await self.session.flush()
        for number, rule in enumerate(case.rules):
            assert rule.remaining is None and rule.remaining_for_customer is None
            made = make.MOMENT + timedelta(seconds=number)
            self.session.add(StoredDiscountRule(
                seller_id=self.seller.id, group_id=groups[rule.group].id, code=rule.id, name=rule.name, phase=rule.phase,
                priority=rule.priority, concurrency=rule.concurrency, is_active=True, valid_from=rule.valid_from,
                valid_until=rule.valid_until, currency=rule.currency or None,
                conditions=conditions_to_json([self._with_ids(each) for each in rule.conditions]),
                benefit=benefit_to_json(rule.benefit), coupon=rule.coupon, coupon_key=rule.coupon,
                stops_further=rule.stops_further, amount_max=rule.most_amount, quantity_max=rule.most_quantity,
                created_at=made, updated_at=made,
            ))  # fmt: skip
        await self.session.flush()

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
            self.session.add(StoredFreeGoodsRule(
                seller_id=self.seller.id, name=each.name, name_sort=each.name, priority=each.priority,
                product_id=self.product_id(each.product), minimum_quantity=each.minimum_quantity,
                per_quantity=each.per_quantity, free_quantity=each.free_quantity, kind=each.kind,
                calculation=each.calculation, rounding=each.rounding, free_product_id=self.product_id(each.free_product),
                is_only_once=each.only_once, is_optional=each.is_optional, is_chargeable=each.is_chargeable,
                max_per_order=each.max_per_order, out_of_stock=each.out_of_stock,
                valid_from=each.valid_from or make.DAY, valid_until=each.valid_until, created_at=make.MOMENT,
            ))  # fmt: skip
