"""Rules of charges: kept by sales managers, read by reps, unknown to customers, and what pricing reads of them."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from auth.permissions import Role, Viewer
from models.charges import charge_rules_for
from models.sellers import SalesRep, SalesTeam
from rules.charges import (
    ChargeBand,
    ChargedLine,
    ChargeMethod,
    ChargeRule,
    Destination,
    charges,
)
from rules.pricing_facts import Party
from schema.ids import encode_id
from tests import factories as make
from tests.schema.shop import Shop

FIELDS = """id name kind basis currency priority segment countries postalPrefixes incoterms freeFrom { amount currency }
    validFrom validUntil isEnded version allowedActions bands { from to method value }
    customer { number } customerGroup { code } product { sku } category { code }"""
LIST = f"query List($search: String, $ended: Boolean! = false) {{ chargeRules(search: $search, includeEnded: $ended) {{ nodes {{ {FIELDS} }} totalCount }} }}"


def writes(act: str) -> str:
    name = act[0].upper() + act[1:] + "ChargeRule"
    return f"""mutation Act($input: {name}Input!) {{ done: {act}ChargeRule(input: $input) {{
        rule {{ {FIELDS} }} errors {{ code message path }} warnings {{ code path }} }} }}"""


CREATE, UPDATE, DEACTIVATE = writes("create"), writes("update"), writes("deactivate")
BANDS = [
    {"from": "0", "to": "20", "method": "FIXED", "value": "9.50"},
    {"from": "20", "method": "RATE", "value": "0.6"},
]
GIVEN: Mapping[str, Any] = {
    "name": "Portes península", "kind": "FREIGHT", "basis": "WEIGHT", "currency": "EUR", "bands": BANDS,
    "validFrom": "2026-01-01", "countries": ["es"], "postalPrefixes": ["28", "08"], "incoterms": ["DAP"],
    "freeFrom": "300",
}  # fmt: skip


@pytest.fixture
async def manager(shop: Shop) -> Viewer:
    """The sales manager of the rep's team."""
    async with shop.database.job() as session:
        rep = await session.get_one(SalesRep, shop.rep.user_id)
        team = await session.get_one(SalesTeam, rep.sales_team_id)
        user = await make.make_rep(session, shop.seller, team=team, role=Role.SALES_MANAGER)
        team.manager_id = user.id
    return await make.viewer_of(shop.database, user)


async def test_a_manager_keeps_a_rule_and_pricing_charges_by_it(shop: Shop, manager: Viewer) -> None:
    async def stored() -> list[ChargeRule]:
        async with shop.database.job() as session:
            return await charge_rules_for(
                session, seller_id=shop.seller.id, customers=[shop.customer.id], groups=[], today=date(2026, 3, 2)
            )  # fmt: skip

    made = (await shop.data(manager, CREATE, input=GIVEN))["done"]
    mine = {**GIVEN, "name": "Sin portes", "customerId": str(encode_id("Customer", shop.customer.id)),
            "bands": [{"from": "0", "value": "1"}]}  # fmt: skip
    foreign = (await shop.data(manager, CREATE, input=mine))["done"]
    (freight, own) = await stored()
    party = Party((str(shop.customer.id),), "EUR")
    goods = [
        ChargedLine(
            str(shop.product.id), "/general/", Decimal(10), Decimal(100), Decimal(25), "S", Decimal(21)
        )
    ]
    charged = [
        charges([rule], party, Decimal(100), goods, Destination("ES", "28 001"), "DAP", date(2026, 3, 2))[
            0
        ].net
        for rule in (freight, own)
    ]
    changed = (
        await shop.data(
            manager, UPDATE,
            input={**GIVEN, "bands": BANDS[:1], "ruleId": made["rule"]["id"], "expectedVersion": 1},
        )
    )["done"]  # fmt: skip
    ended = (
        await shop.data(manager, DEACTIVATE, input={"ruleId": foreign["rule"]["id"], "expectedVersion": 1})
    )["done"]
    read = (await shop.data(shop.rep, LIST, search="peninsula"))["chargeRules"]

    assert (made["errors"], made["warnings"], foreign["warnings"]) == ([], [], [])
    assert made["rule"] == {
        "id": made["rule"]["id"], "name": "Portes península", "kind": "FREIGHT", "basis": "WEIGHT", "currency": "EUR",
        "priority": 0, "segment": None, "countries": ["ES"], "postalPrefixes": ["08", "28"], "incoterms": ["DAP"],
        "freeFrom": {"amount": "300.00", "currency": "EUR"}, "validFrom": "2026-01-01", "validUntil": None,
        "isEnded": False, "version": 1, "allowedActions": ["UPDATE", "DEACTIVATE"],
        "bands": [{"from": "0", "to": "20", "method": "FIXED", "value": "9.5"},
                  {"from": "20", "to": None, "method": "RATE", "value": "0.6"}],
        "customer": None, "customerGroup": None, "product": None, "category": None,
    }  # fmt: skip
    assert freight.bands == (
        ChargeBand(Decimal(0), Decimal(20), ChargeMethod.FIXED, Decimal("9.5")),
        ChargeBand(Decimal(20), None, ChargeMethod.RATE, Decimal("0.6")),
    )
    assert charged == [Decimal("15.00"), Decimal("1.00")]
    assert [each["to"] for each in changed["rule"]["bands"]] == ["20"]
    assert (ended["rule"]["isEnded"], ended["rule"]["allowedActions"]) == (True, [])
    assert [(each["name"], each["version"], each["allowedActions"]) for each in read["nodes"]] == [
        ("Portes península", 2, [])
    ]
    assert [rule.name for rule in await stored()] == ["Portes península"]


