"""Northwind's past orders: their lines and freight into the sales history, their addresses, and logins for buyers."""

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.imports.catalogue import Article, put_history
from app.imports.common import Files, Row
from app.imports.ground import Ground
from auth.passwords import hash_password
from auth.people import create_user, user_by_email
from auth.permissions import Role
from models.customers import CustomerAddress
from rules.money import ZERO, line_amount, round_money
from rules.states import SaleKind
from rules.texts import fold


async def put_sales(
    ground: Ground,
    files: Files,
    customers: Mapping[str, UUID],
    reps: Mapping[str, UUID],
    articles: Mapping[str, Article],
    freight: Mapping[str, Article],
) -> None:
    """Each order line, and each order's freight as a service."""
    store = ground.store
    orders: dict[str, Row] = {}
    history: list[dict[str, Any]] = []
    for row in files["orders.csv"]:
        orders[row.key("order_id")] = row
        if row.text("customer_id") not in customers:
            row.refuse(f"there is no customer {row.text('customer_id')}")
            continue
        if row.text("employee_id") not in reps:
            row.mend(f"employee_id: there is no employee {row.text('employee_id')!r}: without sales rep")
        service = freight.get(row.text("ship_via"))
        if service is None:
            row.mend(f"ship_via: there is no shipper {row.text('ship_via')!r}")
        history.append(
            _line(ground, row, customers, reps, "freight", SaleKind.SERVICE)
            | {
                "product_id": service.product_id if service else None, "sku": service.sku if service else "NW-FREIGHT",
                "description": service.name if service else "Freight",
            }
            | _amounts(Decimal(1), row.number_of("freight"), ZERO)
        )  # fmt: skip
    for row in store.progress.over(files["order_details.csv"], "Reading order lines"):
        order, article = orders.get(row.key("order_id")), articles.get(row.key("product_id"))
        quantity, discount = row.number_of("quantity"), row.number_of("discount")
        price = row.not_negative("unit_price")
        if order is None:
            row.refuse(f"there is no order {row.key('order_id')}")
        elif order.refusal:
            row.refuse(f"its order was refused: {order.refusal}")
        elif article is None:
            row.refuse(f"there is no product {row.key('product_id')}")
        elif not 0 <= discount <= 1:
            row.refuse(f"a discount of {discount} is no share of the price")
        if order is None or article is None or row.refusal:
            continue
        kind = SaleKind.SALE if quantity > 0 and price > 0 else SaleKind.ADJUSTMENT
        history.append(
            _line(ground, order, customers, reps, row.key("product_id"), kind)
            | {"product_id": article.product_id, "sku": article.sku, "description": article.name}
            | _amounts(quantity, price, discount)
        )
    await _put_ship_addresses(ground, files, customers)
    await put_history(ground, history)


def _line(
    ground: Ground,
    order: Row,
    customers: Mapping[str, UUID],
    reps: Mapping[str, UUID],
    part: str,
    kind: SaleKind,
) -> dict[str, Any]:
    number, day = order.key("order_id"), order.day("order_date")
    return {
        "source_key": f"{number}/{part}", "document_number": number, "kind": kind,
        "customer_id": customers[order.text("customer_id")], "month": day.replace(day=1),
        "sold_at": _noon(day, ground), "sales_rep_id": reps.get(order.text("employee_id")),
    }  # fmt: skip


def _noon(day: date, ground: Ground) -> datetime:
    """The file has days only; noon keeps the day wherever it is read."""
    return datetime.combine(day, time(12), ground.zone)


def _amounts(quantity: Decimal, price: Decimal, discount: Decimal) -> dict[str, Any]:
    """Rule book 0.2, 26: the gross is rounded, then the discount, and taken off."""
    gross = line_amount(quantity, price)
    off = round_money(gross * discount)
    return {
        "quantity": quantity, "unit_price": price, "discount_percent": discount * 100, "discount_amount": off,
        "net_amount": gross - off,
    }  # fmt: skip


async def _put_ship_addresses(ground: Ground, files: Files, customers: Mapping[str, UUID]) -> None:
    """Where orders went, if it is not the customer's own address; the newest spelling of each."""
    store = ground.store
    own = {
        row.key("customer_id"): _place(row, "address", "postal_code", "city")
        for row in files["customers.csv"]
        if not row.refusal
    }
    found: dict[str, dict[str, Any]] = {}
    for row in files["orders.csv"]:
        key, place = row.text("customer_id"), _place(row, "ship_address", "ship_postal_code", "ship_city")
        values = {
            "name": row.text("ship_name"), "street": row.text("ship_address"),
            "postal_code": row.text("ship_postal_code", 64), "city": row.text("ship_city"),
            "region": row.text("ship_region"), "country": row.country("ship_country"),
        }  # fmt: skip
        if row.refusal or place == own[key] or not values["street"]:
            continue
        address_id = store.refer("Address", f"{key}/{place}"[:200], customer_id=customers[key])
        found[f"{key}/{place}"[:200]] = values | {
            "id": address_id, "customer_id": customers[key], "label": values["city"] or values["name"],
            "is_default_delivery": False, "is_default_billing": False,
        }  # fmt: skip
    await store.put(
        CustomerAddress,
        list(found.values()),
        initial=("customer_id", "label", "is_default_delivery", "is_default_billing"),
    )


def _place(row: Row, *columns: str) -> str:
    return "|".join(fold(row.text(column)) for column in columns)


async def put_logins(ground: Ground, rows: list[Row], customers: Mapping[str, UUID], password: str) -> None:
    """A buyer for each customer, named as its contact. People who are there already keep their password."""
    store = ground.store
    # One hash for all of them: it is one password, known to whoever asked for it.
    password_hash = hash_password(password)
    for row in rows:
        if row.refusal:
            continue
        key = row.key("customer_id")
        email = f"{key.lower()}@northwind.example"
        if store.known("User", f"buyer/{key}") or await user_by_email(store.session, email):
            continue
        user_id = await create_user(
            store.session,
            seller_id=store.seller_id,
            email=email,
            name=row.text("contact_name") or row.text("company_name"),
            now=store.now,
            password_hash=password_hash,
            locale="en",
            memberships={customers[key]: [Role.BUYER]},
        )
        store.refer("User", f"buyer/{key}", user_id, customers[key])
        store.report.inserted.update(("app_user", "user_credential", "membership"))
