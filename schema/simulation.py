"""Simulated prices: scenarios side by side, what they leave, and where the money between list and margin stays."""

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from resolvers import simulation
from resolvers.context import Context
from resolvers.customers import payment_terms
from rules.concessions import ConcessionCause
from rules.concessions import WaterfallStep as Step
from rules.money import ZERO
from rules.simulation import MarginBand
from schema.access import access, described_enum, list_size
from schema.carts import FreeGoods, Totals, totals_of
from schema.customers import PaymentTerms
from schema.document_charges import CHARGES, DocumentCharge, charges_of
from schema.ids import decode_id, encode_id
from schema.prices import TRACE, PriceStep, steps_of
from schema.products import PriceBreak, Product
from schema.scalars import Money

Info = strawberry.Info[Context, None]
_SIMULATE = [access(P.PRICES_SIMULATE)]
_MARGIN = [access(P.MARGIN_READ)]
SCENARIOS, LINES = list_size(3), list_size(50)

described_enum(
    ConcessionCause,
    "What is given by hand, beside what the rules give.",
    {
        "PRICE": "Manual prices and discounts.",
        "FREE_GOODS": "Goods without charge.",
        "CHARGES": "Charges that are waived.",
        "TERMS": "A longer payment term.",
    },
)


@strawberry.input(description="A line of a scenario.")
class SimulatedLineInput:
    sku: str = strawberry.field(
        description="Our number, the barcode, or the customer's own number of a product."
    )
    quantity: Decimal = strawberry.field(description="How many, in the product's own unit; above zero.")
    requested_on: date | None = strawberry.field(
        default=None, description="The day of receipt asked for; null: today's prices."
    )
    unit_price: Decimal | None = strawberry.field(
        default=None,
        description="A fixed price in the rules' place, in the customer's currency; null: the rules'.",
    )
    discount_percent: Decimal = strawberry.field(
        default=ZERO, description="A manual discount on the line, 0 to 100."
    )


@strawberry.input(description="Goods that would be given without charge, beside what the rules give.")
class SimulatedFreeLineInput:
    sku: str = strawberry.field(
        description="Our number, the barcode, or the customer's own number of a product."
    )
    quantity: Decimal = strawberry.field(description="How many, in the product's own unit; above zero.")


@strawberry.input(description="What might be offered.")
class PriceScenarioInput:
    name: str = strawberry.field(description="What to call it; comes back as it is.")
    lines: list[SimulatedLineInput] = strawberry.field(description="Its lines, 50 at most.")
    discount_percent: Decimal = strawberry.field(
        default=ZERO, description="A manual discount on the whole, 0 to 100."
    )
    sales_agreement_id: strawberry.ID | None = strawberry.field(
        default=None, description="The agreement to draw on first; null: whichever comes first by the rules."
    )
    coupons: list[str] = strawberry.field(default_factory=list, description="Coupon codes, as typed.")
    payment_term_code: str | None = strawberry.field(
        default=None, description="A term of payment in the place of the one that would hold anyway."
    )
    free_lines: list[SimulatedFreeLineInput] = strawberry.field(
        default_factory=list, description="What would be given without charge, 10 lines at most."
    )


@strawberry.type(description="A line of a scenario, priced.", directives=_SIMULATE)
class SimulatedLine:
    product: Product = strawberry.field(description="The product.")
    quantity: Decimal = strawberry.field(description="How many, in its own unit.")
    list_unit_price: Money | None = strawberry.field(description="List price of `priceUnit` units.")
    unit_price: Money | None = strawberry.field(
        description="Net price of `priceUnit` units; null without a price."
    )
    price_unit: Decimal = strawberry.field(description="How many units a price is for.")
    net_amount: Money | None = strawberry.field(description="What the line costs before tax.")
    price_trace: list[PriceStep] = strawberry.field(description=TRACE, directives=[list_size(5)])
    next_break: PriceBreak | None = strawberry.field(description="From how many on it is cheaper.")
    next_break_saves_percent: Decimal | None = strawberry.field(
        description="How much cheaper a unit is from the next break on, in percent."
    )
    agreement_line_id: strawberry.ID | None = strawberry.field(
        description="The line of the sales agreement that it would consume."
    )

    @classmethod
    def of(cls, ctx: Context, row: simulation.Simulated, index: int) -> "SimulatedLine":
        line, currency = row.priced.lines[index], row.priced.market.currency
        price = line.price
        further = None if price is None else price.next_break
        return cls(
            product=Product.of(row.products[index]),
            quantity=line.asked.quantity,
            list_unit_price=None if price is None else Money.of(price.list_unit_price, currency),
            unit_price=None if price is None else Money.of(price.unit_price, currency),
            price_unit=Decimal(1) if price is None else price.price_unit,
            net_amount=None if price is None else Money.of(price.net_amount, currency),
            price_trace=[] if price is None else steps_of(ctx, price.steps, currency),
            next_break=None if further is None else PriceBreak.of(further, currency),
            next_break_saves_percent=None if further is None else further.saves_percent,
            agreement_line_id=None
            if price is None or price.commitment is None
            else encode_id("AgreementLine", UUID(price.commitment)),
        )


