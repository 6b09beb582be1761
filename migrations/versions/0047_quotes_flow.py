"""Quotes on their way: what is held for them, and what is paid before they become orders."""

from alembic import context, op

revision = "0047"
down_revision = "0045"

# $prefix stands for the setting VENTAS_ROLE_PREFIX.
STATEMENTS = (
    'grant update (status) on customer to "$prefixstaff_write"',
    "alter table quote_policy add column hold_while_sent boolean default 'false' not null",
    "alter table quote_policy add column deposit_percent numeric(9, 6) default '0' not null",
    """
    alter table quote_policy add constraint ck_quote_policy_deposit_range check (deposit_percent between 0 and 100)
    """,
    "alter table quote_revision add column deposit_percent numeric(9, 6) default '0' not null",
    """
    alter table quote_revision add constraint ck_quote_revision_deposit_range
    check (deposit_percent between 0 and 100)
    """,
    "alter table quote_acceptance add column deposit_due numeric(18, 3) default '0' not null",
    """
    alter table quote_acceptance add constraint ck_quote_acceptance_deposit_not_negative check (deposit_due >= 0)
    """,
    "alter table quote drop constraint ck_quote_obstacle_known",
    """
    alter table quote add constraint ck_quote_obstacle_known check (obstacle in ('CUSTOMER', 'PRODUCT', 'CREDIT',
    'OVERDUE', 'AGREEMENT', 'STOCK', 'DEPOSIT', 'PROSPECT'))
    """,
    "alter table payment add column quote_id uuid",
    """
    alter table payment add constraint fk_payment_customer_id_quote_id foreign key (customer_id, quote_id)
    references quote (customer_id, id)
    """,
    "create index ix_payment_quote_id on payment (quote_id) where quote_id is not null",
    """
    create or replace function refuse_change_of_posted_payment() returns trigger language plpgsql as $$ begin if true and
    (tg_op = 'DELETE' or to_jsonb(old) - array['version', 'amount_matched', 'note', 'quote_id', 'reversed_at',
    'reversal_reason']::text[] <> to_jsonb(new) - array['version', 'amount_matched', 'note', 'quote_id', 'reversed_at',
    'reversal_reason']::text[]) then raise exception 'payment is posted' using errcode = 'restrict_violation'; end if;
    return coalesce(new, old); end $$
    """,
)


def upgrade() -> None:
    prefix = context.config.attributes["role_prefix"].replace('"', '""')
    for statement in STATEMENTS:
        op.execute(statement.replace("$prefix", prefix))


def downgrade() -> None:
    raise RuntimeError("What was paid for quotes is not forgotten; restore a backup instead.")