async def test_what_is_refused_names_the_field_and_changes_nothing(shop: Shop, manager: Viewer) -> None:
    made = (await shop.data(manager, CREATE, input=GIVEN))["done"]["rule"]
    rival = (await shop.data(manager, CREATE, input=GIVEN))["done"]
    known = {"ruleId": made["id"], "expectedVersion": 1}
    before = await shop.snapshot()

    def bands(*rows: tuple[str, str | None, str]) -> dict[str, Any]:
        return {"bands": [{"from": start, "to": end, "value": value} for start, end, value in rows]}

    cases: list[tuple[str, dict[str, Any], str, list[list[str]]]] = [
        (CREATE, bands(("0", "10", "5"), ("11", None, "4")), "INVALID", [["bands", "1", "from"]]),
        (CREATE, bands(("0", "10", "5"), ("9", None, "4")), "INVALID", [["bands", "1", "from"]]),
        (CREATE, bands(("5", "10", "5"), ("0", "5", "4")), "INVALID", [["bands", "1", "from"]]),
        (CREATE, bands(("5", "5", "5")), "INVALID", [["bands", "0", "to"]]),
        (CREATE, bands(("0", None, "0")), "INVALID", [["bands", "0", "value"]]),
        (CREATE, {"bands": []}, "INVALID", [["bands"]]),
        (CREATE, bands(*[(str(i), str(i + 1), "1") for i in range(51)]), "LIMIT_EXCEEDED", [["bands"]]),
        (CREATE, bands(("0", None, "1000000001")), "INVALID", [["bands", "0", "value"]]),
        (CREATE, {"freeFrom": "0"}, "INVALID", [["freeFrom"]]),
        (CREATE, {"countries": []}, "INVALID", [["postalPrefixes"]]),
        (CREATE, {"countries": ["España"]}, "INVALID", [["countries"]]),
        (CREATE, {"currency": "XXX"}, "INVALID", [["currency"]]),
        (CREATE, {"validUntil": "2025-01-01"}, "INVALID", [["validUntil"]]),
        (CREATE, {"customerId": str(encode_id("Customer", shop.other.id))}, "NOT_FOUND", [["customerId"]]),
        (UPDATE, {**known, **bands(("0", "1", "-1"))}, "INVALID", [["bands", "0", "value"]]),
        (UPDATE, {**known, "expectedVersion": 2}, "STALE_VERSION", [["expectedVersion"]]),
    ]

    assert [each["code"] for each in rival["warnings"]] == ["ALREADY_EXISTS"]
    for document, given, code, paths in cases:
        done = (await shop.data(manager, document, input={**GIVEN, **given}))["done"]
        assert done["rule"] is None, given
        assert [each["path"] for each in done["errors"]] == paths, given
        assert {each["code"] for each in done["errors"]} == {code}, given
    for viewer in (shop.rep, shop.buyer, shop.finance, shop.logistics):
        answer = await shop.ask(viewer, CREATE, input=GIVEN)
        assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert await shop.snapshot() == before
    seen = {}
    for table in ("charge_rule", "charge_band"):
        for name, viewer in {"buyer": shop.buyer, "rep": shop.rep}.items():
            async with shop.database.read(viewer) as session:
                seen[table, name] = await session.scalar(text(f"select count(*) from {table}"))
    assert seen == {
        ("charge_rule", "buyer"): 0,
        ("charge_rule", "rep"): 2,
        ("charge_band", "buyer"): 0,
        ("charge_band", "rep"): 4,
    }
