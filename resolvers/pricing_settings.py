"""How a seller makes prices: whose day counts, how discounts combine, what is searched, when a margin is good."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import update

from models.sellers import Seller
from models.trade_agreements_reads import rows_by_cell
from resolvers.context import Context, LockKind
from resolvers.customers import seller
from resolvers.events import record
from resolvers.house import as_house
from rules.pricing_facts import LineMultilineMode
from rules.refusals import ErrorCode, StaleVersion, refuse_all
from rules.trade_settings import Cell, DateType, cell_code, check_settings


@dataclass(frozen=True, slots=True)
class SettingsDraft:
    """What is None stays as it is."""

    line_multiline_mode: LineMultilineMode | None = None
    price_date_type: DateType | None = None
    inactive_cells: Sequence[Cell] | None = None
    margin_target_percent: Decimal | None = None
    margin_floor_percent: Decimal | None = None
    money_yearly_percent: Decimal | None = None
    judged_together_days: int | None = None


async def set_pricing_settings(ctx: Context, draft: SettingsDraft, expected_version: int) -> UUID:
    """
    Prices follow the new settings from the next look on; orders that are placed keep theirs.

    Rows in force that are not searched any more are told, one warning a combination.
    """
    us = await seller(ctx)
    if us.pricing_version != expected_version:
        raise StaleVersion(us.pricing_version)
    target = us.margin_target_percent if draft.margin_target_percent is None else draft.margin_target_percent
    floor = us.margin_floor_percent if draft.margin_floor_percent is None else draft.margin_floor_percent
    money = us.money_yearly_percent if draft.money_yearly_percent is None else draft.money_yearly_percent
    days = us.judged_together_days if draft.judged_together_days is None else draft.judged_together_days
    refuse_all(check_settings(target, floor, draft.inactive_cells or (), money, days))
    before = sorted(us.inactive_trade_cells)
    off = (
        before if draft.inactive_cells is None else sorted(cell_code(*each) for each in draft.inactive_cells)
    )
    values = {
        "line_multiline_mode": draft.line_multiline_mode or us.line_multiline_mode,
        "price_date_type": draft.price_date_type or us.price_date_type,
        "inactive_trade_cells": off,
        "margin_target_percent": target,
        "margin_floor_percent": floor,
        "money_yearly_percent": money,
        "judged_together_days": days,
    }
    ctx.locking(LockKind.DOCUMENT)
    # Whoever was faster has another version by now, and nothing is written over theirs.
    version = await ctx.session.scalar(
        update(Seller)
        .where(Seller.id == us.id, Seller.pricing_version == expected_version)
        .values(pricing_version=Seller.pricing_version + 1, **values)
        .returning(Seller.pricing_version)
    )
    if version is None:
        raise StaleVersion(expected_version + 1)
    changes = {name: value for name, value in values.items() if value != getattr(us, name)}
    record(
        ctx, "seller.pricingSet", "Seller", us.id, version=version, customer_id=None,
        changes={name: str(value) if isinstance(value, Decimal) else value for name, value in changes.items()},
        published=False,
    )  # fmt: skip
    await _warn_of_silenced(ctx, us.id, set(off) - set(before))
    await ctx.session.flush()
    return us.id


async def _warn_of_silenced(ctx: Context, seller_id: UUID, off: set[str]) -> None:
    """Rows in force today that a combination switched off takes out of the search; all of them, whoever asks."""
    if not off:
        return
    async with as_house(ctx) as session:
        found = await session.execute(rows_by_cell(seller_id, ctx.today))
        counts = {cell_code(*each[:3]): each[3] for each in found}
    for code in sorted(off & counts.keys()):
        text = "Rows in force that do not count any more ({cell}): {count}."
        ctx.warn(ErrorCode.INVALID, text, ("inactiveCells",), cell=code, count=counts[code])
