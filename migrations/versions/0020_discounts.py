"""Discount rules, their groups, segments of customers, redemptions, and the coupons of a cart."""

from alembic import context, op

revision = "0020"
down_revision = "0019"

# $prefix stands for the setting VENTAS_ROLE_PREFIX.
STATEMENTS = (
    """
    create table segment (
        id uuid not null constraint pk_segment primary key,
        seller_id uuid not null constraint fk_segment_seller_id references seller (id),
        code varchar(64) not null,
        name varchar(200) not null,
        customer_groups varchar(64)[] default '{}' not null,
        territories varchar(64)[] default '{}' not null,
        countries varchar(2)[] default '{}' not null,
        revenue_least numeric(18, 3),
        revenue_currency varchar(3) constraint fk_segment_revenue_currency references currency (code),
        product_ids uuid[] default '{}' not null,
        months integer default '12' not null,
        version integer default '1' not null,
        created_at timestamp with time zone not null,
        updated_at timestamp with time zone not null,
        constraint uq_segment_seller_id_code unique (seller_id, code),
        constraint ck_segment_revenue_has_currency check ((revenue_least is null) = (revenue_currency is null)),
        constraint ck_segment_ranges check (revenue_least >= 0 and months between 1 and 60)
    )
    """,
    """
    create table discount_group (
        id uuid not null constraint pk_discount_group primary key,
        seller_id uuid not null constraint fk_discount_group_seller_id references seller (id),
        code varchar(64) not null,
        name varchar(200) not null,
        sequence integer not null,
        stacking varchar(64) not null,
        suppresses varchar(64)[] default '{}' not null,
        competes_with varchar(64) default '' not null,
        version integer default '1' not null,
        created_at timestamp with time zone not null,
        constraint uq_discount_group_seller_id_code unique (seller_id, code),
        constraint uq_discount_group_seller_id_id unique (seller_id, id),
        constraint ck_discount_group_stacking_known
            check (stacking in ('EXCLUSIVE', 'BEST', 'SUMMED', 'CASCADED'))
    )
    """,
    """
    create table discount_rule (
        id uuid not null constraint pk_discount_rule primary key,
        seller_id uuid not null constraint fk_discount_rule_seller_id references seller (id),
        group_id uuid not null,
        code varchar(64) not null,
        name varchar(200) not null,
        phase varchar(64) not null,
        priority integer default '0' not null,
        concurrency varchar(64),
        is_active boolean default 'false' not null,
        valid_from date,
        valid_until date,
        currency varchar(3) constraint fk_discount_rule_currency references currency (code),
        conditions jsonb not null,
        benefit jsonb not null,
        customer_ids uuid[],
        coupon varchar(64) default '' not null,
        coupon_key varchar(64) default '' not null,
        stops_further boolean default 'false' not null,
        amount_max numeric(18, 3),
        quantity_max numeric(18, 6),
        uses_max integer,
        uses_per_customer_max integer,
        uses integer default '0' not null,
        version integer default '1' not null,
        created_at timestamp with time zone not null,
        updated_at timestamp with time zone not null,
        constraint uq_discount_rule_seller_id_code unique (seller_id, code),
        constraint fk_discount_rule_seller_id_group_id foreign key (seller_id, group_id)
            references discount_group (seller_id, id),
        constraint ck_discount_rule_phase_known check (phase in ('LINE', 'ALLOWANCE', 'ORDER', 'ALWAYS')),
        constraint ck_discount_rule_concurrency_known
            check (concurrency in ('EXCLUSIVE', 'BEST', 'COMPOUNDED', 'ALWAYS')),
        constraint ck_discount_rule_validity_order
            check (valid_until is null or valid_from is null or valid_until > valid_from),
        constraint ck_discount_rule_uses_within_max
            check (uses >= 0 and (uses_max is null or uses <= uses_max)),
        constraint ck_discount_rule_limits_positive check (uses_max > 0 and uses_per_customer_max > 0),
        constraint ck_discount_rule_coupon_has_key check ((coupon = '') = (coupon_key = ''))
    )
    """,
    "create index ix_discount_rule_active on discount_rule (seller_id) where is_active",
    "create index ix_discount_rule_coupon on discount_rule (seller_id, coupon_key) where coupon_key <> ''",
    "create index ix_discount_rule_group_id on discount_rule (group_id)",
    """
    create table discount_redemption (
        id uuid not null constraint pk_discount_redemption primary key,
        rule_id uuid not null constraint fk_discount_redemption_rule_id references discount_rule (id),
        customer_id uuid not null constraint fk_discount_redemption_customer_id references customer (id),
        order_id uuid not null,
        amount numeric(18, 3) not null,
        quantity numeric(18, 6) not null,
        currency varchar(3) not null constraint fk_discount_redemption_currency references currency (code),
        redeemed_at timestamp with time zone not null,
        given_back_at timestamp with time zone,
        constraint uq_discount_redemption_rule_id_order_id unique (rule_id, order_id),
        constraint fk_discount_redemption_customer_id_order_id foreign key (customer_id, order_id)
            references sales_order (customer_id, id),
        constraint ck_discount_redemption_not_negative check (amount >= 0 and quantity >= 0)
    )
    """,
    "create index ix_discount_redemption_customer on discount_redemption (customer_id, rule_id)",
    "create index ix_discount_redemption_order_id on discount_redemption (order_id)",
    "alter table cart add column coupon_codes varchar(64)[] default '{}' not null",
    *(
        statement.replace("$table", table)
        for table in ("segment", "discount_group", "discount_rule")
        for statement in (
            "alter table $table enable row level security",
            "alter table $table force row level security",
            'create policy customer_rows on $table to "$prefixcustomer" using (false) with check (false)',
            'create policy territory_rows on $table to "$prefixterritory"'
            " using (string_to_array(nullif(current_setting('app.sales_rep_ids', true), ''), ',')::uuid[] is not null)"
            " with check"
            " (string_to_array(nullif(current_setting('app.sales_rep_ids', true), ''), ',')::uuid[] is not null)",
            'create policy staff_rows on $table to "$prefixstaff" using (true) with check (true)',
            'create policy job_rows on $table to "$prefixjob" using (true) with check (true)',
            'grant select on $table to "$prefixcustomer", "$prefixterritory", "$prefixstaff", "$prefixjob"',
            'grant insert, update on $table to "$prefixterritory_write", "$prefixstaff_write"',
            'grant insert, update, delete on $table to "$prefixjob"',
        )
    ),
    "alter table discount_redemption enable row level security",
    "alter table discount_redemption force row level security",
    'create policy customer_rows on discount_redemption to "$prefixcustomer" using (customer_id = any'
    " (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[])) with check"
    " (customer_id = any (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[]))",
    'create policy territory_rows on discount_redemption to "$prefixterritory"'
    " using (customer_id in (select id from customer)) with check (customer_id in (select id from customer))",
    'create policy staff_rows on discount_redemption to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on discount_redemption to "$prefixjob" using (true) with check (true)',
    "grant select on discount_redemption"
    ' to "$prefixcustomer", "$prefixterritory", "$prefixstaff", "$prefixjob"',
    'grant insert, update, delete on discount_redemption to "$prefixjob"',
)


def upgrade() -> None:
    prefix = context.config.attributes["role_prefix"].replace('"', '""')
    for statement in STATEMENTS:
        op.execute(statement.replace("$prefix", prefix))


def downgrade() -> None:
    raise RuntimeError("What was redeemed is not taken away; restore a backup instead.")
