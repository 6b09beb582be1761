"""What a revision of a quote costs and leaves: a simulation by the one pricing function, made ready to be stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from models.customers_reads import AddressRow, CustomerRow
from models.products_reads import ProductRow
from resolvers.agreed_terms import agreed_terms
from resolvers.carts import LineDraft, ResolvedLine, resolve_lines
from resolvers.context import Context
from resolvers.customers import (
    addresses_by_customer,
    delivery_terms_by_id,
    payment_terms_by_code,
    payment_terms_by_id,
)
from resolvers.house import as_house
from resolvers.prices import TaxRow, exchange_rate, taxes_by_category
from resolvers.pricing import FreePriced, LinePriced, no_price
from resolvers.pricing_charges import ChargePriced
from resolvers.pricing_facts import ship_days
from resolvers.products import item_numbers_by_product
from resolvers.quotes import policy, quote_settings
from resolvers.quotes_uses import uses_kept
from resolvers.simulation import (
    WHOLE,
    GiftPriced,
    Scenario,
    ScenarioGift,
    ScenarioLine,
    Simulated,
    price_scenario,
)
from rules.discounts_rules import RuleUse
from rules.documents import (
    DocumentAddress,
    DocumentDeliveryTerms,
    DocumentPaymentTerms,
    check_requested_date,
)
from rules.money import ZERO, round_money
from rules.pricing import PricedLine
from rules.quotes_approvals import QuoteFigures
from rules.quotes_content import Choice, check_choices
from rules.quotes_settings import check_percent
from rules.refusals import ErrorCode, Path, Refusal, refuse_all
from rules.sales_agreements import agreement_of_all
from rules.states import LineKind
from rules.texts import item_key

LINES_MAX = 200
CHOICES_MAX = 10  # options and alternatives; each is priced by itself
GIFTS_MAX = 10
TEXT_MAX = 2000
REASON_MAX = 500
VALID_MAX = timedelta(days=366)
AMOUNT_MAX = Decimal(10) ** 12
UNIT = "PCE"  # of a charge on the whole: there is one of it

Values = dict[str, Any]  # of columns by their names


@dataclass(frozen=True, slots=True)
class QuoteLineDraft:
    """
    A line as somebody would offer it.

    Args:
        unit_price: takes the rules' place; None leaves them. `reason` says why anything is given by hand.
        is_free: given whole.
        alternative_to: the index of the line among the drafts in whose place it may be taken.
    """

    sku: str
    quantity: Decimal
    unit: str | None = None
    requested_on: date | None = None
    unit_price: Decimal | None = None
    discount_percent: Decimal = ZERO
    reason: str = ""
    is_free: bool = False
    is_optional: bool = False
    alternative_to: int | None = None

    @property
    def is_choice(self) -> bool:
        return self.is_optional or self.alternative_to is not None

    @property
    def is_by_hand(self) -> bool:
        return self.is_free or self.unit_price is not None or bool(self.discount_percent)


@dataclass(frozen=True, slots=True)
class QuoteTerms:
    """What a revision says besides its lines; None leaves the seller's days, the customer's terms and address."""

    valid_until: date | None = None
    message: str = ""
    requested_on: date | None = None
    discount_percent: Decimal = ZERO
    discount_reason: str = ""
    payment_term: str | None = None
    delivery_address_id: UUID | None = None
    deposit_percent: Decimal | None = None
    internal_notes: str = ""


@dataclass(frozen=True, slots=True)
class PricedQuote:
    """A revision priced: values for the columns of QuoteRevision, QuoteLine and QuoteFiguresKept."""

    head: Values
    lines: list[Values]
    figures: Values


@dataclass(slots=True)
class _Line:
    """A line that is being made: `draft` is the index of the one that it is of, None for charges on the whole."""

    values: Values
    draft: int | None
    follows: "_Line | None" = None
    position: int = field(default=0)


async def price_quote(
    ctx: Context, customer: CustomerRow, drafts: Sequence[QuoteLineDraft], terms: QuoteTerms
) -> PricedQuote:
    """
    Prices a revision; nothing is stored.

    Raises:
        Refusal(UNKNOWN_SKU, QUANTITY_INVALID, NO_PRICE, INVALID, …): of a line, with its path.
    """
    refuse_all([*_problems(drafts), *_problems_of_terms(ctx, terms)])
    resolved, refusals = await resolve_lines(
        ctx, [_line_draft(each, index) for index, each in enumerate(drafts)]
    )
    refuse_all(refusals)
    products = {item_key(each.product.sku): each.product for each in resolved}
    fixed = [index for index, each in enumerate(drafts) if not each.is_choice and not each.is_free]
    gifts = [index for index, each in enumerate(drafts) if each.is_free]
    whole = _scenario(drafts, resolved, terms, fixed, gifts)
    simulated = await _simulated(ctx, customer.id, whole, products, gifts)
    made = await _main_lines(ctx, customer.id, drafts, terms, simulated, fixed, gifts)
    depths = dict(zip(fixed, simulated.line_depths, strict=True))
    of_choices: dict[int, Sequence[RuleUse]] = {}
    for index, draft in enumerate(drafts):
        if draft.is_choice:
            alone = _scenario(drafts, resolved, replace(terms, payment_term=None), [index], [])
            choice = await price_scenario(ctx, customer.id, alone, products)
            lines = await _main_lines(ctx, customer.id, drafts, terms, choice, [index], [])
            made += [each for each in lines if each.draft == index]
            depths[index] = choice.line_depths[0]
            of_choices[index] = choice.priced.document.uses
    ordered = _in_order(made, drafts)
    await _name(ctx, ordered)
    positions = {
        each.draft: each.position for each in ordered if each.follows is None and each.draft is not None
    }
    for each in ordered:
        draft_of = None if each.draft is None or each.follows else drafts[each.draft]
        if draft_of is not None and draft_of.alternative_to is not None:
            each.values["alternative_to"] = positions[draft_of.alternative_to]
    head = await _head(ctx, customer, terms, simulated)
    figures = _figures(simulated, head, {positions[index]: depth for index, depth in depths.items()})
    figures["uses"] = uses_kept(simulated.priced.document.uses)
    for index, uses in of_choices.items():
        figures["uses"] += uses_kept(uses, positions[index])
    figures["notes"] = terms.internal_notes.strip()
    return PricedQuote(head, [each.values for each in ordered], figures)


async def _simulated(
    ctx: Context,
    customer_id: UUID,
    scenario: Scenario,
    products: Mapping[str, ProductRow],
    gifts: Sequence[int],
) -> Simulated:
    """The scenario priced; what is refused of it is named as the quote's own input names it."""
    try:
        return await price_scenario(ctx, customer_id, scenario, products)
    except Refusal as refusal:
        match refusal.path:
            case ("scenarios", _, "paymentTermCode"):
                refusal.path = ("terms", "paymentTermCode")
            case ("scenarios", _, "freeLines", number, name):
                refusal.path = ("lines", str(gifts[int(number)]), name)
        raise


