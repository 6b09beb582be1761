"""Acting as the house for a while: what decides on a document need not be the viewer's to see."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from resolvers.context import Context, LockedSession


@asynccontextmanager
async def as_house(ctx: Context, role: str = "job") -> AsyncIterator[LockedSession]:
    """
    Acts as the house for a while: a subsidiary's order is tested against its parent's credit, which it never sees.

    Args:
        role: "auth" for sessions, which no other role may end.

    Nothing read here is shown to the viewer but their own available credit. Sibling resolvers share the session: they
    wait until it is the viewer's again, or their statements would run as the house too.
    """
    # The name is taken before it is changed, whichever order a target list is evaluated in.
    change = text(
        "with own as materialized (select current_user as name) select name, set_config("
        "'role', regexp_replace(name, '(customer|territory|staff)(_write)?$', :other), true) from own"
    )
    back = text("select set_config('role', :role, true)")
    async with ctx.session.alone() as session:
        own = await session.scalar(change, {"other": role})
        try:
            yield session
        except DBAPIError:
            raise  # the transaction is over and the role with it; another statement would hide the cause
        except BaseException:
            await session.execute(back, {"role": own})
            raise
        await session.execute(back, {"role": own})
