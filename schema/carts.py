"""The viewer's cart, an order's precursor."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Protocol, Self
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from resolvers import (
    carts,
    carts_fill,
    carts_holds,
    carts_terms,
    carts_ways,
    orders,
    orders_placing,
    sales_agreements,
    suggestions,
)
from resolvers import customers as people
from resolvers.carts_gifts import GiftAnswer, answer_of
from resolvers.context import Context
from resolvers.credit import credit_by_customer
from resolvers.holds import holds_by_source
from resolvers.paging import PageArgs, page_in_memory
from resolvers.pricing import FreePriced, Priced
from resolvers.promises import PromiseKey
from rules.alternatives import WantedPart
from rules.money import ZERO, TaxGroup
from rules.refusals import ErrorCode, Refusal
from schema.access import access, described_enum, list_size
from schema.availability import DeliveryPromise, promise_of
from schema.connections import After, Before, Connection, First, Last, connection
from schema.customers import Address, Customer
from schema.document_charges import CHARGES, DocumentCharge, charges_of
from schema.ids import Node, decode_id, encode_id, node_loader
from schema.payloads import Payload, UserError, Warning, user_errors
from schema.prices import TRACE, PriceStep, steps_of
from schema.products import PriceBreak, Product
from schema.rows import fill
from schema.scalars import Money
from schema.suggestions import Suggestion

if TYPE_CHECKING:
    from schema.carts_agreements import AgreementChoice, CartTerms
    from schema.carts_holds import CartHold
    from schema.carts_ways import CartLinePart, CartWay
    from schema.coupons import CartCoupon
    from schema.sales_agreements import AgreementLine

Info = strawberry.Info[Context, None]
AgreementChoiceType = Annotated["AgreementChoice", strawberry.lazy("schema.carts_agreements")]
CartTermsType = Annotated["CartTerms", strawberry.lazy("schema.carts_agreements")]
_USE = [access(P.CARTS_USE)]
_LINES = list_size(200)
# What is listed whole: past it, lines are read in pages.
LISTED_MAX = 1_000
# Warnings of one kind that are said one by one; the rest are counted.
WARNINGS_MAX = 20


@strawberry.type(description="The tax of one rate.", directives=[access(P.PRICES_READ)])
class TaxTotal:
    category: str = strawberry.field(description="The letter of the tax category, UNTDID 5305: S is taxed.")
    percent: Decimal = strawberry.field(description="The rate in percent.")
    base: Money = strawberry.field(description="The net amount it is taken from.")
    tax: Money = strawberry.field(description="The tax.")

    @classmethod
    def of(cls, group: TaxGroup, currency: str) -> "TaxTotal":
        return fill(cls, group, base=Money.of(group.base, currency), tax=Money.of(group.tax, currency))


@strawberry.type(description="What a document comes to.", directives=[access(P.PRICES_READ)])
class Totals:
    net: Money = strawberry.field(description="Before tax.")
    tax: Money = strawberry.field(description="The tax.")
    gross: Money = strawberry.field(description="Net and tax.")
    taxes: list[TaxTotal] = strawberry.field(
        description="The tax by rate, on the summed nets of each.", directives=[list_size(10)]
    )


def totals_of(priced: Priced) -> Totals:
    currency = priced.market.currency
    return Totals(
        net=Money.of(priced.net, currency),
        tax=Money.of(priced.tax, currency),
        gross=Money.of(priced.gross, currency),
        taxes=[TaxTotal.of(group, currency) for group in priced.tax_groups],
    )


class CartAction(StrEnum):
    EDIT = "EDIT"
    CLEAR = "CLEAR"
    PLACE = "PLACE"
    HOLD = "HOLD"
    RELEASE_HOLD = "RELEASE_HOLD"


described_enum(
    CartAction,
    "What the viewer may do with the cart now.",
    {
        "EDIT": "Change it.",
        "CLEAR": "Empty it.",
        "PLACE": "Order what is in it.",
        "HOLD": "Have its goods held for a while, or longer.",
        "RELEASE_HOLD": "Let go what is held.",
    },
)


described_enum(
    GiftAnswer,
    "What the buyer answered to goods that are offered.",
    {"OPEN": "Nothing yet.", "ACCEPTED": "They are taken.", "DECLINED": "They are not wanted."},
)


@strawberry.type(
    description="Goods that a line brings without charge, or that are offered for it.",
    directives=[access(P.PRICES_READ)],
)
class FreeGoods:
    product: Product = strawberry.field(description="What is free.")
    quantity: Decimal = strawberry.field(description="How many, in its own unit.")
    rule: str = strawberry.field(description="The rule that gives it.")
    value: Money = strawberry.field(description="What it would cost.")
    is_included: bool = strawberry.field(
        description="Whether it is part of the quantity ordered, of which less is paid; otherwise it comes on top."
    )
    is_proposed: bool = strawberry.field(description="Offered only: nothing is added until it is chosen.")
    is_chargeable: bool = strawberry.field(
        description="Offered at its price: whoever takes it orders it as a line; `value` is before discounts."
    )
    answer: GiftAnswer | None = strawberry.field(
        description="What the buyer answered in the cart; null where nothing is offered, and beyond carts."
    )
    substitute: Product | None = strawberry.field(
        description="What the cart, ordered now, would bring instead, for it is out of stock; null where itself."
    )
    price_trace: list[PriceStep] = strawberry.field(description=TRACE, directives=[list_size(5)])

    @classmethod
    def of(
        cls, ctx: Context, row: FreePriced, currency: str, view: carts.CartView | None = None
    ) -> "FreeGoods":
        """Args: `view` is the cart that it is of; None where nobody answers."""
        goods = row.goods
        return cls(
            product=Product.of(row.product),
            quantity=goods.quantity,
            rule=goods.rule.name,
            value=Money.of(sum((step.discount for step in row.price.steps), ZERO), currency),
            is_included=goods.quantity_paid < goods.parent.quantity,
            is_proposed=goods.is_proposed,
            is_chargeable=goods.rule.is_chargeable,
            answer=None if view is None else answer_of(view, row),
            substitute=None if row.instead is None else Product.of(row.instead.product),
            price_trace=steps_of(ctx, row.price.steps, currency),
        )


@strawberry.type(description="A line of a cart, priced as an order's would be.", directives=_USE)
class CartLine:
    id: strawberry.ID = strawberry.field(description="The line's id, for changes.")
    quantity: Decimal = strawberry.field(description="How many, in `unit`.")
    unit: str = strawberry.field(description="The product's own unit.")
    requested_on: date | None = strawberry.field(
        description="The day of receipt asked for; null: the cart's."
    )
    product: Product | None = strawberry.field(
        description="The product; null where it may not be bought any more."
    )
    unit_price: Money | None = strawberry.field(
        description="Net price of `priceUnit` units; null without a price."
    )
    list_unit_price: Money | None = strawberry.field(description="List price of `priceUnit` units.")
    price_unit: Decimal = strawberry.field(description="How many units a price is for.")
    net_amount: Money | None = strawberry.field(description="What the line costs before tax.")
    tax_percent: Decimal = strawberry.field(description="The rate of value added tax, in percent.")
    previous_unit_price: Money | None = strawberry.field(
        description="The price when the line was last changed, where it is another now."
    )
    price_trace: list[PriceStep] = strawberry.field(description=TRACE, directives=[list_size(5)])
    free_goods: list[FreeGoods] = strawberry.field(
        description="What comes with it without charge.", directives=[list_size(2)]
    )
    next_break: PriceBreak | None = strawberry.field(description="From how many on it is cheaper.")
    quantity_held: Decimal = strawberry.field(
        description="How many are held for you now, in `unit`; see `Cart.hold`."
    )
    problems: list[UserError] = strawberry.field(
        description="Why this line cannot be ordered as it is.", directives=[list_size(3)]
    )
    agreement_number: str = strawberry.field(
        description="The number of the sales agreement that it counts towards; empty where it is none."
    )
    commitment_id: strawberry.Private[UUID | None]
    promised: strawberry.Private[PromiseKey | None]
    chosen: strawberry.Private[tuple[WantedPart, ...]]

    @strawberry.field(
        description="When it could be had, if it alone were ordered now; null where nobody can say.",
        directives=[access(P.STOCK_READ)],
    )
    async def promise(self, info: Info) -> DeliveryPromise | None:
        return await promise_of(info.context, self.promised)

    @strawberry.field(
        description="The ways all of it could come where it does not come whole on the day asked for, all at once"
        " first; none where it does. chooseDelivery chooses.",
        directives=[access(P.STOCK_READ), list_size(2)],
    )
    async def alternatives(
        self, info: Info
    ) -> list[Annotated["CartWay", strawberry.lazy("schema.carts_ways")]]:
        from schema.carts_ways import CartWay

        key = self.promised
        found = [] if key is None else await info.context.load(carts_ways.ways_by_key, key)
        return [CartWay.of(each) for each in found]

    @strawberry.field(
        description="The parts chosen by chooseDelivery; none: it comes as promised.",
        directives=[list_size(carts_ways.PARTS_MAX)],
    )
    def parts(self) -> list[Annotated["CartLinePart", strawberry.lazy("schema.carts_ways")]]:
        from schema.carts_ways import CartLinePart

        return [CartLinePart(quantity=each.quantity, requested_on=each.requested_on) for each in self.chosen]

    @classmethod
    def of(cls, ctx: Context, view: carts.CartView, seen: carts.CartLineView) -> "CartLine":
        currency = view.priced.market.currency
        price = None if seen.priced is None else seen.priced.price
        before = seen.row.unit_price_seen
        linking = None if price is None or seen.priced is None else seen.priced.linking
        commitment = None if linking is None or linking.link is None else linking.link.commitment
        return cls(
            id=encode_id("CartLine", seen.row.id),
            quantity=seen.row.quantity,
            unit="" if seen.product is None else seen.product.unit_code,
            requested_on=seen.row.requested_on,
            product=None if seen.product is None else Product.of(seen.product),
            unit_price=None if price is None else Money.of(price.unit_price, currency),
            list_unit_price=None if price is None else Money.of(price.list_unit_price, currency),
            price_unit=Decimal(1) if price is None else price.price_unit,
            net_amount=None if price is None else Money.of(price.net_amount, currency),
            tax_percent=ZERO if seen.priced is None else seen.priced.tax_percent,
            previous_unit_price=None
            if price is None or before is None or before == price.unit_price
            else Money.of(before, currency),
            price_trace=[] if price is None else steps_of(ctx, price.steps, currency),
            next_break=None
            if price is None or price.next_break is None
            else PriceBreak.of(price.next_break, currency),
            free_goods=[FreeGoods.of(ctx, each, currency, view) for each in view.free.get(seen.row.id, ())],
            quantity_held=min(view.held.get(seen.row.product_id, ZERO), seen.row.quantity),
            problems=user_errors(ctx, seen.problems),
            agreement_number="" if commitment is None else commitment.number,
            commitment_id=None if commitment is None else UUID(commitment.id),
            chosen=seen.row.parts,
            promised=None
            if seen.product is None
            else PromiseKey(seen.product, seen.row.quantity, seen.row.requested_on or view.row.requested_on),
        )

    @strawberry.field(
        description="The line of the agreement that it counts towards; null where it is none, or not yours to read.",
        directives=[access(P.AGREEMENTS_READ)],
    )
    async def agreement_line(
        self, info: Info
    ) -> Annotated["AgreementLine", strawberry.lazy("schema.sales_agreements")] | None:
        from schema.sales_agreements import AgreementLine

        key = self.commitment_id
        found = None if key is None else await info.context.load(sales_agreements.lines_with_currency, key)
        return None if found is None else AgreementLine.of(*found)


async def _view(ctx: Context, row: carts.CartRow) -> carts.CartView:
    """The priced cart, once per operation however many of its fields are asked."""
    return await ctx.load(_views, row)


async def _views(ctx: Context, rows: Sequence[carts.CartRow]) -> list[carts.CartView]:
    return [await carts.cart_view(ctx, row) for row in rows]


@strawberry.type(
    description="What the viewer gathers for an order; one per person and company.", directives=_USE
)
class Cart(Node):
    version: int = strawberry.field(description="Rises with every change; placeOrder needs it.")
    purchase_order_number: str = strawberry.field(
        description="The buyer's own number for the order; may be empty."
    )
    requested_on: date | None = strawberry.field(
        description="The day of receipt asked for; null: as soon as possible."
    )
    note: str = strawberry.field(description="A note to the seller; may be empty.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")
    row: strawberry.Private[carts.CartRow]

    @classmethod
    def of(cls, row: carts.CartRow) -> "Cart":
        return fill(cls, row, id=encode_id("Cart", row.id), row=row)

    @strawberry.field(description="The company it is for.")
    async def customer(self, info: Info) -> Customer:
        return Customer.of(await people.acting_customer(info.context))

    @strawberry.field(
        description="Where the goods shall go: the address chosen, the agreement's, or else the company's default; "
        "null where it has none."
    )
    async def delivery_address(self, info: Info) -> Address | None:
        view = await _view(info.context, self.row)
        row = (await carts_terms.cart_terms(info.context, view)).address
        return None if row is None else Address.of(row)

    @strawberry.field(
        description="The sales agreement chosen for all of it; null where none was, or where it ended."
    )
    async def agreement(self, info: Info) -> AgreementChoiceType | None:
        from schema.carts_agreements import AgreementChoice

        row = await carts_terms.choice_of(info.context, self.row.customer_id, self.row.agreement_id)
        return None if row is None else AgreementChoice.of(row)

    @strawberry.field(
        description="The sales agreements that may be chosen, the company's own first.",
        directives=[list_size(carts_terms.CHOICES_MAX)],
    )
    async def agreement_choices(self, info: Info) -> list[AgreementChoiceType]:
        from schema.carts_agreements import AgreementChoice

        rows = await info.context.load(carts_terms.choices_by_customer, self.row.customer_id)
        return [AgreementChoice.of(row) for row in rows]

    @strawberry.field(description="The terms that it would be ordered at.")
    async def terms(self, info: Info) -> CartTermsType:
        from schema.carts_agreements import CartTerms

        view = await _view(info.context, self.row)
        return CartTerms.of(await carts_terms.cart_terms(info.context, view), self.row.keeps_own_terms)

    @strawberry.field(
        description="Its lines, as they were added; refused for a cart of more than 1,000.",
        directives=[_LINES],
        deprecation_reason="A cart holds up to 5,000 lines: ask for pagedLines.",
    )
    async def lines(self, info: Info) -> list[CartLine]:
        view = await _view(info.context, self.row)
        if len(view.lines) > LISTED_MAX:
            text = "There are more than {limit} lines: ask for them in pages, by pagedLines."
            raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("lines",), limit=LISTED_MAX)
        return [CartLine.of(info.context, view, line) for line in view.lines]

    @strawberry.field(description="Its lines in pages, as they were added.")
    async def paged_lines(
        self,
        info: Info,
        with_problems: Annotated[
            bool, strawberry.argument(description="Only the lines that cannot be ordered as they are.")
        ] = False,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[CartLine]:
        ctx, view = info.context, await _view(info.context, self.row)
        kept = [line for line in view.lines if line.problems or not with_problems]
        positions = [line.row.position for line in kept]
        page = page_in_memory("cartLines", kept, positions, PageArgs(first, after, last, before))
        return connection(page, lambda line: CartLine.of(ctx, view, line))

    @strawberry.field(description="How many of its lines cannot be ordered as they are.")
    async def problem_line_count(self, info: Info) -> int:
        return sum(bool(line.problems) for line in (await _view(info.context, self.row)).lines)

    @strawberry.field(description="How many lines it has.")
    async def line_count(self, info: Info) -> int:
        return await info.context.load(carts.line_counts, self.row.id)

    @strawberry.field(
        description="What is charged beside its lines, and what its goods make free; `totals` counts it.",
        directives=[CHARGES],
    )
    async def charges(self, info: Info) -> list[DocumentCharge]:
        return charges_of(info.context, (await _view(info.context, self.row)).priced)

    @strawberry.field(description="What it comes to, with charges; lines without a price count nothing.")
    async def totals(self, info: Info) -> Totals:
        return totals_of((await _view(info.context, self.row)).priced)

    @strawberry.field(description="Why it cannot be ordered as it is, beside its lines' problems.",
                      directives=[list_size(5)])  # fmt: skip
    async def problems(self, info: Info) -> list[UserError]:
        return user_errors(info.context, (await _view(info.context, self.row)).problems)

    @strawberry.field(description="What to know before ordering.", directives=[list_size(200)])
    async def warnings(self, info: Info) -> list[Warning]:
        ctx, view = info.context, await _view(info.context, self.row)
        found = [
            Refusal(
                ErrorCode.BACKORDERED, "Not all of {sku} is free; the rest follows when it arrives.", sku=sku
            )
            for sku in view.backordered_skus[:WARNINGS_MAX]
        ]
        more = len(view.backordered_skus) - len(found)
        if more:
            text = "Of {count} more lines not all is free; the rest follows when it arrives."
            found.append(Refusal(ErrorCode.BACKORDERED, text, count=more))
        credit = await ctx.load(credit_by_customer, self.row.customer_id) if view.lines else None
        if credit is not None and await orders_placing.passes_limit(ctx, view, credit):
            text = (
                "With this order you pass your credit limit: it will be reviewed before anything is reserved."
            )
            found.append(Refusal(ErrorCode.ON_HOLD, text))
        if view.lines and await orders_placing.waits_for_approval(ctx, view):
            text = "With this order you pass what you may order alone: somebody else of your company has to approve it."
            found.append(Refusal(ErrorCode.APPROVAL_REQUIRED, text))
        return [
            Warning(code=each.code, message=each.message, path=each.path) for each in user_errors(ctx, found)
        ]

    @strawberry.field(
        description="What goes with it, and what the company has usually bought again by now.",
        directives=[list_size(suggestions.COUNT_MAX)],
    )
    async def suggestions(self, info: Info) -> list[Suggestion]:
        rows = await suggestions.cart_suggestions(info.context, self.row.id)
        return [Suggestion.of(row) for row in rows]

    @strawberry.field(
        description="The coupons entered, with what became of each.", directives=[list_size(10)]
    )
    async def coupons(self, info: Info) -> list[Annotated["CartCoupon", strawberry.lazy("schema.coupons")]]:
        from resolvers.coupons import coupons_by_cart
        from schema.coupons import CartCoupon

        return [CartCoupon.of(each) for each in await info.context.load(coupons_by_cart, self.row.id)]

    @strawberry.field(description="Its goods that are held for a while; null where nothing is held.")
    async def hold(self, info: Info) -> Annotated["CartHold", strawberry.lazy("schema.carts_holds")] | None:
        from schema.carts_holds import CartHold

        rows = await info.context.load(holds_by_source, self.row.id)
        return CartHold.of(rows) if rows else None

    @strawberry.field(description="For how many minutes you may have it held; 0: not at all.")
    async def hold_minutes_max(self, info: Info) -> int:
        return await carts_holds.minutes_max(info.context)

    @strawberry.field(
        description="What you may do with it now; buttons are drawn from this.", directives=[list_size(5)]
    )
    async def allowed_actions(self, info: Info) -> list[CartAction]:
        view = await _view(info.context, self.row)
        actions = [CartAction.EDIT]
        if view.lines:
            actions.append(CartAction.CLEAR)
        if view.is_ready and info.context.user.may(P.ORDERS_PLACE):
            actions.append(CartAction.PLACE)
        if view.lines and await carts_holds.may_hold(info.context, self.row):
            actions.append(CartAction.HOLD)
        if view.held:
            actions.append(CartAction.RELEASE_HOLD)
        return actions


@strawberry.type
class CartQueries:
    @strawberry.field(description="The viewer's cart at the company they act for; empty where nothing is in it.",
                      directives=_USE)  # fmt: skip
    async def cart(self, info: Info) -> Cart:
        return Cart.of(await carts.cart_row(info.context))


Version = strawberry.field(
    default=None, description="The version you saw; a newer one is refused. Optional for carts."
)


@strawberry.input(description="A product to put into the cart: by SKU or by id.", directives=_USE)
class CartLineInput:
    sku: str | None = strawberry.field(default=None, description="Our number, your own number, or a barcode.")
    product_id: strawberry.ID | None = strawberry.field(
        default=None, description="Or the product's global id."
    )
    quantity: Decimal = strawberry.field(
        description="How many, in `unit`; joins what the cart holds already."
    )
    unit: str | None = strawberry.field(
        default=None, description="The unit's code; the product's own when not said."
    )
    requested_on: date | None = strawberry.field(default=None, description="The day of receipt asked for.")


@strawberry.input(description="Products to put into the cart: all of them, or none.", directives=_USE)
class AddToCartInput:
    lines: list[CartLineInput] = strawberry.field(description="At most 5,000.")
    expected_version: int | None = Version


@strawberry.input(description="What to change of a line; what is not given stays.", directives=_USE)
class UpdateCartLineInput:
    line_id: strawberry.ID = strawberry.field(description="The line.")
    quantity: Decimal | None = strawberry.field(
        default=None, description="How many; remove a line with removeCartLine."
    )
    requested_on: date | None = strawberry.field(
        default=strawberry.UNSET, description="The day of receipt asked for; null takes it away."
    )
    expected_version: int | None = Version


@strawberry.input(description="A line to take out.", directives=_USE)
class RemoveCartLineInput:
    line_id: strawberry.ID = strawberry.field(description="The line.")
    expected_version: int | None = Version


@strawberry.input(description="What to change of the cart's head; what is not given stays.", directives=_USE)
class UpdateCartInput:
    purchase_order_number: str | None = strawberry.field(
        default=None, description="The buyer's own number, 64 characters."
    )
    delivery_address_id: strawberry.ID | None = strawberry.field(
        default=None, description="One of the company's addresses."
    )
    requested_on: date | None = strawberry.field(
        default=strawberry.UNSET, description="The day of receipt asked for; null takes it away."
    )
    note: str | None = strawberry.field(default=None, description="A note to the seller, 2,000 characters.")
    expected_version: int | None = Version


@strawberry.input(description="Empties the cart.", directives=_USE)
class ClearCartInput:
    expected_version: int | None = Version


@strawberry.input(description="A list, or some of its items, to put into the cart.", directives=_USE)
class AddWishlistToCartInput:
    wishlist_id: strawberry.ID = strawberry.field(description="The list.")
    item_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="These items; all when not said."
    )
    expected_version: int | None = Version


@strawberry.input(
    description="An earlier order, or some of its lines, to put into the cart.", directives=_USE
)
class ReorderInput:
    order_id: strawberry.ID = strawberry.field(description="The order.")
    line_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="These lines; all when not said."
    )
    expected_version: int | None = Version


class _CartPayload(Payload):
    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await carts.cart_row(ctx)
        return cls(cart=Cart.of(row) if row.id == entity_id else None)  # type: ignore[call-arg]


def cart_payload(mutation: str) -> type[_CartPayload]:
    """The payload of a mutation that changes the cart: they are alike but for their names."""
    name = mutation[0].upper() + mutation[1:] + "Payload"
    members = {
        "__annotations__": {"cart": Cart | None},
        "__module__": __name__,
        "__doc__": f"Answer of {mutation}.",
        "entity_type": "Cart",
        "cart": strawberry.field(default=None, description="The cart; null when refused."),
    }
    made = type(name, (_CartPayload,), members)
    return strawberry.type(made, description=f"Answer of {mutation}.", directives=_USE)


AddToCartPayload = cart_payload("addToCart")
UpdateCartLinePayload = cart_payload("updateCartLine")
RemoveCartLinePayload = cart_payload("removeCartLine")
UpdateCartPayload = cart_payload("updateCart")
ClearCartPayload = cart_payload("clearCart")
AddWishlistToCartPayload = cart_payload("addWishlistToCart")
ReorderPayload = cart_payload("reorder")


def _line_draft(index: int, line: CartLineInput) -> carts.LineDraft:
    path = ("lines", index)
    if (line.sku is None) == (line.product_id is None):
        raise Refusal(ErrorCode.INVALID, "Name the product either by SKU or by id.", (*path, "sku"))
    return carts.LineDraft(
        quantity=line.quantity,
        path=path,
        sku=line.sku,
        product_id=None
        if line.product_id is None
        else decode_id(line.product_id, "Product", path=(*path, "productId")),
        unit=line.unit,
        requested_on=line.requested_on,
    )


class Head(Protocol):
    """What updateCart and placeOrder say of the head alike."""

    purchase_order_number: str | None
    delivery_address_id: strawberry.ID | None
    requested_on: date | None
    note: str | None


def head_change(given: Head) -> carts.HeadChange:
    address = given.delivery_address_id
    return carts.HeadChange(
        purchase_order_number=given.purchase_order_number,
        delivery_address_id=None
        if address is None
        else decode_id(address, "Address", path=("deliveryAddressId",)),
        requested_on=given.requested_on or None,
        clear_date=given.requested_on is None,
        note=given.note,
    )


@strawberry.type
class CartMutations:
    @strawberry.mutation(description="Puts products into the viewer's cart.", directives=_USE)
    async def add_to_cart(
        self, info: Info, input: Annotated[AddToCartInput, strawberry.argument(description="The products.")]
    ) -> AddToCartPayload:  # type: ignore[valid-type]
        drafts = [_line_draft(index, line) for index, line in enumerate(input.lines)]
        done = await carts.add_lines(info.context, drafts, input.expected_version)
        return await AddToCartPayload.of(info.context, done)

    @strawberry.mutation(description="Changes a line of the viewer's cart.", directives=_USE)
    async def update_cart_line(
        self,
        info: Info,
        input: Annotated[UpdateCartLineInput, strawberry.argument(description="The change.")],
    ) -> UpdateCartLinePayload:  # type: ignore[valid-type]
        key = decode_id(input.line_id, "CartLine", path=("lineId",))
        change = carts.LineChange(input.quantity, input.requested_on or None, input.requested_on is None)
        done = await carts.update_line(info.context, key, change, input.expected_version)
        return await UpdateCartLinePayload.of(info.context, done)

    @strawberry.mutation(description="Takes a line out of the viewer's cart.", directives=_USE)
    async def remove_cart_line(
        self, info: Info, input: Annotated[RemoveCartLineInput, strawberry.argument(description="The line.")]
    ) -> RemoveCartLinePayload:  # type: ignore[valid-type]
        key = decode_id(input.line_id, "CartLine", path=("lineId",))
        done = await carts.remove_line(info.context, key, input.expected_version)
        return await RemoveCartLinePayload.of(info.context, done)

    @strawberry.mutation(description="Changes the head of the viewer's cart.", directives=_USE)
    async def update_cart(
        self, info: Info, input: Annotated[UpdateCartInput, strawberry.argument(description="The change.")]
    ) -> UpdateCartPayload:  # type: ignore[valid-type]
        done = await carts.update_cart(info.context, head_change(input), input.expected_version)
        return await UpdateCartPayload.of(info.context, done)

    @strawberry.mutation(description="Empties the viewer's cart.", directives=_USE)
    async def clear_cart(
        self,
        info: Info,
        input: Annotated[ClearCartInput, strawberry.argument(description="The version you saw.")],
    ) -> ClearCartPayload:  # type: ignore[valid-type]
        done = await carts.clear(info.context, input.expected_version)
        return await ClearCartPayload.of(info.context, done)

    @strawberry.mutation(
        description="Puts a list into the cart; what is not for sale any more is left out, with a warning.",
        directives=_USE,
    )
    async def add_wishlist_to_cart(
        self,
        info: Info,
        input: Annotated[AddWishlistToCartInput, strawberry.argument(description="The list.")],
    ) -> AddWishlistToCartPayload:  # type: ignore[valid-type]
        key = decode_id(input.wishlist_id, "Wishlist", path=("wishlistId",))
        items = None
        if input.item_ids is not None:
            items = [
                decode_id(each, "WishlistItem", path=("itemIds", n)) for n, each in enumerate(input.item_ids)
            ]
        done = await carts_fill.add_wishlist(info.context, key, items, input.expected_version)
        return await AddWishlistToCartPayload.of(info.context, done)

    @strawberry.mutation(
        description="Puts an earlier order's products into the cart at today's prices; what is not for sale any more "
        "is left out, with a warning.",
        directives=_USE,
    )
    async def reorder(
        self, info: Info, input: Annotated[ReorderInput, strawberry.argument(description="The order.")]
    ) -> ReorderPayload:  # type: ignore[valid-type]
        key = decode_id(input.order_id, "Order", path=("orderId",))
        lines = None
        if input.line_ids is not None:
            lines = [
                decode_id(each, "OrderLine", path=("lineIds", n)) for n, each in enumerate(input.line_ids)
            ]
        chosen = await orders.lines_to_reorder(info.context, key, lines)
        done = await carts_fill.reorder(info.context, chosen, input.expected_version)
        return await ReorderPayload.of(info.context, done)


@node_loader("Cart")
async def _carts(ctx: Context, keys: Sequence[UUID]) -> Sequence[Cart | None]:
    row = (
        await carts.cart_row(ctx) if ctx.user.customer_id is not None and ctx.user.may(P.CARTS_USE) else None
    )
    return [Cart.of(row) if row is not None and row.id == key else None for key in keys]
