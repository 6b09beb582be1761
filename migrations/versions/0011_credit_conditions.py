"""What held orders wait for: money of their customer, until a day."""

from alembic import context, op

revision = "0011"
down_revision = "0010"

# $prefix stands for the setting VENTAS_ROLE_PREFIX.
STATEMENTS = (
    """
    create table credit_condition (
        id uuid not null constraint pk_credit_condition primary key,
        customer_id uuid not null
            constraint fk_credit_condition_customer_id references customer (id),
        order_id uuid not null,
        amount_awaited numeric(18, 3) not null,
        amount_received numeric(18, 3) default '0' not null,
        valid_until date,
        reason text not null,
        created_at timestamp with time zone not null,
        created_by_id uuid not null
            constraint fk_credit_condition_created_by_id references app_user (id),
        ended_at timestamp with time zone,
        constraint fk_credit_condition_customer_id_order_id foreign key (customer_id, order_id)
            references sales_order (customer_id, id),
        constraint ck_credit_condition_amounts_positive check (amount_awaited > 0 and amount_received >= 0)
    )
    """,
    "create unique index uq_credit_condition_order on credit_condition (order_id) where ended_at is null",
    "create index ix_credit_condition_waiting on credit_condition (customer_id) where ended_at is null",
    "alter table credit_condition enable row level security",
    "alter table credit_condition force row level security",
    'create policy customer_rows on credit_condition to "$prefixcustomer" using (false) with check (false)',
    'create policy territory_rows on credit_condition to "$prefixterritory"'
    " using (customer_id in (select id from customer)) with check (customer_id in (select id from customer))",
    'create policy staff_rows on credit_condition to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on credit_condition to "$prefixjob" using (true) with check (true)',
    'grant select on credit_condition to "$prefixcustomer", "$prefixterritory", "$prefixstaff", "$prefixjob"',
    'grant insert, update on credit_condition to "$prefixstaff_write"',
    'grant insert, update, delete on credit_condition to "$prefixjob"',
)


def upgrade() -> None:
    prefix = context.config.attributes["role_prefix"].replace('"', '""')
    for statement in STATEMENTS:
        op.execute(statement.replace("$prefix", prefix))


def downgrade() -> None:
    raise RuntimeError("Posted documents are not taken apart; restore a backup instead.")
