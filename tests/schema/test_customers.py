"""Customers as staff and as their own people see them."""

from typing import Any

import pytest
from sqlalchemy import text

from auth.permissions import Role, Viewer
from schema.ids import encode_id
from tests import factories as make
from tests.schema.shop import Shop

ADDRESS = {
    "label": "Obra",
    "name": "Bar Núñez",
    "street": "Calle Nueva 3",
    "postalCode": "50001",
    "city": "Zaragoza",
    "country": "es",
}


async def seen(shop: Shop, viewer: Viewer, search: str | None = None) -> list[str]:
    document = "query C($search: String) { customers(search: $search) { nodes { name } } }"
    return [each["name"] for each in (await shop.data(viewer, document, search=search))["customers"]["nodes"]]


async def test_a_rep_sees_own_team_and_territory_and_finance_all(shop: Shop) -> None:
    async with shop.database.job() as session:
        team = await make.make_team(session, shop.seller)
        north = await make.make_territory(session, shop.seller, "NORTE")
        colleague = await make.make_rep(session, shop.seller, team=team)
        mate = await make.make_rep(session, shop.seller, team=team, territories=[north])
        await make.make_customer(session, shop.seller, rep=colleague, name="Del equipo")
        await make.make_customer(session, shop.seller, territory=north, name="De la zona")
    viewer = await make.viewer_of(shop.database, mate)

    assert await seen(shop, shop.rep) == ["Bar Núñez SL"]
    assert await seen(shop, viewer) == ["De la zona", "Del equipo"]
    assert await seen(shop, shop.finance) == ["Bar Núñez SL", "De la zona", "Del equipo", "Otra Empresa SL"]
    assert await seen(shop, shop.finance, "nunez") == ["Bar Núñez SL"]
    assert await seen(shop, shop.buyer) == ["Bar Núñez SL"]


async def test_credit_is_shown_to_each_as_they_may_see_it(shop: Shop) -> None:
    await shop.place(shop.buyer, await shop.fill(shop.buyer, (shop.product, 10)))
    async with shop.database.job() as session:
        await session.execute(text("update credit_account set credit_limit = 200"))
        user = await make.make_user(session, shop.seller, customer=shop.customer, role=Role.COMPANY_ADMIN)
    admin = await make.viewer_of(shop.database, user)
    full = "{ customers { nodes { credit { limit { amount } exposure { amount } available { amount } } } } }"

    rep = (await shop.data(shop.rep, full))["customers"]["nodes"]
    own = await shop.data(admin, "{ viewer { customer { credit { available { amount } } } } }")
    hidden = await shop.ask(admin, "{ viewer { customer { credit { limit { amount } } } } }")
    unseen = await shop.ask(shop.buyer, "{ viewer { customer { credit { available { amount } } } } }")

    assert rep == [
        {
            "credit": {
                "limit": {"amount": "200.00"},
                "exposure": {"amount": "121.00"},
                "available": {"amount": "79.00"},
            }
        }
    ]
    assert own["viewer"]["customer"]["credit"]["available"]["amount"] == "79.00"
    assert "Cannot query field 'limit'" in hidden["errors"][0]["message"]
    assert "Cannot query field 'credit'" in unseen["errors"][0]["message"]


async def test_the_viewer_knows_their_companies(shop: Shop) -> None:
    async with shop.database.job() as session:
        both = await make.make_user(session, shop.seller, customer=shop.customer)
        await make.make_member(session, both, shop.other, Role.COMPANY_ADMIN)
    viewer = await make.viewer_of(shop.database, both, shop.other)
    document = "{ viewer { isStaff customer { name } customers { name isCurrent roles } seller { name } user { name } } }"

    found = (await shop.data(viewer, document))["viewer"]

    assert found["customer"] == {"name": "Otra Empresa SL"} and found["user"] == {"name": both.name}
    assert found["customers"] == [
        {"name": "Bar Núñez SL", "isCurrent": False, "roles": ["BUYER"]},
        {"name": "Otra Empresa SL", "isCurrent": True, "roles": ["COMPANY_ADMIN"]},
    ]
    assert await seen(shop, viewer) == ["Otra Empresa SL"]


async def admin_of(shop: Shop) -> Viewer:
    async with shop.database.job() as session:
        user = await make.make_user(session, shop.seller, customer=shop.customer, role=Role.COMPANY_ADMIN)
    return await make.viewer_of(shop.database, user)


CREATE = "mutation C($input: CreateAddressInput!) { createAddress(input: $input) { address { id country isDefaultDelivery } errors { code path } } }"


async def test_a_company_admin_keeps_addresses_and_the_default_moves(shop: Shop) -> None:
    admin = await admin_of(shop)

    payload = (await shop.data(admin, CREATE, input=ADDRESS | {"isDefaultDelivery": True}))["createAddress"]

    assert payload["errors"] == [] and payload["address"]["country"] == "ES"
    found = (await shop.data(admin, "{ viewer { customer { addresses { city isDefaultDelivery } } } }"))[
        "viewer"
    ]["customer"]
    assert found["addresses"] == [
        {"city": "Zaragoza", "isDefaultDelivery": True}, {"city": "Madrid", "isDefaultDelivery": False},
    ]  # fmt: skip
    assert (await shop.data(admin, "{ cart { deliveryAddress { city } } }"))["cart"]["deliveryAddress"] == {
        "city": "Zaragoza"
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [("label", " "), ("street", ""), ("country", "Spain"), ("city", "x" * 201), ("postalCode", "x" * 61)],
)
async def test_a_bad_address_names_its_field(shop: Shop, field: str, value: str) -> None:
    admin = await admin_of(shop)
    before = await shop.snapshot()

    payload = (await shop.data(admin, CREATE, input=ADDRESS | {field: value}))["createAddress"]

    assert [error["path"] for error in payload["errors"]] == [[field]]
    assert await shop.snapshot() == before


async def test_a_foreign_address_cannot_be_changed_nor_chosen(shop: Shop) -> None:
    admin = await admin_of(shop)
    async with shop.database.job() as session:
        foreign = await make.make_address(session, shop.other)
    from schema.ids import encode_id

    given: dict[str, Any] = ADDRESS | {"addressId": encode_id("Address", foreign.id)}
    document = (
        "mutation U($input: UpdateAddressInput!) { updateAddress(input: $input) { errors { code path } } }"
    )
    before = await shop.snapshot()

    payload = (await shop.data(admin, document, input=given))["updateAddress"]

    assert payload["errors"] == [{"code": "NOT_FOUND", "path": ["addressId"]}]
    assert await shop.snapshot() == before


NUMBERS = """query($id: ID!) { customer(by: {id: $id}) { itemNumbers(first: 5) { totalCount
  nodes { itemNumber product { sku } } } } }"""


async def test_item_numbers_are_the_companys_and_the_houses(shop: Shop) -> None:
    async with shop.database.job() as session:
        await make.make_item_number(session, shop.customer, shop.product, "BAR 7")
    asked = encode_id("Customer", shop.customer.id)

    for viewer in (shop.buyer, shop.rep, shop.logistics):
        found = (await shop.data(viewer, NUMBERS, id=asked))["customer"]["itemNumbers"]
        assert found == {"totalCount": 1, "nodes": [{"itemNumber": "BAR 7", "product": {"sku": "ACE-001"}}]}
    assert (await shop.data(shop.stranger, NUMBERS, id=asked))["customer"] is None
    own = await shop.data(shop.stranger, NUMBERS, id=encode_id("Customer", shop.other.id))
    assert own["customer"]["itemNumbers"]["totalCount"] == 0
