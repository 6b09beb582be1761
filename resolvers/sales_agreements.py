"""Sales agreements: reading them, what the viewer may do with them, and the commitments that prices ask for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text

from auth.permissions import Permission, Viewer
from models.filters import Where, conditions
from models.rows import by_key, grouped
from models.sales_agreements import AgreementLine, AgreementVersion, SalesAgreement
from models.sales_agreements_reads import (
    AgreementLineRow,
    AgreementRow,
    ConsumptionRow,
    VersionRow,
    agreement_columns,
    agreement_matches,
    commitment_of,
    commitments_in_force,
    visible_agreement_lines,
    visible_agreements,
    visible_consumption,
    visible_versions,
)
from resolvers.context import Context, LockedSession
from resolvers.house import as_house
from resolvers.paging import Page, PageArgs, SortKey, page
from rules.money import ZERO
from rules.refusals import ErrorCode, Refusal
from rules.sales_agreement_terms import AgreementAction, VersionStatus, possible_agreement_actions
from rules.sales_agreements import AgreementStatus, Commitment
from rules.sales_agreements_ledger import CommitmentColumns, Consumption, columns, shortfall, status_on

SEARCH_MAX = 200
EXPIRES_SOON_DAYS = 30
CONSUMPTION_SHOWN = 20

P = Permission
_PERMISSION = {
    AgreementAction.EDIT: P.AGREEMENTS_MANAGE,
    AgreementAction.AMEND: P.AGREEMENTS_MANAGE,
    AgreementAction.PROPOSE: P.AGREEMENTS_CONFIRM,
    AgreementAction.WITHDRAW: P.AGREEMENTS_CONFIRM,
    AgreementAction.ACCEPT: P.AGREEMENTS_ACCEPT,
    AgreementAction.DECLINE: P.AGREEMENTS_ACCEPT,
    AgreementAction.CLOSE: P.AGREEMENTS_CONFIRM,
    AgreementAction.CANCEL: P.AGREEMENTS_CONFIRM,
}


async def commitments_for(
    session: LockedSession,
    *,
    seller_id: UUID,
    customers: Sequence[UUID],
    currency: str,
    products: Sequence[UUID],
    first: date,
    last: date,
) -> list[Commitment]:
    """
    The commitments in force that may concern lines of these products: one statement, whatever their number.

    Args:
        session: the house's (`as_house`), for a parent's agreement is none of its subsidiary's rows.
        customers: the buyer and its ancestors.
        first, last: the days between which all the lines ship.
    """
    statement = commitments_in_force(seller_id, customers, currency, products, first, last)
    return [commitment_of(row) for row in await session.execute(statement)]


async def agreements(
    ctx: Context, where: Where | None, search: str | None, sort: Sequence[SortKey], args: PageArgs
) -> Page[AgreementRow]:
    """The agreements the viewer may see."""
    statement = visible_agreements(ctx.user).where(conditions(where, agreement_columns(ctx.today)))
    if search and search.strip():
        if len(search) > SEARCH_MAX:
            text = "A search has {limit} characters at most."
            raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("search",), limit=SEARCH_MAX)
        statement = statement.where(agreement_matches(search))
    return await page(ctx, statement, sort, args, AgreementRow)


async def agreements_by_id(ctx: Context, keys: Sequence[UUID]) -> list[AgreementRow | None]:
    rows = await ctx.session.execute(visible_agreements(ctx.user).where(SalesAgreement.id.in_(keys)))
    return by_key(keys, (AgreementRow(*each) for each in rows))


async def agreement_by_number(ctx: Context, number: str) -> AgreementRow | None:
    statement = visible_agreements(ctx.user).where(SalesAgreement.number == number)
    found = (await ctx.session.execute(statement)).first()
    return None if found is None else AgreementRow(*found)


async def versions_by_agreement(ctx: Context, keys: Sequence[UUID]) -> list[list[VersionRow]]:
    """The versions of each agreement that the viewer may see, newest first."""
    rows = await ctx.session.execute(
        visible_versions(ctx.user).where(AgreementVersion.agreement_id.in_(keys))
    )
    return grouped(keys, (VersionRow(*each) for each in rows), "agreement_id")


async def lines_by_agreement(ctx: Context, keys: Sequence[UUID]) -> list[list[AgreementLineRow]]:
    """The lines in force of each agreement."""
    rows = await ctx.session.execute(
        visible_agreement_lines(ctx.user).where(AgreementLine.agreement_id.in_(keys))
    )
    return grouped(keys, (AgreementLineRow(*each) for each in rows), "agreement_id")


async def consumption_by_line(ctx: Context, keys: Sequence[UUID]) -> list[list[ConsumptionRow]]:
    """The latest bookings of each line by orders that the viewer may see, newest first."""
    rows = await ctx.session.execute(visible_consumption(ctx.user, keys, CONSUMPTION_SHOWN))
    return grouped(keys, (ConsumptionRow(*each) for each in rows), "agreement_line_id")


_NUMBERS_BY_LINE = """
    select line.id, agreement.number
    from agreement_line line join sales_agreement agreement on agreement.id = line.agreement_id
    where line.id = any (cast(:keys as uuid[]))
