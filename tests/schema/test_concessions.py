"""What the seller's people give by hand: at once within their limit, beyond it with a sales manager's consent."""

from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import text

from auth.permissions import Role, Viewer
from resolvers.approvals_due import lapse_approvals, lapse_concessions, remind_concessions
from schema.ids import encode_id
from tests import factories as make
from tests.schema.agreeing import in_force, manager_of, read
from tests.schema.shop import NOW, Shop
from tests.schema.test_orders import stock_of
from tests.schema.test_orders_acts import codes, placed

_keys = count(1)
REQUEST = """id status version isMine requestedByName decidedByName decisionReason causes { code limit { amount }
    amount { amount } } concession { sku percent unitPrice { amount } freeQuantity reason } order { number version }"""
REQUESTS = f"""query R($where: ApprovalRequestWhere) {{ approvalRequests(where: $where, first: 9) {{
    nodes {{ {REQUEST} }} totalCount }} }}"""


class Desk:
    """A rep, the manager of the team, and limits for reps."""

    def __init__(self, shop: Shop, manager: Viewer) -> None:
        self.shop, self.manager = shop, manager

    async def run(self, viewer: Viewer, mutation: str, answer: str, **given: Any) -> dict[str, Any]:
        name = mutation[0].upper() + mutation[1:]
        document = f"""mutation M($input: {name}Input!) {{ {mutation}(input: $input) {{ {answer}
            errors {{ code path message }} warnings {{ code }} }} }}"""
        found = await self.shop.data(viewer, document, f"concession-{next(_keys)}", input=given)
        payload: dict[str, Any] = found[mutation]
        return payload

    async def limit(self, viewer: Viewer | None = None, **given: Any) -> dict[str, Any]:
        answer = "concessionLimit { id version role perLinePercent budget { amount currency } period }"
        return await self.run(
            viewer or self.manager, "setConcessionLimit", answer, **({"role": "SALES_REP"} | given)
        )

    async def discount(self, order: dict[str, Any], percent: str, version: int = 1) -> dict[str, Any]:
        line = order["lines"][0]["id"]
        return await self.shop.act(
            self.shop.rep, "discountOrderLine", orderLineId=line, percent=percent, expectedVersion=version,
            reason="feria",
        )  # fmt: skip

    async def give(
        self, order: dict[str, Any], quantity: str, sku: str = "ACE-001", version: int = 1
    ) -> dict[str, Any]:
        return await self.shop.act(
            self.shop.rep, "addFreeOrderLine", orderId=order["id"], sku=sku, quantity=quantity,
            expectedVersion=version, reason="muestra",
        )  # fmt: skip

    async def requests(self, viewer: Viewer, **where: Any) -> list[dict[str, Any]]:
        found = await self.shop.data(viewer, REQUESTS, where=where or None)
        nodes: list[dict[str, Any]] = found["approvalRequests"]["nodes"]
        return nodes

    async def decide(
        self, viewer: Viewer, mutation: str, request: dict[str, Any], **given: Any
    ) -> dict[str, Any]:
        values = {"approvalRequestId": request["id"], "expectedVersion": request["version"]}
        reason = {} if mutation == "withdrawConcession" else {"reason": "de acuerdo"}
        return await self.run(
            viewer, mutation, f"approvalRequest {{ {REQUEST} }}", **(values | reason | given)
        )

    async def net(self, order: dict[str, Any]) -> str:
        document = "query($id: ID!) { order(by: {id: $id}) { totals { net { amount } } } }"
        found = await self.shop.data(self.shop.rep, document, id=order["id"])
        amount: str = found["order"]["totals"]["net"]["amount"]
        return amount


@pytest.fixture
async def desk(shop: Shop) -> Desk:
    return Desk(shop, await manager_of(shop))


def warned(payload: dict[str, Any]) -> list[str]:
    return [each["code"] for each in payload["warnings"]]


