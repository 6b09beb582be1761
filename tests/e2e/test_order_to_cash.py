"""
One order from the cart to the last credit through the pages, each act by whoever does it: what they read is computed.

The figures come from prices, costs and rates alone: every line is rounded once, the tax once by rate, and what is
delivered in parts is the cumulative share less what went before. Whatever the demo company has besides is taken as it
stands before the first step; everything after it is a difference to that.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Surf
from tests.e2e.surfer import BUYER, COMPANY_ADMIN, FINANCE, LOGISTICS, MARKS, REP
from tests.e2e.walking import Walk

pytestmark = MARKS
APPROVER = "direccion@laparra.example"
CUSTOMER = "C-00001"
QUANTITIES, FIRST = (20, 7), (12, 3)  # what is ordered, and what of it leaves first
PRODUCTS = """query Some($quantity: Decimal!) { products(where: {inStock: {eq: true}}, first: 100) { nodes {
  sku isLotTracked packSize unit { code } availability { band }
  price(quantity: $quantity) { unitPrice { amount } priceUnit taxPercent } } } }"""
SHELVES = """query Shelves($skus: [String!]!) { products(where: {sku: {in: $skus}}) { nodes { sku standardCost { amount }
  availability { byWarehouse { warehouse { name } free } } } } }"""


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


@dataclass(frozen=True)
class Line:
    """A line of the order, by its price, its cost and its rate of tax."""

    sku: str
    quantity: int
    price: Decimal
    rate: Decimal
    cost: Decimal

    @property
    def net(self) -> Decimal:
        return cents(self.price * self.quantity)

    @property
    def gross(self) -> Decimal:
        """The two lines have different rates, so each bears the whole tax of its own."""
        return self.net + cents(self.net * self.rate / 100)

    def net_until(self, quantity: int) -> Decimal:
        return cents(self.net * quantity / self.quantity)


@dataclass(frozen=True)
class Part:
    """What one delivery brings, and its invoice."""

    lines: Sequence[Line]
    since: Sequence[int]
    until: Sequence[int]

    @property
    def quantities(self) -> list[int]:
        return [last - first for first, last in zip(self.since, self.until, strict=True)]

    @property
    def nets(self) -> list[Decimal]:
        each = zip(self.lines, self.since, self.until, strict=True)
        return [line.net_until(last) - line.net_until(first) for line, first, last in each]

    @property
    def tax(self) -> Decimal:
        return sum(
            (cents(net * line.rate / 100) for line, net in zip(self.lines, self.nets, strict=True)),
            Decimal(0),
        )

    @property
    def net(self) -> Decimal:
        return sum(self.nets, Decimal(0))

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax

    @property
    def cost(self) -> Decimal:
        each = zip(self.lines, self.quantities, strict=True)
        return sum((cents(line.cost * quantity) for line, quantity in each), Decimal(0))


class CashWalk(Walk):
    """A walk that reads what the acts leave in stock, exposure, statement and journal."""

    async def stock(self, sku: str, warehouse: str) -> tuple[int, int, int]:
        """On hand, reserved and free, as logistics reads them."""
        person = await self.someone(LOGISTICS)
        await person.open(f"/products/{sku}")
        cells = await person.find(
            f"section:has(#stock-title) tr:has-text('{warehouse}') td"
        ).all_inner_texts()
        held, reserved, free = (int(re.sub(r"[.,]", "", each)) for each in cells)
        return held, reserved, free

    async def exposure(self) -> tuple[Decimal, ...]:
        """Open orders, delivered, invoiced, unapplied; their sum is what the page says is used."""
        person = await self.someone(FINANCE)
        await person.open(f"/staff/customers/{CUSTOMER}")
        names = ("exposure", "orders", "delivered", "invoices", "unapplied")
        whole, *parts = [await self.figure(person, f"#credit-{name}") for name in names]
        assert whole == sum(parts[:3]) - parts[3]
        return tuple(parts)

    async def owed(self) -> Decimal:
        """What the company's own statement says it owes, by its movements and by age."""
        person = await self.someone(APPROVER)
        await person.open("/statement")
        owed = await self.figure(person, "#statement-owed")
        assert owed == await self.figure(person, "#statement-closing")
        return owed

    async def posted(self) -> list[tuple[str, Decimal]]:
        """The newest entry of the journal: account and amount, debits above zero."""
        person = await self.someone(FINANCE)
        await person.open("/staff/journal")
        found = []
        for row in await person.find("main tbody").first.locator("tr").all():
            account = await row.locator("td.code").inner_text()
            debit, credit = await row.locator("td.number").all_inner_texts()
            sign = Decimal(1) if debit.strip() else Decimal(-1)
            cell = 0 if debit.strip() else 1
            digits = re.sub(r"[^0-9.,]", "", (debit, credit)[cell])
            group, point = (".", ",") if self.locale == "es" else (",", ".")
            found.append((account, sign * Decimal(digits.replace(group, "").replace(point, "."))))
        assert sum(amount for _, amount in found) == 0
        return sorted(found)


