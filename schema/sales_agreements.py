"""Sales agreements: what was agreed with whom, what was bought of it, and what the viewer may do."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from models.sales_agreements import SalesAgreement as Table
from models.sales_agreements_reads import AgreementLineRow, AgreementRow, ConsumptionRow, VersionRow
from resolvers import sales_agreements
from resolvers.context import Context
from resolvers.customers import customers_by_id
from resolvers.messages import translate
from resolvers.paging import PageArgs, SortKey
from resolvers.products import categories_by_id, products_by_id
from resolvers.sales_agreements import SHARED_MAX
from rules import sales_agreement_terms as terms_of
from rules.sales_agreement_terms import AgreementAction, VersionStatus
from rules.sales_agreements import AgreementPricing, AgreementStatus, CommitmentType
from rules.sales_agreements_ledger import status_on
from schema.access import access, list_size
from schema.connections import After, Before, Connection, First, Last, connection
from schema.customers import Customer
from schema.filters import BooleanFilter, DateFilter, IDFilter, StringFilter, one_key_of, where_of
from schema.ids import Node, encode_id, node_loader, try_decode_id
from schema.products import Product, ProductCategory
from schema.rows import fill
from schema.sales_agreements_enums import AgreementStatusFilter
from schema.scalars import CurrencyCode, Money

if TYPE_CHECKING:
    from schema.orders import Order

Info = strawberry.Info[Context, None]
READ = [access(P.AGREEMENTS_READ)]

_OF_UNIT = "A quantity in `unit`, or an amount in the agreement's currency where `unit` is null."


def _last_day(valid_until: date) -> date:
    return valid_until - timedelta(days=1)


@strawberry.type(description="A line of a version of an agreement's terms.", directives=READ)
class AgreementTermsLine:
    number: int = strawberry.field(description="Its number, which it keeps from version to version.")
    type: CommitmentType = strawberry.field(description="What it commits to.")
    sku: str = strawberry.field(description="The product's number; empty where it is not of a product.")
    name: str = strawberry.field(description="The product or category; empty for anything.")
    committed: Decimal = strawberry.field(description=_OF_UNIT)
    price_unit: Decimal = strawberry.field(description="How many units the price is of.")
    discount_percent: Decimal = strawberry.field(
        description="Off the price, in place of other line discounts."
    )
    max_enforced: bool = strawberry.field(description="Whether no more than this can be ordered under it.")
    is_price_fixed: bool = strawberry.field(
        description="Whether another price set by hand takes an order line out of the agreement."
    )
    stackable_with_promotions: bool = strawberry.field(description="Whether promotions come on top.")
    include_in_total_discount: bool = strawberry.field(
        description="Whether the discount on the whole order comes on top."
    )
    exclude_from_rebate: bool = strawberry.field(description="Whether it does not count for rebates.")
    penalty_percent: Decimal = strawberry.field(description="Of what is missing at the end; 0 for none.")
    line: strawberry.Private[terms_of.AgreementLineTerms]
    terms: strawberry.Private[terms_of.AgreementTerms]

    @strawberry.field(description="The code of the unit; null where it commits to an amount.")
    def unit(self) -> str | None:
        return self.line.unit_code or None

    @strawberry.field(description="The code of the category; empty where it is not of a category.")
    def category_code(self) -> str:
        return self.line.category_path.rstrip("/").rpartition("/")[2]

    @strawberry.field(description="The price of `priceUnit` units; null where other prices hold.")
    def unit_price(self) -> Money | None:
        price = self.line.unit_price
        return None if price is None else Money.of(price, self.terms.currency)

    @strawberry.field(description="Off the price of each unit, before the percent.")
    def cash_discount(self) -> Money:
        return Money.of(self.line.cash_discount_amount, self.terms.currency)

    @strawberry.field(description="The least that a line of an order should come to; null for none.")
    def min_release(self) -> Money | None:
        return _money(self.line.min_release, self.terms.currency)

    @strawberry.field(description="The most that a line of an order should come to; null for none.")
    def max_release(self) -> Money | None:
        return _money(self.line.max_release, self.terms.currency)

    @strawberry.field(description="Its first day.")
    def valid_from(self) -> date:
        return self.line.valid_from or self.terms.valid_from

    @strawberry.field(description="Its last day.")
    def valid_to(self) -> date:
        return _last_day(self.line.valid_until or self.terms.valid_until)


def _money(amount: Decimal | None, currency: str) -> Money | None:
    return None if amount is None else Money.of(amount, currency)


@strawberry.type(description="What an agreement says, as one version has it.", directives=READ)
class AgreementTerms:
    title: str = strawberry.field(description="What it is called.")
    currency: CurrencyCode = strawberry.field(description="The currency of its prices and amounts.")
    pricing: AgreementPricing = strawberry.field(description="How its prices stand to other prices.")
    valid_from: date = strawberry.field(description="Its first day.")
    valid_to: date = strawberry.field(description="Its last day.")
    payment_term_code: str = strawberry.field(description="The terms of payment; empty for the customer's.")
    delivery_term_code: str = strawberry.field(description="The terms of delivery; empty for the customer's.")
    delivery_address: str = strawberry.field(description="Where goods go; empty for the order's address.")
    conditions: str = strawberry.field(description="What else was agreed; may be empty.")
    lines: list[AgreementTermsLine] = strawberry.field(
        description="Its lines, by number.", directives=[list_size(terms_of.LINES_MAX)]
    )

    @classmethod
    def of(cls, kept: dict[str, Any]) -> "AgreementTerms":
        terms = terms_of.AgreementTerms.from_json(kept)
        ordered = sorted(terms.lines, key=lambda line: line.number)
        return fill(
            cls,
            terms,
            valid_to=_last_day(terms.valid_until),
            payment_term_code=terms.payment_term,
            delivery_term_code=terms.delivery_term,
            lines=[fill(AgreementTermsLine, line, line=line, terms=terms) for line in ordered],
        )


@strawberry.type(
    description="A version of an agreement's terms, with who confirmed it; after that it never changes.",
    directives=READ,
)
class AgreementVersion:
    number: int = strawberry.field(description="1 for the first.")
    status: VersionStatus = strawberry.field(description="What became of it.")
    confirmed_at: datetime | None = strawberry.field(description="When the seller confirmed it.")
    confirmed_by_name: str = strawberry.field(description="Who did; empty until then.")
    accepted_at: datetime | None = strawberry.field(description="When the customer accepted it.")
    accepted_by_name: str = strawberry.field(
        description="Who did; empty until then.", directives=[access(P.AGREEMENTS_ACCEPT, P.STAFF)]
    )
    answer_reason: str = strawberry.field(description="Why it was declined or withdrawn; empty otherwise.")
    row: strawberry.Private[VersionRow]

    @classmethod
    def of(cls, row: VersionRow) -> "AgreementVersion":
        return fill(cls, row, row=row)

    @strawberry.field(
        description="SHA-256 of what was confirmed, in hexadecimal; null while it is being written."
    )
    def content_hash(self) -> str | None:
        return None if self.row.content_hash is None else self.row.content_hash.hex()

    @strawberry.field(description="What it says.")
    def terms(self) -> AgreementTerms:
        return AgreementTerms.of(self.row.content)


@strawberry.type(
    description="A booking: what an event changed in what an order consumes of a line.", directives=READ
)
class AgreementConsumption:
    booked_at: datetime = strawberry.field(description="When.")
    event: str = strawberry.field(description='What happened, as "delivery.shipped".')
    released: Decimal = strawberry.field(description="The change of what was ordered.")
    delivered: Decimal = strawberry.field(description="The change of what was delivered.")
    invoiced: Decimal = strawberry.field(description="The change of what was invoiced.")
    returned: Decimal = strawberry.field(description="The change of what came back.")
    row: strawberry.Private[ConsumptionRow]

    @classmethod
    def of(cls, row: ConsumptionRow) -> "AgreementConsumption":
        return fill(cls, row, row=row)

    @strawberry.field(
        description="The order; null where you may not see it.", directives=[access(P.ORDERS_READ)]
    )
    async def order(self, info: Info) -> Annotated["Order", strawberry.lazy("schema.orders")] | None:
        from resolvers.orders import orders_by_id
        from schema.orders import Order

        row = await info.context.load(orders_by_id, self.row.order_id)
        return None if row is None else Order.of(row)


@strawberry.type(
    description="A commitment in force, and what was bought of it. Its columns are cumulative.",
    directives=READ,
)
class AgreementLine(Node):
    number: int = strawberry.field(description="Its number, which it keeps from version to version.")
    type: CommitmentType = strawberry.field(description="What it commits to.")
    name: str = strawberry.field(description="The product or category; empty for anything.")
    price_unit: Decimal = strawberry.field(description="How many units the price is of.")
    discount_percent: Decimal = strawberry.field(
        description="Off the price, in place of other line discounts."
    )
    max_enforced: bool = strawberry.field(description="Whether no more than this can be ordered under it.")
    is_price_fixed: bool = strawberry.field(
        description="Whether another price set by hand takes an order line out of the agreement."
    )
    valid_from: date = strawberry.field(description="Its first day.")
    valid_to: date = strawberry.field(description="Its last day.")
    unit: str | None = strawberry.field(
        description="The code of the unit; null where it commits to an amount."
    )
    unit_price: Money | None = strawberry.field(
        description="The price of `priceUnit` units; null where other prices hold."
    )
    committed: Decimal = strawberry.field(description=f"What was agreed. {_OF_UNIT}")
    released: Decimal = strawberry.field(
        description=f"What was ordered, less cancelled and returned. {_OF_UNIT}"
    )
    delivered: Decimal = strawberry.field(description=f"What was delivered, less returned. {_OF_UNIT}")
    invoiced: Decimal = strawberry.field(description=f"What was invoiced, less credited. {_OF_UNIT}")
    returned: Decimal = strawberry.field(description=f"What came back. {_OF_UNIT}")
    remaining: Decimal = strawberry.field(description=f"What may still be ordered. {_OF_UNIT}")
    overfulfilled: Decimal = strawberry.field(description=f"What was ordered beyond. {_OF_UNIT}")
    row: strawberry.Private[AgreementLineRow]

    @strawberry.field(
        description="What carts changed within 30 days would consume of it: held softly, for nothing is reserved, and"
        f" counted in none of the other columns. {_OF_UNIT}"
    )
    async def held(self, info: Info) -> Decimal:
        return await info.context.load(sales_agreements.held_by_line, self.row.id)

    @classmethod
    def of(cls, row: AgreementLineRow, currency: str) -> "AgreementLine":
        return fill(
            cls,
            row,
            id=encode_id("AgreementLine", row.id),
            row=row,
            valid_to=_last_day(row.valid_until),
            unit=row.unit_code,
            unit_price=_money(row.unit_price, currency),
            **_columns(row),
        )

    @strawberry.field(
        description="The product; null where it is not of one, or you cannot buy it.",
        directives=[access(P.CATALOG_READ)],
    )
    async def product(self, info: Info) -> Product | None:
        key = self.row.product_id
        row = None if key is None else await info.context.load(products_by_id, key)
        return None if row is None else Product.of(row)

    @strawberry.field(
        description="The category; null where it is not of one.", directives=[access(P.CATALOG_READ)]
    )
    async def category(self, info: Info) -> ProductCategory | None:
        key = self.row.category_id
        row = None if key is None else await info.context.load(categories_by_id, key)
        return None if row is None else ProductCategory.of(row)

    @strawberry.field(
        description="The latest bookings of orders you may see, newest first.",
        directives=[list_size(sales_agreements.CONSUMPTION_SHOWN)],
    )
    async def consumption(self, info: Info) -> list[AgreementConsumption]:
        rows = await info.context.load(sales_agreements.consumption_by_line, self.row.id)
        return [AgreementConsumption.of(row) for row in rows]


def _columns(row: AgreementLineRow) -> dict[str, Decimal]:
    found = sales_agreements.columns_of_line(row)
    names = ("committed", "released", "delivered", "invoiced", "returned", "remaining", "overfulfilled")
    return {name: getattr(found, name) for name in names}


@strawberry.type(
    description="A commitment of a company above the viewer's, under which theirs may order, with its own share of what"
    " was bought.",
    directives=READ,
)
class SharedCommitment:
    type: CommitmentType = strawberry.field(description="What it commits to.")
    pricing: AgreementPricing = strawberry.field(description="How its prices stand to other prices.")
    price_unit: Decimal = strawberry.field(description="How many units the price is of.")
    discount_percent: Decimal = strawberry.field(
        description="Off the price, in place of other line discounts."
    )
    currency: CurrencyCode = strawberry.field(description="The currency of its prices and amounts.")
    unit: str | None = strawberry.field(
        description="The code of the unit; null where it commits to an amount."
    )
    unit_price: Money | None = strawberry.field(
        description="The price of `priceUnit` units; null where other prices hold."
    )
    valid_from: date = strawberry.field(description="Its first day.")
    valid_to: date = strawberry.field(description="Its last day.")
    released: Decimal = strawberry.field(description="What the viewer's company ordered of it.")
    delivered: Decimal = strawberry.field(description="What was delivered of that.")
    invoiced: Decimal = strawberry.field(description="What was invoiced of that.")
    held: Decimal = strawberry.field(
        description="What carts of the viewer's company, changed within 30 days, would order of it; counted nowhere"
        " else."
    )
    row: strawberry.Private[sales_agreements.SharedCommitmentRow]

    @classmethod
    def of(cls, row: sales_agreements.SharedCommitmentRow) -> "SharedCommitment":
        return fill(
            cls,
            row,
            row=row,
            type=CommitmentType(row.type),
            pricing=AgreementPricing(row.pricing),
            unit=row.unit_code,
            unit_price=_money(row.unit_price, row.currency),
            valid_to=_last_day(row.valid_until),
        )

    @strawberry.field(
        description="The product; null where it is not of one, or you cannot buy it.",
        directives=[access(P.CATALOG_READ)],
    )
    async def product(self, info: Info) -> Product | None:
        key = self.row.product_id
        row = None if key is None else await info.context.load(products_by_id, key)
        return None if row is None else Product.of(row)

    @strawberry.field(
        description="The category; null where it is not of one.", directives=[access(P.CATALOG_READ)]
    )
    async def category(self, info: Info) -> ProductCategory | None:
        key = self.row.category_id
        row = None if key is None else await info.context.load(categories_by_id, key)
        return None if row is None else ProductCategory.of(row)


@strawberry.type(description="Something to know of an agreement.", directives=READ)
class AgreementNotice:
    message: str = strawberry.field(description="What, in the viewer's language.")
    line: int | None = strawberry.field(description="The number of the line; null for the whole agreement.")


@strawberry.type(
    description="A contract with a customer: products, quantities or amounts, days, prices and terms. It holds for the"
    " customer and the companies below it.",
    directives=READ,
)
class SalesAgreement(Node):
    version: int = strawberry.field(description="Rises with every change; acts need it.")
    title: str = strawberry.field(description="What it is called.")
    currency: CurrencyCode = strawberry.field(description="The currency of its prices and amounts.")
    pricing: AgreementPricing = strawberry.field(description="How its prices stand to other prices.")
    valid_from: date = strawberry.field(description="Its first day.")
    status_reason: str = strawberry.field(description="Why it was ended; empty while it was not.")
    proposed_at: datetime | None = strawberry.field(
        description="When the customer was first asked; null until then."
    )
    ended_at: datetime | None = strawberry.field(
        description="When it was closed or cancelled; null until then."
    )
    row: strawberry.Private[AgreementRow]

    @classmethod
    def of(cls, row: AgreementRow) -> "SalesAgreement":
        return fill(cls, row, id=encode_id("SalesAgreement", row.id), row=row)

    @strawberry.field(description="Its number; null in a dry run, which numbers nothing.")
    def number(self, info: Info) -> str | None:
        return None if info.context.dry_run and self.row.number.startswith("DRY-") else self.row.number

    @strawberry.field(description="Its state today.")
    def status(self, info: Info) -> AgreementStatus:
        return status_on(self.row.status, self.row.valid_until, info.context.today)

    @strawberry.field(description="Its last day.")
    def valid_to(self) -> date:
        return _last_day(self.row.valid_until)

    @strawberry.field(description="Who wrote it.", directives=[access(P.STAFF)])
    def created_by_name(self) -> str:
        return self.row.created_by_name

    @strawberry.field(description="The customer it is with.", directives=[access(P.CUSTOMERS_READ)])
    async def customer(self, info: Info) -> Customer | None:
        row = await info.context.load(customers_by_id, self.row.customer_id)
        return None if row is None else Customer.of(row)

    @strawberry.field(
        description="What is in force of it, with what was bought; nothing until both sides confirmed it.",
        directives=[list_size(terms_of.LINES_MAX)],
    )
    async def lines(self, info: Info) -> list[AgreementLine]:
        rows = await info.context.load(sales_agreements.lines_by_agreement, self.row.id)
        return [AgreementLine.of(row, self.row.currency) for row in rows]

    @strawberry.field(description="The version that both sides confirmed; null until they did.")
    async def version_in_force(self, info: Info) -> AgreementVersion | None:
        rows = await info.context.load(sales_agreements.versions_by_agreement, self.row.id)
        row = next((each for each in rows if each.status is VersionStatus.IN_FORCE), None)
        return None if row is None else AgreementVersion.of(row)

    @strawberry.field(
        description="The version that is written or proposed now; null where there is none you may see."
    )
    async def version_waiting(self, info: Info) -> AgreementVersion | None:
        row = sales_agreements.open_version(
            await info.context.load(sales_agreements.versions_by_agreement, self.row.id)
        )
        return None if row is None else AgreementVersion.of(row)

    @strawberry.field(description="Its versions, newest first.", directives=[list_size(50)])
    async def versions(self, info: Info) -> list[AgreementVersion]:
        rows = await info.context.load(sales_agreements.versions_by_agreement, self.row.id)
        return [AgreementVersion.of(row) for row in rows]

    @strawberry.field(
        description="What to know of it: that it ends soon, what is missing, what is beyond.",
        directives=[list_size(2 * terms_of.LINES_MAX)],
    )
    async def notices(self, info: Info) -> list[AgreementNotice]:
        found = await sales_agreements.notices_of(info.context, self.row)
        return [
            AgreementNotice(message=translate(each.text, each.data, info.context.locale), line=each.line)
            for each in found
        ]

    @strawberry.field(
        description="What you may do with it now; buttons are drawn from this.", directives=[list_size(8)]
    )
    async def allowed_actions(self, info: Info) -> list[AgreementAction]:
        return await sales_agreements.agreement_actions(info.context, self.row)


@strawberry.input(description="Conditions on agreements; all must hold.", directives=READ)
class SalesAgreementWhere:
    number: StringFilter | None = strawberry.field(default=None, description="On the number.")
    status: AgreementStatusFilter | None = strawberry.field(default=None, description="On the state today.")
    customer: IDFilter | None = strawberry.field(default=None, description="With one of these customers.")
    is_waiting: BooleanFilter | None = strawberry.field(
        default=None, description="Whether a proposal, of an amendment too, waits for the customer's answer."
    )
    valid_from: DateFilter | None = strawberry.field(default=None, description="On the first day.")
    valid_until: DateFilter | None = strawberry.field(default=None, description="On the day after the last.")
    and_: list["SalesAgreementWhere"] | None = strawberry.field(
        name="and", default=None, description="All of these hold."
    )
    or_: list["SalesAgreementWhere"] | None = strawberry.field(
        name="or", default=None, description="One of these holds."
    )
    not_: "SalesAgreementWhere | None" = strawberry.field(
        name="not", default=None, description="This does not hold."
    )


@strawberry.input(description="Names one agreement.", one_of=True, directives=READ)
class SalesAgreementBy:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Its global id.")
    number: str | None = strawberry.field(default=strawberry.UNSET, description="Its number.")


@strawberry.type
class SalesAgreementQueries:
    @strawberry.field(description="The agreements you may see, newest first.", directives=READ)
    async def sales_agreements(
        self,
        info: Info,
        where: Annotated[SalesAgreementWhere | None, strawberry.argument(description="Which ones.")] = None,
        search: Annotated[
            str | None, strawberry.argument(description="Part of its number, its title, or the customer.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[SalesAgreement]:
        found = where_of(where, {"customer": ("Customer",)})
        sort = [SortKey("id", Table.id, True)]
        page = await sales_agreements.agreements(
            info.context, found, search, sort, PageArgs(first, after, last, before)
        )
        return connection(page, SalesAgreement.of)

    @strawberry.field(
        description="What your company may order under agreements of the companies above it, with its own share.",
        directives=[*READ, list_size(SHARED_MAX)],
    )
    async def shared_commitments(self, info: Info) -> list[SharedCommitment]:
        rows = await sales_agreements.shared_commitments(info.context)
        return [SharedCommitment.of(row) for row in rows]

    @strawberry.field(description="One agreement; null where there is none you may see.", directives=READ)
    async def sales_agreement(
        self, info: Info, by: Annotated[SalesAgreementBy, strawberry.argument(description="Which one.")]
    ) -> SalesAgreement | None:
        kind, value = one_key_of(by)
        if kind == "id":
            key = try_decode_id(value, "SalesAgreement")
            row = None if key is None else await info.context.load(sales_agreements.agreements_by_id, key)
        else:
            row = await sales_agreements.agreement_by_number(info.context, value)
        return None if row is None else SalesAgreement.of(row)


@node_loader("SalesAgreement")
async def _agreements(ctx: Context, keys: Sequence[UUID]) -> Sequence[SalesAgreement | None]:
    rows = await sales_agreements.agreements_by_id(ctx, keys)
    return [None if row is None else SalesAgreement.of(row) for row in rows]


@node_loader("AgreementLine")
async def _lines(ctx: Context, keys: Sequence[UUID]) -> Sequence[AgreementLine | None]:
    found = await sales_agreements.lines_with_currency(ctx, keys)
    return [None if each is None else AgreementLine.of(*each) for each in found]
