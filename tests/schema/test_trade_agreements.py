"""Trade agreements as they are stored, kept and read."""

import asyncio
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError

from auth.permissions import Role, Viewer
from models.trade_agreements import CustomerPricingGroup, ProductPricing, TradeAgreementRow
from models.users import User
from resolvers.trade_agreements import pricing_groups_for, trade_rows_for
from rules.pricing_facts import GroupMembership, TradeRelation
from schema.ids import encode_id
from tests import factories as make
from tests.schema.importing import imported, integrator_of
from tests.schema.shop import Shop
from tests.schema.trading import ROW, drafted, manager_of, post, posted, price, trade

DAY = date(2026, 3, 2)
PRICE, LINE = TradeRelation.PRICE, TradeRelation.LINE_DISCOUNT


async def test_what_may_hold_is_found_in_one_statement_and_nothing_else(shop: Shop) -> None:
    async with shop.database.job() as session:
        author = await session.get_one(User, shop.rep.user_id)
        item = {"product": shop.product, "unit_price": Decimal(9)}
        discount = {"relation": LINE, "percent1": Decimal(5)}
        await make.make_trade_rows(
            session, shop.seller, author,
            item | {"customer": shop.customer}, item | {"customer_group": "BARS"}, item,
            discount | {"item_group": "OIL"}, discount,
            item | {"customer": shop.other}, item | {"customer_group": "HOTELS"}, discount | {"item_group": "WINE"},
            item | {"customer": shop.customer, "valid_until": DAY, "currency": "EUR", "unit_code": "PCE"},
            item | {"customer": shop.customer, "valid_from": date(2026, 3, 4), "unit_code": "PCE"},
        )  # fmt: skip
        await make.make_trade_rows(
            session, shop.seller, author, item | {"customer": shop.customer}, is_posted=False
        )

        found = await trade_rows_for(
            session, seller_id=shop.seller.id, customers=[shop.customer.id], group_codes=["BARS"],
            products=[shop.product.id], item_groups=["OIL"], first=DAY, last=date(2026, 3, 3),
        )  # fmt: skip

    assert sorted((each.customer_scope.value, each.item_scope.value, each.label.split("/")[1]) for each in found) == [
        ("ALL", "ALL", "5"), ("ALL", "GROUP", "4"), ("ALL", "ONE", "3"), ("GROUP", "ONE", "2"), ("ONE", "ONE", "1"),
    ]  # fmt: skip
    own = next(each for each in found if each.label.endswith("/1"))
    assert (own.customer, own.item, own.unit_price) == (
        str(shop.customer.id),
        str(shop.product.id),
        Decimal(9),
    )


async def test_a_customer_without_a_group_for_a_relation_has_its_nearest_ancestor_s(shop: Shop) -> None:
    async with shop.database.job() as session:
        root = await make.make_customer(session, shop.seller)
        middle = await make.make_customer(session, shop.seller, parent=root)
        child = await make.make_customer(session, shop.seller, parent=middle)
        for customer, relation, code, priority in (
            (root, PRICE, "ROOT", 0), (middle, PRICE, "A", 1), (middle, PRICE, "B", 5), (root, LINE, "ROOT", 0),
            (child, LINE, "OWN", 2),
        ):  # fmt: skip
            session.add(
                CustomerPricingGroup(
                    customer_id=customer.id, relation=relation, group_code=code, priority=priority
                )
            )
        session.add(ProductPricing(product_id=shop.product.id, line_discount_group="OIL"))
        await session.flush()

        found = await pricing_groups_for(session, [child.id, shop.other.id], [shop.product.id])

    assert found.chains == {child.id: (child.id, middle.id, root.id), shop.other.id: (shop.other.id,)}
    assert found.groups[child.id] == {
        PRICE: (GroupMembership("B", 5), GroupMembership("A", 1)),
        LINE: (GroupMembership("OWN", 2),),
    }
    assert found.groups[shop.other.id] == {}
    assert found.group_codes(child.id) == ("A", "B", "OWN")
    assert found.item_groups == ("OIL",)
    assert found.products[shop.product.id].is_in_total_discount


