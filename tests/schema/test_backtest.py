"""A backtest of a discount rule through the schema: exact figures, rows by scope, margins by permission."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from auth.permissions import Role, Viewer
from models.sales_history import SalesHistory
from resolvers import backtest
from rules.states import SaleKind
from schema.ids import encode_id
from tests import factories as make
from tests.safety.test_statements import counted
from tests.schema.discounting import Desk, open_desk
from tests.schema.shop import Shop

D = Decimal
WHOLE = """currency from to isComplete lineCount documentCount customerCount linesTouched documentsTouched
  customersTouched linesRestated revenueBefore { amount currency } revenueAfter { amount }
  customers { revenueBefore { amount } revenueAfter { amount } linesTouched customer { name } }
  lines { documentNumber sku quantity netBefore { amount } netAfter { amount } customer { name } product { sku } }"""
MARGINS = "linesWithCost marginBefore { amount } marginAfter { amount } lines { marginBefore { amount } marginAfter { amount } }"


@dataclass
class Past:
    """The shop's desk, an administrator, and sales of February."""

    shop: Shop
    desk: Desk
    admin: Viewer

    async def test(
        self, viewer: Viewer, rule: dict[str, Any], selection: str = WHOLE, **given: Any
    ) -> dict[str, Any]:
        answer = await self.ask(viewer, rule, selection, **given)
        assert "errors" not in answer, answer["errors"]
        found: dict[str, Any] = answer["data"]["discountBacktest"]
        return found

    async def ask(
        self, viewer: Viewer, rule: dict[str, Any], selection: str = WHOLE, **given: Any
    ) -> dict[str, Any]:
        document = f"""query Test($rule: BacktestRule!, $from: Date!, $to: Date!, $currency: CurrencyCode) {{
          discountBacktest(rule: $rule, from: $from, to: $to, currency: $currency) {{ {selection} }} }}"""
        return await self.shop.ask(
            viewer, document, rule=rule, **({"from": "2026-02-01", "to": "2026-03-02"} | given)
        )

    def draft(self, *conditions: dict[str, Any], **given: Any) -> dict[str, Any]:
        """Five percent where the conditions hold."""
        values = {
            "groupId": self.desk.group_id, "code": "T", "name": "Prueba", "phase": "LINE",
            "benefit": {"kind": "PERCENT", "percent": "5"}, "conditions": list(conditions),
        }  # fmt: skip
        return {"draft": values | given}


def sale(
    shop: Shop, customer: UUID, product: Any, document: str, day: str, quantity: str, net: str, **given: Any
) -> SalesHistory:
    sold_at = datetime.fromisoformat(day).replace(tzinfo=UTC)
    return SalesHistory(
        month=sold_at.date().replace(day=1), seller_id=shop.seller.id, customer_id=customer, source="test",
        source_key=f"{document}-{product.sku}", document_number=document, sold_at=sold_at, product_id=product.id,
        sku=product.sku, description="x", quantity=D(quantity), net_amount=D(net),
        **({"kind": SaleKind.SALE, "currency": "EUR", "unit_price": D(10)} | given),
    )  # fmt: skip


@pytest.fixture
async def past(shop: Shop) -> Past:
    """
    A: 3 at 9.35 less a tenth and 7 at 1.111 of tea; B: somebody else's 2 at 9.99. All else does not count.

    The piece costs 6 since 2020; of the tea nothing is known.
    """
    desk = await open_desk(shop)
    async with shop.database.job() as session:
        await make.make_currency(session, "USD")
        admin = await make.make_user(session, shop.seller, roles=[Role.ADMINISTRATOR])
        teas = await make.make_category(session, shop.seller, code="tea")
        tea = await make.make_product(session, shop.seller, price="1", sku="TEA-001", category=teas)
        mine, other, piece = shop.customer.id, shop.other.id, shop.product
        session.add_all([
            sale(shop, mine, piece, "A", "2026-02-03 10:00", "3", "25.24", unit_price=D("9.35"), discount_percent=D(10), discount_amount=D("2.81")),
            sale(shop, mine, tea, "A", "2026-02-03 10:00", "7", "7.78", unit_price=D("1.111")),
            sale(shop, other, piece, "B", "2026-02-28 23:30", "2", "19.98", unit_price=D("9.99")),
            sale(shop, mine, piece, "C", "2026-02-04 10:00", "-1", "-10", kind=SaleKind.CANCELLATION),
            sale(shop, mine, tea, "S", "2026-02-04 10:00", "1", "10", kind=SaleKind.SERVICE),
            sale(shop, mine, piece, "U", "2026-02-04 10:00", "1", "10", currency="USD"),
            sale(shop, mine, piece, "E", "2026-01-31 22:59", "1", "10"),  # January in Madrid
            sale(shop, mine, piece, "L", "2026-03-02 23:00", "1", "10"),  # 3 March
        ])  # fmt: skip
    return Past(shop, desk, await make.viewer_of(shop.database, admin))


