"""Sales agreements in carts and orders: chosen, priced, held softly, and their terms taken over."""

from decimal import Decimal
from typing import Any

import pytest

from auth.permissions import Role, Viewer
from schema.ids import encode_id
from tests import factories as make
from tests.schema.agreeing import columns, done, drafted, in_force, manager_of, member_of, read
from tests.schema.shop import NOW, Shop, engine_over
from tests.schema.test_on_behalf import behalf
from tests.schema.test_orders_acts import placed

D = Decimal
CHOSEN = """id version agreement { number } agreementChoices { id number title isShared validTo }
  deliveryAddress { label }
  terms { agreement { number } isOwn paymentTerms { code instalments { dueDays } } deliveryTerms { code place } }
  lines { agreementNumber agreementLine { number held } unitPrice { amount } problems { code message path } }
  problems { code message path }"""
CART = f"{{ cart {{ {CHOSEN} }} }}"
SET = f"""mutation Set($input: SetCartAgreementInput!) {{ setCartAgreement(input: $input) {{
  cart {{ {CHOSEN} }} errors {{ code message path }} }} }}"""
ORDER = """query Order($id: ID!) { order(by: {id: $id}) {
  agreementNumber agreement { number } deliveryAddress { label }
  paymentTerms { code } deliveryTerms { code place }
  lines { agreementNumber agreementLine { number } unitPrice { amount } netAmount { amount } } } }"""
HELD = """query Held($n: String!) { salesAgreement(by: {number: $n}) {
  lines { committed released remaining held } } }"""


async def choose(shop: Shop, viewer: Viewer, **given: Any) -> dict[str, Any]:
    payload: dict[str, Any] = (await shop.data(viewer, SET, input=given))["setCartAgreement"]
    return payload


async def cart_of(shop: Shop, viewer: Viewer) -> dict[str, Any]:
    found: dict[str, Any] = (await shop.data(viewer, CART))["cart"]
    return found


async def order_of(shop: Shop, viewer: Viewer, order: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await shop.data(viewer, ORDER, id=order["id"]))["order"]
    return found


async def with_terms(shop: Shop) -> dict[str, Any]:
    """Terms of payment and delivery of the seller's that no customer has; as an agreement names them."""
    async with shop.database.job() as session:
        await make.make_payment_term(session, shop.seller, code="60D", days=60)
        await make.make_delivery_term(session, shop.seller, code="EXW")
    return {"paymentTermCode": "60D", "deliveryTermCode": "EXW"}


