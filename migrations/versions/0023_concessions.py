"""What the seller's people may give by hand: limits, budgets, what was given, and goods given without a rule."""

from alembic import context, op

revision = "0023"
down_revision = "0021"

_REPS = "string_to_array(nullif(current_setting('app.sales_rep_ids', true), ''), ',')::uuid[]"
_CUSTOMERS = "string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[]"

STATEMENTS = (
    """
    create table concession_limit (
        id uuid not null constraint pk_concession_limit primary key,
        seller_id uuid not null constraint fk_concession_limit_seller_id references seller (id),
        role varchar(64),
        user_id uuid constraint fk_concession_limit_user_id references app_user (id),
        per_line_percent numeric(9, 6),
        per_order_percent numeric(9, 6),
        budget numeric(18, 3),
        period varchar(64) not null,
        version integer default 1 not null,
        updated_at timestamp with time zone not null,
        constraint uq_concession_limit_seller_id_role unique (seller_id, role),
        constraint uq_concession_limit_seller_id_user_id unique (seller_id, user_id),
        constraint ck_concession_limit_period_known check (period in ('WEEK', 'MONTH', 'QUARTER', 'YEAR')),
        constraint ck_concession_limit_role_or_person check ((role is null) <> (user_id is null)),
        constraint ck_concession_limit_percent_range
            check (per_line_percent between 0 and 100 and per_order_percent between 0 and 100),
        constraint ck_concession_limit_budget_not_negative check (budget >= 0)
    )
    """,
    """
    create table order_line_concession (
        order_line_id uuid not null constraint pk_order_line_concession primary key,
        customer_id uuid not null,
        given_by_id uuid not null constraint fk_order_line_concession_given_by_id references app_user (id),
        given_on date not null,
        amount numeric(18, 3) not null,
        is_approved boolean not null,
        constraint fk_order_line_concession_customer_id_order_line_id foreign key (customer_id, order_line_id)
            references sales_order_line (customer_id, id),
        constraint ck_order_line_concession_amount_not_negative check (amount >= 0)
    )
    """,
    "create index ix_order_line_concession_given_by_id_given_on on order_line_concession (given_by_id, given_on)",
    "alter table concession_limit enable row level security",
    "alter table concession_limit force row level security",
    'create policy customer_rows on concession_limit to "$prefixcustomer" using (false) with check (false)',
    f'create policy territory_rows on concession_limit to "$prefixterritory" using ({_REPS} is not null)'
    f" with check ({_REPS} is not null)",
    "alter table order_line_concession enable row level security",
    "alter table order_line_concession force row level security",
    'create policy customer_rows on order_line_concession to "$prefixcustomer" using (false) with check (false)',
    'create policy territory_rows on order_line_concession to "$prefixterritory"'
    " using (customer_id in (select id from customer)) with check (customer_id in (select id from customer))",
    *(
        statement.replace("$table", table)
        for table in ("concession_limit", "order_line_concession")
        for statement in (
            'create policy staff_rows on $table to "$prefixstaff" using (true) with check (true)',
            'create policy job_rows on $table to "$prefixjob" using (true) with check (true)',
            'grant select on $table to "$prefixcustomer", "$prefixterritory", "$prefixstaff", "$prefixjob"',
            'grant insert, update, delete on $table to "$prefixjob"',
        )
    ),
    'grant insert, update on concession_limit to "$prefixterritory_write", "$prefixstaff_write"',
    "alter policy customer_rows on approval_request"
    f" using (customer_id = any ({_CUSTOMERS}) and subject_type = 'Order')"
    f" with check (customer_id = any ({_CUSTOMERS}) and subject_type = 'Order')",
    "alter table sales_order_line drop constraint ck_sales_order_line_free_costs_nothing",
    "alter table sales_order_line add constraint ck_sales_order_line_free_costs_nothing"
    " check (not is_free or net_amount = 0)",
)


def upgrade() -> None:
    prefix = context.config.attributes["role_prefix"].replace('"', '""')
    for statement in STATEMENTS:
        op.execute(statement.replace("$prefix", prefix))


def downgrade() -> None:
    raise RuntimeError("What was given is not taken away; restore a backup instead.")