TEA = {"kind": "CATEGORY", "codes": ["tea"]}


async def test_a_rule_for_nothing_changes_nothing(past: Past) -> None:
    before = await past.shop.snapshot()

    found = await past.test(
        past.admin, past.draft({"kind": "BRAND", "codes": ["Nobody"]}), f"{WHOLE} {MARGINS}"
    )

    assert found == {
        "currency": "EUR", "from": "2026-02-01", "to": "2026-03-02", "isComplete": True, "lineCount": 3,
        "documentCount": 2, "customerCount": 2, "linesTouched": 0, "documentsTouched": 0, "customersTouched": 0,
        "linesRestated": 0, "revenueBefore": {"amount": "53.00", "currency": "EUR"},
        "revenueAfter": {"amount": "53.00"}, "customers": [], "lines": [],
        # 25.24 - 18.00 and 19.98 - 12.00.
        "linesWithCost": 2, "marginBefore": {"amount": "15.22"}, "marginAfter": {"amount": "15.22"},
    }  # fmt: skip
    assert await past.shop.snapshot() == before


async def test_five_percent_on_a_category_change_its_lines_alone(past: Past) -> None:
    found = await past.test(past.admin, past.draft(TEA), f"{WHOLE} {MARGINS}")

    assert (found["linesTouched"], found["documentsTouched"], found["customersTouched"]) == (1, 1, 1)
    assert found["lines"] == [
        {
            "documentNumber": "A", "sku": "TEA-001", "quantity": "7", "netBefore": {"amount": "7.78"},
            "netAfter": {"amount": "7.39"}, "customer": {"name": "Bar Núñez SL"}, "product": {"sku": "TEA-001"},
            "marginBefore": None, "marginAfter": None,
        }
    ]  # fmt: skip
    assert found["customers"] == [
        {
            "revenueBefore": {"amount": "33.02"}, "revenueAfter": {"amount": "32.63"}, "linesTouched": 1,
            "customer": {"name": "Bar Núñez SL"},
        }
    ]  # fmt: skip
    assert (found["revenueAfter"]["amount"], found["marginAfter"]["amount"]) == ("52.61", "15.22")


async def test_reps_test_kept_rules_over_their_customers_and_see_no_margin(past: Past) -> None:
    rule = await past.desk.create(
        code="ALL", benefit={"kind": "PERCENT", "percent": "5"}, validFrom="2027-01-01"
    )
    key = {"id": rule["discountRule"]["id"]}

    mine = await past.test(past.shop.rep, key)
    everybodys = await past.test(past.admin, {"code": "ALL"}, f"{WHOLE} {MARGINS}")
    hidden = await past.ask(past.shop.rep, key, MARGINS)
    thought = await past.ask(past.shop.rep, past.draft())
    unknown = await past.ask(past.shop.buyer, key)

    # 28.05 less 1.40 less 2.67; it is switched off and begins next year: that is what is asked.
    assert [(each["documentNumber"], each["netAfter"]["amount"]) for each in mine["lines"]] == [
        ("A", "23.98"), ("A", "7.39"),
    ]  # fmt: skip
    assert (mine["customerCount"], mine["revenueBefore"]["amount"]) == (1, "33.02")
    assert (everybodys["customersTouched"], everybodys["revenueAfter"]["amount"]) == (2, "50.35")
    assert [each["marginAfter"] for each in everybodys["lines"]] == [
        {"amount": "5.98"}, {"amount": "6.98"}, None,
    ]  # fmt: skip
    assert "Cannot query field 'linesWithCost'" in hidden["errors"][0]["message"]
    assert "unknown field 'draft'" in thought["errors"][0]["message"]
    assert "data" not in unknown and "BacktestRule" in unknown["errors"][0]["message"]


