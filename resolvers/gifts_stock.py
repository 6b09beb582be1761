"""Which goods without charge are given, by what is free of them and of their substitutes."""

from resolvers.pricing import FreePriced
from resolvers.stock import StockPlan
from rules.free_goods import FreeStockPolicy
from rules.states import ProductKind


def given_of(stock: StockPlan, gift: FreePriced) -> FreePriced | None:
    """
    The gift itself where enough is free or where it may wait, else the first substitute that is wholly there.

    None leaves it out. `stock` knows the goods among them.
    """
    for each in (gift, *gift.substitutes):
        is_there = each.product.kind is not ProductKind.GOODS
        if is_there or stock.free(each.product.id) >= each.goods.quantity:
            return each
    return gift if gift.goods.rule.out_of_stock is FreeStockPolicy.BACKORDER else None
