"""One of the seller's people acts in a customer's place: how it begins, what it is, and when it ends."""

from dataclasses import dataclass
from typing import Any

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import delete, select, text, update

from app.database import Database
from auth.permissions import ON_BEHALF_GRANTS, ROLE_GRANTS, Role
from auth.permissions import Permission as P
from models.customers import Customer, Membership
from models.sellers import SalesRepTerritory
from models.users import StaffRole, User, UserSession
from tests.auth.conftest import Door, form_token, get_token, sign_in, whoami
from tests.factories import make_customer, make_rep, make_seller, make_territory, make_user

WHY = "Pedido por teléfono"


@dataclass
class House:
    rep: User
    colleague: User
    buyer: User
    mine: Customer
    of_territory: Customer
    foreign: Customer


@pytest.fixture
async def house(database: Database) -> House:
    async with database.job() as session:
        seller = await make_seller(session)
        north = await make_territory(session, seller, "NORTE")
        rep = await make_rep(session, seller, territories=[north], name="Rita Ruta")
        colleague = await make_rep(session, seller)
        mine = await make_customer(session, seller, rep=rep, name="Bar Uno SL")
        of_territory = await make_customer(session, seller, rep=colleague, territory=north)
        foreign = await make_customer(session, seller, rep=colleague)
        buyer = await make_user(session, seller, mine, name="Berta Compra")
        await make_user(session, seller, foreign, email="extra@example.com")
    return House(rep, colleague, buyer, mine, of_territory, foreign)


async def act(browser: AsyncClient, customer: Customer, reason: str = WHY, person: str = "") -> Response:
    fields = {"customer": customer.number, "reason": reason, "person": person}
    return await browser.post("/act-on-behalf", data=fields | {"csrf_token": await form_token(browser)})


async def rep_at(door: Door, house: House) -> AsyncClient:
    browser = await door.browser()
    await sign_in(browser, house.rep.email)
    return browser


async def test_a_rep_acts_for_a_customer_and_goes_back(door: Door, house: House) -> None:
    browser = await rep_at(door, house)
    before = await form_token(browser)

    begun = await act(browser, house.mine, person=house.buyer.email.upper())

    assert (begun.status_code, begun.headers["location"]) == (303, "/")
    said = await whoami(browser)
    assert said["viewer"] == {"user": str(house.rep.id), "customer": str(house.mine.id), "roles": ["BUYER"]}
    session = said["session"]
    assert (session["is_on_behalf"], session["on_behalf_of"], session["on_behalf_reason"]) == (
        True,
        "Berta Compra",
        WHY,
    )
    assert (session["is_staff"], session["customer_name"], session["name"]) == (
        False,
        "Bar Uno SL",
        "Rita Ruta",
    )
    assert set(session["permissions"]) == {each.value for each in ON_BEHALF_GRANTS}
    assert await form_token(browser) != before  # what was drawn for the console acts for nobody's company

    ended = await browser.post("/stop-acting", data={"csrf_token": await form_token(browser)})

    assert ended.headers["location"] == f"/staff/customers/{house.mine.number}"
    said = await whoami(browser)
    assert said["viewer"]["customer"] == "None" and said["session"]["is_staff"]
    assert not said["session"]["is_on_behalf"] and said["session"]["on_behalf_reason"] == ""


def test_they_may_order_and_no_more() -> None:
    held = set(ON_BEHALF_GRANTS)

    assert {P.ORDERS_PLACE, P.CARTS_USE, P.CATALOG_READ, P.PRICES_READ, P.ORDERS_READ} <= held
    assert held < set(ROLE_GRANTS[Role.BUYER])
    for never in (P.ORDERS_CANCEL, P.APPROVALS_DECIDE, P.COMPANY_MANAGE, P.INVOICES_READ, P.STAFF, P.ORDERS_PRICE,
                  P.PAYMENTS_MANAGE, P.CREDIT_READ, P.TAX_ID_READ, P.ON_BEHALF_ACT, P.API_CLIENTS_MANAGE):  # fmt: skip
        assert never not in held


async def test_a_customer_of_ones_territory_is_reached(door: Door, house: House) -> None:
    browser = await rep_at(door, house)

    await act(browser, house.of_territory)

    assert (await whoami(browser))["viewer"]["customer"] == str(house.of_territory.id)


async def sessions(door: Door) -> list[Any]:
    async with door.database.auth() as session:
        columns = (
            UserSession.customer_id,
            UserSession.on_behalf_reason,
            UserSession.on_behalf_of_id,
            UserSession.csrf_token,
        )
        return [tuple(each) for each in await session.execute(select(*columns))]


@pytest.mark.parametrize(
    ("label", "customer", "reason", "person", "error"),
    [
        ("a colleague's customer", "foreign", WHY, "", "unknown_customer"),
        ("no reason", "mine", "  ", "", "reason_required"),
        ("a novel for a reason", "mine", "x" * 501, "", "reason_required"),
        ("a person of another company", "mine", WHY, "extra@example.com", "unknown_customer"),
        ("nobody", "mine", WHY, "nadie@example.com", "unknown_customer"),
    ],
)
async def test_what_is_refused_changes_nothing(
    door: Door, house: House, label: str, customer: str, reason: str, person: str, error: str
) -> None:
    browser = await rep_at(door, house)
    before = await sessions(door)

    refused = await act(browser, getattr(house, customer), reason, person)

    assert refused.headers["location"].endswith(f"?error={error}"), label
    assert await sessions(door) == before
    assert (await whoami(browser))["session"]["is_staff"]


