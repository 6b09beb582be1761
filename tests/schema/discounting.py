"""What tests of discounts begin with: a manager of the shop's seller, a group, and rules made through the API."""

from dataclasses import dataclass
from itertools import count
from typing import Any

from auth.permissions import Role, Viewer
from tests import factories as make
from tests.schema.shop import Shop

_codes = count(1)

RULE = """id code name version isActive state validFrom validUntil usesLeft uses currency coupon
  group { code } benefit { kind summary tiers { least kind percent } }
  conditions { kind isExcluded codes summary products { sku } customers { name } weekdays fromTime least }
  allowedActions"""
CONFLICTS = """conflicts { kind other { code } example { at lines { sku quantity unitPrice { amount } }
  netWithout { amount currency } netWithRule { amount } netWithOther { amount } netWithBoth { amount } } }"""


@dataclass
class Desk:
    """The shop with somebody who keeps its rules."""

    shop: Shop
    manager: Viewer
    group_id: str

    async def act(
        self, mutation: str, selection: str, *, viewer: Viewer | None = None, **given: Any
    ) -> dict[str, Any]:
        name = mutation[0].upper() + mutation[1:] + "Input"
        document = f"""mutation Act($input: {name}!) {{ {mutation}(input: $input) {{
            {selection} errors {{ code message path }} replayed }} }}"""
        answer = await self.shop.data(viewer or self.manager, document, input=given)
        payload: dict[str, Any] = answer[mutation]
        return payload

    async def create(self, **given: Any) -> dict[str, Any]:
        """A rule of 10 % in the desk's group unless said otherwise; the payload."""
        number = next(_codes)
        rule = {
            "groupId": self.group_id, "code": f"R{number}", "name": f"Rule {number}", "phase": "LINE",
            "benefit": {"kind": "PERCENT", "percent": "10"},
        }  # fmt: skip
        return await self.act("createDiscountRule", f"discountRule {{ {RULE} }} {CONFLICTS}", **rule | given)

    async def running(self, **given: Any) -> dict[str, Any]:
        """A rule that is switched on."""
        payload = await self.create(**given)
        assert payload["errors"] == [], payload["errors"]
        made = payload["discountRule"]
        done = await self.act(
            "activateDiscountRule",
            f"discountRule {{ {RULE} }}",
            ruleId=made["id"],
            expectedVersion=made["version"],
        )
        rule: dict[str, Any] = done["discountRule"]
        return rule


async def open_desk(shop: Shop, stacking: str = "EXCLUSIVE") -> Desk:
    async with shop.database.job() as session:
        user = await make.make_rep(session, shop.seller, role=Role.SALES_MANAGER)
    manager = await make.viewer_of(shop.database, user)
    desk = Desk(shop, manager, "")
    done = await desk.act(
        "createDiscountGroup",
        "discountGroup { id }",
        code="PROMO",
        name="Promociones",
        sequence=10,
        stacking=stacking,
    )
    assert done["errors"] == []
    desk.group_id = done["discountGroup"]["id"]
    return desk
