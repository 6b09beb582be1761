"""What suggestions need done by themselves: count what is bought together, and see which ones were ordered."""

from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from jobs.runs import Run
from models.sellers import Seller
from resolvers.suggestions_facts import MONTHS, learn_affinities, note_ordered


async def refresh_suggestions(run: Run) -> None:
    """For the seller who asked, or every night for each; a run that is repeated counts the same."""
    months = int(run.arguments.get("months", MONTHS))
    async with run.final() as session:
        for seller in (await session.execute(select(Seller.id, Seller.time_zone))).all():
            if run.seller_id in (None, seller.id):
                today = run.clock().astimezone(ZoneInfo(seller.time_zone)).date()
                await learn_affinities(session, seller.id, today, months)


async def note_suggestions_ordered(run: Run) -> None:
    """After an order was placed."""
    async with run.final() as session:
        await note_ordered(session, UUID(str(run.arguments["id"])))
