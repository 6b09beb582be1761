"""A company's own consent to orders: who waits, who decides, what is checked again."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from auth.permissions import Role, Viewer
from models.approvals import ApprovalRule, SpendLimit
from models.base import new_id
from models.invariants import INVARIANTS
from models.users import User
from resolvers.approvals_due import lapse_approvals, remind_approvals
from rules.states import LimitPeriod
from tests import factories as make
from tests.schema.shop import NOW, Shop
from tests.schema.test_orders import stock_of
from tests.schema.test_orders_acts import codes

REQUESTS = """query($w: ApprovalRequestWhere) { approvalRequests(where: $w) { totalCount nodes { id status isMine
  requestedByName decidedByName decisionReason approverNames
  causes { code rule categories limit { amount currency } amount { amount } } order { number allowedActions } } } }"""


@dataclass
class Company:
    """The shop's customer with an approver and an admin; its buyer may order 100.00 at once."""

    shop: Shop
    approver: Viewer
    admin: Viewer

    async def order(self, quantity: int = 10, viewer: Viewer | None = None, **given: Any) -> dict[str, Any]:
        viewer = viewer or self.shop.buyer
        placed = await self.shop.place(
            viewer, await self.shop.fill(viewer, (self.shop.product, quantity)), **given
        )
        assert placed["errors"] == []
        return placed

    async def requests(self, viewer: Viewer, **where: Any) -> list[dict[str, Any]]:
        data = await self.shop.data(viewer, REQUESTS, w=where or None)
        found: list[dict[str, Any]] = data["approvalRequests"]["nodes"]
        assert data["approvalRequests"]["totalCount"] == len(found)
        return found

    async def decide(
        self, viewer: Viewer, mutation: str, order: dict[str, Any], version: int = 1, **given: Any
    ) -> dict[str, Any]:
        return await self.shop.act(viewer, mutation, orderId=order["id"], expectedVersion=version, **given)

    async def change(self, statement: str, **values: Any) -> None:
        async with self.shop.database.job() as session:
            await session.execute(text(statement), values)

    async def unbroken(self) -> None:
        async with self.shop.database.job() as session:
            # The factories write no search documents.
            for name, query in (each for each in INVARIANTS.items() if "searchable" not in each[0]):
                assert (await session.execute(text(query))).all() == [], name


async def limit(shop: Shop, viewer: Viewer, **given: Any) -> None:
    values: dict[str, Any] = {
        "per_order": Decimal(100), "per_period": None, "period": LimitPeriod.MONTH, "currency": "EUR", "updated_at": NOW,
    }  # fmt: skip
    async with shop.database.job() as session:
        await make.add(
            session,
            SpendLimit(user_id=viewer.user_id, customer_id=shop.customer.id, **(values | given)),
        )


async def rule(shop: Shop, **given: Any) -> None:
    values: dict[str, Any] = {
        "name": "Todo",
        "from_amount": None,
        "currency": "EUR",
        "category_id": None,
        "created_at": NOW,
    }
    async with shop.database.job() as session:
        await make.add(session, ApprovalRule(customer_id=shop.customer.id, **(values | given)))


@pytest.fixture
async def company(shop: Shop) -> Company:
    async with shop.database.job() as session:
        approver = await make.make_user(
            session, shop.seller, shop.customer, Role.APPROVER, name="Ana Aprueba"
        )
        admin = await make.make_user(
            session, shop.seller, shop.customer, Role.COMPANY_ADMIN, name="Alba Manda"
        )
    await limit(shop, shop.buyer)
    return Company(
        shop, await make.viewer_of(shop.database, approver), await make.viewer_of(shop.database, admin)
    )


