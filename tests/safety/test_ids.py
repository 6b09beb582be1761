"""Foreign ids, unknown ids and nonsense are one and the same: checks 4 and 5 of SAFETY.md 4."""

from copy import deepcopy
from typing import Any
from uuid import UUID

import pytest
from graphql import get_named_type, get_nullable_type, is_list_type
from sqlalchemy import text

from schema.ids import encode_id, split_id
from tests.safety.conftest import Scene, difference
from tests.safety.crawler import dump, root_fields
from tests.safety.examples import EXAMPLES, document, entity_field, id_coordinates, ids_given, input_type
from tests.safety.world import STAFF, make_viewers
from tests.turns import by_turns

UNKNOWN = UUID("01a00000-0000-7000-8000-00000000cafe")
# Type of global id -> table, and the column of the person for rows that are a person's own.
TABLES = {
    "Order": ("sales_order", "placed_by_id"), "OrderLine": ("sales_order_line", None), "Cart": ("cart", "user_id"),
    "CartLine": ("cart_line", None), "Wishlist": ("wishlist", "owner_id"), "WishlistItem": ("wishlist_item", None),
    "Address": ("customer_address", None), "Customer": ("customer", None), "User": ("app_user", None),
    "ApiClient": ("oauth_client", None), "ApprovalRule": ("approval_rule", None), "Invitation": ("invitation", None),
    "QuickOrder": ("quick_order", "user_id"), "Upload": ("upload", "user_id"),
    "Job": ("job", "started_by_id"),
    "Product": ("product", None), "Warehouse": ("warehouse", None), "ProductCategory": ("product_category", None),
    "ApprovalRequest": ("approval_request", None),
    "Delivery": ("delivery", None), "Invoice": ("invoice", None), "InvoiceLine": ("invoice_line", None),
    "InvoiceInstalment": ("invoice_instalment", None), "Payment": ("payment", None),
    "PaymentMatch": ("payment_match", None), "BankLine": ("bank_line", None),
    "FreeGoodsRule": ("free_goods_rule", None), "ChargeRule": ("charge_rule", None),
    "TradeAgreementJournal": ("trade_agreement_journal", None), "TradeAgreementRow": ("trade_agreement_row", None),
    "SalesAgreement": ("sales_agreement", None), "Quote": ("quote", None),
    "QuoteRevision": ("quote_revision", None), "QuoteLine": ("quote_line", None),
    "Supplier": ("supplier", None), "PurchaseOrder": ("purchase_order", None),
    "PurchaseOrderLine": ("purchase_order_line", None), "Lot": ("lot", None),
}  # fmt: skip
NONSENSE = (
    "", "x", "T3JkZXI", "0", "null", "Order:1", "../../etc/passwd", "' or 1=1 --", "T3JkZXI6MQ==", "🙈", "a" * 5000,
    "T3JkZXI6MDFhMDAwMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDBDQUZF", "%00", "T3JkZXI6Jw", "1e999",
)  # fmt: skip

# Whoever may name these may name all of the seller's.
OF_THE_HOUSE = (
    "Product", "ProductCategory", "DiscountGroup", "DiscountRule", "Segment", "TradeAgreementJournal",
    "SalesRep",
    "Supplier", "PurchaseOrder", "PurchaseOrderLine", "Lot", "Warehouse",
)  # fmt: skip


async def foreign_ids(scene: Scene, name: str) -> dict[str, list[str]]:
    """By type: rows of a company the viewer knows nothing of, and a colleague's private ones."""
    found: dict[str, list[str]] = {}
    mate = scene.world.users["pmate"]
    async with scene.database.job() as session:
        for type_name, (table, person) in TABLES.items():
            where = "customer_id = :other"
            if type_name in OF_THE_HOUSE or table in ("warehouse", "bank_line"):
                where = "true"
            elif table == "customer":
                where = "id = :other"
            elif table == "app_user":
                where = "id = :user"
            values = {"other": scene.world.customers["stranger"], "user": scene.world.users["sbuyer"]}
            used = {key: value for key, value in values.items() if f":{key}" in where}
            keys = list(await session.scalars(text(f"select id from {table} where {where} limit 2"), used))
            if person is not None and EXAMPLES_OWN.get(name) and type_name != "Wishlist":
                keys += await session.scalars(
                    text(f"select id from {table} where {person} = :mate limit 1"),
                    {"mate": mate},
                )
            found[type_name] = [str(encode_id(type_name, key)) for key in keys]
            assert found[type_name], type_name
    return found


