"""What prices depend on, as shapes: the party that buys, its lines, and the rows of trade agreements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from rules.money import ZERO


class Scope(StrEnum):
    """Whom or what a rule is for."""

    ONE = "ONE"
    GROUP = "GROUP"
    ALL = "ALL"


class TradeRelation(StrEnum):
    """What a trade agreement sets (rule book 2.1)."""

    PRICE = "PRICE"
    LINE_DISCOUNT = "LINE_DISCOUNT"
    MULTILINE_DISCOUNT = "MULTILINE_DISCOUNT"
    TOTAL_DISCOUNT = "TOTAL_DISCOUNT"


class PercentBase(StrEnum):
    """What a record's percent is taken of: what its amount left (NET), or the price before it (GROSS; TA-11)."""

    NET = "NET"
    GROSS = "GROSS"


class LineMultilineMode(StrEnum):
    """How a line discount and a multiline discount make one (rule book 2.4)."""

    LINE = "LINE"
    MULTILINE = "MULTILINE"
    MAX = "MAX"
    MIN = "MIN"
    SUM = "SUM"
    PRODUCT = "PRODUCT"


class Channel(StrEnum):
    """How an order comes in."""

    PORTAL = "PORTAL"
    STAFF = "STAFF"
    API = "API"


@dataclass(frozen=True, slots=True)
class Break:
    """From this quantity on, `price_unit` units cost `unit_price`; up to the next break, which owns its boundary."""

    from_quantity: Decimal
    unit_price: Decimal
    price_unit: Decimal


@dataclass(frozen=True, slots=True)
class Rung(Break):
    """
    A break as a buyer reads it: "12 more save 4 %".

    Args:
        more: how many more units than asked it takes; none where the quantity asked reaches it.
        saves_percent: what a unit costs less, 2 decimals: of a next break less than now, of a ladder less than on its
            first rung; below zero where it costs more.
    """

    more: Decimal
    saves_percent: Decimal


@dataclass(frozen=True, slots=True)
class TradeRow:
    """
    A posted row of a trade agreement (rule book 2).

    Args:
        customer: a customer's id, a group's code, or empty for all; `item` likewise: a product's id, a group's code.
        unit_code: None is any unit.
        from_quantity: a quantity of the line or of the multiline group; an amount for TOTAL_DISCOUNT. Half-open,
            `to_quantity` None has no end.
        valid_until: the day after the last; None has no end.
        unit_price: of `price_unit` units, for PRICE alone; None elsewhere.
        amount: for discounts, off `price_unit` units, or off the order for TOTAL_DISCOUNT; taken before the percents.
        is_generic_currency: it holds in other currencies too, at the day's rate.
    """

    id: str
    relation: TradeRelation
    customer_scope: Scope
    customer: str
    item_scope: Scope
    item: str
    currency: str
    unit_code: str | None = None
    from_quantity: Decimal = ZERO
    to_quantity: Decimal | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    find_next: bool = False
    unit_price: Decimal | None = None
    price_unit: Decimal = Decimal(1)
    amount: Decimal = ZERO
    percent1: Decimal = ZERO
    percent2: Decimal = ZERO
    percent_base: PercentBase = PercentBase.NET
    is_generic_currency: bool = False
    label: str = ""


@dataclass(frozen=True, slots=True)
class GroupMembership:
    """A customer's group for one relation; of several the highest `priority` decides (TA-17)."""

    code: str
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Party:
    """
    Who buys.

    Args:
        customers: ids, the buyer's own first, then its ancestors', nearest first; empty prices for nobody in
            particular.
        trade_groups: the groups of each relation.
        rates: what one unit of another currency is worth in `currency`, for rows in a generic currency.
        segments: codes of the segments (saved queries) that hold the customer.
        coupons: codes that the buyer entered, folded by `rules.texts.item_key`.
    """

    customers: tuple[str, ...]
    currency: str
    exponent: int = 2
    trade_groups: Mapping[TradeRelation, tuple[GroupMembership, ...]] = field(default_factory=dict)
    customer_group: str = ""
    segments: frozenset[str] = frozenset()
    channel: Channel = Channel.PORTAL
    coupons: frozenset[str] = frozenset()
    is_first_order: bool = False
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    line_multiline_mode: LineMultilineMode = LineMultilineMode.SUM
    active_cells: frozenset[tuple[TradeRelation, Scope, Scope]] | None = None  # None: all combinations


@dataclass(frozen=True, slots=True)
class Concessions:
    """
    What people gave on a line, each with its reason; what one gave last counts.

    `unit_price` is a fixed price of `price_unit` units that takes the list price's place (None: the rules hold);
    `discount_percent` comes off in phase 6.
    """

    unit_price: Decimal | None = None
    unit_price_reason: str = ""
    discount_percent: Decimal = ZERO
    discount_reason: str = ""


@dataclass(frozen=True, slots=True)
class LineFacts:
    """
    What the price of one line depends on.

    Args:
        number: the line's place in the document, unique there; it decides between equal lines alone, so that the order
            of entry changes nothing.
        product: the product's id; `category_path` the codes from the root, as "/food/oil/".
        units: how many of the line's own unit one of another unit is.
        priced_on: the day whose prices hold: of the ship date derived from the requested date, then frozen.
        breaks: the list prices in force in the party's currency, in any order.
        ships_on: the day whose agreements hold; None is `priced_on`.
        days_to_expiry: of the lot that would be sold, None where no lot expires.
    """

    number: int
    product: str
    sku: str
    quantity: Decimal
    priced_on: date
    breaks: Sequence[Break]
    unit_code: str = "EA"
    category_path: str = "/"
    brand: str = ""
    line_discount_group: str = ""
    multiline_discount_group: str = ""
    is_in_total_discount: bool = True
    units: Mapping[str, Decimal] = field(default_factory=dict)
    concessions: Concessions = field(default_factory=Concessions)
    times_bought: Mapping[int, int] = field(
        default_factory=dict
    )  # months looked back: documents that held it
    is_in_wishlist: bool = False
    bought_together: frozenset[str] = frozenset()  # products often bought with it
    days_to_expiry: int | None = None
    ships_on: date | None = None

    @property
    def ship_day(self) -> date:
        return self.ships_on or self.priced_on

    @property
    def rank(self) -> tuple[str, Decimal, date, date, Decimal, Decimal, int]:
        """
        The order that lines are treated in, whatever order they were entered in.

        Of several lines of a product the largest comes first. Where only their numbers tell two lines apart, they are
        equal, and it is all one which of them is first.
        """
        given = self.concessions
        fixed = Decimal(-1) if given.unit_price is None else given.unit_price
        return (
            self.sku,
            -self.quantity,
            self.priced_on,
            self.ship_day,
            fixed,
            given.discount_percent,
            self.number,
        )
