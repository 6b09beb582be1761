"""An outside warehouse system: what it acknowledged, reported and counted, and when it had picked."""

from alembic import context, op

revision = "0038"
down_revision = "0040"

# $prefix stands for the setting VENTAS_ROLE_PREFIX.
STATEMENTS = (
    """
    CREATE TABLE warehouse_consumer (
        id UUID NOT NULL,
        seller_id UUID NOT NULL,
        warehouse_id UUID NOT NULL,
        code VARCHAR(64) NOT NULL,
        acknowledged_to BIGINT DEFAULT '0' NOT NULL,
        acknowledged_at TIMESTAMP WITH TIME ZONE NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        ended_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_warehouse_consumer PRIMARY KEY (id),
        CONSTRAINT uq_warehouse_consumer_warehouse_id_code UNIQUE (warehouse_id, code),
        CONSTRAINT ck_warehouse_consumer_acknowledged_not_negative CHECK (acknowledged_to >= 0),
        CONSTRAINT fk_warehouse_consumer_seller_id FOREIGN KEY(seller_id) REFERENCES seller (id),
        CONSTRAINT fk_warehouse_consumer_warehouse_id FOREIGN KEY(warehouse_id) REFERENCES warehouse (id)
    )
    """,
    """
    CREATE TABLE warehouse_acknowledgement (
        consumer_id UUID NOT NULL,
        position BIGINT NOT NULL,
        CONSTRAINT pk_warehouse_acknowledgement PRIMARY KEY (consumer_id, position),
        CONSTRAINT fk_warehouse_acknowledgement_consumer_id FOREIGN KEY(consumer_id) REFERENCES warehouse_consumer (id)
    )
    """,
    """
    CREATE TABLE external_report (
        seller_id UUID NOT NULL,
        namespace VARCHAR(64) NOT NULL,
        value VARCHAR(200) NOT NULL,
        act VARCHAR(64) NOT NULL,
        input_hash VARCHAR(64) NOT NULL,
        entity_id UUID,
        reported_by_id UUID NOT NULL,
        reported_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_external_report PRIMARY KEY (seller_id, namespace, value),
        CONSTRAINT fk_external_report_seller_id FOREIGN KEY(seller_id) REFERENCES seller (id),
        CONSTRAINT fk_external_report_reported_by_id FOREIGN KEY(reported_by_id) REFERENCES app_user (id)
    )
    """,
    """
    CREATE TABLE stock_count (
        id UUID NOT NULL,
        seller_id UUID NOT NULL,
        warehouse_id UUID NOT NULL,
        counted_at TIMESTAMP WITH TIME ZONE NOT NULL,
        counted_by_id UUID NOT NULL,
        reference VARCHAR(200) DEFAULT '' NOT NULL,
        CONSTRAINT pk_stock_count PRIMARY KEY (id),
        CONSTRAINT fk_stock_count_seller_id FOREIGN KEY(seller_id) REFERENCES seller (id),
        CONSTRAINT fk_stock_count_warehouse_id FOREIGN KEY(warehouse_id) REFERENCES warehouse (id),
        CONSTRAINT fk_stock_count_counted_by_id FOREIGN KEY(counted_by_id) REFERENCES app_user (id)
    )
    """,
    """
    CREATE TABLE stock_count_line (
        id BIGINT GENERATED ALWAYS AS IDENTITY,
        count_id UUID NOT NULL,
        product_id UUID NOT NULL,
        lot_id UUID,
        quantity NUMERIC(18, 6) NOT NULL,
        change NUMERIC(18, 6) NOT NULL,
        CONSTRAINT pk_stock_count_line PRIMARY KEY (id),
        CONSTRAINT ck_stock_count_line_quantity_not_negative CHECK (quantity >= 0),
        CONSTRAINT fk_stock_count_line_count_id FOREIGN KEY(count_id) REFERENCES stock_count (id),
        CONSTRAINT fk_stock_count_line_product_id FOREIGN KEY(product_id) REFERENCES product (id),
        CONSTRAINT fk_stock_count_line_lot_id FOREIGN KEY(lot_id) REFERENCES lot (id)
    )
    """,
    "CREATE INDEX ix_stock_count_line_count_id ON stock_count_line (count_id)",
    "alter table delivery add column picked_at timestamp with time zone",
    "alter table warehouse_consumer enable row level security",
    "alter table warehouse_consumer force row level security",
    'create policy customer_rows on warehouse_consumer to "$prefixcustomer" using (false) with check (false)',
    'create policy territory_rows on warehouse_consumer to "$prefixterritory" using (false) with check (false)',
    'create policy staff_rows on warehouse_consumer to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on warehouse_consumer to "$prefixjob" using (true) with check (true)',
    "alter table warehouse_acknowledgement enable row level security",
    "alter table warehouse_acknowledgement force row level security",
    'create policy customer_rows on warehouse_acknowledgement to "$prefixcustomer" using (false) with check (false)',
    'create policy territory_rows on warehouse_acknowledgement to "$prefixterritory" using (false) with check (false)',
    'create policy staff_rows on warehouse_acknowledgement to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on warehouse_acknowledgement to "$prefixjob" using (true) with check (true)',
    "alter table external_report enable row level security",
    "alter table external_report force row level security",
    'create policy customer_rows on external_report to "$prefixcustomer" using (false) with check (false)',
    'create policy territory_rows on external_report to "$prefixterritory" using (false) with check (false)',
    'create policy staff_rows on external_report to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on external_report to "$prefixjob" using (true) with check (true)',
    "alter table stock_count enable row level security",
    "alter table stock_count force row level security",
    'create policy customer_rows on stock_count to "$prefixcustomer" using (false) with check (false)',
    'create policy territory_rows on stock_count to "$prefixterritory" using (false) with check (false)',
    'create policy staff_rows on stock_count to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on stock_count to "$prefixjob" using (true) with check (true)',
    "alter table stock_count_line enable row level security",
    "alter table stock_count_line force row level security",
    'create policy customer_rows on stock_count_line to "$prefixcustomer" using (false) with check (false)',
    'create policy territory_rows on stock_count_line to "$prefixterritory" using (false) with check (false)',
    'create policy staff_rows on stock_count_line to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on stock_count_line to "$prefixjob" using (true) with check (true)',
    """
    grant select on warehouse_consumer, warehouse_acknowledgement, external_report, stock_count, stock_count_line
    to "$prefixcustomer", "$prefixterritory", "$prefixstaff", "$prefixjob"
    """,
    'grant insert, update on warehouse_consumer to "$prefixstaff_write"',
    'grant insert, delete on warehouse_acknowledgement to "$prefixstaff_write"',
    'grant insert, update on external_report to "$prefixstaff_write"',
    'grant insert on stock_count to "$prefixstaff_write"',
    'grant insert on stock_count_line to "$prefixstaff_write"',
    'grant delete on delivery_line to "$prefixstaff_write"',
    'grant insert, update, delete on warehouse_consumer to "$prefixjob"',
    'grant insert, update, delete on warehouse_acknowledgement to "$prefixjob"',
    'grant insert, update, delete on external_report to "$prefixjob"',
    'grant insert on stock_count to "$prefixjob"',
    'grant insert on stock_count_line to "$prefixjob"',
    """
    create trigger append_only before update or delete on stock_count for each statement execute function
    refuse_change()
    """,
    """
    create trigger append_only before update or delete on stock_count_line for each statement execute function
    refuse_change()
    """,
)


def upgrade() -> None:
    prefix = context.config.attributes["role_prefix"].replace('"', '""')
    for statement in STATEMENTS:
        op.execute(statement.replace("$prefix", prefix))


def downgrade() -> None:
    raise RuntimeError("What was counted and reported is not taken away; restore a backup instead.")
