"""The golden chain's first order (GX-01) in a browser: its prices, gift, trace and totals, in both languages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial

import pytest
from playwright.async_api import expect
from sqlalchemy import select

from app.database import Database
from app.server import opened
from auth.permissions import Viewer
from models.base import new_id
from models.customers import Customer, Membership
from models.free_goods import StoredFreeGoodsRule
from models.sellers import Seller
from models.trade_agreements import ProductPricing
from models.users import User
from resolvers.sales_agreements_acts import accept_agreement, create_agreement, propose_agreement
from rules.free_goods import FreeCalculation, FreeKind, FreeRounding, FreeStockPolicy
from rules.pricing_facts import TradeRelation
from rules.sales_agreement_terms import AgreementLineTerms, AgreementTerms
from rules.sales_agreements import AgreementPricing, CommitmentType
from tests import factories as make
from tests.conftest import DEMO_DAY, Cluster, run
from tests.e2e.conftest import Surf
from tests.e2e.surfer import COMPANY_ADMIN, MANAGER, MARKS, SECOND_BUYER, Site, Surfer

pytestmark = MARKS
NOW = datetime(DEMO_DAY.year, DEMO_DAY.month, DEMO_DAY.day, 12, tzinfo=UTC)
YEAR = date(2027, 1, 1)
D = Decimal


@asynccontextmanager
async def database_of(cluster: Cluster, site: Site) -> AsyncIterator[Database]:
    async with opened(cluster.database(site.database)) as database:
        yield database


async def viewer(database: Database, email: str) -> Viewer:
    async with database.job() as session:
        user = (await session.scalars(select(User).where(User.email == email))).one()
    return await make.viewer_of(database, user)


async def write_golden(database: Database) -> None:
    """A and B, the agreement on A, the trade agreements on B, the gift and the total discount; all of one customer."""
    async with database.job() as session:
        seller = (await session.scalars(select(Seller))).one()
        author = (await session.scalars(select(User).where(User.email == MANAGER))).one()
        buyer = (await session.scalars(select(User).where(User.email == SECOND_BUYER))).one()
        key = await session.scalar(select(Membership.customer_id).where(Membership.user_id == buyer.id))
        customer = await session.get_one(Customer, key)
        a = await make.make_product(
            session, seller, price="10.00", stock=1000, cost="5", sku="ORO-A", name="Oro A"
        )
        b = await make.make_product(
            session, seller, price="25.00", stock=1000, cost="11", sku="ORO-B", name="Oro B"
        )
        session.add(ProductPricing(product_id=b.id, multiline_discount_group="ORO"))
        own = {"customer": customer}
        await make.make_trade_rows(
            session, seller, author,
            own | {"product": b, "unit_price": D(20)},
            own | {"relation": TradeRelation.LINE_DISCOUNT, "product": b, "percent1": D(10)},
            own | {"relation": TradeRelation.MULTILINE_DISCOUNT, "item_group": "ORO", "percent1": D(5)},
            own | {"relation": TradeRelation.TOTAL_DISCOUNT, "from_quantity": D(2000), "percent1": D(2)},
        )  # fmt: skip
        session.add(
            StoredFreeGoodsRule(
                id=new_id(), seller_id=seller.id, name="Uno por diez", name_sort="uno por diez", customer_id=customer.id,
                product_id=b.id, minimum_quantity=D(0), per_quantity=D(10), free_quantity=D(1), kind=FreeKind.EXCLUSIVE,
                calculation=FreeCalculation.UNIT_REFERENCE, rounding=FreeRounding.DOWN, is_only_once=False,
                is_optional=False, is_chargeable=False, out_of_stock=FreeStockPolicy.DROP, valid_from=date(2026, 1, 1),
                created_at=NOW,
            )
        )  # fmt: skip
    line = AgreementLineTerms(
        0, CommitmentType.PRODUCT_QUANTITY, D(1000), product=str(a.id), sku=a.sku, name=a.name, unit_code=a.unit_code, unit_price=D(9),
        is_price_fixed=True, max_enforced=True,
    )  # fmt: skip
    said = AgreementTerms("Oro 2026", "EUR", AgreementPricing.FIXED, date(2026, 1, 1), YEAR, lines=(line,))
    manager, admin = await viewer(database, MANAGER), await viewer(database, COMPANY_ADMIN)
    key = await make.do(database, manager, lambda ctx: create_agreement(ctx, customer.id, said), NOW)
    await make.do(database, manager, partial(propose_agreement, agreement_id=key, expected_version=1), NOW)
    await make.do(database, admin, partial(accept_agreement, agreement_id=key, expected_version=2), NOW)


async def add(buyer: Surfer, sku: str, quantity: str) -> None:
    await buyer.open("/cart")
    await buyer.page.fill("#add-sku", sku)
    await buyer.page.fill("#add-quantity", quantity)
    await buyer.click("form:has(#add-sku) button[type=submit]")
    await expect(buyer.find(f"#cart tbody tr:has(:text-is('{sku}'))")).to_be_visible()


@pytest.fixture(scope="module")
def golden(cluster: Cluster, site: Site) -> Site:
    async def write() -> None:
        async with database_of(cluster, site) as database:
            await write_golden(database)

    run(write())
    return site


@pytest.mark.parametrize(
    ("locale", "nets", "total", "gift", "steps"),
    [
        ("es", ("1.764,00", "833,00"), "3.142,37", "y 5 de Oro B sin cargo",
         ("Precio de tarifa", "Precio de acuerdo comercial", "Descuento de línea", "Descuento multilínea",
          "Descuento total")),
        ("en", ("1,764.00", "833.00"), "3,142.37", "and 5 of Oro B free of charge",
         ("List price", "Trade agreement price", "Line discount", "Multiline discount", "Total discount")),
    ],
    ids=["es", "en"],
)  # fmt: skip
async def test_the_golden_order_explains_itself(
    surf: Surf,
    golden: Site,
    locale: str,
    nets: tuple[str, str],
    total: str,
    gift: str,
    steps: tuple[str, ...],
) -> None:
    buyer = await surf(SECOND_BUYER)
    await buyer.empty_cart()
    await buyer.speak(locale)
    await add(buyer, "ORO-B", "50")
    await add(buyer, "ORO-A", "200")

    row = buyer.find("#cart tbody tr:has(:text-is('ORO-B'))")
    assert gift in await row.inner_text()
    await row.locator("details.why > summary").click()
    told = await row.locator(".why-step > span:first-child").all_inner_texts()
    assert [each.split("\n")[0].split("−")[0].strip() for each in told] == list(steps), told
    shown = await buyer.read("main")
    assert all(net in shown for net in nets) and total in shown

    await buyer.open("/checkout")
    await buyer.page.fill("#purchase_order", f"ORO-{locale}")
    await buyer.click("form[action='/checkout'] button[type=submit]")
    await buyer.page.wait_for_url("**/orders/SO-*")
    sheet = await buyer.read("main")
    assert total in sheet and all(net in sheet for net in nets)
    assert await buyer.find(".table-order tbody tr").count() == 3

    manager = await surf(MANAGER)
    await manager.speak(locale)
    await manager.open(f"/staff/orders/{buyer.path.rpartition('/')[2]}")
    sheet = await manager.read("main")
    assert total in sheet and all(net in sheet for net in nets)
    traced = manager.find(".table-order tbody tr:has(:text-is('ORO-A')) .why-step")
    assert await traced.count() == 3, await traced.all_inner_texts()