@pytest.mark.parametrize(
    ("limit", "percent", "causes"),
    [
        ({}, "30", []),
        ({"perLinePercent": "5"}, "5", []),
        ({"perLinePercent": "5"}, "5.01", [("OVER_LINE_DEPTH", "5.00", "5.01")]),
        ({"perLinePercent": "0"}, "1", [("OVER_LINE_DEPTH", "0.00", "1.00")]),
        ({"perOrderPercent": "4"}, "5", [("OVER_ORDER_DEPTH", "4.00", "5.00")]),
        ({"budget": "7.50"}, "7.5", []),
        ({"budget": "7.50"}, "7.51", [("OVER_BUDGET", "7.50", "7.51")]),
        (
            {"perLinePercent": "5", "perOrderPercent": "5", "budget": "5"},
            "10",
            [
                ("OVER_LINE_DEPTH", "5.00", "10.00"),
                ("OVER_ORDER_DEPTH", "5.00", "10.00"),
                ("OVER_BUDGET", "5.00", "10.00"),
            ],
        ),
    ],
)
async def test_within_the_limit_at_once_beyond_it_with_consent(
    desk: Desk, limit: dict[str, Any], percent: str, causes: list[tuple[str, str, str]]
) -> None:
    assert (await desk.limit(**limit))["errors"] == []
    order = await placed(desk.shop)

    done = await desk.discount(order, percent)

    waiting = await desk.requests(desk.manager, isToDecide={"eq": True})
    assert done["errors"] == []
    if not causes:
        assert warned(done) == [] and waiting == [] and done["order"]["version"] == 2
        return
    assert warned(done) == ["APPROVAL_REQUIRED"]
    assert (done["order"]["version"], await desk.net(order)) == (1, "100.00")
    (request,) = waiting
    assert [
        (each["code"], each["limit"]["amount"], each["amount"]["amount"]) for each in request["causes"]
    ] == causes
    assert request["concession"] == {
        "sku": "ACE-001", "percent": percent, "unitPrice": None, "freeQuantity": None, "reason": "feria",
    }  # fmt: skip
    assert await stock_of(desk.shop) == (100, 10)
    assert await desk.shop.broken() == []


async def test_a_manager_consents_and_it_is_given_as_it_was_asked(desk: Desk) -> None:
    await desk.limit(perLinePercent="5")
    order = await placed(desk.shop)
    await desk.discount(order, "20")
    (request,) = await desk.requests(desk.manager)
    assert [each["id"] for each in await desk.requests(desk.shop.rep, isMine={"eq": True})] == [request["id"]]
    theirs = await desk.shop.data(desk.shop.buyer, "{ approvalRequests(first: 5) { totalCount } }")
    assert theirs["approvalRequests"]["totalCount"] == 0

    done = await desk.decide(desk.manager, "approveConcession", request)

    assert done["errors"] == []
    after = done["approvalRequest"]
    assert (after["status"], after["version"], after["decidedByName"]) == ("APPROVED", 2, "Marta Jefa")
    assert (await desk.net(order), after["order"]["version"]) == ("80.00", 2)
    assert codes(await desk.decide(desk.manager, "approveConcession", request)) == ["STALE_VERSION"]
    assert await desk.shop.broken() == []


async def test_what_somebody_consented_to_is_of_nobodys_budget(desk: Desk) -> None:
    await desk.limit(budget="10")
    first, second, third = [await placed(desk.shop) for _ in range(3)]
    await desk.discount(first, "20")
    (request,) = await desk.requests(desk.manager)
    await desk.decide(desk.manager, "approveConcession", request)

    assert warned(await desk.discount(second, "6")) == []
    assert warned(await desk.discount(third, "4.01")) == ["APPROVAL_REQUIRED"]


async def test_what_is_taken_back_or_cancelled_frees_the_budget(desk: Desk) -> None:
    await desk.limit(budget="10")
    first, second, third = [await placed(desk.shop) for _ in range(3)]
    await desk.discount(first, "10")
    await desk.discount(first, "4", 2)
    assert warned(await desk.discount(second, "6")) == []
    await desk.shop.act(
        desk.shop.rep, "cancelOrder", orderId=first["id"], expectedVersion=3, reason="duplicado"
    )

    assert warned(await desk.discount(third, "4.01")) == ["APPROVAL_REQUIRED"]
    (request,) = await desk.requests(desk.shop.rep)
    await desk.decide(desk.shop.rep, "withdrawConcession", request)
    assert warned(await desk.discount(third, "4")) == []
    assert await desk.shop.broken() == []


