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
        "blocked is the sum of the blocked lots": """
            select product_id, warehouse_id from (
                select product_id, warehouse_id, blocked as quantity from stock_balance
                union all
                select lot.product_id, lot_balance.warehouse_id, -lot_balance.on_hand from lot_balance
                join lot on lot.id = lot_balance.lot_id where lot.status = 'BLOCKED'
            ) as both_sides group by product_id, warehouse_id having sum(quantity) <> 0
        """,
        "reserved is within on hand": "select * from stock_balance where reserved + blocked > on_hand or on_hand < 0",
        "a cart's hold is within its lines": """
            select hold.source_id from (
                select source_id, customer_id, product_id, sum(quantity) as quantity from reservation
                where source_kind = 'CART' and released_at is null group by 1, 2, 3
            ) as hold
            left join cart_line line on line.cart_id = hold.source_id and line.customer_id = hold.customer_id
                and line.product_id = hold.product_id
            where hold.quantity > coalesce(line.quantity, 0)
        """,
        "a balance knows when its holds end": """
            select hold.id from reservation hold
            left join stock_balance balance on balance.product_id = hold.product_id
                and balance.warehouse_id = hold.warehouse_id and balance.holds_end_at <= hold.expires_at
            where hold.source_id is not null and hold.released_at is null and balance.product_id is null
        """,
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
        # The last unit price once rounded, less what each later step took; steps older than `discount` say a percent.
        # Half a cent stays one behind a quotient without an end (rules.money.round_money).
        "a line's net is what its trace replays to": """
            select line.id from sales_order_line line cross join lateral (
                select (array_agg((step ->> 'runningPrice')::numeric order by place desc) filter (where
                        step ->> 'component' in ('LIST_PRICE', 'QUANTITY_BREAK', 'TRADE_PRICE', 'AGREEMENT_PRICE',
                            'MANUAL_PRICE', 'LINE_DISCOUNT', 'MULTILINE_DISCOUNT', 'AGREEMENT_DISCOUNT',
                            'CHARGE')))[1] as price,
                    coalesce(sum((step ->> 'discount')::numeric), 0) as discount,
                    coalesce(max((step ->> 'value')::numeric) filter (where
                        step ->> 'component' = 'MANUAL_DISCOUNT' and not step ? 'discount'), 0) as percent
                from jsonb_array_elements(price_trace) with ordinality as steps(step, place)
                where step ->> 'status' <> 'EXCLUDED'
            ) as trace cross join lateral (
                select round(round(quantity_ordered * trace.price / price_unit, 30), currency_exponent) as amount
            ) as gross
            where net_amount <> gross.amount - trace.discount
                - round(gross.amount * trace.percent / 100, currency_exponent)
        """,
        "a line's schedule covers it": """
            select line.id from sales_order_line line
            left join sales_order_schedule_line schedule on schedule.order_line_id = line.id
            where line.kind <> 'CHARGE'
            group by line.id, line.quantity_ordered
            having coalesce(sum(schedule.quantity), 0) not in (
                line.quantity_ordered, line.quantity_ordered - line.quantity_cancelled
            )
        """,
        "nothing of a closed order is open": """
            select line.id from sales_order_line line join sales_order on sales_order.id = line.order_id
            where sales_order.status = 'CLOSED'
                and case when line.kind = 'GOODS' then line.quantity_shipped
                    else greatest(line.quantity_shipped, line.quantity_invoiced) end
                    + line.quantity_cancelled <> line.quantity_ordered
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
        "what was shipped of a line is what its deliveries took": """
            select line.id from sales_order_line line
            left join (
                select order_line_id, sum(delivery_line.quantity) as quantity from delivery_line
                join delivery on delivery.id = delivery_line.delivery_id and delivery.status = 'SHIPPED' group by 1
            ) as shipped on shipped.order_line_id = line.id
            where line.quantity_shipped <> coalesce(shipped.quantity, 0)
                and exists (select from delivery where delivery.order_id = line.order_id)
        """,
        "a lot's allocation is that of the released deliveries and of what customers asked for": """
            select lot_id, warehouse_id from (
                select lot_id, warehouse_id, allocated as quantity from lot_balance
                union all
                select lot_id, warehouse_id, quantity_used - quantity from order_line_lot
                union all
                select lot.lot_id, delivery.warehouse_id, -lot.quantity from delivery_line_lot lot
                join delivery_line line on line.id = lot.delivery_line_id
                join delivery on delivery.id = line.delivery_id and delivery.status = 'RELEASED'
            ) as both_sides group by lot_id, warehouse_id having sum(quantity) <> 0
        """,
        "what is used of a lot that a customer asked for is what deliveries took": """
            select order_line_id, lot_id, warehouse_id from (
                select order_line_id, lot_id, warehouse_id, quantity_used as quantity from order_line_lot
                union all
                select line.order_line_id, lot.lot_id, delivery.warehouse_id, -lot.quantity_requested
                from delivery_line_lot lot
                join delivery_line line on line.id = lot.delivery_line_id
                join delivery on delivery.id = line.delivery_id and delivery.status in ('RELEASED', 'SHIPPED')
            ) as both_sides group by 1, 2, 3 having sum(quantity) <> 0
        """,
        "a line's lots are held within what it has reserved and not released": """
            select order_line_id, warehouse_id from (
                select order_line_id, warehouse_id, quantity - quantity_used as held, 0 as reserved
                from order_line_lot
                union all
                select schedule.order_line_id, reservation.warehouse_id, 0, reservation.quantity from reservation
                join sales_order_schedule_line schedule on schedule.id = reservation.schedule_line_id
                where reservation.released_at is null
                union all
                select line.order_line_id, delivery.warehouse_id, 0, -line.quantity from delivery_line line
                join delivery on delivery.id = line.delivery_id and delivery.status = 'RELEASED'
            ) as sides group by 1, 2 having sum(held) > 0 and sum(held) > sum(reserved)
        """,
        "what waits to leave is of no blocked lot": """
            select line.id from delivery_line_lot held join lot on lot.id = held.lot_id and lot.status = 'BLOCKED'
            join delivery_line line on line.id = held.delivery_line_id
            join delivery on delivery.id = line.delivery_id and delivery.status = 'RELEASED'
        """,
        "the lots of a delivery line make its quantity": """
            select line.id from delivery_line line join delivery_line_lot lot on lot.delivery_line_id = line.id
            group by line.id, line.quantity having sum(lot.quantity) <> line.quantity
        """,
        "an invoice's amounts are the sums of its lines": """
            select invoice.id from invoice left join invoice_line line on line.invoice_id = invoice.id
            group by invoice.id
            having invoice.net_amount <> coalesce(sum(line.net_amount), 0)
                or invoice.tax_amount <> coalesce(sum(line.tax_amount), 0)
                or invoice.surcharge_amount <> coalesce(sum(line.surcharge_amount), 0)
        """,
        "an invoice's tax is the sum of its groups": """
            select invoice.id from invoice left join invoice_tax_group tax on tax.invoice_id = invoice.id
            group by invoice.id
            having invoice.net_amount <> coalesce(sum(tax.base_amount), 0)
                or invoice.tax_amount <> coalesce(sum(tax.tax_amount), 0)
                or invoice.surcharge_amount <> coalesce(sum(tax.surcharge_amount), 0)
        """,
        "an issued invoice's instalments make its gross": """
            select invoice.id from invoice left join invoice_instalment part on part.invoice_id = invoice.id
            where invoice.status = 'ISSUED' group by invoice.id
            having invoice.gross_amount <> coalesce(sum(part.amount), 0)
        """,
        "what is credited of a line is what rectifying invoices took": """
            select line.id from invoice_line line
            left join (
                select rectified_line_id, -sum(credit.quantity) as quantity from invoice_line credit
                join invoice on invoice.id = credit.invoice_id and invoice.status = 'ISSUED'
                where rectified_line_id is not null group by 1
            ) as credits on credits.rectified_line_id = line.id
            where line.quantity_credited <> coalesce(credits.quantity, 0)
        """,
        "credits never exceed the invoice": """
            select line.id from invoice_line line
            join invoice_line credit on credit.rectified_line_id = line.id
            join invoice on invoice.id = credit.invoice_id and invoice.status = 'ISSUED'
            group by line.id, line.net_amount having abs(sum(credit.net_amount)) > abs(line.net_amount)
        """,
        "an instalment's matched amount is that of its matches": """
            select part.id from invoice_instalment part
            left join payment_match hit on hit.undone_at is null
                and (hit.instalment_id = part.id or hit.credit_instalment_id = part.id)
            group by part.id, part.amount, part.amount_matched
            having part.amount_matched <> coalesce(sum(hit.amount), 0) * sign(part.amount)
        """,
        "a payment's matched amount is that of its matches": """
            select payment.id from payment
            left join payment_match hit on hit.payment_id = payment.id and hit.undone_at is null
            group by payment.id, payment.amount_matched
            having payment.amount_matched <> coalesce(sum(hit.amount), 0)
        """,
        "every journal entry balances": """
            select entry.id from journal_entry entry left join journal_line line on line.entry_id = entry.id
            group by entry.id having coalesce(sum(line.amount), 0) <> 0 or count(line.id) < 2
        """,
        "invoice numbers of a series are contiguous": """
            select series.seller_id, series.code, series.year from invoice_series series
            left join invoice on invoice.seller_id = series.seller_id and invoice.series_code = series.code
                and extract(year from invoice.issued_on) = series.year and invoice.status = 'ISSUED'
            group by series.seller_id, series.code, series.year, series.next_number
            having series.next_number - 1 <> count(invoice.id)
        """,
        "every issued invoice has its record": """
            select invoice.id from invoice left join invoice_record record on record.invoice_id = invoice.id
            where invoice.status = 'ISSUED' and record.id is null
        """,
        "records are contiguous": """
            select chain.seller_id from invoice_chain chain
            left join invoice_record record on record.seller_id = chain.seller_id
            group by chain.seller_id, chain.last_position
            having chain.last_position <> count(record.id) or chain.last_position <> coalesce(max(record.position), 0)
        """,
        "an agreement's totals are the sums of its ledger": """
            select line.id from agreement_line line
            left join agreement_consumption booking on booking.agreement_line_id = line.id
            group by line.id, line.released, line.delivered, line.invoiced, line.returned
            having line.released <> coalesce(sum(booking.released), 0)
                or line.delivered <> coalesce(sum(booking.delivered), 0)
                or line.invoiced <> coalesce(sum(booking.invoiced), 0)
                or line.returned <> coalesce(sum(booking.returned), 0)
        """,
        "what an order line consumes of its agreement is booked": """
            select line.id from sales_order_line line
            left join agreement_consumption booking on booking.order_line_id = line.id
                and booking.agreement_line_id = line.commitment_id
            where line.commitment_id is not null
            group by line.id, line.commitment_quantity, line.quantity_ordered, line.quantity_cancelled,
                line.quantity_returned
            having abs(coalesce(sum(booking.released), 0) - line.commitment_quantity / line.quantity_ordered
                * (line.quantity_ordered - line.quantity_cancelled - line.quantity_returned)) > 0.01
        """,
        "an order waits for approval while a request does": """
            select sales_order.id from sales_order
            left join approval_request request on request.order_id = sales_order.id and request.status = 'PENDING'
                and request.subject_type = 'Order'
            where (sales_order.status = 'PENDING_APPROVAL') <> (request.id is not null)
        """,
        "a limited discount's uses are its redemptions": """
            select rule.id from discount_rule rule
            left join discount_redemption taken on taken.rule_id = rule.id and taken.given_back_at is null
            where rule.uses_max is not null or rule.uses_per_customer_max is not null
            group by rule.id, rule.uses having rule.uses <> count(taken.id)
        """,
    }
)
