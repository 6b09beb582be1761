"""Carts: what a buyer gathers, priced as an order would be."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID, uuid5

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from models.base import new_id
from models.carts import Cart, CartLine
from models.customers import CustomerAddress
from models.customers_reads import visible_addresses
from models.holds_reads import HoldRow
from models.products_reads import ProductRow
from models.rows import columns_of
from resolvers.carts_terms import agreement_problem
from resolvers.context import Context, LockKind
from resolvers.customers import acting_customer, addresses_by_customer
from resolvers.events import record
from resolvers.gifts_stock import given_of
from resolvers.holds import Source, held_by_product, holds_by_source, release, without
from resolvers.prices import exchange_rate
from resolvers.pricing import FreePriced, LinePriced, Priced, no_price, price_lines
from resolvers.pricing_facts import DocumentAsked, LineAsked
from resolvers.products import UnitRow, products_by_code, products_by_id, units_by_code, units_by_product
from resolvers.promises import next_days
from resolvers.stock import StockPlan, backorder_allowed, balances_by_product, free_of
from rules.alternatives import WantedPart
from rules.documents import check_requested_date
from rules.money import ZERO
from rules.quantities import check_quantity, plain
from rules.refusals import ErrorCode, OutOfStock, Path, Refusal, StaleVersion, refuse_all
from rules.states import CustomerStatus, HoldSource, ProductKind
from rules.texts import item_key

LINES_MAX = 5_000
TEXT_MAX = 2000


@dataclass(frozen=True, slots=True)
class CartRow:
    id: UUID
    customer_id: UUID
    user_id: UUID
    purchase_order_number: str
    delivery_address_id: UUID | None
    requested_on: date | None
    note: str
    coupon_codes: tuple[str, ...]
    agreement_id: UUID | None
    keeps_own_terms: bool
    gifts_accepted: tuple[UUID, ...]
    gifts_declined: tuple[UUID, ...]
    version: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class CartLineRow:
    id: UUID
    product_id: UUID
    position: int
    quantity: Decimal
    requested_on: date | None
    unit_price_seen: Decimal | None
    parts: tuple[WantedPart, ...] = ()


@dataclass(frozen=True, slots=True)
class CartLineView:
    """A line as priced; `product` is None where it may not be bought any more."""

    row: CartLineRow
    product: ProductRow | None
    priced: LinePriced | None
    problems: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class CartView:
    """
    A cart, its lines as priced and what stands in its way.

    Args:
        free: goods without charge by the id of the line that brings them, proposed ones among them.
        held: what is held for it, by product.
    """

    row: CartRow
    lines: tuple[CartLineView, ...]
    priced: Priced
    free: Mapping[UUID, tuple[FreePriced, ...]]
    problems: tuple[Refusal, ...]
    backordered_skus: tuple[str, ...]
    held: Mapping[UUID, Decimal]

    @property
    def is_ready(self) -> bool:
        return bool(self.lines) and not self.problems and not any(line.problems for line in self.lines)


async def cart_row(ctx: Context) -> CartRow:
    """The viewer's cart; an empty one that is not stored yet where there is none."""
    customer = await acting_customer(ctx)
    found = (
        await ctx.session.execute(
            select(*columns_of(Cart, CartRow)).where(
                Cart.user_id == ctx.user.user_id, Cart.customer_id == customer.id
            )
        )
    ).first()
    if found is not None:
        row = CartRow(*found)
        return replace(
            row, coupon_codes=tuple(row.coupon_codes), gifts_accepted=tuple(row.gifts_accepted),
            gifts_declined=tuple(row.gifts_declined),
        )  # fmt: skip
    return CartRow(
        _cart_key(customer.id, ctx.user.user_id),
        customer.id,
        ctx.user.user_id,
        "",
        None,
        None,
        "",
        (),
        None,
        False,
        (),
        (),
        1,
        ctx.now,
    )


def _cart_key(customer_id: UUID, user_id: UUID) -> UUID:
    """The id of a user's cart at a customer, the same before and after it is first stored."""
    return uuid5(customer_id, str(user_id))