async def test_a_budget_begins_anew_with_its_period(desk: Desk) -> None:
    await desk.limit(budget="10", period="WEEK")
    order, other = await placed(desk.shop), await placed(desk.shop)
    await desk.discount(order, "10")
    async with desk.shop.database.job() as session:
        await session.execute(text("update order_line_concession set given_on = given_on - 1"))  # a Sunday

    assert warned(await desk.discount(other, "10")) == []


async def test_a_persons_own_limit_counts_instead_of_the_roles(desk: Desk) -> None:
    await desk.limit(perLinePercent="5")
    mine = await desk.limit(
        role=None, salesRepId=encode_id("SalesRep", desk.shop.rep.user_id), perLinePercent="15"
    )
    order = await placed(desk.shop)

    assert mine["errors"] == [] and warned(await desk.discount(order, "15")) == []
    assert warned(await desk.discount(order, "15.5", 2)) == ["APPROVAL_REQUIRED"]


async def test_nothing_else_is_given_while_something_waits(desk: Desk) -> None:
    await desk.limit(perLinePercent="5")
    order = await placed(desk.shop)
    await desk.discount(order, "20")
    before = await desk.shop.snapshot()

    assert codes(await desk.discount(order, "1")) == ["INVALID_TRANSITION"]
    assert codes(await desk.give(order, "1")) == ["INVALID_TRANSITION"]
    assert await desk.shop.snapshot() == before


async def test_refused_and_withdrawn_leave_the_order_as_it_was(desk: Desk) -> None:
    await desk.limit(perLinePercent="5")
    order = await placed(desk.shop)
    await desk.discount(order, "20")
    (request,) = await desk.requests(desk.manager)
    before = await desk.shop.snapshot()
    silent = await desk.decide(desk.manager, "refuseConcession", request, reason=" ")
    foreign = await desk.decide(desk.manager, "withdrawConcession", request)
    assert (codes(silent), codes(foreign)) == (["REASON_REQUIRED"], ["NOT_PERMITTED"])
    assert await desk.shop.snapshot() == before

    refused = await desk.decide(desk.manager, "refuseConcession", request, reason="demasiado")

    assert refused["approvalRequest"]["status"] == "REFUSED"
    assert refused["approvalRequest"]["decisionReason"] == "demasiado"
    assert (await desk.net(order), await stock_of(desk.shop)) == ("100.00", (100, 10))
    await desk.discount(order, "20")
    request = (await desk.requests(desk.shop.rep, status={"eq": "PENDING"}))[0]
    taken = await desk.decide(desk.shop.rep, "withdrawConcession", request)
    assert taken["approvalRequest"]["status"] == "WITHDRAWN" and await desk.net(order) == "100.00"


async def test_nobody_consents_to_what_they_asked_for_themselves(desk: Desk) -> None:
    await desk.limit(role=None, salesRepId=encode_id("SalesRep", desk.manager.user_id), perLinePercent="5")
    async with desk.shop.database.job() as session:
        person = await make.make_rep(session, desk.shop.seller, role=Role.SALES_MANAGER, name="Otro Jefe")
    other = await make.viewer_of(desk.shop.database, person)
    own = await desk.limit(other, role=None, salesRepId=encode_id("SalesRep", other.user_id), budget="1")
    assert codes(own) == ["NOT_PERMITTED"]
    set_by_other = await desk.limit(
        other, role=None, salesRepId=encode_id("SalesRep", desk.manager.user_id), perLinePercent="5"
    )
    assert set_by_other["errors"] == []
    order = await placed(desk.shop)
    line = order["lines"][0]["id"]
    done = await desk.shop.act(
        desk.manager, "setOrderLinePrice", orderLineId=line, unitPrice="9", expectedVersion=1, reason="pacto"
    )
    assert warned(done) == ["APPROVAL_REQUIRED"]
    (request,) = await desk.requests(desk.manager)
    assert request["concession"]["unitPrice"] == {"amount": "9.00"}
    before = await desk.shop.snapshot()

    assert codes(await desk.decide(desk.manager, "approveConcession", request)) == ["NOT_PERMITTED"]
    assert codes(await desk.decide(desk.manager, "refuseConcession", request)) == ["NOT_PERMITTED"]
    assert await desk.requests(desk.manager, isToDecide={"eq": True}) == []
    assert await desk.shop.snapshot() == before