def _line_draft(draft: QuoteLineDraft, index: int) -> LineDraft:
    path = ("lines", index)
    return LineDraft(draft.quantity, path, draft.sku, None, draft.unit, draft.requested_on)


def _problems(drafts: Sequence[QuoteLineDraft]) -> list[Refusal]:
    if not drafts:
        return [Refusal(ErrorCode.INVALID, "Name at least one line.", ("lines",))]
    if len(drafts) > LINES_MAX:
        text = "A quote has {limit} lines at most."
        return [Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("lines",), limit=LINES_MAX)]
    found = []
    for most, count in (
        (CHOICES_MAX, sum(each.is_choice for each in drafts)),
        (GIFTS_MAX, sum(each.is_free for each in drafts)),
    ):
        if count > most:
            text = "A quote has {limit} lines of this kind at most."
            found.append(Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("lines",), limit=most))
    for index, draft in enumerate(drafts):
        found += _problems_of(draft, ("lines", index))
    choices = [
        Choice(index + 1, None, each.is_optional, _position(each.alternative_to))
        for index, each in enumerate(drafts)
    ]
    return found + check_choices(choices, [("lines", index) for index in range(len(drafts))])


def _position(index: int | None) -> int | None:
    return None if index is None else index + 1


def _problems_of(draft: QuoteLineDraft, path: Path) -> list[Refusal]:
    found = []
    if not ZERO < draft.quantity < AMOUNT_MAX:
        text = "The quantity must be above zero."
        found.append(Refusal(ErrorCode.QUANTITY_INVALID, text, (*path, "quantity")))
    if not ZERO <= draft.discount_percent <= 100 or draft.discount_percent != round(
        draft.discount_percent, 6
    ):
        text = "A percent is from 0 to 100, with 6 decimals at most."
        found.append(Refusal(ErrorCode.INVALID, text, (*path, "discountPercent")))
    price = draft.unit_price
    if price is not None and not (ZERO <= price < AMOUNT_MAX and price == round(price, 6)):
        text = "A price is not negative and has 6 decimals at most."
        found.append(Refusal(ErrorCode.INVALID, text, (*path, "unitPrice")))
    if draft.is_free and (price is not None or draft.discount_percent or draft.is_choice):
        text = "What is given whole has no price of its own, and is no option."
        found.append(Refusal(ErrorCode.INVALID, text, (*path, "isFree")))
    if draft.is_by_hand and not draft.reason.strip():
        found.append(Refusal(ErrorCode.REASON_REQUIRED, "Give a reason.", (*path, "reason")))
    if len(draft.reason) > REASON_MAX:
        found.append(Refusal(ErrorCode.INVALID, "This text is too long.", (*path, "reason")))
    return found