async def cart_lines(ctx: Context, cart_id: UUID) -> list[CartLineRow]:
    rows = await ctx.session.execute(
        select(*columns_of(CartLine, CartLineRow))
        .where(CartLine.cart_id == cart_id, CartLine.customer_id == ctx.user.customer_id)
        .order_by(CartLine.position, CartLine.id)
    )
    found = [CartLineRow(*each) for each in rows]
    return [replace(row, parts=tuple(map(WantedPart.from_json, row.parts))) for row in found]  # type: ignore[arg-type]


async def line_counts(ctx: Context, keys: Sequence[UUID]) -> list[int]:
    """How many lines each cart has, without pricing any: pages say it on every screen."""
    rows = await ctx.session.execute(
        select(CartLine.cart_id, func.count())
        .where(CartLine.cart_id.in_(keys), CartLine.customer_id == ctx.user.customer_id)
        .group_by(CartLine.cart_id)
    )
    found = {row[0]: row[1] for row in rows}
    return [found.get(key, 0) for key in keys]


def asked_of(row: CartRow) -> DocumentAsked:
    """What a cart says of its prices besides its lines."""
    return DocumentAsked(
        agreement_id=row.agreement_id,
        coupons=frozenset(map(item_key, row.coupon_codes)),
        chosen=frozenset(map(str, row.gifts_accepted)),
        is_charged=True,
        delivery_address_id=row.delivery_address_id,
        keeps_own_terms=row.keeps_own_terms,
    )


async def cart_view(ctx: Context, row: CartRow) -> CartView:
    """The cart with prices, taxes and problems, in a constant number of statements."""
    return await view_of(ctx, row, await cart_lines(ctx, row.id))


async def view_of(ctx: Context, row: CartRow, rows: Sequence[CartLineRow]) -> CartView:
    """A cart of these lines, stored or not, with prices, taxes and problems."""
    products: list[ProductRow | None] = await ctx.loader(products_by_id).load_many(
        [line.product_id for line in rows]
    )
    usable = [(line, product) for line, product in zip(rows, products, strict=True) if product is not None]
    asked = [
        LineAsked(product, line.quantity, line.requested_on or row.requested_on) for line, product in usable
    ]
    priced = await price_lines(ctx, asked, asked_of(row))
    units = await ctx.loader(units_by_code).load_many([product.unit_code for _, product in usable])
    # Of gifts too that another product may be given for.
    replaceable = [each for gift in priced.free if gift.substitutes for each in (gift, *gift.substitutes)]
    goods = [*(product for _, product in usable), *(each.product for each in replaceable)]
    keys = [product.id for product in goods]
    stock = await ctx.loader(balances_by_product).load_many(keys)
    holds: list[HoldRow] = []
    if any(balance.holds_end_at is not None for balances in stock for balance in balances):
        # What is held for this cart is free for it.
        holds = await ctx.load(holds_by_source, row.id)
        mine = without(dict(zip(keys, stock, strict=True)), holds)
        stock = [mine[key] for key in keys]
    by_line = {line.id: (price, unit, balance) for (line, _), price, unit, balance
               in zip(usable, priced.lines, units, stock[: len(usable)], strict=True)}  # fmt: skip
    views, backordered = [], []
    short: dict[int, tuple[ProductRow, Decimal, Decimal]] = {}
    for index, (line, product) in enumerate(zip(rows, products, strict=True)):
        if product is None:
            text = "A product in the cart is not for sale to you any more; remove the line."
            gone = Refusal(ErrorCode.NOT_FOUND, text, ("lines", index))
            views.append(CartLineView(line, None, None, (gone,)))
            continue
        price, unit, balance = by_line[line.id]
        problems = _line_problems(ctx, row, index, line, product, price, unit, priced.market.currency)
        free = free_of(balance)
        if product.kind is ProductKind.GOODS and line.quantity > free:
            if await backorder_allowed(ctx, product.out_of_stock_policy):
                backordered.append(product.sku)
            else:
                short[index] = product, line.quantity, free
        views.append(CartLineView(line, product, price, tuple(problems)))
    days = await next_days(ctx, [(product, wanted) for product, wanted, _ in short.values()])
    for (index, (product, wanted, free)), day in zip(short.items(), days, strict=True):
        problem = OutOfStock(product.sku, wanted, free, day, ("lines", index, "quantity"))
        views[index] = replace(views[index], problems=(*views[index].problems, problem))
    problems_of_cart = await _cart_problems(ctx, row, views)
    gifts: dict[UUID, tuple[FreePriced, ...]] = {}
    plan = StockPlan({product.id: balance for product, balance in zip(goods, stock, strict=True)})
    for each in _as_given(priced, plan):
        key = usable[each.parent][0].id
        gifts[key] = (*gifts.get(key, ()), each)
    return CartView(
        row, tuple(views), priced, gifts, tuple(problems_of_cart), tuple(backordered), held_by_product(holds)
    )


