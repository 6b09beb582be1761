"""Quick orders: many lines kept, verified in pages, and put into the cart or on a list as a whole."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app.database import Database
from resolvers.quick_order_kept import KEPT, KEPT_MAX, delete_expired_quick_orders
from resolvers.uploads import delete_expired_uploads
from schema.ids import encode_id
from tests import factories as make
from tests.safety.test_statements import counted
from tests.schema.shop import NOW, Shop
from tests.turns import IS_LONG

CHECKED = """validCount adjustedCount invalidCount mergedCount netAmount { amount }
    pagedLines(first: 100) { nodes { lineNumbers status quantity requestedQuantity product { sku }
        problem { code message } netAmount { amount } suggestions { sku } } totalCount }"""
CREATE = f"""mutation($input: CreateQuickOrderInput!) {{ createQuickOrder(input: $input) {{
    quickOrder {{ id source fileName lineCount checked {{ {CHECKED} }} }} errors {{ code message path }} }} }}"""
TO_CART = """mutation($input: AddQuickOrderToCartInput!) { addQuickOrderToCart(input: $input) {
    cart { lineCount } errors { code message path } warnings { code message } } }"""
CART = "{ cart { lineCount problemLineCount lines { quantity product { sku } } } }"


async def create(shop: Shop, viewer: Any = None, **given: Any) -> dict[str, Any]:
    made: dict[str, Any] = (await shop.data(viewer or shop.buyer, CREATE, input=given))["createQuickOrder"]
    return made


async def kept(shop: Shop, lines: str) -> str:
    made = await create(shop, text=lines)
    assert made["errors"] == []
    return str(made["quickOrder"]["id"])


async def upload(shop: Shop, content: bytes, **given: Any) -> str:
    async with shop.database.job() as session:
        sent = await make.make_upload(session, shop.buyer, NOW, content, **given)
    return str(encode_id("Upload", sent.id))


async def stock_the_shop(shop: Shop) -> None:
    async with shop.database.job() as session:
        await make.make_product(session, shop.seller, sku="PACK-6", pack_size=6, stock=100, price="2")
        await make.make_item_number(session, shop.customer, shop.product, "BN 77")


async def test_lines_are_verified_with_counts_reasons_and_suggestions(shop: Shop) -> None:
    await stock_the_shop(shop)

    made = await create(shop, text="ACE-001 2\nPACK-6 7\nACE-01 4\nbn77 3\nACE-001;2.5\nPACK-6 1")

    order = made["quickOrder"]
    assert (order["source"], order["fileName"], order["lineCount"]) == ("TEXT", "", 6)
    checked = order["checked"]
    assert [
        (each["lineNumbers"], each["status"], each["requestedQuantity"], each["quantity"])
        for each in checked["pagedLines"]["nodes"]
    ] == [([1, 4, 5], "ADJUSTED", "7.5", "8"), ([2, 6], "ADJUSTED", "8", "12"), ([3], "INVALID", "4", None)]
    assert [each["problem"]["code"] for each in checked["pagedLines"]["nodes"]] == [
        "QUANTITY_INVALID", "PACK_SIZE", "UNKNOWN_SKU",
    ]  # fmt: skip
    assert [checked[name] for name in ("validCount", "adjustedCount", "invalidCount", "mergedCount")] == [
        0,
        2,
        1,
        3,
    ]
    assert checked["netAmount"] == {"amount": "104.00"}


async def test_unknown_codes_are_answered_with_nearly_the_same(shop: Shop) -> None:
    async with shop.database.job() as session:
        await make.make_product(session, shop.seller, sku="ALB-10230")
        hidden = await make.make_product(session, shop.seller, sku="ALB-10231")
        hidden.active_until = NOW.date()
        from models.search import refresh_search

        await session.flush()
        await refresh_search(session)

    made = await create(shop, text="ALB-10239 1\nzzz 1\nALB-10230 1")

    nodes = made["quickOrder"]["checked"]["pagedLines"]["nodes"]
    assert [[each["sku"] for each in node["suggestions"]] for node in nodes] == [["ALB-10230"], [], []]


async def test_what_is_short_is_answered_with_substitutes(shop: Shop) -> None:
    async with shop.database.job() as session:
        short = await make.make_product(
            session, shop.seller, sku="SHORT", stock=1, out_of_stock_policy="REFUSE"
        )
        await session.execute(
            text("insert into product_relation values (:of, 'SUBSTITUTE', :to, 0)"),
            {"of": short.id, "to": shop.product.id},
        )

    made = await create(shop, lines=[{"sku": "SHORT", "quantity": "2"}])

    (line,) = made["quickOrder"]["checked"]["pagedLines"]["nodes"]
    assert (line["status"], line["problem"]["code"]) == ("INVALID", "OUT_OF_STOCK")
    assert line["suggestions"] == [{"sku": "ACE-001"}]


async def test_a_file_is_used_once_and_only_by_its_sender(shop: Shop) -> None:
    await stock_the_shop(shop)
    sent = await upload(shop, b"Cantidad;Referencia\n2;bn-77\n\nx;ACE-001\n", name="pedido.csv")

    before = await shop.snapshot()
    foreign = await create(shop, shop.stranger, uploadId=sent)
    assert foreign["errors"] == [{"code": "NOT_FOUND", "message": "Not found.", "path": ["uploadId"]}]
    assert await shop.snapshot() == before
    made = await create(shop, uploadId=sent)
    again = await create(shop, uploadId=sent)

    assert made["errors"] == []
    order = made["quickOrder"]
    assert (order["source"], order["fileName"], order["lineCount"]) == ("FILE", "pedido.csv", 2)
    nodes = order["checked"]["pagedLines"]["nodes"]
    assert [(node["lineNumbers"], node["status"]) for node in nodes] == [([2], "VALID"), ([4], "INVALID")]
    assert nodes[1]["problem"]["message"] == (
        "Row 4, column A: the quantity “x” cannot be read; write it as 12 or 1.5."
    )
    assert again["errors"] == foreign["errors"]


async def test_an_expired_file_is_gone(shop: Shop) -> None:
    sent = await upload(shop, b"SKU;Qty\nACE-001;1", expires_at=NOW)

    assert [each["code"] for each in (await create(shop, uploadId=sent))["errors"]] == ["NOT_FOUND"]


async def test_a_file_that_is_refused_can_be_tried_again(shop: Shop) -> None:
    sent = await upload(shop, b"Name;Price\nACE-001;1")
    before = await shop.snapshot()

    refused = await create(shop, uploadId=sent)

    assert [(each["code"], each["path"]) for each in refused["errors"]] == [("FILE_INVALID", ["uploadId"])]
    assert await shop.snapshot() == before


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"text": ""}, "INVALID", ["text"]),
        ({"lines": []}, "INVALID", ["lines"]),
        ({"text": "A 1\n" * 5001}, "LIMIT_EXCEEDED", ["text"]),
        ({"text": "A" * 500_001}, "LIMIT_EXCEEDED", ["text"]),
    ],
)
async def test_too_little_and_too_much_is_refused(shop: Shop, given: Any, code: str, path: list[str]) -> None:
    before = await shop.snapshot()

    refused = await create(shop, **given)

    assert [(each["code"], each["path"]) for each in refused["errors"]] == [(code, path)]
    assert await shop.snapshot() == before


async def test_invalid_lines_are_refused_or_left_out_as_asked(shop: Shop) -> None:
    await stock_the_shop(shop)
    order = await kept(shop, "ACE-001 2\nNOPE 1\nPACK-6 7")
    before = await shop.snapshot()

    refused = (await shop.data(shop.buyer, TO_CART, input={"quickOrderId": order}))["addQuickOrderToCart"]
    assert [(each["code"], each["path"]) for each in refused["errors"]] == [("INVALID", ["invalidLines"])]
    assert await shop.snapshot() == before
    given = {"quickOrderId": order, "invalidLines": "LEAVE_OUT"}
    added = (await shop.data(shop.buyer, TO_CART, input=given))["addQuickOrderToCart"]

    assert added["errors"] == []
    assert added["warnings"] == [
        {"code": "INVALID", "message": "1 lines cannot be ordered and were left out."},
        {"code": "PACK_SIZE", "message": "1 quantities were rounded up to what is sold."},
    ]
    lines = (await shop.data(shop.buyer, CART))["cart"]["lines"]
    assert [(each["product"]["sku"], each["quantity"]) for each in lines] == [
        ("ACE-001", "2"),
        ("PACK-6", "12"),
    ]


async def test_nothing_orderable_adds_nothing(shop: Shop) -> None:
    order = await kept(shop, "NOPE 1")
    before = await shop.snapshot()

    given = {"quickOrderId": order, "invalidLines": "LEAVE_OUT"}
    refused = (await shop.data(shop.buyer, TO_CART, input=given))["addQuickOrderToCart"]

    assert [(each["code"], each["path"]) for each in refused["errors"]] == [("INVALID", ["quickOrderId"])]
    assert await shop.snapshot() == before


async def test_lines_go_onto_a_list_and_a_cart_becomes_one(shop: Shop) -> None:
    await stock_the_shop(shop)
    order = await kept(shop, "ACE-001 2\nPACK-6 6")
    save = """mutation($input: SaveQuickOrderAsWishlistInput!) { saveQuickOrderAsWishlist(input: $input) {
        wishlist { id itemCount } errors { code } } }"""
    put = """mutation($input: AddQuickOrderToWishlistInput!) { addQuickOrderToWishlist(input: $input) {
        wishlist { version pagedItems { nodes { quantity product { sku } } totalCount } } errors { code } } }"""
    keep = """mutation($input: SaveCartAsWishlistInput!) { saveCartAsWishlist(input: $input) {
        wishlist { name pagedItems { nodes { quantity product { sku } } } } errors { code } } }"""

    saved = await shop.data(shop.buyer, save, input={"quickOrderId": order, "name": "Julio"})
    made = saved["saveQuickOrderAsWishlist"]
    assert (made["errors"], made["wishlist"]["itemCount"]) == ([], 2)
    other = await kept(shop, "ACE-001 5")
    given = {"quickOrderId": other, "wishlistId": made["wishlist"]["id"], "expectedVersion": 1}
    added = (await shop.data(shop.buyer, put, input=given))["addQuickOrderToWishlist"]["wishlist"]
    assert added["version"] == 2 and added["pagedItems"]["totalCount"] == 2
    assert [(each["product"]["sku"], each["quantity"]) for each in added["pagedItems"]["nodes"]] == [
        ("ACE-001", "5"), ("PACK-6", "6"),
    ]  # fmt: skip

    await shop.fill(shop.buyer, (shop.product, 3))
    of_cart = (await shop.data(shop.buyer, keep, input={"name": "Del carrito"}))["saveCartAsWishlist"]
    assert of_cart["wishlist"]["pagedItems"]["nodes"] == [{"quantity": "3", "product": {"sku": "ACE-001"}}]
    assert (await shop.data(shop.buyer, CART))["cart"]["lineCount"] == 1


async def test_nobody_else_sees_it_and_it_ends_after_a_day(shop: Shop) -> None:
    order = await kept(shop, "ACE-001 2")
    look = "query($id: ID!) { quickOrder(id: $id) { lineCount } node(id: $id) { id } }"

    assert (await shop.data(shop.buyer, look, id=order))["quickOrder"] == {"lineCount": 1}
    assert await shop.data(shop.stranger, look, id=order) == {"quickOrder": None, "node": None}
    async with shop.database.job() as session:
        mate = await make.make_user(session, shop.seller, customer=shop.customer)
    viewer = await make.viewer_of(shop.database, mate)
    assert await shop.data(viewer, look, id=order) == {"quickOrder": None, "node": None}
    shop.engine.clock = lambda: NOW + KEPT
    assert await shop.data(shop.buyer, look, id=order) == {"quickOrder": None, "node": None}


async def test_a_user_keeps_so_many_and_the_oldest_goes(shop: Shop) -> None:
    first = await kept(shop, "ACE-001 1")
    for number in range(KEPT_MAX):
        shop.engine.clock = lambda number=number: NOW + timedelta(minutes=number + 1)  # type: ignore[misc]
        last = await kept(shop, "ACE-001 1")
    look = "query($id: ID!) { quickOrder(id: $id) { lineCount } }"

    assert (await shop.data(shop.buyer, look, id=first))["quickOrder"] is None
    assert (await shop.data(shop.buyer, look, id=last))["quickOrder"] == {"lineCount": 1}


async def test_what_is_over_is_cleared_away(shop: Shop) -> None:
    await kept(shop, "ACE-001 1")
    await upload(shop, b"SKU;Qty\nACE-001;1")
    await upload(shop, b"SKU;Qty\nACE-001;1", expires_at=NOW + timedelta(days=9))

    async with shop.database.job() as session:
        early = (await delete_expired_uploads(session, NOW), await delete_expired_quick_orders(session, NOW))
        late = NOW + timedelta(days=2)
        gone = (await delete_expired_uploads(session, late), await delete_expired_quick_orders(session, late))

    assert (early, gone) == ((0, 0), (1, 1))


async def many_products(database: Database, count: int) -> None:
    """Copies of ACE-001 called Q-00001 and so on, with its price, cost and stock."""
    async with database.job() as session:
        for table, other in (
            ("product", {"id": "gen_random_uuid()", "sku": "'Q-' || lpad(n::text, 5, '0')", "barcode": "null",
                         "sku_key": "'Q' || lpad(n::text, 5, '0')"}),
            ("list_price", {"id": "gen_random_uuid()", "product_id": "copy.id"}),
            ("stock_balance", {"id": "gen_random_uuid()", "product_id": "copy.id", "on_hand": "1000000"}),
            ("standard_cost", {"id": "gen_random_uuid()", "product_id": "copy.id"}),
        ):  # fmt: skip
            columns = list(
                await session.scalars(
                    text("select column_name from information_schema.columns where table_name = :t"),
                    {"t": table},
                )
            )
            values = ", ".join(other.get(column, f"one.{column}") for column in columns)
            source = (
                "product one, generate_series(1, :count) n where one.sku = 'ACE-001'"
                if table == "product"
                else f"{table} one join product p on p.id = one.product_id, product copy"
                " where p.sku = 'ACE-001' and copy.sku like 'Q-%' and :count > 0"
            )
            await session.execute(
                text(f"insert into {table} ({', '.join(columns)}) select {values} from {source}"),
                {"count": count},
            )
    async with database.owner() as connection:
        await connection.execute(text("analyze"))


# As many as a cart may have; in the usual run as many as are read in pages.
MOST = 5000 if IS_LONG else 1001


async def test_thousands_of_lines_cost_the_statements_of_10(shop: Shop) -> None:
    await many_products(shop.database, MOST)
    look = f"query($id: ID!) {{ quickOrder(id: $id) {{ checked {{ {CHECKED} }} }} }}"
    paged = "{ cart { id version lineCount totals { gross { amount } } pagedLines(first: 50, withProblems: false) { nodes { product { sku } } } } }"
    place = "mutation($input: PlaceOrderInput!) { placeOrder(input: $input) { errors { code } order { lineCount } } }"
    empty = "mutation { clearCart(input: {}) { errors { code } } }"
    counts: dict[str, list[int]] = {}

    for size in (10, 500, MOST):
        lines = "".join(f"Q-{number:05} 2\n" for number in range(1, size + 1))

        async def ask(name: str, document: str, **variables: Any) -> dict[str, Any]:
            with counted(shop.database) as seen:
                data = await shop.data(shop.buyer, document, f"{name}-{size}", **variables)  # noqa: B023
            counts.setdefault(name, []).append(len(seen))
            return data

        made = (await ask("create", CREATE, input={"text": lines}))["createQuickOrder"]["quickOrder"]
        assert (made["lineCount"], made["checked"]["validCount"]) == (size, size)
        checked = (await ask("look", look, id=made["id"]))["quickOrder"]["checked"]
        assert checked["netAmount"]["amount"] == f"{size * 20}.00"
        given = {"quickOrderId": made["id"]}
        added = (await ask("add", TO_CART, input=given))["addQuickOrderToCart"]
        assert (added["errors"], added["cart"]["lineCount"]) == ([], size)
        cart = (await ask("cart", paged))["cart"]
        assert len(cart["pagedLines"]["nodes"]) == min(size, 50)
        if size == MOST:
            # Past a thousand lines they are read in pages.
            refused = await shop.ask(shop.buyer, "{ cart { lines { id } } }")
            assert refused["errors"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
        if size == 5000:
            full = await shop.data(shop.buyer, TO_CART, input={"quickOrderId": await kept(shop, "ACE-001 1")})
            assert [each["code"] for each in full["addQuickOrderToCart"]["errors"]] == ["LIMIT_EXCEEDED"]
        given = {"cartId": cart["id"], "expectedVersion": cart["version"], "expectedTotal": cart["totals"]["gross"]["amount"]}  # fmt: skip
        placed = (await ask("place", place, input=given))["placeOrder"]
        assert placed == {"errors": [], "order": {"lineCount": size}}
        await shop.data(shop.buyer, empty)

    for name, (few, some, most) in counts.items():
        assert max(some, most) <= few + 4, (name, counts)  # inserts of many rows may be parted


async def test_pages_of_lines_follow_each_other(shop: Shop) -> None:
    await many_products(shop.database, 7)
    order = await kept(shop, "".join(f"Q-{number:05} 1\nNOPE-{number} 1\n" for number in range(1, 8)))
    document = """query($id: ID!, $first: Int, $after: String, $last: Int, $before: String, $status: [CheckedStatus!]) {
        quickOrder(id: $id) { checked { pagedLines(first: $first, after: $after, last: $last, before: $before, status: $status) {
            nodes { lineNumbers } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount } } } }"""

    async def page(**given: Any) -> dict[str, Any]:
        data = await shop.data(shop.buyer, document, id=order, **given)
        found: dict[str, Any] = data["quickOrder"]["checked"]["pagedLines"]
        return found

    first = await page(first=3, status=["INVALID"])
    second = await page(first=3, after=first["pageInfo"]["endCursor"], status=["INVALID"])
    back = await page(last=2, before=second["pageInfo"]["startCursor"], status=["INVALID"])

    numbers = [[node["lineNumbers"] for node in each["nodes"]] for each in (first, second, back)]
    assert numbers == [[[2], [4], [6]], [[8], [10], [12]], [[4], [6]]]
    assert [each["totalCount"] for each in (first, second)] == [7, 7]
    assert (first["pageInfo"]["hasPreviousPage"], first["pageInfo"]["hasNextPage"]) == (False, True)
    assert (back["pageInfo"]["hasPreviousPage"], back["pageInfo"]["hasNextPage"]) == (True, True)
    strange = await shop.ask(shop.buyer, document, id=order, after="zzz")
    assert strange["errors"][0]["extensions"]["code"] == "INVALID_CURSOR"