async def test_consent_is_refused_where_it_cannot_be_given_any_more(desk: Desk) -> None:
    await desk.limit(perLinePercent="5")
    order = await placed(desk.shop)
    await desk.discount(order, "20")
    (request,) = await desk.requests(desk.manager)
    for change, code in (
        ("update app_user set is_active = false where id = :rep", "NOT_PERMITTED"),
        ("update approval_request set due_at = requested_at", "INVALID_TRANSITION"),
        ("update sales_order_line set quantity_reserved = 0, quantity_shipped = 10", "INVALID_TRANSITION"),
    ):
        async with desk.shop.database.job() as session:
            values = {"rep": desk.shop.rep.user_id} if ":rep" in change else {}
            await session.execute(text(change), values)
        before = await desk.shop.snapshot()
        assert codes(await desk.decide(desk.manager, "approveConcession", request)) == [code]
        assert await desk.shop.snapshot() == before


async def test_the_floor_is_refused_and_not_asked_for(desk: Desk) -> None:
    await desk.limit(perLinePercent="5")
    order = await placed(desk.shop)
    before = await desk.shop.snapshot()

    done = await desk.discount(order, "35")  # 65.00 for what costs 60.00

    assert codes(done) == ["NOT_PERMITTED"] and "10" not in done["errors"][0]["message"]
    gift = await desk.give(order, "7")  # 100.00 for what costs 102.00
    assert codes(gift) == ["NOT_PERMITTED"]
    assert await desk.shop.snapshot() == before


async def test_what_nobody_decides_lapses_and_the_order_goes_on(desk: Desk) -> None:
    await desk.limit(perLinePercent="5")
    order = await placed(desk.shop)
    await desk.discount(order, "20")
    async with desk.shop.database.job() as session:
        assert await remind_concessions(session, NOW + timedelta(days=3, hours=23)) == []
        assert len(await remind_concessions(session, NOW + timedelta(days=4))) == 1
        assert await remind_concessions(session, NOW + timedelta(days=4, hours=1)) == []
        assert await lapse_approvals(session, NOW + timedelta(days=6)) == []
        assert len(await lapse_concessions(session, NOW + timedelta(days=6))) == 1
        assert await lapse_concessions(session, NOW + timedelta(days=6)) == []
        told = [
            tuple(each)
            for each in await session.execute(
                text("select type, customer_id from outbox_event where type like 'concession.%' order by id")
            )
        ]

    assert told == [
        ("concession.requested", None), ("concession.reminded", None), ("concession.lapsed", None),
    ]  # fmt: skip
    (request,) = await desk.requests(desk.manager)
    assert (request["status"], request["version"]) == ("LAPSED", 2)
    assert (await desk.net(order), await stock_of(desk.shop)) == ("100.00", (100, 10))
    assert await desk.shop.broken() == []


async def test_an_order_that_ends_takes_with_it_what_waits(desk: Desk) -> None:
    await desk.limit(perLinePercent="5")
    order = await placed(desk.shop)
    await desk.discount(order, "20")

    done = await desk.shop.act(
        desk.shop.buyer, "cancelOrder", orderId=order["id"], expectedVersion=1, reason="ya no"
    )

    assert done["order"]["status"] == "CANCELLED"
    assert [each["status"] for each in await desk.requests(desk.manager)] == ["WITHDRAWN"]


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"perLinePercent": "100.01"}, "INVALID", ["perLinePercent"]),
        ({"perOrderPercent": "-1"}, "INVALID", ["perOrderPercent"]),
        ({"budget": "-0.01"}, "INVALID", ["budget"]),
        ({"budget": "1.005"}, "INVALID", ["budget"]),
        ({"role": "FINANCE"}, "INVALID", ["role"]),
        ({"role": None}, "INVALID", ["role"]),
        ({"role": "SALES_MANAGER"}, "NOT_PERMITTED", ["role"]),
        ({"expectedVersion": 3}, "STALE_VERSION", None),
    ],
)
async def test_a_limit_that_makes_no_sense_is_refused(
    desk: Desk, given: dict[str, Any], code: str, path: list[str] | None
) -> None:
    before = await desk.shop.snapshot()

    done = await desk.limit(**given)

    assert codes(done) == [code]
    assert path is None or done["errors"][0]["path"] == path
    assert await desk.shop.snapshot() == before


