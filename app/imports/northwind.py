"""
Northwind: a food wholesaler's customers, products, prices, stock, suppliers, sales force and past orders.

Where a file has no table of ours its rows have these places: a supplier's country is an attribute of its products, a
shipper is a service product (no longer for sale) that past freight points at, a region is a sales team.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from babel import Locale

from app.database import Database
from app.imports.catalogue import PRODUCT_INITIAL, Article, product_values, put_assortment
from app.imports.common import Files, Progress, Row, accepted, most_frequent, named, read_rows
from app.imports.ground import UNIT, DataSet, Ground, lay_ground
from app.imports.northwind_buying import put_buying
from app.imports.northwind_force import put_sales_force
from app.imports.northwind_sales import put_logins, put_sales
from app.imports.report import ImportReport
from models.customers import Customer, CustomerAddress, CustomerContact
from models.products import (
    Product,
    ProductAttribute,
    ProductCategory,
    ProductCategoryTranslation,
)
from models.search import refresh_search
from rules.states import CustomerStatus, ProductKind
from rules.texts import sort_key

NORTHWIND = DataSet("northwind", "Northwind", "USD", "Northwind")
COLUMNS = {
    "region.csv": ("region_id", "region_description"),
    "territories.csv": ("territory_id", "territory_description", "region_id"),
    "employees.csv": ("employee_id", "last_name", "first_name", "reports_to"),
    "employee_territories.csv": ("employee_id", "territory_id"),
    "categories.csv": ("category_id", "category_name", "description"),
    "suppliers.csv": ("supplier_id", "company_name", "country"),
    "shippers.csv": ("shipper_id", "company_name"),
    "products.csv": (
        "product_id", "product_name", "supplier_id", "category_id", "quantity_per_unit", "unit_price",
        "units_in_stock", "units_on_order", "discontinued",
    ),
    "customers.csv": (
        "customer_id", "company_name", "contact_name", "contact_title", "address", "city", "region", "postal_code",
        "country", "phone",
    ),
    "orders.csv": (
        "order_id", "customer_id", "employee_id", "order_date", "ship_via", "freight", "ship_name", "ship_address",
        "ship_city", "ship_region", "ship_postal_code", "ship_country",
    ),
    "order_details.csv": ("order_id", "product_id", "unit_price", "quantity", "discount"),
}  # fmt: skip
_KEYS = {
    "employee_territories.csv": ("employee_id", "territory_id"),
    "order_details.csv": ("order_id", "product_id"),
}
_SPANISH = {
    "Beverages": "Bebidas", "Condiments": "Condimentos", "Confections": "Dulces", "Dairy Products": "Lácteos",
    "Grains/Cereals": "Cereales", "Meat/Poultry": "Carne y aves", "Produce": "Frutas y verduras",
    "Seafood": "Pescado y marisco", "Freight": "Portes",
}  # fmt: skip
_CONTENTS = {"es": "Contenido", "en": "Contents"}
_ORIGIN = {"es": "País del proveedor", "en": "Supplier's country"}
_NOT_KEPT = (
    "No place yet, so passed over: fax numbers, the suppliers' and shippers' contacts, homepages, employees' titles"
    " and cities, reorder levels, required and shipped dates."
)
_SPANISH_SPEAKING = frozenset({"AR", "ES", "MX", "VE"})


async def import_northwind(
    database: Database,
    directory: Path,
    now: datetime,
    progress: Progress | None = None,
    logins_password: str | None = None,
) -> ImportReport:
    """
    Reads the folder's eleven files and stores them in one transaction.

    Args:
        logins_password: makes a buyer for each customer, such as alfki@northwind.example, with this password.
    Raises:
        ImportFault: a file cannot be read; nothing is stored.
    """
    report = ImportReport(NORTHWIND.namespace)
    files = {
        name: read_rows(directory / name, columns, _KEYS.get(name, columns[:1]))
        for name, columns in COLUMNS.items()
    }
    for name, rows in files.items():
        report.add(rows, name)
    async with database.job() as session:
        ground = await lay_ground(session, report, NORTHWIND, now, progress or Progress())
        reps = await put_sales_force(ground, files)
        articles = await _put_catalogue(ground, files)
        await put_buying(ground, files, articles, next(iter(reps.values()), None))
        freight = await _put_shippers(ground, files["shippers.csv"])
        customers = await _put_customers(ground, files, reps)
        await put_sales(ground, files, customers, reps, articles, freight)
        if logins_password is not None:
            await put_logins(ground, files["customers.csv"], customers, logins_password)
        await ground.store.write_references()
        if any(each.startswith("product") for each in (*report.inserted, *report.updated)):
            await refresh_search(session)
    report.notes.append(_NOT_KEPT)
    return report


# Catalogue


async def _put_categories(ground: Ground, names: Mapping[str, str]) -> dict[str, UUID]:
    store, root = ground.store, ground.root_category
    ids = {key: store.refer("Category", key) for key in names}
    await store.put(
        ProductCategory,
        [
            {
                "id": ids[key], "seller_id": store.seller_id, "parent_id": root.id, "code": f"nw-{key}",
                "name": name, "name_sort": sort_key(name), "path": f"{root.path}nw-{key}/", "position": position,
            }
            for position, (key, name) in enumerate(names.items(), start=1)
        ],
        initial=("seller_id", "parent_id", "code", "path", "position"),
    )  # fmt: skip
    translated = [
        {"category_id": ids[key], "locale": "es", "name": _SPANISH[name]}
        for key, name in names.items()
        if name in _SPANISH
    ]
    await store.put(ProductCategoryTranslation, translated, keys=("category_id", "locale"), initial=("name",))
    return ids


async def _put_catalogue(ground: Ground, files: Files) -> dict[str, Article]:
    """Categories, products with their brand and attributes, prices, opening stock and assortment."""
    store = ground.store
    categories = await _put_categories(ground, named(files["categories.csv"], "category_id", "category_name"))
    for row in files["categories.csv"]:
        row.text(
            "description"
        )  # a category has no text of its own here; the report still says what is in the file
    suppliers = named(files["suppliers.csv"], "supplier_id", "company_name")
    countries = {row.key("supplier_id"): row.country("country") for row in accepted(files["suppliers.csv"])}
    articles: dict[str, Article] = {}
    products: list[dict[str, Any]] = []
    attributes: list[dict[str, Any]] = []
    prices: dict[UUID, Decimal] = {}
    stock: dict[UUID, Decimal] = {}
    ended = await store.column(Product, "active_until")
    names = named(files["products.csv"], "product_id", "product_name")
    for row in accepted(files["products.csv"]):
        key, supplier, category = row.key("product_id"), row.text("supplier_id"), row.text("category_id")
        if supplier and supplier not in suppliers:
            row.mend(f"supplier_id: there is no supplier {supplier}")
        if category not in categories:
            row.mend(f"category_id: there is no category {category!r}: taken into the data set's own")
        sku, contents = f"NW-{key.zfill(4)}", row.text("quantity_per_unit")
        article = Article(store.refer("Product", key), sku, names[key])
        articles[key] = article
        prices[article.product_id] = row.not_negative("unit_price")
        stock[article.product_id] = row.not_negative("units_in_stock")
        products.append(
            product_values(
                ground, article,
                description=contents, brand=suppliers.get(supplier, ""),
                category_id=categories.get(category, ground.root_category.id),
                active_until=(ended.get(article.product_id) or store.today) if row.flag("discontinued") else None,
            )
        )  # fmt: skip
        attributes += _attributes(article.product_id, contents, countries.get(supplier))
    await store.put(Product, products, initial=PRODUCT_INITIAL)
    await store.put(ProductAttribute, attributes, keys=("product_id", "locale", "position"))
    await store.put_prices(prices, UNIT)
    await store.book_opening_stock(stock, ground.warehouse_id)
    await put_assortment(ground, prices)
    return articles


def _attributes(product_id: UUID, contents: str, country: str | None) -> list[dict[str, Any]]:
    found = []
    for locale in ("es", "en"):
        origin = Locale(locale).territories.get(country or "", "")
        pairs = ((1, _CONTENTS[locale], contents), (2, _ORIGIN[locale], origin))
        found += [
            {"product_id": product_id, "locale": locale, "position": position, "name": name, "value": value}
            for position, name, value in pairs
            if value
        ]
    return found


async def _put_shippers(ground: Ground, rows: list[Row]) -> dict[str, Article]:
    """A service product per shipper, for past freight alone: it is not for sale from today on."""
    store = ground.store
    names = named(rows, "shipper_id", "company_name")
    if not names:
        return {}
    category = store.refer("Category", "freight")
    path = f"{ground.root_category.path}nw-freight/"
    await store.put(
        ProductCategory,
        [
            {
                "id": category, "seller_id": store.seller_id, "parent_id": ground.root_category.id,
                "code": "nw-freight", "name": "Freight", "name_sort": "freight", "path": path, "position": 99,
            }
        ],
        initial=("seller_id", "parent_id", "code", "path", "position"),
    )  # fmt: skip
    translation = {"category_id": category, "locale": "es", "name": _SPANISH["Freight"]}
    await store.put(
        ProductCategoryTranslation, [translation], keys=("category_id", "locale"), initial=("name",)
    )
    articles = {
        key: Article(store.refer("Product", f"shipper/{key}"), f"NW-FREIGHT-{key}", f"Freight: {name}"[:200])
        for key, name in names.items()
    }
    ended = await store.column(Product, "active_until")
    products = [
        product_values(
            ground, article, kind=ProductKind.SERVICE, category_id=category, brand=names[key],
            active_until=ended.get(article.product_id) or store.today,
        )
        for key, article in articles.items()
    ]  # fmt: skip
    await store.put(Product, products, initial=PRODUCT_INITIAL)
    return articles


# Customers


async def _put_customers(ground: Ground, files: Files, reps: Mapping[str, UUID]) -> dict[str, UUID]:
    """Customers with address and contact; the rep is whoever took most of their orders."""
    store = ground.store
    takers: dict[str, list[UUID]] = {}
    for row in files["orders.csv"]:
        if row.text("employee_id") in reps:
            takers.setdefault(row.text("customer_id"), []).append(reps[row.text("employee_id")])
    names = named(files["customers.csv"], "customer_id", "company_name")
    ids = {key: store.refer("Customer", key) for key in names}
    customers: list[dict[str, Any]] = []
    addresses: list[dict[str, Any]] = []
    contacts: list[dict[str, Any]] = []
    for row in accepted(files["customers.csv"]):
        key, country, phone = row.key("customer_id"), row.country("country"), row.text("phone", 64)
        customers.append(
            {
                "id": ids[key], "seller_id": store.seller_id, "number": f"NW-{key}", "name": names[key],
                "name_sort": sort_key(names[key]), "country": country, "status": CustomerStatus.ACTIVE,
                "customer_group_id": ground.customer_group_id,
                "sales_rep_id": most_frequent(takers.get(key, ())), "payment_term_id": ground.payment_term_id,
                "delivery_term_id": ground.delivery_term_id, "currency": store.currency,
                "locale": "es" if country in _SPANISH_SPEAKING else "en", "buyers_see_company_orders": False,
                "created_at": store.now,
            }
        )  # fmt: skip
        addresses.append(
            {
                "id": store.refer("Address", f"{key}/main", customer_id=ids[key]), "customer_id": ids[key],
                "label": row.text("city") or names[key], "name": names[key], "street": row.text("address"),
                "postal_code": row.text("postal_code", 64), "city": row.text("city"), "region": row.text("region"),
                "country": country, "phone": phone, "is_default_delivery": True, "is_default_billing": True,
            }
        )  # fmt: skip
        if row.text("contact_name"):
            contacts.append(
                {
                    "id": store.refer("Contact", key, customer_id=ids[key]), "customer_id": ids[key],
                    "name": row.text("contact_name"), "title": row.text("contact_title"), "phone": phone,
                }
            )  # fmt: skip
    await store.put(
        Customer,
        customers,
        initial=(
            "seller_id", "number", "status", "customer_group_id", "sales_rep_id", "payment_term_id",
            "delivery_term_id", "currency", "locale", "buyers_see_company_orders", "created_at",
        ),
    )  # fmt: skip
    await store.put(
        CustomerAddress,
        addresses,
        initial=("customer_id", "label", "is_default_delivery", "is_default_billing"),
    )
    await store.put(CustomerContact, contacts, initial=("customer_id",))
    return ids