async def chosen(walk: CashWalk) -> tuple[list[Line], str]:
    """One product by lots and one without, at different rates, both whole in one warehouse; and that warehouse."""
    buyer, finance = await walk.someone(BUYER), await walk.someone(FINANCE)
    lines: list[Line] = []
    place = ""
    for by_lot, quantity in zip((True, False), QUANTITIES, strict=True):
        nodes = (await buyer.ask(PRODUCTS, quantity=str(quantity)))["products"]["nodes"]
        skus = {
            each["sku"]: each["price"]
            for each in nodes
            if each["isLotTracked"] is by_lot and each["packSize"] == "1" and each["price"]
            and each["price"]["priceUnit"] == "1" and each["unit"]["code"] not in ("KGM", "LTR")
        }  # fmt: skip
        costs = await finance.ask(SHELVES, skus=list(skus))
        shelves = {each["sku"]: each for each in costs["products"]["nodes"]}
        for sku, price in skus.items():
            rows = shelves[sku]["availability"]["byWarehouse"]
            whole = next((each for each in rows if Decimal(each["free"]) >= quantity), None)
            rate = Decimal(price["taxPercent"])
            if whole is None or (lines and (rate == lines[0].rate or whole["warehouse"]["name"] != place)):
                continue
            place = whole["warehouse"]["name"]
            cost = Decimal(shelves[sku]["standardCost"]["amount"])
            lines.append(Line(sku, quantity, Decimal(price["unitPrice"]["amount"]), rate, cost))
            break
    assert len(lines) == 2
    return lines, place


WAYS = [
    pytest.param("es", "phone", "dark"),
    pytest.param("en", "desktop", "light"),
    pytest.param("es", "desktop", "light", marks=pytest.mark.long),
    pytest.param("en", "phone", "dark", marks=pytest.mark.long),
]