async def test_limits_are_kept_with_versions_and_audited(desk: Desk) -> None:
    made = await desk.limit(perLinePercent="5", budget="100")
    assert codes(await desk.limit(perLinePercent="6")) == ["STALE_VERSION"]
    changed = await desk.limit(perLinePercent="6.5", expectedVersion=1)

    assert made["concessionLimit"]["budget"] == {"amount": "100.00", "currency": "EUR"}
    assert changed["concessionLimit"] | {"id": ""} == {
        "id": "", "version": 2, "role": "SALES_REP", "perLinePercent": "6.5", "budget": None, "period": "MONTH",
    }  # fmt: skip
    listed = await desk.shop.data(desk.manager, "{ concessionLimits { version salesRep { name } } }")
    assert listed["concessionLimits"] == [{"version": 2, "salesRep": None}]
    async with desk.shop.database.job() as session:
        told = list(
            await session.scalars(
                text("select action from audit_event where entity_type = 'ConcessionLimit'")
            )
        )
    assert told == ["concessionLimit.set"] * 2


# Free lines


async def test_a_free_line_is_reserved_shown_and_costs_nothing(desk: Desk) -> None:
    order = await placed(desk.shop)

    done = await desk.give(order, "2")

    assert done["errors"] == [] and done["order"]["version"] == 2
    line = done["order"]["lines"][1]
    assert (line["netAmount"]["amount"], line["grossAmount"]["amount"], line["quantityReserved"]) == (
        "0.00", "0.00", "2",
    )  # fmt: skip
    assert done["order"]["grossAmount"]["amount"] == "121.00" and await stock_of(desk.shop) == (100, 12)
    document = """query($id: ID!) { order(by: {id: $id}) { lines { isFree listUnitPrice { amount }
        priceTrace { component reason discount { amount } } } } }"""
    lines = (await desk.shop.data(desk.shop.rep, document, id=order["id"]))["order"]["lines"]
    assert lines[1] == {
        "isFree": True, "listUnitPrice": {"amount": "10.00"},
        "priceTrace": [
            {"component": "LIST_PRICE", "reason": "", "discount": {"amount": "0.00"}},
            {"component": "MANUAL_DISCOUNT", "reason": "muestra", "discount": {"amount": "20.00"}},
        ],
    }  # fmt: skip
    assert await desk.shop.broken() == []


@pytest.mark.parametrize(
    ("limit", "quantity", "causes"),
    [
        ({"perLinePercent": "0"}, "2", []),  # a line that is given whole is for the order's limit
        ({"perOrderPercent": "20"}, "2", []),  # 20.00 of 120.00
        ({"perOrderPercent": "16.5"}, "2", [("OVER_ORDER_DEPTH", "19.80", "20.00")]),
        ({"budget": "19.99"}, "2", [("OVER_BUDGET", "19.99", "20.00")]),
    ],
)
async def test_a_free_line_counts_at_what_the_rules_would_ask(
    desk: Desk, limit: dict[str, Any], quantity: str, causes: list[tuple[str, str, str]]
) -> None:
    await desk.limit(**limit)
    order = await placed(desk.shop)

    done = await desk.give(order, quantity)

    found = await desk.requests(desk.manager)
    assert [
        (each["code"], each["limit"]["amount"], each["amount"]["amount"])
        for request in found
        for each in request["causes"]
    ] == causes
    assert len(done["order"]["lines"]) == (1 if causes else 2)
    if causes:
        assert found[0]["concession"]["freeQuantity"] == "2"
        await desk.decide(desk.manager, "approveConcession", found[0])
        assert await stock_of(desk.shop) == (100, 12)
    assert await desk.shop.broken() == []


