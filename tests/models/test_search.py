"""Search finds what people mean: misspelt, in either language, in parts, by whatever code they know."""

import csv
import gzip
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Database
from app.imports.online_retail import import_online_retail
from models.customers import Customer, CustomerItemNumber
from models.products import Product, ProductSearch
from models.search import CHARACTERS_MAX, refresh_search, search_hits
from models.sellers import Seller
from rules.texts import item_key
from tests.factories import MOMENT, make_customer, make_item_number, make_product, make_seller

ONLINE_RETAIL = Path(__file__).parents[2].parent / "shared" / "data" / "online_retail" / "lines.csv.gz"
MAIN_CUSTOMER = "C-00001"

# What is typed, and how the SKU of the right product begins (a line of the catalogue where no size is asked).
DEMO_QUERIES = (
    ("aceite de oliva virgen extra", "ACE-0"), ("aceite oliva virjen extra 5 l", "ACE-0130"), ("olive oil extra virgin", "ACE-0"),
    ("girasol 25 l", "ACE-0430"), ("sunflower oil", "ACE-04"), ("aciete de trufa", "ACE-05"), ("vinagre jerez", "VIN-02"),
    ("balsamic vinegar 500ml", "VIN-0320"), ("vinagre manzana ecologico", "VIN-04"), ("mayonesa 5 l", "SAL-0130"),
    ("ketchup", "SAL-02"), ("kechup tomate", "SAL-02"), ("mustard dijon", "SAL-03"), ("pimenton ahumado", "ESP-01"),
    ("AZAFRÁN en hebra", "ESP-04"), ("saffron", "ESP-04"), ("aceitunas negras", "ENC-02"), ("black olives pitted", "ENC-02"),
    ("pepinillo", "ENC-03"), ("arroz bonba 1 kg", "ARR-0110"), ("lentils", "ARR-04"), ("espagueti", "PAS-01"),
    ("harina trigo 25 kg", "HAR-0130"), ("brown sugar", "HAR-04"), ("atun aceite oliva", "CPE-01"), ("mejillon escabeche", "CPE-02"),
    ("anchovy olive oil", "CPE-04"), ("piquillo", "CVE-02"), ("maiz", "CVE-04"), ("queso curado oveja pieza", "QUE-0130"),
    ("goat cheese", "QUE-03"), ("jamon iberico loncheado", "EMB-0210"), ("fuet", "EMB-05"), ("leche semi desnatada", "LAC-02"),
    ("oat drink barista", "LAC-04"), ("huevos camperos 12", "HUE-0120"), ("unsalted buter", "HUE-04"), ("naranjas mesa", "FRU-03"),
    ("potatoes", "FRU-05"), ("pan hamburguesa brioche", "PAN-03"), ("cruasanes mantequilla", "BOL-01"), ("cheesecake", "BOL-03"),
    ("merluza lomos", "PCG-01"), ("pulpo cozido", "PCG-05"), ("helado vainila", "HEL-01"), ("crianza tinto 750 ml", "VNO-0220"),
    ("cerveza sin alcohol", "CER-03"), ("té frío", "REF-05"), ("cafe en grano 1kg", "CAF-0"), ("decaf", "CAF-03"),
    ("wine glass red", "VAS-01"), ("sarten antiaderente 26", "OLL-0120"), ("chefs knife 20 cm", "UTE-0120"),
    ("papel higienico industrial", "HIG-01"), ("guantes nitrilo talla M", "HIG-0320"), ("QUE-0230", "QUE-0230"),
    ("que 0230", "QUE-0230"), ("OLL-03", "OLL-03"), ("{barcode}", "CHO-0120"), ("{own number}", "{own product}"),
)  # fmt: skip


async def _skus(session: AsyncSession, typed: str, customer: UUID | None, locale: str = "es") -> list[str]:
    seller = await session.scalar(select(Seller.id))
    assert seller is not None
    hits = search_hits(customer, seller, typed, locale).subquery()
    found = await session.scalars(
        select(Product.sku)
        .join(hits, hits.c.product_id == Product.id)
        .order_by(hits.c.score.desc(), hits.c.product_id)
    )
    return list(found)


