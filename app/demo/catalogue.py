"""The demo company's products: read from catalogue.txt, with prices, costs, units, relations and pictures."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from stdnum import ean

from app.demo.company import SELLER
from app.demo.pictures import MEDIA_TYPE, draw_picture
from app.demo.seeds import Rows, chance, key, moment
from models.prices import ListPrice
from models.products import (
    Assortment,
    AssortmentProduct,
    File,
    FileChunk,
    Product,
    ProductAttribute,
    ProductCategory,
    ProductCategoryTranslation,
    ProductPicture,
    ProductRelation,
    ProductTranslation,
    ProductUnit,
    StandardCost,
)
from rules.pricing_facts import Break
from rules.states import OutOfStockPolicy, ProductKind, RelationKind
from rules.texts import item_key, sort_key

TEXT = Path(__file__).with_name("catalogue.txt")
ORIGINS = {
    "Olivar Monegrillo": "Aragón",
    "Vega Cinca": "Aragón",
    "Ebrosol": "Aragón",
    "Tierra Cierzo": "Aragón",
    "Bodegas Cierzo Viejo": "Aragón",
    "Huerta Jalón": "Aragón",
    "Doña Petra": "La Rioja",
    "Molino Alto": "Navarra",
    "La Almunieta": "Aragón",
    "Obrador Mencía": "León",
    "Marea Norte": "Cantabria",
    "Ría Clara": "Galicia",
    "Quesería Valdelosa": "Asturias",
    "Peña Caída": "Cataluña",
    "Dehesa Encinar": "Extremadura",
    "Tres Hornos": "Teruel",
    "Frío Boreal": "Navarra",
    "Lúpulo Bravo": "Aragón",
    "Fuente Navilla": "Huesca",
    "Moncayuelo": "Navarra",
    "Aljafar": "Zaragoza",
    "Hojas del Alba": "Canarias",
    "Cacao Ébano": "Cataluña",
    "El Almendral": "Murcia",
    "Cristal Albada": "Segovia",
    "Lenza": "Galicia",
    "Forja Ibón": "Gipuzkoa",
    "Acero Norte": "Bizkaia",
    "Textil Albarca": "Alicante",
    "Celupapel": "Zaragoza",
    "Filo Maestro": "Albacete",
    "EnvaNatur": "Valencia",
    "Limpiolín": "Zaragoza",
}
# What goes with what: products of the first category have accessories in the second.
COMPANIONS = {
    "VNO": "VAS",
    "CER": "VAS",
    "LIC": "REF",
    "CAF": "TAZ",
    "INF": "TAZ",
    "PAS": "SAL",
    "OLL": "UTE",
    "PLA": "CUB",
    "QUE": "UTE",
    "EMB": "UTE",
    "HEL": "ENV",
    "ENV": "SER",
    "LIM": "HIG",
    "CVG": "ACE",
    "ARR": "ESP",
    "PAN": "HUE",
}
BACKORDERED = frozenset({"QUE", "EMB", "OLL", "UTE", "CUB"})
_DECIMAL_POINT = re.compile(r"(?<=[0-9])[.](?=[0-9]{1,2}(?![0-9]))")
ALCOHOL = frozenset({"VNO", "CER", "LIC"})
COFFEE_SHOP = frozenset({"CAF", "INF", "CHO", "GAL", "BOL", "LAC", "TAZ", "SER", "ENV", "AGU", "REF", "HAR"})
PRICED_AGAIN_DAYS = 150  # the present prices and costs are in force since then
HISTORY_DAYS = 800
DOLLARS_PER_EURO = Decimal("1.09")


@dataclass(frozen=True, slots=True)
class Category:
    """A leaf of the tree, with what all its products share."""

    prefix: str
    code: str
    parent: str
    es: str
    en: str
    shape: str
    tax: str
    unit: str
    shelf_life_days: int | None
    keeping: tuple[str, str]
    about: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Item:
    """A product before it is rows. `price` is per unit, `per_box` units make a box."""

    id: UUID
    sku: str
    category: Category
    es: str
    en: str
    size: tuple[str, str]
    brand: str
    colour: str
    shape: str
    place: int
    unit: str
    price: Decimal
    per_box: int
    pack_size: Decimal

    @property
    def is_food(self) -> bool:
        return self.category.shelf_life_days is not None

    @property
    def may_wait(self) -> bool:
        """Taken as backorder when it exceeds what is free."""
        return self.category.prefix in BACKORDERED and self.place == 0

    @property
    def tax(self) -> str:
        # Olive oil has had rates of its own; other oils are ordinary food.
        return "REDUCIDO" if self.category.tax == "ACEITE" and "oliva" not in self.es else self.category.tax

    @property
    def name(self) -> str:
        return f"{self.es} {self.size[0]}"

    @property
    def name_en(self) -> str:
        return f"{self.en} {self.size[1]}"


@dataclass(frozen=True, slots=True)
class Catalogue:
    parents: tuple[tuple[str, str, str], ...]
    categories: tuple[Category, ...]
    items: tuple[Item, ...]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|")]


def _pair(text: str, separator: str) -> tuple[str, str]:
    first, _, second = text.partition(separator)
    return first.strip(), (second or first).strip()


def read_catalogue(text: str | None = None) -> Catalogue:
    """What catalogue.txt says; its head explains the format."""
    parents: list[tuple[str, str, str]] = []
    categories: list[Category] = []
    items: list[Item] = []
    pending: list[str] = []
    line_number = 0
    for line in (TEXT.read_text(encoding="utf-8") if text is None else text).splitlines():
        mark, cells = line[:1], _cells(line[1:])
        if mark == "=":
            parents.append((cells[0], cells[1], cells[2]))
        elif mark == "-":
            pending, line_number = cells, 0
        elif mark == ">":
            prefix, code, es, en, shape, tax, unit, shelf, keeping = pending
            categories.append(
                Category(
                    prefix,
                    code,
                    parents[-1][0],
                    es,
                    en,
                    shape,
                    tax,
                    unit,
                    int(shelf) or None,
                    _pair(keeping, " / "),
                    (cells[0], cells[1]),
                )
            )
        elif mark and mark != "#":
            line_number += 1
            items += _items_of(categories[-1], line_number, _cells(line))
    return Catalogue(tuple(parents), tuple(categories), tuple(items))


def _items_of(category: Category, line_number: int, cells: Sequence[str]) -> Iterator[Item]:
    es, en, brand, colour, sizes, *rest = cells
    for place, each in enumerate(sizes.split(";")):
        size, _, offer = each.rpartition("=")
        price_text, _, box_text = offer.partition("/")
        sku = f"{category.prefix}-{line_number:02}{place + 1}0"
        price, per_box, unit = Decimal(price_text), int(box_text), category.unit
        pack_size = Decimal(per_box) if price < Decimal("0.80") else Decimal(1)
        es_size, en_size = _pair(size, "~")
        names = (_DECIMAL_POINT.sub(",", es_size), en_size)
        if unit == "kg":
            per_box, pack_size = 5, Decimal("0.1")
        elif names[0] in ("20 l", "25 l"):
            # Drums are priced by the litre and sold whole.
            pack_size = Decimal(names[0].split()[0])
            unit, price, per_box = "l", (price / pack_size).quantize(Decimal("0.001")), int(pack_size)
        yield Item(
            key("product", sku),
            sku,
            category,
            es,
            en,
            names,
            brand,
            colour,
            rest[0] if rest else category.shape,
            place,
            unit,
            price,
            per_box,
            pack_size,
        )


def breaks_on(item: Item, day: date, today: date) -> list[Break]:
    """The tiers in force in euros on a day; dearer since the last change."""
    factor = Decimal(1) if day >= today - timedelta(days=PRICED_AGAIN_DAYS) else Decimal("0.95")
    first = (item.price * factor).quantize(Decimal("0.001") if item.unit == "l" else Decimal("0.01"))
    tiers = [(Decimal(0), first)]
    for boxes, percent in ((1, 4), (6, 8)) if item.per_box > 1 else ((5, 3), (20, 6)):
        reduced = (first * (100 - percent) / 100).quantize(Decimal("0.0001"))
        tiers.append((Decimal(boxes * item.per_box), reduced))
    return [Break(quantity, price, Decimal(1)) for quantity, price in tiers]


def cost_on(item: Item, day: date, today: date) -> Decimal:
    share = Decimal(62 + int(item.id) % 17) / 100
    factor = Decimal(1) if day >= today - timedelta(days=PRICED_AGAIN_DAYS) else Decimal("0.96")
    return (item.price * share * factor).quantize(Decimal("0.0001"))


def add_catalogue(rows: Rows, catalogue: Catalogue) -> None:
    """Categories and products with all that hangs on them but stock."""
    _add_categories(rows, catalogue)
    dice = chance("products")
    for number, item in enumerate(catalogue.items):
        _add_product(rows, item, number, is_old=dice.random() < 0.012)
        _add_prices(rows, item, in_dollars=number % 9 == 0)
    _add_relations(rows, catalogue.items)
    _add_assortments(rows, catalogue.items)
    _add_pictures(rows, catalogue.items)


def _add_categories(rows: Rows, catalogue: Catalogue) -> None:
    def add(code: str, es: str, en: str, parent: str | None, position: int) -> None:
        path = f"/{parent}/{code}/" if parent else f"/{code}/"
        rows.add(
            ProductCategory,
            id=key("category", code),
            seller_id=SELLER,
            code=code,
            name=es,
            path=path,
            parent_id=key("category", parent) if parent else None,
            position=position,
            name_sort=sort_key(es),
        )
        for locale, name in (("es", es), ("en", en)):
            rows.add(ProductCategoryTranslation, category_id=key("category", code), locale=locale, name=name)

    # A part of the house may bear the name of one of its shelves; the code tells them apart.
    for position, (code, es, en) in enumerate(catalogue.parents):
        add(f"g-{code}", es, en, None, position)
    for position, each in enumerate(catalogue.categories):
        add(each.code, each.es, each.en, f"g-{each.parent}", position)


def _add_product(rows: Rows, item: Item, number: int, is_old: bool) -> None:
    category = item.category
    body = f"8499{number * 9973 % 100_000_000:08d}"
    rows.add(
        Product,
        id=item.id,
        seller_id=SELLER,
        kind=ProductKind.GOODS,
        sku=item.sku,
        sku_key=item_key(item.sku),
        name=item.name,
        name_sort=sort_key(item.name),
        description=f"{item.es}, {item.size[0]}. {category.about[0]}",
        brand=item.brand,
        category_id=key("category", category.code),
        tax_category_id=key("tax", item.tax),
        unit_code=item.unit,
        pack_size=item.pack_size,
        barcode=body + ean.calc_check_digit(body),
        weight_kg=_weight(item),
        is_lot_tracked=item.is_food,
        shelf_life_days=category.shelf_life_days,
        out_of_stock_policy=OutOfStockPolicy.BACKORDER if item.may_wait else None,
        created_at=moment(rows.days_ago(30 if number % 41 == 7 else HISTORY_DAYS)),
        active_until=rows.days_ago(20) if is_old else None,
    )
    texts = (("es", item.name, item.es, 0), ("en", item.name_en, item.en, 1))
    for locale, name, kind, at in texts:
        rows.add(
            ProductTranslation,
            product_id=item.id,
            locale=locale,
            name=name,
            description=f"{kind}, {item.size[at]}. {category.about[at]}",
        )
        headings = ("Formato", "Origen", "Conservación" if item.is_food else "Material")
        if locale == "en":
            headings = ("Size", "Origin", "Storage" if item.is_food else "Material")
        values = (item.size[at], ORIGINS[item.brand], category.keeping[at])
        for position, (heading, value) in enumerate(zip(headings, values, strict=True), start=1):
            rows.add(
                ProductAttribute,
                product_id=item.id,
                locale=locale,
                position=position,
                name=heading,
                value=value,
            )
    if item.unit == "kg":
        rows.add(ProductUnit, product_id=item.id, unit_code="g", factor=Decimal("0.001"))
    if item.per_box > 1 and item.unit != "l":
        rows.add(ProductUnit, product_id=item.id, unit_code="caja", factor=Decimal(item.per_box))
        rows.add(ProductUnit, product_id=item.id, unit_code="palé", factor=Decimal(item.per_box * 60))


def _weight(item: Item) -> Decimal | None:
    """From the size where it is a weight or a volume."""
    number, _, unit = item.size[1].partition(" ")
    factors = {"g": "0.001", "kg": "1", "ml": "0.001", "cl": "0.01", "l": "1"}
    if item.unit in ("kg", "l"):
        return Decimal(1)
    try:
        return (Decimal(number) * Decimal(factors[unit]) * Decimal("1.08")).quantize(Decimal("0.001"))
    except (KeyError, ArithmeticError):
        return None


def _add_prices(rows: Rows, item: Item, in_dollars: bool) -> None:
    changed, began = rows.days_ago(PRICED_AGAIN_DAYS), rows.days_ago(HISTORY_DAYS)
    for first, until in ((began, changed), (changed, None)):
        for tier in breaks_on(item, first, rows.today):
            rows.add(
                ListPrice,
                id=key("price", item.sku, "EUR", first == began, tier.from_quantity),
                product_id=item.id,
                currency="EUR",
                unit_code=item.unit,
                from_quantity=tier.from_quantity,
                unit_price=tier.unit_price,
                price_unit=tier.price_unit,
                valid_from=first,
                valid_until=until,
            )
        rows.add(
            StandardCost,
            id=key("cost", item.sku, first == began),
            product_id=item.id,
            currency="EUR",
            unit_cost=cost_on(item, first, rows.today),
            valid_from=first,
            valid_until=until,
        )
    if in_dollars:
        price = (item.price * DOLLARS_PER_EURO).quantize(Decimal("0.01"))
        rows.add(
            ListPrice,
            id=key("price", item.sku, "USD"),
            product_id=item.id,
            currency="USD",
            unit_code=item.unit,
            from_quantity=Decimal(0),
            unit_price=price,
            price_unit=Decimal(1),
            valid_from=changed,
            valid_until=None,
        )


def _add_relations(rows: Rows, items: Sequence[Item]) -> None:
    by_sku = {item.sku: item for item in items}
    by_prefix: Mapping[str, list[Item]] = {}
    for item in items:
        by_prefix.setdefault(item.category.prefix, []).append(item)  # type: ignore[attr-defined]

    def add(item: Item, kind: RelationKind, related: Item | None, position: int) -> None:
        if related is not None and related.id != item.id:
            rows.add(
                ProductRelation,
                product_id=item.id,
                kind=kind,
                related_product_id=related.id,
                position=position,
            )

    for number, item in enumerate(items):
        line, place = int(item.sku[4:6]), item.place
        add(item, RelationKind.UPGRADE, by_sku.get(f"{item.category.prefix}-{line:02}{place + 2}0"), 1)
        for position, other in enumerate((line % 5 + 1, (line + 1) % 5 + 1), start=1):
            add(
                item,
                RelationKind.SUBSTITUTE,
                by_sku.get(f"{item.category.prefix}-{other:02}{place + 1}0"),
                position,
            )
        companions = by_prefix.get(COMPANIONS.get(item.category.prefix, ""), [])
        for position in range(1, 4 if companions else 0):
            add(item, RelationKind.ACCESSORY, companions[(number + position * 4) % len(companions)], position)


def _add_assortments(rows: Rows, items: Sequence[Item]) -> None:
    dry = [item for item in items if item.category.prefix not in ALCOHOL]
    coffee = [item for item in items if item.category.prefix in COFFEE_SHOP]
    assortments = (
        ("SIN-ALCOHOL", "Colectividades sin alcohol", dry),
        ("CAFETERIA", "Surtido de cafetería", coffee),
    )
    for code, name, held in assortments:
        rows.add(Assortment, id=key("assortment", code), seller_id=SELLER, code=code, name=name)
        for item in held:
            rows.add(AssortmentProduct, assortment_id=key("assortment", code), product_id=item.id)


def _add_pictures(rows: Rows, items: Sequence[Item]) -> None:
    def draw(item: Item) -> bytes:
        return draw_picture(item.shape, item.colour, item.brand, item.size[0], item.place)

    with ThreadPoolExecutor(2) as pool:  # Pillow lets go of the interpreter while it reduces and compresses
        drawn = list(pool.map(draw, items))
    for item, content in zip(items, drawn, strict=True):
        file_id = key("file", item.sku)
        rows.add(
            File,
            id=file_id,
            seller_id=SELLER,
            name=f"{item.sku}.png",
            media_type=MEDIA_TYPE,
            byte_size=len(content),
            sha256=hashlib.sha256(content).digest(),
            created_at=moment(rows.days_ago(HISTORY_DAYS)),
        )
        rows.add(FileChunk, file_id=file_id, position=0, content=content)
        rows.add(ProductPicture, product_id=item.id, position=0, file_id=file_id)
