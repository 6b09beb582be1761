"""What a revision leaves and gives away, and how it differs from another."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from auth.permissions import Permission
from models.quotes_reads import FiguresRow, QuoteLineRow, RevisionRow
from resolvers.context import Context
from resolvers.customers import seller
from resolvers.quotes import (
    figures_by_revision,
    policy,
    quote_lines_by_revision,
    revisions_by_id,
    revisions_by_quote,
)
from resolvers.quotes_together import judged_with
from rules.quotes_approvals import ApprovalCriterion, QuoteFigures, QuoteNeed, open_needs, quote_needs
from rules.quotes_content import Compared, LineDifference, revision_difference
from rules.simulation import MarginBand, band_of_margin, margin_percent

Margin = tuple[Decimal, Decimal | None]  # amount, percent of sales

# What leads back to a cost, or to the floor: for those who see margins (rule book 0.2, 31).
_OF_MARGIN = frozenset({ApprovalCriterion.MARGIN, ApprovalCriterion.FLOOR})


def shows_figure(ctx: Context, need: QuoteNeed) -> bool:
    """Whether the viewer may see what a need measures, and not only that there is one."""
    return need.criterion not in _OF_MARGIN or ctx.user.may(Permission.MARGIN_READ)


async def margin_by_revision(ctx: Context, keys: Sequence[UUID]) -> list[Margin | None]:
    """The margin of each revision; None where a cost is not known."""
    found: list[FiguresRow | None] = await ctx.loader(figures_by_revision).load_many(list(keys))
    return [None if row is None else _margin(row) for row in found]


def _margin(row: FiguresRow) -> Margin | None:
    if row.cost is None:
        return None
    cost = row.cost + row.waiting
    return row.goods_net - cost, margin_percent(row.goods_net, cost)


async def band_by_revision(ctx: Context, keys: Sequence[UUID]) -> list[MarginBand | None]:
    us = await seller(ctx)
    return [
        None if each is None else band_of_margin(each[1], us.margin_target_percent, us.margin_floor_percent)
        for each in await margin_by_revision(ctx, keys)
    ]


async def needs_by_revision(ctx: Context, keys: Sequence[UUID]) -> list[list[QuoteNeed]]:
    """Why each revision still needs consent, by the policy of today."""
    rows, _, _ = await policy(ctx)
    found: list[FiguresRow | None] = await ctx.loader(figures_by_revision).load_many(list(keys))
    revisions: list[RevisionRow | None] = await ctx.loader(revisions_by_id).load_many(list(keys))
    known = [(each.customer_id, each.quote_id) for each in revisions if each is not None]
    others = dict(zip(known, await judged_with(ctx, known), strict=True))
    return [
        []
        if row is None or revision is None
        else open_needs(
            quote_needs(
                rows,
                QuoteFigures.from_json(row.measured).together(
                    others[revision.customer_id, revision.quote_id]
                ),
            ),
            [QuoteNeed.from_json(each) for each in row.granted],
        )
        for row, revision in zip(found, revisions, strict=True)
    ]


async def difference(ctx: Context, revision: RevisionRow, since: int | None) -> list[LineDifference]:
    """
    What a revision changes of an earlier one that the viewer may see; of nothing where there is none.

    Args:
        since: the earlier one's number; None for the one before.
    """
    revisions: list[RevisionRow] = await ctx.load(revisions_by_quote, revision.quote_id)
    earlier = next(
        (
            each
            for each in revisions
            if (each.number < revision.number if since is None else each.number == since)
        ),
        None,
    )
    after = await ctx.load(quote_lines_by_revision, revision.id)
    before = [] if earlier is None else await ctx.load(quote_lines_by_revision, earlier.id)
    return revision_difference(_compared(before), _compared(after))


def _compared(lines: Sequence[QuoteLineRow]) -> list[Compared]:
    return [
        Compared(
            line.sku, line.quantity, line.unit_price, line.net_amount, line.requested_on,
            line.is_optional or line.alternative_to is not None,
        )
        for line in lines
    ]  # fmt: skip