@pytest.mark.parametrize("locale", ["es", "en"])
async def test_demo_queries_find_the_right_product(demo: Database, locale: str) -> None:
    async with demo.job() as session:
        customer = await session.scalar(select(Customer.id).where(Customer.number == MAIN_CUSTOMER))
        barcode = await session.scalar(select(Product.barcode).where(Product.sku == "CHO-0120"))
        own_number, own_sku = (
            await session.execute(
                select(CustomerItemNumber.item_number, Product.sku)
                .join(Product, Product.id == CustomerItemNumber.product_id)
                .where(CustomerItemNumber.customer_id == customer)
                .order_by(CustomerItemNumber.item_key)
                .limit(1)
            )
        ).one()
        known = {"{barcode}": barcode, "{own number}": own_number.lower(), "{own product}": own_sku}
        missed = []
        for typed, expected in DEMO_QUERIES:
            found = await _skus(session, known.get(typed) or typed, customer, locale)
            if not any(sku.startswith(known.get(expected) or expected) for sku in found[:5]):
                missed.append((typed, expected, found[:5]))

    assert len(DEMO_QUERIES) == 60
    assert len(missed) <= 3, missed


def _misspelt(dice: Random, word: str) -> str:
    at = dice.randrange(1, len(word) - 2)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _typed(kind: int, dice: Random, sku: str, words: Sequence[str]) -> str:
    """The description as somebody in a hurry types it."""
    longest = max(words, key=len)
    accented = longest.replace("a", "á", 1).replace("e", "é", 1)
    ways = (
        " ".join(words),
        " ".join(reversed(words)),
        " ".join(_misspelt(dice, word) if word == longest else word for word in words),
        " ".join(word.replace(longest[2], "", 1) if word == longest else word for word in words),
        " ".join(words[1:]),
        " ".join(f"{word}s" if word == longest else word for word in words),
        " ".join(accented if word == longest else word for word in words).upper(),
        sku.lower(),
        f"{sku[:-1]} {longest}",
        f"{longest} {words[0]} {sku[:3]}",
    )
    return ways[kind % len(ways)]


def _online_retail_queries() -> Iterator[tuple[str, set[str]]]:
    """Sixty searches for the most sold products, made from the file itself: nothing of it is kept here."""
    with gzip.open(ONLINE_RETAIL, "rt", encoding="utf-8") as file:
        sold = Counter((row["StockCode"], row["Description"].strip()) for row in csv.DictReader(file))
    dice = Random(1)
    names: dict[str, str] = {}
    seen: set[str] = set()
    for (sku, description), _ in sold.most_common():
        names.setdefault(sku, description)
    for sku, description in names.items():
        words = [word for word in description.lower().split() if word.isalpha()]
        if len(seen) < 60 and len(words) >= 4 and len(max(words, key=len)) >= 6 and sku[:5].isdigit():
            same = {other for other, name in names.items() if name == description}
            yield _typed(len(seen), dice, sku, words), {item_key(each) for each in same}
            seen.add(sku)


@pytest.mark.skipif(not ONLINE_RETAIL.exists(), reason="needs ../shared/data")
async def test_online_retail_queries_find_the_right_product(database: Database) -> None:
    await import_online_retail(database, ONLINE_RETAIL, datetime(2026, 3, 2, tzinfo=UTC))
    queries = list(_online_retail_queries())
    async with database.job() as session:
        first = (await session.execute(select(Product.id, Product.sku).order_by(Product.sku).limit(1))).one()
        customer = (await session.scalars(select(Customer).order_by(Customer.number).limit(1))).one()
        own = CustomerItemNumber(
            customer_id=customer.id, product_id=first.id, item_number="ART 77/1", item_key="ART771"
        )
        session.add(own)
        await session.flush()
        queries[-1] = ("art-77.1", {item_key(first.sku.removeprefix("OR-"))})
        missed = []
        for typed, right in queries:
            found = await _skus(session, typed, customer.id, "en")
            if not right & {item_key(sku.removeprefix("OR-")) for sku in found[:5]}:
                missed.append((typed, right, found[:5]))

    assert len(queries) == 60
    assert len(missed) <= 3, missed


async def test_own_numbers_are_found_by_their_customer_alone(database: Database) -> None:
    async with database.job() as session:
        seller = await make_seller(session)
        ours, theirs = await make_customer(session, seller), await make_customer(session, seller)
        product = await make_product(session, seller, sku="A-1", name="Sartén")
        await make_item_number(session, ours, product, "XQ 99-7")
        await refresh_search(session)

        assert await _skus(session, "xq997", ours.id) == ["A-1"]
        assert await _skus(session, "xq997", theirs.id) == []
        assert await _skus(session, "xq997", None) == []


@pytest.mark.parametrize(
    "typed", ["%", "_", "\\", "%%%%", "a%", "'; drop table product; --", "¿?", "", " ", "日" * 300]
)
async def test_no_character_is_a_wildcard(database: Database, typed: str) -> None:
    async with database.job() as session:
        seller = await make_seller(session)
        await make_product(session, seller, sku="Z-1", name="Vaso de agua")
        await refresh_search(session)

        assert await _skus(session, typed, None) == (["Z-1"] if typed == "a%" else [])