"""
_NUMBERS = "select id, number from sales_agreement where id = any (cast(:keys as uuid[]))"
# Of the company and those below it: nobody may read another's cart, but what they come to is known.
_HELD = """
    select line.commitment_id, sum(line.commitment_quantity)
    from cart_line line join cart on cart.id = line.cart_id and cart.updated_at >= :since
    where line.commitment_id = any (cast(:keys as uuid[])) group by line.commitment_id
"""
HELD_DAYS = 30  # a cart that nobody changed for longer is not counted on


async def _found_by_house(
    ctx: Context, statement: str, keys: Sequence[UUID], **values: object
) -> dict[UUID, Any]:
    asked = {"keys": list(keys), **values}
    async with as_house(ctx) as session:
        return {row[0]: row[1] for row in await session.execute(text(statement), asked)}


async def numbers_by_line(ctx: Context, keys: Sequence[UUID]) -> list[str]:
    """The agreements' numbers by their lines' ids; a subsidiary knows what it buys under, and no more of it."""
    found = await _found_by_house(ctx, _NUMBERS_BY_LINE, keys)
    return [found.get(key, "") for key in keys]


async def numbers_by_agreement(ctx: Context, keys: Sequence[UUID]) -> list[str]:
    """The agreements' numbers, for documents of the viewer's that name them."""
    found = await _found_by_house(ctx, _NUMBERS, keys)
    return [found.get(key, "") for key in keys]


async def held_by_line(ctx: Context, keys: Sequence[UUID]) -> list[Decimal]:
    """
    What carts changed within 30 days would consume of each line: held softly, and counted nowhere else.

    Args:
        keys: lines that the viewer sees.
    """
    found = await _found_by_house(ctx, _HELD, keys, since=ctx.now - timedelta(days=HELD_DAYS))
    return [found.get(key, ZERO) for key in keys]


def columns_of_line(line: AgreementLineRow) -> CommitmentColumns:
    return columns(line.committed, Consumption(line.released, line.delivered, line.invoiced, line.returned))


def open_version(versions: Sequence[VersionRow]) -> VersionRow | None:
    """The version that is written or proposed now, where the viewer may see it."""
    waiting = (VersionStatus.DRAFT, VersionStatus.PROPOSED)
    return next((each for each in versions if each.status in waiting), None)


def permitted_agreement_actions(viewer: Viewer, customer_id: UUID) -> frozenset[AgreementAction]:
    """What the viewer's permissions let them do with an agreement of the customer, whatever its state."""
    return frozenset(
        action for action, permission in _PERMISSION.items() if viewer.reaches(permission, customer_id)
    )


async def agreement_actions(ctx: Context, row: AgreementRow) -> list[AgreementAction]:
    """What the state allows and the viewer may do, in the enum's order."""
    permitted = permitted_agreement_actions(ctx.user, row.customer_id)
    if not permitted:
        return []
    waiting = open_version(await ctx.load(versions_by_agreement, row.id))
    status = status_on(row.status, row.valid_until, ctx.today)
    possible = possible_agreement_actions(status, None if waiting is None else waiting.status)
    return [action for action in AgreementAction if action in possible and action in permitted]


@dataclass(frozen=True, slots=True)
class AgreementNotice:
    """Something to know of an agreement or a line; `text` is a template over `data` and a message id."""

    text: str
    data: dict[str, object]
    line: int | None = None


