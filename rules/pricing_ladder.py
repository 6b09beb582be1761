"""What a buyer pays for a product by quantity, as a table beside the price."""

from dataclasses import replace

from rules.money import ZERO
from rules.pricing_base import base_price, net_by_rules, restate
from rules.pricing_facts import LineFacts, Party, Rung
from rules.simulation import saving_percent
from rules.trade_agreements import TradeBook, multiline_quantities, trade_thresholds


def price_ladder(trade: TradeBook, party: Party, line: LineFacts) -> list[Rung]:
    """
    The unit prices by quantity after phase 3, for a line by itself: list prices, trade agreements and their discounts.

    Quantities from which nothing changes are left out; the first rung is the first that has a price. Promotions depend
    on the whole order and are not of it; neither is a sales agreement's price.
    """
    thresholds = trade_thresholds(trade, party, line, multiline_quantities([line]))
    thresholds |= {each.from_quantity for each in line.breaks}
    found: list[Rung] = []
    for quantity in sorted(each for each in thresholds if each >= ZERO):
        there = replace(line, quantity=quantity)
        base = base_price(trade, party, there)
        if base is None:
            continue
        net = net_by_rules(trade, party, there, base, multiline_quantities([there])).unit_price
        if found and restate(net, base.price_unit, found[-1].price_unit) == found[-1].unit_price:
            continue
        first = found[0] if found else None
        saves = (
            ZERO
            if first is None
            else saving_percent(first.unit_price, first.price_unit, net, base.price_unit)
        )
        found.append(Rung(quantity, net, base.price_unit, max(quantity - line.quantity, ZERO), saves))
    return found
