"""What must be true of the data whatever happened: each query finds the rows that break it, so it must find none."""

from collections.abc import Mapping
from types import MappingProxyType

INVARIANTS: Mapping[str, str] = MappingProxyType(
    {
        "on hand is the sum of the moves": """
            select product_id, warehouse_id from (
                select product_id, warehouse_id, on_hand as quantity from stock_balance
                union all
                select product_id, warehouse_id, -quantity from stock_move
            ) as both_sides group by product_id, warehouse_id having sum(quantity) <> 0
        """,
        "a lot's balance is the sum of its moves": """
            select lot_id, warehouse_id from (
                select lot_id, warehouse_id, on_hand as quantity from lot_balance
                union all
                select lot_id, warehouse_id, -quantity from stock_move where lot_id is not null
            ) as both_sides group by lot_id, warehouse_id having sum(quantity) <> 0
        """,
        "the lots of a tracked product make its balance": """
            select balance.product_id, balance.warehouse_id
            from stock_balance balance join product on product.id = balance.product_id
            left join (
                select lot.product_id, lot_balance.warehouse_id, sum(lot_balance.on_hand) as on_hand
                from lot_balance join lot on lot.id = lot_balance.lot_id group by 1, 2
            ) as lots on lots.product_id = balance.product_id and lots.warehouse_id = balance.warehouse_id
            where product.is_lot_tracked and balance.on_hand <> coalesce(lots.on_hand, 0)
        """,
        "reserved is the sum of the live reservations": """
            select product_id, warehouse_id from (
                select product_id, warehouse_id, reserved as quantity from stock_balance
                union all
                select product_id, warehouse_id, -quantity from reservation where released_at is null
            ) as both_sides group by product_id, warehouse_id having sum(quantity) <> 0
        """,
        "reserved is within on hand": "select * from stock_balance where reserved > on_hand or on_hand < 0",
        "a line's reserved quantity is that of its schedule": """
            select line.id from sales_order_line line
            left join sales_order_schedule_line schedule on schedule.order_line_id = line.id
            left join reservation on reservation.schedule_line_id = schedule.id and reservation.released_at is null
            group by line.id, line.quantity_reserved
            having line.quantity_reserved <> coalesce(sum(reservation.quantity), 0)
        """,
        "a reservation is within its schedule line": """
            select schedule.id from sales_order_schedule_line schedule
            join reservation on reservation.schedule_line_id = schedule.id and reservation.released_at is null
            group by schedule.id, schedule.quantity having sum(reservation.quantity) > schedule.quantity
        """,
        "a reservation is of its line's product and customer": """
            select reservation.id from reservation
            join sales_order_schedule_line schedule on schedule.id = reservation.schedule_line_id
            join sales_order_line line on line.id = schedule.order_line_id
            where line.product_id is distinct from reservation.product_id
                or line.customer_id <> reservation.customer_id
        """,
        "only open orders hold stock": """
            select line.id from sales_order_line line join sales_order on sales_order.id = line.order_id
            where line.quantity_reserved > 0 and sales_order.status not in ('PENDING_APPROVAL', 'PLACED', 'CONFIRMED')
        """,
        "an order waiting for its credit holds no stock": """
            select line.id from sales_order_line line join sales_order on sales_order.id = line.order_id
            where line.quantity_reserved > 0 and 'CREDIT' = any (sales_order.hold_reasons)
        """,
        "an order's amounts are the sums of its lines": """
            select sales_order.id from sales_order left join sales_order_line line on line.order_id = sales_order.id
            group by sales_order.id
            having sales_order.net_amount is distinct from sum(line.net_amount)
                or sales_order.tax_amount is distinct from sum(line.tax_amount)
                or sales_order.gross_amount is distinct from sum(line.gross_amount)
        """,
        "tax is that of each category and rate on the summed nets": """
            select order_id from sales_order_line
            group by order_id, tax_category, tax_percent, currency_exponent
            having sum(tax_amount) <> round(sum(net_amount) * tax_percent / 100, currency_exponent)
        """,
        "a line's net is its list price less its discount": """
            select id from (
                select id, net_amount, discount_percent, currency_exponent,
                    round(quantity_ordered * list_unit_price / price_unit, currency_exponent) as gross
                from sales_order_line
            ) as line where net_amount <> gross - round(gross * discount_percent / 100, currency_exponent)
        """,
        "a line's schedule covers it": """
            select line.id from sales_order_line line
            left join sales_order_schedule_line schedule on schedule.order_line_id = line.id
            group by line.id, line.quantity_ordered
            having coalesce(sum(schedule.quantity), 0) not in (
                line.quantity_ordered, line.quantity_ordered - line.quantity_cancelled
            )
        """,
        "nothing of a closed order is open": """
            select line.id from sales_order_line line join sales_order on sales_order.id = line.order_id
            where sales_order.status = 'CLOSED'
                and line.quantity_shipped + line.quantity_cancelled <> line.quantity_ordered
        """,
        "a past sale's net is its gross less its discount": """
            select id from sales_history
            where net_amount <> round(unit_price * quantity, 2) - discount_amount
        """,
        "no customer is their own ancestor": """
            with recursive up (id, ancestor, level) as (
                select id, parent_id, 1 from customer where parent_id is not null
                union all
                select up.id, customer.parent_id, up.level + 1 from up join customer on customer.id = up.ancestor
                where customer.parent_id is not null and up.level < 50
            ) select id from up where id = ancestor
        """,
        "a category's path ends with its code below its parent's": """
            select category.id from product_category category
            left join product_category parent on parent.id = category.parent_id
            where category.path <> coalesce(parent.path, '/') || category.code || '/'
        """,
        "every product is searchable": """
            select product.id from product
            where not exists (select from product_search where product_search.product_id = product.id)
        """,
    }
)
