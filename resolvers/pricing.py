"""Prices any number of lines in a constant number of statements, by the one function that every document shares."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from models.products_reads import ProductRow
from resolvers.context import Context
from resolvers.prices import Market, TaxRow, taxes_by_category
from resolvers.pricing_charges import ChargePriced, document_charges
from resolvers.pricing_facts import DocumentAsked, Gathered, LineAsked, gather
from rules.charges import Charge
from rules.charges_lines import charge_lines
from rules.free_goods import FreeGoods
from rules.money import ZERO, TaxedLine, TaxGroup, tax_by_group
from rules.pricing import PricedDocument, PricedLine, price_document, price_free_line
from rules.pricing_facts import LineFacts, Rung
from rules.refusals import ErrorCode, Path, Refusal
from rules.sales_agreements import Linking, agreement_of_all


@dataclass(frozen=True, slots=True)
class LinePriced:
    """A line's price and tax; `price` is None where no price is in force."""

    asked: LineAsked
    price: PricedLine | None
    tax_category: str
    tax_percent: Decimal
    tax_amount: Decimal
    linking: Linking | None = None


@dataclass(frozen=True, slots=True)
class FreePriced:
    """
    Goods that a line brings without charge: their list price, wholly taken off.

    `parent` is the index of the line among those asked. What is proposed is added only when somebody chooses it.

    Args:
        substitutes: what may be given in its place where it is out of stock, the preferred first.
        instead: the one of them that would be given now; None where its own is, or where nobody asked.
    """

    parent: int
    product: ProductRow
    goods: FreeGoods
    price: PricedLine
    tax_category: str
    tax_percent: Decimal
    substitutes: tuple["FreePriced", ...] = ()
    instead: "FreePriced | None" = None


@dataclass(frozen=True, slots=True)
class Priced:
    """
    Lines in the order asked, what comes free with them, their charges, and their totals; unpriced lines count nothing.

    Args:
        charges: the lines that bear charges; `net`, `tax` and `tax_groups` count them.
        assessed: the charges as they were found, those that the goods' net made free among them.
    """

    market: Market
    lines: tuple[LinePriced, ...]
    free: tuple[FreePriced, ...]
    tax_groups: tuple[TaxGroup, ...]
    net: Decimal
    tax: Decimal
    document: PricedDocument
    charges: tuple[ChargePriced, ...] = ()
    assessed: tuple[Charge, ...] = ()

    @property
    def goods_net(self) -> Decimal:
        """The net without charges: what margins are of (rule book 9.1)."""
        return self.net - sum((each.line.net_amount for each in self.charges), ZERO)

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax


def no_price(sku: str, currency: str, path: Path) -> Refusal:
    """That neither a list, a trade agreement nor the customer's sales agreement has a price in the currency."""
    told = "There is no price for {sku} in {currency} at present; ask your sales contact."
    return Refusal(ErrorCode.NO_PRICE, told, path, sku=sku, currency=currency)


async def price_lines(
    ctx: Context, asked: Sequence[LineAsked], document: DocumentAsked | None = None
) -> Priced:
    """Prices lines together, as one document; the number of statements does not depend on how many they are."""
    gathered = await gather(ctx, asked, document or DocumentAsked())
    priced = price_document(gathered.facts)
    agreement = gathered.facts.agreement or agreement_of_all(
        priced.linkings.get(index) for index in range(len(asked))
    )
    taxes: list[TaxRow] = await ctx.loader(taxes_by_category).load_many(
        [
            (line.product.tax_category_id, facts.ship_day)
            for line, facts in zip(asked, gathered.facts.lines, strict=True)
        ]
    )
    prices = [priced.lines.get(index) for index in range(len(asked))]
    exponent = gathered.market.exponent
    assessed = document_charges(gathered, asked, prices, taxes, ctx.today, agreement)
    borne = charge_lines(assessed, exponent)
    taxed = [
        TaxedLine(
            price.net_amount if price else ZERO, tax.code, tax.percent or ZERO, (line.product.sku, index)
        )
        for index, (line, price, tax) in enumerate(zip(asked, prices, taxes, strict=True))
    ]
    taxed += [
        TaxedLine(each.net_amount, each.tax_category, each.tax_percent, (each.charge.rule.kind.value, index))
        for index, each in enumerate(borne, start=len(asked))
    ]
    groups, amounts = tax_by_group(taxed, exponent)
    of_lines, of_charges = amounts[: len(asked)], amounts[len(asked) :]
    lines = tuple(
        LinePriced(
            line, price if tax.percent is not None else None, tax.code, tax.percent or ZERO, amount,
            priced.linkings.get(index),
        )
        for index, (line, price, tax, amount) in enumerate(zip(asked, prices, taxes, of_lines, strict=True))
    )  # fmt: skip
    charges = tuple(ChargePriced(line, amount) for line, amount in zip(borne, of_charges, strict=True))
    net = sum((line.price.net_amount for line in lines if line.price is not None), ZERO)
    net += sum((line.net_amount for line in borne), ZERO)
    free = await _free(ctx, gathered, priced)
    return Priced(
        gathered.market, lines, free, tuple(groups), net, sum(amounts, ZERO), priced, charges, tuple(assessed)
    )