async def test_an_order_over_the_limit_waits_with_its_stock_softly_held(company: Company) -> None:
    placed = await company.order(10)

    assert placed["order"]["status"] == "PENDING_APPROVAL"
    assert [each["code"] for each in placed["warnings"]] == ["APPROVAL_REQUIRED"]
    assert await stock_of(company.shop) == (100, 10)
    async with company.shop.database.job() as session:
        kinds = (await session.execute(text("select kind, expires_at from reservation"))).all()
        events = (await session.scalars(text("select type from outbox_event order by id"))).all()
    assert [tuple(each) for each in kinds] == [("SOFT", NOW + timedelta(days=5))]
    assert events == ["approval.requested"]
    (request,) = await company.requests(company.shop.buyer)
    assert request["isMine"] and request["status"] == "PENDING"
    assert request["approverNames"] == ["Alba Manda", "Ana Aprueba"]
    assert request["causes"] == [
        {"code": "OVER_ORDER_LIMIT", "rule": "", "categories": [], "amount": {"amount": "121.00"},
         "limit": {"amount": "100.00", "currency": "EUR"}}
    ]  # fmt: skip
    assert request["order"]["allowedActions"] == ["WITHDRAW", "CANCEL", "REORDER"]
    await company.unbroken()


async def test_an_order_within_the_limit_does_not_wait(company: Company) -> None:
    placed = await company.order(8)

    assert placed["order"]["status"] == "PLACED" and placed["warnings"] == []
    assert await company.requests(company.shop.buyer) == []


async def test_a_period_counts_what_is_neither_refused_nor_cancelled(shop: Shop) -> None:
    company = Company(shop, shop.buyer, shop.buyer)
    await limit(shop, shop.buyer, per_order=None, per_period=Decimal(121))
    first = (await company.order(5))["order"]
    await company.decide(shop.buyer, "cancelOrder", first, reason="no")

    assert (await company.order(5))["order"]["status"] == "PLACED"
    assert (await company.order(5))["order"]["status"] == "PLACED"  # 121.00 is reached, not passed
    waits = await company.order(1)

    assert waits["order"]["status"] == "PENDING_APPROVAL"
    (request,) = await company.requests(shop.buyer)
    assert request["causes"][0]["code"] == "OVER_PERIOD_LIMIT"
    assert request["causes"][0]["amount"] == {"amount": "133.10"}
    assert request["approverNames"] == [] and "administrator" in waits["warnings"][0]["message"]


@pytest.mark.parametrize("whoever", ["buyer", "approver", "admin"])
async def test_a_rule_of_the_company_holds_for_everybody(company: Company, whoever: str) -> None:
    await rule(company.shop, name="Más de 50", from_amount=Decimal(50))
    viewer = company.shop.buyer if whoever == "buyer" else getattr(company, whoever)

    placed = await company.order(5, viewer)

    assert placed["order"]["status"] == "PENDING_APPROVAL"
    (request,) = await company.requests(viewer)
    assert (request["causes"][0]["code"], request["causes"][0]["rule"]) == (
        "OVER_COMPANY_THRESHOLD",
        "Más de 50",
    )


async def test_a_category_makes_an_order_wait(company: Company) -> None:
    await rule(company.shop, name="Lo general", category_id=company.shop.product.category_id)

    assert (await company.order(1))["order"]["status"] == "PENDING_APPROVAL"
    (request,) = await company.requests(company.shop.buyer)
    assert request["causes"][0]["code"] == "CATEGORY" and request["causes"][0]["categories"] == ["General"]


async def test_a_rule_that_ended_and_another_company_s_limits_mean_nothing(company: Company) -> None:
    await rule(company.shop, from_amount=Decimal(1), active_until=NOW.date())
    async with company.shop.database.job() as session:
        session.add(ApprovalRule(customer_id=company.shop.other.id, name="ajena", from_amount=Decimal(1),
                                 currency="EUR", created_at=NOW))  # fmt: skip

    assert (await company.order(2))["order"]["status"] == "PLACED"


