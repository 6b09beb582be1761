"""Quotes: requests, revisions that never change once sent, counter-offers, acceptances, and whose consent they need."""

from alembic import context, op

revision = "0040"
down_revision = "0037"

# $prefix stands for the setting VENTAS_ROLE_PREFIX.
STATEMENTS = (
    "create sequence quote_number_seq",
    """
    CREATE TABLE quote (
        id UUID NOT NULL,
        seller_id UUID NOT NULL,
        number VARCHAR(64) NOT NULL,
        customer_id UUID NOT NULL,
        status VARCHAR(64) NOT NULL,
        status_reason TEXT DEFAULT '' NOT NULL,
        version INTEGER DEFAULT '1' NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        created_by_id UUID NOT NULL,
        created_by_name VARCHAR(200) NOT NULL,
        requested_at TIMESTAMP WITH TIME ZONE,
        request_lines JSONB DEFAULT '[]' NOT NULL,
        request_message TEXT DEFAULT '' NOT NULL,
        sent_at TIMESTAMP WITH TIME ZONE,
        valid_until DATE,
        ended_at TIMESTAMP WITH TIME ZONE,
        obstacle VARCHAR(64),
        order_id UUID,
        CONSTRAINT pk_quote PRIMARY KEY (id),
        CONSTRAINT ck_quote_status_known CHECK (status in ('REQUESTED', 'DRAFT', 'SENT', 'COUNTERED', 'ACCEPTANCE_PENDING', 'ACCEPTED', 'CONVERTED', 'DECLINED', 'EXPIRED', 'WITHDRAWN')),
        CONSTRAINT ck_quote_obstacle_known CHECK (obstacle in ('CUSTOMER', 'PRODUCT', 'CREDIT', 'OVERDUE', 'AGREEMENT', 'STOCK')),
        CONSTRAINT uq_quote_seller_id_number UNIQUE (seller_id, number),
        CONSTRAINT uq_quote_customer_id_id UNIQUE (customer_id, id),
        CONSTRAINT fk_quote_customer_id_order_id FOREIGN KEY(customer_id, order_id) REFERENCES sales_order (customer_id, id),
        CONSTRAINT ck_quote_converted_to_order CHECK ((status = 'CONVERTED') = (order_id is not null)),
        CONSTRAINT ck_quote_requested_by_somebody CHECK (status <> 'REQUESTED' or requested_at is not null),
        CONSTRAINT ck_quote_offer_has_last_day CHECK ((sent_at is null) = (valid_until is null)),
        CONSTRAINT ck_quote_obstacle_when_accepted CHECK (obstacle is null or status = 'ACCEPTED'),
        CONSTRAINT fk_quote_seller_id FOREIGN KEY(seller_id) REFERENCES seller (id),
        CONSTRAINT fk_quote_customer_id FOREIGN KEY(customer_id) REFERENCES customer (id),
        CONSTRAINT fk_quote_created_by_id FOREIGN KEY(created_by_id) REFERENCES app_user (id)
    )
    """,
    "CREATE INDEX ix_quote_open ON quote (valid_until) WHERE status in ('SENT', 'COUNTERED', 'ACCEPTANCE_PENDING')",
    "CREATE UNIQUE INDEX uq_quote_order_id ON quote (order_id)",
    """
    CREATE TABLE quote_revision (
        id UUID NOT NULL,
        quote_id UUID NOT NULL,
        customer_id UUID NOT NULL,
        number INTEGER NOT NULL,
        status VARCHAR(64) NOT NULL,
        content_hash BYTEA,
        valid_until DATE NOT NULL,
        message TEXT DEFAULT '' NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        created_by_id UUID NOT NULL,
        created_by_name VARCHAR(200) NOT NULL,
        sent_at TIMESTAMP WITH TIME ZONE,
        sent_by_id UUID,
        sent_by_name VARCHAR(200) DEFAULT '' NOT NULL,
        priced_on DATE NOT NULL,
        requested_on DATE,
        currency VARCHAR(3) NOT NULL,
        currency_exponent SMALLINT NOT NULL,
        exchange_rate NUMERIC(18, 6) NOT NULL,
        exchange_rate_on DATE NOT NULL,
        discount_percent NUMERIC(9, 6) NOT NULL,
        discount_reason TEXT DEFAULT '' NOT NULL,
        agreement_id UUID,
        delivery_address JSONB NOT NULL,
        billing_address JSONB NOT NULL,
        payment_terms JSONB NOT NULL,
        delivery_terms JSONB NOT NULL,
        net_amount NUMERIC(18, 3) NOT NULL,
        tax_amount NUMERIC(18, 3) NOT NULL,
        gross_amount NUMERIC(18, 3) NOT NULL,
        CONSTRAINT pk_quote_revision PRIMARY KEY (id),
        CONSTRAINT ck_quote_revision_status_known CHECK (status in ('DRAFT', 'PENDING_APPROVAL', 'APPROVED', 'SENT', 'SUPERSEDED')),
        CONSTRAINT uq_quote_revision_quote_id_number UNIQUE (quote_id, number),
        CONSTRAINT uq_quote_revision_customer_id_id UNIQUE (customer_id, id),
        CONSTRAINT fk_quote_revision_customer_id_quote_id FOREIGN KEY(customer_id, quote_id) REFERENCES quote (customer_id, id),
        CONSTRAINT fk_quote_revision_currency_currency_exponent FOREIGN KEY(currency, currency_exponent) REFERENCES currency (code, exponent),
        CONSTRAINT ck_quote_revision_exchange_rate_positive CHECK (exchange_rate > 0),
        CONSTRAINT ck_quote_revision_discount_range CHECK (discount_percent between 0 and 100),
        CONSTRAINT ck_quote_revision_hashed_when_sent CHECK ((status in ('SENT', 'SUPERSEDED')) = (sent_at is not null) and (sent_at is null) = (content_hash is null)),
        CONSTRAINT ck_quote_revision_gross_is_net_and_tax CHECK (gross_amount = net_amount + tax_amount),
        CONSTRAINT ck_quote_revision_amounts_fit_currency CHECK (net_amount = round(net_amount, currency_exponent) and tax_amount = round(tax_amount, currency_exponent) and gross_amount = round(gross_amount, currency_exponent)),
        CONSTRAINT fk_quote_revision_created_by_id FOREIGN KEY(created_by_id) REFERENCES app_user (id),
        CONSTRAINT fk_quote_revision_sent_by_id FOREIGN KEY(sent_by_id) REFERENCES app_user (id),
        CONSTRAINT fk_quote_revision_agreement_id FOREIGN KEY(agreement_id) REFERENCES sales_agreement (id)
    )
    """,
    "CREATE UNIQUE INDEX uq_quote_revision_sent ON quote_revision (quote_id) WHERE status = 'SENT'",
    """
    CREATE UNIQUE INDEX uq_quote_revision_written ON quote_revision (quote_id) WHERE status in ('DRAFT', 'PENDING_APPROVAL', 'APPROVED')
    """,
    """
    CREATE TABLE quote_line (
        id UUID NOT NULL,
        revision_id UUID NOT NULL,
        customer_id UUID NOT NULL,
        position INTEGER NOT NULL,
        parent_position INTEGER,
        kind VARCHAR(64) NOT NULL,
        product_id UUID,
        is_free BOOLEAN DEFAULT 'false' NOT NULL,
        is_optional BOOLEAN DEFAULT 'false' NOT NULL,
        alternative_to INTEGER,
        sku VARCHAR(64) NOT NULL,
        customer_item_number VARCHAR(64),
        description VARCHAR(200) NOT NULL,
        unit_code VARCHAR(16) NOT NULL,
        quantity NUMERIC(18, 6) NOT NULL,
        requested_on DATE,
        list_unit_price NUMERIC(18, 6) NOT NULL,
        price_unit NUMERIC(18, 6) NOT NULL,
        break_from_quantity NUMERIC(18, 6) NOT NULL,
        manual_unit_price NUMERIC(18, 6),
        manual_price_reason TEXT DEFAULT '' NOT NULL,
        discount_percent NUMERIC(9, 6) NOT NULL,
        discount_reason TEXT DEFAULT '' NOT NULL,
        unit_price NUMERIC(18, 6) NOT NULL,
        price_trace JSONB NOT NULL,
        currency_exponent SMALLINT NOT NULL,
        commitment_id UUID,
        commitment_quantity NUMERIC(18, 6),
        tax_category VARCHAR(64) NOT NULL,
        tax_percent NUMERIC(9, 6) NOT NULL,
        net_amount NUMERIC(18, 3) NOT NULL,
        tax_amount NUMERIC(18, 3) NOT NULL,
        gross_amount NUMERIC(18, 3) NOT NULL,
        order_line_id UUID,
        CONSTRAINT pk_quote_line PRIMARY KEY (id),
        CONSTRAINT ck_quote_line_kind_known CHECK (kind in ('GOODS', 'SERVICE', 'CHARGE')),
        CONSTRAINT uq_quote_line_revision_id_position UNIQUE (revision_id, position),
        CONSTRAINT uq_quote_line_customer_id_id UNIQUE (customer_id, id),
        CONSTRAINT fk_quote_line_customer_id_revision_id FOREIGN KEY(customer_id, revision_id) REFERENCES quote_revision (customer_id, id),
        CONSTRAINT fk_quote_line_customer_id_order_line_id FOREIGN KEY(customer_id, order_line_id) REFERENCES sales_order_line (customer_id, id),
        CONSTRAINT ck_quote_line_quantity_positive CHECK (quantity > 0),
        CONSTRAINT ck_quote_line_discount_range CHECK (discount_percent between 0 and 100),
        CONSTRAINT ck_quote_line_tax_range CHECK (tax_percent between 0 and 100),
        CONSTRAINT ck_quote_line_manual_price_not_negative CHECK (manual_unit_price >= 0),
        CONSTRAINT ck_quote_line_commitment_consumed CHECK ((commitment_id is null) = (commitment_quantity is null)),
        CONSTRAINT ck_quote_line_follows_another CHECK (parent_position <> position and alternative_to <> position),
        CONSTRAINT ck_quote_line_option_or_alternative CHECK (not is_optional or alternative_to is null),
        CONSTRAINT ck_quote_line_free_costs_nothing CHECK (not is_free or net_amount = 0),
        CONSTRAINT ck_quote_line_gross_is_net_and_tax CHECK (gross_amount = net_amount + tax_amount),
        CONSTRAINT ck_quote_line_amounts_fit_currency CHECK (net_amount = round(net_amount, currency_exponent) and tax_amount = round(tax_amount, currency_exponent) and gross_amount = round(gross_amount, currency_exponent)),
        CONSTRAINT fk_quote_line_product_id FOREIGN KEY(product_id) REFERENCES product (id),
        CONSTRAINT fk_quote_line_commitment_id FOREIGN KEY(commitment_id) REFERENCES agreement_line (id)
    )
    """,
    "CREATE UNIQUE INDEX uq_quote_line_order_line_id ON quote_line (order_line_id)",
    """
    CREATE TABLE quote_figures (
        revision_id UUID NOT NULL,
        customer_id UUID NOT NULL,
        cost NUMERIC(18, 3),
        goods_net NUMERIC(18, 3) NOT NULL,
        waiting NUMERIC(18, 3) NOT NULL,
        depth_percent NUMERIC(9, 6) NOT NULL,
        measured JSONB NOT NULL,
        granted JSONB NOT NULL,
        CONSTRAINT pk_quote_figures PRIMARY KEY (revision_id),
        CONSTRAINT fk_quote_figures_revision_id FOREIGN KEY(revision_id) REFERENCES quote_revision (id),
        CONSTRAINT fk_quote_figures_customer_id FOREIGN KEY(customer_id) REFERENCES customer (id)
    )
    """,
    """
    CREATE TABLE quote_counter (
        id UUID NOT NULL,
        quote_id UUID NOT NULL,
        revision_id UUID NOT NULL,
        customer_id UUID NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        created_by_id UUID NOT NULL,
        created_by_name VARCHAR(200) NOT NULL,
        message TEXT NOT NULL,
        lines JSONB NOT NULL,
        CONSTRAINT pk_quote_counter PRIMARY KEY (id),
        CONSTRAINT fk_quote_counter_customer_id_quote_id FOREIGN KEY(customer_id, quote_id) REFERENCES quote (customer_id, id),
        CONSTRAINT fk_quote_counter_customer_id_revision_id FOREIGN KEY(customer_id, revision_id) REFERENCES quote_revision (customer_id, id),
        CONSTRAINT ck_quote_counter_says_something CHECK (jsonb_array_length(lines) > 0 or message <> ''),
        CONSTRAINT fk_quote_counter_created_by_id FOREIGN KEY(created_by_id) REFERENCES app_user (id)
    )
    """,
    "CREATE INDEX ix_quote_counter_quote_id_id ON quote_counter (quote_id, id)",
    """
    CREATE TABLE quote_acceptance (
        quote_id UUID NOT NULL,
        revision_id UUID NOT NULL,
        customer_id UUID NOT NULL,
        content_hash BYTEA NOT NULL,
        positions SMALLINT[] NOT NULL,
        purchase_order_number VARCHAR(64) NOT NULL,
        accepted_at TIMESTAMP WITH TIME ZONE NOT NULL,
        accepted_by_id UUID NOT NULL,
        accepted_by_name VARCHAR(200) NOT NULL,
        locale VARCHAR(5) NOT NULL,
        consented_by_id UUID,
        consented_by_name VARCHAR(200) DEFAULT '' NOT NULL,
        CONSTRAINT pk_quote_acceptance PRIMARY KEY (quote_id),
        CONSTRAINT fk_quote_acceptance_customer_id_quote_id FOREIGN KEY(customer_id, quote_id) REFERENCES quote (customer_id, id),
        CONSTRAINT fk_quote_acceptance_customer_id_revision_id FOREIGN KEY(customer_id, revision_id) REFERENCES quote_revision (customer_id, id),
        CONSTRAINT fk_quote_acceptance_accepted_by_id FOREIGN KEY(accepted_by_id) REFERENCES app_user (id),
        CONSTRAINT fk_quote_acceptance_consented_by_id FOREIGN KEY(consented_by_id) REFERENCES app_user (id)
    )
    """,
    """
    CREATE TABLE quote_policy (
        seller_id UUID NOT NULL,
        rows JSONB NOT NULL,
        validity_days SMALLINT NOT NULL,
        version INTEGER DEFAULT '1' NOT NULL,
        updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_quote_policy PRIMARY KEY (seller_id),
        CONSTRAINT ck_quote_policy_validity_days_range CHECK (validity_days between 1 and 365),
        CONSTRAINT fk_quote_policy_seller_id FOREIGN KEY(seller_id) REFERENCES seller (id)
    )
    """,
    "alter table quote enable row level security",
    "alter table quote force row level security",
    """
    create policy customer_rows on quote to "$prefixcustomer" using (customer_id = any
    (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[]) and (requested_at is
    not null or sent_at is not null)) with check (customer_id = any
    (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[]) and (requested_at is
    not null or sent_at is not null))
    """,
    """
    create policy territory_rows on quote to "$prefixterritory" using (customer_id in (select id from customer))
    with check (customer_id in (select id from customer))
    """,
    'create policy staff_rows on quote to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on quote to "$prefixjob" using (true) with check (true)',
    "alter table quote_revision enable row level security",
    "alter table quote_revision force row level security",
    """
    create policy customer_rows on quote_revision to "$prefixcustomer" using (customer_id = any
    (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[]) and sent_at is not
    null) with check (customer_id = any (string_to_array(nullif(current_setting('app.customer_ids', true), ''),
    ',')::uuid[]) and sent_at is not null)
    """,
    """
    create policy territory_rows on quote_revision to "$prefixterritory" using (customer_id in (select id from
    customer)) with check (customer_id in (select id from customer))
    """,
    'create policy staff_rows on quote_revision to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on quote_revision to "$prefixjob" using (true) with check (true)',
    "alter table quote_line enable row level security",
    "alter table quote_line force row level security",
    """
    create policy customer_rows on quote_line to "$prefixcustomer" using (customer_id = any
    (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[]) and revision_id in
    (select id from quote_revision)) with check (customer_id = any
    (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[]) and revision_id in
    (select id from quote_revision))
    """,
    """
    create policy territory_rows on quote_line to "$prefixterritory" using (customer_id in (select id from
    customer)) with check (customer_id in (select id from customer))
    """,
    'create policy staff_rows on quote_line to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on quote_line to "$prefixjob" using (true) with check (true)',
    "alter table quote_figures enable row level security",
    "alter table quote_figures force row level security",
    'create policy customer_rows on quote_figures to "$prefixcustomer" using (false) with check (false)',
    """
    create policy territory_rows on quote_figures to "$prefixterritory" using (customer_id in (select id from
    customer)) with check (customer_id in (select id from customer))
    """,
    'create policy staff_rows on quote_figures to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on quote_figures to "$prefixjob" using (true) with check (true)',
    "alter table quote_counter enable row level security",
    "alter table quote_counter force row level security",
    """
    create policy customer_rows on quote_counter to "$prefixcustomer" using (customer_id = any
    (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[])) with check
    (customer_id = any (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[]))
    """,
    """
    create policy territory_rows on quote_counter to "$prefixterritory" using (customer_id in (select id from
    customer)) with check (customer_id in (select id from customer))
    """,
    'create policy staff_rows on quote_counter to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on quote_counter to "$prefixjob" using (true) with check (true)',
    "alter table quote_acceptance enable row level security",
    "alter table quote_acceptance force row level security",
    """
    create policy customer_rows on quote_acceptance to "$prefixcustomer" using (customer_id = any
    (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[])) with check
    (customer_id = any (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[]))
    """,
    """
    create policy territory_rows on quote_acceptance to "$prefixterritory" using (customer_id in (select id from
    customer)) with check (customer_id in (select id from customer))
    """,
    'create policy staff_rows on quote_acceptance to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on quote_acceptance to "$prefixjob" using (true) with check (true)',
    "alter table quote_policy enable row level security",
    "alter table quote_policy force row level security",
    'create policy customer_rows on quote_policy to "$prefixcustomer" using (false) with check (false)',
    """
    create policy territory_rows on quote_policy to "$prefixterritory" using
    (string_to_array(nullif(current_setting('app.sales_rep_ids', true), ''), ',')::uuid[] is not null) with
    check (string_to_array(nullif(current_setting('app.sales_rep_ids', true), ''), ',')::uuid[] is not null)
    """,
    'create policy staff_rows on quote_policy to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on quote_policy to "$prefixjob" using (true) with check (true)',
    'grant select on quote to "$prefixcustomer", "$prefixterritory", "$prefixstaff", "$prefixjob"',
    'grant select on quote_revision to "$prefixcustomer", "$prefixterritory", "$prefixstaff", "$prefixjob"',
    'grant select on quote_line to "$prefixcustomer", "$prefixterritory", "$prefixstaff", "$prefixjob"',
    'grant select on quote_figures to "$prefixcustomer", "$prefixterritory", "$prefixstaff", "$prefixjob"',
    'grant select on quote_counter to "$prefixcustomer", "$prefixterritory", "$prefixstaff", "$prefixjob"',
    'grant select on quote_acceptance to "$prefixcustomer", "$prefixterritory", "$prefixstaff", "$prefixjob"',
    'grant select on quote_policy to "$prefixcustomer", "$prefixterritory", "$prefixstaff", "$prefixjob"',
    'grant insert, update on quote to "$prefixterritory_write"',
    'grant insert, update on quote_revision to "$prefixterritory_write"',
    'grant insert, update, delete on quote_line to "$prefixterritory_write"',
    'grant insert, update on quote_figures to "$prefixterritory_write"',
    'grant insert, update on quote_policy to "$prefixterritory_write"',
    'grant insert, update on quote to "$prefixstaff_write"',
    'grant insert, update on quote_revision to "$prefixstaff_write"',
    'grant insert, update, delete on quote_line to "$prefixstaff_write"',
    'grant insert, update on quote_figures to "$prefixstaff_write"',
    'grant insert, update on quote_policy to "$prefixstaff_write"',
    'grant insert, update, delete on quote to "$prefixjob"',
    'grant insert, update, delete on quote_revision to "$prefixjob"',
    'grant insert, update, delete on quote_line to "$prefixjob"',
    'grant insert, update, delete on quote_figures to "$prefixjob"',
    'grant insert on quote_counter to "$prefixjob"',
    'grant insert on quote_acceptance to "$prefixjob"',
    'grant insert, update, delete on quote_policy to "$prefixjob"',
    'grant usage on sequence quote_number_seq to "$prefixcustomer_write"',
    'grant usage on sequence quote_number_seq to "$prefixterritory_write"',
    'grant usage on sequence quote_number_seq to "$prefixstaff_write"',
    'grant usage, update on sequence quote_number_seq to "$prefixjob"',
    """
    create trigger append_only before update or delete on quote_counter for each statement execute function
    refuse_change()
    """,
    """
    create trigger append_only before update or delete on quote_acceptance for each statement execute function
    refuse_change()
    """,
    """
    create function refuse_change_of_posted_quote_revision() returns trigger language plpgsql as $$ begin if
    old.sent_at is not null and (tg_op = 'DELETE' or to_jsonb(old) - array['status']::text[] <> to_jsonb(new) -
    array['status']::text[]) then raise exception 'quote_revision is posted' using errcode =
    'restrict_violation'; end if; return coalesce(new, old); end $$
    """,
    """
    create trigger posted before update or delete on quote_revision for each row execute function
    refuse_change_of_posted_quote_revision()
    """,
    """
    create function refuse_change_of_posted_quote_line() returns trigger language plpgsql as $$ begin if exists
    (select from quote_revision where id = old.revision_id and sent_at is not null) and (tg_op = 'DELETE' or
    to_jsonb(old) - array['order_line_id']::text[] <> to_jsonb(new) - array['order_line_id']::text[]) then raise
    exception 'quote_line is posted' using errcode = 'restrict_violation'; end if; return coalesce(new, old);
    end $$
    """,
    """
    create trigger posted before update or delete on quote_line for each row execute function
    refuse_change_of_posted_quote_line()
    """,
    "alter table number_series drop constraint ck_number_series_kind_known",
    """
    alter table number_series add constraint ck_number_series_kind_known check (kind in ('ORDER', 'CUSTOMER',
    'DELIVERY', 'PAYMENT', 'AGREEMENT', 'PURCHASE_ORDER', 'QUOTE'))
    """,
    "alter table approval_request add column quote_id uuid",
    """
    alter table approval_request add constraint fk_approval_request_customer_id_quote_id foreign key
    (customer_id, quote_id) references quote (customer_id, id)
    """,
    """
    alter table approval_request add constraint ck_approval_request_of_order_or_quote check ((quote_id is not
    null) = (subject_type in ('Quote', 'QuoteAcceptance')))
    """,
    """
    create unique index uq_approval_request_quote_pending on approval_request (quote_id, subject_type) where
    status = 'PENDING'
    """,
    "drop policy customer_rows on approval_request",
    """
    create policy customer_rows on approval_request to "$prefixcustomer" using (customer_id = any
    (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[]) and subject_type in
    ('Order', 'QuoteAcceptance')) with check (customer_id = any
    (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[]) and subject_type in
    ('Order', 'QuoteAcceptance'))
    """,
)


def upgrade() -> None:
    prefix = context.config.attributes["role_prefix"].replace('"', '""')
    for statement in STATEMENTS:
        op.execute(statement.replace("$prefix", prefix))


def downgrade() -> None:
    raise RuntimeError("Quotes that somebody was sent are not taken apart; restore a backup instead.")
