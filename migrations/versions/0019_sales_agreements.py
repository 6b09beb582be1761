"""Sales agreements: what is agreed in versions, its lines with what was consumed of them, and the ledger."""

from alembic import context, op

revision = "0019"
down_revision = "0018"

# $prefix stands for the setting VENTAS_ROLE_PREFIX.
STATEMENTS = (
    "create sequence sales_agreement_number_seq",
    """
    CREATE TABLE sales_agreement (
        id UUID NOT NULL,
        seller_id UUID NOT NULL,
        number VARCHAR(64) NOT NULL,
        customer_id UUID NOT NULL,
        status VARCHAR(64) NOT NULL,
        status_reason TEXT DEFAULT '' NOT NULL,
        version INTEGER DEFAULT '1' NOT NULL,
        title VARCHAR(200) NOT NULL,
        currency VARCHAR(3) NOT NULL,
        pricing VARCHAR(64) NOT NULL,
        valid_from DATE NOT NULL,
        valid_until DATE NOT NULL,
        payment_term_id UUID,
        delivery_term_id UUID,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        created_by_id UUID NOT NULL,
        created_by_name VARCHAR(200) NOT NULL,
        proposed_at TIMESTAMP WITH TIME ZONE,
        ended_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_sales_agreement PRIMARY KEY (id),
        CONSTRAINT ck_sales_agreement_status_known CHECK (status in ('DRAFT', 'PROPOSED', 'EFFECTIVE', 'EXPIRED', 'CLOSED', 'CANCELLED')),
        CONSTRAINT ck_sales_agreement_pricing_known CHECK (pricing in ('FIXED', 'CEILING')),
        CONSTRAINT uq_sales_agreement_seller_id_number UNIQUE (seller_id, number),
        CONSTRAINT uq_sales_agreement_customer_id_id UNIQUE (customer_id, id),
        CONSTRAINT ck_sales_agreement_days_in_order CHECK (valid_from < valid_until),
        CONSTRAINT fk_sales_agreement_seller_id FOREIGN KEY(seller_id) REFERENCES seller (id),
        CONSTRAINT fk_sales_agreement_customer_id FOREIGN KEY(customer_id) REFERENCES customer (id),
        CONSTRAINT fk_sales_agreement_currency FOREIGN KEY(currency) REFERENCES currency (code),
        CONSTRAINT fk_sales_agreement_payment_term_id FOREIGN KEY(payment_term_id) REFERENCES payment_term (id),
        CONSTRAINT fk_sales_agreement_delivery_term_id FOREIGN KEY(delivery_term_id) REFERENCES delivery_term (id),
        CONSTRAINT fk_sales_agreement_created_by_id FOREIGN KEY(created_by_id) REFERENCES app_user (id)
    )
    """,
    "CREATE INDEX ix_sales_agreement_customer_id_status ON sales_agreement (customer_id, status)",
    """
    CREATE TABLE agreement_version (
        id UUID NOT NULL,
        agreement_id UUID NOT NULL,
        customer_id UUID NOT NULL,
        number INTEGER NOT NULL,
        status VARCHAR(64) NOT NULL,
        content JSONB NOT NULL,
        content_hash BYTEA,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        created_by_id UUID NOT NULL,
        created_by_name VARCHAR(200) NOT NULL,
        confirmed_at TIMESTAMP WITH TIME ZONE,
        confirmed_by_id UUID,
        confirmed_by_name VARCHAR(200) DEFAULT '' NOT NULL,
        accepted_at TIMESTAMP WITH TIME ZONE,
        accepted_by_id UUID,
        accepted_by_name VARCHAR(200) DEFAULT '' NOT NULL,
        answer_reason TEXT DEFAULT '' NOT NULL,
        CONSTRAINT pk_agreement_version PRIMARY KEY (id),
        CONSTRAINT ck_agreement_version_status_known CHECK (status in ('DRAFT', 'PROPOSED', 'IN_FORCE', 'SUPERSEDED', 'DECLINED', 'WITHDRAWN')),
        CONSTRAINT uq_agreement_version_agreement_id_number UNIQUE (agreement_id, number),
        CONSTRAINT fk_agreement_version_customer_id_agreement_id FOREIGN KEY(customer_id, agreement_id) REFERENCES sales_agreement (customer_id, id),
        CONSTRAINT ck_agreement_version_confirmed_by_us CHECK ((status = 'DRAFT') = (confirmed_at is null)),
        CONSTRAINT ck_agreement_version_hashed_when_confirmed CHECK ((confirmed_at is null) = (content_hash is null)),
        CONSTRAINT ck_agreement_version_accepted_once_in_force CHECK ((accepted_at is null) or status in ('IN_FORCE', 'SUPERSEDED')),
        CONSTRAINT fk_agreement_version_created_by_id FOREIGN KEY(created_by_id) REFERENCES app_user (id),
        CONSTRAINT fk_agreement_version_confirmed_by_id FOREIGN KEY(confirmed_by_id) REFERENCES app_user (id),
        CONSTRAINT fk_agreement_version_accepted_by_id FOREIGN KEY(accepted_by_id) REFERENCES app_user (id)
    )
    """,
    """
    CREATE UNIQUE INDEX uq_agreement_version_in_force ON agreement_version (agreement_id) WHERE status = 'IN_FORCE'
    """,
    """
    CREATE UNIQUE INDEX uq_agreement_version_open ON agreement_version (agreement_id) WHERE status in ('DRAFT', 'PROPOSED')
    """,
    """
    CREATE TABLE agreement_line (
        id UUID NOT NULL,
        agreement_id UUID NOT NULL,
        customer_id UUID NOT NULL,
        number INTEGER NOT NULL,
        is_active BOOLEAN DEFAULT 'true' NOT NULL,
        type VARCHAR(64) NOT NULL,
        product_id UUID,
        category_id UUID,
        name VARCHAR(200) NOT NULL,
        unit_code VARCHAR(16),
        committed NUMERIC(18, 6) NOT NULL,
        unit_price NUMERIC(18, 6),
        price_unit NUMERIC(18, 6) DEFAULT '1' NOT NULL,
        discount_percent NUMERIC(9, 6) DEFAULT '0' NOT NULL,
        cash_discount_amount NUMERIC(18, 6) DEFAULT '0' NOT NULL,
        valid_from DATE NOT NULL,
        valid_until DATE NOT NULL,
        max_enforced BOOLEAN NOT NULL,
        is_price_fixed BOOLEAN NOT NULL,
        min_release NUMERIC(18, 6),
        max_release NUMERIC(18, 6),
        penalty_percent NUMERIC(9, 6) DEFAULT '0' NOT NULL,
        stackable_with_promotions BOOLEAN NOT NULL,
        include_in_total_discount BOOLEAN NOT NULL,
        exclude_from_rebate BOOLEAN NOT NULL,
        released NUMERIC(18, 6) DEFAULT '0' NOT NULL,
        delivered NUMERIC(18, 6) DEFAULT '0' NOT NULL,
        invoiced NUMERIC(18, 6) DEFAULT '0' NOT NULL,
        returned NUMERIC(18, 6) DEFAULT '0' NOT NULL,
        CONSTRAINT pk_agreement_line PRIMARY KEY (id),
        CONSTRAINT ck_agreement_line_type_known CHECK (type in ('PRODUCT_QUANTITY', 'PRODUCT_VALUE', 'CATEGORY_VALUE', 'OVERALL_VALUE')),
        CONSTRAINT uq_agreement_line_agreement_id_number UNIQUE (agreement_id, number),
        CONSTRAINT uq_agreement_line_customer_id_id UNIQUE (customer_id, id),
        CONSTRAINT fk_agreement_line_customer_id_agreement_id FOREIGN KEY(customer_id, agreement_id) REFERENCES sales_agreement (customer_id, id),
        CONSTRAINT ck_agreement_line_days_in_order CHECK (valid_from < valid_until),
        CONSTRAINT ck_agreement_line_committed_positive CHECK (committed > 0),
        CONSTRAINT ck_agreement_line_product CHECK ((type in ('PRODUCT_QUANTITY', 'PRODUCT_VALUE')) = (product_id is not null)),
        CONSTRAINT ck_agreement_line_category CHECK ((type = 'CATEGORY_VALUE') = (category_id is not null)),
        CONSTRAINT ck_agreement_line_unit CHECK ((type = 'PRODUCT_QUANTITY') = (unit_code is not null)),
        CONSTRAINT ck_agreement_line_price_of_quantity CHECK (type = 'PRODUCT_QUANTITY' or unit_price is null and cash_discount_amount = 0),
        CONSTRAINT ck_agreement_line_price_range CHECK (unit_price >= 0 and price_unit > 0 and cash_discount_amount >= 0 and discount_percent between 0 and 100 and penalty_percent between 0 and 100),
        CONSTRAINT ck_agreement_line_release_range CHECK (min_release >= 0 and max_release >= min_release),
        CONSTRAINT ck_agreement_line_totals_not_negative CHECK (released >= 0 and delivered >= 0 and invoiced >= 0 and returned >= 0),
        CONSTRAINT ck_agreement_line_within_committed CHECK (not max_enforced or released <= committed),
        CONSTRAINT ck_agreement_line_active_when_consumed CHECK (is_active or released = 0),
        CONSTRAINT fk_agreement_line_product_id FOREIGN KEY(product_id) REFERENCES product (id),
        CONSTRAINT fk_agreement_line_category_id FOREIGN KEY(category_id) REFERENCES product_category (id),
        CONSTRAINT fk_agreement_line_unit_code FOREIGN KEY(unit_code) REFERENCES unit_of_measure (code)
    )
    """,
    "CREATE INDEX ix_agreement_line_product ON agreement_line (customer_id, product_id) WHERE is_active",
    """
    CREATE TABLE agreement_consumption (
        id BIGINT GENERATED ALWAYS AS IDENTITY,
        agreement_line_id UUID NOT NULL,
        customer_id UUID NOT NULL,
        order_line_id UUID NOT NULL,
        event VARCHAR(64) NOT NULL,
        booked_at TIMESTAMP WITH TIME ZONE NOT NULL,
        released NUMERIC(18, 6) DEFAULT '0' NOT NULL,
        delivered NUMERIC(18, 6) DEFAULT '0' NOT NULL,
        invoiced NUMERIC(18, 6) DEFAULT '0' NOT NULL,
        returned NUMERIC(18, 6) DEFAULT '0' NOT NULL,
        CONSTRAINT pk_agreement_consumption PRIMARY KEY (id),
        CONSTRAINT fk_agreement_consumption_customer_id_order_line_id FOREIGN KEY(customer_id, order_line_id) REFERENCES sales_order_line (customer_id, id),
        CONSTRAINT ck_agreement_consumption_something_changed CHECK (released <> 0 or delivered <> 0 or invoiced <> 0 or returned <> 0),
        CONSTRAINT fk_agreement_consumption_agreement_line_id FOREIGN KEY(agreement_line_id) REFERENCES agreement_line (id),
        CONSTRAINT fk_agreement_consumption_customer_id FOREIGN KEY(customer_id) REFERENCES customer (id)
    )
    """,
    "CREATE INDEX ix_agreement_consumption_agreement_line_id_id ON agreement_consumption (agreement_line_id, id)",
    """
    CREATE INDEX ix_agreement_consumption_customer_id_agreement_line_id ON agreement_consumption (customer_id, agreement_line_id)
    """,
    "CREATE INDEX ix_agreement_consumption_order_line_id ON agreement_consumption (order_line_id)",
    "alter table sales_agreement enable row level security",
    "alter table sales_agreement force row level security",
    """
    create policy customer_rows on sales_agreement to "$prefixcustomer" using (customer_id = any
    (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[]) and proposed_at is not
    null) with check (customer_id = any (string_to_array(nullif(current_setting('app.customer_ids', true), ''),
    ',')::uuid[]) and proposed_at is not null)
    """,
    """
    create policy territory_rows on sales_agreement to "$prefixterritory" using (customer_id in (select id from
    customer)) with check (customer_id in (select id from customer))
    """,
    'create policy staff_rows on sales_agreement to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on sales_agreement to "$prefixjob" using (true) with check (true)',
    "alter table agreement_version enable row level security",
    "alter table agreement_version force row level security",
    """
    create policy customer_rows on agreement_version to "$prefixcustomer" using (customer_id = any
    (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[]) and status <> 'DRAFT')
    with check (customer_id = any (string_to_array(nullif(current_setting('app.customer_ids', true), ''),
    ',')::uuid[]) and status <> 'DRAFT')
    """,
    """
    create policy territory_rows on agreement_version to "$prefixterritory" using (customer_id in (select id
    from customer)) with check (customer_id in (select id from customer))
    """,
    'create policy staff_rows on agreement_version to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on agreement_version to "$prefixjob" using (true) with check (true)',
    "alter table agreement_line enable row level security",
    "alter table agreement_line force row level security",
    """
    create policy customer_rows on agreement_line to "$prefixcustomer" using (customer_id = any
    (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[])) with check
    (customer_id = any (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[]))
    """,
    """
    create policy territory_rows on agreement_line to "$prefixterritory" using (customer_id in (select id from
    customer)) with check (customer_id in (select id from customer))
    """,
    'create policy staff_rows on agreement_line to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on agreement_line to "$prefixjob" using (true) with check (true)',
    "alter table agreement_consumption enable row level security",
    "alter table agreement_consumption force row level security",
    """
    create policy customer_rows on agreement_consumption to "$prefixcustomer" using (customer_id = any
    (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[])) with check
    (customer_id = any (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[]))
    """,
    """
    create policy territory_rows on agreement_consumption to "$prefixterritory" using (customer_id in (select id
    from customer)) with check (customer_id in (select id from customer))
    """,
    'create policy staff_rows on agreement_consumption to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on agreement_consumption to "$prefixjob" using (true) with check (true)',
    'grant select on sales_agreement to "$prefixcustomer", "$prefixterritory", "$prefixstaff", "$prefixjob"',
    'grant select on agreement_version to "$prefixcustomer", "$prefixterritory", "$prefixstaff", "$prefixjob"',
    'grant select on agreement_line to "$prefixcustomer", "$prefixterritory", "$prefixstaff", "$prefixjob"',
    'grant select on agreement_consumption to "$prefixcustomer", "$prefixterritory", "$prefixstaff", "$prefixjob"',
    'grant insert, update on sales_agreement to "$prefixterritory_write"',
    'grant insert, update on agreement_version to "$prefixterritory_write"',
    'grant insert, update, delete on sales_agreement to "$prefixjob"',
    'grant insert, update, delete on agreement_version to "$prefixjob"',
    'grant insert, update, delete on agreement_line to "$prefixjob"',
    'grant insert on agreement_consumption to "$prefixjob"',
    'grant usage on sequence sales_agreement_number_seq to "$prefixcustomer_write"',
    'grant usage on sequence sales_agreement_number_seq to "$prefixterritory_write"',
    'grant usage on sequence sales_agreement_number_seq to "$prefixstaff_write"',
    'grant usage, update on sequence sales_agreement_number_seq to "$prefixjob"',
    """
    create trigger append_only before update or delete on agreement_consumption for each statement execute
    function refuse_change()
    """,
    """
    create function refuse_change_of_posted_agreement_version() returns trigger language plpgsql as $$ begin if
    old.status <> 'DRAFT' and (tg_op = 'DELETE' or to_jsonb(old) - array['status', 'accepted_at',
    'accepted_by_id', 'accepted_by_name', 'answer_reason']::text[] <> to_jsonb(new) - array['status',
    'accepted_at', 'accepted_by_id', 'accepted_by_name', 'answer_reason']::text[]) then raise exception
    'agreement_version is posted' using errcode = 'restrict_violation'; end if; return coalesce(new, old); end
    $$
    """,
    """
    create trigger posted before update or delete on agreement_version for each row execute function
    refuse_change_of_posted_agreement_version()
    """,
    """
    alter table sales_order_line add column commitment_id uuid constraint fk_sales_order_line_commitment_id
    references agreement_line (id)
    """,
    "alter table sales_order_line add column commitment_quantity numeric(18, 6)",
    """
    alter table sales_order_line add constraint ck_sales_order_line_commitment_consumed check ((commitment_id is
    null) = (commitment_quantity is null))
    """,
    """
    alter table sales_order_line add constraint ck_sales_order_line_commitment_not_negative check
    (commitment_quantity >= 0)
    """,
    "alter table number_series drop constraint ck_number_series_kind_known",
    """
    alter table number_series add constraint ck_number_series_kind_known check (kind in ('ORDER', 'CUSTOMER',
    'DELIVERY', 'PAYMENT', 'AGREEMENT'))
    """,
)


def upgrade() -> None:
    prefix = context.config.attributes["role_prefix"].replace('"', '""')
    for statement in STATEMENTS:
        op.execute(statement.replace("$prefix", prefix))


def downgrade() -> None:
    raise RuntimeError("Agreements that somebody confirmed are not taken apart; restore a backup instead.")