@strawberry.type(description="Goods that would be given without charge.", directives=_SIMULATE)
class SimulatedFreeLine:
    product: Product = strawberry.field(description="The product.")
    quantity: Decimal = strawberry.field(description="How many, in its own unit.")
    value: Money = strawberry.field(description="What the rules would ask for it by itself.")


@strawberry.type(description="A part of what is given by hand.", directives=_SIMULATE)
class ConcessionPart:
    cause: ConcessionCause = strawberry.field(description="What it is.")
    amount: Money = strawberry.field(
        description="What it comes to; below zero where more is asked than the rules do."
    )


@strawberry.type(description="What is given by hand against what the rules give.", directives=_SIMULATE)
class Concession:
    percent: Decimal = strawberry.field(
        description="How deep it goes, in percent of what the rules ask; what an order's limit is compared with."
    )
    amount: Money = strawberry.field(description="What it comes to.")
    parts: list[ConcessionPart] = strawberry.field(
        description="What it is made of; they sum to it.", directives=[list_size(len(ConcessionCause))]
    )


@strawberry.type(description="A bar of the waterfall from list price to margin.", directives=_MARGIN)
class WaterfallStep:
    cause: str = strawberry.field(
        description="LIST, INVOICE, POCKET and MARGIN are levels; others are price components or costs that take."
    )
    amount: Money = strawberry.field(description="A level's height, or what is added (taken where negative).")
    height: Money = strawberry.field(description="Where it stands after the step.")

    @classmethod
    def of(cls, step: Step, currency: str) -> "WaterfallStep":
        return cls(
            cause=step.cause.value,
            amount=Money.of(step.amount, currency),
            height=Money.of(step.height, currency),
        )


