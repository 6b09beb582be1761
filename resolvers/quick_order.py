"""Lines that somebody pastes: verified, priced and explained before anything is added to a cart."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from models.products_reads import ProductRow
from resolvers.context import Context
from resolvers.pricing import LineAsked, LinePriced, price_lines
from resolvers.products import products_by_code, units_by_code
from resolvers.stock import backorder_allowed, balances_by_product, free_of
from rules.pasting import LINES_MAX, PastedLine, parse_lines, too_many
from rules.quantities import check_quantity, round_up_to_pack
from rules.refusals import ErrorCode, OutOfStock, Refusal
from rules.states import ProductKind
from rules.texts import item_key

TEXT_MAX = 100_000


class CheckedStatus(StrEnum):
    VALID = "VALID"
    ADJUSTED = "ADJUSTED"
    INVALID = "INVALID"


@dataclass(slots=True)
class CheckedRow:
    """One product of the paste; duplicates are merged, so it may come from several lines."""

    line_numbers: list[int]
    text: str
    status: CheckedStatus
    product: ProductRow | None = None
    requested: Decimal | None = None
    quantity: Decimal | None = None
    problem: Refusal | None = None
    priced: LinePriced | None = None
    currency: str = ""


async def check_text(ctx: Context, text: str) -> list[CheckedRow]:
    if len(text) > TEXT_MAX:
        raise Refusal(ErrorCode.LIMIT_EXCEEDED, "This text is too long.", ("text",))
    return await check_lines(ctx, parse_lines(text), "text")


async def check_lines(ctx: Context, lines: Sequence[PastedLine], argument: str) -> list[CheckedRow]:
    """
    Verifies lines in a constant number of statements, however many they are.

    A quantity that breaks the pack size is rounded up and says so (ADJUSTED); what cannot be ordered is INVALID.
    """
    if too_many(lines):
        raise Refusal(ErrorCode.LIMIT_EXCEEDED, "Paste {limit} lines at most.", (argument,), limit=LINES_MAX)
    codes = await products_by_code(ctx, [line.code for line in lines])
    merged: dict[object, CheckedRow] = {}
    for line in lines:
        _merge(merged, line, codes.get(item_key(line.code)))
    rows = list(merged.values())
    known = [row for row in rows if row.product is not None]
    await ctx.loader(units_by_code).load_many([row.product.unit_code for row in known if row.product])
    await ctx.loader(balances_by_product).load_many([row.product.id for row in known if row.product])
    for row in known:
        await _judge(ctx, row)
    usable = [
        row for row in known if row.status is not CheckedStatus.INVALID and row.product and row.quantity
    ]
    priced = await price_lines(
        ctx, [LineAsked(row.product, row.quantity) for row in usable if row.product and row.quantity]
    )
    for row, price in zip(usable, priced.lines, strict=True):
        row.priced, row.currency = price, priced.market.currency
        if price.price is None and row.product is not None:
            text = "There is no price for {sku} at present; ask your sales contact."
            row.status = CheckedStatus.INVALID
            row.problem = Refusal(ErrorCode.NO_PRICE, text, ("lines",), sku=row.product.sku)
    return rows


def _merge(merged: dict[object, CheckedRow], line: PastedLine, product: ProductRow | None) -> None:
    path = ("lines", line.number)
    if line.quantity is None:
        text = (
            "The quantity of line {line} is not clear; put a semicolon before it and write it as 12 or 1.5."
        )
        problem = Refusal(ErrorCode.QUANTITY_INVALID, text, path, line=line.number)
        merged[line.number] = CheckedRow(
            [line.number], line.text, CheckedStatus.INVALID, product, problem=problem
        )
    elif product is None:
        problem = Refusal(ErrorCode.UNKNOWN_SKU, "We know no product {sku}.", path, sku=line.code)
        merged[line.number] = CheckedRow([line.number], line.text, CheckedStatus.INVALID, problem=problem)
    elif product.id in merged:
        row = merged[product.id]
        row.line_numbers.append(line.number)
        row.requested = (row.requested or Decimal(0)) + line.quantity
    else:
        merged[product.id] = CheckedRow([line.number], line.text, CheckedStatus.VALID, product, line.quantity)


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
    if problem is not None and problem.code is ErrorCode.PACK_SIZE:
        row.status, row.problem = CheckedStatus.ADJUSTED, problem
        row.quantity = round_up_to_pack(wanted, product.pack_size)
    elif problem is not None:
        row.status, row.problem, row.quantity = CheckedStatus.INVALID, problem, None
        return
    free = free_of(await ctx.load(balances_by_product, product.id))
    short = product.kind is ProductKind.GOODS and row.quantity > free
    if short and not await backorder_allowed(ctx, product.out_of_stock_policy):
        row.status = CheckedStatus.INVALID
        row.problem = OutOfStock(product.sku, row.quantity, free, None, path)
