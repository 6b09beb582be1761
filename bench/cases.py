"""What is measured: four documents, and the barest statements that read and write the same rows."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Case:
    """One thing asked; `target` is the least share of the bare route's requests per second."""

    name: str
    what: str
    document: str
    target: float


CASES = (
    Case(
        "Q1",
        "catalogue page of 50 products with price and stock by warehouse",
        """query Catalogue { products(first: 50) { nodes { id sku name
             price { unitPrice { amount currency } }
             availability { band byWarehouse { warehouse { code } free } } }
             pageInfo { hasNextPage endCursor } } }""",
        0.05,
    ),
    Case(
        "Q2",
        "list of 20 orders with 5 lines each and their products",
        """query Orders { orders(first: 20) { nodes { id number status placedAt
             lines { position sku quantityOrdered netAmount { amount currency } product { id name } } }
             pageInfo { hasNextPage endCursor } } }""",
        0.08,
    ),
    Case(
        "Q3",
        "viewer",
        "query Viewer { viewer { isStaff locale roles customer { number name } } }",
        0.35,
    ),
    Case(
        "M1",
        "place an order of 5 lines",
        """mutation Place($input: PlaceOrderInput!) { placeOrder(input: $input) {
             order { id number status grossAmount { amount currency } }
             errors { code message path } warnings { code } } }""",
        0.20,
    ),
)
CART = "query Cart { cart { id version totals { gross { amount } } } }"

# A page first, then what hangs from it: joined before the limit, prices were read for the whole table.
CATALOGUE = """
    select page.id, page.sku, page.name, price.unit_price, price.currency, stock.places
      from (select id, sku, name, name_sort from product where seller_id = $1
             and (active_until is null or active_until > current_date)
             order by name_sort, id limit 50) page
      left join lateral (
           select unit_price, currency from list_price
            where product_id = page.id and currency = $2 and from_quantity <= 1 and valid_from <= current_date
              and (valid_until is null or valid_until > current_date)
            order by from_quantity desc limit 1) price on true
      left join lateral (
           select json_agg(json_build_object('warehouse', w.code, 'free', (b.on_hand - b.reserved)::text)
                           order by w.priority) as places
             from stock_balance b join warehouse w on w.id = b.warehouse_id where b.product_id = page.id) stock on true
     order by page.name_sort, page.id
"""
ORDERS = """
    select o.id, o.number, o.status, o.placed_at, lines.lines
      from (select id, number, status, placed_at from sales_order where customer_id = $1
             order by placed_at desc, id desc limit 20) o
      cross join lateral (
           select json_agg(json_build_object('position', l.position, 'sku', l.sku, 'quantity', l.quantity_ordered::text,
                           'net', l.net_amount::text, 'product', json_build_object('id', p.id, 'name', p.name))
                           order by l.position) as lines
             from sales_order_line l join product p on p.id = l.product_id
            where l.customer_id = $1 and l.order_id = o.id) lines
     order by o.placed_at desc, o.id desc
"""
VIEWER = """
    select u.locale, m.role, c.number, c.name from app_user u join membership m on m.user_id = u.id
      join customer c on c.id = m.customer_id where u.id = $1
"""