async def test_approving_places_the_order_at_the_prices_it_waited_with(company: Company) -> None:
    order = (await company.order(10))["order"]
    await company.change("update list_price set unit_price = 99")
    (seen,) = await company.requests(company.approver, isToDecide={"eq": True})

    done = await company.decide(company.approver, "approveOrder", order, reason="de acuerdo")

    assert seen["order"]["allowedActions"][:2] == ["APPROVE", "REFUSE_APPROVAL"]
    assert done["errors"] == [] and done["order"]["status"] == "PLACED" and done["order"]["version"] == 2
    assert done["order"]["grossAmount"] == {"amount": "121.00"}
    assert await stock_of(company.shop) == (100, 10)
    async with company.shop.database.job() as session:
        assert (await session.execute(text("select kind, expires_at from reservation"))).all() == [
            ("HARD", None)
        ]
        acts = (await session.execute(text("select action, actor_id, changes ->> 'requestedBy' from audit_event"
                                           " where entity_type = 'Order' order by id"))).all()  # fmt: skip
    assert [tuple(each) for each in acts] == [
        ("approval.requested", company.shop.buyer.user_id, None),
        ("approval.decided", company.approver.user_id, None),
        ("order.placed", company.approver.user_id, str(company.shop.buyer.user_id)),
    ]
    (request,) = await company.requests(company.shop.buyer)
    assert (request["status"], request["decidedByName"], request["decisionReason"]) == (
        "APPROVED", "Ana Aprueba", "de acuerdo",
    )  # fmt: skip
    assert await company.requests(company.approver, isToDecide={"eq": True}) == []
    await company.unbroken()


async def test_nobody_approves_their_own(company: Company) -> None:
    """Not as an approver, not by a second session, not by a second role."""
    await rule(company.shop, from_amount=Decimal(10))
    order = (await company.order(5, company.approver))["order"]
    async with company.shop.database.job() as session:
        person = await session.get(User, company.approver.user_id)
        assert person is not None
        await make.make_member(session, person, company.shop.customer, Role.COMPANY_ADMIN)
    again = await make.viewer_of(company.shop.database, person)
    before = await company.shop.snapshot()

    for viewer in (company.approver, again):
        for mutation in ("approveOrder", "refuseApproval"):
            done = await company.decide(viewer, mutation, order, reason="yo mismo")
            assert codes(done) == ["NOT_PERMITTED"], mutation

    assert await company.shop.snapshot() == before
    assert await company.requests(again, isToDecide={"eq": True}) == []
    assert (await company.requests(again))[0]["order"]["allowedActions"] == ["WITHDRAW", "CANCEL", "REORDER"]


async def test_who_may_not_decide_changes_nothing(company: Company) -> None:
    order = (await company.order(10))["order"]
    shop = company.shop
    async with shop.database.job() as session:
        foreign = await make.make_user(session, shop.seller, shop.other, Role.APPROVER)
        mate = await make.make_user(session, shop.seller, shop.customer)
        administrator = await make.make_user(session, shop.seller, roles=[Role.ADMINISTRATOR])
    strange = await make.viewer_of(shop.database, foreign)
    before = await shop.snapshot()

    assert codes(await company.decide(strange, "approveOrder", order)) == ["NOT_FOUND"]
    assert codes(await company.decide(strange, "refuseApproval", order, reason="x")) == ["NOT_FOUND"]
    for user in (mate, administrator):  # the act does not exist for them
        viewer = await make.viewer_of(shop.database, user)
        answer = await shop.ask(
            viewer,
            'mutation { approveOrder(input: {orderId: "x", expectedVersion: 1}) { replayed } }',
            "key-of-nobody-1",
        )
        assert "data" not in answer or answer["data"] is None
    assert codes(await company.decide(company.approver, "withdrawApproval", order)) == ["NOT_PERMITTED"]
    assert await company.requests(strange) == []
    assert await shop.snapshot() == before