async def test_orders_placed_here_count_once_and_without_what_was_called_off(past: Past) -> None:
    shop = past.shop
    placed = await shop.place(shop.buyer, await shop.fill(shop.buyer, (shop.product, 4)))
    order = placed["order"]
    async with shop.database.job() as session:
        session.add(
            sale(shop, shop.customer.id, shop.product, order["number"], "2026-03-02 10:00", "4", "40")
        )
    called = await shop.act(
        shop.buyer, "cancelOrderLine", orderLineId=order["lines"][0]["id"], quantity="1", reason="x",
        expectedVersion=order["version"],
    )  # fmt: skip
    assert called["errors"] == []

    found = await past.test(past.admin, past.draft(), f"{WHOLE} {MARGINS}", **{"from": "2026-03-02"})

    assert [(each["documentNumber"], each["quantity"], each["netBefore"]["amount"], each["netAfter"]["amount"])
            for each in found["lines"]] == [(order["number"], "3", "30.00", "28.50")]  # fmt: skip
    assert (found["lineCount"], found["linesRestated"]) == (1, 0)
    assert (found["marginBefore"]["amount"], found["marginAfter"]["amount"]) == ("12.00", "10.50")


async def test_what_the_past_tells_of_buyers(past: Past) -> None:
    segment = await past.desk.act(
        "saveSegment", "errors { code }", code="BIG", name="Big", revenueLeast="40", revenueCurrency="EUR"
    )
    assert segment["errors"] == []

    async def documents(*conditions: dict[str, Any], **given: Any) -> Sequence[str]:
        found = await past.test(past.admin, past.draft(*conditions, **given))
        return sorted({each["documentNumber"] for each in found["lines"]})

    # Bar Núñez bought E in January, then A; the other one B.
    assert await documents({"kind": "FIRST_ORDER"}) == ["B"]
    assert await documents({"kind": "BOUGHT_BEFORE", "times": 1, "months": 1}) == ["A"]
    assert await documents({"kind": "BOUGHT_BEFORE", "times": 2, "months": 1}) == []
    assert await documents({"kind": "SEGMENT", "codes": ["BIG"]}) == ["A"]
    assert await documents({"kind": "WINDOW", "weekdays": [2]}) == ["A"], "3 February 2026 is a Tuesday"
    assert await documents(coupon="NADIE", usesMax=1) == ["A"], "the first one uses it up"
    assert await documents(
        benefit={"kind": "AMOUNT_PER_ORDER", "amount": "1"}, currency="USD", phase="ORDER"
    ) == ["U"]


async def test_more_lines_than_are_replayed_are_cut_at_a_document(
    past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backtest, "LINES_MAX", 2)

    found = await past.test(past.admin, past.draft())

    assert (found["isComplete"], found["lineCount"]) == (False, 1)
    assert [each["documentNumber"] for each in found["lines"]] == ["B"]


async def test_a_backtest_costs_the_same_for_any_number_of_sales(past: Past) -> None:
    rule = past.draft(
        {"kind": "BOUGHT_BEFORE", "times": 1, "months": 3}, {"kind": "SEGMENT", "codes": ["ALL"]}
    )
    segment = await past.desk.act("saveSegment", "errors { code }", code="ALL", name="All", countries=["ES"])
    assert segment["errors"] == []
    with counted(past.shop.database) as few:
        await past.test(past.admin, rule)
    async with past.shop.database.job() as session:
        for number in range(5):
            customer = await make.make_customer(session, past.shop.seller)
            for day in range(1, 4):
                moment = f"2026-02-{10 + day} 00:00"
                session.add(
                    sale(past.shop, customer.id, past.shop.product, f"N{number}{day}", moment, "1", "10")
                )

    with counted(past.shop.database) as many:
        found = await past.test(past.admin, rule)

    assert (found["customerCount"], found["linesTouched"]) == (7, 11), (
        "all but the first of each, and Bar Núñez'"
    )
    assert len(many) == len(few)


@pytest.mark.parametrize(
    ("given", "days", "said"),
    [
        ({"id": encode_id("DiscountRule", UUID(int=7))}, {}, "Not found."),
        ({"id": "nonsense"}, {}, "Not found."),
        ({"code": "NONE"}, {}, "Not found."),
        (None, {"from": "2026-03-03"}, "The first day is after the last."),
        (
            {"kind": "CHANNEL", "codes": ["PORTAL"]}, {},
            "Past sales do not tell the channel, what was on a list, or what was about to expire.",
        ),
        ({"kind": "CATEGORY", "codes": ["none"]}, {}, "There is no such code."),
    ],
)  # fmt: skip
async def test_what_cannot_be_tested_is_refused(
    past: Past, given: dict[str, Any] | None, days: dict[str, str], said: str
) -> None:
    before = await past.shop.snapshot()
    rule = given if given and "kind" not in given else past.draft(*([given] if given else []))

    answer = await past.ask(past.admin, rule, **days)

    assert [each["message"] for each in answer["errors"]] == [said]
    assert await past.shop.snapshot() == before
