"""Lines that somebody types, pastes or sends: verified, priced and explained before anything is added to a cart."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from models.products_reads import ProductRow
from models.search_codes import similar_codes
from resolvers.context import Context
from resolvers.paging import Page, PageArgs, page_in_memory
from resolvers.pricing import LinePriced, Priced, no_price, price_lines
from resolvers.pricing_facts import DocumentAsked, LineAsked
from resolvers.products import products_by_code, products_by_id, relations_by_product, units_by_code
from resolvers.promises import next_days
from resolvers.stock import backorder_allowed, balances_by_product, free_of
from rules.order_lines import CODE_MAX, LINES_MAX, TEXT_MAX, OrderLine, refusal_of, too_many_lines
from rules.pasting import parse_lines
from rules.quantities import check_quantity, round_up_to_pack, round_up_to_unit
from rules.refusals import ErrorCode, OutOfStock, Refusal
from rules.states import ProductKind, RelationKind
from rules.texts import item_key

PASTE_MAX = 500_000
SUGGESTED_MAX = 3


class CheckedStatus(StrEnum):
    VALID = "VALID"
    ADJUSTED = "ADJUSTED"
    INVALID = "INVALID"


@dataclass(slots=True, eq=False)
class CheckedRow:
    """One product of the lines; duplicates are merged, so it may come from several of them."""

    line_numbers: list[int]
    line: OrderLine
    status: CheckedStatus
    product: ProductRow | None = None
    requested: Decimal | None = None
    quantity: Decimal | None = None
    problem: Refusal | None = None
    priced: LinePriced | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """All lines as they were found, in the order of their first appearance; `priced` is what can be ordered of them."""

    rows: tuple[CheckedRow, ...]
    priced: Priced

    def count(self, status: CheckedStatus) -> int:
        return sum(row.status is status for row in self.rows)

    @property
    def merged_count(self) -> int:
        return sum(len(row.line_numbers) - 1 for row in self.rows)

    @property
    def orderable(self) -> list[CheckedRow]:
        return [row for row in self.rows if row.status is not CheckedStatus.INVALID]

    def page(self, statuses: Sequence[CheckedStatus] | None, args: PageArgs) -> Page[CheckedRow]:
        """A page of the rows; a cursor is the number of a row's first line."""
        kept = [row for row in self.rows if statuses is None or row.status in statuses]
        return page_in_memory("checkedLines", kept, [row.line_numbers[0] for row in kept], args)


def lines_of_text(text: str) -> list[OrderLine]:
    """The lines of a paste; one whose quantity cannot be read keeps its text and has none."""
    if len(text) > PASTE_MAX:
        raise Refusal(ErrorCode.LIMIT_EXCEEDED, "This text is too long.", ("text",))
    lines = [
        OrderLine(line.number, line.text[:TEXT_MAX], line.code[:CODE_MAX], line.quantity)
        for line in parse_lines(text)
    ]
    if len(lines) > LINES_MAX:
        raise too_many_lines(("text",))
    return lines


def lines_of_pairs(pairs: Sequence[tuple[str, Decimal]]) -> list[OrderLine]:
    """The lines of codes and quantities that are parted already."""
    if len(pairs) > LINES_MAX:
        raise too_many_lines(("lines",))
    return [
        OrderLine(number, f"{code} {quantity}"[:TEXT_MAX], code[:CODE_MAX], quantity)
        for number, (code, quantity) in enumerate(pairs, start=1)
    ]


async def check_lines(ctx: Context, lines: Sequence[OrderLine]) -> Checked:
    """
    Verifies lines in a constant number of statements, however many they are.

    A quantity finer than the unit or no multiple of the pack is rounded up and says so (ADJUSTED); what cannot be
    ordered is INVALID.
    """
    codes = await products_by_code(ctx, [line.code for line in lines if line.fault is None])
    merged: dict[object, CheckedRow] = {}
    for line in lines:
        _merge(merged, line, codes.get(item_key(line.code)))
    rows = list(merged.values())
    known = [row for row in rows if row.product is not None and row.requested is not None]
    await ctx.loader(units_by_code).load_many([row.product.unit_code for row in known if row.product])
    await ctx.loader(balances_by_product).load_many([row.product.id for row in known if row.product])
    for row in known:
        await _judge(ctx, row)
    await _tell_next_days(ctx, rows)
    usable = [
        row for row in known if row.status is not CheckedStatus.INVALID and row.product and row.quantity
    ]
    priced = await price_lines(
        ctx,
        [LineAsked(row.product, row.quantity) for row in usable if row.product and row.quantity],
        DocumentAsked(is_charged=True),
    )
    for row, price in zip(usable, priced.lines, strict=True):
        row.priced, row.currency = price, priced.market.currency
        if price.price is None and row.product is not None:
            row.status = CheckedStatus.INVALID
            row.problem = no_price(row.product.sku, row.currency, ("lines",))
    return Checked(tuple(rows), priced)


