"""Calendars, deadlines, days under way, what promises rest on, shelf life, and what buyers are told of stock."""

from alembic import context, op

revision = "0026"
down_revision = "0025"

# $prefix stands for the setting VENTAS_ROLE_PREFIX.
STATEMENTS = (
    """
    create table calendar (
        id uuid not null,
        seller_id uuid not null,
        code varchar(64) not null,
        name varchar(200) not null,
        weekdays smallint[] not null,
        constraint pk_calendar primary key (id),
        constraint uq_calendar_seller_id_code unique (seller_id, code),
        constraint ck_calendar_weekdays_known check (cardinality(weekdays) > 0 and weekdays <@ '{0,1,2,3,4,5,6}'),
        constraint fk_calendar_seller_id foreign key(seller_id) references seller (id)
    )
    """,
    """
    create table calendar_holiday (
        calendar_id uuid not null,
        day date not null,
        name varchar(200) default '' not null,
        constraint pk_calendar_holiday primary key (calendar_id, day),
        constraint fk_calendar_holiday_calendar_id foreign key(calendar_id) references calendar (id)
    )
    """,
    """
    create table customer_calendar (
        customer_id uuid not null,
        calendar_id uuid not null,
        constraint pk_customer_calendar primary key (customer_id),
        constraint fk_customer_calendar_customer_id foreign key(customer_id) references customer (id),
        constraint fk_customer_calendar_calendar_id foreign key(calendar_id) references calendar (id)
    )
    """,
    """
    create table entry_deadline (
        id uuid not null,
        warehouse_id uuid not null,
        weekday smallint not null,
        customer_group_id uuid,
        at time without time zone not null,
        constraint pk_entry_deadline primary key (id),
        constraint uq_entry_deadline_warehouse_id_weekday_customer_group_id unique nulls not distinct (warehouse_id, weekday, customer_group_id),
        constraint ck_entry_deadline_weekday_known check (weekday between 0 and 6),
        constraint fk_entry_deadline_warehouse_id foreign key(warehouse_id) references warehouse (id),
        constraint fk_entry_deadline_customer_group_id foreign key(customer_group_id) references customer_group (id)
    )
    """,
    """
    create table transport_time (
        id uuid not null,
        warehouse_id uuid not null,
        mode varchar(64) default '' not null,
        country varchar(2) default '' not null,
        postal_prefix varchar(16) default '' not null,
        days smallint not null,
        calendar_id uuid,
        constraint pk_transport_time primary key (id),
        constraint uq_transport_time_warehouse_id_mode_country_postal_prefix unique (warehouse_id, mode, country, postal_prefix),
        constraint ck_transport_time_days_range check (days between 0 and 365),
        constraint ck_transport_time_prefix_of_a_country check (postal_prefix = '' or country <> ''),
        constraint fk_transport_time_warehouse_id foreign key(warehouse_id) references warehouse (id),
        constraint fk_transport_time_calendar_id foreign key(calendar_id) references calendar (id)
    )
    """,
    """
    create table delivery_setting (
        id uuid not null,
        seller_id uuid not null,
        product_id uuid,
        method varchar(64) not null,
        sales_lead_days smallint default '0' not null,
        issue_margin_days smallint default '0' not null,
        purchase_lead_days smallint,
        horizon_days smallint default '90' not null,
        supply_fence_days smallint,
        demand_fence_days smallint,
        supply_offset_days smallint default '1' not null,
        demand_offset_days smallint default '0' not null,
        is_unlimited_after_horizon boolean default 'false' not null,
        lot_criterion varchar(64) default 'EXPIRY' not null,
        constraint pk_delivery_setting primary key (id),
        constraint ck_delivery_setting_method_known check (method in ('NONE', 'SALES_LEAD_TIME', 'ATP', 'ATP_PLUS_ISSUE_MARGIN', 'CTP')),
        constraint ck_delivery_setting_lot_criterion_known check (lot_criterion in ('EXPIRY', 'BEST_BEFORE', 'FIFO', 'BACKWARD_FROM_SHIP')),
        constraint uq_delivery_setting_seller_id_product_id unique nulls not distinct (seller_id, product_id),
        constraint ck_delivery_setting_days_not_negative check (sales_lead_days >= 0 and issue_margin_days >= 0 and (purchase_lead_days is null or purchase_lead_days >= 0) and (supply_fence_days is null or supply_fence_days >= 0) and (demand_fence_days is null or demand_fence_days >= 0) and supply_offset_days >= 0 and demand_offset_days >= 0),
        constraint ck_delivery_setting_horizon_range check (horizon_days between 1 and 730),
        constraint fk_delivery_setting_seller_id foreign key(seller_id) references seller (id),
        constraint fk_delivery_setting_product_id foreign key(product_id) references product (id)
    )
    """,
    "create index ix_delivery_setting_product_id on delivery_setting (product_id)",
    """
    create table sellable_days (
        id uuid not null,
        seller_id uuid not null,
        customer_id uuid,
        customer_group_id uuid,
        product_id uuid,
        days smallint not null,
        constraint pk_sellable_days primary key (id),
        constraint uq_sellable_days_seller_id_customer_id_customer_group_i_1c25 unique nulls not distinct (seller_id, customer_id, customer_group_id, product_id),
        constraint ck_sellable_days_one_buyer check (num_nonnulls(customer_id, customer_group_id) <= 1),
        constraint ck_sellable_days_days_range check (days between 0 and 3650),
        constraint fk_sellable_days_seller_id foreign key(seller_id) references seller (id),
        constraint fk_sellable_days_customer_id foreign key(customer_id) references customer (id),
        constraint fk_sellable_days_customer_group_id foreign key(customer_group_id) references customer_group (id),
        constraint fk_sellable_days_product_id foreign key(product_id) references product (id)
    )
    """,
    "create index ix_sellable_days_customer_id on sellable_days (customer_id)",
    """
    alter table warehouse add column calendar_id uuid constraint fk_warehouse_calendar_id references calendar (id),
        add column handling_days smallint default '0' not null,
        add constraint ck_warehouse_handling_days_range check (handling_days between 0 and 365)
    """,
    "alter table sales_order_schedule_line add column ship_on date",
    """
    alter table sales_order_schedule_line
        add constraint ck_sales_order_schedule_line_leaves_before_receipt check (ship_on <= confirmed_on)
    """,
    "alter table lot add column best_before_on date",
    "alter table lot add constraint ck_lot_best_before_expiry check (best_before_on <= expires_on)",
    """
    alter table customer_group add column availability_display varchar(64),
        add constraint ck_customer_group_availability_display_known
            check (availability_display in ('EXACT', 'BAND', 'NONE'))
    """,
    """
    alter table seller add column availability_display varchar(64) default 'BAND' not null,
        add constraint ck_seller_availability_display_known
            check (availability_display in ('EXACT', 'BAND', 'NONE'))
    """,
    "alter table customer_calendar enable row level security",
    "alter table customer_calendar force row level security",
    "create policy customer_rows on customer_calendar to \"$prefixcustomer\" using (customer_id = any (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[])) with check (customer_id = any (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[]))",
    'create policy territory_rows on customer_calendar to "$prefixterritory" using (customer_id in (select id from customer)) with check (customer_id in (select id from customer))',
    'create policy staff_rows on customer_calendar to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on customer_calendar to "$prefixjob" using (true) with check (true)',
    "alter table sellable_days enable row level security",
    "alter table sellable_days force row level security",
    "create policy customer_rows on sellable_days to \"$prefixcustomer\" using (customer_id is null or customer_id = any (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[])) with check (customer_id is null or customer_id = any (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[]))",
    'create policy territory_rows on sellable_days to "$prefixterritory" using (customer_id is null or customer_id in (select id from customer)) with check (customer_id is null or customer_id in (select id from customer))',
    'create policy staff_rows on sellable_days to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on sellable_days to "$prefixjob" using (true) with check (true)',
    'grant select on calendar, calendar_holiday, customer_calendar, entry_deadline, transport_time, delivery_setting, sellable_days to "$prefixcustomer", "$prefixterritory", "$prefixstaff", "$prefixjob"',
    'grant insert, update on calendar to "$prefixstaff_write"',
    'grant insert, delete on calendar_holiday to "$prefixstaff_write"',
    'grant insert, update, delete on customer_calendar to "$prefixstaff_write"',
    'grant insert, update, delete on entry_deadline to "$prefixstaff_write"',
    'grant insert, update, delete on transport_time to "$prefixstaff_write"',
    'grant insert, update, delete on delivery_setting to "$prefixstaff_write"',
    'grant insert, update, delete on sellable_days to "$prefixstaff_write"',
    'grant update (calendar_id, handling_days) on warehouse to "$prefixstaff_write"',
    'grant update (availability_display) on customer_group to "$prefixstaff_write"',
    'grant insert, update, delete on calendar, calendar_holiday, customer_calendar, entry_deadline, transport_time, delivery_setting, sellable_days to "$prefixjob"',
)


def upgrade() -> None:
    prefix = context.config.attributes["role_prefix"].replace('"', '""')
    for statement in STATEMENTS:
        op.execute(statement.replace("$prefix", prefix))


def downgrade() -> None:
    raise RuntimeError("Settings that promises rest on are not taken away; restore a backup instead.")