def _problems_of_terms(ctx: Context, terms: QuoteTerms) -> list[Refusal]:
    found = []
    last = terms.valid_until
    if last is not None and not ctx.today <= last <= ctx.today + VALID_MAX:
        text = "An offer holds from today to a year from now at most."
        found.append(Refusal(ErrorCode.PAST_DATE, text, ("terms", "validUntil")))
    if len(terms.message) > TEXT_MAX:
        found.append(Refusal(ErrorCode.INVALID, "This text is too long.", ("terms", "message")))
    if len(terms.internal_notes) > TEXT_MAX:
        found.append(Refusal(ErrorCode.INVALID, "This text is too long.", ("terms", "internalNotes")))
    percent = terms.discount_percent
    if not ZERO <= percent <= 100 or percent != round(percent, 6):
        text = "A percent is from 0 to 100, with 6 decimals at most."
        found.append(Refusal(ErrorCode.INVALID, text, ("terms", "discountPercent")))
    elif percent and not terms.discount_reason.strip():
        found.append(Refusal(ErrorCode.REASON_REQUIRED, "Give a reason.", ("terms", "discountReason")))
    if len(terms.discount_reason) > REASON_MAX:
        found.append(Refusal(ErrorCode.INVALID, "This text is too long.", ("terms", "discountReason")))
    if terms.deposit_percent is not None:
        found += check_percent(terms.deposit_percent, ("terms", "depositPercent"))
    late = check_requested_date(terms.requested_on, ctx.today)
    if late is not None:
        found.append(
            Refusal(ErrorCode.PAST_DATE, late, ("terms", "requestedOn"), requested=terms.requested_on)
        )
    return found


def _scenario(
    drafts: Sequence[QuoteLineDraft],
    resolved: Sequence[ResolvedLine],
    terms: QuoteTerms,
    sold: Sequence[int],
    given: Sequence[int],
) -> Scenario:
    """The drafts of these indexes as what might be offered together."""
    lines = []
    for index in sold:
        draft, product = drafts[index], resolved[index].product
        reason = draft.reason.strip()
        lines.append(
            ScenarioLine(
                product.sku, resolved[index].quantity, draft.requested_on or terms.requested_on, draft.unit_price,
                draft.discount_percent, reason, reason,
            )
        )  # fmt: skip
    gifts = [
        ScenarioGift(resolved[index].product.sku, resolved[index].quantity, drafts[index].reason.strip())
        for index in given
    ]
    return Scenario(
        "", tuple(lines), terms.discount_percent, payment_term=terms.payment_term, gifts=tuple(gifts),
        discount_reason=terms.discount_reason.strip(), delivery_address_id=terms.delivery_address_id,
    )  # fmt: skip


async def _main_lines(
    ctx: Context,
    customer_id: UUID,
    drafts: Sequence[QuoteLineDraft],
    terms: QuoteTerms,
    simulated: Simulated,
    sold: Sequence[int],
    given: Sequence[int],
) -> list[_Line]:
    """The lines of a scenario: what is sold, what the rules or people give with it, and the charges."""
    priced, exponent = simulated.priced, simulated.priced.market.exponent
    made: list[_Line] = []
    for number, index in enumerate(sold):
        line = priced.lines[number]
        if line.price is None:
            raise no_price(line.asked.product.sku, priced.market.currency, ("lines", index, "sku"))
        own = _Line(_of_sold(drafts[index], terms, line, line.price), index)
        made.append(own)
        made += [
            _Line(_of_free(each, own.values["requested_on"]), index, own)
            for each in priced.free
            if each.parent == number and not each.goods.is_proposed
        ]
    wanted = [drafts[index].requested_on or terms.requested_on for index in given]
    ships = await ship_days(ctx, wanted, customer_id, terms.delivery_address_id)
    for index, gift, day, ship in zip(given, simulated.gifts, wanted, ships, strict=True):
        tax: TaxRow = await ctx.load(taxes_by_category, (gift.product.tax_category_id, ship))
        made.append(_Line(_of_gift(drafts[index], gift, tax, day), index))
    by_number = dict(enumerate(each for each in made if not each.follows))
    for charge in priced.charges:
        goods = None if charge.line.follows is None else by_number[charge.line.follows]
        made.append(_Line(_of_charge(charge, goods), None if goods is None else goods.draft, goods))
    for each in made:
        each.values["currency_exponent"] = exponent
        each.values["gross_amount"] = each.values["net_amount"] + each.values["tax_amount"]
    return made