async def test_neither_buyers_nor_strangers_nor_those_who_do_already_begin(door: Door, house: House) -> None:
    buyer, rep, stranger = await door.browser(), await rep_at(door, house), await door.browser()
    await sign_in(buyer, house.buyer.email)
    await act(rep, house.mine)
    before = await sessions(door)

    assert (await act(buyer, house.mine)).headers["location"].endswith("?error=not_permitted")
    assert (await act(rep, house.of_territory)).headers["location"].endswith("?error=not_permitted")
    assert (await act(stranger, house.mine)).headers["location"] == "/login"
    assert await sessions(door) == before


async def test_a_form_without_its_token_begins_and_ends_nothing(door: Door, house: House) -> None:
    browser = await rep_at(door, house)
    fields = {"customer": house.mine.number, "reason": WHY}

    assert (await browser.post("/act-on-behalf", data=fields)).status_code == 403
    assert (await whoami(browser))["session"]["is_staff"]
    await act(browser, house.mine)
    assert (await browser.post("/stop-acting", data={"csrf_token": "x"})).status_code == 403
    assert (await whoami(browser))["session"]["is_on_behalf"]


@pytest.mark.parametrize("taken", ["role", "territory", "customer", "person"])
async def test_what_is_taken_away_ends_it_with_the_next_request(door: Door, house: House, taken: str) -> None:
    browser = await rep_at(door, house)
    begun = await act(browser, house.of_territory if taken == "territory" else house.mine,
                      person=house.buyer.email if taken == "person" else "")  # fmt: skip
    assert begun.headers["location"] == "/"
    async with door.database.job() as session:
        await session.execute(
            {
                "role": delete(StaffRole).where(StaffRole.user_id == house.rep.id),
                "territory": delete(SalesRepTerritory).where(SalesRepTerritory.sales_rep_id == house.rep.id),
                "customer": update(Customer)
                .where(Customer.id == house.mine.id)
                .values(sales_rep_id=house.colleague.id),
                "person": delete(Membership).where(Membership.user_id == house.buyer.id),
            }[taken]
        )

    said = await whoami(browser)

    assert said["viewer"] is None
    if taken != "role":
        assert said["session"]["must_choose_customer"] and said["session"]["permissions"] == []
        await browser.post("/stop-acting", data={"csrf_token": await form_token(browser)})
        assert (await whoami(browser))["session"]["is_staff"]


async def test_programs_begin_and_end_it_with_their_bearer_token(door: Door, house: House) -> None:
    browser = await door.browser()
    token = (await get_token(browser, house.rep.email)).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    asked = {"customer": house.mine.number, "reason": WHY, "person": house.buyer.email}

    assert (await browser.post("/auth/on-behalf", json=asked)).status_code == 401
    refused = await browser.post("/auth/on-behalf", json=asked | {"reason": ""}, headers=headers)
    foreign = await browser.post(
        "/auth/on-behalf", json=asked | {"customer": house.foreign.number}, headers=headers
    )
    shapeless = await browser.post("/auth/on-behalf", json=asked | {"reason": 7}, headers=headers)
    begun = await browser.post("/auth/on-behalf", json=asked, headers=headers)

    codes = [each.json()["errors"][0]["extensions"]["code"] for each in (refused, foreign, shapeless)]
    assert codes == ["REASON_REQUIRED", "UNKNOWN_CUSTOMER", "INVALID"] and begun.status_code == 204
    assert (await whoami(browser, token))["viewer"]["customer"] == str(house.mine.id)

    async with door.database.job() as session:
        await session.execute(text("update customer set sales_rep_id = :r"), {"r": house.colleague.id})
    lost = await browser.post("/graphql", headers=headers)
    assert lost.json()["errors"][0]["extensions"]["code"] == "SELECT_CUSTOMER"
    assert (await browser.request("DELETE", "/auth/on-behalf", headers=headers)).status_code == 204
    assert (await whoami(browser, token))["session"]["is_staff"]


async def trail(database: Database) -> list[tuple[Any, ...]]:
    columns = "action, entity_id, customer_id, actor_id, subject_id, reason, session_id is not null"
    async with database.job() as session:
        rows = await session.execute(
            text(f"select {columns} from audit_event where action like 'onBehalf.%' order by id")
        )
        return [tuple(row) for row in rows]


@pytest.mark.parametrize("way", ["back", "signed out"])
async def test_beginning_and_ending_are_in_the_trail(
    door: Door, house: House, database: Database, way: str
) -> None:
    browser = await rep_at(door, house)
    await act(browser, house.foreign)  # out of reach: nothing began
    assert await trail(database) == []

    await act(browser, house.mine, person=house.buyer.email)
    path = {"back": "/stop-acting", "signed out": "/logout"}[way]
    await browser.post(path, data={"csrf_token": await form_token(browser)})

    told = (house.mine.id, house.mine.id, house.rep.id, house.buyer.id, WHY, True)
    assert await trail(database) == [("onBehalf.begun", *told), ("onBehalf.ended", *told)]
