"""Trade agreements: journals, their rows, pricing groups of customers and products, and the seller's ways with them."""

from alembic import context, op

revision = "0017"
down_revision = "0016"

# $prefix stands for the setting VENTAS_ROLE_PREFIX.
STATEMENTS = (
    "alter table seller add column line_multiline_mode varchar(64) default 'SUM' not null",
    "alter table seller add column price_date_type varchar(64) default 'REQUESTED_SHIP' not null",
    "alter table seller add column inactive_trade_cells varchar(64)[] default '{}' not null",
    "alter table seller add constraint ck_seller_line_multiline_mode_known"
    " check (line_multiline_mode in ('LINE', 'MULTILINE', 'MAX', 'MIN', 'SUM', 'PRODUCT'))",
    "alter table seller add constraint ck_seller_price_date_type_known"
    " check (price_date_type in ('ORDER', 'REQUESTED_SHIP', 'REQUESTED_RECEIPT'))",
    # What a file of an import may hold: trade agreements too.
    "alter table data_import drop constraint ck_data_import_kind_known",
    "alter table data_import add constraint ck_data_import_kind_known"
    " check (kind in ('PRODUCTS', 'CUSTOMERS', 'PRICES', 'STOCK', 'TRADE_AGREEMENTS'))",
    "create sequence trade_agreement_journal_number_seq",
    """
    create table trade_agreement_journal (
        id uuid not null,
        seller_id uuid not null,
        number varchar(64) not null,
        description varchar(200) not null,
        status varchar(64) not null,
        version integer default '1' not null,
        row_count integer default '0' not null,
        created_at timestamp with time zone not null,
        created_by_id uuid not null,
        posted_at timestamp with time zone,
        posted_by_id uuid,
        import_id uuid,
        constraint pk_trade_agreement_journal primary key (id),
        constraint ck_trade_agreement_journal_status_known check (status in ('DRAFT', 'POSTED')),
        constraint uq_trade_agreement_journal_seller_id_number unique (seller_id, number),
        constraint uq_trade_agreement_journal_import_id unique (import_id),
        constraint ck_trade_agreement_journal_posted_has_moment check ((status = 'POSTED') = (posted_at is not null)),
        constraint ck_trade_agreement_journal_row_count_not_negative check (row_count >= 0),
        constraint fk_trade_agreement_journal_seller_id foreign key(seller_id) references seller (id),
        constraint fk_trade_agreement_journal_created_by_id foreign key(created_by_id) references app_user (id),
        constraint fk_trade_agreement_journal_posted_by_id foreign key(posted_by_id) references app_user (id)
    )
    """,
    """
    create table trade_agreement_row (
        id uuid not null,
        seller_id uuid not null,
        journal_id uuid not null,
        position integer not null,
        is_posted boolean default 'false' not null,
        relation varchar(64) not null,
        customer_scope varchar(64) not null,
        customer_id uuid,
        customer_group varchar(64),
        item_scope varchar(64) not null,
        product_id uuid,
        item_group varchar(64),
        currency varchar(3) not null,
        is_generic_currency boolean default 'false' not null,
        unit_code varchar(16),
        from_quantity numeric(18, 6) default '0' not null,
        to_quantity numeric(18, 6),
        valid_from date,
        valid_until date,
        find_next boolean default 'false' not null,
        unit_price numeric(18, 6),
        price_unit numeric(18, 6) default '1' not null,
        amount numeric(18, 6) default '0' not null,
        percent1 numeric(9, 6) default '0' not null,
        percent2 numeric(9, 6) default '0' not null,
        percent_base varchar(64) default 'NET' not null,
        replaces_id uuid,
        customer_key text generated always as (case customer_scope when 'ONE' then 'C:' || customer_id::text when 'GROUP' then 'G:' || customer_group else 'ALL' end) stored not null,
        item_key text generated always as (case item_scope when 'ONE' then 'P:' || product_id::text when 'GROUP' then 'G:' || item_group else 'ALL' end) stored not null,
        constraint pk_trade_agreement_row primary key (id),
        constraint ck_trade_agreement_row_relation_known check (relation in ('PRICE', 'LINE_DISCOUNT', 'MULTILINE_DISCOUNT', 'TOTAL_DISCOUNT')),
        constraint ck_trade_agreement_row_customer_scope_known check (customer_scope in ('ONE', 'GROUP', 'ALL')),
        constraint ck_trade_agreement_row_item_scope_known check (item_scope in ('ONE', 'GROUP', 'ALL')),
        constraint ck_trade_agreement_row_percent_base_known check (percent_base in ('NET', 'GROSS')),
        constraint uq_trade_agreement_row_journal_id_position unique (journal_id, position),
        constraint ck_trade_agreement_row_customer_of_scope check ((customer_scope = 'ONE') = (customer_id is not null) and (customer_scope = 'GROUP') = (customer_group is not null)),
        constraint ck_trade_agreement_row_item_of_scope check ((item_scope = 'ONE') = (product_id is not null) and (item_scope = 'GROUP') = (item_group is not null)),
        constraint ck_trade_agreement_row_scope_of_relation check (case relation when 'PRICE' then item_scope = 'ONE' when 'MULTILINE_DISCOUNT' then item_scope <> 'ONE' when 'TOTAL_DISCOUNT' then item_scope = 'ALL' and unit_code is null and price_unit = 1 else true end),
        constraint ck_trade_agreement_row_value_of_relation check ((relation = 'PRICE') = (unit_price is not null) and (relation <> 'PRICE' or amount = 0 and percent1 = 0 and percent2 = 0)),
        constraint ck_trade_agreement_row_values_not_negative check (unit_price >= 0 and amount >= 0 and price_unit > 0),
        constraint ck_trade_agreement_row_percent_range check (percent1 between 0 and 100 and percent2 between 0 and 100),
        constraint ck_trade_agreement_row_quantity_order check (from_quantity >= 0 and to_quantity > from_quantity),
        constraint ck_trade_agreement_row_validity_order check (valid_until >= valid_from),
        constraint trade_agreement_row_overlap exclude using gist ((md5(seller_id::text || '|' || relation || '|' || currency || '|' || coalesce(unit_code, '') || '|' || customer_key || '|' || item_key)::uuid) with =, daterange(valid_from, valid_until) with &&, (case relation when 'PRICE' then numrange(from_quantity, to_quantity) else numrange(from_quantity, from_quantity, '[]') end) with &&) where (is_posted),
        constraint fk_trade_agreement_row_seller_id foreign key(seller_id) references seller (id),
        constraint fk_trade_agreement_row_journal_id foreign key(journal_id) references trade_agreement_journal (id),
        constraint fk_trade_agreement_row_customer_id foreign key(customer_id) references customer (id),
        constraint fk_trade_agreement_row_product_id foreign key(product_id) references product (id),
        constraint fk_trade_agreement_row_currency foreign key(currency) references currency (code),
        constraint fk_trade_agreement_row_unit_code foreign key(unit_code) references unit_of_measure (code),
        constraint fk_trade_agreement_row_replaces_id foreign key(replaces_id) references trade_agreement_row (id)
    )
    """,
    "create index ix_trade_agreement_row_customer_id on trade_agreement_row (customer_id)",
    "create index ix_trade_agreement_row_product_id on trade_agreement_row (product_id)",
    "create index ix_trade_agreement_row_search on trade_agreement_row (customer_key, item_key) where is_posted",
    """
    create table customer_pricing_group (
        customer_id uuid not null,
        relation varchar(64) not null,
        group_code varchar(64) not null,
        priority smallint default '0' not null,
        constraint pk_customer_pricing_group primary key (customer_id, relation, group_code),
        constraint ck_customer_pricing_group_relation_known check (relation in ('PRICE', 'LINE_DISCOUNT', 'MULTILINE_DISCOUNT', 'TOTAL_DISCOUNT')),
        constraint fk_customer_pricing_group_customer_id foreign key(customer_id) references customer (id)
    )
    """,
    """
    create table product_pricing (
        product_id uuid not null,
        line_discount_group varchar(64) default '' not null,
        multiline_discount_group varchar(64) default '' not null,
        is_in_total_discount boolean default 'true' not null,
        version integer default '1' not null,
        constraint pk_product_pricing primary key (product_id),
        constraint fk_product_pricing_product_id foreign key(product_id) references product (id)
    )
    """,
    "create function refuse_change_of_posted_trade_agreement_journal() returns trigger language plpgsql as $$ begin if old.status = 'POSTED' and (tg_op = 'DELETE' or to_jsonb(old) - array['row_count']::text[] <> to_jsonb(new) - array['row_count']::text[]) then raise exception 'trade_agreement_journal is posted' using errcode = 'restrict_violation'; end if; return coalesce(new, old); end $$",
    "create trigger posted before update or delete on trade_agreement_journal for each row execute function refuse_change_of_posted_trade_agreement_journal()",
    "create function refuse_change_of_posted_trade_agreement_row() returns trigger language plpgsql as $$ begin if old.is_posted and (tg_op = 'DELETE' or to_jsonb(old) - array['valid_until', 'customer_key', 'item_key']::text[] <> to_jsonb(new) - array['valid_until', 'customer_key', 'item_key']::text[]) then raise exception 'trade_agreement_row is posted' using errcode = 'restrict_violation'; end if; return coalesce(new, old); end $$",
    "create trigger posted before update or delete on trade_agreement_row for each row execute function refuse_change_of_posted_trade_agreement_row()",
    "create function refuse_reopening() returns trigger language plpgsql as $$ begin if old.is_posted and coalesce(new.valid_until, 'infinity') > coalesce(old.valid_until, 'infinity') then raise exception 'trade_agreement_row is posted' using errcode = 'restrict_violation'; end if; return new; end $$",
    "create trigger closed_only before update on trade_agreement_row for each row execute function refuse_reopening()",
    "alter table trade_agreement_journal enable row level security",
    "alter table trade_agreement_journal force row level security",
    'create policy customer_rows on trade_agreement_journal to "$prefixcustomer" using (false) with check (false)',
    "create policy territory_rows on trade_agreement_journal to \"$prefixterritory\" using (nullif(current_setting('app.user_id', true), '')::uuid is not null) with check (nullif(current_setting('app.user_id', true), '')::uuid is not null)",
    'create policy staff_rows on trade_agreement_journal to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on trade_agreement_journal to "$prefixjob" using (true) with check (true)',
    "alter table trade_agreement_row enable row level security",
    "alter table trade_agreement_row force row level security",
    'create policy customer_rows on trade_agreement_row to "$prefixcustomer" using (false) with check (false)',
    "create policy territory_rows on trade_agreement_row to \"$prefixterritory\" using (nullif(current_setting('app.user_id', true), '')::uuid is not null and (customer_id is null or customer_id in (select id from customer))) with check (nullif(current_setting('app.user_id', true), '')::uuid is not null and (customer_id is null or customer_id in (select id from customer)))",
    'create policy staff_rows on trade_agreement_row to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on trade_agreement_row to "$prefixjob" using (true) with check (true)',
    "alter table customer_pricing_group enable row level security",
    "alter table customer_pricing_group force row level security",
    'create policy customer_rows on customer_pricing_group to "$prefixcustomer" using (false) with check (false)',
    'create policy territory_rows on customer_pricing_group to "$prefixterritory" using (customer_id in (select id from customer)) with check (customer_id in (select id from customer))',
    'create policy staff_rows on customer_pricing_group to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on customer_pricing_group to "$prefixjob" using (true) with check (true)',
    "alter table product_pricing enable row level security",
    "alter table product_pricing force row level security",
    'create policy customer_rows on product_pricing to "$prefixcustomer" using (false) with check (false)',
    "create policy territory_rows on product_pricing to \"$prefixterritory\" using (nullif(current_setting('app.user_id', true), '')::uuid is not null) with check (nullif(current_setting('app.user_id', true), '')::uuid is not null)",
    'create policy staff_rows on product_pricing to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on product_pricing to "$prefixjob" using (true) with check (true)',
    'grant select on trade_agreement_journal, trade_agreement_row, customer_pricing_group, product_pricing to "$prefixcustomer", "$prefixterritory", "$prefixstaff", "$prefixjob"',
    'grant insert, update on trade_agreement_journal to "$prefixterritory_write"',
    'grant insert, update, delete on trade_agreement_row to "$prefixterritory_write"',
    'grant insert, delete on customer_pricing_group to "$prefixterritory_write"',
    'grant insert, update on product_pricing to "$prefixterritory_write"',
    'grant insert, update on trade_agreement_journal to "$prefixstaff_write"',
    'grant insert, update, delete on trade_agreement_row to "$prefixstaff_write"',
    'grant insert, delete on customer_pricing_group to "$prefixstaff_write"',
    'grant insert, update on product_pricing to "$prefixstaff_write"',
    'grant insert, update, delete on trade_agreement_journal, trade_agreement_row, customer_pricing_group, product_pricing to "$prefixjob"',
    'grant usage on sequence trade_agreement_journal_number_seq to "$prefixcustomer_write"',
    'grant usage on sequence trade_agreement_journal_number_seq to "$prefixterritory_write"',
    'grant usage on sequence trade_agreement_journal_number_seq to "$prefixstaff_write"',
    'grant usage, update on sequence trade_agreement_journal_number_seq to "$prefixjob"',
)


def upgrade() -> None:
    prefix = context.config.attributes["role_prefix"].replace('"', '""')
    for statement in STATEMENTS:
        op.execute(statement.replace("$prefix", prefix))


def downgrade() -> None:
    raise RuntimeError("Posted rows are not taken apart; restore a backup instead.")