async def held(shop: Shop, viewer: Viewer, agreement: dict[str, Any]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = (await shop.data(viewer, HELD, n=agreement["number"]))["salesAgreement"][
        "lines"
    ]
    return found


async def subsidiary(shop: Shop) -> Viewer:
    async with shop.database.job() as session:
        child = await make.make_customer(session, shop.seller, parent=shop.customer, name="Filial SL")
        user = await make.make_user(session, shop.seller, customer=child, role=Role.COMPANY_ADMIN)
    return await make.viewer_of(shop.database, user)


OIL = {"type": "PRODUCT_QUANTITY", "sku": "ACE-001", "committed": "100", "unitPrice": "9.00"}
CHEAP = OIL | {"unitPrice": "8.00"}


async def test_the_agreement_chosen_comes_first_and_stays_with_the_order(shop: Shop) -> None:
    cheap, dear = await in_force(shop, CHEAP), await in_force(shop, OIL)
    await shop.fill(shop.buyer, (shop.product, 10))
    before = await cart_of(shop, shop.buyer)
    assert (before["agreement"], before["lines"][0]["agreementNumber"]) == (None, cheap["number"])
    assert [each["number"] for each in before["agreementChoices"]] == [cheap["number"], dear["number"]]
    assert before["agreementChoices"][0] == {
        "id": cheap["id"], "number": cheap["number"], "title": "Aceite 2026", "isShared": False, "validTo": "2026-12-31",
    }  # fmt: skip

    chosen = await choose(shop, shop.buyer, agreementId=dear["id"], expectedVersion=before["version"])

    assert chosen["errors"] == []
    assert (chosen["cart"]["version"], chosen["cart"]["agreement"]) == (
        before["version"] + 1,
        {"number": dear["number"]},
    )
    assert chosen["cart"]["lines"] == [
        {"agreementNumber": dear["number"], "agreementLine": {"number": 1, "held": "10"}, "unitPrice": {"amount": "9.00"},
         "problems": []}
    ]  # fmt: skip
    answer = await shop.place(shop.buyer, await shop.cart(shop.buyer))
    assert answer["errors"] == []
    order = await order_of(shop, shop.buyer, answer["order"])
    assert (order["agreementNumber"], order["agreement"]) == (dear["number"], {"number": dear["number"]})
    assert order["lines"] == [
        {"agreementNumber": dear["number"], "agreementLine": {"number": 1}, "unitPrice": {"amount": "9.00"},
         "netAmount": {"amount": "90.00"}}
    ]  # fmt: skip
    assert columns(await read(shop, shop.buyer, dear))[0] == "10"
    after = await cart_of(shop, shop.buyer)
    assert (after["agreement"], after["lines"]) == (None, [])
    assert await shop.broken() == []


async def test_none_again_leaves_it_to_each_line(shop: Shop) -> None:
    cheap, dear = await in_force(shop, CHEAP), await in_force(shop, OIL)
    await shop.fill(shop.buyer, (shop.product, 10))
    await choose(shop, shop.buyer, agreementId=dear["id"])

    back = await choose(shop, shop.buyer, agreementId=None)

    assert (back["cart"]["agreement"], back["cart"]["lines"][0]["agreementNumber"]) == (None, cheap["number"])
    assert [line["held"] for line in await held(shop, shop.buyer, dear)] == ["0"]
    assert [line["held"] for line in await held(shop, shop.buyer, cheap)] == ["10"]


@pytest.mark.parametrize(
    "label", ["a stranger's", "a draft", "closed", "in another currency", "no id", "own terms"]
)
async def test_what_may_not_be_chosen_is_refused_and_nothing_changes(shop: Shop, label: str) -> None:
    agreement = await (drafted(shop) if label in ("a draft", "in another currency") else in_force(shop))
    viewer, given, expected = shop.buyer, {"agreementId": agreement["id"]}, ("NOT_FOUND", ["agreementId"])
    if label == "a stranger's":
        viewer = shop.stranger
    elif label == "closed":
        await done(shop, await manager_of(shop), "close", agreement, reason="se acabó")
    elif label == "in another currency":
        async with shop.database.job() as session:
            await make.make_currency(session, "USD")
        usd = await drafted(shop, currency="USD")
        usd = await done(shop, await manager_of(shop), "propose", usd)
        given = {"agreementId": (await done(shop, await member_of(shop, Role.APPROVER), "accept", usd))["id"]}
    elif label == "no id":
        given = {"agreementId": encode_id("SalesAgreement", shop.product.id)}
    elif label == "own terms":
        given, expected = {"keepOwnTerms": True}, ("NOT_PERMITTED", ["keepOwnTerms"])
    await shop.fill(viewer, (shop.product, 1))
    before = await shop.snapshot()

    refused = await choose(shop, viewer, **given)

    assert refused["cart"] is None
    assert [(each["code"], each["path"]) for each in refused["errors"]] == [expected]
    assert await shop.snapshot() == before


async def test_a_subsidiary_chooses_its_parents_and_reads_nothing_of_it(shop: Shop) -> None:
    below = await subsidiary(shop)
    agreed = await in_force(shop, **await with_terms(shop))
    await shop.fill(below, (shop.product, 10))

    chosen = await choose(shop, below, agreementId=agreed["id"])

    cart = chosen["cart"]
    assert cart["agreementChoices"][0]["title"] == "" and cart["agreementChoices"][0]["isShared"] is True
    assert cart["lines"][0] == {
        "agreementNumber": agreed["number"], "agreementLine": None, "unitPrice": {"amount": "9.00"}, "problems": [],
    }  # fmt: skip
    order = await order_of(shop, below, (await shop.place(below, await shop.cart(below)))["order"])
    assert (order["agreementNumber"], order["agreement"]) == (agreed["number"], None)
    assert order["paymentTerms"] == {"code": "60D"}
    assert (order["lines"][0]["agreementNumber"], order["lines"][0]["agreementLine"]) == (
        agreed["number"],
        None,
    )
    siblings = (await cart_of(shop, shop.stranger))["agreementChoices"]
    assert siblings == []


async def test_a_chosen_agreement_that_ended_is_said_and_holds_the_order_up(shop: Shop) -> None:
    agreed = await in_force(shop)
    await shop.fill(shop.buyer, (shop.product, 10))
    await choose(shop, shop.buyer, agreementId=agreed["id"])
    await done(shop, await manager_of(shop), "close", agreed, reason="se acabó")
    before = await shop.snapshot()

    cart = await cart_of(shop, shop.buyer)
    answer = await shop.place(shop.buyer, await shop.cart(shop.buyer))

    said = {
        "code": "INVALID",
        "message": "The agreement chosen is not in force any more; choose another, or none.",
        "path": ["agreementId"],
    }
    assert (cart["agreement"], cart["problems"]) == (None, [said])
    assert answer["errors"] == [said]
    assert await shop.snapshot() == before


# --- Terms ----------------------------------------------------------------------------------------------------------


async def test_an_order_all_under_one_agreement_takes_its_terms_unasked(shop: Shop) -> None:
    agreed = await in_force(shop, deliveryAddress="Muelle 4,\nPuerto de Valencia", **await with_terms(shop))
    await shop.fill(shop.buyer, (shop.product, 10))

    cart = await cart_of(shop, shop.buyer)

    assert (cart["agreement"], cart["terms"]) == (
        None,
        {
            "agreement": {"number": agreed["number"]}, "isOwn": False,
            "paymentTerms": {"code": "60D", "instalments": [{"dueDays": 60}]},
            "deliveryTerms": {"code": "EXW", "place": "Muelle 4, Puerto de Valencia"},
        },
    )  # fmt: skip
    order = await order_of(shop, shop.buyer, await placed(shop, 1))
    assert order["agreement"] == {"number": agreed["number"]}
    assert (order["paymentTerms"], order["deliveryTerms"]) == (
        {"code": "60D"},
        {"code": "EXW", "place": "Muelle 4, Puerto de Valencia"},
    )


async def test_a_line_outside_the_agreement_leaves_the_customers_terms(shop: Shop) -> None:
    agreed = await in_force(shop, **await with_terms(shop))
    async with shop.database.job() as session:
        other = await make.make_product(session, shop.seller, price="5.00")
    await shop.fill(shop.buyer, (shop.product, 10), (other, 1))
    cart = await cart_of(shop, shop.buyer)
    assert (cart["terms"]["agreement"], cart["terms"]["paymentTerms"]["code"]) == (None, "30D")

    chosen = await choose(shop, shop.buyer, agreementId=agreed["id"])

    assert chosen["cart"]["terms"]["paymentTerms"]["code"] == "60D"
    order = await order_of(
        shop, shop.buyer, (await shop.place(shop.buyer, await shop.cart(shop.buyer)))["order"]
    )
    assert (order["agreementNumber"], order["paymentTerms"]) == (agreed["number"], {"code": "60D"})
    assert [line["agreementNumber"] for line in order["lines"]] == [agreed["number"], ""]


async def test_an_address_that_the_agreement_names_is_the_orders_unless_another_was_chosen(
    shop: Shop,
) -> None:
    async with shop.database.job() as session:
        quay = await make.make_address(
            session, shop.customer, label="Muelle", is_default_delivery=False, is_default_billing=False
        )
        shelf = await make.make_address(
            session, shop.customer, label="Tienda", is_default_delivery=False, is_default_billing=False
        )
    agreed = await in_force(shop, deliveryAddress="muelle")
    await shop.fill(shop.buyer, (shop.product, 10))

    assert (await cart_of(shop, shop.buyer))["deliveryAddress"] == {"label": "Muelle"}
    by_itself = await order_of(shop, shop.buyer, await placed(shop, 1))
    chosen = encode_id("Address", shelf.id)
    by_choice = await order_of(shop, shop.buyer, await placed(shop, 1, deliveryAddressId=chosen))

    assert by_itself["deliveryAddress"] == {"label": quay.label}
    assert by_choice["deliveryAddress"] == {"label": "Tienda"}
    assert by_choice["agreementNumber"] == agreed["number"]


async def test_our_people_keep_the_customers_terms_in_its_place(shop: Shop) -> None:
    agreed = await in_force(shop, **await with_terms(shop))
    viewer = await behalf(shop)
    await shop.fill(viewer, (shop.product, 10))

    kept = await choose(shop, viewer, agreementId=agreed["id"], keepOwnTerms=True)

    assert kept["errors"] == []
    assert kept["cart"]["terms"]["isOwn"] is True
    assert kept["cart"]["terms"]["paymentTerms"]["code"] == "30D"
    order = await order_of(shop, viewer, (await shop.place(viewer, await shop.cart(viewer)))["order"])
    assert (order["agreementNumber"], order["paymentTerms"]) == (agreed["number"], {"code": "30D"})
    assert order["lines"][0]["unitPrice"] == {"amount": "9.00"}


# --- Soft holds -----------------------------------------------------------------------------------------------------


async def test_open_carts_are_shown_apart_and_never_consume(shop: Shop) -> None:
    agreed = await in_force(shop)
    mate, below = await member_of(shop, Role.BUYER, "Blas"), await subsidiary(shop)
    await shop.fill(shop.buyer, (shop.product, 10))
    await shop.fill(mate, (shop.product, 20))
    await shop.fill(below, (shop.product, 5))

    line = {"committed": "100", "released": "0", "remaining": "100", "held": "35"}
    for viewer in (shop.buyer, mate, shop.rep):
        assert await held(shop, viewer, agreed) == [line]
    shared = "{ sharedCommitments { released held } }"
    assert await shop.data(below, shared) == {"sharedCommitments": [{"released": "0", "held": "5"}]}

    # 95 in another cart are no obstacle: what is held is not reserved.
    greedy = await member_of(shop, Role.BUYER, "Gil")
    answer = await shop.place(greedy, await shop.fill(greedy, (shop.product, 95)))
    assert answer["errors"] == []
    assert await held(shop, shop.buyer, agreed) == [line | {"released": "95", "remaining": "5", "held": "35"}]

    await shop.data(
        mate, "mutation($v: Int) { clearCart(input: {expectedVersion: $v}) { errors { code } } }", v=2
    )
    assert (await held(shop, shop.buyer, agreed))[0]["held"] == "15"
    assert await shop.broken() == []


async def test_a_day_outside_the_agreement_lets_go_and_an_old_cart_does_not_count(shop: Shop) -> None:
    agreed = await in_force(shop, validTo="2026-06-30")
    await shop.fill(shop.buyer, (shop.product, 10))
    assert (await held(shop, shop.buyer, agreed))[0]["held"] == "10"
    update = "mutation($d: Date) { updateCart(input: {requestedOn: $d}) { errors { code } } }"

    await shop.data(shop.buyer, update, d="2026-07-01")
    assert (await held(shop, shop.buyer, agreed))[0]["held"] == "0"
    await shop.data(shop.buyer, update, d=None)
    assert (await held(shop, shop.buyer, agreed))[0]["held"] == "10"

    later = NOW.replace(month=4, day=2)
    answer = await engine_over(shop.database, later).execute_document(
        shop.buyer, HELD, {"n": agreed["number"]}
    )
    assert answer["data"]["salesAgreement"]["lines"][0]["held"] == "0"


# --- Products that an agreement alone has a price for ---------------------------------------------------------------


CHECK = """query Check($l: [CheckLineInput!]!) { checkLines(input: {lines: $l}) { lines {
  unitPrice { amount } problem { code message } } } }"""
PRICE = "query Price($s: String!) { product(by: {sku: $s}) { price { unitPrice { amount } } } }"
SIMULATE = """query Simulate($customer: ID!, $scenarios: [PriceScenarioInput!]!) {
  priceSimulation(customerId: $customer, scenarios: $scenarios) { lines { unitPrice { amount } } } }"""


async def test_what_an_agreement_alone_prices_is_sold_at_its_price_and_to_nobody_else(shop: Shop) -> None:
    async with shop.database.job() as session:
        await make.make_product(session, shop.seller, price=None, sku="SOLO-1")
    alone = {
        "type": "PRODUCT_QUANTITY", "sku": "SOLO-1", "committed": "100", "unitPrice": "7.50", "maxEnforced": True,
    }  # fmt: skip
    agreed = await in_force(shop, alone)
    told = "There is no price for SOLO-1 in EUR at present; ask your sales contact."

    # The catalogue, a pasted list, the cart and the order say one price.
    for viewer, price, problem in (
        (shop.buyer, {"amount": "7.50"}, None),
        (shop.stranger, None, {"code": "NO_PRICE", "message": told}),
    ):
        seen = (await shop.data(viewer, PRICE, s="SOLO-1"))["product"]["price"]
        assert seen == (None if price is None else {"unitPrice": price})
        checked = await shop.data(viewer, CHECK, l=[{"sku": "SOLO-1", "quantity": "4"}])
        assert checked["checkLines"]["lines"] == [{"unitPrice": price, "problem": problem}]
    scenario = {"name": "A", "lines": [{"sku": "SOLO-1", "quantity": "4"}]}
    customer = encode_id("Customer", shop.customer.id)
    simulated = await shop.data(shop.rep, SIMULATE, customer=customer, scenarios=[scenario])
    assert simulated["priceSimulation"] == [{"lines": [{"unitPrice": {"amount": "7.50"}}]}]
    cart = await shop.fill(shop.buyer, ("SOLO-1", 4))
    assert cart["totals"]["net"] == {"amount": "30.00"}
    answer = await shop.place(shop.buyer, cart)
    assert answer["errors"] == []
    order = await order_of(shop, shop.buyer, answer["order"])
    assert order["lines"] == [
        {"agreementNumber": agreed["number"], "agreementLine": {"number": 1}, "unitPrice": {"amount": "7.50"},
         "netAmount": {"amount": "30.00"}}
    ]  # fmt: skip

    # Nobody else can order it, and beyond what was agreed not even the customer.
    for viewer, quantity in ((shop.stranger, 4), (shop.buyer, 97)):
        cart = await shop.fill(viewer, ("SOLO-1", quantity))
        before = await shop.snapshot()
        refused = await shop.place(viewer, cart)
        assert [(each["code"], each["message"]) for each in refused["errors"]] == [("NO_PRICE", told)]
        assert await shop.snapshot() == before
    assert await shop.broken() == []


async def test_a_dry_run_shows_the_terms_and_stores_nothing(shop: Shop) -> None:
    agreed = await in_force(shop, **await with_terms(shop))
    await shop.fill(shop.buyer, (shop.product, 10))
    before = await shop.snapshot()

    document = SET.replace("(input: $input)", "(input: $input) @dryRun")
    tried = await shop.data(shop.buyer, document, input={"agreementId": agreed["id"]})

    assert tried["setCartAgreement"]["cart"]["terms"]["paymentTerms"]["code"] == "60D"
    assert await shop.snapshot() == before


# --- What falls short of an agreement is suggested ------------------------------------------------------------------


async def test_what_is_behind_is_suggested_with_its_reason(shop: Shop) -> None:
    """Agreed for March: on its second day two of 31 parts are due, 12.9 of 200."""
    agreed = await in_force(shop, OIL | {"committed": "200"}, validFrom="2026-03-01", validTo="2026-03-31")
    below = await subsidiary(shop)
    document = """query($id: ID!) { customer(by: {id: $id}) { suggestions { reason words product { sku } } }
      cart { suggestions { reason words product { sku } } } }"""
    mine = encode_id("Customer", shop.customer.id)
    words = f"200 PCE short of agreement {agreed['number']}, until Mar 31, 2026."
    suggestion = {"reason": "AGREEMENT", "words": words, "product": {"sku": "ACE-001"}}

    seen = await shop.data(shop.buyer, document, id=mine)
    assert seen["customer"]["suggestions"][:1] == seen["cart"]["suggestions"][:1] == [suggestion]
    spanish = await shop.ask(shop.buyer, document, None, "es", id=mine)
    assert spanish["data"]["cart"]["suggestions"][0]["words"] == (
        f"Faltan 200 PCE para cumplir el acuerdo {agreed['number']}, hasta el 31 mar 2026."
    )
    # A subsidiary is not told what others took, and what is in the cart is not suggested again.
    assert (await shop.data(below, "{ cart { suggestions { reason } } }"))["cart"]["suggestions"] == []
    await shop.fill(shop.buyer, (shop.product, 1))
    assert (await shop.data(shop.buyer, document, id=mine))["cart"]["suggestions"] == []

    # What was bought of it is suggested on, as long as it is behind: 4 of 12.9, then 13.
    rest = document.replace("cart { suggestions { reason words product { sku } } }", "")
    await placed(shop, 3)
    (short,) = (await shop.data(shop.rep, rest, id=mine))["customer"]["suggestions"]
    assert short["words"] == words.replace("200", "196")
    await placed(shop, 9)
    assert (await shop.data(shop.rep, rest, id=mine))["customer"]["suggestions"] == []
