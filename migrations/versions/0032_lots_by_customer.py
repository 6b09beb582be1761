"""Lots that customers ask for or never get, and how many lots a line of theirs leaves of at one time."""

from alembic import context, op

revision = "0032"
down_revision = "0031"

SELECTIONS = "('ANY', 'ONE_ELSE_SEVERAL', 'ONE_ELSE_LESS', 'ONE_ELSE_NONE')"

# $prefix stands for the setting VENTAS_ROLE_PREFIX.
STATEMENTS = (
    """
    create table order_line_lot (
        order_line_id uuid not null,
        lot_id uuid not null,
        warehouse_id uuid not null,
        customer_id uuid not null,
        position integer not null,
        quantity numeric(18, 6) not null,
        quantity_used numeric(18, 6) default '0' not null,
        constraint pk_order_line_lot primary key (order_line_id, lot_id, warehouse_id),
        constraint fk_order_line_lot_customer_id_order_line_id foreign key(customer_id, order_line_id)
            references sales_order_line (customer_id, id),
        constraint ck_order_line_lot_quantity_positive check (quantity > 0),
        constraint ck_order_line_lot_used_within check (quantity_used >= 0 and quantity_used <= quantity),
        constraint fk_order_line_lot_lot_id foreign key(lot_id) references lot (id),
        constraint fk_order_line_lot_warehouse_id foreign key(warehouse_id) references warehouse (id)
    )
    """,
    "create index ix_order_line_lot_customer_id_order_line_id on order_line_lot (customer_id, order_line_id)",
    "create index ix_order_line_lot_lot_id on order_line_lot (lot_id)",
    """
    create table customer_lot_ban (
        customer_id uuid not null,
        lot_id uuid not null,
        reason text default '' not null,
        banned_at timestamp with time zone not null,
        banned_by_id uuid not null,
        banned_by_name varchar(200) not null,
        constraint pk_customer_lot_ban primary key (customer_id, lot_id),
        constraint fk_customer_lot_ban_customer_id foreign key(customer_id) references customer (id),
        constraint fk_customer_lot_ban_lot_id foreign key(lot_id) references lot (id),
        constraint fk_customer_lot_ban_banned_by_id foreign key(banned_by_id) references app_user (id)
    )
    """,
    "create index ix_customer_lot_ban_lot_id on customer_lot_ban (lot_id)",
    "alter table customer add column lot_selection varchar(64) default 'ANY' not null",
    f"alter table customer add constraint ck_customer_lot_selection_known check (lot_selection in {SELECTIONS})",
    "alter table sales_order_line add column lot_selection varchar(64)",
    "alter table sales_order_line add constraint ck_sales_order_line_lot_selection_known"
    f" check (lot_selection in {SELECTIONS})",
    "alter table delivery_line_lot add column quantity_requested numeric(18, 6) default '0' not null",
    "alter table delivery_line_lot add constraint ck_delivery_line_lot_requested_within"
    " check (quantity_requested >= 0 and quantity_requested <= quantity)",
    *(
        statement.replace("$table", table)
        for table in ("order_line_lot", "customer_lot_ban")
        for statement in (
            "alter table $table enable row level security",
            "alter table $table force row level security",
            'create policy customer_rows on $table to "$prefixcustomer" using (false) with check (false)',
            'create policy territory_rows on $table to "$prefixterritory"'
            " using (customer_id in (select id from customer))"
            " with check (customer_id in (select id from customer))",
            'create policy staff_rows on $table to "$prefixstaff" using (true) with check (true)',
            'create policy job_rows on $table to "$prefixjob" using (true) with check (true)',
            'grant select on $table to "$prefixcustomer", "$prefixterritory", "$prefixstaff", "$prefixjob"',
            'grant insert, update, delete on $table to "$prefixjob"',
        )
    ),
    'grant insert, update, delete on order_line_lot to "$prefixterritory_write", "$prefixstaff_write"',
    'grant insert, delete on customer_lot_ban to "$prefixterritory_write", "$prefixstaff_write"',
    'grant update (lot_selection) on customer to "$prefixterritory_write", "$prefixstaff_write"',
)


def upgrade() -> None:
    prefix = context.config.attributes["role_prefix"].replace('"', '""')
    for statement in STATEMENTS:
        op.execute(statement.replace("$prefix", prefix))


def downgrade() -> None:
    op.execute("drop table order_line_lot, customer_lot_ban")
    op.execute("alter table customer drop column lot_selection")
    op.execute("alter table sales_order_line drop column lot_selection")
    op.execute("alter table delivery_line_lot drop column quantity_requested")