async def notices_of(ctx: Context, row: AgreementRow) -> list[AgreementNotice]:
    """That it ends soon, and what is missing or too much of its lines (rule book 3.2, SA-12, SA-17)."""
    status = status_on(row.status, row.valid_until, ctx.today)
    if status not in (AgreementStatus.EFFECTIVE, AgreementStatus.EXPIRED):
        return []
    found: list[AgreementNotice] = []
    last = row.valid_until - timedelta(days=1)
    days = (last - ctx.today).days
    is_ending = status is AgreementStatus.EXPIRED or days <= EXPIRES_SOON_DAYS
    if status is AgreementStatus.EXPIRED:
        found.append(AgreementNotice("It expired on {day}.", {"day": last}))
    elif is_ending:
        found.append(AgreementNotice("It expires on {day}, in {days} days.", {"day": last, "days": days}))
    for line in await ctx.load(lines_by_agreement, row.id):
        unit = line.unit_code or row.currency
        over = columns_of_line(line).overfulfilled
        if over:
            text = "Line {line}: {over} {unit} more than agreed were ordered."
            found.append(
                AgreementNotice(text, {"line": line.number, "over": over, "unit": unit}, line.number)
            )
        missing, penalty = shortfall(line.committed, line.invoiced, line.penalty_percent)
        if is_ending and missing:
            data: dict[str, object] = {"line": line.number, "missing": missing, "unit": unit}
            text = "Line {line}: {missing} {unit} are still to be bought."
            if penalty and line.unit_code is None:
                text = "Line {line}: {missing} {unit} are still to be bought; {penalty} {unit} are due otherwise."
                data["penalty"] = penalty
            found.append(AgreementNotice(text, data, line.number))
    return found


async def lines_with_currency(
    ctx: Context, keys: Sequence[UUID]
) -> list[tuple[AgreementLineRow, str] | None]:
    """Lines by their id, each with the currency of its agreement."""
    rows = await ctx.session.execute(visible_agreement_lines(ctx.user).where(AgreementLine.id.in_(keys)))
    lines = [AgreementLineRow(*each) for each in rows]
    heads = await ctx.loader(agreements_by_id).load_many([each.agreement_id for each in lines])
    found = {
        line.id: (line, head.currency) for line, head in zip(lines, heads, strict=True) if head is not None
    }
    return [found.get(key) for key in keys]


# What companies above agreed on, with what this company took of it: neither their texts nor what others took.
_SHARED = """
    with recursive up(id, parent_id, level) as (
        select id, parent_id, 0 from customer where id = :customer
        union all
        select customer.id, customer.parent_id, up.level + 1
        from customer join up on customer.id = up.parent_id where up.level < 20
    )
    select line.type, line.product_id, line.category_id, line.unit_code, agreement.currency, agreement.pricing,
        line.unit_price, line.price_unit, line.discount_percent, line.valid_from, line.valid_until,
        coalesce(sum(booking.released), 0), coalesce(sum(booking.delivered), 0), coalesce(sum(booking.invoiced), 0),
        (select coalesce(sum(held.commitment_quantity), 0)
            from cart_line held join cart on cart.id = held.cart_id and cart.updated_at >= :since
            where held.commitment_id = line.id and held.customer_id = :customer)
    from up
    join agreement_line line on line.customer_id = up.id and line.is_active and line.valid_until > :today
    join sales_agreement agreement on agreement.id = line.agreement_id and agreement.status = 'EFFECTIVE'
    left join agreement_consumption booking
        on booking.agreement_line_id = line.id and booking.customer_id = :customer
    where up.level > 0
    group by line.id, agreement.id, up.level
    order by up.level, line.id
    limit :most
"""
SHARED_MAX = 100


@dataclass(frozen=True, slots=True)
class SharedCommitmentRow:
    """A commitment of a company above; `released` and what follows are this company's share alone."""

    type: str
    product_id: UUID | None
    category_id: UUID | None
    unit_code: str | None
    currency: str
    pricing: str
    unit_price: Decimal | None
    price_unit: Decimal
    discount_percent: Decimal
    valid_from: date
    valid_until: date
    released: Decimal
    delivered: Decimal
    invoiced: Decimal
    held: Decimal


async def shared_commitments(ctx: Context) -> list[SharedCommitmentRow]:
    """What the viewer's company may order under agreements of the companies above it; nothing for our people."""
    if ctx.user.customer_id is None:
        return []
    values = {
        "customer": ctx.user.customer_id, "today": ctx.today, "most": SHARED_MAX,
        "since": ctx.now - timedelta(days=HELD_DAYS),
    }  # fmt: skip
    async with as_house(ctx) as session:
        return [SharedCommitmentRow(*row) for row in await session.execute(text(_SHARED), values)]
