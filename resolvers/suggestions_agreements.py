"""What a customer is behind with of its sales agreements, as products to suggest."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import text

from resolvers.context import LockedSession
from rules.quantities import plain
from rules.sales_agreements_ledger import is_behind
from rules.suggestions import Candidate, SuggestionReason, said

_SHORT = said("{missing} {unit} short of agreement {number}, until {day}.")
# Of the customer's own: what others took of a parent's is not theirs to know.
_OPEN = """
    select line.customer_id, line.product_id, agreement.number, coalesce(line.unit_code, agreement.currency),
        line.committed, line.released, line.valid_from, line.valid_until
    from agreement_line line
    join sales_agreement agreement on agreement.id = line.agreement_id and agreement.status = 'EFFECTIVE'
    where line.customer_id = any (cast(:customers as uuid[])) and line.is_active and line.product_id is not null
        and line.released < line.committed and line.valid_from <= :today and line.valid_until > :today
    order by line.customer_id, line.id
"""


async def agreement_shortfalls(
    session: LockedSession, customers: Sequence[UUID], today: date
) -> Mapping[UUID, Sequence[Candidate]]:
    """
    The products of commitments that fewer were ordered of than their days that passed would want: one statement.

    Args:
        session: the house's.
    """
    found: dict[UUID, list[Candidate]] = {}
    rows = await session.execute(text(_OPEN), {"customers": list(customers), "today": today})
    for customer_id, product_id, number, unit, committed, released, begins, ends in rows:
        if not is_behind(committed, released, begins, ends, today):
            continue
        last, missing = ends - timedelta(days=1), committed - released
        data = (("missing", plain(missing)), ("unit", unit), ("number", number), ("day", last.isoformat()))
        candidate = Candidate(
            str(product_id), SuggestionReason.AGREEMENT, _SHORT, data, quantity=missing, last_on=None
        )
        found.setdefault(customer_id, []).append(candidate)
    return found
