"""Every row of the business, by one statement: to show what changed, and that a refusal changed nothing."""

from functools import cache

from sqlalchemy import TextClause, text

from app.database import Database
from models.base import Base

# Sessions and their like come and go with whoever asks.
UNSEEN = ("user_credential", "user_session", "login_throttle", "stream_ticket", "account_link")
# A number that was taken and given back is a change too.
SEQUENCES = "select 'sequences', pg_sequence_last_value('sales_order_number_seq'::regclass)::text"


@cache
def _statement() -> TextClause:
    tables = [each.name for each in Base.metadata.sorted_tables if each.name not in UNSEEN]
    # A table at a time it was a hundred round trips, most of what a test of a refusal took.
    return text(
        "\nunion all ".join([*(f"select '{each}', {each}::text from {each}" for each in tables), SEQUENCES])
    )


async def snapshot(database: Database) -> dict[str, list[str]]:
    """The rows of each table as text, sorted; and how far the numbers of orders have got."""
    found: dict[str, list[str]] = {
        each.name: [] for each in Base.metadata.sorted_tables if each.name not in UNSEEN
    }
    async with database.job() as session:
        for table, row in await session.execute(_statement()):
            found.setdefault(table, []).append(str(row))
    return {name: sorted(rows) for name, rows in found.items()}