def _as_given(priced: Priced, stock: StockPlan) -> Iterator[FreePriced]:
    """What comes free, with what would be given instead where it is out of stock; nothing is locked for it."""
    if any(each.substitutes for each in priced.free):
        for line in priced.lines:
            if line.asked.product.kind is ProductKind.GOODS and line.price is not None:
                stock.take(line.asked.product.id, line.price.quantity_paid)
    for each in priced.free:
        given = given_of(stock, each) if each.substitutes else each
        if each.substitutes and given is not None and given.product.kind is ProductKind.GOODS:
            stock.take(given.product.id, given.goods.quantity)
        yield each if given is None or given is each else replace(each, instead=given)


def _line_problems(
    ctx: Context,
    cart: CartRow,
    index: int,
    line: CartLineRow,
    product: ProductRow,
    price: LinePriced,
    unit: UnitRow,
    currency: str,
) -> list[Refusal]:
    problems = []
    wrong = check_quantity(
        line.quantity,
        sku=product.sku,
        unit=unit.code,
        decimals=unit.decimals,
        pack_size=product.pack_size,
        path=("lines", index, "quantity"),
    )
    if wrong is not None:
        problems.append(wrong)
    if price.price is None:
        problems.append(no_price(product.sku, currency, ("lines", index)))
    days: list[tuple[date | None, Path]] = [(line.requested_on, ("requestedOn",))]
    days += [(part.requested_on, ("parts", place, "requestedOn")) for place, part in enumerate(line.parts)]
    for day, where in days:
        late = check_requested_date(day, ctx.today)
        if late is not None:
            problems.append(Refusal(ErrorCode.PAST_DATE, late, ("lines", index, *where), requested=day))
    return problems


async def _cart_problems(ctx: Context, cart: CartRow, lines: Sequence[CartLineView]) -> list[Refusal]:
    customer = await acting_customer(ctx)
    problems = []
    if not lines:
        problems.append(Refusal(ErrorCode.CART_EMPTY, "The cart is empty.", ("cartId",)))
    if customer.status is not CustomerStatus.ACTIVE:
        text = "Your company cannot place orders at present; ask your sales contact."
        problems.append(Refusal(ErrorCode.CUSTOMER_BLOCKED, text, ("cartId",)))
    late = check_requested_date(cart.requested_on, ctx.today)
    if late is not None:
        problems.append(Refusal(ErrorCode.PAST_DATE, late, ("requestedOn",), requested=cart.requested_on))
    if not await ctx.load(addresses_by_customer, cart.customer_id):
        text = "Your company has no delivery address yet; ask your company admin to add one."
        problems.append(Refusal(ErrorCode.INVALID, text, ("deliveryAddressId",)))
    if await exchange_rate(ctx, customer.currency) is None:
        text = "There is no exchange rate for {currency} at present; ask your sales contact."
        problems.append(Refusal(ErrorCode.NO_PRICE, text, ("cartId",), currency=customer.currency))
    ended = await agreement_problem(ctx, cart)
    return problems if ended is None else [*problems, ended]