EXAMPLES_OWN = {"pbuyer": True}  # whose rows are their own alone


def put(value: Any, path: tuple[str | int, ...], given: Any) -> Any:
    made = deepcopy(value)
    inner = made
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = given
    return made


def words_of(answer: dict[str, Any], used: str) -> str:
    """The answer as bytes, without the id and without what a document costs."""
    known = {key: value for key, value in answer.items() if key != "extensions"}
    return dump(known).replace(used, "ID") if split_id(used) is not None else dump(known)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
async def test_examples_name_every_id(still: Scene, name: str) -> None:
    inputs = await EXAMPLES[name].inputs(still)

    named = {place for given in inputs for place, _ in ids_given(input_type(name), given)}
    assert named == id_coordinates(input_type(name))


@pytest.mark.parametrize("name", sorted(each for each in EXAMPLES if id_coordinates(input_type(each))))
async def test_a_foreign_id_is_an_unknown_id(still: Scene, name: str) -> None:
    viewer = EXAMPLES[name].viewer
    inputs, before = await EXAMPLES[name].inputs(still), await still.snapshot()
    foreign = await foreign_ids(still, viewer)

    async def answer(given: Any, path: tuple[str | int, ...], value: str) -> str:
        document_ = document(name, f'@idempotent(key: "{UNKNOWN}")')
        found = await still.ask(viewer, document_, {"input": put(given, path, value)})
        assert "errors" not in found, found["errors"]
        payload = found["data"][name]
        assert payload["errors"] and payload[entity_field(name)] is None, (path, value)
        return words_of(found, value)

    for given, path in [(each, path) for each in inputs for _, path in ids_given(input_type(name), each)]:
        real = given
        for step in path:
            real = real[step]  # type: ignore[index]
        kind = split_id(str(real))
        assert kind is not None
        expected = await answer(given, path, str(encode_id(kind[0], UNKNOWN)))
        assert '"NOT_FOUND"' in expected, expected
        others = [one for type_name, many in foreign.items() for one in many if type_name != kind[0]]
        # The house's own people know every row of the world (another house's: test_deliveries).
        own_type = foreign[kind[0]] if kind[0] not in OF_THE_HOUSE and viewer not in STAFF else []
        # Ids of other types are refused by their name, before anything is read.
        for value in (*own_type, *by_turns(others, 5, name, path), *NONSENSE):
            assert await answer(given, path, value) == expected, (path, value)
    assert difference(before, await still.snapshot()) == {}


@pytest.mark.parametrize("name", ["pbuyer", "sadmin", "repb", "both@stranger"])
async def test_lookups_answer_null_for_all_of_them(still: Scene, name: str) -> None:
    view = still.engine.view(still.viewers[name])
    # Seen from the stranger's side, the parent's rows are the foreign ones.
    target = "parent" if name != "pbuyer" else "stranger"
    foreign: dict[str, list[str]] = {}
    async with still.database.job() as session:
        for type_name in ("Order", "Cart", "Wishlist", "Address"):
            found = await session.scalars(
                text(f"select id from {TABLES[type_name][0]} where customer_id = :c"),
                {"c": still.world.customers[target]},
            )
            foreign[type_name] = [str(encode_id(type_name, key)) for key in found]
    foreign["Customer"] = [str(encode_id("Customer", still.world.customers[target]))]
    if name in ("repb", "both@stranger"):
        # `both` placed an order at the parent too: acting for the stranger, even their own is out of sight.
        assert foreign["Order"]
    for root, field in root_fields(view).items():
        ways = (
            [f"{root}(by: {{id: $id}})"]
            if "by" in field.args
            else ["node(id: $id)"]
            if root == "node"
            else []
        )
        for way in ways:
            query = f"query($id: ID!) {{ {way} {{ __typename }} }}"
            known = [
                *(one for many in foreign.values() for one in many),
                *NONSENSE,
                str(encode_id("Order", UNKNOWN)),
            ]
            for value in known:
                answer = await still.ask(name, query, {"id": value})
                nothing: Any = [] if is_list_type(get_nullable_type(field.type)) else None
                assert "errors" not in answer and answer["data"] == {root: nothing}, (root, value, answer)


