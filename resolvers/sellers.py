"""What the house has to know of the seller before it can say what day it is."""

from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.sellers import Seller


async def time_zone_of(session: AsyncSession, seller_id: UUID) -> ZoneInfo:
    """The seller's time zone; its day is the day of all documents."""
    return ZoneInfo(await session.scalar(select(Seller.time_zone).where(Seller.id == seller_id)) or "UTC")