async def lock_cart(ctx: Context, expected_version: int | None) -> Cart:
    """The viewer's cart, locked for change; stored now if it was not yet."""
    customer = await acting_customer(ctx)
    statement = select(Cart).where(Cart.user_id == ctx.user.user_id, Cart.customer_id == customer.id)
    locked = ctx.locked(LockKind.DOCUMENT, statement)
    cart: Cart | None = await ctx.session.scalar(locked)
    if cart is None:
        await ctx.session.execute(
            insert(Cart)
            .values(
                id=_cart_key(customer.id, ctx.user.user_id),
                seller_id=ctx.user.seller_id,
                customer_id=customer.id,
                user_id=ctx.user.user_id,
                updated_at=ctx.now,
            )
            .on_conflict_do_nothing(index_elements=["user_id", "customer_id"])
        )
        cart = await ctx.session.scalar(locked)
        assert cart is not None, "it was stored, by us or by whom we waited for"
    if expected_version is not None and cart.version != expected_version:
        raise StaleVersion(cart.version)
    return cart


async def changed(ctx: Context, cart: Cart, action: str, **changes: object) -> UUID:
    cart.version += 1
    cart.updated_at = ctx.now
    plain_changes = {name: str(value) for name, value in changes.items()}
    record(
        ctx, action, "Cart", cart.id, version=cart.version, customer_id=cart.customer_id, changes=plain_changes,
        published=False,
    )  # fmt: skip
    await ctx.session.flush()
    return cart.id


@dataclass(frozen=True, slots=True)
class LineDraft:
    """A line to add: the product by code or key, its quantity in `unit` (None: the product's own)."""

    quantity: Decimal
    path: Path
    sku: str | None = None
    product_id: UUID | None = None
    unit: str | None = None
    requested_on: date | None = None


@dataclass(frozen=True, slots=True)
class ResolvedLine:
    """A draft whose product is known and whose quantity is in the product's own unit."""

    draft: LineDraft
    product: ProductRow
    quantity: Decimal


async def resolve_lines(
    ctx: Context, drafts: Sequence[LineDraft]
) -> tuple[list[ResolvedLine], list[Refusal]]:
    """Finds the products of any number of drafts and checks their quantities, in a constant number of statements."""
    codes = await products_by_code(ctx, [draft.sku for draft in drafts if draft.sku])
    keys = [draft.product_id for draft in drafts if draft.product_id is not None]
    by_id = dict(zip(keys, await ctx.loader(products_by_id).load_many(keys), strict=True))
    products = [
        by_id.get(draft.product_id) if draft.product_id is not None else codes.get(item_key(draft.sku or ""))
        for draft in drafts
    ]
    known = [product for product in products if product is not None]
    await ctx.loader(units_by_code).load_many([product.unit_code for product in known])
    await ctx.loader(units_by_product).load_many([product.id for product in known])
    resolved, refusals = [], []
    for draft, product in zip(drafts, products, strict=True):
        if product is None:
            refusals.append(_unknown(draft))
            continue
        outcome = await _in_own_unit(ctx, draft, product)
        if isinstance(outcome, Refusal):
            refusals.append(outcome)
        else:
            resolved.append(ResolvedLine(draft, product, outcome))
    return resolved, refusals


def _unknown(draft: LineDraft) -> Refusal:
    if draft.product_id is not None:
        return Refusal(ErrorCode.NOT_FOUND, "Not found.", (*draft.path, "productId"))
    return Refusal(ErrorCode.UNKNOWN_SKU, "We know no product {sku}.", (*draft.path, "sku"), sku=draft.sku)


async def _in_own_unit(ctx: Context, draft: LineDraft, product: ProductRow) -> Decimal | Refusal:
    quantity = draft.quantity
    if draft.unit is not None and draft.unit != product.unit_code:
        others = await ctx.load(units_by_product, product.id)
        factor = next((each.factor for each in others if each.unit_code == draft.unit), None)
        if factor is None:
            text = "{sku} is not sold by {unit}."
            return Refusal(
                ErrorCode.UNIT_MISMATCH, text, (*draft.path, "unit"), sku=product.sku, unit=draft.unit
            )
        quantity *= factor
    unit = await ctx.load(units_by_code, product.unit_code)
    assert unit is not None, "a product's unit exists by foreign key"
    wrong = check_quantity(
        quantity,
        sku=product.sku,
        unit=unit.code,
        decimals=unit.decimals,
        pack_size=product.pack_size,
        path=(*draft.path, "quantity"),
    )
    if wrong is not None:
        return wrong
    late = check_requested_date(draft.requested_on, ctx.today)
    if late is not None:
        path = (*draft.path, "requestedOn")
        return Refusal(ErrorCode.PAST_DATE, late, path, requested=draft.requested_on)
    return quantity


