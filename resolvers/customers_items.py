"""What customers call our products."""

from uuid import UUID

from models.customers import CustomerItemNumber
from models.customers_reads import ItemNumberRow, visible_item_numbers
from resolvers.context import Context
from resolvers.paging import Page, PageArgs, SortKey, page


async def item_numbers_of_customer(ctx: Context, customer_id: UUID, args: PageArgs) -> Page[ItemNumberRow]:
    """By their numbers, as they would be typed."""
    table = CustomerItemNumber
    sort = [SortKey("ITEM_KEY", table.item_key), SortKey("id", table.product_id)]
    mine = visible_item_numbers(ctx.user).where(table.customer_id == customer_id)
    return await page(ctx, mine, sort, args, ItemNumberRow)