# Placing an order as a careful hand writes it: one transaction, every statement over all the lines.
LOCK_CART = """
    select k.id as customer_id, k.seller_id, k.currency, k.number, k.name, a.label, a.street, a.postal_code, a.city,
           a.region, a.country
      from cart c join customer k on k.id = c.customer_id
      left join lateral (select * from customer_address where customer_id = k.id
                          order by is_default_delivery desc limit 1) a on true
     where c.id = $1 for update of c
"""
PRICE_CART = """
    select l.product_id, l.quantity, p.sku, p.name, p.unit_code, p.kind, t.untdid_5305, r.percent,
           price.unit_price, price.price_unit, price.from_quantity,
           round(l.quantity * price.unit_price / price.price_unit, 2) as net
      from cart_line l join product p on p.id = l.product_id
      join tax_category t on t.id = p.tax_category_id
      join seller s on s.id = p.seller_id
      join tax_rate r on r.tax_category_id = t.id and r.territory = s.tax_territory and r.valid_from <= current_date
       and (r.valid_until is null or r.valid_until > current_date)
      join lateral (
           select unit_price, price_unit, from_quantity from list_price
            where product_id = p.id and currency = $2 and from_quantity <= l.quantity and valid_from <= current_date
              and (valid_until is null or valid_until > current_date)
            order by from_quantity desc limit 1) price on true
     where l.cart_id = $1 order by l.position
"""
EXPOSURE = """
    select a.credit_limit,
           (select coalesce(sum(o.gross_amount), 0) from sales_order o
             where o.customer_id = a.customer_id and o.status in ('PENDING_APPROVAL', 'PLACED', 'CONFIRMED'))
      from credit_account a where a.customer_id = $1 for update of a
"""
LOCK_STOCK = """
    select b.product_id, b.warehouse_id, b.on_hand - b.reserved as free
      from stock_balance b join warehouse w on w.id = b.warehouse_id join product p on p.id = b.product_id
     where b.product_id = any ($1) order by p.sku, w.priority for update of b
"""
PUT_ORDER = """
    insert into sales_order (id, seller_id, number, customer_id, status, is_on_hold, locale, placed_at, placed_by_id,
        placed_by_name, purchase_order_number, priced_on, currency, currency_exponent, exchange_rate, exchange_rate_on,
        seller_name, seller_tax_id, customer_number, customer_name, delivery_address, billing_address, payment_terms,
        delivery_terms, net_amount, tax_amount, gross_amount)
    select $1, s.id, 'SO-' || nextval('sales_order_number_seq'), $2, 'PLACED', false, 'es', now(), $3, 'bench', '',
        current_date, $4, 2, 1, current_date, s.name, s.tax_id, $5, $6, $7, $7, '{}', '{}', $8, $9,
        $8::numeric + $9::numeric
      from seller s where s.id = $10 returning number
"""
PUT_LINES = """
    insert into sales_order_line (id, order_id, customer_id, position, kind, product_id, sku, description, unit_code,
        quantity_ordered, quantity_reserved, list_unit_price, price_unit, break_from_quantity, discount_percent,
        unit_price, price_trace, currency_exponent, tax_category, tax_percent, net_amount, tax_amount, gross_amount)
    select l.id, $1, $2, l.position, l.kind, l.product_id, l.sku, l.name, l.unit, l.quantity, l.quantity, l.price,
        l.price_unit, l.from_quantity, 0, l.price, '[]', 2, l.tax, l.percent, l.net, l.tax_amount, l.net + l.tax_amount
      from unnest($3::uuid[], $4::int[], $5::text[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::numeric[],
        $11::numeric[], $12::numeric[], $13::numeric[], $14::text[], $15::numeric[], $16::numeric[], $17::numeric[])
        l(id, position, kind, product_id, sku, name, unit, quantity, price, price_unit, from_quantity, tax, percent,
          net, tax_amount)
"""
PUT_SCHEDULE = """
    with put as (
        insert into sales_order_schedule_line (id, order_line_id, customer_id, position, quantity, warehouse_id)
        select gen_random_uuid(), l.line, $1, 1, l.quantity, l.warehouse
          from unnest($2::uuid[], $3::numeric[], $4::uuid[]) l(line, quantity, warehouse)
        returning id, order_line_id)
    insert into reservation (id, customer_id, schedule_line_id, product_id, warehouse_id, kind, quantity, created_at)
    select gen_random_uuid(), $1, put.id, l.product, l.warehouse, 'HARD', l.quantity, now()
      from put join unnest($2::uuid[], $3::numeric[], $4::uuid[], $5::uuid[]) l(line, quantity, warehouse, product)
        on l.line = put.order_line_id
"""
TAKE_STOCK = """
    update stock_balance b set reserved = b.reserved + l.quantity
      from unnest($1::uuid[], $2::uuid[], $3::numeric[]) l(product, warehouse, quantity)
     where b.product_id = l.product and b.warehouse_id = l.warehouse
"""
EMPTY_CART = """
    with gone as (delete from cart_line where cart_id = $1)
    update cart set version = version + 1, updated_at = now() where id = $1
"""
PUT_EVENTS = """
    with audited as (
        insert into audit_event (month, occurred_at, seller_id, customer_id, actor_id, request_id, action, entity_type,
            entity_id, entity_version, changes)
        values (date_trunc('month', current_date), now(), $1, $2, $3, 'bench', 'order.placed', 'Order', $4, 1, '{}'))
    insert into outbox_event (event_id, type, entity_type, entity_id, entity_version, occurred_at, seller_id,
        customer_id, actor_id)
    values (gen_random_uuid(), 'order.placed', 'Order', $4, 1, now(), $1, $2, $3)
"""