async def price_each_alone(
    ctx: Context, asked: Sequence[LineAsked], document: DocumentAsked
) -> list[PricedLine | None]:
    """What each line costs as a document of its own; None where no price is in force."""
    gathered = await gather(ctx, asked, document)
    return [price_document(alone).lines.get(0) for alone in gathered.alone()]


async def _free(ctx: Context, gathered: Gathered, priced: PricedDocument) -> tuple[FreePriced, ...]:
    """The goods without charge, with what they would have cost; a product that is not known brings none."""
    if not priced.free:
        return ()
    wanted = [[each, *gathered.instead_of(each)] for each in priced.free]
    named = [gathered.free_line(each) for goods in wanted for each in goods]
    await ctx.loader(taxes_by_category).load_many(
        [(product.tax_category_id, facts.ship_day) for product, facts in named if product and facts]
    )
    found = []
    for gift, *others in wanted:
        given = await _free_line(ctx, gathered, priced, gift)
        if given is not None:
            substitutes = [await _free_line(ctx, gathered, priced, each) for each in others]
            found.append(replace(given, substitutes=tuple(each for each in substitutes if each is not None)))
    return tuple(found)


async def _free_line(
    ctx: Context, gathered: Gathered, priced: PricedDocument, goods: FreeGoods
) -> FreePriced | None:
    """A free line as priced; its tax was read before."""
    product, facts = gathered.free_line(goods)
    if product is None or facts is None:
        return None
    price = price_free_line(gathered.facts, facts, goods, priced.lines.get(goods.parent.number))
    if price is None:
        return None
    tax: TaxRow = await ctx.load(taxes_by_category, (product.tax_category_id, facts.ship_day))
    return FreePriced(goods.parent.number, product, goods, price, tax.code, tax.percent or ZERO)


@dataclass(frozen=True, slots=True)
class Offer:
    """A product's price today for a quantity in its own unit, with what its ladder is made of."""

    quantity: Decimal
    currency: str
    price: PricedLine
    tax_percent: Decimal
    line: LineFacts
    gathered: Gathered

    def ladder(self) -> list[Rung]:
        """The prices by quantity; none where a sales agreement sets the price. Worked out when asked only."""
        return [] if self.price.commitment is not None else self.gathered.ladder(self.line)


async def offers(ctx: Context, keys: Sequence[tuple[ProductRow, Decimal | None]]) -> list[Offer | None]:
    """
    What each (product, quantity) costs the viewer's company today by itself; None where no price is in force.

    A quantity that is None or nothing stands for one pack.
    """
    asked = [
        LineAsked(product, product.pack_size if quantity is None or quantity <= ZERO else quantity)
        for product, quantity in keys
    ]
    gathered = await gather(ctx, asked, DocumentAsked())
    taxes: list[TaxRow] = await ctx.loader(taxes_by_category).load_many(
        [(line.product.tax_category_id, ctx.today) for line in asked]
    )
    found: list[Offer | None] = []
    for line, alone, tax in zip(asked, gathered.alone(), taxes, strict=True):
        price = price_document(alone).lines.get(0)
        if price is None or tax.percent is None:
            found.append(None)
            continue
        found.append(
            Offer(line.quantity, gathered.market.currency, price, tax.percent, alone.lines[0], gathered)
        )
    return found