@pytest.mark.parametrize(
    "change",
    [
        "set unit_price = 8",
        "set customer_id = null, customer_scope = 'ALL'",
        "set is_posted = false",
        "set valid_until = null",
        "set valid_until = date '2026-12-31'",
    ],
)
async def test_a_posted_row_only_ends_sooner(shop: Shop, change: str) -> None:
    """Whoever asks, the house too."""
    async with shop.database.job() as session:
        author = await session.get_one(User, shop.rep.user_id)
        row = {"customer": shop.customer, "product": shop.product, "unit_price": Decimal(9)}
        (posted,) = await make.make_trade_rows(
            session, shop.seller, author, row | {"valid_until": date(2026, 6, 1)}
        )
    with pytest.raises(DBAPIError, match="trade_agreement_row is posted"):
        async with shop.database.job() as session:
            await session.execute(text(f"update trade_agreement_row {change}"))
    with pytest.raises(DBAPIError, match="trade_agreement_row is posted"):
        async with shop.database.job() as session:
            await session.execute(text("delete from trade_agreement_row"))

    async with shop.database.job() as session:
        await session.execute(
            update(TradeAgreementRow).where(TradeAgreementRow.id == posted.id).values(valid_until=DAY)
        )
        stored = await session.scalar(text("select valid_until from trade_agreement_row"))
    assert stored == DAY


async def test_a_journal_is_written_checked_and_posted(shop: Shop) -> None:
    manager = await manager_of(shop)

    journal = await drafted(
        shop, manager, price(shop, "9.123456", fromQuantity="0", toQuantity="10", validUntil="2026-12-31"),
        price(shop, "8", fromQuantity="10"),
        {"relation": "LINE_DISCOUNT", "customerGroup": "BARS", "itemGroup": "OIL", "percent1": "5", "findNext": True},
    )  # fmt: skip

    assert (journal["number"], journal["status"], journal["version"], journal["rowCount"]) == (
        "TA-2026-000001", "DRAFT", 1, 3,
    )  # fmt: skip
    assert journal["allowedActions"] == ["EDIT", "POST"]
    first, _, discount = journal["rows"]["nodes"]
    assert (first["customer"], first["product"], first["unitPrice"], first["toQuantity"], first["validUntil"]) == (
        {"number": shop.customer.number}, {"sku": "ACE-001"}, {"amount": "9.123456"}, "10", "2026-12-31",
    )  # fmt: skip
    assert (discount["customerScope"], discount["itemScope"], discount["percent1"]) == ("GROUP", "GROUP", "5")
    assert await rows_of(shop, manager) == []  # a draft holds for nobody

    removed = await trade(
        shop,
        manager,
        "removeTradeAgreementRows",
        journalId=journal["id"],
        expectedVersion=1,
        rowIds=[discount["id"]],
    )
    tried = await post(shop, manager, removed["journal"], "@dryRun")
    assert (tried["errors"], tried["journal"]["status"]) == ([], "POSTED")
    done = await post(shop, manager, removed["journal"])

    assert (done["journal"]["status"], done["journal"]["version"], done["journal"]["allowedActions"]) == (
        "POSTED", 3, [],
    )  # fmt: skip
    found = await rows_of(shop, manager, on="2026-03-02")
    assert [(each["unitPrice"]["amount"], each["isPosted"]) for each in found] == [
        ("8.00", True),
        ("9.123456", True),
    ]
    assert [each["unitPrice"]["amount"] for each in await rows_of(shop, manager, on="2027-01-01")] == ["8.00"]
    assert await rows_of(shop, manager, where={"relation": {"eq": "LINE_DISCOUNT"}}) == []
    events = await audit(shop)
    assert events == [
        "tradeAgreementJournal.drafted",
        "tradeAgreementJournal.changed",
        "tradeAgreementJournal.posted",
    ]


async def test_a_replaced_row_ends_the_day_before(shop: Shop) -> None:
    manager = await manager_of(shop)
    (old,) = await posted(shop, manager, price(shop, "9"))

    (new,) = await posted(shop, manager, price(shop, "8", validFrom="2026-04-01", replacesId=old["id"]))

    assert new["replaces"]["id"] == old["id"]
    ends = {each["unitPrice"]["amount"]: each["validUntil"] for each in await rows_of(shop, manager)}
    assert ends == {"9.00": "2026-03-31", "8.00": None}