@strawberry.type(
    description="A scenario, priced as an order would be; nothing of it is stored.", directives=_SIMULATE
)
class SimulatedScenario:
    name: str = strawberry.field(description="What it was called.")
    row: strawberry.Private[simulation.Simulated]

    @property
    def _currency(self) -> str:
        return self.row.priced.market.currency

    @strawberry.field(description="Its lines, in the order they were given.", directives=[LINES])
    def lines(self, info: Info) -> list[SimulatedLine]:
        ctx = info.context
        return [SimulatedLine.of(ctx, self.row, index) for index in range(len(self.row.priced.lines))]

    @strawberry.field(description="What comes without charge.", directives=[list_size(50)])
    def free_goods(self, info: Info) -> list[FreeGoods]:
        return [FreeGoods.of(info.context, each, self._currency) for each in self.row.priced.free]

    @strawberry.field(description="What somebody would give without charge.", directives=[list_size(10)])
    def free_lines(self) -> list[SimulatedFreeLine]:
        return [
            SimulatedFreeLine(
                product=Product.of(each.product),
                quantity=each.quantity,
                value=Money.of(each.value, self._currency),
            )
            for each in self.row.gifts
        ]

    @strawberry.field(
        description="What it gives by hand against what the rules give: prices and discounts, free lines at what the "
        "rules would ask for them, and a longer payment term at what money costs (`pricingSettings`)."
    )
    def concession(self) -> Concession:
        depth, currency = self.row.depth, self._currency
        return Concession(
            percent=depth.percent,
            amount=Money.of(depth.amount, currency),
            parts=[
                ConcessionPart(cause=cause, amount=Money.of(amount, currency))
                for cause, amount in depth.causes
            ],
        )

    @strawberry.field(
        description="What is charged beside its lines, to the customer's default address; `totals` counts it.",
        directives=[CHARGES],
    )
    def charges(self, info: Info) -> list[DocumentCharge]:
        return charges_of(info.context, self.row.priced)

    @strawberry.field(description="What it comes to, with charges.")
    def totals(self) -> Totals:
        return totals_of(self.row.priced)

    @strawberry.field(description="What the goods cost by the price list, before any agreement and discount.")
    def list_amount(self) -> Money:
        return Money.of(self.row.list_amount, self._currency)

    @strawberry.field(description="How good the margin is; null where a cost is not known.")
    def margin_band(self) -> MarginBand | None:
        return self.row.band

    @strawberry.field(
        description="The discount on the whole that would still leave a green margin, in percent, on top of what is in"
        " the scenario, its free lines and payment term counted; below zero where it is not green as it is; null where"
        " a cost is not known, or waiting for the money takes as much as the margin is to be."
    )
    async def discount_to_green_percent(self, info: Info) -> Decimal | None:
        return await simulation.discount_to_band(info.context, self.row)

    @strawberry.field(
        description="Sales of goods less their cost and that of a longer payment term, without charges; null where a"
        " cost is not known.",
        directives=_MARGIN,
    )
    def margin(self) -> Money | None:
        margin = self.row.margin
        return None if margin is None else Money.of(margin, self._currency)

    @strawberry.field(
        description="The margin in percent of sales; null where a cost is not known.", directives=_MARGIN
    )
    def margin_percent(self) -> Decimal | None:
        return self.row.margin_percent

    @strawberry.field(
        description="The discount on the whole that leaves just this margin, in percent; null where a cost is not"
        " known.",
        directives=_MARGIN,
    )
    def discount_to_percent(
        self,
        target: Annotated[Decimal, strawberry.argument(description="A margin in percent, below 100.")] = ZERO,
    ) -> Decimal | None:
        return simulation.discount_to(self.row, target)

    @strawberry.field(
        description="From list price to margin, bar by bar; empty where a cost is not known.",
        directives=[*_MARGIN, list_size(25)],
    )
    def waterfall(self) -> list[WaterfallStep]:
        return [WaterfallStep.of(step, self._currency) for step in self.row.waterfall]


@strawberry.type
class SimulationQueries:
    @strawberry.field(
        description="The seller's terms of payment, by code.", directives=[*_SIMULATE, list_size(50)]
    )
    async def payment_terms(self, info: Info) -> list[PaymentTerms]:
        return [PaymentTerms(code=code, name=name) for code, name in await payment_terms(info.context)]

    @strawberry.field(
        description="What a customer would pay in each of up to 3 scenarios, by the same rules as an order.",
        directives=[*_SIMULATE, SCENARIOS],
    )
    async def price_simulation(
        self,
        info: Info,
        customer_id: Annotated[strawberry.ID, strawberry.argument(description="For whom.")],
        scenarios: Annotated[
            list[PriceScenarioInput], strawberry.argument(description="What might be offered.")
        ],
    ) -> list[SimulatedScenario]:
        found = await simulation.simulate(
            info.context,
            decode_id(customer_id, "Customer", path=("customerId",)),
            [_scenario(each) for each in scenarios],
        )
        return [SimulatedScenario(name=each.scenario.name, row=each) for each in found]


def _scenario(given: PriceScenarioInput) -> simulation.Scenario:
    agreement = given.sales_agreement_id
    return simulation.Scenario(
        given.name,
        tuple(
            simulation.ScenarioLine(
                line.sku, line.quantity, line.requested_on, line.unit_price, line.discount_percent
            )
            for line in given.lines
        ),
        given.discount_percent,
        None if agreement is None else decode_id(agreement, "SalesAgreement", path=("scenarios",)),
        tuple(given.coupons),
        given.payment_term_code,
        tuple(simulation.ScenarioGift(line.sku, line.quantity) for line in given.free_lines),
    )