async def add_lines(ctx: Context, drafts: Sequence[LineDraft], expected_version: int | None) -> UUID:
    """Adds all of the lines or none; quantities join those of products that the cart holds already."""
    if not drafts:
        raise Refusal(ErrorCode.INVALID, "Name at least one line.", ("lines",))
    if len(drafts) > LINES_MAX:
        text = "A cart holds {limit} lines at most."
        raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("lines",), limit=LINES_MAX)
    resolved, refusals = await resolve_lines(ctx, drafts)
    refuse_all(refusals)
    cart = await lock_cart(ctx, expected_version)
    await put_lines(ctx, cart, resolved)
    return await changed(ctx, cart, "cart.linesAdded", lines=len(resolved))


async def put_lines(ctx: Context, cart: Cart, resolved: Sequence[ResolvedLine]) -> None:
    """Joins resolved lines to a locked cart, with the price at which the buyer sees them now."""
    present = {line.product_id: line for line in await lines_of(ctx, cart)}
    position = max((line.position for line in present.values()), default=0)
    fresh = []
    for each in resolved:
        line = present.get(each.product.id)
        if line is None:
            position += 1
            line = CartLine(
                id=new_id(),
                cart_id=cart.id,
                customer_id=cart.customer_id,
                product_id=each.product.id,
                position=position,
                quantity=ZERO,
            )
            present[each.product.id] = line
            fresh.append(line)
        line.quantity += each.quantity
        line.requested_on = each.draft.requested_on or line.requested_on
        line.parts = []
    if len(present) > LINES_MAX:
        text = "A cart holds {limit} lines at most."
        raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("lines",), limit=LINES_MAX)
    await _check_quantities(
        ctx, [(present[each.product.id], each.product, each.draft.path) for each in resolved]
    )
    await _remember_prices(ctx, cart, list(present.values()), [each.product.id for each in resolved])
    # Only now, so that they are written once, with their prices.
    ctx.session.add_all(fresh)


async def lines_of(ctx: Context, cart: Cart) -> list[CartLine]:
    statement = select(CartLine).where(CartLine.cart_id == cart.id, CartLine.customer_id == cart.customer_id)
    return list(await ctx.session.scalars(statement.order_by(CartLine.position, CartLine.id)))


async def _check_quantities(ctx: Context, changed: Sequence[tuple[CartLine, ProductRow, Path]]) -> None:
    units = await ctx.loader(units_by_code).load_many([product.unit_code for _, product, _ in changed])
    for (line, product, path), unit in zip(changed, units, strict=True):
        wrong = check_quantity(
            line.quantity,
            sku=product.sku,
            unit=unit.code,
            decimals=unit.decimals,
            pack_size=product.pack_size,
            path=(*path, "quantity"),
        )
        if wrong is not None:
            raise wrong


async def _remember_prices(
    ctx: Context,
    cart: Cart,
    lines: Sequence[CartLine],
    changed_products: Sequence[UUID],
    moved: Collection[UUID] = (),
) -> None:
    """
    The prices at which the buyer sees the changed lines from now on, beside all others of the cart.

    A line that was not changed keeps the price it was seen at, so that the cart can say that it is another now. What
    agreements the lines would consume is written of all: a change of one may leave another less. Of the lines that a
    change of day `moved` and nothing else, a price that is another now is told (rule book 0.2, 28).
    """
    products: list[ProductRow | None] = await ctx.loader(products_by_id).load_many(
        [line.product_id for line in lines]
    )
    known = [(line, product) for line, product in zip(lines, products, strict=True) if product is not None]
    asked = [
        LineAsked(product, line.quantity, line.requested_on or cart.requested_on) for line, product in known
    ]
    priced = await price_lines(ctx, asked, replace(asked_of(row_of(cart)), is_charged=False))
    for (line, product), price in zip(known, priced.lines, strict=True):
        if line.id in moved:
            _tell_move(ctx, line, product, price, priced.market.currency)
        if product.id in changed_products:
            line.unit_price_seen = None if price.price is None else price.price.unit_price
        _hold(line, price)
    _keep_answers(cart, {UUID(each.goods.rule.id) for each in priced.free})


