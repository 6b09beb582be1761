"""What tests of trade agreements share: whoever keeps them, and their documents."""

from itertools import count
from typing import Any

from auth.permissions import Role, Viewer
from models.sellers import SalesRep, SalesTeam
from schema.ids import encode_id
from tests import factories as make
from tests.schema.shop import Shop

_keys = count(1)
ROW = """id position isPosted relation customerScope customer { number } customerGroup itemScope product { sku } itemGroup
  currency unit fromQuantity toQuantity validFrom validUntil findNext unitPrice { amount } priceUnit amount { amount }
  percent1 percent2 replaces { id } journal { number }"""
JOURNAL = f"""id number description status version rowCount createdByName postedByName allowedActions
  rows(first: 100) {{ nodes {{ {ROW} }} totalCount }}"""


async def manager_of(shop: Shop) -> Viewer:
    """A manager in the team that the shop's rep is in."""
    async with shop.database.job() as session:
        rep = await session.get_one(SalesRep, shop.rep.user_id)
        team = await session.get_one(SalesTeam, rep.sales_team_id)
        user = await make.make_rep(session, shop.seller, team, Role.SALES_MANAGER)
    return await make.viewer_of(shop.database, user)


async def trade(
    shop: Shop, viewer: Viewer, mutation: str, directive: str = "", **given: Any
) -> dict[str, Any]:
    """An act on a journal; the payload."""
    name = mutation[0].upper() + mutation[1:] + "Input"
    document = f"""mutation Act($input: {name}!) {{ {mutation}(input: $input) {directive} {{
        journal {{ {JOURNAL} }} errors {{ code message path }} warnings {{ code message }} replayed }} }}"""
    answer = await shop.data(viewer, document, f"trade-{next(_keys)}", input=given)
    payload: dict[str, Any] = answer[mutation]
    return payload


async def drafted(shop: Shop, viewer: Viewer, *rows: dict[str, Any]) -> dict[str, Any]:
    payload = await trade(shop, viewer, "createTradeAgreementJournal", rows=list(rows))
    assert payload["errors"] == [], payload["errors"]
    journal: dict[str, Any] = payload["journal"]
    return journal


async def post(shop: Shop, viewer: Viewer, journal: dict[str, Any], directive: str = "") -> dict[str, Any]:
    return await trade(
        shop, viewer, "postTradeAgreementJournal", directive, journalId=journal["id"],
        expectedVersion=journal["version"],
    )  # fmt: skip


async def posted(shop: Shop, viewer: Viewer, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a journal that came into force."""
    payload = await post(shop, viewer, await drafted(shop, viewer, *rows))
    assert payload["errors"] == [], payload["errors"]
    found: list[dict[str, Any]] = payload["journal"]["rows"]["nodes"]
    return found


def price(shop: Shop, value: str = "9", **more: Any) -> dict[str, Any]:
    """A price of the shop's product for its customer."""
    return {
        "relation": "PRICE", "customerId": encode_id("Customer", shop.customer.id), "sku": shop.product.sku,
        "unitPrice": value,
    } | more  # fmt: skip