def _of_product(
    product: ProductRow, quantity: Decimal, requested_on: date | None, price: PricedLine
) -> Values:
    return {
        "kind": LineKind(product.kind), "product_id": product.id, "sku": product.sku, "description": product.name,
        "unit_code": product.unit_code, "quantity": quantity, "requested_on": requested_on,
        "list_unit_price": price.list_unit_price, "price_unit": price.price_unit,
        "break_from_quantity": price.break_from_quantity, "discount_percent": ZERO, "unit_price": price.unit_price,
        "price_trace": [step.to_json() for step in price.steps], "net_amount": price.net_amount,
    }  # fmt: skip


def _of_sold(draft: QuoteLineDraft, terms: QuoteTerms, line: LinePriced, price: PricedLine) -> Values:
    reason, link = draft.reason.strip(), None if line.linking is None else line.linking.link
    wanted = draft.requested_on or terms.requested_on
    return _of_product(line.asked.product, price.quantity_paid, wanted, price) | {
        "is_optional": draft.is_optional,
        "manual_unit_price": draft.unit_price,
        "manual_price_reason": "" if draft.unit_price is None else reason,
        "discount_percent": draft.discount_percent,
        "discount_reason": reason if draft.discount_percent else "",
        "commitment_id": None if price.commitment is None else UUID(price.commitment),
        "commitment_quantity": None if link is None or price.commitment is None else link.consumed,
        "tax_category": line.tax_category,
        "tax_percent": line.tax_percent,
        "tax_amount": line.tax_amount,
    }


def _of_free(free: FreePriced, requested_on: date | None) -> Values:
    return _of_product(free.product, free.goods.quantity, requested_on, free.price) | {
        "is_free": True, "tax_category": free.tax_category, "tax_percent": free.tax_percent, "tax_amount": ZERO,
    }  # fmt: skip


def _of_gift(draft: QuoteLineDraft, gift: GiftPriced, tax: TaxRow, requested_on: date | None) -> Values:
    return _of_product(gift.product, gift.quantity, requested_on, gift.price) | {
        "is_free": True, "discount_percent": WHOLE, "discount_reason": draft.reason.strip(),
        "unit_price": gift.conceded.unit_price, "net_amount": gift.conceded.net_amount,
        "price_trace": [step.to_json() for step in gift.conceded.steps], "tax_category": tax.code,
        "tax_percent": tax.percent or ZERO, "tax_amount": ZERO,
    }  # fmt: skip


def _of_charge(charged: ChargePriced, goods: _Line | None) -> Values:
    """A charge as an order bears it (resolvers/orders_charges.py)."""
    line, rule = charged.line, charged.line.charge.rule
    return {
        "kind": LineKind.CHARGE, "product_id": None, "sku": rule.kind.value, "description": rule.name,
        "unit_code": UNIT if goods is None else goods.values["unit_code"], "quantity": line.quantity,
        "requested_on": None, "list_unit_price": line.unit_price, "price_unit": line.price_unit,
        "break_from_quantity": ZERO, "discount_percent": ZERO, "unit_price": line.unit_price,
        "price_trace": [step.to_json() for step in line.steps], "tax_category": line.tax_category,
        "tax_percent": line.tax_percent, "net_amount": line.net_amount, "tax_amount": charged.tax_amount,
    }  # fmt: skip


def _in_order(made: Sequence[_Line], drafts: Sequence[QuoteLineDraft]) -> list[_Line]:
    """As they were entered, each followed by what is free with it; charges come last, as on an order."""
    goods = [each for each in made if each.values["kind"] is not LineKind.CHARGE]
    goods.sort(key=lambda each: each.draft if each.draft is not None else len(drafts))
    ordered = [*goods, *(each for each in made if each.values["kind"] is LineKind.CHARGE)]
    for position, each in enumerate(ordered, start=1):
        each.position = each.values["position"] = position
    for each in ordered:
        each.values["parent_position"] = None if each.follows is None else each.follows.position
    return ordered