def _tell_move(ctx: Context, line: CartLine, product: ProductRow, price: LinePriced, currency: str) -> None:
    """That a line costs something else by its new day than the price it was seen at."""
    seen, now = line.unit_price_seen, None if price.price is None else price.price.unit_price
    if seen is not None and now is not None and seen != now:
        text = "By this day {sku} costs {now} {currency} instead of {seen}."
        ctx.warn(
            ErrorCode.PRICE_CHANGED, text, ("requestedOn",), sku=product.sku, seen=plain(seen), now=plain(now),
            currency=currency,
        )  # fmt: skip


def _keep_answers(cart: Cart, offering: Collection[UUID]) -> None:
    """What was answered to rules that give nothing any more is forgotten: they ask anew when they do again."""
    cart.gifts_accepted = [each for each in cart.gifts_accepted if each in offering]
    cart.gifts_declined = [each for each in cart.gifts_declined if each in offering]


def _hold(line: CartLine, price: LinePriced) -> None:
    """What the line would consume of a commitment, for the agreement to show."""
    link = None if price.price is None or price.linking is None else price.linking.link
    line.commitment_id = None if link is None else UUID(link.commitment.id)
    line.commitment_quantity = None if link is None else link.consumed


async def remember_links(ctx: Context, cart: Cart, is_moved: bool = False) -> None:
    """
    Writes anew what the lines of a locked cart would consume of agreements, after a change of its head.

    Args:
        is_moved: its day changed; prices that are others by it are told.
    """
    lines = await lines_of(ctx, cart)
    if lines:
        moved = {line.id for line in lines if is_moved and line.requested_on is None}
        await _remember_prices(ctx, cart, lines, (), moved)
    else:
        _keep_answers(cart, ())


async def own_line(ctx: Context, cart: Cart, line_id: UUID) -> CartLine:
    statement = select(CartLine).where(
        CartLine.id == line_id, CartLine.cart_id == cart.id, CartLine.customer_id == cart.customer_id
    )
    line: CartLine | None = await ctx.session.scalar(ctx.locked(LockKind.LINES, statement))
    if line is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("lineId",))
    return line


@dataclass(frozen=True, slots=True)
class LineChange:
    """What to change of a line; None leaves it. `clear_date` takes the requested date away."""

    quantity: Decimal | None = None
    requested_on: date | None = None
    clear_date: bool = False


async def update_line(ctx: Context, line_id: UUID, change: LineChange, expected_version: int | None) -> UUID:
    late = check_requested_date(change.requested_on, ctx.today)
    if late is not None:
        raise Refusal(ErrorCode.PAST_DATE, late, ("requestedOn",), requested=change.requested_on)
    cart = await lock_cart(ctx, expected_version)
    line = await own_line(ctx, cart, line_id)
    product = await ctx.load(products_by_id, line.product_id)
    if product is None:
        text = "A product in the cart is not for sale to you any more; remove the line."
        raise Refusal(ErrorCode.NOT_FOUND, text, ("lineId",))
    # Read before the line changes: a statement in between would flush a quantity that nobody has checked.
    await ctx.load(units_by_code, product.unit_code)
    was = line.quantity, line.requested_on
    if change.quantity is not None:
        line.quantity = change.quantity
    if change.requested_on is not None or change.clear_date:
        line.requested_on = change.requested_on
    await _check_quantities(ctx, [(line, product, ())])
    if (line.quantity, line.requested_on) != was:
        line.parts = []
    moved = [line.id] if line.quantity == was[0] and line.requested_on != was[1] else []
    await _remember_prices(ctx, cart, await lines_of(ctx, cart), [product.id], moved)
    await release(ctx, source_of(cart), {product.id: line.quantity})
    return await changed(ctx, cart, "cart.lineUpdated", sku=product.sku, quantity=plain(line.quantity))


