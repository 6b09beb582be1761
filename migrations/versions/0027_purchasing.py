"""Suppliers, purchase orders with their schedule, receipts and pegs to sales lines; deliveries by a supplier."""

from alembic import context, op

revision = "0027"
down_revision = "0026"

# $prefix stands for the setting VENTAS_ROLE_PREFIX.
STATEMENTS = (
    "create sequence purchase_order_number_seq",
    """
    CREATE TABLE supplier (
        id UUID NOT NULL,
        seller_id UUID NOT NULL,
        code VARCHAR(64) NOT NULL,
        name VARCHAR(200) NOT NULL,
        name_sort TEXT COLLATE "C" NOT NULL,
        currency VARCHAR(3) NOT NULL,
        email VARCHAR(200) DEFAULT '' NOT NULL,
        locale VARCHAR(5) NOT NULL,
        lead_time_days SMALLINT NOT NULL,
        transport_days SMALLINT DEFAULT '0' NOT NULL,
        over_receipt_percent NUMERIC(9, 6) DEFAULT '0' NOT NULL,
        version INTEGER DEFAULT '1' NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        active_until DATE,
        CONSTRAINT pk_supplier PRIMARY KEY (id),
        CONSTRAINT uq_supplier_seller_id_code UNIQUE (seller_id, code),
        CONSTRAINT ck_supplier_lead_time_range CHECK (lead_time_days between 0 and 730),
        CONSTRAINT ck_supplier_transport_range CHECK (transport_days between 0 and 90),
        CONSTRAINT ck_supplier_over_receipt_range CHECK (over_receipt_percent between 0 and 100),
        CONSTRAINT fk_supplier_seller_id FOREIGN KEY(seller_id) REFERENCES seller (id),
        CONSTRAINT fk_supplier_currency FOREIGN KEY(currency) REFERENCES currency (code)
    )
    """,
    "CREATE INDEX ix_supplier_seller_id_name_sort_id ON supplier (seller_id, name_sort, id)",
    """
    CREATE TABLE supplier_product (
        id UUID NOT NULL,
        supplier_id UUID NOT NULL,
        product_id UUID NOT NULL,
        supplier_sku VARCHAR(64) DEFAULT '' NOT NULL,
        unit_price NUMERIC(18, 6),
        minimum_quantity NUMERIC(18, 6) NOT NULL,
        multiple_quantity NUMERIC(18, 6) NOT NULL,
        lead_time_days SMALLINT,
        is_preferred BOOLEAN NOT NULL,
        active_until DATE,
        CONSTRAINT pk_supplier_product PRIMARY KEY (id),
        CONSTRAINT uq_supplier_product_supplier_id_product_id UNIQUE (supplier_id, product_id),
        CONSTRAINT ck_supplier_product_price_not_negative CHECK (unit_price >= 0),
        CONSTRAINT ck_supplier_product_quantities_positive CHECK (minimum_quantity > 0 and multiple_quantity > 0),
        CONSTRAINT ck_supplier_product_lead_time_range CHECK (lead_time_days between 0 and 730),
        CONSTRAINT fk_supplier_product_supplier_id FOREIGN KEY(supplier_id) REFERENCES supplier (id),
        CONSTRAINT fk_supplier_product_product_id FOREIGN KEY(product_id) REFERENCES product (id)
    )
    """,
    "CREATE INDEX ix_supplier_product_product_id ON supplier_product (product_id)",
    """
    CREATE TABLE purchase_order (
        id UUID NOT NULL,
        seller_id UUID NOT NULL,
        number VARCHAR(64) NOT NULL,
        supplier_id UUID NOT NULL,
        warehouse_id UUID,
        customer_id UUID,
        sales_order_id UUID,
        status VARCHAR(64) NOT NULL,
        version INTEGER DEFAULT '1' NOT NULL,
        requested_on DATE NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        created_by_id UUID NOT NULL,
        sent_at TIMESTAMP WITH TIME ZONE,
        confirmed_at TIMESTAMP WITH TIME ZONE,
        ended_at TIMESTAMP WITH TIME ZONE,
        status_reason TEXT DEFAULT '' NOT NULL,
        supplier_reference VARCHAR(64) DEFAULT '' NOT NULL,
        note TEXT DEFAULT '' NOT NULL,
        supplier_code VARCHAR(64) NOT NULL,
        supplier_name VARCHAR(200) NOT NULL,
        supplier_email VARCHAR(200) NOT NULL,
        locale VARCHAR(5) NOT NULL,
        currency VARCHAR(3) NOT NULL,
        transport_days SMALLINT NOT NULL,
        delivery_address JSONB NOT NULL,
        CONSTRAINT pk_purchase_order PRIMARY KEY (id),
        CONSTRAINT ck_purchase_order_status_known CHECK (status in ('DRAFT', 'SENT', 'CONFIRMED', 'RECEIVED', 'CLOSED', 'CANCELLED')),
        CONSTRAINT uq_purchase_order_seller_id_number UNIQUE (seller_id, number),
        CONSTRAINT fk_purchase_order_customer_id_sales_order_id FOREIGN KEY(customer_id, sales_order_id) REFERENCES sales_order (customer_id, id),
        CONSTRAINT ck_purchase_order_one_destination CHECK (num_nonnulls(warehouse_id, sales_order_id) = 1 and (sales_order_id is null) = (customer_id is null)),
        CONSTRAINT ck_purchase_order_sent_has_moment CHECK (status = 'CANCELLED' or (status = 'DRAFT') = (sent_at is null)),
        CONSTRAINT ck_purchase_order_ended_has_moment CHECK ((status in ('RECEIVED', 'CLOSED', 'CANCELLED')) = (ended_at is not null)),
        CONSTRAINT fk_purchase_order_seller_id FOREIGN KEY(seller_id) REFERENCES seller (id),
        CONSTRAINT fk_purchase_order_supplier_id FOREIGN KEY(supplier_id) REFERENCES supplier (id),
        CONSTRAINT fk_purchase_order_warehouse_id FOREIGN KEY(warehouse_id) REFERENCES warehouse (id),
        CONSTRAINT fk_purchase_order_customer_id FOREIGN KEY(customer_id) REFERENCES customer (id),
        CONSTRAINT fk_purchase_order_created_by_id FOREIGN KEY(created_by_id) REFERENCES app_user (id),
        CONSTRAINT fk_purchase_order_currency FOREIGN KEY(currency) REFERENCES currency (code)
    )
    """,
    "CREATE INDEX ix_purchase_order_created_at_id ON purchase_order (created_at, id)",
    """
    CREATE INDEX ix_purchase_order_customer_id_sales_order_id ON purchase_order (customer_id, sales_order_id)
    """,
    """
    CREATE INDEX ix_purchase_order_open ON purchase_order (warehouse_id) WHERE status in ('DRAFT', 'SENT',
    'CONFIRMED')
    """,
    "CREATE INDEX ix_purchase_order_supplier_id ON purchase_order (supplier_id)",
    """
    CREATE TABLE purchase_order_line (
        id UUID NOT NULL,
        purchase_order_id UUID NOT NULL,
        position SMALLINT NOT NULL,
        product_id UUID NOT NULL,
        sku VARCHAR(64) NOT NULL,
        supplier_sku VARCHAR(64) DEFAULT '' NOT NULL,
        description VARCHAR(200) NOT NULL,
        unit_code VARCHAR(16) NOT NULL,
        quantity_ordered NUMERIC(18, 6) NOT NULL,
        quantity_receivable NUMERIC(18, 6) NOT NULL,
        quantity_received NUMERIC(18, 6) DEFAULT '0' NOT NULL,
        quantity_cancelled NUMERIC(18, 6) DEFAULT '0' NOT NULL,
        quantity_pegged NUMERIC(18, 6) DEFAULT '0' NOT NULL,
        unit_price NUMERIC(18, 6),
        CONSTRAINT pk_purchase_order_line PRIMARY KEY (id),
        CONSTRAINT uq_purchase_order_line_purchase_order_id_position UNIQUE (purchase_order_id, position),
        CONSTRAINT uq_purchase_order_line_id_product_id UNIQUE (id, product_id),
        CONSTRAINT ck_purchase_order_line_ordered_positive CHECK (quantity_ordered > 0),
        CONSTRAINT ck_purchase_order_line_quantities_not_negative CHECK (quantity_received >= 0 and quantity_cancelled >= 0 and quantity_pegged >= 0),
        CONSTRAINT ck_purchase_order_line_received_within_tolerance CHECK (quantity_receivable >= quantity_ordered and quantity_received <= quantity_receivable),
        CONSTRAINT ck_purchase_order_line_cancelled_within_ordered CHECK (quantity_cancelled <= quantity_ordered),
        CONSTRAINT ck_purchase_order_line_pegged_within_open CHECK (quantity_pegged <= greatest(quantity_ordered - quantity_received - quantity_cancelled, 0)),
        CONSTRAINT ck_purchase_order_line_price_not_negative CHECK (unit_price >= 0),
        CONSTRAINT fk_purchase_order_line_purchase_order_id FOREIGN KEY(purchase_order_id) REFERENCES purchase_order (id),
        CONSTRAINT fk_purchase_order_line_product_id FOREIGN KEY(product_id) REFERENCES product (id)
    )
    """,
    "CREATE INDEX ix_purchase_order_line_product_id ON purchase_order_line (product_id)",
    """
    CREATE TABLE purchase_schedule_line (
        id UUID NOT NULL,
        purchase_order_line_id UUID NOT NULL,
        position SMALLINT NOT NULL,
        quantity NUMERIC(18, 6) NOT NULL,
        quantity_received NUMERIC(18, 6) DEFAULT '0' NOT NULL,
        requested_on DATE NOT NULL,
        confirmed_on DATE,
        CONSTRAINT pk_purchase_schedule_line PRIMARY KEY (id),
        CONSTRAINT uq_purchase_schedule_line_purchase_order_line_id_position UNIQUE (purchase_order_line_id, position),
        CONSTRAINT ck_purchase_schedule_line_quantities CHECK (quantity > 0 and quantity_received >= 0),
        CONSTRAINT fk_purchase_schedule_line_purchase_order_line_id FOREIGN KEY(purchase_order_line_id) REFERENCES purchase_order_line (id)
    )
    """,
    """
    CREATE TABLE purchase_peg (
        id UUID NOT NULL,
        customer_id UUID NOT NULL,
        purchase_order_line_id UUID NOT NULL,
        product_id UUID NOT NULL,
        order_line_id UUID NOT NULL,
        schedule_line_id UUID NOT NULL,
        quantity NUMERIC(18, 6) NOT NULL,
        quantity_used NUMERIC(18, 6) DEFAULT '0' NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_purchase_peg PRIMARY KEY (id),
        CONSTRAINT fk_purchase_peg_purchase_order_line_id_product_id FOREIGN KEY(purchase_order_line_id, product_id) REFERENCES purchase_order_line (id, product_id),
        CONSTRAINT fk_purchase_peg_customer_id_order_line_id FOREIGN KEY(customer_id, order_line_id) REFERENCES sales_order_line (customer_id, id),
        CONSTRAINT ck_purchase_peg_quantity_not_negative CHECK (quantity >= 0),
        CONSTRAINT ck_purchase_peg_used_within CHECK (quantity_used >= 0 and quantity_used <= quantity),
        CONSTRAINT fk_purchase_peg_product_id FOREIGN KEY(product_id) REFERENCES product (id),
        CONSTRAINT fk_purchase_peg_schedule_line_id FOREIGN KEY(schedule_line_id) REFERENCES sales_order_schedule_line (id)
    )
    """,
    "CREATE INDEX ix_purchase_peg_customer_id_order_line_id ON purchase_peg (customer_id, order_line_id)",
    "CREATE INDEX ix_purchase_peg_purchase_order_line_id ON purchase_peg (purchase_order_line_id)",
    "CREATE INDEX ix_purchase_peg_schedule_line_id ON purchase_peg (schedule_line_id)",
    """
    CREATE TABLE purchase_receipt (
        id UUID NOT NULL,
        purchase_order_id UUID NOT NULL,
        received_at TIMESTAMP WITH TIME ZONE NOT NULL,
        received_by_id UUID NOT NULL,
        delivery_note VARCHAR(64) DEFAULT '' NOT NULL,
        CONSTRAINT pk_purchase_receipt PRIMARY KEY (id),
        CONSTRAINT fk_purchase_receipt_purchase_order_id FOREIGN KEY(purchase_order_id) REFERENCES purchase_order (id),
        CONSTRAINT fk_purchase_receipt_received_by_id FOREIGN KEY(received_by_id) REFERENCES app_user (id)
    )
    """,
    "CREATE INDEX ix_purchase_receipt_purchase_order_id ON purchase_receipt (purchase_order_id)",
    """
    CREATE TABLE purchase_receipt_line (
        id BIGINT GENERATED ALWAYS AS IDENTITY,
        receipt_id UUID NOT NULL,
        purchase_order_line_id UUID NOT NULL,
        lot_id UUID,
        lot_number VARCHAR(64) DEFAULT '' NOT NULL,
        expires_on DATE,
        quantity NUMERIC(18, 6) NOT NULL,
        CONSTRAINT pk_purchase_receipt_line PRIMARY KEY (id),
        CONSTRAINT ck_purchase_receipt_line_quantity_positive CHECK (quantity > 0),
        CONSTRAINT fk_purchase_receipt_line_receipt_id FOREIGN KEY(receipt_id) REFERENCES purchase_receipt (id),
        CONSTRAINT fk_purchase_receipt_line_purchase_order_line_id FOREIGN KEY(purchase_order_line_id) REFERENCES purchase_order_line (id),
        CONSTRAINT fk_purchase_receipt_line_lot_id FOREIGN KEY(lot_id) REFERENCES lot (id)
    )
    """,
    """
    CREATE INDEX ix_purchase_receipt_line_purchase_order_line_id ON purchase_receipt_line
    (purchase_order_line_id)
    """,
    "CREATE INDEX ix_purchase_receipt_line_receipt_id ON purchase_receipt_line (receipt_id)",
    "alter table supplier enable row level security",
    "alter table supplier force row level security",
    'create policy customer_rows on supplier to "$prefixcustomer" using (false) with check (false)',
    """
    create policy territory_rows on supplier to "$prefixterritory" using
    (string_to_array(nullif(current_setting('app.sales_rep_ids', true), ''), ',')::uuid[] is not null) with
    check (string_to_array(nullif(current_setting('app.sales_rep_ids', true), ''), ',')::uuid[] is not null)
    """,
    'create policy staff_rows on supplier to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on supplier to "$prefixjob" using (true) with check (true)',
    "alter table supplier_product enable row level security",
    "alter table supplier_product force row level security",
    'create policy customer_rows on supplier_product to "$prefixcustomer" using (false) with check (false)',
    """
    create policy territory_rows on supplier_product to "$prefixterritory" using
    (string_to_array(nullif(current_setting('app.sales_rep_ids', true), ''), ',')::uuid[] is not null) with
    check (string_to_array(nullif(current_setting('app.sales_rep_ids', true), ''), ',')::uuid[] is not null)
    """,
    'create policy staff_rows on supplier_product to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on supplier_product to "$prefixjob" using (true) with check (true)',
    "alter table purchase_order enable row level security",
    "alter table purchase_order force row level security",
    'create policy customer_rows on purchase_order to "$prefixcustomer" using (false) with check (false)',
    """
    create policy territory_rows on purchase_order to "$prefixterritory" using
    (string_to_array(nullif(current_setting('app.sales_rep_ids', true), ''), ',')::uuid[] is not null and
    (customer_id is null or customer_id in (select id from customer))) with check
    (string_to_array(nullif(current_setting('app.sales_rep_ids', true), ''), ',')::uuid[] is not null and
    (customer_id is null or customer_id in (select id from customer)))
    """,
    'create policy staff_rows on purchase_order to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on purchase_order to "$prefixjob" using (true) with check (true)',
    "alter table purchase_order_line enable row level security",
    "alter table purchase_order_line force row level security",
    'create policy customer_rows on purchase_order_line to "$prefixcustomer" using (false) with check (false)',
    """
    create policy territory_rows on purchase_order_line to "$prefixterritory" using (purchase_order_id in
    (select id from purchase_order)) with check (purchase_order_id in (select id from purchase_order))
    """,
    'create policy staff_rows on purchase_order_line to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on purchase_order_line to "$prefixjob" using (true) with check (true)',
    "alter table purchase_schedule_line enable row level security",
    "alter table purchase_schedule_line force row level security",
    """
    create policy customer_rows on purchase_schedule_line to "$prefixcustomer" using (false) with check (false)
    """,
    """
    create policy territory_rows on purchase_schedule_line to "$prefixterritory" using (purchase_order_line_id
    in (select id from purchase_order_line)) with check (purchase_order_line_id in (select id from
    purchase_order_line))
    """,
    'create policy staff_rows on purchase_schedule_line to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on purchase_schedule_line to "$prefixjob" using (true) with check (true)',
    "alter table purchase_peg enable row level security",
    "alter table purchase_peg force row level security",
    'create policy customer_rows on purchase_peg to "$prefixcustomer" using (false) with check (false)',
    """
    create policy territory_rows on purchase_peg to "$prefixterritory" using (customer_id in (select id from
    customer)) with check (customer_id in (select id from customer))
    """,
    'create policy staff_rows on purchase_peg to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on purchase_peg to "$prefixjob" using (true) with check (true)',
    "alter table purchase_receipt enable row level security",
    "alter table purchase_receipt force row level security",
    'create policy customer_rows on purchase_receipt to "$prefixcustomer" using (false) with check (false)',
    """
    create policy territory_rows on purchase_receipt to "$prefixterritory" using (purchase_order_id in (select
    id from purchase_order)) with check (purchase_order_id in (select id from purchase_order))
    """,
    'create policy staff_rows on purchase_receipt to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on purchase_receipt to "$prefixjob" using (true) with check (true)',
    "alter table purchase_receipt_line enable row level security",
    "alter table purchase_receipt_line force row level security",
    """
    create policy customer_rows on purchase_receipt_line to "$prefixcustomer" using (false) with check (false)
    """,
    """
    create policy territory_rows on purchase_receipt_line to "$prefixterritory" using (receipt_id in (select id
    from purchase_receipt)) with check (receipt_id in (select id from purchase_receipt))
    """,
    'create policy staff_rows on purchase_receipt_line to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on purchase_receipt_line to "$prefixjob" using (true) with check (true)',
    """
    grant select on supplier, supplier_product, purchase_order, purchase_order_line, purchase_schedule_line,
    purchase_peg, purchase_receipt, purchase_receipt_line to "$prefixcustomer", "$prefixterritory",
    "$prefixstaff", "$prefixjob"
    """,
    'grant insert, update on supplier to "$prefixstaff_write"',
    'grant insert, update on supplier_product to "$prefixstaff_write"',
    'grant insert, update on purchase_order to "$prefixstaff_write"',
    'grant insert, update on purchase_order_line to "$prefixstaff_write"',
    'grant insert, update, delete on purchase_schedule_line to "$prefixstaff_write"',
    'grant insert, update on purchase_peg to "$prefixstaff_write"',
    'grant insert on purchase_receipt to "$prefixstaff_write"',
    'grant insert on purchase_receipt_line to "$prefixstaff_write"',
    'grant insert on lot, lot_balance, stock_balance to "$prefixstaff_write"',
    'grant insert, update, delete on supplier to "$prefixjob"',
    'grant insert, update, delete on supplier_product to "$prefixjob"',
    'grant insert, update, delete on purchase_order to "$prefixjob"',
    'grant insert, update, delete on purchase_order_line to "$prefixjob"',
    'grant insert, update, delete on purchase_schedule_line to "$prefixjob"',
    'grant insert, update, delete on purchase_peg to "$prefixjob"',
    'grant insert on purchase_receipt to "$prefixjob"',
    'grant insert on purchase_receipt_line to "$prefixjob"',
    'grant usage on sequence purchase_order_number_seq to "$prefixcustomer_write"',
    'grant usage on sequence purchase_order_number_seq to "$prefixterritory_write"',
    'grant usage on sequence purchase_order_number_seq to "$prefixstaff_write"',
    'grant usage, update on sequence purchase_order_number_seq to "$prefixjob"',
    """
    create trigger append_only before update or delete on purchase_receipt for each statement execute function
    refuse_change()
    """,
    """
    create trigger append_only before update or delete on purchase_receipt_line for each statement execute
    function refuse_change()
    """,
    "alter table number_series drop constraint ck_number_series_kind_known",
    """
    alter table number_series add constraint ck_number_series_kind_known check (kind in ('ORDER', 'CUSTOMER',
    'DELIVERY', 'PAYMENT', 'AGREEMENT', 'PURCHASE_ORDER'))
    """,
    "alter table delivery alter column warehouse_id drop not null",
    """
    alter table delivery add column purchase_order_id uuid constraint fk_delivery_purchase_order_id references
    purchase_order (id)
    """,
    """
    alter table delivery add constraint ck_delivery_one_source check (num_nonnulls(warehouse_id,
    purchase_order_id) = 1)
    """,
    "create index ix_delivery_purchase_order_id on delivery (purchase_order_id)",
)


def upgrade() -> None:
    prefix = context.config.attributes["role_prefix"].replace('"', '""')
    for statement in STATEMENTS:
        op.execute(statement.replace("$prefix", prefix))


def downgrade() -> None:
    raise RuntimeError("What was ordered and received is not taken apart; restore a backup instead.")