async def _name(ctx: Context, lines: Sequence[_Line]) -> None:
    """What the customer calls the products; a buyer's own, since nobody else's are known here."""
    products = [each.values["product_id"] for each in lines if each.values["product_id"] is not None]
    numbers = await ctx.loader(item_numbers_by_product).load_many(products)
    known = dict(zip(products, numbers, strict=True))
    for each in lines:
        each.values["customer_item_number"] = known.get(each.values["product_id"])


async def _head(ctx: Context, customer: CustomerRow, terms: QuoteTerms, simulated: Simulated) -> Values:
    priced = simulated.priced
    rate = await exchange_rate(ctx, customer.currency)
    if rate is None:
        text = "There is no exchange rate for {currency} at present; ask your sales contact."
        raise Refusal(ErrorCode.NO_PRICE, text, ("lines",), currency=customer.currency)
    common = agreement_of_all(line.linking for line in priced.lines)
    agreement = None if common is None else UUID(common)
    payment, delivery = await _terms(ctx, customer, terms, agreement)
    address, billing = await _addresses(ctx, customer, terms)
    _, days, _ = await policy(ctx)
    share = terms.deposit_percent
    return {
        "valid_until": terms.valid_until or ctx.today + timedelta(days=days),
        "message": terms.message.strip(),
        "priced_on": ctx.today,
        "requested_on": terms.requested_on,
        "currency": customer.currency,
        "currency_exponent": priced.market.exponent,
        "exchange_rate": rate.rate,
        "exchange_rate_on": rate.valid_from,
        "discount_percent": terms.discount_percent,
        "discount_reason": terms.discount_reason.strip(),
        "agreement_id": agreement,
        "delivery_address": address,
        "billing_address": billing,
        "payment_terms": payment.to_json(),
        "delivery_terms": delivery.to_json(),
        "deposit_percent": (await quote_settings(ctx)).deposit_percent if share is None else share,
        "net_amount": priced.net,
        "tax_amount": priced.tax,
        "gross_amount": priced.gross,
    }


async def _terms(
    ctx: Context, customer: CustomerRow, terms: QuoteTerms, agreement: UUID | None
) -> tuple[DocumentPaymentTerms, DocumentDeliveryTerms]:
    """The term named; or else that of the agreement that all lines are under; or else the customer's own."""
    payment = None
    if terms.payment_term is not None:
        payment = await ctx.load(payment_terms_by_code, terms.payment_term)
        assert payment is not None, "the simulation found it"
    if payment is None:
        key = customer.payment_term_id
        if agreement is not None:
            async with as_house(ctx) as session:
                agreed = (await agreed_terms(ctx, session, customer.id, [agreement])).get(agreement)
            key = (agreed and agreed.payment_term_id) or key
        payment = await ctx.load(payment_terms_by_id, key)
    delivery = await ctx.load(delivery_terms_by_id, customer.delivery_term_id)
    assert payment is not None and delivery is not None, "terms exist by foreign key"
    return payment, delivery


async def _addresses(ctx: Context, customer: CustomerRow, terms: QuoteTerms) -> tuple[Values, Values]:
    addresses: list[AddressRow] = await ctx.load(addresses_by_customer, customer.id)
    wanted = next((each for each in addresses if each.id == terms.delivery_address_id), None)
    if wanted is None and terms.delivery_address_id is not None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("terms", "deliveryAddressId"))
    chosen = wanted or next(iter(addresses), None)
    if chosen is None:
        text = "The customer has no delivery address yet; it needs one to be quoted."
        raise Refusal(ErrorCode.INVALID, text, ("terms", "deliveryAddressId"))
    billing = next((each for each in addresses if each.is_default_billing), chosen)
    return _copied(chosen), _copied(billing)


def _copied(address: AddressRow) -> Values:
    return DocumentAddress(
        address.label, address.name, address.street, address.postal_code, address.city, address.region,
        address.country, address.phone,
    ).to_json()  # fmt: skip


def _figures(simulated: Simulated, head: Values, line_depths: dict[int, Decimal]) -> Values:
    given = sum((gift.value for gift in simulated.gifts), ZERO)
    rate = head["exchange_rate"]
    measured = QuoteFigures(
        line_depths, simulated.depth.percent, simulated.margin_percent, simulated.lines_below_floor,
        round_money(simulated.priced.net * rate), simulated.extra_days, round_money(given * rate),
        round_money(simulated.depth.amount * rate), round_money(simulated.depth.reference * rate),
    )  # fmt: skip
    return {
        "cost": simulated.cost,
        "goods_net": simulated.priced.goods_net,
        "waiting": simulated.waiting,
        "depth_percent": simulated.depth.percent,
        "measured": measured.to_json(),
    }
