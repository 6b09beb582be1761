"""What can be done with sales agreements: written and proposed by the seller, accepted or declined by the customer."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from resolvers import sales_agreements_acts as acts
from resolvers.context import Context
from resolvers.sales_agreements import agreements_by_id
from rules import sales_agreement_terms as terms_of
from rules.money import ZERO
from rules.sales_agreements import AgreementPricing, CommitmentType
from schema.access import access, key_required
from schema.ids import decode_id
from schema.payloads import Payload
from schema.sales_agreements import SalesAgreement

Info = strawberry.Info[Context, None]
_WRITE = [access(P.AGREEMENTS_MANAGE)]
_CONFIRM = [access(P.AGREEMENTS_CONFIRM)]
_ANSWER = [access(P.AGREEMENTS_ACCEPT)]


def _agreement() -> strawberry.ID:
    return strawberry.field(description="The agreement.")  # type: ignore[no-any-return]


def _version() -> int:
    return strawberry.field(description="The agreement's version you saw; a newer one is refused.")  # type: ignore[no-any-return]


def _reason() -> str:
    return strawberry.field(description="Why, 500 characters; kept and shown to both sides.")  # type: ignore[no-any-return]


@strawberry.input(description="A line of an agreement, as it shall be.", directives=_WRITE)
class SalesAgreementLineInput:
    number: int | None = strawberry.field(
        default=None, description="Its number; a line keeps it for good. The next one where nothing is said."
    )
    type: CommitmentType = strawberry.field(description="What it commits to.")
    sku: str = strawberry.field(
        default="", description="The product's number, for the two types of a product."
    )
    category_code: str = strawberry.field(default="", description="The category's code, for CATEGORY_VALUE.")
    committed: Decimal = strawberry.field(
        description="A quantity in `unit` for PRODUCT_QUANTITY, else an amount in the agreement's currency."
    )
    unit: str = strawberry.field(
        default="", description="The unit of the quantity; the product's own where nothing is said."
    )
    unit_price: Decimal | None = strawberry.field(
        default=None, description="For PRODUCT_QUANTITY alone; 0 is free, null leaves other prices."
    )
    price_unit: Decimal = strawberry.field(
        default=Decimal(1), description="How many of `unit` the price is of."
    )
    discount_percent: Decimal = strawberry.field(
        default=ZERO, description="Off the price, in place of other line discounts."
    )
    cash_discount_amount: Decimal = strawberry.field(
        default=ZERO, description="Off each unit, before the percent; for PRODUCT_QUANTITY alone."
    )
    valid_from: date | None = strawberry.field(
        default=None, description="Its first day; the agreement's where nothing is said."
    )
    valid_to: date | None = strawberry.field(
        default=None, description="Its last day; the agreement's where nothing is said."
    )
    max_enforced: bool = strawberry.field(
        default=False, description="Whether no more than this can be ordered under it."
    )
    is_price_fixed: bool = strawberry.field(
        default=False, description="Whether another price set by hand takes an order line out of it."
    )
    min_release: Decimal | None = strawberry.field(
        default=None, description="A message where a line of an order comes to less."
    )
    max_release: Decimal | None = strawberry.field(
        default=None, description="A message where a line of an order comes to more."
    )
    penalty_percent: Decimal = strawberry.field(
        default=ZERO, description="Of what is missing at the end; 0 for none."
    )
    stackable_with_promotions: bool = strawberry.field(
        default=False, description="Whether promotions come on top."
    )
    include_in_total_discount: bool = strawberry.field(
        default=True, description="Whether the discount on the whole order comes on top."
    )
    exclude_from_rebate: bool = strawberry.field(
        default=False, description="Whether it does not count for rebates."
    )

    def to_terms(self) -> terms_of.AgreementLineTerms:
        return terms_of.AgreementLineTerms(
            self.number or 0, self.type, self.committed, sku=self.sku.strip(), category=self.category_code.strip(),
            unit_code=self.unit.strip(), unit_price=self.unit_price, price_unit=self.price_unit,
            discount_percent=self.discount_percent, cash_discount_amount=self.cash_discount_amount,
            valid_from=self.valid_from, valid_until=_after(self.valid_to), max_enforced=self.max_enforced,
            is_price_fixed=self.is_price_fixed, min_release=self.min_release, max_release=self.max_release,
            penalty_percent=self.penalty_percent, stackable_with_promotions=self.stackable_with_promotions,
            include_in_total_discount=self.include_in_total_discount, exclude_from_rebate=self.exclude_from_rebate,
        )  # fmt: skip


def _after(last: date | None) -> date | None:
    """The day after; the end of the calendar is its own."""
    if last is None:
        return None
    return last if last == date.max else last + timedelta(days=1)


@strawberry.input(description="What an agreement shall say; all of it.", directives=_WRITE)
class SalesAgreementTermsInput:
    title: str = strawberry.field(description="What it is called, 200 characters.")
    currency: str = strawberry.field(description="ISO 4217; the currency of its prices and amounts.")
    pricing: AgreementPricing = strawberry.field(
        default=AgreementPricing.FIXED, description="How its prices stand to other prices."
    )
    valid_from: date = strawberry.field(description="Its first day.")
    valid_to: date = strawberry.field(description="Its last day.")
    payment_term_code: str = strawberry.field(
        default="", description="The terms of payment; the customer's where nothing is said."
    )
    delivery_term_code: str = strawberry.field(
        default="", description="The terms of delivery; the customer's where nothing is said."
    )
    delivery_address: str = strawberry.field(
        default="", description="Where goods go; the order's address where nothing is said."
    )
    conditions: str = strawberry.field(default="", description="What else is agreed, 4,000 characters.")
    lines: list[SalesAgreementLineInput] = strawberry.field(
        default_factory=list, description="Its lines, at most 100."
    )

    def to_terms(self) -> terms_of.AgreementTerms:
        until = _after(self.valid_to)
        assert until is not None, "the last day is given"
        return terms_of.AgreementTerms(
            self.title, self.currency.strip().upper(), self.pricing, self.valid_from, until,
            self.payment_term_code.strip(), self.delivery_term_code.strip(), self.delivery_address.strip(),
            self.conditions.strip(), tuple(line.to_terms() for line in self.lines),
        )  # fmt: skip


@strawberry.input(description="A new agreement with a customer.", directives=_WRITE)
class CreateSalesAgreementInput:
    customer_id: strawberry.ID = strawberry.field(
        description="The customer; it holds for those below it too."
    )
    terms: SalesAgreementTermsInput = strawberry.field(description="What it says.")


@strawberry.input(description="What a draft shall say, in place of what it said.", directives=_WRITE)
class SaveSalesAgreementDraftInput:
    agreement_id: strawberry.ID = _agreement()
    expected_version: int = _version()
    terms: SalesAgreementTermsInput = strawberry.field(description="What it says.")


@strawberry.input(description="An agreement of which a new version shall be written.", directives=_WRITE)
class AmendSalesAgreementInput:
    agreement_id: strawberry.ID = _agreement()
    expected_version: int = _version()


@strawberry.input(description="A draft to confirm and send to the customer.", directives=_CONFIRM)
class ProposeSalesAgreementInput:
    agreement_id: strawberry.ID = _agreement()
    expected_version: int = _version()


@strawberry.input(description="A proposal to take back.", directives=_CONFIRM)
class WithdrawSalesAgreementInput:
    agreement_id: strawberry.ID = _agreement()
    expected_version: int = _version()
    reason: str = _reason()


@strawberry.input(description="A proposal to accept.", directives=_ANSWER)
class AcceptSalesAgreementInput:
    agreement_id: strawberry.ID = _agreement()
    expected_version: int = _version()


@strawberry.input(description="A proposal to decline.", directives=_ANSWER)
class DeclineSalesAgreementInput:
    agreement_id: strawberry.ID = _agreement()
    expected_version: int = _version()
    reason: str = _reason()


@strawberry.input(description="An agreement to end.", directives=_CONFIRM)
class CloseSalesAgreementInput:
    agreement_id: strawberry.ID = _agreement()
    expected_version: int = _version()
    reason: str = _reason()


@strawberry.input(description="An agreement to call off.", directives=_CONFIRM)
class CancelSalesAgreementInput:
    agreement_id: strawberry.ID = _agreement()
    expected_version: int = _version()
    reason: str = _reason()


class _AgreementPayload(Payload):
    entity_type = "SalesAgreement"

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(agreements_by_id, entity_id)
        return cls(sales_agreement=None if row is None else SalesAgreement.of(row))  # type: ignore[call-arg]


def _one() -> SalesAgreement | None:
    return strawberry.field(default=None, description="The agreement; null when refused.")  # type: ignore[no-any-return]


@strawberry.type(description="Answer of createSalesAgreement.", directives=_WRITE)
class CreateSalesAgreementPayload(_AgreementPayload):
    sales_agreement: SalesAgreement | None = _one()


@strawberry.type(description="Answer of saveSalesAgreementDraft.", directives=_WRITE)
class SaveSalesAgreementDraftPayload(_AgreementPayload):
    sales_agreement: SalesAgreement | None = _one()


@strawberry.type(description="Answer of amendSalesAgreement.", directives=_WRITE)
class AmendSalesAgreementPayload(_AgreementPayload):
    sales_agreement: SalesAgreement | None = _one()


@strawberry.type(description="Answer of proposeSalesAgreement.", directives=_CONFIRM)
class ProposeSalesAgreementPayload(_AgreementPayload):
    sales_agreement: SalesAgreement | None = _one()


@strawberry.type(description="Answer of withdrawSalesAgreement.", directives=_CONFIRM)
class WithdrawSalesAgreementPayload(_AgreementPayload):
    sales_agreement: SalesAgreement | None = _one()


@strawberry.type(description="Answer of acceptSalesAgreement.", directives=_ANSWER)
class AcceptSalesAgreementPayload(_AgreementPayload):
    sales_agreement: SalesAgreement | None = _one()


@strawberry.type(description="Answer of declineSalesAgreement.", directives=_ANSWER)
class DeclineSalesAgreementPayload(_AgreementPayload):
    sales_agreement: SalesAgreement | None = _one()


@strawberry.type(description="Answer of closeSalesAgreement.", directives=_CONFIRM)
class CloseSalesAgreementPayload(_AgreementPayload):
    sales_agreement: SalesAgreement | None = _one()


@strawberry.type(description="Answer of cancelSalesAgreement.", directives=_CONFIRM)
class CancelSalesAgreementPayload(_AgreementPayload):
    sales_agreement: SalesAgreement | None = _one()


def _key(text: strawberry.ID) -> UUID:
    return decode_id(text, "SalesAgreement", path=("agreementId",))


@strawberry.type
class SalesAgreementMutations:
    @strawberry.mutation(
        description="Begins an agreement with a customer, who sees nothing of it until it is proposed.",
        directives=_WRITE,
    )
    async def create_sales_agreement(
        self,
        info: Info,
        input: Annotated[CreateSalesAgreementInput, strawberry.argument(description="The agreement.")],
    ) -> CreateSalesAgreementPayload:
        customer = decode_id(input.customer_id, "Customer", path=("customerId",))
        done = await acts.create_agreement(info.context, customer, input.terms.to_terms())
        return await CreateSalesAgreementPayload.of(info.context, done)

    @strawberry.mutation(description="Changes what a draft says.", directives=_WRITE)
    async def save_sales_agreement_draft(
        self,
        info: Info,
        input: Annotated[SaveSalesAgreementDraftInput, strawberry.argument(description="The draft.")],
    ) -> SaveSalesAgreementDraftPayload:
        done = await acts.save_draft(
            info.context, _key(input.agreement_id), input.expected_version, input.terms.to_terms()
        )
        return await SaveSalesAgreementDraftPayload.of(info.context, done)

    @strawberry.mutation(
        description="Begins a new version; the one in force holds until both sides confirmed the new one.",
        directives=_WRITE,
    )
    async def amend_sales_agreement(
        self,
        info: Info,
        input: Annotated[AmendSalesAgreementInput, strawberry.argument(description="The agreement.")],
    ) -> AmendSalesAgreementPayload:
        done = await acts.amend_agreement(info.context, _key(input.agreement_id), input.expected_version)
        return await AmendSalesAgreementPayload.of(info.context, done)

    @strawberry.mutation(
        description="Confirms a draft for the seller and asks the customer. What was confirmed never changes again.",
        directives=_CONFIRM,
    )
    async def propose_sales_agreement(
        self,
        info: Info,
        input: Annotated[ProposeSalesAgreementInput, strawberry.argument(description="The draft.")],
    ) -> ProposeSalesAgreementPayload:
        done = await acts.propose_agreement(info.context, _key(input.agreement_id), input.expected_version)
        return await ProposeSalesAgreementPayload.of(info.context, done)

    @strawberry.mutation(description="Takes back what the customer has not answered.", directives=_CONFIRM)
    async def withdraw_sales_agreement(
        self,
        info: Info,
        input: Annotated[WithdrawSalesAgreementInput, strawberry.argument(description="The proposal.")],
    ) -> WithdrawSalesAgreementPayload:
        done = await acts.withdraw_proposal(
            info.context, _key(input.agreement_id), input.expected_version, input.reason
        )
        return await WithdrawSalesAgreementPayload.of(info.context, done)

    @strawberry.mutation(
        description="Confirms a proposal for the customer: from now on it is in force.", directives=_ANSWER
    )
    async def accept_sales_agreement(
        self,
        info: Info,
        input: Annotated[AcceptSalesAgreementInput, strawberry.argument(description="The proposal.")],
    ) -> AcceptSalesAgreementPayload:
        done = await acts.accept_agreement(info.context, _key(input.agreement_id), input.expected_version)
        return await AcceptSalesAgreementPayload.of(info.context, done)

    @strawberry.mutation(
        description="Declines a proposal for the customer; what is in force stays.", directives=_ANSWER
    )
    async def decline_sales_agreement(
        self,
        info: Info,
        input: Annotated[DeclineSalesAgreementInput, strawberry.argument(description="The proposal.")],
    ) -> DeclineSalesAgreementPayload:
        done = await acts.decline_agreement(
            info.context, _key(input.agreement_id), input.expected_version, input.reason
        )
        return await DeclineSalesAgreementPayload.of(info.context, done)

    @strawberry.mutation(
        description="Ends an agreement: nothing is ordered under it any more.", directives=_CONFIRM
    )
    async def close_sales_agreement(
        self,
        info: Info,
        input: Annotated[CloseSalesAgreementInput, strawberry.argument(description="The agreement.")],
    ) -> CloseSalesAgreementPayload:
        done = await acts.close_agreement(
            info.context, _key(input.agreement_id), input.expected_version, input.reason
        )
        return await CloseSalesAgreementPayload.of(info.context, done)

    @strawberry.mutation(
        description="Calls an agreement off, in force or not; orders that were placed keep what they were promised.",
        directives=[*_CONFIRM, key_required()],
    )
    async def cancel_sales_agreement(
        self,
        info: Info,
        input: Annotated[CancelSalesAgreementInput, strawberry.argument(description="The agreement.")],
    ) -> CancelSalesAgreementPayload:
        done = await acts.cancel_agreement(
            info.context, _key(input.agreement_id), input.expected_version, input.reason
        )
        return await CancelSalesAgreementPayload.of(info.context, done)
