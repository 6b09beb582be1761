"""Messages, files and links of quotes; reminders before their last day, and the seller's terms that they print."""

from alembic import context, op

revision = "0045"
down_revision = "0044"

# $prefix stands for the setting VENTAS_ROLE_PREFIX.
STATEMENTS = (
    """
    CREATE TABLE quote_message (
        id UUID NOT NULL,
        quote_id UUID NOT NULL,
        customer_id UUID NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        created_by_id UUID NOT NULL,
        created_by_name VARCHAR(200) NOT NULL,
        is_ours BOOLEAN NOT NULL,
        is_internal BOOLEAN NOT NULL,
        body TEXT NOT NULL,
        CONSTRAINT pk_quote_message PRIMARY KEY (id),
        CONSTRAINT fk_quote_message_customer_id_quote_id FOREIGN KEY(customer_id, quote_id) REFERENCES quote (customer_id, id),
        CONSTRAINT ck_quote_message_body_length CHECK (body <> '' and length(body) <= 4000),
        CONSTRAINT ck_quote_message_internal_is_ours CHECK (is_ours or not is_internal),
        CONSTRAINT fk_quote_message_created_by_id FOREIGN KEY(created_by_id) REFERENCES app_user (id)
    )
    """,
    "CREATE INDEX ix_quote_message_quote_id_id ON quote_message (quote_id, id)",
    """
    CREATE TABLE quote_attachment (
        id UUID NOT NULL,
        quote_id UUID NOT NULL,
        customer_id UUID NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        created_by_id UUID NOT NULL,
        created_by_name VARCHAR(200) NOT NULL,
        is_ours BOOLEAN NOT NULL,
        is_internal BOOLEAN NOT NULL,
        purpose VARCHAR(64) NOT NULL,
        file_id UUID NOT NULL,
        CONSTRAINT pk_quote_attachment PRIMARY KEY (id),
        CONSTRAINT ck_quote_attachment_purpose_known CHECK (purpose in ('INFORMATION', 'SIGNED_OFFER')),
        CONSTRAINT fk_quote_attachment_customer_id_quote_id FOREIGN KEY(customer_id, quote_id) REFERENCES quote (customer_id, id),
        CONSTRAINT uq_quote_attachment_file_id UNIQUE (file_id),
        CONSTRAINT ck_quote_attachment_internal_is_ours CHECK (is_ours or not is_internal),
        CONSTRAINT fk_quote_attachment_created_by_id FOREIGN KEY(created_by_id) REFERENCES app_user (id),
        CONSTRAINT fk_quote_attachment_file_id FOREIGN KEY(file_id) REFERENCES file (id)
    )
    """,
    "CREATE INDEX ix_quote_attachment_quote_id_id ON quote_attachment (quote_id, id)",
    """
    CREATE TABLE quote_link (
        id UUID NOT NULL,
        quote_id UUID NOT NULL,
        revision_id UUID NOT NULL,
        customer_id UUID NOT NULL,
        secret_hash BYTEA NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        created_by_id UUID NOT NULL,
        created_by_name VARCHAR(200) NOT NULL,
        expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
        revoked_at TIMESTAMP WITH TIME ZONE,
        revoked_by_name VARCHAR(200) DEFAULT '' NOT NULL,
        CONSTRAINT pk_quote_link PRIMARY KEY (id),
        CONSTRAINT fk_quote_link_customer_id_quote_id FOREIGN KEY(customer_id, quote_id) REFERENCES quote (customer_id, id),
        CONSTRAINT fk_quote_link_customer_id_revision_id FOREIGN KEY(customer_id, revision_id) REFERENCES quote_revision (customer_id, id),
        CONSTRAINT uq_quote_link_secret_hash UNIQUE (secret_hash),
        CONSTRAINT uq_quote_link_customer_id_id UNIQUE (customer_id, id),
        CONSTRAINT ck_quote_link_expires_later CHECK (expires_at > created_at),
        CONSTRAINT fk_quote_link_created_by_id FOREIGN KEY(created_by_id) REFERENCES app_user (id)
    )
    """,
    "CREATE INDEX ix_quote_link_quote_id_id ON quote_link (quote_id, id)",
    """
    CREATE TABLE quote_link_use (
        id UUID NOT NULL,
        link_id UUID NOT NULL,
        customer_id UUID NOT NULL,
        used_at TIMESTAMP WITH TIME ZONE NOT NULL,
        act VARCHAR(64) NOT NULL,
        name VARCHAR(200) DEFAULT '' NOT NULL,
        CONSTRAINT pk_quote_link_use PRIMARY KEY (id),
        CONSTRAINT ck_quote_link_use_act_known CHECK (act in ('OPENED', 'PRINTED', 'ACCEPTED', 'DECLINED')),
        CONSTRAINT fk_quote_link_use_customer_id_link_id FOREIGN KEY(customer_id, link_id) REFERENCES quote_link (customer_id, id)
    )
    """,
    "CREATE INDEX ix_quote_link_use_link_id_id ON quote_link_use (link_id, id)",
    "alter table quote_message enable row level security",
    "alter table quote_message force row level security",
    """
    create policy customer_rows on quote_message to "$prefixcustomer" using (customer_id = any
    (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[]) and not is_internal
    and quote_id in (select id from quote)) with check (customer_id = any
    (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[]) and not is_internal
    and quote_id in (select id from quote))
    """,
    """
    create policy territory_rows on quote_message to "$prefixterritory" using (customer_id in (select id from
    customer)) with check (customer_id in (select id from customer))
    """,
    'create policy staff_rows on quote_message to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on quote_message to "$prefixjob" using (true) with check (true)',
    "alter table quote_attachment enable row level security",
    "alter table quote_attachment force row level security",
    """
    create policy customer_rows on quote_attachment to "$prefixcustomer" using (customer_id = any
    (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[]) and not is_internal
    and quote_id in (select id from quote)) with check (customer_id = any
    (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[]) and not is_internal
    and quote_id in (select id from quote))
    """,
    """
    create policy territory_rows on quote_attachment to "$prefixterritory" using (customer_id in (select id
    from customer)) with check (customer_id in (select id from customer))
    """,
    'create policy staff_rows on quote_attachment to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on quote_attachment to "$prefixjob" using (true) with check (true)',
    "alter table quote_link enable row level security",
    "alter table quote_link force row level security",
    'create policy customer_rows on quote_link to "$prefixcustomer" using (false) with check (false)',
    """
    create policy territory_rows on quote_link to "$prefixterritory" using (customer_id in (select id from
    customer)) with check (customer_id in (select id from customer))
    """,
    'create policy staff_rows on quote_link to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on quote_link to "$prefixjob" using (true) with check (true)',
    "alter table quote_link_use enable row level security",
    "alter table quote_link_use force row level security",
    'create policy customer_rows on quote_link_use to "$prefixcustomer" using (false) with check (false)',
    """
    create policy territory_rows on quote_link_use to "$prefixterritory" using (customer_id in (select id from
    customer)) with check (customer_id in (select id from customer))
    """,
    'create policy staff_rows on quote_link_use to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on quote_link_use to "$prefixjob" using (true) with check (true)',
    'grant select on quote_message to "$prefixcustomer", "$prefixterritory", "$prefixstaff", "$prefixjob"',
    'grant select on quote_attachment to "$prefixcustomer", "$prefixterritory", "$prefixstaff", "$prefixjob"',
    'grant select on quote_link to "$prefixcustomer", "$prefixterritory", "$prefixstaff", "$prefixjob"',
    'grant select on quote_link_use to "$prefixcustomer", "$prefixterritory", "$prefixstaff", "$prefixjob"',
    'grant insert on quote_message to "$prefixjob"',
    'grant insert on quote_attachment to "$prefixjob"',
    'grant insert, update, delete on quote_link to "$prefixjob"',
    'grant insert on quote_link_use to "$prefixjob"',
    """
    create trigger append_only before update or delete on quote_message for each statement execute function
    refuse_change()
    """,
    """
    create trigger append_only before update or delete on quote_attachment for each statement execute function
    refuse_change()
    """,
    """
    create trigger append_only before update or delete on quote_link_use for each statement execute function
    refuse_change()
    """,
    "alter table quote add column reminded_of date",
    "alter table quote_revision add column seller_terms jsonb not null default '{}'",
    "alter table quote_policy add column reminder_days smallint not null default 3",
    "alter table quote_policy add column terms jsonb not null default '{}'",
    """
    alter table quote_policy add constraint ck_quote_policy_reminder_days_range check (reminder_days between 0
    and 30)
    """,
    "alter table quote_acceptance add column how varchar(64) not null default 'SIGNED_IN'",
    "alter table quote_acceptance add column link_id uuid",
    """
    alter table quote_acceptance add constraint ck_quote_acceptance_how_known check (how in ('SIGNED_IN',
    'LINK'))
    """,
    """
    alter table quote_acceptance add constraint ck_quote_acceptance_by_link check ((how = 'LINK') = (link_id is
    not null))
    """,
    """
    alter table quote_acceptance add constraint fk_quote_acceptance_customer_id_link_id foreign key
    (customer_id, link_id) references quote_link (customer_id, id)
    """,
)


def upgrade() -> None:
    prefix = context.config.attributes["role_prefix"].replace('"', '""')
    for statement in STATEMENTS:
        op.execute(statement.replace("$prefix", prefix))


def downgrade() -> None:
    raise RuntimeError("What people wrote, sent and accepted is not taken apart; restore a backup instead.")
