"""Orders of the demo company: two hundred working days of closed ones, some sixty open, and the sales before them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

from app.demo.catalogue import ALCOHOL, COFFEE_SHOP, Item, breaks_on
from app.demo.company import PAYMENT_TERMS, tax_percent
from app.demo.customers import CAFETERIA, MAIN, Company
from app.demo.seeds import MADRID, chance, key, moment, pick, working_day
from rules.documents import DocumentPaymentTerms, Instalment
from rules.money import TaxedLine, tax_by_group
from rules.pricing import PricedLine, price_line
from rules.pricing_facts import Concessions, LineFacts, Party
from rules.states import HoldReason, OrderStatus

_ANYBODY = Party((), "EUR")  # what the demo company sold before it had any agreement
CLOSED, OPEN, ENDED_OTHERWISE = 800, 60, 16
CLOSED_DAYS = 270
# How much is sold by month, January to December: terraces in summer, parties in December.
SEASON = (0.75, 0.8, 0.95, 1.05, 1.1, 1.2, 1.25, 1.1, 1.0, 0.95, 1.0, 1.4)
SUMMER = frozenset({"REF", "AGU", "HEL", "CER"})
WINTER = frozenset({"CHO", "LIC", "INF", "EMB"})


@dataclass
class PlannedLine:
    """A line with its price; the warehouse it ships from is chosen with the stock."""

    item: Item
    quantity: Decimal
    priced: PricedLine
    discount: Decimal
    tax_percent: Decimal
    tax: Decimal = Decimal(0)
    cancelled: Decimal = Decimal(0)
    warehouse: str = "ZAZ"
    reserved: list[tuple[str, Decimal]] = field(default_factory=list)


@dataclass
class PlannedOrder:
    """An order before it is rows."""

    number: int
    company: Company
    placed_at: datetime
    status: OrderStatus
    lines: list[PlannedLine]
    requested_on: date
    buyer: tuple[UUID, str]
    holds: tuple[HoldReason, ...] = ()
    ended_at: datetime | None = None

    @property
    def id(self) -> UUID:
        return key("order", self.number)

    @property
    def code(self) -> str:
        return f"SO-{self.placed_at.year}-{self.number:06}"

    @property
    def net(self) -> Decimal:
        return sum((line.priced.net_amount for line in self.lines), Decimal(0))

    @property
    def tax(self) -> Decimal:
        return sum((line.tax for line in self.lines), Decimal(0))

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax


def season(item: Item, month: int) -> float:
    if item.category.prefix in SUMMER:
        return 1.9 if 5 <= month <= 9 else 0.7
    if item.category.prefix in WINTER:
        return 1.6 if month in (11, 12, 1, 2) else 0.8
    return 1.0


def shelf_of(company: Company, items: Sequence[Item]) -> list[Item]:
    """What this company buys: part of what it may buy, always the same part."""
    allowed = (
        [item for item in items if item.category.prefix not in ALCOHOL]
        if company.group == "COL"
        else list(items)
    )
    if company.number in CAFETERIA:
        allowed = [item for item in items if item.category.prefix in COFFEE_SHOP]
    if company.currency == "USD":
        allowed = []  # exporters ask for quotes; nothing of theirs is in the history
    count = min(len(allowed), 140 if company.number == MAIN else 60)
    return chance(f"shelf {company.number}").sample(allowed, count)


def some_of(dice: Random, item: Item) -> Decimal:
    if item.unit == "kg":
        return Decimal(dice.randrange(5, 150)) / 10
    if item.unit == "l":
        return item.pack_size * dice.randrange(1, 4)
    if item.pack_size > 1:
        return item.pack_size * dice.randrange(1, 9)
    if item.price > 30:
        return Decimal(dice.randrange(1, 5))
    return Decimal(dice.choice((item.per_box, item.per_box * 2, dice.randrange(1, 2 * item.per_box + 2))))


def plan_line(
    item: Item, quantity: Decimal, on: date, today: date, discount: Decimal = Decimal(0)
) -> PlannedLine:
    """The line as the house prices it on that day."""
    given = Concessions(discount_percent=discount, discount_reason="Campaña de temporada" if discount else "")
    facts = LineFacts(
        0, item.sku, item.sku, quantity, on, breaks_on(item, on, today), item.unit, concessions=given
    )
    priced = price_line(facts, _ANYBODY, datetime.combine(on, time(12), MADRID))
    assert priced is not None
    return PlannedLine(item, quantity, priced, discount, tax_percent(item.tax, on))


def spread_tax(lines: Sequence[PlannedLine]) -> None:
    """Tax by category and rate on the sums, as on a real order."""
    taxed = [
        TaxedLine(line.priced.net_amount, "S", line.tax_percent, (line.item.sku, position))
        for position, line in enumerate(lines, start=1)
    ]
    for line, tax in zip(lines, tax_by_group(taxed, 2)[1], strict=True):
        line.tax = tax


def _lines(dice: Random, shelf: Sequence[Item], on: date, today: date) -> list[PlannedLine]:
    weights = [season(item, on.month) for item in shelf]
    chosen = {item.sku: item for item in dice.choices(shelf, weights, k=dice.randrange(3, 11))}
    lines = []
    for item in chosen.values():
        discount = Decimal(dice.choice((3, 5, 10))) if dice.random() < 0.06 else Decimal(0)
        lines.append(plan_line(item, some_of(dice, item), on, today, discount))
    spread_tax(lines)
    return lines


def plan_orders(
    companies: Sequence[Company], items: Sequence[Item], today: date, now: datetime
) -> list[PlannedOrder]:
    """Every order, oldest first, numbered in that order."""
    dice = chance("orders")
    buying = [each for each in companies if each.buys and each.currency == "EUR"]
    shelves = {each.number: shelf_of(each, items) for each in buying}
    days = sorted(_closed_days(dice, today)) + sorted(
        today - timedelta(days=dice.randrange(0, 9)) for _ in range(OPEN)
    )
    orders = []
    for place, day in enumerate(days):
        is_open = place >= len(days) - OPEN
        active = [each for each in buying if not is_open or each.number != 15]
        company = pick(dice, active, [each.weight for each in active])
        if is_open and place % 12 == 0:
            company = buying[0]
        placed = moment(working_day(day), dice.randrange(7, 19), dice.randrange(60))
        placed = min(placed, now - timedelta(minutes=5 * (len(days) - place)))
        lines = _lines(dice, shelves[company.number], day, today)
        order = PlannedOrder(
            place + 1,
            company,
            placed,
            OrderStatus.PLACED,
            lines,
            day + timedelta(days=dice.randrange(2, 7)),
            dice.choice(company.buyers),
        )
        if is_open:
            _open(order, place - (len(days) - OPEN), dice, today)
        else:
            _end(order, dice)
        orders.append(order)
    return orders


def _closed_days(dice: Random, today: date) -> Iterator[date]:
    days = [today - timedelta(days=back) for back in range(11, CLOSED_DAYS)]
    yield from dice.choices(
        days, [SEASON[day.month - 1] * (day.weekday() < 5) for day in days], k=CLOSED + ENDED_OTHERWISE
    )


def _end(order: PlannedOrder, dice: Random) -> None:
    # Sixteen of the first eight hundred and sixteen were given up or refused, evenly spread.
    kind = order.number % ((CLOSED + ENDED_OTHERWISE) // ENDED_OTHERWISE)
    order.ended_at = order.placed_at + timedelta(hours=dice.randrange(30, 110))
    if kind == 25:
        order.status = OrderStatus.REFUSED if order.number % 2 else OrderStatus.CANCELLED
        order.ended_at = order.placed_at + timedelta(hours=3)
        if order.status is OrderStatus.CANCELLED:
            for line in order.lines:
                line.cancelled = line.quantity
        return
    order.status = OrderStatus.CLOSED
    for line in order.lines:
        line.warehouse = "BCN" if dice.random() < 0.15 and has_second_home(line.item) else "ZAZ"
        if dice.random() < 0.03 and line.quantity > line.item.pack_size:
            line.cancelled = line.item.pack_size


def _open(order: PlannedOrder, place: int, dice: Random, today: date) -> None:
    order.requested_on = today + timedelta(days=dice.randrange(1, 12))
    if place % 12 == 5:
        order.holds = (HoldReason.CREDIT,)
    elif place % 20 == 7:
        order.holds = (HoldReason.MANUAL,)
    elif place % 5 in (1, 2):
        order.status = OrderStatus.CONFIRMED


def has_second_home(item: Item) -> bool:
    """Half of the products lie in the second warehouse too."""
    return int(item.id) % 2 == 0


def terms_of(company: Company) -> dict[str, Any]:
    name, _, _, instalments = PAYMENT_TERMS[company.payment]
    parts = tuple(Instalment(Decimal(share), due, end, day) for share, due, end, day in instalments)
    return DocumentPaymentTerms(company.payment, name, parts).to_json()