@pytest.mark.parametrize(
    ("sku", "quantity", "version", "code", "path"),
    [
        ("ACE-001", "0", 1, "QUANTITY_INVALID", ["quantity"]),
        ("ACE-001", "1.5", 1, "QUANTITY_INVALID", ["quantity"]),
        ("NADA", "1", 1, "UNKNOWN_SKU", ["sku"]),
        ("ACE-001", "1", 9, "STALE_VERSION", None),
        ("CARO", "1", 1, "OUT_OF_STOCK", ["quantity"]),
    ],
)
async def test_a_free_line_that_cannot_be_is_refused(
    desk: Desk, sku: str, quantity: str, version: int, code: str, path: list[str] | None
) -> None:
    async with desk.shop.database.job() as session:
        await make.make_product(session, desk.shop.seller, price="1", stock=0, sku="CARO")
    order = await placed(desk.shop)
    before = await desk.shop.snapshot()

    done = await desk.give(order, quantity, sku, version)

    assert codes(done) == [code] and (path is None or done["errors"][0]["path"] == path)
    assert await desk.shop.snapshot() == before


async def test_a_free_line_has_no_price_to_change_and_may_be_cancelled(desk: Desk) -> None:
    order = await placed(desk.shop)
    given = (await desk.give(order, "2"))["order"]["lines"][1]
    before = await desk.shop.snapshot()
    changed = await desk.shop.act(
        desk.shop.rep,
        "discountOrderLine",
        orderLineId=given["id"],
        percent="50",
        expectedVersion=2,
        reason="x",
    )
    assert codes(changed) == ["INVALID"] and await desk.shop.snapshot() == before

    done = await desk.shop.act(
        desk.shop.rep, "cancelOrderLine", orderLineId=given["id"], quantity="1", expectedVersion=2, reason="x"
    )

    assert done["errors"] == [] and await stock_of(desk.shop) == (100, 11)
    assert await desk.shop.broken() == []


async def test_nothing_is_given_with_nothing(desk: Desk) -> None:
    order = await placed(desk.shop)
    await desk.give(order, "2")

    done = await desk.shop.act(
        desk.shop.buyer, "cancelOrderLine", orderLineId=order["lines"][0]["id"], quantity="10",
        expectedVersion=2, reason="ya no",
    )  # fmt: skip

    assert done["order"]["status"] == "CANCELLED" and await stock_of(desk.shop) == (100, 0)


async def test_the_rules_price_again_counts_towards_the_agreement_again(desk: Desk) -> None:
    agreed = await in_force(
        desk.shop,
        {"type": "PRODUCT_QUANTITY", "sku": "ACE-001", "committed": "100", "unitPrice": "9.00", "maxEnforced": True,
         "isPriceFixed": True},
    )  # fmt: skip
    manager = await manager_of(desk.shop)
    order = await placed(desk.shop)
    line = order["lines"][0]["id"]

    async def set_price(price: str | None, version: int) -> dict[str, Any]:
        return await desk.shop.act(
            manager, "setOrderLinePrice", orderLineId=line, unitPrice=price, expectedVersion=version,
            reason="pacto",
        )  # fmt: skip

    async def released() -> str:
        found: str = (await read(desk.shop, desk.shop.rep, agreed))["lines"][0]["released"]
        return found

    assert (await desk.net(order), await released()) == ("90.00", "10")
    assert warned(await set_price("8", 1)) == ["AGREEMENT_UNLINKED"]
    assert (await desk.net(order), await released()) == ("80.00", "0")

    done = await set_price(None, 2)

    assert (done["errors"], warned(done)) == ([], [])
    assert (await desk.net(order), await released()) == ("90.00", "10")
    assert await desk.shop.broken() == []


async def test_an_agreement_that_has_no_more_left_is_not_passed(desk: Desk) -> None:
    agreed = await in_force(
        desk.shop,
        {"type": "PRODUCT_QUANTITY", "sku": "ACE-001", "committed": "100", "unitPrice": "9.00", "maxEnforced": True,
         "isPriceFixed": True},
    )  # fmt: skip
    manager = await manager_of(desk.shop)
    order = await placed(desk.shop)
    values = {"orderLineId": order["lines"][0]["id"], "reason": "pacto"}
    await desk.shop.act(manager, "setOrderLinePrice", unitPrice="8", expectedVersion=1, **values)
    async with desk.shop.database.job() as session:
        await session.execute(text("update agreement_line set released = 95"))
    before = await desk.shop.snapshot()

    done = await desk.shop.act(manager, "setOrderLinePrice", unitPrice=None, expectedVersion=2, **values)

    assert codes(done) == ["COMMITMENT_EXCEEDED"] and await desk.shop.snapshot() == before
    assert agreed["status"] == "EFFECTIVE"