def _merge(merged: dict[object, CheckedRow], line: OrderLine, product: ProductRow | None) -> None:
    path = ("lines", line.number)
    problem = refusal_of(line)
    if problem is None and line.quantity is None:
        text = (
            "The quantity of line {line} is not clear; put a semicolon before it and write it as 12 or 1.5."
        )
        problem = Refusal(ErrorCode.QUANTITY_INVALID, text, path, line=line.number)
    if problem is not None:
        merged[line.number] = CheckedRow([line.number], line, CheckedStatus.INVALID, product, problem=problem)
    elif product is None:
        problem = Refusal(ErrorCode.UNKNOWN_SKU, "We know no product {sku}.", path, sku=line.code)
        merged[line.number] = CheckedRow(
            [line.number], line, CheckedStatus.INVALID, requested=line.quantity, problem=problem
        )
    elif product.id in merged:
        row = merged[product.id]
        row.line_numbers.append(line.number)
        row.requested = (row.requested or Decimal(0)) + (line.quantity or Decimal(0))
    else:
        merged[product.id] = CheckedRow([line.number], line, CheckedStatus.VALID, product, line.quantity)


async def _judge(ctx: Context, row: CheckedRow) -> None:
    product, wanted = row.product, row.requested
    if product is None or wanted is None:
        return
    unit = await ctx.load(units_by_code, product.unit_code)
    assert unit is not None, "a product's unit exists by foreign key"
    path = ("lines", row.line_numbers[0])
    facts = {"sku": product.sku, "unit": unit.code, "decimals": unit.decimals, "pack_size": product.pack_size}
    row.quantity = wanted
    problem = check_quantity(wanted, path=path, **facts)  # type: ignore[arg-type]
    if problem is not None:
        row.problem = problem
        rounded = round_up_to_pack(round_up_to_unit(wanted, unit.decimals), product.pack_size)
        if wanted <= 0 or check_quantity(rounded, path=path, **facts) is not None:  # type: ignore[arg-type]
            row.status, row.quantity = CheckedStatus.INVALID, None
            return
        row.status, row.quantity = CheckedStatus.ADJUSTED, rounded
    free = free_of(await ctx.load(balances_by_product, product.id))
    short = product.kind is ProductKind.GOODS and row.quantity > free
    if short and not await backorder_allowed(ctx, product.out_of_stock_policy):
        row.status = CheckedStatus.INVALID
        row.problem = OutOfStock(product.sku, row.quantity, free, None, path)


async def _tell_next_days(ctx: Context, rows: Sequence[CheckedRow]) -> None:
    """Of what is not free, the day on which it would be received."""
    short = [
        (row.product, problem)
        for row in rows
        if row.product is not None and isinstance(problem := row.problem, OutOfStock)
    ]
    days = await next_days(ctx, [(product, problem.requested) for product, problem in short])
    for (_, problem), day in zip(short, days, strict=True):
        problem.next_available_on = day


async def suggestions(ctx: Context, rows: Sequence[CheckedRow]) -> list[list[ProductRow]]:
    """
    What each row may have meant instead: products of similar codes where none was known, substitutes where too
    little is free. Two statements, and one for the products.
    """
    unknown = [item_key(row.line.code)[:64] if _is_unknown(row) else "" for row in rows]
    short = [row.product.id if row.product and isinstance(row.problem, OutOfStock) else None for row in rows]
    alike = await ctx.loader(products_like_code).load_many([key for key in unknown if key])
    replaced = await ctx.loader(_substitutes).load_many([key for key in short if key])
    by_code, by_product = iter(alike), iter(replaced)
    found: list[list[ProductRow]] = []
    for key, product_id in zip(unknown, short, strict=True):
        found.append(next(by_code) if key else next(by_product) if product_id else [])
    return found


def _is_unknown(row: CheckedRow) -> bool:
    return row.product is None and row.problem is not None and row.problem.code is ErrorCode.UNKNOWN_SKU


async def products_like_code(ctx: Context, keys: Sequence[str]) -> list[list[ProductRow]]:
    """Products whose code is nearly each of these keys (see rules.texts.item_key), the likest first."""
    found: dict[str, list[UUID]] = {}
    for key, product_id in await ctx.session.execute(similar_codes(keys, ctx.locale, SUGGESTED_MAX)):
        found.setdefault(key, []).append(product_id)
    return await _products(ctx, [found.get(key, []) for key in keys])


async def _substitutes(ctx: Context, keys: Sequence[UUID]) -> list[list[ProductRow]]:
    related = await ctx.loader(relations_by_product).load_many(keys)
    wanted = [
        [each.related_product_id for each in rows if each.kind is RelationKind.SUBSTITUTE][:SUGGESTED_MAX]
        for rows in related
    ]
    return await _products(ctx, wanted)


async def _products(ctx: Context, wanted: Sequence[Sequence[UUID]]) -> list[list[ProductRow]]:
    """The products of each list of keys that the viewer may see."""
    flat = list(dict.fromkeys(key for keys in wanted for key in keys))
    rows = dict(zip(flat, await ctx.loader(products_by_id).load_many(flat), strict=True)) if flat else {}
    return [[row for key in keys if (row := rows[key]) is not None] for keys in wanted]
