"""Free goods, charges, what is bought together, and what became of suggestions; with row security and grants."""

from alembic import context, op

revision = "0018"
down_revision = "0017"

# $prefix stands for the setting VENTAS_ROLE_PREFIX.
STATEMENTS = (
    """
    create table free_goods_rule (
        id uuid not null,
        seller_id uuid not null,
        name varchar(200) not null,
        name_sort text collate "C" not null,
        priority smallint default '0' not null,
        customer_id uuid,
        customer_group_id uuid,
        segment varchar(64),
        product_id uuid,
        category_id uuid,
        minimum_quantity numeric(18, 6) not null,
        per_quantity numeric(18, 6) not null,
        free_quantity numeric(18, 6) not null,
        kind varchar(64) not null,
        calculation varchar(64) not null,
        rounding varchar(64) not null,
        free_product_id uuid,
        is_only_once boolean not null,
        is_optional boolean not null,
        is_chargeable boolean not null,
        max_per_order numeric(18, 6),
        out_of_stock varchar(64) not null,
        valid_from date not null,
        valid_until date,
        agreement_line_id uuid,
        version integer default '1' not null,
        created_at timestamp with time zone not null,
        active_until date,
        constraint pk_free_goods_rule primary key (id),
        constraint ck_free_goods_rule_kind_known check (kind in ('INCLUSIVE', 'EXCLUSIVE')),
        constraint ck_free_goods_rule_calculation_known
            check (calculation in ('PROPORTIONAL', 'UNIT_REFERENCE', 'WHOLE_UNIT')),
        constraint ck_free_goods_rule_rounding_known check (rounding in ('DOWN', 'HALF_UP', 'UP')),
        constraint ck_free_goods_rule_out_of_stock_known
            check (out_of_stock in ('DROP', 'BACKORDER', 'SUBSTITUTE')),
        constraint ck_free_goods_rule_one_buyer
            check (num_nonnulls(customer_id, customer_group_id, segment) <= 1),
        constraint ck_free_goods_rule_one_product check (num_nonnulls(product_id, category_id) <= 1),
        constraint ck_free_goods_rule_quantities_positive
            check (minimum_quantity >= 0 and per_quantity > 0 and free_quantity > 0),
        constraint ck_free_goods_rule_most_reached
            check (max_per_order is null or max_per_order >= free_quantity),
        constraint ck_free_goods_rule_inclusive_of_the_same
            check (kind = 'EXCLUSIVE' or free_quantity < per_quantity and not is_optional
                and not is_chargeable and (free_product_id is null or free_product_id = product_id)),
        constraint ck_free_goods_rule_validity_order check (valid_until is null or valid_until > valid_from),
        constraint fk_free_goods_rule_seller_id foreign key (seller_id) references seller (id),
        constraint fk_free_goods_rule_customer_id foreign key (customer_id) references customer (id),
        constraint fk_free_goods_rule_customer_group_id foreign key (customer_group_id) references customer_group (id),
        constraint fk_free_goods_rule_product_id foreign key (product_id) references product (id),
        constraint fk_free_goods_rule_category_id foreign key (category_id) references product_category (id),
        constraint fk_free_goods_rule_free_product_id foreign key (free_product_id) references product (id)
    )
    """,
    "create index ix_free_goods_rule_customer_id on free_goods_rule (customer_id)",
    "create index ix_free_goods_rule_seller_id_name_sort_id on free_goods_rule (seller_id, name_sort, id)",
    """
    create table charge_rule (
        id uuid not null,
        seller_id uuid not null,
        name varchar(200) not null,
        name_sort text collate "C" not null,
        kind varchar(64) not null,
        basis varchar(64) not null,
        currency varchar(3) not null,
        priority smallint default '0' not null,
        customer_id uuid,
        customer_group_id uuid,
        segment varchar(64),
        product_id uuid,
        category_id uuid,
        countries varchar(2)[] not null,
        postal_prefixes varchar(16)[] not null,
        incoterms varchar(16)[] not null,
        free_from numeric(18, 3),
        valid_from date not null,
        valid_until date,
        version integer default '1' not null,
        created_at timestamp with time zone not null,
        active_until date,
        constraint pk_charge_rule primary key (id),
        constraint ck_charge_rule_kind_known
            check (kind in ('FREIGHT', 'SMALL_ORDER', 'DEPOSIT', 'PACKAGING', 'SURCHARGE')),
        constraint ck_charge_rule_basis_known check (basis in ('DOCUMENT', 'LINE', 'WEIGHT', 'QUANTITY')),
        constraint ck_charge_rule_one_buyer check (num_nonnulls(customer_id, customer_group_id, segment) <= 1),
        constraint ck_charge_rule_one_product check (num_nonnulls(product_id, category_id) <= 1),
        constraint ck_charge_rule_free_from_positive check (free_from is null or free_from > 0),
        constraint ck_charge_rule_prefixes_of_a_country
            check (cardinality(postal_prefixes) = 0 or cardinality(countries) > 0),
        constraint ck_charge_rule_validity_order check (valid_until is null or valid_until > valid_from),
        constraint fk_charge_rule_seller_id foreign key (seller_id) references seller (id),
        constraint fk_charge_rule_currency foreign key (currency) references currency (code),
        constraint fk_charge_rule_customer_id foreign key (customer_id) references customer (id),
        constraint fk_charge_rule_customer_group_id foreign key (customer_group_id) references customer_group (id),
        constraint fk_charge_rule_product_id foreign key (product_id) references product (id),
        constraint fk_charge_rule_category_id foreign key (category_id) references product_category (id)
    )
    """,
    "create index ix_charge_rule_customer_id on charge_rule (customer_id)",
    "create index ix_charge_rule_seller_id_name_sort_id on charge_rule (seller_id, name_sort, id)",
    """
    create table charge_band (
        rule_id uuid not null,
        position smallint not null,
        from_value numeric(18, 6) not null,
        to_value numeric(18, 6),
        method varchar(64) not null,
        value numeric(18, 6) not null,
        constraint pk_charge_band primary key (rule_id, position),
        constraint ck_charge_band_method_known check (method in ('FIXED', 'PERCENT', 'RATE')),
        constraint ck_charge_band_half_open
            check (from_value >= 0 and (to_value is null or to_value > from_value)),
        constraint ck_charge_band_value_range check (value >= 0 and (method <> 'PERCENT' or value <= 100)),
        constraint fk_charge_band_rule_id foreign key (rule_id) references charge_rule (id)
    )
    """,
    """
    create table product_affinity (
        product_id uuid not null,
        other_id uuid not null,
        support integer not null,
        lift numeric(18, 6) not null,
        constraint pk_product_affinity primary key (product_id, other_id),
        constraint ck_product_affinity_of_two check (product_id <> other_id),
        constraint ck_product_affinity_positive check (support > 0 and lift > 0),
        constraint fk_product_affinity_product_id foreign key (product_id) references product (id),
        constraint fk_product_affinity_other_id foreign key (other_id) references product (id)
    )
    """,
    """
    create table suggestion_event (
        id bigint generated always as identity,
        seller_id uuid not null,
        customer_id uuid not null,
        product_id uuid not null,
        cause varchar(64) not null,
        place varchar(64) not null,
        stage varchar(64) not null,
        day date not null,
        occurred_at timestamp with time zone not null,
        user_id uuid,
        constraint pk_suggestion_event primary key (id),
        constraint ck_suggestion_event_cause_known
            check (cause in ('AGREEMENT', 'REPLENISHMENT', 'RELATED', 'BOUGHT_TOGETHER', 'PEERS')),
        constraint ck_suggestion_event_place_known check (place in ('PRODUCT', 'CART', 'CUSTOMER')),
        constraint ck_suggestion_event_stage_known check (stage in ('SHOWN', 'ACCEPTED', 'ORDERED')),
        constraint uq_suggestion_event_once unique (customer_id, product_id, stage, day, place, cause),
        constraint fk_suggestion_event_seller_id foreign key (seller_id) references seller (id),
        constraint fk_suggestion_event_customer_id foreign key (customer_id) references customer (id),
        constraint fk_suggestion_event_product_id foreign key (product_id) references product (id),
        constraint fk_suggestion_event_user_id foreign key (user_id) references app_user (id)
    )
    """,
    "create index ix_suggestion_event_seller_id_day on suggestion_event (seller_id, day)",
    "alter table free_goods_rule enable row level security",
    "alter table free_goods_rule force row level security",
    'create policy customer_rows on free_goods_rule to "$prefixcustomer" using (false) with check (false)',
    'create policy territory_rows on free_goods_rule to "$prefixterritory" using (customer_id is null or customer_id in (select id from customer)) with check (customer_id is null or customer_id in (select id from customer))',
    'create policy staff_rows on free_goods_rule to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on free_goods_rule to "$prefixjob" using (true) with check (true)',
    "alter table charge_rule enable row level security",
    "alter table charge_rule force row level security",
    'create policy customer_rows on charge_rule to "$prefixcustomer" using (false) with check (false)',
    'create policy territory_rows on charge_rule to "$prefixterritory" using (customer_id is null or customer_id in (select id from customer)) with check (customer_id is null or customer_id in (select id from customer))',
    'create policy staff_rows on charge_rule to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on charge_rule to "$prefixjob" using (true) with check (true)',
    "alter table charge_band enable row level security",
    "alter table charge_band force row level security",
    'create policy customer_rows on charge_band to "$prefixcustomer" using (false) with check (false)',
    'create policy territory_rows on charge_band to "$prefixterritory" using (rule_id in (select id from charge_rule)) with check (rule_id in (select id from charge_rule))',
    'create policy staff_rows on charge_band to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on charge_band to "$prefixjob" using (true) with check (true)',
    "alter table product_affinity enable row level security",
    "alter table product_affinity force row level security",
    'create policy customer_rows on product_affinity to "$prefixcustomer" using (false) with check (false)',
    'create policy territory_rows on product_affinity to "$prefixterritory" using (true) with check (true)',
    'create policy staff_rows on product_affinity to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on product_affinity to "$prefixjob" using (true) with check (true)',
    "alter table suggestion_event enable row level security",
    "alter table suggestion_event force row level security",
    "create policy customer_rows on suggestion_event to \"$prefixcustomer\" using (customer_id = any (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[])) with check (customer_id = any (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[]))",
    'create policy territory_rows on suggestion_event to "$prefixterritory" using (customer_id in (select id from customer)) with check (customer_id in (select id from customer))',
    'create policy staff_rows on suggestion_event to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on suggestion_event to "$prefixjob" using (true) with check (true)',
    'grant select on free_goods_rule, charge_rule, charge_band, product_affinity, suggestion_event to "$prefixcustomer", "$prefixterritory", "$prefixstaff", "$prefixjob"',
    'grant insert, update on free_goods_rule, charge_rule to "$prefixterritory_write"',
    'grant insert, delete on charge_band to "$prefixterritory_write"',
    'grant insert, update on free_goods_rule, charge_rule to "$prefixstaff_write"',
    'grant insert, delete on charge_band to "$prefixstaff_write"',
    'grant insert on suggestion_event to "$prefixcustomer_write", "$prefixterritory_write", "$prefixstaff_write"',
    'grant insert, update, delete on free_goods_rule, charge_rule, charge_band, product_affinity, suggestion_event to "$prefixjob"',
)


def upgrade() -> None:
    prefix = context.config.attributes["role_prefix"].replace('"', '""')
    for statement in STATEMENTS:
        op.execute(statement.replace("$prefix", prefix))


def downgrade() -> None:
    raise RuntimeError("Rules are not taken away; restore a backup instead.")