async def test_many_prices_rise_in_one_act(shop: Shop) -> None:
    manager = await manager_of(shop)
    await posted(
        shop, manager, price(shop, "9.99", toQuantity="10"), price(shop, "8.01", fromQuantity="10"),
        {"relation": "TOTAL_DISCOUNT", "fromQuantity": "500", "amount": "10", "percent1": "2"},
    )  # fmt: skip
    journal = await drafted(shop, manager)

    copied = await trade(
        shop, manager, "copyTradeAgreementRows", journalId=journal["id"], expectedVersion=1, factor="1.05",
        validFrom="2026-06-01", where={"relation": {"eq": "PRICE"}},
    )  # fmt: skip
    done = await post(shop, manager, copied["journal"])

    assert done["errors"] == []
    values = [(each["unitPrice"]["amount"], each["validFrom"]) for each in done["journal"]["rows"]["nodes"]]
    assert values == [("10.49", "2026-06-01"), ("8.41", "2026-06-01")]
    in_force = {
        each["unitPrice"]["amount"] for each in await rows_of(shop, manager, on="2026-05-31", where=PRICES)
    }
    assert in_force == {"9.99", "8.01"}
    in_force = {
        each["unitPrice"]["amount"] for each in await rows_of(shop, manager, on="2026-06-01", where=PRICES)
    }
    assert in_force == {"10.49", "8.41"}


PRICES = {"relation": {"eq": "PRICE"}}
TOTAL = {"relation": "TOTAL_DISCOUNT", "percent1": "5"}
BAD_ROWS: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"unitPrice": None}, [("INVALID", "unitPrice")]),
    ({"unitPrice": "-1"}, [("INVALID", "unitPrice")]),
    ({"unitPrice": "1000000000000"}, [("INVALID", "unitPrice")]),
    ({"priceUnit": "0"}, [("INVALID", "priceUnit")]),
    ({"percent1": "5"}, [("INVALID", "percent1")]),
    ({"sku": ""}, [("INVALID", "productId")]),
    ({"sku": "NOPE"}, [("NOT_FOUND", "sku")]),
    ({"customerNumber": "C-1"}, [("INVALID", "customerGroup"), ]),
    ({"customerId": None, "customerNumber": "NOPE"}, [("NOT_FOUND", "customerNumber")]),
    ({"currency": "ZZZ"}, [("NOT_FOUND", "currency")]),
    ({"unit": "NOPE"}, [("NOT_FOUND", "unit")]),
    ({"fromQuantity": "10", "toQuantity": "10"}, [("INVALID", "toQuantity")]),
    ({"fromQuantity": "-1"}, [("INVALID", "fromQuantity")]),
    ({"validFrom": "2026-04-01", "validUntil": "2026-03-31"}, [("INVALID", "validUntil")]),
    ({"relation": "LINE_DISCOUNT", "percent1": "5"}, [("INVALID", "unitPrice")]),
    ({"relation": "LINE_DISCOUNT", "unitPrice": None, "percent1": "100.1"}, [("INVALID", "percent1")]),
    ({"relation": "LINE_DISCOUNT", "unitPrice": None, "percent2": "-1"}, [("INVALID", "percent2")]),
    ({"relation": "MULTILINE_DISCOUNT", "unitPrice": None, "percent1": "5"}, [("INVALID", "productId")]),
    ({"relation": "TOTAL_DISCOUNT", "unitPrice": None, "sku": "", "itemGroup": "OIL"}, [("INVALID", "itemGroup")]),
    ({"relation": "TOTAL_DISCOUNT", "unitPrice": None, "sku": "", "unit": "PCE"}, [("INVALID", "unit")]),
]  # fmt: skip


async def test_a_row_that_cannot_be_is_refused_by_its_field_and_nothing_is_stored(shop: Shop) -> None:
    manager = await manager_of(shop)
    journal = await drafted(shop, manager, price(shop))
    before = await shop.snapshot()

    for bad, expected in BAD_ROWS:
        rows = [TOTAL, price(shop) | bad]
        payload = await trade(
            shop, manager, "addTradeAgreementRows", journalId=journal["id"], expectedVersion=1, rows=rows
        )
        found = [(each["code"], each["path"]) for each in payload["errors"]]
        assert found == [(code, ["rows", "1", field]) for code, field in expected], bad
    assert await shop.snapshot() == before


