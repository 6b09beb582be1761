"""Imports: the file that somebody sent, and what its rows came to."""

from alembic import context, op

revision = "0014"
down_revision = "0013"

# $prefix stands for the setting VENTAS_ROLE_PREFIX.
STATEMENTS = (
    """
    create table data_import (
        id uuid not null constraint pk_data_import primary key,
        seller_id uuid not null constraint fk_data_import_seller_id references seller (id),
        job_id uuid not null constraint fk_data_import_job_id references job (id) on delete cascade,
        kind varchar(64) not null,
        is_verify_only boolean not null,
        locale varchar(5) not null,
        file_name varchar(200) not null,
        content bytea,
        rows_total integer not null,
        rows_done integer default '0' not null,
        rows_created integer default '0' not null,
        rows_changed integer default '0' not null,
        rows_unchanged integer default '0' not null,
        rows_refused integer default '0' not null,
        created_at timestamp with time zone not null,
        constraint ck_data_import_kind_known check (kind in ('PRODUCTS', 'CUSTOMERS', 'PRICES', 'STOCK')),
        constraint ck_data_import_rows_accounted_for
            check (rows_done = rows_created + rows_changed + rows_unchanged + rows_refused),
        constraint ck_data_import_rows_within_total check (rows_done <= rows_total),
        constraint ck_data_import_size_range check (octet_length(content) between 1 and 10485760)
    )
    """,
    "create unique index uq_data_import_job on data_import (job_id)",
    "alter table data_import enable row level security",
    "alter table data_import force row level security",
    'create policy customer_rows on data_import to "$prefixcustomer" using (false) with check (false)',
    'create policy territory_rows on data_import to "$prefixterritory" using (false) with check (false)',
    'create policy staff_rows on data_import to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on data_import to "$prefixjob" using (true) with check (true)',
    'grant select on data_import to "$prefixcustomer", "$prefixterritory", "$prefixstaff", "$prefixjob"',
    'grant insert on data_import to "$prefixstaff_write"',
    'grant insert, update, delete on data_import to "$prefixjob"',
)


def upgrade() -> None:
    prefix = context.config.attributes["role_prefix"].replace('"', '""')
    for statement in STATEMENTS:
        op.execute(statement.replace("$prefix", prefix))


def downgrade() -> None:
    raise RuntimeError("Imports are not taken away; restore a backup instead.")