async def test_short_texts_work_by_beginning(database: Database) -> None:
    async with database.job() as session:
        seller = await make_seller(session)
        for sku, name in (("K-1", "Vinagre"), ("K-2", "Vela"), ("K-3", "Uva")):
            await make_product(session, seller, sku=sku, name=name)
        await refresh_search(session)

        assert set(await _skus(session, "v", None)) == {"K-1", "K-2"}
        assert await _skus(session, "vi", None) == ["K-1"]


async def test_another_sellers_products_are_not_found(database: Database) -> None:
    async with database.job() as session:
        seller, other = await make_seller(session), await make_seller(session)
        await make_product(session, seller, sku="OWN-1", name="Cazo azul")
        await make_product(session, other, sku="OTH-1", name="Cazo azul")
        await refresh_search(session)
        hits = (await session.execute(search_hits(None, seller.id, "cazo azul", "es"))).all()
        found = await session.scalars(
            select(Product.sku).where(Product.id.in_([row.product_id for row in hits]))
        )

        assert list(found) == ["OWN-1"]


async def test_a_refresh_of_some_leaves_the_others(database: Database) -> None:
    async with database.job() as session:
        seller = await make_seller(session)
        kept = await make_product(session, seller, sku="R-1", name="Cuchara")
        changed = await make_product(session, seller, sku="R-2", name="Tenedor")
        assert await refresh_search(session) == 2
        kept.name, changed.name = "Colador", "Espátula"
        await session.flush()

        assert await refresh_search(session, [changed.id]) == 1
        assert await session.scalar(select(func.count()).select_from(ProductSearch)) == 4
        assert await _skus(session, "espatula", None) == ["R-2"]
        assert await _skus(session, "cuchara", None) == ["R-1"]
        assert await _skus(session, "tenedor", None) == []


async def test_order_is_the_same_each_time(demo: Database) -> None:
    async with demo.job() as session:
        once, again = [await _skus(session, "vino", None) for _ in range(2)]

    assert once == again
    assert len(once) > 10


@pytest.fixture
async def large(database: Database) -> Database:
    """Twenty thousand products of four words each, out of nine hundred words."""
    dice = Random(7)
    words = [
        "".join(dice.choice("bcdfglmnprst") + dice.choice("aeiou") for _ in range(3)) for _ in range(900)
    ]
    async with database.job() as session:
        seller = await make_seller(session)
        first = await make_product(session, seller, sku="FIRST", name="primero")
        common = {
            "seller_id": seller.id, "kind": first.kind, "category_id": first.category_id, "unit_code": first.unit_code,
            "tax_category_id": first.tax_category_id, "pack_size": 1, "is_lot_tracked": False, "created_at": MOMENT,
        }  # fmt: skip
        rows = [
            {**common, "sku": f"N-{place:05}", "sku_key": f"N{place:05}", "name": " ".join(dice.sample(words, 4)),
             "barcode": str(8_400_000_000_000 + place * 7919)}
            for place in range(20_000)
        ]  # fmt: skip
        await session.execute(insert(Product), rows)
        await refresh_search(session)
    async with database.owner() as connection:
        await connection.execute(text("analyze"))
    return database


@pytest.mark.alone
async def test_twenty_thousand_products_are_searched_by_index(large: Database) -> None:
    async with large.job() as session:
        names = list(await session.scalars(select(Product.name).order_by(Product.sku).limit(20)))
        seller = await session.scalar(select(Seller.id))
        assert seller is not None
        dialect = session.get_bind().dialect
        for name in [
            *names,
            "a",
            "ba",
            "84000079",
            "N-00012",
            " ".join(names)[:CHARACTERS_MAX],
            f"{names[0][1:]} 40001",
        ]:
            typed = name[:-2] if len(name) > 9 else name
            compiled = search_hits(None, seller, typed, "es").compile(
                dialect=dialect, compile_kwargs={"literal_binds": True}
            )
            plan = "\n".join(await session.scalars(text("explain " + str(compiled).replace(":", "\\:"))))

            assert "Seq Scan on product" not in plan, plan
            assert "ix_search_word_similar" in plan, plan
            assert "ix_product_search_words" in plan, plan
            # Shorter codes are looked up whole and by their beginning, not in the middle of others.
            assert ("ix_product_search_codes" in plan) == (len(item_key(typed)) > 2), plan