async def remove_line(ctx: Context, line_id: UUID, expected_version: int | None) -> UUID:
    cart = await lock_cart(ctx, expected_version)
    line = await own_line(ctx, cart, line_id)
    await ctx.session.delete(line)
    await ctx.session.flush()
    if cart.gifts_accepted or cart.gifts_declined:
        await remember_links(ctx, cart)
    await release(ctx, source_of(cart), {line.product_id: ZERO})
    return await changed(ctx, cart, "cart.lineRemoved", line=line.id)


async def clear(ctx: Context, expected_version: int | None) -> UUID:
    cart = await lock_cart(ctx, expected_version)
    await empty_cart(ctx, cart)
    await release(ctx, source_of(cart))
    return await changed(ctx, cart, "cart.cleared")


async def empty_cart(ctx: Context, cart: Cart) -> None:
    """Takes all lines and the head's data out of a locked cart."""
    await ctx.session.execute(
        delete(CartLine).where(CartLine.cart_id == cart.id, CartLine.customer_id == cart.customer_id)
    )
    cart.purchase_order_number = cart.note = ""
    cart.coupon_codes = []
    cart.gifts_accepted = []
    cart.gifts_declined = []
    cart.delivery_address_id = cart.requested_on = cart.agreement_id = None
    cart.keeps_own_terms = False


@dataclass(frozen=True, slots=True)
class HeadChange:
    """What to change of a cart's head; None leaves it."""

    purchase_order_number: str | None = None
    delivery_address_id: UUID | None = None
    requested_on: date | None = None
    clear_date: bool = False
    note: str | None = None


async def change_head(ctx: Context, cart: Cart, change: HeadChange) -> None:
    """Writes the checked change into a locked cart."""
    refusals = []
    number = change.purchase_order_number
    if number is not None:
        if len(number.strip()) > 64:
            refusals.append(Refusal(ErrorCode.INVALID, "This text is too long.", ("purchaseOrderNumber",)))
        cart.purchase_order_number = number.strip()[:64]
    if change.note is not None:
        if len(change.note) > TEXT_MAX:
            refusals.append(Refusal(ErrorCode.INVALID, "This text is too long.", ("note",)))
        cart.note = change.note.strip()[:TEXT_MAX]
    late = check_requested_date(change.requested_on, ctx.today)
    if late is not None:
        refusals.append(Refusal(ErrorCode.PAST_DATE, late, ("requestedOn",), requested=change.requested_on))
    elif change.requested_on is not None or change.clear_date:
        cart.requested_on = change.requested_on
    if change.delivery_address_id is not None:
        statement = visible_addresses(ctx.user, ctx.today).where(
            CustomerAddress.id == change.delivery_address_id, CustomerAddress.customer_id == cart.customer_id
        )
        if (await ctx.session.execute(statement)).first() is None:
            refusals.append(Refusal(ErrorCode.NOT_FOUND, "Not found.", ("deliveryAddressId",)))
        else:
            cart.delivery_address_id = change.delivery_address_id
    refuse_all(refusals)


async def update_cart(ctx: Context, change: HeadChange, expected_version: int | None) -> UUID:
    cart = await lock_cart(ctx, expected_version)
    was = cart.requested_on
    await change_head(ctx, cart, change)
    if cart.requested_on != was:
        await remember_links(ctx, cart, is_moved=True)
    return await changed(ctx, cart, "cart.updated")


def source_of(cart: Cart, version: int = 1) -> Source:
    """What goods of the cart are held for."""
    return Source(HoldSource.CART, cart.id, cart.customer_id, version)


def row_of(cart: Cart) -> CartRow:
    """The row of a locked cart as it now stands."""
    return CartRow(
        cart.id, cart.customer_id, cart.user_id, cart.purchase_order_number, cart.delivery_address_id,
        cart.requested_on, cart.note, tuple(cart.coupon_codes), cart.agreement_id, cart.keeps_own_terms,
        tuple(cart.gifts_accepted), tuple(cart.gifts_declined), cart.version, cart.updated_at,
    )  # fmt: skip
