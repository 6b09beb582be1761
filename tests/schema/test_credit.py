"""Reading credit as the house never lends its rights to anybody else's statement."""

import asyncio
from zoneinfo import ZoneInfo

from sqlalchemy import text

from resolvers.context import Context, LockedSession
from resolvers.credit import credit_by_customer
from tests.schema.shop import NOW, Shop


async def test_siblings_keep_their_own_rights_meanwhile_and_afterwards(shop: Shop) -> None:
    async with shop.database.read(shop.buyer) as session:
        ctx = Context(shop.buyer, NOW, ZoneInfo("Europe/Madrid"), open_session=LockedSession(session))

        async def role() -> str:
            found: str = await ctx.session.scalar(text("select current_user"))
            return found

        async def credit() -> None:
            assert (await credit_by_customer(ctx, [shop.customer.id]))[0] is not None

        async def roles() -> set[str]:
            return {await role() for _ in range(30)}

        seen = await asyncio.gather(credit(), roles(), credit(), roles(), credit())

        assert [each for each in seen if each] == [{"ventas_customer"}] * 2
        assert await role() == "ventas_customer"