async def test_an_approver_s_own_limit_is_the_one_of_now(company: Company) -> None:
    order = (await company.order(10))["order"]
    await limit(company.shop, company.approver, per_order=Decimal("120.99"))
    before = await company.shop.snapshot()

    refused = await company.decide(company.approver, "approveOrder", order)

    assert codes(refused) == ["NOT_PERMITTED"]
    assert await company.shop.snapshot() == before
    assert await company.requests(company.approver, isToDecide={"eq": True}) == []
    (request,) = await company.requests(company.shop.buyer)
    assert request["approverNames"] == ["Alba Manda"]

    await company.change(
        "update spend_limit set per_order = 121 where user_id = :u", u=company.approver.user_id
    )

    assert (await company.decide(company.approver, "approveOrder", order))["order"]["status"] == "PLACED"


async def test_refusing_needs_a_reason_and_gives_the_stock_back(company: Company) -> None:
    order = (await company.order(10))["order"]
    before = await company.shop.snapshot()

    assert codes(await company.decide(company.approver, "refuseApproval", order, reason=" ")) == [
        "REASON_REQUIRED"
    ]
    assert await company.shop.snapshot() == before

    done = await company.decide(company.approver, "refuseApproval", order, reason="demasiado")

    assert done["order"]["status"] == "REFUSED" and await stock_of(company.shop) == (100, 0)
    (request,) = await company.requests(company.shop.buyer)
    assert (request["status"], request["decisionReason"]) == ("REFUSED", "demasiado")
    await company.unbroken()


@pytest.mark.parametrize(
    ("label", "mutation", "who"),
    [
        ("whoever asked", "withdrawApproval", "buyer"),
        ("a cancellation", "cancelOrder", "buyer"),
        ("the seller", "refuseOrder", "rep"),
    ],
)
async def test_what_ends_the_order_ends_the_wait(
    company: Company, label: str, mutation: str, who: str
) -> None:
    order = (await company.order(10))["order"]
    given: dict[str, Any] = {} if mutation == "withdrawApproval" else {"reason": "ya no"}

    done = await company.decide(getattr(company.shop, who), mutation, order, **given)

    assert done["order"]["status"] == ("REFUSED" if who == "rep" else "CANCELLED"), label
    (request,) = await company.requests(company.shop.buyer)
    assert request["status"] == "WITHDRAWN" and request["decidedByName"] == ""
    assert await stock_of(company.shop) == (100, 0)
    late = await company.decide(company.approver, "approveOrder", order, version=2)
    assert codes(late) == ["INVALID_TRANSITION"]
    await company.unbroken()


async def test_what_waits_is_not_changed(company: Company) -> None:
    order = (await company.order(10))["order"]
    before = await company.shop.snapshot()

    held = await company.decide(company.shop.rep, "holdOrder", order, reason="x")
    confirmed = await company.decide(company.shop.rep, "confirmOrder", order)
    cut = await company.shop.act(
        company.shop.buyer, "cancelOrderLine", orderLineId=order["lines"][0]["id"], quantity="1", expectedVersion=1,
        reason="x",
    )  # fmt: skip

    assert codes(held) == codes(confirmed) == codes(cut) == ["INVALID_TRANSITION"]
    assert await company.shop.snapshot() == before


async def test_credit_is_judged_again(company: Company) -> None:
    order = (await company.order(10))["order"]
    await company.change("update credit_account set credit_limit = 120")

    done = await company.decide(company.approver, "approveOrder", order)

    assert (done["order"]["status"], done["order"]["holdReasons"]) == ("PLACED", ["CREDIT"])
    assert [each["code"] for each in done["warnings"]] == ["ON_HOLD"]
    assert await stock_of(company.shop) == (100, 0)
    await company.unbroken()


async def test_credit_refuses_where_the_seller_says_so_and_the_order_goes_on_waiting(
    company: Company,
) -> None:
    order = (await company.order(10))["order"]
    await company.change("update credit_account set credit_limit = 120")
    await company.change("update seller set credit_policy = 'REFUSE'")
    before = await company.shop.snapshot()

    assert codes(await company.decide(company.approver, "approveOrder", order)) == ["CREDIT_EXCEEDED"]
    assert await company.shop.snapshot() == before


