"""
A promise from the order to the last parcel through the pages: four bottles are here in two lots, ten are ordered.

Once everything comes as it was said; once the supplier is five days late, a lot is blocked after it was assigned, and
three bottles never come: the pages, the promises and the mail say so.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage

import pytest
from babel.dates import format_date
from playwright.async_api import expect
from sqlalchemy import select

from jobs.catalogue import make_catalogue
from models.products import Product
from models.sellers import Seller
from models.stock import Warehouse
from rules.states import OutOfStockPolicy
from tests import factories as make
from tests.conftest import DEMO_DAY, Cluster
from tests.e2e.conftest import Surf
from tests.e2e.surfer import BUYER, FINANCE, LOGISTICS, MARKS, REP, Site
from tests.e2e.walking import Walk
from tests.jobs.test_mails import receiving
from tests.jobs.trials import worker_of

pytestmark = MARKS
ORDERED, HERE = 10, 4
LACKING = ORDERED - HERE
WANTED = DEMO_DAY + timedelta(days=18)  # a Friday
LATE = WANTED + timedelta(days=5)

WAYS = [
    pytest.param("es", "phone", "dark", False),
    pytest.param("en", "desktop", "light", True),
    pytest.param("es", "phone", "light", True, marks=pytest.mark.long),
    pytest.param("en", "desktop", "dark", False, marks=pytest.mark.long),
]


@dataclass
class Story:
    """Who walks, what is bought, and what it is called in this walk."""

    walk: Walk
    sku: str
    number: str = ""
    purchase: str = ""

    def day(self, day: date) -> str:
        return str(format_date(day, "medium", locale={"es": "es_ES", "en": "en_GB"}[self.walk.locale]))

    async def promised(self, *days: tuple[int, date | None]) -> None:
        """What the buyer and their rep read of the line: so many, and when they come."""
        word = {"es": "confirmada", "en": "confirmed"}[self.walk.locale]
        lost = {"es": "ya sin fecha; prometido primero", "en": "no date any more; first promised"}[
            self.walk.locale
        ]
        for email, path in ((BUYER, "/orders"), (REP, "/staff/orders")):
            person = await self.walk.open(email, f"{path}/{self.number}")
            read = await person.read(f"tr:has-text('{self.sku}')")
            for count, day in days:
                said = f"{word}: {self.day(day)}" if day else f"{lost}: {self.day(WANTED)}"
                assert (f"{count} · {said}" if len(days) > 1 else said) in read, read


async def stocked(cluster: Cluster, site: Site, sku: str) -> None:
    """A wine by lots that may be ordered beyond what is there, and four bottles of it in two lots."""
    database = cluster.database(site.database)
    try:
        async with database.job() as session:
            seller = await session.scalar(select(Seller))
            like = await session.scalar(select(Product).where(Product.is_lot_tracked).limit(1))
            place = await session.scalar(select(Warehouse).order_by(Warehouse.priority).limit(1))
            assert seller is not None and like is not None and place is not None
            wine = await make.make_product(
                session, seller, price="10", cost="6", stock=None, sku=sku, name=f"Vino {sku}",
                is_lot_tracked=True, category_id=like.category_id, tax_category_id=like.tax_category_id,
                unit_code=like.unit_code, out_of_stock_policy=OutOfStockPolicy.BACKORDER,
            )  # fmt: skip
            for lot, months in (("A", 6), ("B", 7)):
                await make.make_stock(
                    session,
                    wine,
                    2,
                    place,
                    lot=f"{sku}-{lot}",
                    expires_on=DEMO_DAY + timedelta(days=30 * months),
                )
    finally:
        await database.close()


async def ordered(story: Story) -> None:
    """By a buyer who wants them on a day; confirmed by their rep."""
    walk = story.walk
    buyer = await walk.someone(BUYER)
    await buyer.empty_cart()
    await buyer.add_to_cart(story.sku, str(ORDERED))
    await walk.open(BUYER, "/checkout")
    await buyer.page.fill("#requested", WANTED.isoformat())
    await buyer.click("form[action='/checkout'] button[type=submit]")
    await buyer.page.wait_for_url("**/orders/SO-*")
    await walk.look(buyer)
    story.number = buyer.path.removeprefix("/orders/")
    rep = await walk.open(REP, f"/staff/orders/{story.number}")
    await walk.submit(rep, "form:has(input[value=confirm])")


async def bought(story: Story, day: date) -> None:
    """What is lacking from a supplier who is new, and who then says when it comes."""
    walk, code = story.walk, f"BOD-{story.sku}"
    desk = await walk.open(LOGISTICS, "/staff/suppliers")
    await desk.click("details.act:has(#new-code) > summary")
    form = "form:has(#new-code)"
    await walk.submit(
        desk, form, code=code, name=f"Bodegas {story.sku}", email="pedidos@bodegas.example", days="14"
    )
    await walk.open(LOGISTICS, f"/staff/suppliers?search={code}")
    await desk.click("details.act:has(input[name=sku]) > summary")
    await walk.submit(desk, "form:has(input[name=sku])", sku=story.sku, minimum="1", multiple="6")
    await walk.open(LOGISTICS, "/staff/purchasing?state=needs")
    draft = f"section:has-text('Bodegas {story.sku}') form"
    assert story.number in await desk.read(draft)
    assert await desk.find(f"{draft} input[name=quantity]").input_value() == str(LACKING)
    await desk.find(f"{draft} button[type=submit]:not([name])").click()  # looked at before it is sent
    await desk.page.wait_for_url("**/staff/purchasing/PO-*")
    await walk.look(desk)
    story.purchase = desk.path.removeprefix("/staff/purchasing/")
    await walk.submit(desk, "form:has(input[value=send])")
    await desk.click("details.act:has(#day) > summary")
    await walk.submit(desk, "form:has(#day)", day=day.isoformat(), reference="A-77")
    assert story.number in await desk.read("section:has(#lines)")


async def told(story: Story, cluster: Cluster, site: Site, day: date) -> None:
    """The buyer gets the new days by mail, from a worker that does what waits for it."""
    database = cluster.database(site.database)
    now = datetime(DEMO_DAY.year, DEMO_DAY.month, DEMO_DAY.day, 13, tzinfo=UTC)
    try:
        async with receiving() as (box, place), asyncio.timeout(60):
            worker = worker_of(database, catalogue=make_catalogue(place), clock=lambda: now)
            running = asyncio.create_task(worker.run())
            try:
                while not (mails := [each for each in box.to(BUYER) if is_about_days(each, story.number)]):
                    await asyncio.sleep(0.05)
            finally:
                worker.stop()
                await running
    finally:
        await database.close()
    body = mails[-1].get_body(("plain",))
    assert body is not None
    # In the buyer's own language, whatever their page speaks just now.
    assert str(format_date(day, "long", locale="es_ES")) in body.get_content()


def is_about_days(mail: EmailMessage, number: str) -> bool:
    return str(mail["Subject"]) == f"Nuevas fechas de entrega de su pedido {number}"


async def received(story: Story, quantity: int) -> None:
    desk = await story.walk.open(LOGISTICS, f"/staff/purchasing/{story.purchase}")
    await story.walk.submit(
        desk, "form:has(#note)", quantity=str(quantity), lot=f"{story.sku}-C",
        expires=(DEMO_DAY + timedelta(days=300)).isoformat(), note="ALB-9",
    )  # fmt: skip


async def released(story: Story, *lots: tuple[str, int]) -> None:
    """Whatever is held for the order, to the warehouse; these lots are taken."""
    walk = story.walk
    desk = await walk.open(LOGISTICS, f"/staff/deliveries?search={story.number}")
    await walk.submit(desk, f"form[aria-label*='{story.number}']")
    await walk.open(LOGISTICS, f"/staff/deliveries?state=released&search={story.number}")
    read = await desk.read("main article")
    for lot, quantity in lots:
        assert f"{story.sku}-{lot} · {quantity}" in read, read


async def shipped(story: Story, tracking: str) -> None:
    walk = story.walk
    desk = await walk.open(LOGISTICS, f"/staff/deliveries?state=released&search={story.number}")
    await desk.click("details.act:has(input[value=ship]) > summary")
    await walk.submit(desk, "form:has(input[value=ship])", carrier="Transportes Sol", tracking=tracking)
    buyer = await walk.open(BUYER, f"/orders/{story.number}")
    assert tracking in await buyer.read("#deliveries")


async def closed(story: Story) -> None:
    """What left is invoiced, and nothing of the order is open."""
    walk = story.walk
    finance = await walk.open(FINANCE, f"/staff/invoices?state=uninvoiced&search={story.number}")
    await finance.find("form:has(input[value=create]) button[type=submit]").click()
    await expect(finance.find("#notices .notice-success").first).to_be_visible()
    for _ in range(2):  # one for each delivery
        await finance.open(f"/staff/invoices?state=drafts&search={story.number}")
        await finance.click("main tbody th a")
        await finance.page.wait_for_url("**/staff/invoices/*")
        await walk.submit(finance, "form:has(input[value=issue])")
    buyer = await walk.open(BUYER, f"/orders/{story.number}")
    assert {"es": "Cerrado", "en": "Closed"}[walk.locale] in await buyer.read(".head-badges")


@pytest.mark.parametrize(("locale", "size", "scheme", "is_troubled"), WAYS)
async def test_promised_bought_received_shipped_and_closed(
    surf: Surf, cluster: Cluster, site: Site, locale: str, size: str, scheme: str, is_troubled: bool
) -> None:
    story = Story(Walk(surf, locale, size, scheme), f"VINO-{locale}-{size}-{scheme}".upper())
    await stocked(cluster, site, story.sku)
    await ordered(story)
    if is_troubled:
        await with_trouble(story, cluster, site)
    else:
        await as_it_was_said(story)
    await closed(story)
    assert not story.walk.faults, "\n".join(story.walk.faults)


async def as_it_was_said(story: Story) -> None:
    await bought(story, WANTED)
    await story.promised((HERE, WANTED), (LACKING, WANTED))
    await released(story, ("A", 2), ("B", 2))
    await shipped(story, "TS-1")
    await received(story, LACKING)
    await released(story, ("C", LACKING))
    await shipped(story, "TS-2")


async def with_trouble(story: Story, cluster: Cluster, site: Site) -> None:
    await bought(story, LATE)
    await story.promised((HERE, WANTED), (LACKING, LATE))
    await told(story, cluster, site, LATE)
    await released(story, ("A", 2), ("B", 2))
    await put_lot(story, "block", "Tapón defectuoso")
    await story.promised((2, None), (2, WANTED), (LACKING, LATE))
    await released(story, ("A", 2))
    await shipped(story, "TS-1")
    await received(story, 3)
    await given_up(story)
    await put_lot(story, "unblock", "Análisis correcto")
    await released(story, ("B", 2), ("C", 1))  # the sooner it ends, the sooner it leaves
    await shipped(story, "TS-2")


async def put_lot(story: Story, act: str, reason: str) -> None:
    """The second lot is blocked, with the delivery that held it taken back; or it is sound after all."""
    walk = story.walk
    desk = await walk.open(LOGISTICS, f"/staff/lots?search={story.sku}-B")
    form = f"form:has(input[value={act}])"
    await desk.click(f"details.act:has({form}) > summary")
    await desk.find(f"{form} textarea").fill(reason)
    await desk.click(f"{form} button[type=submit]")
    await expect(desk.find("#notices")).to_contain_text(f"{story.sku}-B")
    await walk.look(desk)


async def given_up(story: Story) -> None:
    """What the supplier does not have is called off there, and here."""
    walk = story.walk
    desk = await walk.open(LOGISTICS, f"/staff/purchasing/{story.purchase}")
    await desk.click("details.act:has(#why-close) > summary")
    await desk.find("form:has(#why-close) input[name=pegs]").check()
    await walk.submit(desk, "form:has(#why-close)", reason="No hay más")
    rep = await walk.open(REP, f"/staff/orders/{story.number}")
    await rep.click("details.line-act:has(input[value=cancel-line]) > summary")
    await walk.submit(rep, "form:has(input[value=cancel-line])", quantity="5", reason="No quieren más")
