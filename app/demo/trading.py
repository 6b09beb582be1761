"""What the demo company agreed with a chain of cafés and a restaurant: prices, discounts by group and by quantity."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from app.demo.catalogue import Item
from app.demo.company import STAFF, staff_id
from app.demo.customers import CAFETERIA, MAIN, Company
from app.demo.seeds import Rows, cents, key, moment
from models.sellers import Seller
from models.trade_agreements import (
    CustomerPricingGroup,
    ProductPricing,
    TradeAgreementJournal,
    TradeAgreementRow,
)
from rules.pricing_facts import PercentBase, Scope, TradeRelation
from rules.trade_rows import TradeJournalStatus

AUTHOR = next(each for each in STAFF if each.name == "Marta Ferrer Soler")
GROUP, COFFEE = "CAFETERIAS", "CAFE"
AGREED = 4  # so many coffees have prices of their own
RESTAURANTS, SAUCES = "RESTAURANTES", "SALSAS"
SAUCE = "SAL-0310"  # in the cart of the restaurant: its price has a step of every kind


def add_trade_agreements(rows: Rows, companies: Sequence[Company], items: Sequence[Item]) -> None:
    """In force since two months ago; the chain's cafés have them of their parent."""
    chain = companies[CAFETERIA[0] - 1]
    coffees = [item for item in items if item.category.prefix == "CAF"]
    told = [
        row
        for item in coffees[:AGREED]
        for row in (
            _row(TradeRelation.PRICE, chain, item, unit_price=cents(item.price * Decimal("0.92")),
                 to_quantity=Decimal(item.per_box * 4)),
            _row(TradeRelation.PRICE, chain, item, unit_price=cents(item.price * Decimal("0.88")),
                 from_quantity=Decimal(item.per_box * 4)),
        )
    ]  # fmt: skip
    told += [
        _row(TradeRelation.LINE_DISCOUNT, customer_group=GROUP, item_group=COFFEE, percent1=Decimal(3)),
        _row(
            TradeRelation.MULTILINE_DISCOUNT, customer_group=GROUP, item_group=COFFEE, percent1=Decimal(2),
            from_quantity=Decimal(60),
        ),
        _row(TradeRelation.TOTAL_DISCOUNT, customer_group=GROUP, percent1=Decimal(1), from_quantity=Decimal(1000)),
    ]  # fmt: skip
    _add_journal(rows, 1, "Cafeterías Moka: café", told)
    for relation in TradeRelation:
        rows.add(CustomerPricingGroup, customer_id=chain.id, relation=relation, group_code=GROUP, priority=0)
    for item in coffees:
        _add_pricing(rows, item, COFFEE)
    _add_restaurant(rows, companies[MAIN - 1], items)


def _add_restaurant(rows: Rows, restaurant: Company, items: Sequence[Item]) -> None:
    sauces = [item for item in items if item.category.prefix == "SAL"]
    sauce = next(item for item in sauces if item.sku == SAUCE)
    box = Decimal(sauce.per_box)
    told = [
        _row(TradeRelation.PRICE, restaurant, sauce, unit_price=cents(sauce.price * Decimal("0.95")), to_quantity=box),
        _row(
            TradeRelation.PRICE, restaurant, sauce, unit_price=cents(sauce.price * Decimal("0.90")), from_quantity=box
        ),
        _row(TradeRelation.LINE_DISCOUNT, customer_group=RESTAURANTS, item_group=SAUCES, percent1=Decimal(2)),
        _row(
            TradeRelation.LINE_DISCOUNT, customer_group=RESTAURANTS, item_group=SAUCES, percent1=Decimal(4),
            from_quantity=box * 4,
        ),
    ]  # fmt: skip
    _add_journal(rows, 2, "Restaurante La Parra: salsas", told)
    rows.add(
        CustomerPricingGroup, customer_id=restaurant.id, relation=TradeRelation.LINE_DISCOUNT,
        group_code=RESTAURANTS, priority=0,
    )  # fmt: skip
    for item in sauces:
        _add_pricing(rows, item, SAUCES)


def _add_pricing(rows: Rows, item: Item, group: str) -> None:
    rows.add(
        ProductPricing, product_id=item.id, line_discount_group=group, multiline_discount_group=group,
        is_in_total_discount=True, version=1,
    )  # fmt: skip


def _add_journal(rows: Rows, number: int, description: str, told: Sequence[dict[str, Any]]) -> None:
    """Posted two months ago."""
    journal, made = key("trade journal", number), moment(rows.days_ago(65))
    seller = rows.of[Seller][0]["id"]
    rows.add(
        TradeAgreementJournal, id=journal, seller_id=seller,
        number=f"TA-{rows.days_ago(65).year}-{number:06}", description=description,
        status=TradeJournalStatus.POSTED, version=2, row_count=len(told), created_at=made,
        created_by_id=staff_id(AUTHOR), posted_at=made, posted_by_id=staff_id(AUTHOR),
    )  # fmt: skip
    for position, row in enumerate(told, start=1):
        values = row | {"valid_from": rows.days_ago(60), "position": position, "journal_id": journal}
        name = (position,) if number == 1 else (number, position)
        rows.add(TradeAgreementRow, id=key("trade row", *name), seller_id=seller, is_posted=True, **values)


def _row(
    relation: TradeRelation, company: Company | None = None, item: Item | None = None, **given: Any
) -> dict[str, Any]:
    """A row with every column, since all are inserted together."""
    blank: dict[str, Any] = {
        "customer_group": None, "item_group": None, "from_quantity": Decimal(0), "to_quantity": None,
        "unit_price": None, "percent1": Decimal(0),
    }  # fmt: skip
    values = blank | given
    by_group = Scope.GROUP if values["customer_group"] else Scope.ALL
    of_group = Scope.GROUP if values["item_group"] else Scope.ALL
    return values | {
        "relation": relation,
        "customer_scope": Scope.ONE if company is not None else by_group,
        "customer_id": None if company is None else company.id,
        "item_scope": Scope.ONE if item is not None else of_group,
        "product_id": None if item is None else item.id,
        "currency": "EUR",
        "percent_base": PercentBase.NET,
    }