@pytest.mark.parametrize(("locale", "size", "scheme"), WAYS)
async def test_an_order_from_the_cart_to_the_last_credit(
    surf: Surf, locale: str, size: str, scheme: str
) -> None:
    walk = CashWalk(surf, locale, size, scheme)
    lines, place = await chosen(walk)
    gross = sum((line.gross for line in lines), Decimal(0))
    first = Part(lines, (0, 0), FIRST)
    second = Part(lines, FIRST, QUANTITIES)
    assert first.gross + second.gross in (gross, gross + Decimal("0.01"), gross - Decimal("0.01"))
    shelf = [await walk.stock(line.sku, place) for line in lines]
    base, owed = await walk.exposure(), await walk.owed()

    async def agrees(
        reserved: Sequence[int], gone: Sequence[int], parts: Sequence[Decimal | int], claimed: Decimal | int
    ) -> None:
        """Stock, exposure and statement, as differences to what was there before."""
        for line, before, held, sent in zip(lines, shelf, reserved, gone, strict=True):
            on_hand, kept, free = before
            wanted = (on_hand - sent, kept + held, free - sent - held)
            assert await walk.stock(line.sku, place) == wanted, line.sku
        now = await walk.exposure()
        assert [each - was for each, was in zip(now, base, strict=True)] == list(parts)
        assert await walk.owed() - owed == claimed

    number = await ordered(walk, lines, gross)
    await agrees(QUANTITIES, (0, 0), (gross, 0, 0, 0), 0)
    await agreed_to(walk, number)
    left = [line.quantity - sent for line, sent in zip(lines, FIRST, strict=True)]
    await sent(walk, number, first)
    assert await walk.posted() == [("300", -first.cost), ("600", first.cost)]
    delivered = cents(
        sum((line.gross * out / line.quantity for line, out in zip(lines, FIRST, strict=True)), Decimal(0))
    )
    await agrees(left, FIRST, (gross - delivered, delivered, 0, 0), 0)
    one = await invoiced(walk, number, first)
    assert await walk.posted() == [("430", first.gross), ("477", -first.tax), ("700", -first.net)]
    await agrees(left, FIRST, (gross - delivered, 0, first.gross, 0), first.gross)
    await sent(walk, number, second)
    await agrees((0, 0), QUANTITIES, (0, gross - delivered, first.gross, 0), first.gross)
    two = await invoiced(walk, number, second)
    both = first.gross + second.gross
    await agrees((0, 0), QUANTITIES, (0, 0, both, 0), both)
    buyer = await walk.open(BUYER, f"/orders/{number}")
    assert {"es": "Cerrado", "en": "Closed"}[locale] in await buyer.read(".head-badges")

    half = cents(
        first.gross / 2
    )  # the first of two equal instalments: a cent that is left over is the last one's
    await paid_by_file(walk, one, half)
    assert await walk.posted() == [("430", -half), ("572", half)]
    await agrees((0, 0), QUANTITIES, (0, 0, both - half, 0), both - half)
    await paid_by_hand(walk, one, first.gross - half)
    await agrees((0, 0), QUANTITIES, (0, 0, second.gross, 0), second.gross)
    await credited(walk, two, second)
    assert await walk.posted() == [("430", -second.gross), ("477", second.tax), ("708", second.net)]
    await agrees((0, 0), QUANTITIES, (0, 0, 0, 0), 0)
    for path in (
        f"/staff/customers/{CUSTOMER}",
        "/staff/journal",
        "/staff/credit",
        "/staff/invoices?state=overdue",
    ):
        await walk.open(FINANCE, path)
    await walk.open(LOGISTICS, f"/products/{lines[0].sku}")
    assert not walk.faults, "\n".join(walk.faults)


async def ordered(walk: CashWalk, lines: Sequence[Line], gross: Decimal) -> str:
    """By a buyer whose limit is a cent below it: the order waits."""
    admin = await walk.open(COMPANY_ADMIN, "/company")
    await admin.click(f"tr:has-text('{BUYER}') a.button")
    await admin.page.wait_for_url("**/company/people/*")
    form = "form:has(input[value=limit])"
    await walk.submit(admin, form, per_order=walk.typed(gross - Decimal("0.01")))
    buyer = await walk.someone(BUYER)
    await buyer.empty_cart()
    for line in lines:
        await buyer.add_to_cart(line.sku, str(line.quantity))
    await walk.open(BUYER, "/cart")
    await walk.open(BUYER, "/checkout")
    assert await walk.figure(buyer, ".sums-total dd") == gross
    await buyer.page.fill("#purchase_order", f"PC-{walk.locale}-{walk.size}")
    await buyer.click("form[action='/checkout'] button[type=submit]")
    await buyer.page.wait_for_url("**/orders/SO-*")
    await walk.look(buyer)
    assert await walk.figure(buyer, ".sums-total dd") == gross
    assert "Mercedes Aznar Val" in await buyer.read("section:has(#consent-title)")
    return buyer.path.removeprefix("/orders/")


async def agreed_to(walk: CashWalk, number: str) -> None:
    approver = await walk.open(APPROVER, f"/orders/{number}")
    await walk.submit(approver, "form:has(input[value=approve])")
    rep = await walk.open(REP, f"/staff/orders/{number}")
    await walk.submit(rep, "form:has(input[value=confirm])")


