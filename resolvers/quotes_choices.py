"""What a revision comes to with the options and alternatives that somebody thinks of taking."""

from collections.abc import Sequence
from uuid import UUID

from models.quotes_reads import QuoteLineRow, RevisionRow
from resolvers.context import Context
from resolvers.quotes import quote_lines_by_revision
from rules.money import TaxedLine, TaxGroup, tax_by_group
from rules.quotes_content import Choice, taken_lines
from rules.refusals import ErrorCode, Refusal, refuse_all


async def taken_taxes(ctx: Context, revision: RevisionRow, line_ids: Sequence[UUID]) -> list[TaxGroup]:
    """
    The nets and taxes by rate of what an acceptance would take: the order's, to the cent.

    Args:
        line_ids: the options and alternatives that are taken.
    Raises:
        Refusal(NOT_FOUND, INVALID): a line of something else, or one that cannot be chosen so.
    """
    lines: list[QuoteLineRow] = await ctx.load(quote_lines_by_revision, revision.id)
    by_id = {line.id: line.position for line in lines}
    unknown = [place for place, key in enumerate(line_ids) if key not in by_id]
    refuse_all([Refusal(ErrorCode.NOT_FOUND, "Not found.", ("lineIds", place)) for place in unknown])
    choices = [
        Choice(line.position, line.parent_position, line.is_optional, line.alternative_to) for line in lines
    ]
    positions = set(taken_lines(choices, [by_id[key] for key in line_ids]))
    taxed = [
        TaxedLine(line.net_amount, line.tax_category, line.tax_percent, (line.sku, line.position))
        for line in lines
        if line.position in positions
    ]
    return tax_by_group(taxed, revision.currency_exponent)[0]
