"""Availability: what is there, what comes, the earliest promise for a quantity, and why that day."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from uuid import UUID

from auth.permissions import Permission
from models.availability_reads import SiteRow
from models.products_reads import ProductRow
from resolvers.context import Context
from resolvers.customers import customers_by_id, seller
from resolvers.products import products_by_code
from resolvers.promises_facts import Facts, ProductAtSite, ProductFacts, for_customer, gather
from resolvers.stock import band_of
from rules.availability import Step, Supply
from rules.lots import LotPolicy, LotStock, in_order, is_sellable
from rules.money import ZERO
from rules.promising_sites import SitesPromise, pooled_ladder, promise_from_sites
from rules.quantities import QUANTITY_MAX
from rules.refusals import ErrorCode, Refusal, refuse_all
from rules.states import AvailabilityBand, AvailabilityDisplay, ProductKind
from rules.texts import item_key

PRODUCTS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class AvailabilityAsked:
    """A product by any of its codes, how much of it, and the day of receipt asked for."""

    code: str
    quantity: Decimal
    requested_on: date | None = None


@dataclass(frozen=True)
class SiteAnswer:
    """A product in one warehouse, as staff see it; what takes long is worked out when it is asked."""

    known: ProductAtSite
    asked: AvailabilityAsked

    @property
    def ladder(self) -> list[Step]:
        return self.known.promising.availability.ladder()

    @property
    def earliest(self) -> SitesPromise[UUID] | None:
        return promise_from_sites(self.asked.quantity, [self.known.promising], self.asked.requested_on)


@dataclass(frozen=True, slots=True)
class LotOption:
    """A lot in a warehouse, and whether it may go to the customer on the promised day."""

    site: SiteRow
    lot: LotStock
    is_sellable: bool


@dataclass(frozen=True)
class Answer:
    """
    What is told of a product; what takes long is worked out when it is asked.

    Args:
        product: None where the viewer knows none by that code.
        shows: how much of it is theirs to see.
        known: None for services, which are always to be had.
    """

    asked: AvailabilityAsked
    product: ProductRow | None
    shows: AvailabilityDisplay
    band: AvailabilityBand | None = None
    known: ProductFacts | None = None

    @property
    def _sites(self) -> tuple[ProductAtSite, ...]:
        return () if self.known is None else self.known.sites

    @property
    def free(self) -> Decimal:
        return sum((each.free for each in self._sites), ZERO)

    @property
    def on_hand(self) -> Decimal:
        return sum((each.on_hand for each in self._sites), ZERO)

    @property
    def incoming(self) -> list[Supply]:
        found = [supply for each in self._sites for supply in each.promising.availability.supplies]
        return sorted(found, key=lambda supply: (supply.on, supply.source))

    @property
    def ladder(self) -> list[Step]:
        return pooled_ladder([each.promising.availability.ladder() for each in self._sites])

    @property
    def promise(self) -> SitesPromise[UUID] | None:
        """None also where nothing of stock is told, and without a warehouse."""
        return None if self.shows is AvailabilityDisplay.NONE else self._promise

    @cached_property
    def _promise(self) -> SitesPromise[UUID] | None:
        places = [each.promising for each in self._sites]
        return promise_from_sites(self.asked.quantity, places, self.asked.requested_on)

    @property
    def sites(self) -> list[SiteAnswer]:
        return [SiteAnswer(each, self.asked) for each in self._sites]

    @property
    def lots(self) -> list[LotOption]:
        return [] if self.known is None else _lots(self.known, self._promise)


async def availability(
    ctx: Context,
    asked: Sequence[AvailabilityAsked],
    customer_id: UUID | None = None,
    warehouses: Collection[UUID] | None = None,
) -> list[Answer]:
    """
    The answers in the order asked, in a constant number of statements.

    Args:
        customer_id: for whom staff ask; a buyer asks for their own company.
    Raises:
        Refusal(NOT_FOUND): the viewer sees no such customer.
        Refusal(LIMIT_EXCEEDED): more than 1,000 products.
        Refusal(QUANTITY_INVALID): a quantity is not above zero, or absurd.
    """
    _check(asked)
    whom = customer_id or ctx.user.customer_id
    if whom is not None and await ctx.load(customers_by_id, whom) is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("customerId",))
    by_code = await products_by_code(ctx, [each.code for each in asked])
    products = {product.id: product for product in by_code.values()}
    facts = await gather(ctx, list(products.values()), await for_customer(ctx, whom), warehouses)
    shows = shown_to(ctx, facts)
    low = (await seller(ctx)).low_stock_threshold
    return [_answer(each, by_code.get(item_key(each.code)), facts, shows, low) for each in asked]


def shown_to(ctx: Context, facts: Facts) -> AvailabilityDisplay:
    """Staff with the permission see figures; a buyer sees what their group is told."""
    if ctx.user.may(Permission.STOCK_QUANTITY_READ):
        return AvailabilityDisplay.EXACT
    return facts.display or AvailabilityDisplay.BAND


def _check(asked: Sequence[AvailabilityAsked]) -> None:
    if len(asked) > PRODUCTS_MAX:
        text = "Ask for {most} products at most."
        raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("products",), most=PRODUCTS_MAX)
    refuse_all(
        [
            Refusal(
                ErrorCode.QUANTITY_INVALID, "The quantity of {sku} must be above zero.",
                ("products", index, "quantity"), sku=each.code,
            )
            for index, each in enumerate(asked)
            if not ZERO < each.quantity <= QUANTITY_MAX
        ]
    )  # fmt: skip


def _answer(
    asked: AvailabilityAsked,
    product: ProductRow | None,
    facts: Facts,
    shows: AvailabilityDisplay,
    low: Decimal,
) -> Answer:
    if product is None:
        return Answer(asked, None, shows)
    if product.kind is ProductKind.SERVICE:
        band = None if shows is AvailabilityDisplay.NONE else AvailabilityBand.IN_STOCK
        return Answer(asked, product, shows, band)
    known = facts.products[product.id]
    free = sum((each.free for each in known.sites), ZERO)
    band = None if shows is AvailabilityDisplay.NONE else band_of(free, low)
    return Answer(asked, product, shows, band, known)


def _lots(known: ProductFacts, promise: SitesPromise[UUID] | None) -> list[LotOption]:
    """The lots as they would be picked; whether each is sellable on the promised day of receipt, or else today."""
    found = []
    for each in known.sites:
        found_promise = None if promise is None else promise.promise
        receipt_on = (
            found_promise.receipt_on if found_promise and found_promise.receipt_on else each.promising.entered
        )
        policy = LotPolicy(known.setting.lot_criterion, known.sellable_days, banned=known.banned)
        found += [
            LotOption(each.site, lot, is_sellable(lot, receipt_on, policy))
            for lot in in_order(each.lots, policy)
        ]
    return found


@dataclass(frozen=True, slots=True)
class PromiseKey:
    """A quantity of a product that the viewer would order, in its own unit, and the day of receipt asked for."""

    product: ProductRow
    quantity: Decimal
    requested_on: date | None = None


async def promises_by_key(ctx: Context, keys: Sequence[PromiseKey]) -> list[SitesPromise[UUID] | None]:
    """
    The earliest promise of each, as if it alone were ordered; a batch function.

    None for services, for quantities that nobody can order, and where the viewer is told nothing of stock.
    """
    goods = {key.product.id: key.product for key in keys if key.product.kind is ProductKind.GOODS}
    facts = await gather(ctx, list(goods.values()), await for_customer(ctx, ctx.user.customer_id))
    if shown_to(ctx, facts) is AvailabilityDisplay.NONE:
        return [None for _ in keys]
    return [
        promise_from_sites(
            key.quantity, [each.promising for each in facts.products[key.product.id].sites], key.requested_on
        )
        if key.product.id in goods and ZERO < key.quantity <= QUANTITY_MAX
        else None
        for key in keys
    ]


async def next_days(
    ctx: Context,
    wanted: Sequence[tuple[ProductRow, Decimal]],
    customer_id: UUID | None = None,
    except_entries: Collection[UUID] = (),
) -> list[date | None]:
    """
    The earliest receipt of each quantity of goods that was refused, as if it alone were ordered.

    None where it is not to be had within the horizon, or the viewer is told nothing of stock. A constant number of
    statements, and none where nothing was refused.

    Args:
        customer_id: who would get it; the viewer's own company is meant else.
        except_entries: the schedule lines whose own demand does not count, for it is what was refused.
    """
    if not wanted:
        return []
    products = {product.id: product for product, _ in wanted}
    whom = await for_customer(ctx, customer_id or ctx.user.customer_id)
    facts = await gather(ctx, list(products.values()), whom, except_entries=except_entries)
    if shown_to(ctx, facts) is AvailabilityDisplay.NONE:
        return [None for _ in wanted]
    return [_receipt(facts.products[product.id], quantity) for product, quantity in wanted]


def _receipt(known: ProductFacts, quantity: Decimal) -> date | None:
    found = promise_from_sites(quantity, [each.promising for each in known.sites])
    return None if found is None else found.promise.receipt_on