async def clash(shop: Shop, manager: Viewer, *rows: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """What posting these rows is refused with; nothing changed but the draft."""
    journal = await drafted(shop, manager, *rows)
    before = await shop.snapshot()
    payload = await post(shop, manager, journal)
    assert payload["journal"] is None and await shop.snapshot() == before
    return [(each["code"], each["path"]) for each in payload["errors"]]


async def test_rows_that_cannot_stand_beside_each_other_are_not_posted(shop: Shop) -> None:
    manager = await manager_of(shop)
    discount = {"relation": "LINE_DISCOUNT", "itemGroup": "OIL", "percent1": "5"}
    old, *_ = await posted(
        shop, manager, price(shop, validUntil="2026-06-30"), discount | {"fromQuantity": "1"},
        discount | {"fromQuantity": "10", "toQuantity": "100"},  # a higher band stands inside a lower one: TA-05
    )  # fmt: skip

    assert await clash(shop, manager, price(shop, "8", validFrom="2026-06-30")) == [
        ("ALREADY_EXISTS", ["rows", "1", "fromQuantity"])
    ]
    assert await clash(shop, manager, discount | {"fromQuantity": "10", "percent1": "9"}) == [
        ("ALREADY_EXISTS", ["rows", "1", "fromQuantity"])
    ]
    later = {"validFrom": "2026-08-01"}
    assert await clash(
        shop, manager, price(shop, **later, toQuantity="10"), price(shop, **later, fromQuantity="9.5")
    ) == [("INVALID", ["rows", "2", "fromQuantity"])]
    assert await clash(
        shop, manager, price(shop, **later, toQuantity="10"), price(shop, **later, fromQuantity="11")
    ) == [("INVALID", ["rows", "2", "fromQuantity"])]  # 10 would have no price
    assert await clash(shop, manager, price(shop, "8", validFrom="2026-03-01", replacesId=old["id"])) == [
        ("INVALID", ["rows", "1", "validFrom"])
    ]
    assert await clash(shop, manager, price(shop, "8", validFrom="2026-07-01", replacesId=old["id"])) == [
        ("INVALID", ["rows", "1", "replacesId"])
    ]
    assert await clash(
        shop,
        manager,
        price(shop, "8", currency="EUR", unit="PCE", validFrom="2026-04-01", replacesId=old["id"]),
    ) == [("INVALID", ["rows", "1", "replacesId"])]
    # Side by side in time, in quantity or for somebody else there is nothing to refuse.
    await posted(
        shop, manager, price(shop, **later, toQuantity="10"), price(shop, **later, fromQuantity="10"),
        price(shop, unit="PCE"), price(shop, customerId=None), price(shop, customerId=None, customerGroup="BARS"),
    )  # fmt: skip


async def test_a_row_that_could_never_apply_is_not_posted(shop: Shop) -> None:
    manager = await manager_of(shop)
    async with shop.database.job() as session:
        await make.make_unit(session, "BOX")
        gone = await make.make_product(session, shop.seller, sku="OLD-1", active_until=DAY)
        await session.execute(text("update seller set inactive_trade_cells = '{LINE_DISCOUNT:ALL:ALL}'"))

    assert await clash(
        shop, manager, price(shop, validUntil="2026-03-01"), price(shop, unit="BOX"), price(shop, sku=gone.sku),
        {"relation": "LINE_DISCOUNT", "percent1": "5"},
    ) == [
        ("INVALID", ["rows", "1", "validUntil"]), ("UNIT_MISMATCH", ["rows", "2", "unit"]),
        ("INVALID", ["rows", "3", "productId"]), ("INVALID", ["rows", "4", "relation"]),
    ]  # fmt: skip
    assert await clash(shop, manager) == [("INVALID", ["journalId"])]


async def test_other_people_s_customers_are_not_there(shop: Shop) -> None:
    """A manager reaches their team's customers; a rep reads; a journal with rows that one does not see is not theirs."""
    manager = await manager_of(shop)
    async with shop.database.job() as session:
        user = await make.make_user(session, shop.seller, roles=[Role.ADMINISTRATOR])
    administrator = await make.viewer_of(shop.database, user)
    foreign = encode_id("Customer", shop.other.id)
    await posted(
        shop, administrator, price(shop, customerId=foreign), price(shop), price(shop, customerId=None)
    )
    draft = await drafted(shop, administrator, price(shop, customerId=foreign, validFrom="2027-01-01"), TOTAL)
    before = await shop.snapshot()

    assert len(await rows_of(shop, administrator)) == 3
    assert [each["customerScope"] for each in await rows_of(shop, manager)] == ["ALL", "ONE"]
    assert [each["customerScope"] for each in await rows_of(shop, shop.rep)] == ["ALL", "ONE"]
    assert (await post(shop, manager, draft))["errors"][0]["code"] == "NOT_PERMITTED"
    payload = await trade(
        shop, manager, "createTradeAgreementJournal", rows=[price(shop, customerId=foreign)]
    )
    assert [(each["code"], each["path"]) for each in payload["errors"]] == [
        ("NOT_FOUND", ["rows", "0", "customerId"])
    ]
    for viewer in (shop.buyer, shop.finance, shop.logistics):
        answer = await shop.ask(viewer, "{ tradeAgreementRows { totalCount } }")
        assert "Cannot query field" in answer["errors"][0]["message"]
    assert await shop.snapshot() == before


async def test_a_draft_that_moved_on_is_not_written_over(shop: Shop) -> None:
    manager = await manager_of(shop)
    journal = await drafted(shop, manager, TOTAL)
    added = await trade(
        shop, manager, "addTradeAgreementRows", journalId=journal["id"], expectedVersion=1, rows=[price(shop)]
    )
    before = await shop.snapshot()
    assert (await post(shop, manager, journal))["errors"][0]["code"] == "STALE_VERSION"
    assert await shop.snapshot() == before

    done = await post(shop, manager, added["journal"])

    again = await trade(
        shop, manager, "removeTradeAgreementRows", journalId=journal["id"], expectedVersion=3,
        rowIds=[done["journal"]["rows"]["nodes"][0]["id"]],
    )  # fmt: skip
    assert again["errors"][0]["code"] == "INVALID_TRANSITION"


async def test_groups_of_customers_and_products_are_set_as_a_whole(shop: Shop) -> None:
    manager = await manager_of(shop)
    customer, product = encode_id("Customer", shop.customer.id), encode_id("Product", shop.product.id)
    groups: list[dict[str, Any]] = [
        {"relation": "PRICE", "code": " NYC ", "priority": 5},
        {"relation": "PRICE", "code": "NORTH_EAST"},
        {"relation": "LINE_DISCOUNT", "code": "NYC"},
    ]
    set_groups = """mutation Set($input: SetCustomerPricingGroupsInput!) { setCustomerPricingGroups(input: $input) {
        customer { version pricingGroups { relation code priority } } errors { code path } } }"""
    set_pricing = """mutation Set($input: SetProductPricingInput!) { setProductPricing(input: $input) {
        product { pricing { lineDiscountGroup multilineDiscountGroup isInTotalDiscount version } }
        errors { code path } } }"""

    async def ask(document: str, **given: Any) -> dict[str, Any]:
        (payload,) = (await shop.data(manager, document, None, input=given)).values()
        found: dict[str, Any] = payload
        return found

    done = await ask(set_groups, customerId=customer, expectedVersion=1, groups=groups)
    assert done["customer"] == {
        "version": 2,
        "pricingGroups": [
            {"relation": "LINE_DISCOUNT", "code": "NYC", "priority": 0},
            {"relation": "PRICE", "code": "NYC", "priority": 5},
            {"relation": "PRICE", "code": "NORTH_EAST", "priority": 0},
        ],
    }
    done = await ask(set_pricing, productId=product, expectedVersion=0, lineDiscountGroup="OIL")
    pricing = {
        "lineDiscountGroup": "OIL",
        "multilineDiscountGroup": "",
        "isInTotalDiscount": True,
        "version": 1,
    }
    assert done["product"]["pricing"] == pricing
    before = await shop.snapshot()

    for document, given, error in (
        (set_groups, {"groups": groups + groups[:1], "expectedVersion": 2}, ("ALREADY_EXISTS", ["groups", "3", "code"])),
        (set_groups, {"groups": [groups[0] | {"code": " "}], "expectedVersion": 2}, ("INVALID", ["groups", "0", "code"])),
        (set_groups, {"groups": [groups[0] | {"priority": 1001}], "expectedVersion": 2},
         ("INVALID", ["groups", "0", "priority"])),
        (set_groups, {"groups": [], "expectedVersion": 1}, ("STALE_VERSION", ["expectedVersion"])),
        (set_pricing, {"expectedVersion": 0}, ("STALE_VERSION", ["expectedVersion"])),
        (set_pricing, {"expectedVersion": 1, "lineDiscountGroup": "x" * 65}, ("INVALID", ["lineDiscountGroup"])),
    ):  # fmt: skip
        key = {"customerId": customer} if document is set_groups else {"productId": product}
        refused = await ask(document, **key, **given)
        assert [(each["code"], each["path"]) for each in refused["errors"]] == [error]
    assert await shop.snapshot() == before


async def rows_of(shop: Shop, viewer: Viewer, **asked: Any) -> list[dict[str, Any]]:
    document = f"""query Rows($where: TradeAgreementRowWhere, $on: Date) {{
        tradeAgreementRows(where: $where, on: $on) {{ nodes {{ {ROW} }} }} }}"""
    found: list[dict[str, Any]] = (await shop.data(viewer, document, **asked))["tradeAgreementRows"]["nodes"]
    return found


async def audit(shop: Shop) -> list[str]:
    async with shop.database.job() as session:
        found = await session.scalars(
            text("select action from audit_event where entity_type = 'TradeAgreementJournal' order by id")
        )
        return list(found)


async def test_a_file_is_posted_as_one_journal_and_one_price_touches_one_row(shop: Shop) -> None:
    viewer = await integrator_of(shop)
    head = "relation,customer,sku,valid_from,price,from_quantity,last_day,percent1\n"
    who = f"PRICE,{shop.customer.number},ACE-001"
    file = f"{head}{who},2026-04-01,9,,,\n{who},2026-05-01,8,,,\nTOTAL_DISCOUNT,,,2026-01-01,,500,,5\n"

    taken = await imported(shop, viewer, "TRADE_AGREEMENTS", file)
    assert taken.counts == (2, 1, 0, 0), taken.errors
    before = await stored_rows(shop)
    assert [row[1:] for row in before] == [
        ("9.000000", date(2026, 4, 1), date(2026, 5, 1)), ("8.000000", date(2026, 5, 1), None),
        (None, date(2026, 1, 1), None),
    ]  # fmt: skip
    assert (await imported(shop, viewer, "TRADE_AGREEMENTS", file)).counts == (0, 0, 3, 0)
    assert await stored_rows(shop) == before

    assert (await imported(shop, viewer, "TRADE_AGREEMENTS", f"{head}{who},2026-06-01,7,,,\n")).counts == (
        0,
        1,
        0,
        0,
    )
    after = await stored_rows(shop)
    assert [row for row in after if row not in before] == [
        (before[1][0], "8.000000", date(2026, 5, 1), date(2026, 6, 1)),
        (after[3][0], "7.000000", date(2026, 6, 1), None),
    ]
    journals = await shop.data(viewer, "{ tradeAgreementJournals { nodes { status rowCount } } }")
    assert [each["rowCount"] for each in journals["tradeAgreementJournals"]["nodes"]] == [1, 3]

    bad = await imported(
        shop, viewer, "TRADE_AGREEMENTS",
        f"{head}{who},2026-03-01,6,,,\n{who},2026-07-01,,,,\n{who},2026-07-01,5,10,2026-03-01,\n"
        f"PRICE,NADIE,ACE-001,2026-07-01,5,,,\nPRICE,,,2026-07-01,5,,,\nLINE_DISCOUNT,,,2026-07-01,,,,101\n",
    )  # fmt: skip
    assert bad.counts == (0, 0, 0, 6)
    assert [(row, column, code) for row, column, _, code in bad.errors] == [
        (2, "valid_from", "ALREADY_EXISTS"), (3, "price", "INVALID"), (4, "last_day", "INVALID"),
        (4, "last_day", "INVALID"), (5, "customer", "NOT_FOUND"), (6, "sku", "INVALID"), (7, "percent1", "INVALID"),
    ]  # fmt: skip
    assert await stored_rows(shop) == after


async def stored_rows(shop: Shop) -> list[tuple[Any, ...]]:
    """(id, price, first day, first day without) in the order in which they were posted."""
    document = """select row.id, unit_price::text, valid_from, valid_until from trade_agreement_row row
        join trade_agreement_journal journal on journal.id = journal_id order by journal.number, position"""
    async with shop.database.job() as session:
        return [tuple(row) for row in await session.execute(text(document))]


async def test_of_two_postings_at_once_one_wins(shop: Shop) -> None:
    manager = await manager_of(shop)
    drafts = [await drafted(shop, manager, price(shop, str(value))) for value in range(5, 9)]

    done = await asyncio.gather(*(post(shop, manager, each) for each in drafts))

    codes = sorted(each["errors"][0]["code"] if each["errors"] else "" for each in done)
    assert codes == ["", "ALREADY_EXISTS", "ALREADY_EXISTS", "ALREADY_EXISTS"]
    assert len(await rows_of(shop, manager)) == 1