async def test_an_order_held_for_credit_is_reserved_when_it_fits_again(company: Company) -> None:
    await company.change("update credit_account set credit_limit = 120")
    order = (await company.order(10))["order"]
    assert order["isOnHold"] and await stock_of(company.shop) == (100, 0)
    await company.change("update credit_account set credit_limit = 121")

    done = await company.decide(company.approver, "approveOrder", order)

    assert (done["order"]["isOnHold"], await stock_of(company.shop)) == (False, (100, 10))
    await company.unbroken()


@pytest.mark.parametrize(("policy", "code"), [("REFUSE", ["OUT_OF_STOCK"]), ("BACKORDER", [])])
async def test_what_is_missing_backorders_or_refuses(company: Company, policy: str, code: list[str]) -> None:
    await company.change("update seller set out_of_stock_policy = 'BACKORDER'")
    order = (await company.order(120))["order"]
    assert await stock_of(company.shop) == (100, 100)
    await company.change("update seller set out_of_stock_policy = :policy", policy=policy)
    before = await company.shop.snapshot()

    done = await company.decide(company.approver, "approveOrder", order)

    assert codes(done) == code
    if code:
        assert await company.shop.snapshot() == before
    else:
        line = done["order"]["lines"][0]
        assert (line["quantityReserved"], line["quantityBackordered"]) == ("100", "20")
        assert [each["code"] for each in done["warnings"]] == ["BACKORDERED"]
    await company.unbroken()


@pytest.mark.parametrize(
    ("label", "statement", "code"),
    [
        ("the product is no longer sold", "update product set active_until = '2026-03-01'", "NOT_FOUND"),
        ("the company is blocked", "update customer set status = 'BLOCKED'", "CUSTOMER_BLOCKED"),
        ("whoever ordered is disabled", "update app_user set is_active = false where id = :buyer", "NOT_PERMITTED"),
        ("whoever ordered has left", "delete from membership where user_id = :buyer", "NOT_PERMITTED"),
        ("the time is over", "update approval_request set due_at = '2026-03-02T09:59:59Z'", "INVALID_TRANSITION"),
    ],
)  # fmt: skip
async def test_what_could_not_be_ordered_any_more_is_not_approved(
    company: Company, label: str, statement: str, code: str
) -> None:
    order = (await company.order(10))["order"]
    values = {"buyer": company.shop.buyer.user_id} if ":buyer" in statement else {}
    await company.change(statement, **values)
    before = await company.shop.snapshot()

    assert codes(await company.decide(company.approver, "approveOrder", order)) == [code], label
    assert await company.shop.snapshot() == before


