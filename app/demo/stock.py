"""Stock of the demo company: what came in, what the closed orders took out, and what is left by lot."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from app.demo.catalogue import Item
from app.demo.orders import CLOSED_DAYS, PlannedOrder, has_second_home, spread_tax
from app.demo.seeds import MADRID, Rows, chance, key, moment, month_of
from models.stock import Lot, LotBalance, Reservation, StockBalance, StockMove
from rules.states import HoldReason, LotStatus, OrderStatus, ReservationKind, StockMoveKind

OPENED_DAYS = CLOSED_DAYS + 20
ZERO = Decimal(0)


@dataclass
class Pile:
    """What came in at once and is still there; a lot where the product is tracked."""

    received_on: date
    lot_id: UUID | None
    expires_on: date | None
    left: Decimal


@dataclass
class Shelf:
    """One product in one warehouse."""

    item: Item
    warehouse: str
    rows: Rows
    piles: list[Pile] = field(default_factory=list)

    @property
    def on_hand(self) -> Decimal:
        return sum((pile.left for pile in self.piles), ZERO)

    def receive(self, quantity: Decimal, on: date, kind: StockMoveKind, reference: str) -> None:
        lot_id = expires = None
        if self.item.category.shelf_life_days is not None:
            number = f"L{on:%y%j}-{self.warehouse[0]}{len(self.piles) + 1}"
            lot_id = key("lot", self.item.sku, number)
            expires = on + timedelta(days=self.item.category.shelf_life_days)
            self.rows.add(
                Lot,
                id=lot_id,
                product_id=self.item.id,
                number=number,
                received_on=on,
                expires_on=expires,
                status=LotStatus.AVAILABLE,
            )
        self.piles.append(Pile(on, lot_id, expires, quantity))
        self._move(kind, quantity, on, lot_id, reference)

    def issue(self, quantity: Decimal, on: date, kind: StockMoveKind, reference: str) -> None:
        """Oldest first; there is always enough, for the caller looked."""
        for pile in self.piles:
            taken = min(pile.left, quantity)
            if taken:
                pile.left -= taken
                quantity -= taken
                self._move(kind, -taken, on, pile.lot_id, reference)
        assert quantity == 0

    def discard_expired(self, on: date) -> None:
        for pile in self.piles:
            if pile.left and pile.expires_on is not None and pile.expires_on <= on:
                self._move(StockMoveKind.ADJUSTMENT, -pile.left, on, pile.lot_id, "Caducado")
                pile.left = ZERO

    def _move(
        self, kind: StockMoveKind, quantity: Decimal, on: date, lot_id: UUID | None, reference: str
    ) -> None:
        self.rows.add(
            StockMove,
            month=month_of(on),
            product_id=self.item.id,
            warehouse_id=key("warehouse", self.warehouse),
            lot_id=lot_id,
            kind=kind,
            quantity=quantity,
            reference=reference,
            occurred_at=moment(on, 8),
        )


def _lot_size(item: Item, dice: Random) -> Decimal:
    if item.unit == "kg":
        return Decimal(dice.randrange(20, 80))
    step = max(item.pack_size, Decimal(1))
    return step * dice.randrange(10, 60) if item.price < 30 else step * dice.randrange(4, 16)


def stock_up(
    rows: Rows, items: Sequence[Item], orders: Sequence[PlannedOrder]
) -> dict[tuple[str, str], Shelf]:
    """Moves and lots of two hundred and ninety days; the shelves as they stand today, by SKU and warehouse."""
    taken: dict[tuple[str, str], list[tuple[date, Decimal, str]]] = {}
    for order in orders:
        if order.status is OrderStatus.CLOSED and order.ended_at is not None:
            for line in order.lines:
                shipped = line.quantity - line.cancelled
                left = order.ended_at.astimezone(MADRID).date()
                taken.setdefault((line.item.sku, line.warehouse), []).append((left, shipped, order.code))
    shelves = {}
    for number, item in enumerate(items):
        for warehouse in ("ZAZ", "BCN") if has_second_home(item) else ("ZAZ",):
            shelf = Shelf(item, warehouse, rows)
            _live(
                shelf,
                sorted(taken.get((item.sku, warehouse), [])),
                is_empty=number % 29 == 11,
                is_low=number % 23 == 5 or (item.may_wait and number % 2 == 0),
            )
            shelves[item.sku, warehouse] = shelf
    return shelves


def _live(shelf: Shelf, issues: list[tuple[date, Decimal, str]], is_empty: bool, is_low: bool) -> None:
    rows, item = shelf.rows, shelf.item
    dice = chance(f"stock {item.sku} {shelf.warehouse}")
    shelf.receive(
        _lot_size(item, dice), rows.days_ago(OPENED_DAYS), StockMoveKind.OPENING, "Inventario inicial"
    )
    for on, quantity, order in issues:
        shelf.discard_expired(on)
        if shelf.on_hand < quantity:
            received = on - timedelta(days=1)
            shelf.receive(
                max(quantity, _lot_size(item, dice)),
                received,
                StockMoveKind.RECEIPT,
                f"Entrada {received:%y%m%d}",
            )
        shelf.issue(quantity, on, StockMoveKind.ISSUE, order)
    yesterday = rows.days_ago(1)
    shelf.discard_expired(yesterday)
    if is_empty and shelf.on_hand:
        shelf.issue(shelf.on_hand, yesterday, StockMoveKind.ADJUSTMENT, "Recuento")
    elif is_low and shelf.on_hand > 5:
        shelf.issue(shelf.on_hand - 4, yesterday, StockMoveKind.ADJUSTMENT, "Recuento")
    elif not is_low and not is_empty:
        for back in sorted(dice.sample(range(1, 9), 2), reverse=True):
            on = rows.days_ago(back)
            shelf.receive(_lot_size(item, dice), on, StockMoveKind.RECEIPT, f"Entrada {on:%y%m%d}")


def reserve_open(
    shelves: dict[tuple[str, str], Shelf], orders: Sequence[PlannedOrder]
) -> dict[tuple[str, str], Decimal]:
    """
    Plans what each open line holds, of what is free; the whole, by SKU and warehouse.

    A line that exceeds it and may not wait was never ordered. What waits for its credit holds nothing.
    """
    reserved: dict[tuple[str, str], Decimal] = {}
    for order in orders:
        if (
            order.status not in (OrderStatus.PLACED, OrderStatus.CONFIRMED)
            or HoldReason.CREDIT in order.holds
        ):
            continue
        kept = []
        for line in order.lines:
            free = {
                place: shelves[place].on_hand - reserved.get(place, ZERO)
                for place in ((line.item.sku, "ZAZ"), (line.item.sku, "BCN"))
                if place in shelves
            }
            if sum(free.values()) < line.quantity and not line.item.may_wait:
                continue
            kept.append(line)
            rest = line.quantity
            whole = next((place for place, quantity in free.items() if quantity >= rest), None)
            for place in free if whole is None else [whole]:
                held = min(free[place], rest)
                if held > 0:
                    reserved[place] = reserved.get(place, ZERO) + held
                    line.reserved.append((place[1], held))
                    rest -= held
        assert kept, "an order has at least one line"
        order.lines = kept
        spread_tax(kept)
    return reserved


def add_balances(
    rows: Rows, shelves: dict[tuple[str, str], Shelf], reserved: dict[tuple[str, str], Decimal]
) -> None:
    for (sku, warehouse), shelf in shelves.items():
        rows.add(
            StockBalance,
            product_id=shelf.item.id,
            warehouse_id=key("warehouse", warehouse),
            on_hand=shelf.on_hand,
            reserved=reserved.get((sku, warehouse), ZERO),
        )
        for pile in shelf.piles:
            if pile.lot_id is not None:
                rows.add(
                    LotBalance,
                    lot_id=pile.lot_id,
                    warehouse_id=key("warehouse", warehouse),
                    on_hand=pile.left,
                    allocated=ZERO,
                )


def add_reservation(
    rows: Rows, order: PlannedOrder, schedule_id: UUID, item: Item, warehouse: str, quantity: Decimal
) -> None:
    rows.add(
        Reservation,
        id=key("reservation", schedule_id),
        customer_id=order.company.id,
        schedule_line_id=schedule_id,
        product_id=item.id,
        warehouse_id=key("warehouse", warehouse),
        lot_id=None,
        kind=ReservationKind.HARD,
        quantity=quantity,
        created_at=order.placed_at,
        expires_at=None,
        released_at=None,
    )
