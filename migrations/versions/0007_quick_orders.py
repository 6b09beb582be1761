"""Uploads and quick orders: files on their way in, and the lines that came of them, with row security and grants."""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"

# $prefix stands for the setting VENTAS_ROLE_PREFIX.
STATEMENTS = (
    "alter table upload enable row level security",
    "alter table upload force row level security",
    "create policy customer_rows on upload to \"$prefixcustomer\" using (customer_id = any (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[]) and user_id = nullif(current_setting('app.user_id', true), '')::uuid) with check (customer_id = any (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[]) and user_id = nullif(current_setting('app.user_id', true), '')::uuid)",
    "create policy territory_rows on upload to \"$prefixterritory\" using (customer_id is null and user_id = nullif(current_setting('app.user_id', true), '')::uuid) with check (customer_id is null and user_id = nullif(current_setting('app.user_id', true), '')::uuid)",
    "create policy staff_rows on upload to \"$prefixstaff\" using (customer_id is null and user_id = nullif(current_setting('app.user_id', true), '')::uuid) with check (customer_id is null and user_id = nullif(current_setting('app.user_id', true), '')::uuid)",
    'create policy job_rows on upload to "$prefixjob" using (true) with check (true)',
    "alter table quick_order enable row level security",
    "alter table quick_order force row level security",
    "create policy customer_rows on quick_order to \"$prefixcustomer\" using (customer_id = any (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[]) and user_id = nullif(current_setting('app.user_id', true), '')::uuid) with check (customer_id = any (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[]) and user_id = nullif(current_setting('app.user_id', true), '')::uuid)",
    'create policy territory_rows on quick_order to "$prefixterritory" using (false) with check (false)',
    'create policy staff_rows on quick_order to "$prefixstaff" using (false) with check (false)',
    'create policy job_rows on quick_order to "$prefixjob" using (true) with check (true)',
    'grant insert, delete on upload to "$prefixcustomer_write"',
    'grant insert, delete on quick_order to "$prefixcustomer_write"',
    'grant insert, delete on upload to "$prefixterritory_write"',
    'grant insert, delete on upload to "$prefixstaff_write"',
    'grant select on upload, quick_order to "$prefixcustomer", "$prefixterritory", "$prefixstaff", "$prefixjob"',
    'grant insert, update, delete on upload to "$prefixjob"',
    'grant insert, update, delete on quick_order to "$prefixjob"',
)


def upgrade() -> None:
    op.create_table(
        "upload",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(content) between 1 and 10485760", name=op.f("ck_upload_size_range")),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_upload_seller_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_upload_customer_id")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_upload_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
    )
    op.create_index(op.f("ix_upload_user_id_expires_at"), "upload", ["user_id", "expires_at"])
    op.create_index(op.f("ix_upload_expires_at"), "upload", ["expires_at"])
    op.create_table(
        "quick_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.String(length=200), server_default="", nullable=False),
        sa.Column("lines", postgresql.JSONB(), nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("source in ('TEXT', 'LINES', 'FILE')", name=op.f("ck_quick_order_source_known")),
        sa.CheckConstraint("line_count between 1 and 5000", name=op.f("ck_quick_order_line_count_range")),
        sa.CheckConstraint(
            "jsonb_array_length(lines) = line_count", name=op.f("ck_quick_order_lines_counted")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_quick_order_customer_id")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_quick_order_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quick_order")),
    )
    op.create_index(
        op.f("ix_quick_order_customer_id_user_id_created_at"),
        "quick_order",
        ["customer_id", "user_id", "created_at"],
    )
    op.create_index(op.f("ix_quick_order_expires_at"), "quick_order", ["expires_at"])
    prefix = context.config.attributes["role_prefix"].replace('"', '""')
    for statement in STATEMENTS:
        op.execute(statement.replace("$prefix", prefix))


def downgrade() -> None:
    raise RuntimeError("Migrations go forward; restore a backup instead.")