async def test_thirty_approvals_make_one_transition(company: Company) -> None:
    order = (await company.order(10))["order"]
    deciders = (company.approver, company.admin)

    async def decide(viewer: Viewer) -> dict[str, Any]:
        """A 503 of the crowded pool is repeated, as a client would."""
        document = """mutation($input: ApproveOrderInput!) {
            approveOrder(input: $input) { order { status } errors { code message path } } }"""
        given = {"orderId": order["id"], "expectedVersion": 1}
        for _ in range(60):
            answer = await company.shop.ask(viewer, document, str(new_id()), input=given)
            if "errors" not in answer:
                payload: dict[str, Any] = answer["data"]["approveOrder"]
                return payload
            assert answer["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
        raise AssertionError("never answered")

    answers = await asyncio.gather(*(decide(deciders[n % 2]) for n in range(30)))

    assert sorted(code for each in answers for code in codes(each)) == ["STALE_VERSION"] * 29
    async with company.shop.database.job() as session:
        count = await session.scalar(text("select count(*) from audit_event where action = 'order.placed'"))
        status = await session.scalar(text("select status || version from sales_order"))
    assert (count, status) == (1, "PLACED2")
    await company.unbroken()


async def test_orders_that_race_do_not_slip_under_a_period_s_limit(shop: Shop) -> None:
    await limit(shop, shop.buyer, per_order=None, per_period=Decimal(100))
    cart = await shop.fill(shop.buyer, (shop.product, 8))
    answers = await asyncio.gather(*(shop.place(shop.buyer, cart) for _ in range(5)))

    placed = [each["order"]["status"] for each in answers if each["order"]]
    assert placed == ["PLACED"]


async def test_a_dry_run_says_that_it_would_wait(company: Company) -> None:
    cart = await company.shop.fill(company.shop.buyer, (company.shop.product, 10))
    before = await company.shop.snapshot()

    data = await company.shop.data(
        company.shop.buyer,
        """mutation($i: PlaceOrderInput!) { placeOrder(input: $i) @dryRun {
            order { status number approval { approverNames causes { code } } } warnings { code } errors { code } } }""",
        i={"cartId": cart["id"], "expectedVersion": cart["version"], "expectedTotal": cart["totals"]["gross"]["amount"]},
    )  # fmt: skip

    assert data["placeOrder"] == {
        "order": {
            "status": "PENDING_APPROVAL", "number": None,
            "approval": {"approverNames": ["Alba Manda", "Ana Aprueba"], "causes": [{"code": "OVER_ORDER_LIMIT"}]},
        },
        "warnings": [{"code": "APPROVAL_REQUIRED"}], "errors": [],
    }  # fmt: skip
    assert await company.shop.snapshot() == before


async def test_a_subsidiary_s_requests_are_not_the_parent_s_to_decide(company: Company) -> None:
    shop = company.shop
    async with shop.database.job() as session:
        child = await make.make_customer(session, shop.seller, parent=shop.customer)
        buyer = await make.make_user(session, shop.seller, child)
        await session.execute(text("update seller set parents_see_descendants = true"))
        session.add(SpendLimit(user_id=buyer.id, customer_id=child.id, per_order=Decimal(1), per_period=None,
                               period=LimitPeriod.MONTH, currency="EUR", updated_at=NOW))  # fmt: skip
        person = await session.get(User, company.approver.user_id)
        assert person is not None
    order = (await company.order(2, await make.viewer_of(shop.database, buyer)))["order"]
    parent = await make.viewer_of(shop.database, person)
    before = await shop.snapshot()

    assert codes(await company.decide(parent, "approveOrder", order)) == ["NOT_PERMITTED"]
    assert await shop.snapshot() == before
    (seen,) = await company.requests(parent)
    assert seen["order"]["allowedActions"] == ["REORDER"] and seen["approverNames"] == []


async def test_what_nobody_decides_lapses_with_what_it_held(company: Company) -> None:
    late = (await company.order(10))["order"]
    await company.change("update approval_request set due_at = :now", now=NOW)
    fresh = (await company.order(11))["order"]

    async with company.shop.database.job() as session:
        lapsed = await lapse_approvals(session, NOW)
    async with company.shop.database.job() as session:
        assert await lapse_approvals(session, NOW) == []

    assert len(lapsed) == 1 and await stock_of(company.shop) == (100, 11)
    status = {each["order"]["number"]: each["status"] for each in await company.requests(company.shop.buyer)}
    assert status == {late["number"]: "LAPSED", fresh["number"]: "PENDING"}
    assert codes(await company.decide(company.approver, "approveOrder", late, version=2)) == [
        "INVALID_TRANSITION"
    ]
    async with company.shop.database.job() as session:
        told = (
            await session.execute(text("select type, entity_version from outbox_event order by id desc"))
        ).first()
    assert told is not None and tuple(told) == ("approval.lapsed", 2)
    await company.unbroken()


async def test_a_request_is_called_to_mind_once(company: Company) -> None:
    await company.order(10)
    async with company.shop.database.job() as session:
        assert await remind_approvals(session, NOW + timedelta(days=3, hours=23)) == []
        assert len(await remind_approvals(session, NOW + timedelta(days=4))) == 1
        assert await remind_approvals(session, NOW + timedelta(days=4, hours=1)) == []