async def test_cursors_of_other_lists_and_nonsense_are_refused(still: Scene) -> None:
    """A cursor is a place, not a permission: it is refused where it does not belong, and never shows a foreign row."""
    name = "repa"
    view = still.engine.view(still.viewers[name])
    lists = [
        root
        for root, field in root_fields(view).items()
        if get_named_type(field.type).name.endswith("Connection")
    ]
    cursors: dict[str, str] = {}
    for root in lists:
        answer = await still.ask(name, f"{{ {root} {{ pageInfo {{ endCursor }} }} }}")
        if answer["data"][root]["pageInfo"]["endCursor"]:
            cursors[root] = answer["data"][root]["pageInfo"]["endCursor"]
    assert len(cursors) >= 3
    for root in lists:
        others = [cursor for other, cursor in cursors.items() if other != root]
        own = cursors.get(root)  # a rep sees lists in which there is nothing for them
        spoiled = [] if own is None else [own[:-3], own + "A", own.swapcase()]
        for argument in ("after", "before"):
            for value in (*others, *NONSENSE, *spoiled):
                query = (
                    f"query($c: String) {{ {root}({argument}: $c) {{ totalCount nodes {{ __typename }} }} }}"
                )
                answer = await still.ask(name, query, {"c": value})
                codes = {error["extensions"]["code"] for error in answer.get("errors", [])}
                assert codes == {"INVALID_CURSOR"}, (root, argument, value, answer)


async def test_a_foreign_cursor_shows_only_visible_rows(still: Scene) -> None:
    """The cursor of a row in another company's list only says from where on the viewer's own rows are listed."""
    query = "query($c: String) { orders(after: $c) { totalCount nodes { customerName } } }"
    found = await still.ask("finance", "{ orders(first: 100) { edges { cursor node { customerName } } } }")
    for edge in found["data"]["orders"]["edges"]:
        answer = await still.ask("sadmin", query, {"c": edge["cursor"]})
        assert "errors" not in answer
        assert all("stranger" in each["customerName"] for each in answer["data"]["orders"]["nodes"])
        assert answer["data"]["orders"]["totalCount"] == 3


@pytest.mark.parametrize(
    ("name", "placer"),
    [
        ("papprover", "pbuyer"),
        ("padmin", "cadmin"),
        ("repb", "pbuyer"),
        ("finance", "pbuyer"),
        ("pbuyer", "pmate"),
    ],
)
async def test_who_sees_an_order_may_not_do_everything_with_it(scene: Scene, name: str, placer: str) -> None:
    """Cancelling reaches less far than reading: an approver's own orders, a parent's own company's."""
    async with scene.database.job() as session:
        await session.execute(text("update seller set parents_see_descendants = true"))
        await session.execute(text("update customer set buyers_see_company_orders = true"))
    await make_viewers(scene.database, scene.world)
    order_id, before = scene.world.orders[placer][0], await scene.snapshot()
    given = {"orderId": order_id, "expectedVersion": 1, "reason": "mine now"}

    answer = await scene.ask(name, document("cancelOrder"), {"input": given}, "cancel")
    seen = await scene.ask(name, "query($i: ID!) { order(by: {id: $i}) { allowedActions } }", {"i": order_id})

    if name == "finance":  # the field does not exist for them
        assert any(each["message"].startswith("Cannot query field") for each in answer["errors"])
    elif name == "repb":
        assert (
            answer["data"]["cancelOrder"]["errors"][0]["code"] == "NOT_FOUND"
            and seen["data"]["order"] is None
        )
    else:
        assert answer["data"]["cancelOrder"]["errors"][0]["code"] == "NOT_PERMITTED"
        assert "CANCEL" not in seen["data"]["order"]["allowedActions"]
    assert difference(before, await scene.snapshot()) == {}


async def test_a_parent_sees_no_people_and_no_credit_below(scene: Scene) -> None:
    async with scene.database.job() as session:
        await session.execute(text("update seller set parents_see_descendants = true"))
    await make_viewers(scene.database, scene.world)
    query = "query($i: ID!) { customer(by: {id: $i}) { name taxId users { user { name } } credit { available { amount } } } }"
    own, below = [
        await scene.ask("padmin", query, {"i": str(encode_id("Customer", scene.world.customers[each]))})
        for each in ("parent", "child")
    ]

    assert (
        own["data"]["customer"]["users"]
        and own["data"]["customer"]["credit"]
        and own["data"]["customer"]["taxId"]
    )
    assert below["data"]["customer"] == {"name": "zqkchild SL", "taxId": None, "users": [], "credit": None}
