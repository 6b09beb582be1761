"""What is looked at by itself of invoices: whether every chain of records is sound."""

from zoneinfo import ZoneInfo

from sqlalchemy import select

from jobs.runs import Run
from models.sellers import Seller
from resolvers.invoices import chain_report
from rules.refusals import ErrorCode, Refusal


async def verify_chains(run: Run) -> None:
    """
    Follows the chain of each seller.

    Raises:
        Refusal(INVALID): a record was changed, deleted or inserted. The job is given up, so that somebody looks.
    """
    async with run.final() as session:
        for seller in (await session.execute(select(Seller.id, Seller.name, Seller.time_zone))).all():
            report = await chain_report(session, seller.id, ZoneInfo(seller.time_zone))
            if report.fault is not None:
                text = "The chain of {seller}'s invoices is broken at record {position} ({fault})."
                raise Refusal(
                    ErrorCode.INVALID, text, seller=seller.name, position=report.fault.position,
                    fault=report.fault.fault.value,
                )  # fmt: skip
