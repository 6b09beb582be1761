"""Carts and quotes hold goods for a while, and what is scarce is shared by a policy that is written down."""

from alembic import context, op

revision = "0033"
down_revision = "0032"

# $prefix stands for the setting VENTAS_ROLE_PREFIX.
STATEMENTS = (
    """
    alter table reservation add column source_kind varchar(64), add column source_id uuid,
    add column held_by_id uuid constraint fk_reservation_held_by_id references app_user (id),
    add column reason varchar(500) default '' not null, add column is_extended boolean default 'false' not null
    """,
    """
    alter table reservation
    add constraint ck_reservation_source_kind_known check (source_kind in ('CART', 'QUOTE')),
    add constraint ck_reservation_held_for_one check (num_nonnulls(schedule_line_id, source_id) = 1),
    add constraint ck_reservation_hold_ends check (source_id is null
        or kind = 'SOFT' and num_nulls(source_kind, held_by_id, expires_at) = 0)
    """,
    """
    create unique index ix_reservation_hold on reservation (source_id, product_id, warehouse_id)
    where source_id is not null and released_at is null
    """,
    """
    create index ix_reservation_held on reservation (product_id, warehouse_id)
    where source_id is not null and released_at is null
    """,
    "alter table stock_balance add column holds_end_at timestamp with time zone",
    "create index ix_stock_balance_holds_end_at on stock_balance (holds_end_at) where holds_end_at is not null",
    """
    alter table seller add column sharing_policy varchar(64) default 'BY_CUSTOMER_PRIORITY' not null,
    add column cart_hold_minutes smallint default 30 not null, add column staff_hold_days smallint default 14 not null,
    add constraint ck_seller_sharing_policy_known
        check (sharing_policy in ('BASIC', 'EQUALLY', 'BY_CUSTOMER_PRIORITY')),
    add constraint ck_seller_cart_hold_minutes_range check (cart_hold_minutes between 0 and 1440),
    add constraint ck_seller_staff_hold_days_range check (staff_hold_days between 0 and 90)
    """,
    """
    alter table product add column sharing_policy varchar(64),
    add constraint ck_product_sharing_policy_known
        check (sharing_policy in ('BASIC', 'EQUALLY', 'BY_CUSTOMER_PRIORITY'))
    """,
    """
    alter table customer add column delivery_priority smallint default 5 not null,
    add constraint ck_customer_delivery_priority_range check (delivery_priority between 1 and 9)
    """,
    """
    create table stock_sharing (
        id uuid not null,
        seller_id uuid not null,
        product_id uuid not null,
        warehouse_id uuid not null,
        policy varchar(64) not null,
        quantity_free numeric(18, 6) not null,
        quantity_shared numeric(18, 6) not null,
        shared_at timestamp with time zone not null,
        shared_by_id uuid not null,
        constraint pk_stock_sharing primary key (id),
        constraint ck_stock_sharing_policy_known check (policy in ('BASIC', 'EQUALLY', 'BY_CUSTOMER_PRIORITY')),
        constraint ck_stock_sharing_shared_within_free check (quantity_shared between 0 and quantity_free),
        constraint fk_stock_sharing_seller_id foreign key (seller_id) references seller (id),
        constraint fk_stock_sharing_product_id foreign key (product_id) references product (id),
        constraint fk_stock_sharing_warehouse_id foreign key (warehouse_id) references warehouse (id),
        constraint fk_stock_sharing_shared_by_id foreign key (shared_by_id) references app_user (id)
    )
    """,
    "create index ix_stock_sharing_product_id_shared_at on stock_sharing (product_id, shared_at)",
    """
    create table stock_sharing_line (
        sharing_id uuid not null,
        position smallint not null,
        customer_id uuid not null,
        order_line_id uuid not null,
        priority smallint not null,
        quantity_waiting numeric(18, 6) not null,
        quantity_got numeric(18, 6) not null,
        constraint pk_stock_sharing_line primary key (sharing_id, position),
        constraint ck_stock_sharing_line_got_within_waiting check (quantity_got between 0 and quantity_waiting),
        constraint fk_stock_sharing_line_sharing_id foreign key (sharing_id) references stock_sharing (id),
        constraint fk_stock_sharing_line_customer_id foreign key (customer_id) references customer (id),
        constraint fk_stock_sharing_line_order_line_id foreign key (order_line_id) references sales_order_line (id)
    )
    """,
    "create index ix_stock_sharing_line_customer_id on stock_sharing_line (customer_id)",
    "create index ix_stock_sharing_line_order_line_id on stock_sharing_line (order_line_id)",
    "alter table stock_sharing enable row level security",
    "alter table stock_sharing force row level security",
    'create policy customer_rows on stock_sharing to "$prefixcustomer" using (false) with check (false)',
    """
    create policy territory_rows on stock_sharing to "$prefixterritory" using
    (string_to_array(nullif(current_setting('app.sales_rep_ids', true), ''), ',')::uuid[] is not null) with
    check (string_to_array(nullif(current_setting('app.sales_rep_ids', true), ''), ',')::uuid[] is not null)
    """,
    'create policy staff_rows on stock_sharing to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on stock_sharing to "$prefixjob" using (true) with check (true)',
    "alter table stock_sharing_line enable row level security",
    "alter table stock_sharing_line force row level security",
    'create policy customer_rows on stock_sharing_line to "$prefixcustomer" using (false) with check (false)',
    """
    create policy territory_rows on stock_sharing_line to "$prefixterritory" using (customer_id in (select id from
    customer)) with check (customer_id in (select id from customer))
    """,
    'create policy staff_rows on stock_sharing_line to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on stock_sharing_line to "$prefixjob" using (true) with check (true)',
    """
    grant select on stock_sharing, stock_sharing_line to "$prefixcustomer", "$prefixterritory", "$prefixstaff",
    "$prefixjob"
    """,
    """
    grant insert on stock_sharing, stock_sharing_line to "$prefixterritory_write", "$prefixstaff_write",
    "$prefixjob"
    """,
    """
    create trigger append_only before update or delete on stock_sharing for each statement execute function
    refuse_change()
    """,
    """
    create trigger append_only before update or delete on stock_sharing_line for each statement execute function
    refuse_change()
    """,
    """
    grant update (sharing_policy, cart_hold_minutes, staff_hold_days) on seller to "$prefixterritory_write",
    "$prefixstaff_write"
    """,
    'grant update (sharing_policy) on product to "$prefixterritory_write", "$prefixstaff_write"',
    'grant update (delivery_priority) on customer to "$prefixterritory_write", "$prefixstaff_write"',
)


def upgrade() -> None:
    prefix = context.config.attributes["role_prefix"].replace('"', '""')
    for statement in STATEMENTS:
        op.execute(statement.replace("$prefix", prefix))


def downgrade() -> None:
    raise RuntimeError("The grants are not taken back; drop the database instead.")