async def sent(walk: CashWalk, number: str, part: Part) -> None:
    """Released to the warehouse in these quantities, then shipped; the buyer sees its note."""
    logistics = await walk.open(LOGISTICS, f"/staff/deliveries?search={number}")
    form = f"form[aria-label*='{number}']"
    for line, quantity in zip(part.lines, part.quantities, strict=True):
        row = logistics.find(f"{form} fieldset:has-text('{line.sku}') input[name=quantity]")
        await row.fill(str(quantity))
    await walk.submit(logistics, form)
    await walk.open(LOGISTICS, f"/staff/deliveries?state=released&search={number}")
    await logistics.click("details.act:has(input[value=ship]) > summary")
    tracking = f"TS-{part.since[0]}"
    await walk.submit(logistics, "form:has(input[value=ship])", carrier="Transportes Sol", tracking=tracking)
    buyer = await walk.open(BUYER, f"/orders/{number}")
    assert tracking in await buyer.read("#deliveries")


async def invoiced(walk: CashWalk, number: str, part: Part) -> str:
    """Drafted and issued; the company reads the same figures. Its number."""
    finance = await walk.open(FINANCE, f"/staff/invoices?state=uninvoiced&search={number}")
    await finance.find("form:has(input[value=create]) button[type=submit]").click()
    await expect(finance.find("#notices .notice-success").first).to_be_visible()
    await walk.look(finance)
    await finance.open(f"/staff/invoices?state=drafts&search={number}")
    await finance.click("main tbody th a")
    await finance.page.wait_for_url("**/staff/invoices/*")
    assert await walk.figure(finance, ".sums-total dd") == part.gross
    await walk.submit(finance, "form:has(input[value=issue])")
    told = await finance.find("h1").inner_text()
    invoice = told.split()[-1]
    approver = await walk.open(APPROVER, f"/invoices/{invoice}")
    assert await walk.figure(approver, ".sums-total dd") == part.gross
    shown = await approver.find("main tbody td.number strong").all_inner_texts()
    assert shown == [walk.money(net) for net in part.nets]
    return invoice


async def paid_by_file(walk: CashWalk, invoice: str, amount: Decimal) -> None:
    finance = await walk.open(FINANCE, "/staff/bank")
    told = f"fecha;importe;concepto;ordenante\n02/03/2026;{str(amount).replace('.', ',')};Factura {invoice};PARRA"
    file: Any = {"name": f"{invoice}.csv", "mimeType": "text/csv", "buffer": told.encode()}
    await finance.find("#file").set_input_files(file)
    await walk.submit(finance, "form:has(input[value=read])")
    await walk.open(FINANCE, "/staff/bank?state=all")
    await walk.open(FINANCE, "/staff/payments")
    await finance.click("main tbody th a")
    await finance.page.wait_for_url("**/staff/payments/PAY-*")
    await walk.look(finance)
    assert invoice in await finance.read("section:has(#matches-title)")
    approver = await walk.open(APPROVER, f"/invoices/{invoice}")
    assert {"es": "Pagada en parte", "en": "Partly paid"}[walk.locale] in await approver.read(".head-badges")


async def paid_by_hand(walk: CashWalk, invoice: str, amount: Decimal) -> None:
    finance = await walk.open(FINANCE, f"/staff/payments/new?customer={CUSTOMER}")
    await finance.find(f"tr:has-text('{invoice}') input[name=instalment]").first.check()
    form = "form:has(input[value=record])"
    await walk.submit(finance, form, amount=walk.typed(amount), reference=f"TRF {invoice}")
    approver = await walk.open(APPROVER, f"/invoices/{invoice}")
    assert {"es": "Pagada", "en": "Paid"}[walk.locale] in await approver.read(".head-badges")


async def credited(walk: CashWalk, invoice: str, part: Part) -> None:
    finance = await walk.open(FINANCE, f"/staff/invoices?search={invoice}")
    await finance.click("main tbody th a")
    await finance.page.wait_for_url("**/staff/invoices/*")
    await finance.click("details.act:has(#rectify) > summary")
    await walk.look(finance)
    await walk.submit(finance, "#rectify", reason="Llegó rota")
    assert await walk.figure(finance, ".sums-total dd") == -part.gross
    await walk.open(APPROVER, "/invoices?state=credits")
    await walk.open(APPROVER, "/statement")
